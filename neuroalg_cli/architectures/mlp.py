"""Multilayer perceptrons f = W_L s(W_{L-1} ... s(W_1 x + b_1) ... + b_{L-1}) + b_L with polynomial activations.

There is no activation after the last layer.  Without activation the network is linear and its neurovariety is the
determinantal variety of n_L x n_0 matrices of rank at most min(n_i).  Sources: J. Kileel, M. Trager, J. Bruna, 'On the
expressive power of deep polynomial neural networks', arXiv:1905.12207; G. L. Marchetti, V. Shahverdi, S. Mereta,
M. Trager, K. Kohn, 'Algebra Unveils Deep Learning', arXiv:2501.18915.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building import activations
from neuroalg_cli.building.activations import plain_integers, terms_of
from neuroalg_cli.building.layers import same_graph
from neuroalg_cli.building.widths import MAXIMAL_WIDTH, required_widths
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import Network, NetworkBuilder, Terms
from neuroalg_cli.polynomial_grammar import univariate_text
from neuroalg_cli.symmetry.symmetries import shifted_power

if TYPE_CHECKING:
    from neuroalg_cli.parametrization import PolynomialMap


class MultilayerPerceptron(Architecture):
    """A fully connected network; ``activation`` has one canonical polynomial per hidden layer."""

    family: ClassVar[str] = "mlp"
    summary: ClassVar[str] = "multilayer perceptron with polynomial activations; linear networks included"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("widths", "integers", "N0,N1,...", "widths of all layers, from the input to the output"),
        FamilyOption(
            "activation_degree", "integers", "R[,R...]", "activation z^R, for all hidden layers or for each of them"
        ),
        FamilyOption(
            "activation", "texts", "POLY[,POLY...]", "polynomial activation such as '1/2*z^2+z', for all or each"
        ),
        FamilyOption("biases", "flag", "", "every layer has a bias vector"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:1905.12207", "arXiv:2501.18915")

    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=MAXIMAL_WIDTH)], ...], Field(strict=False)]
    activation: Annotated[tuple[str, ...], Field(strict=False)]
    biases: bool = False

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: one canonical polynomial per hidden layer from ``activation`` or ``activation_degree``."""
        widths = required_widths(specification)
        specification["activation"] = activations.for_hidden_layers(specification, len(widths) - 2)
        return specification

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return activations.canonical(value)

    @model_validator(mode="after")
    def _one_activation_per_hidden_layer(self) -> Self:
        hidden = len(self.widths) - 2
        if len(self.activation) != hidden:
            raise SpecError(f"'activation' has {len(self.activation)} entries for {hidden} hidden layers")
        return self

    @property
    def activation_terms(self) -> tuple[Terms, ...]:
        """The activation of every hidden layer as (exponent, coefficient) pairs."""
        return terms_of(self.activation)

    @property
    def activation_degrees(self) -> tuple[int, ...] | None:
        """The degrees r of activations c*z^r, by hidden layer; None if one of them is no monomial."""
        return activations.monomial_degrees(self.activation)

    @property
    def is_linear(self) -> bool:
        """Whether f is linear (affine, with biases) in x and every hidden layer can be merged into the next."""
        return all(self._is_merged(terms) for terms in self.activation_terms)

    def _is_merged(self, terms: Terms) -> bool:
        """Returns whether an activation is c*z, or c*z + d where biases absorb d: the two layers are then one matrix."""
        return terms[0][0] == 1 and (len(terms) == 1 or self.biases)

    def _has_scalings(self, terms: Terms) -> bool:
        """Returns whether neurons with this activation of degree at least 2 can be rescaled."""
        if len(terms) == 1 or not self.biases:
            return len(terms) == 1
        return shifted_power(terms) is not None

    @property
    def label(self) -> str:
        """For example ``mlp-3.2.3-r2``, ``mlp-2.3.3.1-r2.3``, ``mlp-3.2.1-p0ab12cd3-b`` (b: with biases)."""
        widths = ".".join(map(str, self.widths))
        if len(widths) > 100:
            widths = f"{len(self.widths)}layers." + hashlib.sha256(widths.encode("ascii")).hexdigest()[:8]
        return f"{self.family}-{widths}-{activations.label(self.activation)}" + ("-b" if self.biases else "")

    def network(self) -> Network:
        """Returns the graph: parameters W_1, b_1, W_2, ... in this order."""
        builder = NetworkBuilder()
        value = builder.input((self.widths[0],))
        for layer in range(1, len(self.widths)):
            weight = builder.parameter(f"W_{layer}", (self.widths[layer], self.widths[layer - 1]))
            value = builder.matmul(weight, value)
            if self.biases:
                value = builder.sum(value, builder.parameter(f"b_{layer}", (self.widths[layer],)))
            if layer < len(self.widths) - 1:
                value = builder.polynomial(value, self.activation_terms[layer - 1])
        return builder.finish(value)

    @classmethod
    def recognize(cls, network: Network) -> MultilayerPerceptron | None:
        """Returns the multilayer perceptron with this graph, names of parameters aside, or None."""
        found = _read(network)
        if found is None:
            return None
        try:
            candidate = mlp(found[0], activation=list(found[1]) or None, biases=found[2])
        except SpecError:  # for example an activation whose degree is beyond the caps
            return None
        return candidate if same_graph(network, candidate.network()) else None

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns min(count, ambient dimension).

        The count takes every maximal run of linear layers as one matrix of bounded rank, k(m+n-k) parameters, adds the
        biases of the runs' ends, and takes away one scaling per neuron with a monomial activation of degree at least 2:
        P - sum of the hidden widths for z^r, as in arXiv:1905.12207, section 2; P for a general polynomial.  With biases
        a (z + c)^r + d is z^r in other parameters.
        """
        count = 0
        start = 0
        last = len(self.widths) - 1
        for layer in range(1, last + 1):
            terms = self.activation_terms[layer - 1] if layer < last else activations.IDENTITY
            if layer < last and self._is_merged(terms):
                continue
            m, n = self.widths[start], self.widths[layer]
            k = min(self.widths[start : layer + 1])
            count += k * (m + n - k) + (n if self.biases else 0)
            if layer < last and self._has_scalings(terms):
                count -= n
            start = layer
        assert phi.ambient_dimension is not None  # the network mixes, which makes its coordinates countable
        return min(count, phi.ambient_dimension)

    def linear_span_dimension(self, phi: PolynomialMap) -> int | None:
        """Returns the ambient dimension: the coordinates that are not identically zero are linearly independent.

        The neuromanifold is stable under GL(n_0) acting on the inputs (absorbed in W_1) and GL(n_L) acting on the
        outputs (absorbed in W_L and b_L).  Its span is a subrepresentation of the sum over degrees m of
        K^{n_L} (x) Sym^m, whose summands are irreducible and pairwise not isomorphic in characteristic 0, so it is a sum
        of some of them, and it contains every one in which some coordinate is not zero.
        """
        return phi.ambient_dimension

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of hidden neurons and, over C, the roots of unity hidden in the scalings."""
        result = []
        for layer, terms in enumerate(self.activation_terms, start=1):
            if self._is_merged(terms) or self.widths[layer] == 1:
                continue
            result.append(f"permutations of the {self.widths[layer]} neurons of hidden layer {layer}")
        return tuple(result)

    def conventions(self) -> tuple[str, ...]:
        """Returns how the ambient space is counted for this family."""
        return (
            "no activation after the last layer",
            "ambient space: one coordinate per output and monomial in the inputs",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that a network without activation is linear."""
        if self.is_linear and len(self.widths) > 2:
            return (
                "the network is linear: it has no activation, or one of degree 1 (see --activation-degree, --activation)",
            )
        return ()


def _read(network: Network) -> tuple[list[int], list[str], bool] | None:
    """Returns widths, activations and whether there are biases of a chain of matrices, as far as the chain goes."""
    consumers = network.consumers()
    at = network.input
    if len(network.nodes[at].shape) != 1:
        return None
    widths = [network.nodes[at].size]
    texts: list[str] = []
    biases = False
    while at != network.output:
        if len(consumers[at]) != 1:
            return None
        at = consumers[at][0]
        node = network.nodes[at]
        if node.operation == "matmul":
            widths.append(node.size)
            texts.append("z")
        elif node.operation == "sum":
            biases = True
        elif node.operation == "polynomial" and texts:
            texts[-1] = univariate_text(node.terms)
        else:
            return None
    return (widths, texts[:-1], biases) if texts else None


ARCHITECTURE = MultilayerPerceptron


def mlp(
    widths: list[int] | tuple[int, ...],
    activation_degree: int | list[int] | None = None,
    *,
    activation: str | list[str] | None = None,
    biases: bool = False,
) -> MultilayerPerceptron:
    """Returns the multilayer perceptron with the given widths; without activation it is linear.

    Raises `SpecError` for impossible widths, degrees or polynomials.
    """
    specification: dict[str, Any] = {"widths": plain_integers(widths), "biases": biases}
    if activation_degree is not None:
        specification["activation_degree"] = plain_integers(activation_degree)
    if activation is not None:
        specification["activation"] = activation
    result = MultilayerPerceptron.from_specification(specification)
    assert isinstance(result, MultilayerPerceptron)
    return result
