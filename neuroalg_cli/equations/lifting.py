"""Equations known modulo one prime, lifted to the rationals.

The leading monomial of an equation and the standard monomials of its block are known.  Modulo a further prime p the
coefficients solve a linear system: the values of the standard monomials at as many random points of V modulo p, and of the
leading ones. Residues modulo several primes are put together (Chinese remainders) until all coefficients are rational
numbers that agree with one prime more.  A prime modulo which the system is singular, or whose equations do not vanish at
further points, has other leading monomials: it is bad and dropped.

What comes out is not yet proved: `neuroalg_cli.equations.substitution` proves it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.equations.equation import Equation, Monomial, canonical
from neuroalg_cli.errors import NoResultError
from neuroalg_cli.linear_algebra.exact_linear_algebra import (
    modular_product,
    random_prime,
    rational_reconstruction,
    reduce_modulo,
)
from neuroalg_cli.linear_algebra.modular_arithmetic import Modulus
from neuroalg_cli.linear_algebra.random_points import generator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.variety.model import ProjectiveModel

    Array = NDArray[np.float64]

#: points beyond those that determine the coefficients, at which the equations must vanish
_CHECKS = 4
_MAXIMAL_PRIMES = 60
#: draws of points for one prime
_ATTEMPTS = 3
#: so many primes that do not fit to the first one say that the first one is bad
_BAD_PRIMES = 3


class BadPrimeError(Exception):
    """The prime modulo which equations were given has other leading monomials than several others: take another one."""


@dataclass(frozen=True)
class KnownModulo:
    """Equations of one block modulo a prime: each a leading monomial minus ``rows`` times the standard monomials."""

    standard: list[Monomial]
    leading: list[Monomial]
    #: balanced residues, a row for every leading monomial
    rows: Array


@dataclass(frozen=True)
class Lifted:
    """Equations over Q, block by block, and the primes that were used: all of them but the last one, which only checked."""

    equations: list[list[Equation]]
    primes: tuple[int, ...]


def evaluate(monomials: Sequence[Monomial], points: Array, prime: int) -> Array:
    """Returns the values of monomials of one degree at points, modulo p: a row for every point."""
    if not monomials:
        return np.zeros((len(points), 0))
    factors = np.array([[j for j, e in enumerate(monomial) for _ in range(e)] for monomial in monomials], dtype=np.intp)
    values = np.ones((len(points), len(monomials)))
    for column in factors.reshape(len(monomials), -1).T:
        values = reduce_modulo(values * points[:, column], prime, out=values)
    return values


def lift(
    model: ProjectiveModel,
    blocks: Sequence[KnownModulo],
    prime: int,
    seed: int,
    deadline: Deadline | None = None,
) -> Lifted:
    """Returns equations over Q that reduce to those known modulo ``prime``.

    Raises `BadPrimeError` if other primes have other leading monomials, `TimeLimitError` when the time is over,
    `NoResultError` if so many primes do not determine the coefficients.
    """
    deadline = deadline or Deadline()
    pending = [block for block in blocks if block.leading]
    if not pending:
        return Lifted([[] for _ in blocks], (prime,))
    source = generator(seed, "equations/primes")
    residues = [int(value) % prime for block in pending for value in block.rows.reshape(-1)]
    primes = [prime]
    modulus = prime
    bad = 0
    candidate = _reconstruct(residues, modulus)
    while len(primes) < _MAXIMAL_PRIMES:
        deadline.require("the coefficients of the equations were known over Q")
        further = random_prime(source)
        if further in primes or not model.phi.activation_numbers % further:
            continue
        solved = _solve_all(model, pending, further, seed, deadline)
        if any(rows is None for rows in solved):
            bad += 1
            if bad == _BAD_PRIMES:
                raise BadPrimeError(prime)
            continue
        new = [int(value) % further for rows in solved if rows is not None for value in rows.reshape(-1)]
        primes.append(further)
        if candidate is not None and _agree(candidate, new, further):
            return Lifted(_equations(model, blocks, candidate), tuple(primes))
        inverse = pow(modulus, -1, further)
        residues = [a + modulus * ((b - a) * inverse % further) for a, b in zip(residues, new, strict=True)]
        modulus *= further
        candidate = _reconstruct(residues, modulus)
    raise NoResultError(
        f"the coefficients of the equations are not determined by {_MAXIMAL_PRIMES} primes of 23 bits; "
        "please report this network"
    )


def _solve_all(
    model: ProjectiveModel, blocks: Sequence[KnownModulo], prime: int, seed: int, deadline: Deadline
) -> list[Array | None]:
    """Returns the rows of every block modulo another prime, None for one that has other leading monomials there."""
    count = max(len(block.standard) for block in blocks) + _CHECKS
    # All blocks are solved at the same points, of which small ones take the first.
    points = functools.cache(lambda attempt: model.points(count, prime, seed, f"equations/{prime}/{attempt}"))
    found: list[Array | None] = []
    for block in blocks:
        deadline.require("the coefficients of the equations were known over Q")
        found.append(_solve(block, prime, points))
    return found


def _solve(block: KnownModulo, prime: int, points_of: Callable[[int], Array]) -> Array | None:
    """Returns the rows of a block modulo another prime, or None if it has other leading monomials there."""
    modulus = Modulus(prime)
    size = len(block.standard)
    for attempt in range(_ATTEMPTS):
        points = points_of(attempt)[: size + _CHECKS]
        standard, leading = (evaluate(monomials, points, prime) for monomials in (block.standard, block.leading))
        if size:
            inverse = modulus.inverse(standard[:size])
            if inverse is None:
                continue
            columns = modular_product(reduce_modulo(inverse, prime), leading[:size], prime)
        else:
            columns = np.zeros((0, len(block.leading)))
        found = modular_product(standard[size:], columns, prime) if size else np.zeros((_CHECKS, len(block.leading)))
        if np.array_equal(found, leading[size:]):
            return columns.T
    return None


def _reconstruct(residues: Sequence[int], modulus: int) -> list[Fraction] | None:
    """Returns rational numbers with these residues, or None if one of them has none that is small enough."""
    known: dict[int, Fraction] = {}
    for residue in residues:
        if residue not in known:
            found = rational_reconstruction(residue, modulus)
            if found is None:
                return None
            known[residue] = found
    return [known[residue] for residue in residues]


def _agree(candidate: Sequence[Fraction], residues: Sequence[int], prime: int) -> bool:
    """Returns whether rational numbers have the given residues modulo a prime."""
    return all(
        (value.numerator - residue * value.denominator) % prime == 0 and value.denominator % prime
        for value, residue in zip(candidate, residues, strict=True)
    )


def _equations(
    model: ProjectiveModel, blocks: Sequence[KnownModulo], coefficients: Sequence[Fraction]
) -> list[list[Equation]]:
    """Returns the equations of every block with denominators cleared; the coefficients are those of all rows in a line."""
    place = 0
    result: list[list[Equation]] = []
    for block in blocks:
        found = []
        for leading in block.leading:
            row = coefficients[place : place + len(block.standard)]
            place += len(row)
            terms: dict[Monomial, int | Fraction] = {leading: 1}
            terms.update((monomial, -value) for monomial, value in zip(block.standard, row, strict=True))
            found.append(canonical(terms, is_cone=model.is_cone))
        result.append(found)
    return result
