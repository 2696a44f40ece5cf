"""What a theorem is to the program: a citation, and a function that checks its hypotheses and applies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroalg_cli import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The value of an invariant and the hypotheses that were checked, as sentences with the numbers filled in."""

    value: int
    hypotheses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theorem:
    """A published statement about one invariant; ``apply`` returns None where its hypotheses do not hold."""

    name: str
    invariant: str
    statement: str
    references: tuple[str, ...]
    apply: Callable[[Architecture], Conclusion | None]


def theorems(invariant: str) -> list[Theorem]:
    """Returns the theorems about an invariant, by file name."""
    found: list[Any] = [module.THEOREM for module in registry.load_all("theorems")]
    return [theorem for theorem in found if theorem.invariant == invariant]
