"""What an invariant is to the program: a name, a summary and a ladder of methods, best first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli import registry
from neuroalg_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.question import Method


@dataclass(frozen=True, slots=True)
class Invariant:
    """An invariant with its methods; the first that applies answers a question that names no method."""

    name: str
    summary: str
    #: the entry of a claim's value on which independent methods must agree
    key: str
    methods: Callable[[], tuple[Method, ...]]
    #: whether a method that fails or stops early gives way to the next one, in the time that is left
    descends: bool = False


def load(name: str) -> Invariant:
    """Returns an invariant by name; raises `UsageError` with the known names."""
    known = registry.names("invariants")
    if name not in known:
        raise UsageError(f"the invariant '{name}' is unknown; known are {', '.join(known)}")
    invariant: Invariant = registry.load("invariants", name).INVARIANT
    return invariant
