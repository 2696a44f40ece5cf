"""Gaussian elimination modulo a prime, in place, nearly all of it in float64 matrix products.

Sums are reduced modulo the prime tile by tile, while they are still in the cache; ``modular_arithmetic`` says why this is exact.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.linear_algebra.modular_arithmetic import STRIP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from neuroalg_cli.linear_algebra.modular_arithmetic import Modulus

    Matrix = npt.NDArray[np.float64]
    Indices = npt.NDArray[np.intp]

#: pivots that are inverted at once, and such blocks in an outer block
BLOCK = 128
OUTER_BLOCKS = 4

#: entries of the workspace of a matrix product, and rows of a tile of it
WORKSPACE = 2**21
TILE_ROWS = 1024


class Elimination:
    """The elimination of a matrix A of residues, in place; ``rows`` and ``columns`` hold the pivots when it is done.

    A is an (m, n) array in C order and is destroyed.  The first ``rank`` entries of ``rows`` and of ``columns`` are the pivots'
    positions in the original matrix, in an order in which the leading principal minors at the ends of ``blocks``
    are nonzero modulo p.  Besides A it needs about 8 * WORKSPACE bytes, and a few hundred rows and columns of A.

    Right-looking elimination on Schur complements: a block of pivots is inverted, the columns below it (or the rows
    beside it) are multiplied by the inverse, and their product is subtracted from what remains.  Within an outer block of
    several pivot blocks only the next block's rows and columns are brought up to date, so that each entry of the rest is
    reduced once per outer block.  Where the leading block is singular, pivots are searched in all remaining rows.
    """

    def __init__(self, A: Matrix, modulus: Modulus) -> None:
        self.A = A
        self.modulus = modulus
        self.block = min(BLOCK, modulus.chunk)
        self.outer_block = min(OUTER_BLOCKS, modulus.chunk // self.block) * self.block
        m, n = A.shape
        self.rows = np.arange(m)
        self.columns = np.arange(n)
        self.rank = 0
        #: columns from here on are known to be combinations of the pivot columns
        self.end = n
        self.blocks: list[int] = []
        self._work = np.empty(min(WORKSPACE, max(A.size // 2, STRIP)))
        self._scratch = np.empty(STRIP)

    def run(self) -> None:
        """Eliminate until nothing but zeros remains."""
        shuffled = False
        while self.rank < min(len(self.A), self.end):
            if self._eliminate_outer_block():
                continue
            if not self.A[self.rank :, self.rank : self.end].any():
                break
            if not shuffled and min(len(self.A), self.end) - self.rank > self.block:
                # structured matrices have singular leading blocks; after this most have none
                self._shuffle()
                shuffled = True
            else:
                self._eliminate_searched_block()

    def _eliminate_outer_block(self) -> bool:
        """Take pivots along the diagonal; False after a singular block, with everything that remains brought up to date."""
        A, end, modulus = self.A, self.end, self.modulus
        m = len(A)
        start = self.rank
        limit = min(start + self.outer_block, m, end)
        while self.rank < limit:
            s = self.rank
            t = min(s + self.block, limit)
            if start < s:
                self._subtract_product(A[s:, s:t], A[s:, start:s], A[start:s, s:t])
            inverse = modulus.inverse(A[s:t, s:t])
            if start < s:
                rows = slice(s, t if inverse is not None else m)
                self._subtract_product(A[rows, t:end], A[rows, start:s], A[start:s, t:end])
            if inverse is None:
                return False
            self._normalize(s, t, inverse)
        s = self.rank
        self._subtract_product(A[s:, s:end], A[s:, start:s], A[start:s, s:end])
        return True

    def _normalize(self, s: int, t: int, inverse: Matrix) -> None:
        """Multiply the columns below the pivot block s..t, or the rows beside it, whichever are fewer, by its inverse."""
        A, end = self.A, self.end
        if len(A) - t <= end - t:
            self._assign_product(A[t:, s:t], A[t:, s:t], inverse)
        else:
            self._assign_product(A[s:t, t:end], inverse, A[s:t, t:end])
        self.blocks.append(t - s)
        self.rank = t

    def _eliminate_searched_block(self) -> None:
        """Take all pivots of the next columns, wherever their rows are, and put the other columns aside."""
        A, s = self.A, self.rank
        width = min(self.block, self.end - s)
        pivot_rows, pivot_columns = self.modulus.pivots(A[s:, s : s + width])
        k = len(pivot_rows)
        _bring_forward(A[s:, s : self.end], self.rows[s:], pivot_rows)
        _bring_forward(A[s:, s : s + width].T, self.columns[s:], pivot_columns)
        # the columns without a pivot depend on those before: exchange them for the last ones
        idle = width - k
        moved = min(idle, self.end - s - width)
        here, last = slice(s + k, s + k + moved), slice(self.end - moved, self.end)
        A[s:, here] = A[s:, last]
        self.columns[here], self.columns[last] = self.columns[last].copy(), self.columns[here].copy()
        self.end -= idle
        t = s + k
        if k == 0:
            return
        if t in {len(A), self.end}:
            # nothing is left to eliminate
            self.blocks.append(k)
            self.rank = t
            return
        inverse = self.modulus.inverse(A[s:t, s:t])
        assert inverse is not None, "the pivots were chosen with nonzero leading principal minors"
        self._normalize(s, t, inverse)
        self._subtract_product(A[t:, t : self.end], A[t:, s:t], A[s:t, t : self.end])

    def _shuffle(self) -> None:
        """Permute the remaining rows and columns at random, the same way in every run."""
        s, end = self.rank, self.end
        generator = random.Random(s)  # noqa: S311
        for rest, indices in ((self.A[s:, s:end], self.rows[s:]), (self.A[s:, s:end].T, self.columns[s:end])):
            order = list(range(len(rest)))
            generator.shuffle(order)
            step = max(1, STRIP * 8 // len(rest))
            for j in range(0, rest.shape[1], step):
                rest[:, j : j + step] = rest[order, j : j + step]
            indices[:] = indices[order]

    def _subtract_product(self, C: Matrix, X: Matrix, Y: Matrix) -> None:
        """Replace C by the residues of C - X Y; the inner dimension is at most ``modulus.chunk``."""
        for target, work in self._products(C, X, Y):
            np.subtract(target, work, work)
            self.modulus.reduce_into(work, target, self._scratch[: work.size].reshape(work.shape))

    def _assign_product(self, C: Matrix, X: Matrix, Y: Matrix) -> None:
        """Replace C by the residues of X Y, where C may be X or Y and the other is square with at most BLOCK rows."""
        for target, work in self._products(C, X, Y):
            self.modulus.reduce_into(work, target, self._scratch[: work.size].reshape(work.shape))

    def _products(self, C: Matrix, X: Matrix, Y: Matrix) -> Iterator[tuple[Matrix, Matrix]]:
        """Strips of rows of C, each with the same strip of X Y, not reduced, in scratch space that may be overwritten."""
        m, n = C.shape
        if m == 0 or n == 0:
            return
        # a tile has whole rows of a matrix with BLOCK columns, and whole columns of one with BLOCK rows, so that C may be X or Y
        size = self._work.size
        rows = min(m, TILE_ROWS)
        columns = min(n, STRIP, max(BLOCK, size // rows))
        rows = min(rows, size // columns)
        for j in range(0, n, columns):
            right = Y[:, j : j + columns]
            width = right.shape[1]
            step = max(1, STRIP // width)
            for i in range(0, m, rows):
                left = X[i : i + rows]
                work = self._work[: len(left) * width].reshape(len(left), width)
                np.matmul(left, right, out=work)
                target = C[i : i + rows, j : j + columns]
                for a in range(0, len(left), step):
                    yield target[a : a + step], work[a : a + step]


def _bring_forward(X: Matrix, indices: Indices, chosen: Sequence[int]) -> None:
    """Exchange rows of X, and their ``indices``, so that the chosen ones come first, in their order."""
    k = len(chosen)
    places = [*range(k), *(i for i in chosen if i >= k)]
    sources = [*chosen, *sorted(set(range(k)).difference(chosen))]
    X[places] = X[sources]
    indices[places] = indices[sources]
