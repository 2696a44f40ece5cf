"""The ideal of V modulo a prime, degree by degree, and the values of its equations at a candidate.

What may go wrong is an equation that is none.  *Bad points*: `neuroalg_cli.variety.ideal_modulo` bounds the probability.  *Bad
primes*: a prime is bad for a block of h standard monomials of degree e only if it divides an integer that is not 0, a coefficient
of a minor of size h of the values of these monomials at generic points.  These coefficients have a sum of absolute values of at
most h! 2^(e B h), B as for the generic rank; at most h (log2 h + e B)/22 of the 268,216 primes of 23 bits divide all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.containment.candidates import GivenFunction
from neuroalg_cli.errors import TimeLimitError
from neuroalg_cli.interpreters.coefficients import coefficients_and_poles
from neuroalg_cli.interpreters.symbolic import SparsePolynomial, coordinates
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, reduce_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues
from neuroalg_cli.variety.ideal_modulo import MARGIN, Block, IdealModulo
from neuroalg_cli.variety.model import ProjectiveModel, usable_prime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.containment.candidates import Candidate
    from neuroalg_cli.equations.equation import Equation
    from neuroalg_cli.question import Question

    Array = NDArray[np.float64]

#: the number of primes in [2^22, 2^23), from which primes are drawn
PRIME_COUNT = 268_216
MAXIMAL_TRIALS = 4
TARGET_PROBABILITY = 1e-9
#: terms of the coordinates of phi that are substituted into equations
_EXPANDED_TERMS = 200_000


@dataclass
class Search:
    """What one prime says: the ideal so far, the value of the candidate, and the probability of an equation that is none."""

    prime: int
    ideal: IdealModulo
    value: Array
    miss: float = 0.0


@dataclass(frozen=True)
class Separation:
    """An equation modulo a prime that does not vanish at the candidate."""

    degree: int
    block: Block
    row: int


def begin(question: Question, model: ProjectiveModel, number: int) -> Search:
    """Returns a search modulo a new prime."""
    source = generator(question.seed, f"contains/prime/{number}")
    candidate = question.candidate
    while True:
        prime = usable_prime(question.phi, source)
        value = value_at(model, candidate, prime, question.seed, number)
        if value is not None:
            break
    seed = question.seed + 1_000_003 * number
    ideal = IdealModulo(model, prime, seed, expand=True, deadline=question.deadline, memory=question.memory)
    return Search(prime, ideal, value)


def value_at(model: ProjectiveModel, candidate: Candidate, prime: int, seed: int, number: int) -> Array | None:
    """Returns the coordinates of the candidate modulo a prime, at random weights if it is generic; None if the prime fails."""
    index = {(c.output, c.monomial): k for k, c in enumerate(model.coordinates)}
    result = np.zeros(len(model.coordinates))
    if isinstance(candidate, GivenFunction):
        if any(c.denominator % prime == 0 for c in candidate.coefficients.values()):
            return None
        for key, c in candidate.coefficients.items():
            residue = c.numerator * pow(c.denominator, -1, prime) % prime
            result[index[key]] = residue - prime if residue > prime // 2 else residue
    else:
        phi = candidate.phi
        if phi.activation_numbers % prime == 0:
            return None
        w = balanced(residues(seed, f"contains/weights/{number}", phi.parameter_count, prime), prime).reshape(1, -1)
        entries, regular = coefficients_and_poles(phi.network, w, prime)
        if not regular[0]:
            return None
        for output, entry in enumerate(entries):
            for monomial, values in entry.items():
                if (output, monomial) in index:
                    result[index[output, monomial]] = values[0]
    return result if model.is_cone else np.concatenate([[1.0], result])


def step(search: Search, model: ProjectiveModel) -> Separation | None:
    """Computes the next degree and returns an equation that does not vanish at the candidate, the shortest of them."""
    part = search.ideal.next()
    q = min(1.0, part.degree * model.phi.total_degree / search.prime)
    best: Separation | None = None
    fewest: float = math.inf
    for block in part.blocks:
        candidates, rank = len(block.variables), block.rank
        if block.leading:
            bad_points = math.comb(candidates + MARGIN, MARGIN + 1) * q ** (MARGIN + 1)
            height = rank * (math.log2(max(rank, 2)) + part.degree * model.phi.height_bits)
            search.miss = min(1.0, search.miss + bad_points + height / 22 / PRIME_COUNT)
        values = _values(block, search.value, search.prime)
        for row in np.flatnonzero(values):
            length = int(np.count_nonzero(block.kernel[row]))
            if length < fewest:
                fewest, best = length, Separation(part.degree, block, int(row))
    return best


def _values(block: Block, point: Array, prime: int) -> Array:
    """Returns the values of the equations of a block at a point, modulo the prime."""
    if not block.leading:
        return np.zeros(0)
    monomials = np.ones(len(block.variables))
    factors = np.array(block.variables, dtype=np.intp)
    for column in factors.T:
        monomials = reduce_modulo(monomials * point[column], prime)
    standard = monomials[block.standard].reshape(-1, 1)
    combined = (
        modular_product(block.kernel, standard, prime)[:, 0] if len(block.standard) else np.zeros(len(block.leading))
    )
    return reduce_modulo(monomials[block.leading] - combined, prime)


def exact_value(equation: Equation, model: ProjectiveModel, candidate: GivenFunction) -> Fraction:
    """Returns the value of an equation at a given function, over Q."""
    point = [candidate.coefficients.get((c.output, c.monomial), Fraction(0)) for c in model.coordinates]
    point = point if model.is_cone else [Fraction(1), *point]
    total = Fraction(0)
    for monomial, coefficient in equation.terms:
        total += coefficient * math.prod((y**e for y, e in zip(point, monomial, strict=True) if e), start=Fraction(1))
    return total


def vanishes_on(question: Question, model: ProjectiveModel, equation: Equation) -> bool:
    """Returns whether an equation is seen to vanish on V, by substitution over Q.

    Raises `TimeLimitError` or `MemoryLimitError` if that takes too long.
    """
    from neuroalg_cli.equations.substitution import Substitution  # noqa: PLC0415

    substitution = question.memory_of_answers.get("contains/substitution")
    if substitution is None:
        expanded = _expanded(question)
        polynomials = [expanded[c.output, c.monomial] for c in model.coordinates]
        substitution = Substitution(polynomials, is_cone=model.is_cone)
        question.memory_of_answers["contains/substitution"] = substitution
    proved = substitution.proves(equation, question.deadline)
    substitution.forget()
    if proved is None:
        raise TimeLimitError("the substitution into an equation takes too long")
    return bool(proved)


def has_all_coordinates(question: Question, model: ProjectiveModel) -> bool:
    """Returns whether no other coordinate is there, for certain; raises `MemoryLimitError` if phi is too long to expand."""
    return len(_expanded(question)) == len(model.coordinates)


def _expanded(question: Question) -> dict[tuple[int, tuple[int, ...]], SparsePolynomial]:
    """Returns the coordinates of phi as polynomials in the weights, expanded once."""
    known: dict[tuple[int, tuple[int, ...]], SparsePolynomial] | None
    known = question.memory_of_answers.get("contains/expanded")
    if known is None:
        known = {(c.output, c.monomial): c.polynomial for c in coordinates(question.phi.network, _EXPANDED_TERMS)}
        question.memory_of_answers["contains/expanded"] = known
    return known
