"""The ladder that decides whether a function, or the functions of another network, lie in V: cheap and certain rungs first.

Let V be the neurovariety of network A, of dimension m, and V_B that of network B; both are irreducible.  Every rung decides, with
its certainty, or says in a sentence what it saw.

``coordinates``  f has a coefficient that is zero identically on V: not in V.
``theorem``      V is known to be where certain matrices have bounded rank (`neuroalg_cli.containment.rank_conditions`).
``embedding``    weights of A that compute the functions of B (`neuroalg_cli.containment.embeddings`): in V, and even in M.
``filling``      V is its ambient space.
``dimension``    dim V_B > m: V_B is not in V.  dim V_B = m: V_B is in V if and only if V is in V_B, where A may be embedded in B.
``preimage``     weights w with phi(w) = f (`neuroalg_cli.containment.preimages`): in M.  Functions of B at random weights only.
``equations``    an equation of V that does not vanish at f: not in V.  All vanish, and they are complete: in V
                 (`neuroalg_cli.containment.separating`).

There is no rung that compares tangent spaces.  V_B in V implies that T_f V_B is in T_f V, the Zariski tangent space of V at f;
but where V is singular at f this is larger than the image of d phi at w, phi(w) = f, even if d phi has its generic rank m there:
another branch of V may pass through f, as it does at a node of a curve.  And where equations prove that f is a smooth point,
these equations at a general point of V_B decide more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.claims import rounded_up
from neuroalg_cli.containment.candidates import (
    Candidate,
    GenericFunction,
    GivenFunction,
    coefficients_at,
    texts_of,
)
from neuroalg_cli.containment.decision import Decision, weakest
from neuroalg_cli.containment.preimages import gives, preimage
from neuroalg_cli.counting_coordinates import is_certain
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.degrees import degree_sets
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.known_dimension import KnownDimension, known_dimension
from neuroalg_cli.linear_algebra.random_points import generator

if TYPE_CHECKING:
    from neuroalg_cli.network import Network
    from neuroalg_cli.question import Question

#: coordinates are expanded to tell which are zero identically as long as they have so many terms
_EXPANDED_TERMS = 100_000
#: and the network has so few weights
_EXPANDED_PARAMETERS = 1_000


Rung = Callable[["Question"], Decision | str | None]
"""Returns a decision, or what was seen, or None where there is nothing to look at."""


def require_same_shape(question: Question, candidate: Candidate) -> None:
    """Raises `SpecError` if the candidate has other inputs or outputs than the network."""
    network = question.phi.network
    for what, one, other in (
        ("inputs", network.input_size, candidate.inputs),
        ("outputs", network.output_size, candidate.outputs),
    ):
        if one != other:
            raise SpecError(
                f"{question.architecture.label} has {one} {what} and {candidate.name.removeprefix('the generic function of ')} "
                f"has {other}; only functions with the same inputs and outputs can be compared"
            )


def decide(question: Question, rungs: tuple[str, ...]) -> tuple[Decision | None, list[str]]:
    """Returns the decision of the first rung that decides, None if none does, and what the others saw.

    A numeric decision waits for a better one.  Raises `SpecError` for candidates of another shape.
    """
    require_same_shape(question, question.candidate)
    tried: list[str] = []
    waiting: Decision | None = None
    for name in rungs:
        if question.deadline.is_over():
            tried.append(f"{name}: no time was left")
            continue
        question.announce(name)
        try:
            found = RUNGS[name](question)
        except NeuroalgError as error:
            if isinstance(error, SpecError) and len(rungs) == 1:
                raise
            found = str(error)
        if found is None and len(rungs) == 1:
            found = "there is nothing that it could decide"
        if found is None:
            continue
        if isinstance(found, str):
            tried.append(f"{name}: {found}")
        elif found.certainty == "numeric":
            waiting = found
            tried.append(f"{name}: {found.statement}")
        else:
            return _with_image(found, waiting), tried
    return waiting, tried


def _with_image(found: Decision, numeric: Decision | None) -> Decision:
    """Returns the decision; a numeric preimage is told beside it, unless it contradicts it."""
    if numeric is None or not found.contained:
        return found
    return replace(found, evidence={**found.evidence, "numeric_preimage": numeric.statement})


def _coordinates(question: Question) -> Decision | str:
    network, candidate = question.phi.network, question.candidate
    wanted = _support(candidate)
    possible = set(degree_sets(network)[network.output])
    known: set[tuple[int, tuple[int, ...]]] | None = None
    with contextlib.suppress(MemoryLimitError):  # then the degrees must do
        known = _nonzero_coordinates(network)
    if wanted is not None:
        missing = [key for key in wanted if (key not in known if known is not None else sum(key[1]) not in possible)]
        if missing:
            output, monomial = min(missing, key=lambda key: (key[0], sum(key[1]), key[1]))
            term = texts_of({(output, monomial): 1}, candidate.inputs, candidate.outputs)[output]  # type: ignore[dict-item]
            return Decision(
                False,
                "coordinates",
                "exact" if known is None else "proved",
                f"the coefficient of {term} in output {output + 1} is 0 for all functions of the network",
                False,
                {"monomial": {"output": output, "exponents": list(monomial)}},
            )
        if known is not None:
            return "no coefficient of the candidate is excluded"
    return "the degrees of the candidate's terms occur in the network; the coefficients are too long to expand them"


def _support(candidate: Candidate) -> set[tuple[int, tuple[int, ...]]] | None:
    """Returns the coefficients of the candidate that are not zero, for certain; None if they are too many to expand."""
    if isinstance(candidate, GivenFunction):
        return set(candidate.coefficients)
    try:
        return _nonzero_coordinates(candidate.phi.network)
    except MemoryLimitError:
        return None


def _nonzero_coordinates(network: Network) -> set[tuple[int, tuple[int, ...]]]:
    """Returns the coefficients that are not zero identically, for certain; raises `MemoryLimitError` if they are too long."""
    if network.parameter_count > _EXPANDED_PARAMETERS:
        raise MemoryLimitError(f"a network with more than {_EXPANDED_PARAMETERS} weights is not expanded")
    return {(c.output, c.monomial) for c in coordinates(network, _EXPANDED_TERMS)}


def _theorem(question: Question) -> Decision | str:
    from neuroalg_cli.containment.rank_conditions import rank_verdict  # noqa: PLC0415

    found = rank_verdict(question.architecture, question.candidate)
    if found is None:
        return "no theorem of the library says what V is"
    return Decision(
        found.contained,
        "theorem",
        "theorem",
        found.sentence,
        found.in_image,
        {"theorem": found.theorem, "statement": found.statement, "hypotheses": [found.sentence]},
        references=found.references,
    )


def _filling(question: Question) -> Decision | str:
    phi = question.phi
    known = known_dimension(question)
    if phi.ambient_dimension is None:
        return "the coordinates of the ambient space are too many to count them"
    if known.value < phi.ambient_dimension:
        return f"V has dimension {known.value} in an ambient space of dimension {phi.ambient_dimension}"
    missing = _outside(question)
    if missing is not None:
        return missing
    sure = known.is_sure and (is_certain(phi.network) or _counted_exactly(question) == known.value)
    return Decision(
        True,
        "filling",
        ("theorem" if known.certainty == "theorem" else "exact") if sure else "modular",
        f"V is its ambient space, of dimension {known.value}",
        None,
        {"dimension": known.as_evidence()},
        known.error_probability,
        references=known.claim.references if known.certainty == "theorem" else (),
    )


def _counted_exactly(question: Question) -> int | None:
    """Returns the number of coordinates that are not zero identically, by expanding them; None if they are too long."""
    try:
        return len(_nonzero_coordinates(question.phi.network))
    except MemoryLimitError:
        return None


def _outside(question: Question) -> str | None:
    """Returns a sentence unless every coefficient of the candidate is one of the ambient space."""
    found = _coordinates(question)
    if isinstance(found, Decision):
        return found.statement
    return None if found.startswith("no coefficient") or is_certain(question.phi.network) else found


def _embedding(question: Question) -> Decision | str | None:
    from neuroalg_cli.containment.embeddings import embedding  # noqa: PLC0415

    candidate = question.candidate
    if not isinstance(candidate, GenericFunction):
        return None
    found = embedding(question.architecture, candidate.architecture, question.seed)
    if found is None:
        return f"no weights were found that make it compute the functions of {candidate.architecture.label}"
    is_proved = found.error_probability is None
    return Decision(
        True,
        "embedding",
        "proved" if is_proved else "modular",
        f"explicit weights give every function of {candidate.architecture.label}: {found.words}",
        True,
        {"embedding": {"weights": found.as_json()}},
        None if found.error_probability is None else rounded_up(found.error_probability),
        found.primes,
    )


def _dimension(question: Question) -> Decision | str | None:
    from neuroalg_cli.containment.embeddings import embedding  # noqa: PLC0415

    candidate = question.candidate
    if not isinstance(candidate, GenericFunction):
        return None
    own, other = known_dimension(question), dimension_of(question, candidate)
    evidence = {"dimension": own.as_evidence(), "other_dimension": other.as_evidence()}
    label = candidate.architecture.label
    if other.value > own.value:
        # The rank that was found is a lower bound of the other's dimension for certain.
        statement = f"the functions of {label} have dimension {other.value}, more than {own.value}"
        certainty = weakest(own.certainty, "exact")
        return Decision(False, "dimension", certainty, statement, False, evidence, own.error_probability)
    if other.value < own.value:
        return f"the functions of {label} have dimension {other.value}, less than {own.value}"
    back = embedding(candidate.architecture, question.architecture, question.seed)
    if back is None:
        return f"both have dimension {own.value}, so that V contains the functions of {label} only if both varieties are equal"
    doubts = [float(p) for p in (own.error_probability, other.error_probability) if p is not None]
    doubts += [] if back.error_probability is None else [back.error_probability]
    certainty = weakest(
        "exact", own.certainty, other.certainty, "exact" if back.error_probability is None else "modular"
    )
    return Decision(
        True,
        "dimension",
        certainty,
        f"V lies in the variety of {label}, by explicit weights ({back.words}); both are irreducible of dimension {own.value}",
        None,
        {**evidence, "embedding_of_this_network": {"weights": back.as_json()}, "equal": True},
        rounded_up(sum(doubts)) if doubts else None,
        back.primes,
    )


def dimension_of(question: Question, candidate: GenericFunction) -> KnownDimension:
    """Returns the dimension of the candidate's own variety, computed once per question."""
    key = f"dimension of {candidate.architecture.digest()}"
    if key not in question.memory_of_answers:
        other = replace(question, architecture=candidate.architecture, candidate=None, memory_of_answers={})
        other.__dict__.update(phi=candidate.phi, deadline=question.deadline)
        question.memory_of_answers[key] = known_dimension(other)
    found: KnownDimension = question.memory_of_answers[key]
    return found


def _equations(question: Question) -> Decision | str:
    from neuroalg_cli.containment.separating import separate  # noqa: PLC0415

    return separate(question)


def _preimage(question: Question) -> Decision | str | None:
    candidate = question.candidate
    if not question.phi.network.is_polynomial or question.phi.ambient_dimension is None:
        return "the functions of the network have no coefficients, or too many"
    share = 1.0 if question.method == "preimage" else _PREIMAGE_SHARE
    limited = Deadline(min(_PREIMAGE_SECONDS, share * question.deadline.remaining()))
    if isinstance(candidate, GenericFunction):
        return _preimages_of_random_functions(question, candidate, limited)
    embedded = _embedded_weights(question, candidate)
    if embedded is not None:
        return embedded
    found = preimage(question.phi.network, candidate.coefficients, question.seed, limited)
    if found is None:
        return "no weights with this function were found"
    if found.exact is None:
        statement = f"weights in floating point give the function up to a relative error of {found.residual:.1g}"
        return Decision(True, "preimage", "numeric", statement, None, {})
    statement = "explicit rational weights give the function"
    return Decision(True, "preimage", "proved", statement, True, {"weights": [str(weight) for weight in found.exact]})


def _embedded_weights(question: Question, candidate: GivenFunction) -> Decision | None:
    """Returns the decision by an embedding of the network of which the function was given at weights, if there is one."""
    from neuroalg_cli.containment.embeddings import embedding  # noqa: PLC0415

    if candidate.source is None:
        return None
    architecture, point = candidate.source
    found = embedding(question.architecture, architecture, question.seed)
    if found is None:
        return None
    weights = tuple(entry if isinstance(entry, Fraction) else point[entry] for entry in found.substitution)
    if not gives(question.phi.network, weights, candidate.coefficients):
        return None
    statement = f"explicit weights give the function: those of {architecture.label}, {found.words}"
    return Decision(True, "preimage", "proved", statement, True, {"weights": [str(weight) for weight in weights]})


def _preimages_of_random_functions(
    question: Question, candidate: GenericFunction, deadline: Deadline
) -> Decision | str:
    """Returns the decision, no more than numeric, that functions of the other network at random weights are in the image."""
    for number in range(_RANDOM_FUNCTIONS):
        source = generator(question.seed, f"contains/random/{number}")
        point = [
            Fraction(source.randrange(1, 8) * source.choice((1, -1)), 4) for _ in range(candidate.phi.parameter_count)
        ]
        coefficients = coefficients_at(candidate.phi.network, point)
        if preimage(question.phi.network, coefficients, question.seed, deadline) is None:
            return f"no weights with the function of {candidate.architecture.label} at random weights were found"
    label = candidate.architecture.label
    statement = f"weights in floating point give the functions of {label} at {_RANDOM_FUNCTIONS} random weights"
    return Decision(True, "preimage", "numeric", statement, None, {})


_RANDOM_FUNCTIONS = 3
#: the numerical search takes no longer, and no more of the time that is left for other rungs
_PREIMAGE_SECONDS = 20.0
_PREIMAGE_SHARE = 0.25

RUNGS: dict[str, Rung] = {
    "coordinates": _coordinates,
    "theorem": _theorem,
    "embedding": _embedding,
    "filling": _filling,
    "dimension": _dimension,
    "preimage": _preimage,
    "equations": _equations,
}
"""The rungs, in the order in which they are tried."""


def image_of(question: Question, decision: Decision) -> Decision:
    """Returns the decision with a preimage, if one is found quickly, where a given function is in V and none was looked for."""
    if decision.decided_by not in ("theorem", "filling") or not decision.contained or decision.in_image is not None:
        return decision
    found = _preimage(question) if isinstance(question.candidate, GivenFunction) else None
    if not isinstance(found, Decision):
        return decision
    if found.certainty == "numeric":
        return replace(decision, evidence={**decision.evidence, "numeric_preimage": found.statement})
    return replace(decision, in_image=True, evidence={**decision.evidence, **found.evidence})
