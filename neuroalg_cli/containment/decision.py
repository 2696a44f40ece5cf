"""What a rung of the ladder says when it decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: best first; ``proved`` is what `neuroalg verify` replays
ORDER = ("theorem", "proved", "exact", "modular", "certified_numeric", "numeric")


@dataclass(frozen=True)
class Decision:
    """Whether V contains the candidate, and why."""

    contained: bool
    decided_by: str
    certainty: str
    statement: str
    #: whether the function is phi(w) for some w; None: not known
    in_image: bool | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    error_probability: str | None = None
    primes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()


def weakest(*certainties: str) -> str:
    """Returns the certainty of what rests on all of these."""
    return max(certainties, key=ORDER.index)
