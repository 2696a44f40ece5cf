"""What every method says about the degree: the numbers of a claim, and the dimension that they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli.claims import builtin_identity, known_symmetries, limits_used, not_polynomial
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.known_dimension import KnownDimension, known_dimension
from neuroalg_cli.question import Answer
from neuroalg_cli.report.model import Claim
from neuroalg_cli.symmetry.homogeneity import is_cone
from neuroalg_cli.variety.degree_bounds import REFERENCES, lower_bound

if TYPE_CHECKING:
    from neuroalg_cli.question import Method, Question
    from neuroalg_cli.variety.model import ProjectiveModel

#: seconds of a computation that an obstacle may begin
_MOMENT = 5.0


def degree_claim(
    question: Question,
    degree: int,
    method: Method,
    *,
    kind: Literal["exact", "lower_bound", "upper_bound"] = "exact",
    fiber_degree: int | None = None,
    slice_points: int | None = None,
    **details: Any,
) -> Claim:
    """Returns the claim that V, as an affine variety, has a degree, at least (lower_bound) or at most (upper_bound) so much.

    The degree is the number of points in which a general affine-linear space of codimension dim V meets V: 1 for V = A and
    V = {0}.  It is that of P(V) where V is a cone, and that of the projective closure in any case.

    Value: ``degree``; ``dimension`` (affine), ``codimension`` and ``ambient_dimension`` (None: not counted);
    ``projective_closure``: V is not known to be a cone; ``fiber_degree``: parameter points per function on a slice of W, and
    ``slice_points``: parameter points over all points of V on a linear space (None: the method cuts nothing).

    ``details``: what else a `Claim` holds; ``engine`` is this program and ``seed`` the question's unless given.  The dimension
    that was used is added to the evidence with its certainty.
    """
    phi = question.phi
    dimension = known_dimension(question)
    ambient = phi.ambient_dimension
    evidence = {"dimension": dimension.as_evidence(), **details.pop("evidence", {})}
    details.setdefault("engine", builtin_identity())
    details.setdefault("seed", question.seed)
    return Claim(
        invariant="degree",
        method=method.name,
        kind=kind,
        value={
            "degree": degree,
            "dimension": dimension.value,
            "codimension": None if ambient is None else ambient - dimension.value,
            "ambient_dimension": ambient,
            "projective_closure": not (dimension.value == ambient or is_cone(phi.network)),
            "fiber_degree": fiber_degree,
            "slice_points": slice_points,
        },
        known_symmetries=known_symmetries(question),
        evidence=evidence,
        limits=limits_used(question),
        **details,
    )


def affordable_dimension(question: Question) -> KnownDimension | None:
    """Returns dim V if a theorem says it or its rank takes a moment, for obstacles; None where it takes longer or fails."""
    from neuroalg_cli.linear_algebra.generic_rank import estimate  # noqa: PLC0415  # numpy
    from neuroalg_cli.theorem import theorems  # noqa: PLC0415

    phi = question.phi
    is_theorem = any(theorem.apply(question.architecture) for theorem in theorems("dimension"))
    bound = min(phi.parameter_count, phi.ambient_dimension or phi.parameter_count)
    if not is_theorem and estimate(phi, bound).seconds > _MOMENT:
        return None
    try:
        return known_dimension(question)
    except NeuroalgError:
        return None


def krull_bound(known: KnownDimension, model: ProjectiveModel) -> int:
    """Returns a number that the Krull dimension of the coordinate ring of P(V), or of the projective closure, does not exceed."""
    bound = known.value
    if not known.is_sure:
        bound = known.claim.evidence["upper_bound"]["value"]
    return bound + (not model.is_cone)


def at_least(
    question: Question,
    hilbert: list[int],
    model: ProjectiveModel,
    method: Method,
    stopped: NeuroalgError,
    **details: Any,
) -> Answer:
    """Returns what values of the Hilbert function prove about the degree, for a method that was stopped.

    The values are ranks modulo a prime, lower bounds for certain, so that the bound for the degree is as well.
    """
    bound = lower_bound(hilbert, krull_bound(known_dimension(question), model))
    claim = degree_claim(
        question,
        bound.value,
        method,
        kind="lower_bound",
        certainty="exact",
        references=REFERENCES,
        evidence={"hilbert_function": hilbert, "reason": bound.statement},
        **details,
    )
    return Answer(claim, stopped=stopped)


def not_expandable(question: Question) -> str | None:
    """Returns a sentence where phi has no polynomial coordinates, or none that are not zero."""
    sentence = not_polynomial(question)
    if sentence is not None:
        return sentence
    label = question.architecture.label
    if any(node.operation == "reciprocal" for node in question.phi.network.nodes):
        return f"{label} divides by parameters, so that its coefficients are no polynomials in them"
    if not question.phi.ambient_dimension:
        return f"{label} has no coordinates that are not zero"
    return None


def nonzero_minor(question: Question) -> dict[str, Any]:
    """Returns a minor of d phi that is not 0 modulo a prime: V has at least the dimension ``value``, for certain."""
    from neuroalg_cli.linear_algebra.generic_rank import generic_rank  # noqa: PLC0415  # numpy

    known = known_dimension(question).claim.evidence.get("lower_bound")
    if known is not None:
        return dict(known)
    found = generic_rank(question.phi, question.seed, seconds=question.deadline.remaining(), memory=question.memory)
    return found.lower_evidence
