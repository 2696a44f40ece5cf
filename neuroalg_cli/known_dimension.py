"""The dimension of V for invariants that need it: by a theorem, else as the generic rank, asked once per question."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import TimeLimitError

if TYPE_CHECKING:
    from neuroalg_cli.question import Question
    from neuroalg_cli.report.model import Claim

#: certainties of a dimension that is beyond doubt
SURE = frozenset({"theorem", "proved"})


@dataclass(frozen=True, slots=True)
class KnownDimension:
    """dim V, how sure it is, and the claim that says so."""

    value: int
    certainty: str
    #: in words, such as ``dimension 8 (theorem, by theorem on builtin)``
    statement: str
    error_probability: str | None
    claim: Claim

    @property
    def is_sure(self) -> bool:
        """Whether the dimension is a theorem or proved."""
        return self.certainty in SURE

    def as_evidence(self) -> dict[str, Any]:
        """Returns value, certainty and statement as plain JSON values."""
        return {"value": self.value, "certainty": self.certainty, "statement": self.statement}


def known_dimension(question: Question) -> KnownDimension:
    """Returns the dimension of V, computed at most once for a question and its shorter copies.

    Raises the `NeuroalgError` of the rank: a time or memory limit, or a network without a variety.
    """
    found: KnownDimension | None = question.memory_of_answers.get("dimension")
    if found is None:
        found = _ask(question)
        question.memory_of_answers["dimension"] = found
    return found


def _ask(question: Question) -> KnownDimension:
    from neuroalg_cli.invariants.dimension import JacobianMethod, TheoremMethod  # noqa: PLC0415

    seconds = question.deadline.remaining()
    asked = replace(
        question, invariant="dimension", method="auto", seconds=None if math.isinf(seconds) else seconds or 1.0
    )
    asked.__dict__["phi"] = question.phi
    theorem = TheoremMethod()
    if theorem.obstacle(asked) is None:
        claim = theorem.answer(asked).claim
    else:
        if question.deadline.is_over():
            raise TimeLimitError("no time was left to find the dimension; raise --timeout")
        question.announce("dimension")
        claim = JacobianMethod().answer(asked).claim
    value = claim.numbers["dimension"]
    assert value is not None
    return KnownDimension(value, claim.certainty, str(claim), claim.error_probability, claim)
