"""Which elements of the reduced Gröbner basis of a degree are no consequences of those of lower degree.

Let G be the elements of degree below e, and *new* monomials the leading monomials of the elements of degree e.  The forms
of degree e in the ideal of G are spanned by multiples of G; modulo these, every form of degree e is a combination of
standard and new monomials, and the ideal of G contributes to it the normal forms of the S-polynomials of degree e (B.
Buchberger 1965).  A form in I is determined by its coefficients at the leading monomials, so only the coefficients at new
monomials are computed.  The echelon form of these vectors has pivots at the new monomials that are leading monomials of the
ideal of G.  The other new monomials belong to minimal generators, and the elements of the reduced Gröbner basis with these
leading monomials are the canonical ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.linear_algebra.exact_linear_algebra import reduce_modulo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.equations.equation import Monomial
    from neuroalg_cli.variety.ideal_modulo import Block, DegreePart

    Array = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass
class GroebnerBasis:
    """The elements found so far, modulo a prime: leading monomials and what they are congruent to."""

    weights: Integers
    prime: int
    leading: list[Monomial] = field(default_factory=list)
    tails: list[list[tuple[Monomial, float]]] = field(default_factory=list)

    def add(self, part: DegreePart, deadline: Deadline | None = None) -> list[list[int]]:
        """Adds a degree; returns, for every block, the indices into its ``leading`` of the minimal generators.

        Raises `TimeLimitError` when the time is over; the basis is then as before.
        """
        deadline = deadline or Deadline()
        relations = self._relations(part, deadline)
        chosen = []
        for block in part.blocks:
            pivots = _pivots(relations.get(block.weight, []), len(block.leading), self.prime)
            chosen.append([i for i in range(len(block.leading)) if i not in pivots])
        for block in part.blocks:
            monomials = block.monomials
            for i, row in zip(block.leading, block.kernel, strict=True):
                self.leading.append(monomials[i])
                self.tails.append(
                    [(monomials[j], value) for j, value in zip(block.standard, row.tolist(), strict=True) if value]
                )
        return chosen

    def _relations(self, part: DegreePart, deadline: Deadline) -> dict[tuple[int, ...], list[Array]]:
        """Returns the coefficients of S-polynomials at new monomials, for the blocks that have some."""
        blocks = {block.weight: block for block in part.blocks if block.leading}
        result: dict[tuple[int, ...], list[Array]] = {}
        if not blocks or not self.leading:
            return result
        matrix = np.array(self.leading, dtype=np.int64)
        normal = {weight: _NormalForm(self, block) for weight, block in blocks.items()}
        # the divisors of every least common multiple of the degree, block by block
        multiples: dict[Monomial, set[int]] = {}
        for i in range(1, len(matrix)):
            deadline.require(f"the minimal generators of degree {part.degree}")
            common = np.maximum(matrix[:i], matrix[i])
            are_coprime = ~np.minimum(matrix[:i], matrix[i]).any(axis=1)
            for k in np.flatnonzero((common.sum(axis=1) == part.degree) & ~are_coprime).tolist():
                multiples.setdefault(tuple(common[k].tolist()), set()).update((k, i))
        for monomial, divisors in multiples.items():
            weight = tuple((np.array(monomial) @ self.weights).tolist())
            if weight not in normal:
                continue
            deadline.require(f"the minimal generators of degree {part.degree}")
            first, *others = [normal[weight].of_multiple(monomial, i) for i in sorted(divisors)]
            rows = [reduce_modulo(other - first, self.prime) for other in others]
            result.setdefault(weight, []).extend(row for row in rows if row.any())
        return result

    def divisor(self, monomial: Monomial) -> int | None:
        """Returns an element whose leading monomial divides a monomial, or None."""
        for i, leading in enumerate(self.leading):
            if all(a <= b for a, b in zip(leading, monomial, strict=True)):
                return i
        return None


class _NormalForm:
    """The coefficients of normal forms at the new monomials of a block."""

    def __init__(self, basis: GroebnerBasis, block: Block) -> None:
        self.basis = basis
        monomials = block.monomials
        count = len(block.leading)
        zero = np.zeros(count)
        self.known: dict[Monomial, Array] = {monomials[j]: zero for j in block.standard}
        for k, i in enumerate(block.leading):
            self.known[monomials[i]] = np.eye(count)[k]

    def of(self, monomial: Monomial) -> Array:
        """Returns the coefficients of the normal form of a monomial."""
        # A stack instead of recursion: chains of reductions may be long.
        stack = [monomial]
        while stack:
            top = stack[-1]
            if top in self.known:
                stack.pop()
                continue
            divisor = self.basis.divisor(top)
            assert divisor is not None, "a monomial that is neither standard nor new is a multiple of a leading one"
            missing = [m for m, _ in self._tail(top, divisor) if m not in self.known]
            if missing:
                stack.extend(missing)
            else:
                self.known[top] = self.of_multiple(top, divisor)
                stack.pop()
        return self.known[monomial]

    def of_multiple(self, monomial: Monomial, divisor: int) -> Array:
        """Returns the same for a monomial that is first reduced by a given element."""
        result = np.zeros(next(iter(self.known.values())).shape)
        for other, coefficient in self._tail(monomial, divisor):
            result = reduce_modulo(result + coefficient * self.of(other), self.basis.prime)
        return result

    def _tail(self, monomial: Monomial, divisor: int) -> list[tuple[Monomial, float]]:
        quotient = [a - b for a, b in zip(monomial, self.basis.leading[divisor], strict=True)]
        return [
            (tuple(a + b for a, b in zip(quotient, other, strict=True)), coefficient)
            for other, coefficient in self.basis.tails[divisor]
        ]


def _pivots(rows: list[Array], count: int, prime: int) -> set[int]:
    """Returns the columns in which rows of the reduced echelon form begin."""
    from flint import nmod_mat  # noqa: PLC0415

    if not rows or not count:
        return set()
    nonzero = np.unique(np.array(rows), axis=0)
    entries = [int(value) % prime for value in nonzero.reshape(-1)]
    reduced, rank = nmod_mat(len(nonzero), count, entries, prime).rref()
    pivots: set[int] = set()
    column = 0
    for i in range(rank):
        while int(reduced[i, column]) == 0:
            column += 1
        pivots.add(column)
    return pivots
