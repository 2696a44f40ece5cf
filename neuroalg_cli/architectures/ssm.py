"""State-space models unrolled over a length: h_k = A h_{k-1} + B x_k, y_k = C h_k + D x_k, k = 1, ..., length.

The input is the m x length matrix with columns x_1, x_2, ...; h_0 is zero or a parameter.  A bilinear model adds the sum over
the entries of x_k of x_kj N_j h_{k-1}; an activation is applied to the whole update.  Without both the model is linear and
time-invariant: output k is the sum of K_{k-j} x_j with the Markov parameters K_0 = D + C B, K_i = C A^i B.  Sources: B. L. Ho,
R. E. Kalman, 'Effective construction of linear state-variable models from input/output functions', Regelungstechnik 14
(1966); A. Gu, K. Goel, C. Re, 'Efficiently Modeling Long Sequences with Structured State Spaces', arXiv:2111.00396.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building import activations
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from neuroalg_cli.parametrization import PolynomialMap

MAXIMAL_SIZE = 10**5
MAXIMAL_LENGTH = 1_000
#: entries of steps, states and their products, which the graph lists one by one
MAXIMAL_LISTED_ENTRIES = 10**6

Size = Annotated[int, Field(ge=1, le=MAXIMAL_SIZE)]


class StateSpaceModel(Architecture):
    """A recurrence with one state; ``activation`` has one canonical polynomial, z for none."""

    family: ClassVar[str] = "ssm"
    summary: ClassVar[str] = (
        "state-space model unrolled over a length: linear, bilinear or with a polynomial activation"
    )
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("state", "integer", "N", "entries of the state"),
        FamilyOption("inputs", "integer", "M", "entries of the input of one step"),
        FamilyOption("outputs", "integer", "P", "entries of the output of one step"),
        FamilyOption("length", "integer", "L", "number of steps"),
        FamilyOption("bilinear", "flag", "", "the update has a product x_j N_j h for every entry x_j of the input"),
        FamilyOption("diagonal", "flag", "", "the matrix A of the state is diagonal"),
        FamilyOption("feedthrough", "flag", "", "the output has a summand D x"),
        FamilyOption("initial_state", "flag", "", "the state before the first step is a parameter, and not zero"),
        FamilyOption("readout", "text", "all|last", "which outputs of a sequence count; default all"),
        FamilyOption(
            "activation_degree", "integers", "R[,R...]", "activation z^R, for all hidden layers or for each of them"
        ),
        FamilyOption(
            "activation", "texts", "POLY[,POLY...]", "polynomial activation such as '1/2*z^2+z', for all or each"
        ),
    )
    references: ClassVar[tuple[str, ...]] = ("B. L. Ho, R. E. Kalman, Regelungstechnik 14 (1966)", "arXiv:2111.00396")

    state: Size
    inputs: Size
    outputs: Size
    length: Annotated[int, Field(ge=1, le=MAXIMAL_LENGTH)]
    bilinear: bool = False
    diagonal: bool = False
    feedthrough: bool = False
    initial_state: bool = False
    readout: Literal["all", "last"] = "all"
    activation: Annotated[tuple[str], Field(strict=False)]

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: one canonical polynomial from ``activation`` or ``activation_degree``."""
        for key, meaning in (("state", "state"), ("inputs", "input"), ("outputs", "output")):
            if key not in specification:
                raise SpecError(
                    f"the key '{key}' is missing; give the number of entries of the {meaning}, for example 2"
                )
        if "length" not in specification:
            raise SpecError("the key 'length' is missing; give the number of steps, for example 5")
        if specification.get("readout") == "first":
            raise SpecError(
                "'readout' is 'first', but the first output of a recurrence sees one step; take all or last"
            )
        specification["activation"] = activations.for_hidden_layers(specification, 1)
        return specification

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str]) -> tuple[str, ...]:
        return activations.canonical(value)

    @model_validator(mode="after")
    def _graph_is_small_enough(self) -> Self:
        listed = self.length * (self.state + self.inputs + (self.state * self.inputs if self.bilinear else 0))
        if listed > MAXIMAL_LISTED_ENTRIES:
            raise SpecError(
                f"the steps and states have {listed} entries; at most {MAXIMAL_LISTED_ENTRIES} are supported, "
                f"take fewer steps or a smaller state"
            )
        return self

    @property
    def has_past(self) -> bool:
        """Whether some update starts from a state that is not zero: else A and N_j never act, and are no parameters."""
        return self.length > 1 or self.initial_state

    @property
    def label(self) -> str:
        """For example ``ssm-n2-m1-p1-l5-r1``, ``ssm-n2-m1-p1-l5-r1-bilinear-diagonal-d-h0-last``."""
        sizes = f"n{self.state}-m{self.inputs}-p{self.outputs}-l{self.length}"
        flags = [name for name in ("bilinear", "diagonal") if getattr(self, name)]
        flags += ["d"] if self.feedthrough else []
        flags += ["h0"] if self.initial_state else []
        flags += ["last"] if self.readout == "last" else []
        return "-".join([self.family, sizes, activations.label(self.activation), *flags])

    def network(self) -> Network:
        """Returns the graph: parameters A, N_1, ..., N_m, B, C, D, h_0, as far as there are any."""
        builder = NetworkBuilder()
        n, m, p = self.state, self.inputs, self.outputs
        x = builder.input((m, self.length))
        a, products = -1, []
        if self.has_past:
            a = builder.parameter("A", (n,) if self.diagonal else (n, n))
            products = [builder.parameter(f"N_{j + 1}", (n, n)) for j in range(m)] if self.bilinear else []
        b, c = builder.parameter("B", (n, m)), builder.parameter("C", (p, n))
        d = builder.parameter("D", (p, m)) if self.feedthrough else None
        state = builder.parameter("h_0", (n,)) if self.initial_state else None
        states = []
        for step in range(self.length):
            column = self._column(builder, x, step)
            terms = [builder.matmul(b, column)]
            if state is not None:
                terms.append(builder.product(a, state) if self.diagonal else builder.matmul(a, state))
                for j, matrix in enumerate(products):
                    entry = builder.gather([x], [j * self.length + step] * n, (n,))
                    terms.append(builder.product(entry, builder.matmul(matrix, state)))
            state = terms[0] if len(terms) == 1 else builder.sum(*terms)
            state = builder.polynomial(state, activations.terms_of(self.activation)[0])
            states.append(state)
        if self.readout == "last":
            value, seen = builder.matmul(c, states[-1]), self._column(builder, x, self.length - 1)
        else:
            columns = [step * n + i for i in range(n) for step in range(self.length)]
            value, seen = builder.matmul(c, builder.gather(states, columns, (n, self.length))), x
        return builder.finish(value if d is None else builder.sum(value, builder.matmul(d, seen)))

    def _column(self, builder: NetworkBuilder, x: int, step: int) -> int:
        """Returns the input of one step, a column of x."""
        return builder.gather([x], range(step, self.inputs * self.length, self.length), (self.inputs,))

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns min(count, ambient dimension).

        Of a linear model the count is that of its Markov parameters, see `markov_count`; one bilinear step is linear.  Else
        it is the number of parameters less that of the changes of the state that give another such model: GL(n), or the torus
        if A is diagonal; with an activation z^r the torus, h -> T h, (A, N, B) -> T^{1/r} (A T^-1, N T^-1, B), C -> C T^-1;
        none with another activation.
        Of one step the vector A h_0 and the columns of B + N_j h_0 are all that is seen.
        """
        if self.activation == ("z",) and (self.length == 1 or not self.bilinear):
            count = self._linear_count()
        else:
            count = self._effective_parameters(phi) - self._changes_of_state()
        return count if phi.ambient_dimension is None else min(count, phi.ambient_dimension)

    def _effective_parameters(self, phi: PolynomialMap) -> int:
        n, m, p = self.state, self.inputs, self.outputs
        if self.length > 1 or not self.initial_state:
            return phi.parameter_count
        return n * (1 + m + p) + (m * p if self.feedthrough else 0)

    def _changes_of_state(self) -> int:
        terms = activations.terms_of(self.activation)[0]
        if len(terms) > 1:
            return 0
        return self.state if terms[0][0] > 1 or self.diagonal else self.state**2

    def _linear_count(self) -> int:
        """Returns the expected dimension of the Markov parameters and, with an initial state, of C A^k h_0.

        D makes K_0 free; the others are those of (A, B, C A).  If all outputs count, A h_0 is one more column of B; the last
        output alone has the one vector C A^L h_0.
        """
        n, m, p = self.state, self.inputs, self.outputs
        steps = self.length - int(self.feedthrough)
        free = m * p if self.feedthrough else 0
        if not self.initial_state:
            return free + markov_count(n, m, p, steps)
        if self.readout == "last" and self.length > 1:
            return free + min(n * (m + p) + min(n, p), markov_count(n, m, p, steps) + p)
        if not self.feedthrough:
            return markov_count(n, m + 1, p, steps)
        return free + min(n * (m + 1 + p), markov_count(n, m + 1, p, steps) + p)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of the entries of the state, where no larger group contains them."""
        if (self.diagonal or self.activation != ("z",)) and self.state > 1:
            return (f"permutations of the {self.state} entries of the state",)
        return ()

    def conventions(self) -> tuple[str, ...]:
        """Returns what the columns and the coordinates are, and at which step an input acts."""
        return (
            "columns of the input are steps; h_k = A h_(k-1) + B x_k and y_k = C h_k (+ D x_k), so that y_k sees x_k",
            "ambient space: one coordinate per entry of the output and monomial in the input that is not identically zero",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that without a past A is no parameter."""
        if not self.has_past:
            return (
                "there is one step and no initial state, so that the matrix of the state never acts and is no parameter",
            )
        return ()


def markov_count(n: int, m: int, p: int, steps: int) -> int:
    """Returns the expected dimension of (C B, C A B, ..., C A^(steps-1) B) for a state of n entries.

    n is cut down to what can be reached and observed in so many steps; then it is n(m+p), the parameters up to GL(n), or p m
    times the steps if that is smaller, and that of the matrices of bounded rank for one step.
    """
    k = min(n, steps * m, steps * p)
    return k * (m + p - k) if steps == 1 else min(k * (m + p), p * m * steps)


ARCHITECTURE = StateSpaceModel


def ssm(
    state: int,
    inputs: int,
    outputs: int,
    length: int,
    *,
    bilinear: bool = False,
    diagonal: bool = False,
    feedthrough: bool = False,
    initial_state: bool = False,
    readout: str = "all",
    activation_degree: int | None = None,
    activation: str | None = None,
) -> StateSpaceModel:
    """Returns the state-space model with these sizes, unrolled over a length; without activation the update is linear.

    Raises `SpecError` for impossible descriptions.
    """
    given: dict[str, Any] = {
        "state": state,
        "inputs": inputs,
        "outputs": outputs,
        "length": length,
        "bilinear": bilinear,
        "diagonal": diagonal,
        "feedthrough": feedthrough,
        "initial_state": initial_state,
        "readout": readout,
        "activation_degree": activation_degree,
        "activation": activation,
    }
    specification = {key: activations.plain_integers(value) for key, value in given.items() if value is not None}
    result = StateSpaceModel.from_specification(specification)
    assert isinstance(result, StateSpaceModel)
    return result
