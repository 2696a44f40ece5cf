"""Fully connected networks with rational activations: f = W_L s(W_{L-1} ... s(W_1 x + b_1) ... + b_{L-1}) + b_L, s = p/q.

An activation is p(z)/q(z) with polynomials over Q in lowest terms; the functions are rational functions of the input, which have
no coefficients to take as coordinates.  What is computed is the dimension of the set of functions: of the closure of the set of
vectors of values (f_w(x_1), ..., f_w(x_N)) at general inputs, for every large N.  Source of the networks: N. Boullé,
Y. Nakatsukasa, A. Townsend, 'Rational neural networks', arXiv:2004.01902.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building.activations import for_each_layer, plain_integers
from neuroalg_cli.building.widths import MAXIMAL_WIDTH, required_widths
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import Network, NetworkBuilder, Terms
from neuroalg_cli.polynomial_grammar import MAXIMAL_LENGTH
from neuroalg_cli.quotient_grammar import parse_quotient, quotient_text

if TYPE_CHECKING:
    from fractions import Fraction

Quotient = tuple[Terms, Terms]


class RationalNetwork(Architecture):
    """A fully connected network; ``activation`` has one canonical quotient of polynomials per hidden layer."""

    family: ClassVar[str] = "rational"
    summary: ClassVar[str] = "multilayer perceptron with rational activations such as 1/z"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("widths", "integers", "N0,N1,...", "widths of all layers, from the input to the output"),
        FamilyOption(
            "activation", "texts", "P/Q[,P/Q...]", "rational activation such as '1/z' or 'z/(1+z^2)', for all or each"
        ),
        FamilyOption("biases", "flag", "", "every layer has a bias vector"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:2004.01902",)

    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=MAXIMAL_WIDTH)], ...], Field(strict=False)]
    activation: Annotated[tuple[str, ...], Field(strict=False)]
    biases: bool = False

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: one quotient of polynomials per hidden layer."""
        hidden = len(required_widths(specification)) - 2
        if hidden and specification.get("activation") is None:
            raise SpecError("the key 'activation' is missing; give a quotient of polynomials, for example '1/z'")
        given = specification.get("activation", [])
        if not hidden:  # not used, but nonsense is nonsense
            for text in given if isinstance(given, list | tuple) else [given]:
                parse_quotient(str(text), "activation")
        specification["activation"] = for_each_layer(given, hidden, "activation") if hidden else []
        return specification

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        result = []
        for text, (numerator, denominator) in zip(value, _quotients(value), strict=True):
            if max(degree(numerator), degree(denominator)) == 0:
                raise SpecError(f"'activation' is {shown(text)}, a constant; the network would not depend on its input")
            canonical = quotient_text(numerator, denominator)
            if len(canonical) > MAXIMAL_LENGTH:
                raise SpecError(
                    f"'activation' is {shown(text)}, which in lowest terms has {len(canonical)} characters; "
                    f"at most {MAXIMAL_LENGTH} are allowed"
                )
            result.append(canonical)
        return tuple(result)

    @model_validator(mode="after")
    def _one_activation_per_hidden_layer(self) -> Self:
        hidden = len(self.widths) - 2
        if len(self.activation) != hidden:
            raise SpecError(f"'activation' has {len(self.activation)} entries for {hidden} hidden layers")
        return self

    @property
    def activation_quotients(self) -> tuple[Quotient, ...]:
        """Numerator and denominator of the activation of every hidden layer, as (exponent, coefficient) pairs."""
        return _quotients(self.activation)

    @property
    def label(self) -> str:
        """For example ``rational-3.4.1-q0ab12cd3``, and with biases ``rational-3.4.1-q0ab12cd3-b``."""
        widths = ".".join(map(str, self.widths))
        if len(widths) > 100:
            widths = f"{len(self.widths)}layers." + hashlib.sha256(widths.encode("ascii")).hexdigest()[:8]
        activation = "q" + hashlib.sha256(",".join(self.activation).encode("ascii")).hexdigest()[:8]
        return f"{self.family}-{widths}-{activation}" + ("-b" if self.biases else "")

    def network(self) -> Network:
        """Returns the graph: parameters W_1, b_1, W_2, ... in this order; an activation is p(z) times the reciprocal of q(z)."""
        builder = NetworkBuilder()
        value = builder.input((self.widths[0],))
        for layer in range(1, len(self.widths)):
            weight = builder.parameter(f"W_{layer}", (self.widths[layer], self.widths[layer - 1]))
            value = builder.matmul(weight, value)
            if self.biases:
                value = builder.sum(value, builder.parameter(f"b_{layer}", (self.widths[layer],)))
            if layer < len(self.widths) - 1:
                value = apply_quotient(builder, value, self.activation_quotients[layer - 1])
        return builder.finish(value)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of hidden neurons, where their layer is no linear one."""
        return tuple(
            f"permutations of the {self.widths[layer]} neurons of hidden layer {layer}"
            for layer, (numerator, denominator) in enumerate(self.activation_quotients, start=1)
            if (degree(denominator) or degree(numerator) > 1) and self.widths[layer] > 1
        )

    def conventions(self) -> tuple[str, ...]:
        """Returns what the dimension of a set of rational functions means."""
        return (
            "no activation after the last layer",
            "functions are compared where they are defined: the dimension is that of the closure of the values at general inputs",
            "rational functions have no coefficients: there is no ambient dimension",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that a network that divides nowhere belongs to another family."""
        if any(degree(denominator) for _, denominator in self.activation_quotients):
            return ()
        return ("the network divides nowhere; the family mlp knows more about it",)


@functools.lru_cache(maxsize=128)
def _quotients(activation: tuple[str, ...]) -> tuple[Quotient, ...]:
    known = {text: parse_quotient(text, "activation") for text in dict.fromkeys(activation)}
    return tuple(known[text] for text in activation)


def degree(terms: tuple[tuple[int, Fraction], ...]) -> int:
    """Returns the degree of a polynomial; 0 for the zero polynomial."""
    return terms[0][0] if terms else 0


def apply_quotient(builder: NetworkBuilder, value: int, quotient: Quotient) -> int:
    """Returns the node p(z)/q(z) for every entry z; a power of 1/z is a polynomial of the reciprocal, as symmetries read it."""
    numerator, denominator = quotient
    if degree(denominator) == 0:
        return builder.polynomial(value, numerator)
    if len(denominator) == len(numerator) == 1 and degree(numerator) == 0:
        return builder.polynomial(builder.reciprocal(value), [(degree(denominator), numerator[0][1])])
    below = builder.reciprocal(builder.polynomial(value, denominator))
    if degree(numerator) == 0:
        return builder.polynomial(below, [(1, numerator[0][1])])
    return builder.product(builder.polynomial(value, numerator), below)


ARCHITECTURE = RationalNetwork


def rational(
    widths: list[int] | tuple[int, ...],
    activation: str | list[str] | None = None,
    *,
    biases: bool = False,
) -> RationalNetwork:
    """Returns the network with the given widths and quotients of polynomials, for example ``rational([3, 4, 1], "1/z")``.

    Raises `SpecError` for impossible widths and for activations that are no quotients of polynomials.
    """
    specification: dict[str, Any] = {"widths": plain_integers(widths), "biases": biases}
    if activation is not None:
        specification["activation"] = activation
    result = RationalNetwork.from_specification(specification)
    assert isinstance(result, RationalNetwork)
    return result
