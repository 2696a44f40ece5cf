"""Equations of V at a function: one that does not vanish separates the function from V; complete ones that vanish put it into V.

Degree by degree the elements of a Gröbner basis of I(V) modulo a prime are evaluated at the function, or at the function of
another network at random weights (`neuroalg_cli.containment.equations_modulo`).  Where one is not 0, it is lifted to Q; if it
vanishes on V by substitution and not at the function, over Q, that is a proof.  Where this is too much, further primes make the
claim `modular`: if the function were in V, every one of them would have had to show an equation that is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import rounded_up
from neuroalg_cli.containment.candidates import GenericFunction, GivenFunction
from neuroalg_cli.containment.complete_equations import by_ideal, complete_by_count, in_variety
from neuroalg_cli.containment.decision import Decision
from neuroalg_cli.containment.equations_modulo import (
    MAXIMAL_TRIALS,
    TARGET_PROBABILITY,
    Search,
    Separation,
    begin,
    exact_value,
    step,
    vanishes_on,
)
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.linear_algebra.random_points import residues
from neuroalg_cli.variety.model import projective_model

if TYPE_CHECKING:
    from neuroalg_cli.containment.candidates import Candidate
    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.model import ProjectiveModel

#: monomials of a degree that are looked at if no highest degree was asked for
_MAXIMAL_MONOMIALS = 60_000
_MAXIMAL_DEGREE = 12


def separate(question: Question) -> Decision | str:
    """Returns what the equations decide, or what they do not."""
    model = projective_model(question.phi)
    candidate = question.candidate
    outside = _outside(model, candidate)
    if outside is not None:
        return outside
    first = begin(question, model, 0)
    found: Separation | None = None
    reached = 0
    reason = ""
    known = known_dimension(question)
    projective = known.value - (1 if model.is_cone else 0)
    while not _is_enough(question, model, reached):
        question.announce(f"equations of degree {reached + 1}")
        try:
            found = step(first, model)
        except (TimeLimitError, MemoryLimitError) as error:
            reason = f"; {error}"
            break
        reached += 1
        if found is not None:
            return _proved(question, model, first, found) or _modular(question, model, first, found)
        complete = complete_by_count(question, first, reached, projective)
        if complete is not None:
            return in_variety(question, model, first, reached, complete)
    number = sum(len(block.leading) for part in first.ideal.parts for block in part.blocks)
    complete_ideal = by_ideal(question, model) if reached else "no degree was looked at"
    if isinstance(complete_ideal, Decision):
        return complete_ideal
    seen = (
        f"all {number} elements of a Gröbner basis up to degree {reached} vanish"
        if number
        else f"V has no equations up to degree {reached}"
    )
    further = "" if reason else f"; --max-degree {reached + 1} looks further"
    return f"{seen}, modulo {first.prime}{reason}; {complete_ideal}{further}"


def _outside(model: ProjectiveModel, candidate: Candidate) -> str | None:
    """Returns a sentence if the candidate has a coefficient that no function of the network seems to have."""
    known = {(c.output, c.monomial) for c in model.coordinates}
    if isinstance(candidate, GenericFunction):
        wanted = {(c.output, c.monomial) for c in projective_model(candidate.phi).coordinates}
    else:
        wanted = set(candidate.coefficients)
    if wanted <= known:
        return None
    return "the candidate has a coefficient that vanished for all functions of the network that were looked at"


def _is_enough(question: Question, model: ProjectiveModel, reached: int) -> bool:
    """Returns whether the next degree is not looked at."""
    if question.max_degree is not None:
        return reached >= question.max_degree
    return reached >= _MAXIMAL_DEGREE or math.comb(model.N + reached, reached + 1) > _MAXIMAL_MONOMIALS


def _proved(question: Question, model: ProjectiveModel, search: Search, found: Separation) -> Decision | None:
    """Returns the decision by the equation over Q, or None if it is too long to prove."""
    from neuroalg_cli.equations.lifting import KnownModulo, lift  # noqa: PLC0415

    block = found.block
    known = KnownModulo(
        [block.monomials[i] for i in block.standard],
        [block.monomials[block.leading[found.row]]],
        block.kernel[found.row : found.row + 1],
    )
    question.announce("an equation over the rationals")
    try:
        equation = lift(model, [known], search.prime, question.seed, question.deadline).equations[0][0]
        vanishes = vanishes_on(question, model, equation)
    except NeuroalgError:
        return None
    if not vanishes:
        return None
    candidate = question.candidate
    text = equation.text(model.names)
    evidence: dict[str, Any] = {
        "equation": {
            "text": text if len(text) <= 100_000 else None,
            "terms": [[list(monomial), str(coefficient)] for monomial, coefficient in equation.terms],
            "is_projective_closure": not model.is_cone,
        }
    }
    where = "at the function"
    if isinstance(candidate, GivenFunction):
        value = exact_value(equation, model, candidate)
        if not value:
            return None
        evidence["value"] = str(value)
        where = f"and is {value} at the function" if len(str(value)) <= 30 else "and is not 0 at the function"
    else:
        # not 0 modulo a prime at one point, so not the zero polynomial in the weights
        evidence["point"] = {"prime": search.prime, "weights": _weights(question, search)}
        where = f"and not on those of {candidate.architecture.label}"
    statement = f"an equation of degree {found.degree} vanishes on all functions of the network {where}"
    return Decision(False, "equations", "proved", statement, False, evidence, None, (search.prime,))


def _weights(question: Question, search: Search) -> list[int]:
    """Returns the weights of the other network at which the first prime looked."""
    count = question.candidate.phi.parameter_count
    return [int(w) for w in residues(question.seed, "contains/weights/0", count, search.prime)]


def _modular(question: Question, model: ProjectiveModel, first: Search, found: Separation) -> Decision | str:
    """Returns the decision by further primes modulo which an equation does not vanish either."""
    miss, primes = first.miss, [first.prime]
    while miss > TARGET_PROBABILITY and len(primes) < MAXIMAL_TRIALS:
        search = begin(question, model, len(primes))
        again: Separation | None = None
        try:
            while again is None and len(search.ideal.parts) < found.degree:
                question.announce(f"equations of degree {len(search.ideal.parts) + 1}, prime {len(primes) + 1}")
                again = step(search, model)
        except (TimeLimitError, MemoryLimitError):
            break
        if again is None:
            return (
                f"an equation modulo {first.prime} does not vanish at the candidate, but all do modulo {search.prime}"
            )
        miss *= search.miss
        primes.append(search.prime)
    statement = (
        f"an equation of degree {found.degree} of the network does not vanish there, modulo {len(primes)} primes"
    )
    if miss >= 1:
        return f"{statement}; the bound for the probability of an error says nothing"
    evidence = {"degree": found.degree, "weight": list(found.block.weight)}
    return Decision(False, "equations", "modular", statement, False, evidence, rounded_up(miss), tuple(primes))
