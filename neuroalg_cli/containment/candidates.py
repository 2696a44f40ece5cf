"""What may lie in V: a given function, with rational coefficients, or the generic function of another network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.architectures.polynomial import PolynomialModel
from neuroalg_cli.containment.substitution import numbers, substituted
from neuroalg_cli.errors import SpecError, UsageError, shown
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.polynomial_grammar import parse_polynomial, polynomial_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Network

Function = dict[tuple[int, tuple[int, ...]], Fraction]
"""(entry of the output, exponent vector in x) -> coefficient that is not 0."""

_INPUT = re.compile(r"x_([1-9][0-9]{0,5})", re.ASCII)
_EXAMPLE = "x_1^2 + 3*x_1*x_2"
#: of a network about whose functions is asked
_MAXIMAL_INPUTS = 20_000
#: longer functions are described by their number of terms
_SHOWN_TEXT = 2_000


@dataclass(frozen=True)
class GivenFunction:
    """A function by its coefficients."""

    coefficients: Function
    inputs: int
    outputs: int
    #: a short name, for sentences
    name: str
    description: dict[str, Any] = field(default_factory=dict)
    #: the network and the weights of which it is the function, if it was given like that
    source: tuple[Architecture, tuple[Fraction, ...]] | None = None

    @property
    def is_generic(self) -> bool:
        """Whether the candidate stands for all functions of a network."""
        return False


@dataclass(frozen=True)
class GenericFunction:
    """All functions of another network, at general weights: V contains them if and only if it contains its neurovariety."""

    architecture: Architecture
    phi: PolynomialMap

    @property
    def inputs(self) -> int:
        """The number of input variables."""
        return self.phi.network.input_size

    @property
    def outputs(self) -> int:
        """The number of entries of the output."""
        return self.phi.network.output_size

    @property
    def name(self) -> str:
        """A short name, for sentences."""
        return f"the generic function of {self.architecture.label}"

    @property
    def description(self) -> dict[str, Any]:
        """Returns the candidate as plain JSON values."""
        return {**_identity(self.architecture), "weights": "generic", "graph": self.phi.network.as_json()}

    @property
    def is_generic(self) -> bool:
        """Whether the candidate stands for all functions of a network."""
        return True


Candidate = GivenFunction | GenericFunction


def generic_function(architecture: Architecture) -> GenericFunction:
    """Returns the generic function of a network."""
    return GenericFunction(architecture, PolynomialMap(architecture.network()))


def parse_function(texts: Sequence[str], network: Network, names: Sequence[str] = ()) -> GivenFunction:
    """Returns the function that texts denote, one per output or several separated by semicolons.

    The inputs are x_1, x_2, ... in the order of the network; ``names``: other names of theirs that may be used as well.  Raises
    `SpecError` in one sentence.
    """
    parts = [part.strip() for text in texts for part in text.split(";")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()  # a semicolon at the end
    if len(parts) != network.output_size:
        raise SpecError(
            f"--function gives {len(parts)} polynomial{'s' * (len(parts) != 1)} and the network has {network.output_size} "
            f"output{'s' * (network.output_size != 1)}; give one polynomial per output, separated by ';'"
        )
    if network.input_size > _MAXIMAL_INPUTS:
        raise SpecError(
            f"the network has {network.input_size} inputs, and at most {_MAXIMAL_INPUTS} are supported; take a smaller network"
        )
    coefficients: Function = {}
    for output, part in enumerate(parts):
        if not part:
            raise SpecError(f"--function is empty for output {output + 1}; write 0 for the zero function")
        for monomial, coefficient in parse_polynomial(part, "--function", _EXAMPLE).items():
            exponents = [0] * network.input_size
            for name, exponent in monomial:
                place = names.index(name) if name in names else _position(name, network.input_size)
                exponents[place] += exponent
            key = output, tuple(exponents)
            coefficients[key] = coefficients.get(key, Fraction(0)) + coefficient
    coefficients = {key: coefficient for key, coefficient in coefficients.items() if coefficient}
    return _given(coefficients, network.input_size, network.output_size, "the function", {})


def candidate_of(value: Any, architecture: Architecture) -> Candidate:
    """Returns the candidate that a text, several texts, another network or an imported model stand for.

    Raises `UsageError` for anything else, and the `SpecError` of `parse_function`.
    """
    from neuroalg_cli.architecture import Architecture as Described  # noqa: PLC0415  # pydantic
    from neuroalg_cli.recognizing.importing import ImportedModel  # noqa: PLC0415

    if isinstance(value, GivenFunction | GenericFunction):
        return value
    if isinstance(value, Described):
        return generic_function(value)
    if isinstance(value, ImportedModel):
        if value.point is None:
            return generic_function(value.architecture)
        return function_at(value.architecture, value.point)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f"the candidate is {shown(value)}; it must be a polynomial such as 'x_1^2 + x_2', a list of them, or a network"
        )
    return parse_function(texts, architecture.network(), input_names(architecture))


def function_at(architecture: Architecture, point: Sequence[Fraction]) -> GivenFunction:
    """Returns the function of a network at weights; raises `MemoryLimitError` if its expansion is too long."""
    network = architecture.network()
    coefficients = coefficients_at(network, point)
    description = {**_identity(architecture), "weights": list(map(str, point))}
    name = f"the function of {architecture.label} at the weights"
    found = _given(coefficients, network.input_size, network.output_size, name, description)
    return replace(found, source=(architecture, tuple(map(Fraction, point))))


def coefficients_at(network: Network, point: Sequence[Fraction]) -> Function:
    """Returns phi(w), exactly, for rational weights."""
    expanded = coordinates(substituted(network, numbers(point)))
    return {(c.output, c.monomial): c.polynomial[()] for c in expanded}


def input_names(architecture: Architecture) -> tuple[str, ...]:
    """Returns the names that a model of the user's own gives to its inputs, where all of them are scalars."""
    names = architecture.inputs if isinstance(architecture, PolynomialModel) else ()
    return names if all(name.isidentifier() for name in names) else ()


def texts_of(function: Function, inputs: int, outputs: int) -> list[str]:
    """Returns the polynomials of a function as texts in x_1, x_2, ..., by output."""
    order = {f"x_{i + 1}": i for i in range(inputs)}
    result = []
    for output in range(outputs):
        polynomial = {
            tuple((f"x_{i + 1}", e) for i, e in enumerate(monomial) if e): coefficient
            for (entry, monomial), coefficient in function.items()
            if entry == output
        }
        result.append(polynomial_text(polynomial, order))
    return result


def _identity(architecture: Architecture) -> dict[str, Any]:
    return {"network": architecture.canonical(), "label": architecture.label, "sha256": architecture.digest()}


def _given(coefficients: Function, inputs: int, outputs: int, name: str, description: dict[str, Any]) -> GivenFunction:
    texts = texts_of(coefficients, inputs, outputs)
    shown_texts = texts if sum(map(len, texts)) <= 50 * _SHOWN_TEXT else None
    return GivenFunction(coefficients, inputs, outputs, name, {"function": shown_texts, **description})


def _position(name: str, inputs: int) -> int:
    match = _INPUT.fullmatch(name)
    if match is None or int(match[1]) > inputs:
        known = {1: "input is x_1", 2: "inputs are x_1 and x_2"}.get(inputs, f"inputs are x_1, ..., x_{inputs}")
        raise SpecError(f"--function has {shown(name)}, which is no input of the network; its {known}")
    return int(match[1]) - 1
