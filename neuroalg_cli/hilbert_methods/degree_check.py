"""The degree of V from another source, against which the end of an h-vector is held.

In this order: a theorem, sections of the equations found so far (`neuroalg_cli.degree_methods.sections`), points on a slice that
an engine counts.  Sections show the degree only where no other number is possible; if the equations cut out another component
of the dimension of V, they say nothing, and equations of higher degree are awaited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import NeuroalgError, NoResultError
from neuroalg_cli.run_directory import discard_run
from neuroalg_cli.theorem import theorems

if TYPE_CHECKING:
    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.ideal_modulo import IdealModulo

#: degrees up to which points on a slice are counted, and the seconds for it: a check must not cost more than what it checks
_MAXIMAL_DEGREE = 400
_SECONDS = 60.0
#: zeros at the end of the h-vector after which a degree that nothing establishes stops the search
_ZEROS = 3


@dataclass(frozen=True, slots=True)
class KnownDegree:
    """A degree and the claim that says so, in words."""

    value: int
    certainty: str
    statement: str


@dataclass(frozen=True, slots=True)
class Equations:
    """Equations of V modulo a prime, in an ideal with all its blocks."""

    ideal: IdealModulo
    #: the Krull dimension of the coordinate ring of V
    krull: int
    #: the number of leading monomials that are not multiples of others
    count: int


@dataclass(slots=True)
class _Tried:
    """What sections of equations have said so far."""

    #: the equations that were cut last
    count: int = 0
    #: a degree from which on sections are too large
    too_large: int | None = None
    known: KnownDegree | None = None


def degree_by_theorem(question: Question) -> KnownDegree | None:
    """Returns the degree of V by a theorem of the library, None if none applies."""
    for theorem in theorems("degree"):
        conclusion = theorem.apply(question.architecture)
        if conclusion is not None:
            return KnownDegree(conclusion.value, "theorem", f"theorem ({theorem.name})")
    return None


def known_degree(question: Question, candidate: int, equations: Equations, *, zeros: int) -> KnownDegree | None:
    """Returns the degree of V by a theorem, by sections of equations or by counting points on a slice.

    ``candidate``: the degree to be expected; ``zeros``: those at the end of the h-vector.  None if more equations are needed, and
    no engine counts the points.  Raises `NoResultError` if the h-vector has ended, and they are too many for sections as well.
    """
    by_theorem = degree_by_theorem(question)
    if by_theorem is not None:
        return by_theorem
    memory = question.memory_of_answers
    if memory.get("degree by slicing") is None:
        by_sections = _by_sections(question, candidate, equations)
        if by_sections is not None:
            return by_sections
    if "degree by slicing" not in memory and candidate <= _MAXIMAL_DEGREE:
        memory["degree by slicing"] = _by_slicing(question)
    found: KnownDegree | None = memory.get("degree by slicing")
    too_large = memory["degree by sections"].too_large if found is None else None
    if too_large is not None and too_large <= candidate and zeros >= _ZEROS:
        raise NoResultError(
            f"the h-vector seems to have ended with the sum {candidate}, but sections of the equations are too large to confirm "
            "that this is the degree, and no engine counted the points of a slice; use another method or raise --timeout"
        )
    return found


def _by_sections(question: Question, candidate: int, equations: Equations) -> KnownDegree | None:
    """Returns the degree by sections, which are not repeated for the same equations nor where smaller ones were too large."""
    from neuroalg_cli.degree_methods.sections import degree_by_sections  # noqa: PLC0415  # numpy

    tried: _Tried = question.memory_of_answers.setdefault("degree by sections", _Tried())
    is_too_large = tried.too_large is not None and tried.too_large <= candidate
    if tried.known is not None or is_too_large or tried.count == equations.count:
        return tried.known
    ideal = equations.ideal
    degree = len(ideal.parts)
    question.announce(f"sections of the equations up to degree {degree}")
    deadline = Deadline(min(_SECONDS, question.deadline.remaining() / 4))
    found = degree_by_sections(ideal, equations.krull, question.seed, deadline)
    tried.count = equations.count
    if found.degree is not None:
        tried.known = KnownDegree(
            found.degree,
            "modular",
            f"{len(found.orbits)} random sections of the equations up to degree {degree} modulo {ideal.prime}, whose points "
            "Frobenius moves in orbits; only all points together can be those of V",
        )
    elif found.is_too_large:
        tried.too_large = candidate
    return tried.known


def _by_slicing(question: Question) -> KnownDegree | None:
    from neuroalg_cli.slicing.method import slicing_methods  # noqa: PLC0415

    asked = replace(question, invariant="degree", method="auto", engine="auto", cross_check=False, max_degree=None)
    asked.__dict__["phi"] = question.phi
    asked.__dict__["deadline"] = Deadline(min(_SECONDS, question.deadline.remaining() / 4))
    for method in slicing_methods():
        if method.obstacle(asked) is not None:
            continue
        question.announce(f"degree by slicing on {method.engine}, as a check")
        try:
            answer = method.answer(asked)
        except NeuroalgError as error:
            discard_run(error)
            continue  # another engine, or no check
        discard_run(answer.stopped)
        value = answer.claim.value["degree"]
        if answer.claim.kind == "exact" and answer.stopped is None and isinstance(value, int):
            return KnownDegree(value, answer.claim.certainty, str(answer.claim))
    return None
