"""What claims about several invariants have in common: who computed, within which limits, and what stands in the way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.question import BUILTIN
from neuroalg_cli.report.model import EngineIdentity, LimitsUsed
from neuroalg_cli.symmetry.known_symmetries import describe

if TYPE_CHECKING:
    from neuroalg_cli.question import Question


def builtin_identity() -> EngineIdentity:
    """Returns this program as the engine of a claim."""
    from neuroalg_cli.version import program_version  # noqa: PLC0415

    return EngineIdentity(name=BUILTIN, version=program_version())


def limits_used(question: Question) -> LimitsUsed:
    """Returns the limits that the question set; infinity is no limit."""
    is_limited = question.seconds is not None and math.isfinite(question.seconds)
    return LimitsUsed(seconds=question.seconds if is_limited else None, memory_bytes=question.memory)


def known_symmetries(question: Question) -> tuple[str, ...]:
    """Returns the known symmetries in words: continuous ones of the graph, finite ones of the family."""
    return describe(question.phi.network) + question.architecture.finite_symmetries()


def rounded_up(probability: float) -> str:
    """Returns a decimal with two digits that is not smaller than the number."""
    if probability <= 0:
        return "0"
    exponent = math.floor(math.log10(probability))
    digits = math.ceil(probability / 10.0 ** (exponent - 1))
    return f"{digits / 10:.1f}e{exponent}" if digits < 100 else f"1.0e{exponent + 1}"


def not_rational(question: Question) -> str | None:
    """Returns a sentence if the network applies a function that is not rational."""
    if question.phi.network.is_rational:
        return None
    return (
        f"{question.architecture.label} applies functions that are not rational, so that its functions form no variety"
    )


def not_polynomial(question: Question) -> str | None:
    """Returns a sentence if the functions are no polynomials in the inputs, or have too many coefficients to count."""
    sentence = not_rational(question)
    if sentence is not None:
        return sentence
    if not question.phi.network.is_polynomial:
        return f"{question.architecture.label} divides by functions of its input, so that its functions have no coefficients"
    if question.phi.ambient_dimension is None:
        return f"the functions of {question.architecture.label} have too many coefficients; take a smaller network"
    return None
