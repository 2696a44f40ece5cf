"""Proof that equations hold on V: f(phi(w)) is expanded over Q and is the zero polynomial.

Let k be the rank of the group of gradings of Q[w] for which every coordinate of phi is homogeneous, D the (parameters, k)
matrix of a basis: the torus T of rank k acts on W and on the coordinates y, and phi is equivariant.  If k rows of D are
independent, T moves every point at which these k parameters are not zero to one where they are 1.  So for f homogeneous
under T, f(phi(w)) = 0 for all w if and only if it is so where these parameters are 1: points with nonzero ones are dense.
Scalings of neurons, inputs and outputs then leave few parameters.

Where V is no cone, phi stands for (t, t phi_1, ..., t phi_n) with a further parameter t: the cone over the projective closure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flint import Ordering, fmpq_mat, fmpz_mat, fmpz_mpoly, fmpz_mpoly_ctx

from neuroalg_cli.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from neuroalg_cli.equations.equation import Equation, Monomial

    SparsePolynomial = dict[tuple[int, ...], Fraction]

#: products of terms that one proof may need
MAXIMAL_WORK = 3 * 10**8
#: terms that are kept at once
_MAXIMAL_TERMS = 3 * 10**7


class Substitution:
    """The substitution y_i = phi_i(w), with as many parameters set to 1 as gradings allow."""

    def __init__(self, coordinates: Sequence[SparsePolynomial], *, is_cone: bool) -> None:
        polynomials = list(coordinates)
        if not is_cone:
            count = len(next(iter(polynomials[0])))
            polynomials = [{(1, *exponents): c for exponents, c in f.items()} for f in polynomials]
            polynomials.insert(0, {(1, *[0] * count): polynomials[0][next(iter(polynomials[0]))] ** 0})
        self.weights, ones = _gradings(polynomials)
        kept = [q for q in range(len(next(iter(polynomials[0])))) if q not in ones]
        # equations are homogeneous: multiples of all coordinates by one number satisfy them as well
        scale = math.lcm(*(c.denominator for f in polynomials for c in f.values()))
        ring = fmpz_mpoly_ctx.get(tuple(f"w_{q}" for q in kept) or ("w",), Ordering.degrevlex)
        self._values: list[fmpz_mpoly] = []
        for f in polynomials:
            terms: dict[tuple[int, ...], int] = {}
            for exponents, c in f.items():
                rest = tuple(exponents[q] for q in kept) or (0,)
                terms[rest] = terms.get(rest, 0) + int(c * scale)
            self._values.append(ring.from_dict(terms))
        self._one = ring.constant(1)
        self._images: dict[Monomial, fmpz_mpoly] = {}
        self._terms = self.work = 0

    def is_homogeneous(self, equation: Equation) -> bool:
        """Returns whether all terms of an equation have one weight under the torus."""
        weights = {
            tuple(sum(e * row[i] for e, row in zip(monomial, self.weights, strict=True)) for i in range(self.rank))
            for monomial, _ in equation.terms
        }
        return len(weights) == 1 and len({sum(monomial) for monomial, _ in equation.terms}) == 1

    @property
    def rank(self) -> int:
        """The rank of the torus."""
        return len(self.weights[0])

    def proves(self, equation: Equation, deadline: Deadline | None = None) -> bool | None:
        """Returns whether an equation holds on V; None if the proof would take too long.

        True is a proof.  False is a proof of the contrary, except for equations that are not homogeneous under the torus.
        """
        if not self.is_homogeneous(equation):
            return False
        total = 0 * self._one
        for monomial, coefficient in equation.terms:
            image = self._image(monomial, deadline or Deadline())
            if image is None:
                return None
            total += coefficient * image
        return bool(total.is_zero())

    def _image(self, monomial: Monomial, deadline: Deadline) -> fmpz_mpoly | None:
        """Returns the value of a monomial, from that of its quotient by its first variable; None beyond the budget."""
        known = self._images.get(monomial)
        if known is not None:
            return known
        if not any(monomial):
            return self._one
        first = next(j for j, e in enumerate(monomial) if e)
        below = self._image((*monomial[:first], monomial[first] - 1, *monomial[first + 1 :]), deadline)
        if below is None:
            return None
        self.work += len(below) * len(self._values[first])
        if self.work > MAXIMAL_WORK or self._terms > _MAXIMAL_TERMS or deadline.is_over():
            return None
        value = below * self._values[first]
        self._terms += len(value)
        self._images[monomial] = value
        return value

    def forget(self) -> None:
        """Frees the values of monomials, which equations of another block do not need."""
        self._images.clear()
        self._terms = 0


def _gradings(polynomials: Sequence[SparsePolynomial]) -> tuple[list[tuple[int, ...]], frozenset[int]]:
    """Returns the weights of the y_i under the largest torus, a row for each, and parameters that it can move to 1."""
    parameters = len(next(iter(polynomials[0])))
    firsts = [next(iter(f)) for f in polynomials]
    differences = {
        tuple(a - b for a, b in zip(exponents, first, strict=True))
        for f, first in zip(polynomials, firsts, strict=True)
        for exponents in f
    }
    differences.discard((0,) * parameters)
    rows = sorted(differences)
    if rows:
        kernel, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
        basis = [[int(kernel[q, i]) for i in range(nullity)] for q in range(parameters)]
    else:
        nullity = parameters
        basis = [[int(q == i) for i in range(parameters)] for q in range(parameters)]
    weights = [
        tuple(sum(e * row[i] for e, row in zip(first, basis, strict=True)) for i in range(nullity)) for first in firsts
    ]
    if not nullity:
        return weights, frozenset()
    reduced, rank = fmpq_mat(fmpz_mat(basis)).transpose().rref()
    pivots = []
    column = 0
    for i in range(rank):
        while reduced[i, column] == 0:
            column += 1
        pivots.append(column)
    return weights, frozenset(pivots)
