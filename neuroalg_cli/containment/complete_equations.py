"""Complete equations that vanish at a candidate put it into V.

All equations up to degree e vanish at f.  They are complete, and f is in V, if

- V has a linear span of its own dimension: then V is that space;
- V is a hypersurface and its equation is among them: V is irreducible, and the equation of lowest degree is its own;
- V has a degree of at most e: varieties are cut out by equations of at most their degree (D. Mumford, 'Varieties defined by
  quadratic equations', 1970; J. Heintz, 'Definability and fast quantifier elimination', 1983);
- `neuroalg_cli.equations.completeness` says that they generate the ideal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import rounded_up
from neuroalg_cli.containment.candidates import GenericFunction, GivenFunction
from neuroalg_cli.containment.decision import Decision
from neuroalg_cli.containment.equations_modulo import (
    MAXIMAL_TRIALS,
    PRIME_COUNT,
    TARGET_PROBABILITY,
    Search,
    begin,
    exact_value,
    has_all_coordinates,
    step,
    value_at,
    vanishes_on,
)
from neuroalg_cli.errors import MemoryLimitError, NoResultError, SpecError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.linear_algebra.random_points import generator
from neuroalg_cli.variety.model import ProjectiveModel, usable_prime

if TYPE_CHECKING:
    from neuroalg_cli.equations.equation import Equation
    from neuroalg_cli.question import Question

#: seconds for the question whether equations are complete
_IDEAL_SECONDS = 60.0


def complete_by_count(question: Question, search: Search, reached: int, projective: int) -> str | None:
    """Returns why the equations up to a degree are all that is needed, or None."""
    model = search.ideal.model
    linear = search.ideal.parts[0].hilbert
    if linear - 1 == projective:
        return f"V is a linear space, of the dimension {linear - 1 + model.is_cone} of its span"
    equations = [block for part in search.ideal.parts for block in part.blocks if block.leading]
    codimension = model.N - 1 - projective
    if codimension == 1 and equations:
        return f"V is a hypersurface of degree {reached}, and its equation is known"
    degree = _known_degree(question)
    if degree is not None and degree[0] <= reached:
        return f"V has degree {degree[0]} ({degree[1]}) and is cut out by equations of degree at most {degree[0]}"
    return None


def _known_degree(question: Question) -> tuple[int, str] | None:
    """Returns the degree of V by a theorem, if there is one, and its name."""
    from neuroalg_cli.theorem import theorems  # noqa: PLC0415

    for theorem in theorems("degree"):
        conclusion = theorem.apply(question.architecture)
        if conclusion is not None:
            return int(conclusion.value), theorem.name
    return None


def in_variety(
    question: Question, model: ProjectiveModel, first: Search, reached: int, complete: str
) -> Decision | str:
    """Returns the decision that complete equations vanish: over Q where they can be lifted and proved, else modulo primes."""
    known = known_dimension(question)
    evidence: dict[str, Any] = {"dimension": known.as_evidence(), "degree": reached, "complete": complete}
    exact = _exactly_vanishing(question, model, first)
    statement = f"all equations up to degree {reached} vanish there, and they are complete: {complete}"
    if exact and known.is_sure:
        return Decision(True, "equations", "exact", statement, None, evidence, None, (first.prime,))
    primes, miss = [first.prime], first.miss + _vanishing_miss(question, model, first)
    while miss > TARGET_PROBABILITY and len(primes) < MAXIMAL_TRIALS:
        search = begin(question, model, len(primes))
        try:
            while len(search.ideal.parts) < reached:
                if step(search, model) is not None:
                    return f"all equations vanish modulo {primes[0]}, but not modulo {search.prime}"
        except (TimeLimitError, MemoryLimitError):
            break
        miss *= search.miss + _vanishing_miss(question, model, search)
        primes.append(search.prime)
    if miss >= 1:
        return f"{statement}; modulo {len(primes)} primes, which is no more than evidence"
    doubt = miss + (float(known.error_probability) if known.error_probability is not None else 0.0)
    return Decision(True, "equations", "modular", statement, None, evidence, rounded_up(doubt), tuple(primes))


def _vanishing_miss(question: Question, model: ProjectiveModel, search: Search) -> float:
    """Returns a bound for the probability that equations vanish modulo the prime though one of them is not 0 at the candidate.

    An equation has a multiple whose coefficients are minors as in the docstring of the module; its value at the candidate, or its
    coefficients after the other network was substituted, are divided by few primes, and it has few zeros.
    """
    candidate = question.candidate
    degree = len(search.ideal.parts)
    rank = max((block.rank for part in search.ideal.parts for block in part.blocks if block.leading), default=0) + 1
    height = rank * (math.log2(max(rank, 2)) + degree * model.phi.height_bits + 1)
    if isinstance(candidate, GivenFunction):
        bits = max(
            (math.log2(abs(c.numerator) * c.denominator + 1) for c in candidate.coefficients.values()), default=0.0
        )
        return min(1.0, (height + degree * bits * max(len(candidate.coefficients), 1)) / 22 / PRIME_COUNT)
    phi = candidate.phi
    few_zeros = degree * phi.total_degree / search.prime
    return float(min(1.0, few_zeros + (height + degree * phi.height_bits) / 22 / PRIME_COUNT))


def _exactly_vanishing(question: Question, model: ProjectiveModel, search: Search) -> bool:
    """Returns whether all equations found are lifted, proved, and 0 at a given function, over Q."""
    from neuroalg_cli.equations.lifting import KnownModulo, lift  # noqa: PLC0415

    candidate = question.candidate
    if not isinstance(candidate, GivenFunction):
        return False
    blocks = [block for part in search.ideal.parts for block in part.blocks if block.leading]
    known = [
        KnownModulo([b.monomials[i] for i in b.standard], [b.monomials[i] for i in b.leading], b.kernel) for b in blocks
    ]
    try:
        lifted = lift(model, known, search.prime, question.seed, question.deadline)
        equations = [equation for block in lifted.equations for equation in block]
        return has_all_coordinates(question, model) and all(
            vanishes_on(question, model, equation) and not exact_value(equation, model, candidate)
            for equation in equations
        )
    except (NoResultError, TimeLimitError, MemoryLimitError, SpecError):
        return False


def by_ideal(question: Question, model: ProjectiveModel) -> Decision | str:
    """Returns the decision by generators of I(V) that are known to be all, or why there is none."""
    from neuroalg_cli.deadline import Deadline  # noqa: PLC0415
    from neuroalg_cli.equations.search import search  # noqa: PLC0415

    question.announce("whether the equations are complete")
    limited = question.within(Deadline(min(_IDEAL_SECONDS, question.deadline.remaining() / 2)))
    known = known_dimension(question)
    try:
        found = search(limited, known)
    except (TimeLimitError, MemoryLimitError):
        return "whether they are complete is not known"
    if not found.is_proved or found.verdict is None or not found.verdict.is_complete:
        return "whether they are complete is not known"
    complete = found.verdict.completeness
    evidence: dict[str, Any] = {
        "dimension": known.as_evidence(),
        "degree": max((equation.degree for equation in found.equations), default=0),
        "complete": complete.statement,
        "checks": list(complete.checks),
    }
    statement = f"all {len(found.equations)} equations vanish there, and they are complete: {complete.statement}"
    certainty = "modular" if complete.certainty == "modular" or not known.is_sure else "exact"
    candidate = question.candidate
    if isinstance(candidate, GivenFunction):
        values = [exact_value(equation, model, candidate) for equation in found.equations]
        wrong = next((equation for equation, value in zip(found.equations, values, strict=True) if value), None)
        if wrong is not None:  # a prime at which the first search looked divides the value
            text = f"the equation {wrong.text(model.names)[:200]} does not vanish there"
            return Decision(False, "equations", "exact", text, False, evidence)
        return Decision(True, "equations", certainty, statement, None, evidence, known.error_probability)
    miss, primes = _vanish_at_random(question, model, found.equations, candidate)
    if miss is None:
        return "one of the generators does not vanish"
    doubt = miss + (float(known.error_probability) if known.error_probability is not None else 0.0)
    return Decision(True, "equations", "modular", statement, None, evidence, rounded_up(doubt), primes)


def _vanish_at_random(
    question: Question, model: ProjectiveModel, equations: list[Equation], candidate: GenericFunction
) -> tuple[float | None, tuple[int, ...]]:
    """Returns a bound for the probability that equations that vanish at random points of the other variety do not on all of it.

    None: one does not vanish.  With e the degree of an equation, c the sum of its absolute coefficients, and d and B those of the
    other network, a trial misses with probability at most e d/p + ((log2 c + e B)/22)/268216.
    """
    phi = candidate.phi
    result, primes = 1.0, []
    for number in range(MAXIMAL_TRIALS):
        source = generator(question.seed, f"contains/vanishing/{number}")
        value = None
        while value is None:
            prime = usable_prime(phi, source)
            value = value_at(model, candidate, prime, question.seed, 1000 + number)
        point = [int(v) for v in value]
        for equation in equations:
            total = 0
            for monomial, coefficient in equation.terms:
                term = coefficient
                for y, e in zip(point, monomial, strict=True):
                    if e:
                        term = term * pow(y, e, prime) % prime
                total += term
            if total % prime:
                return None, ()
        worst = 0.0
        for equation in equations:
            height = math.log2(sum(abs(c) for _, c in equation.terms)) + equation.degree * phi.height_bits
            worst = max(worst, equation.degree * phi.total_degree / prime + height / 22 / PRIME_COUNT)
        result *= min(1.0, len(equations) * worst)
        primes.append(prime)
        if result < TARGET_PROBABILITY:
            break
    return result, tuple(primes)
