"""The reduced echelon form of a matrix modulo a prime, with respect to the order of its columns.

`exact_linear_algebra.rank_modulo` finds some independent columns; here each pivot column is the first that does not depend on
those before it, which is what leading monomials need.  Nearly all work is float64 matrix products (`modular_arithmetic`); the
order of the rows does not matter to the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flint import nmod_mat

from neuroalg_cli.linear_algebra.exact_linear_algebra import _modulus, modular_product, reduce_modulo

if TYPE_CHECKING:
    import numpy.typing as npt

    from neuroalg_cli.linear_algebra.modular_arithmetic import Modulus

    Matrix = npt.NDArray[np.float64]

#: columns whose pivots are searched at once, and columns after which the others are brought up to date
PANEL = 64
BLOCK = 384
_TILE_ROWS = 256
_TILE_COLUMNS = 512
#: smaller matrices are faster in python-flint, larger ones pay for the conversion of their entries
_SMALL = 24


def reduced_echelon(A: Matrix, p: int) -> tuple[list[int], Matrix]:
    """Returns the pivot columns, and the other columns as combinations of them: shape (pivots, columns without a pivot).

    ``A`` holds balanced residues and is left alone.  The j-th column without a pivot is the sum of ``result[i, j]`` times the
    i-th pivot column; the residues are balanced, and those of pivot columns behind it are zero.
    """
    if A.shape[1] <= _SMALL:
        return _by_flint(A, p)
    return _by_panels(A, p)


def _by_flint(A: Matrix, p: int) -> tuple[list[int], Matrix]:
    m, n = A.shape
    entries = np.where(A < 0, A + p, A).astype(np.int64).reshape(-1).tolist()
    reduced, rank = nmod_mat(m, n, entries, p).rref() if m and n else (None, 0)
    if rank == n:
        return list(range(n)), np.zeros((n, 0))
    if reduced is None:
        return [], np.zeros((0, n))
    table = np.array([int(entry) for entry in reduced.entries()], dtype=np.float64).reshape(m, n)[:rank]
    pivots = [int(np.flatnonzero(row)[0]) for row in table]
    others = np.setdiff1d(np.arange(n), pivots)
    return pivots, reduce_modulo(table[:, others], p)


def _by_panels(A: Matrix, p: int) -> tuple[list[int], Matrix]:
    """The same by blocks of columns: the columns after a block are brought up to date once, when its pivots are known."""
    modulus = _modulus(p)
    block = max(1, min(BLOCK, modulus.chunk))
    rest = A.copy(order="C")
    m, n = rest.shape
    rows = np.arange(m)
    pivots: list[int] = []
    sizes: list[int] = []
    for start in range(0, n, block):
        end, r = min(start + block, n), len(pivots)
        if r == m:
            break
        # row exchanges are those of the rest; the columns of the block are eliminated in a copy
        found, blocks = _block_pivots(rest[r:, start:end].copy(), rest[r:], rows[r:], modulus)
        k = len(found)
        pivots += [start + column for column in found]
        sizes += blocks
        if k and end < n and r + k < m:
            chosen = [start + column for column in found]
            inverse = _inverse(rest[r : r + k, chosen], modulus, blocks)
            lower = modulus.product(rest[r + k :, chosen], inverse)
            _subtract_product(rest[r + k :, end:], lower, rest[r : r + k, end:], modulus)
    return _combinations(A, rows[: len(pivots)], np.array(pivots, dtype=np.intp), sizes, modulus)


def _block_pivots(X: Matrix, rest: Matrix, rows: npt.NDArray[np.intp], modulus: Modulus) -> tuple[list[int], list[int]]:
    """Returns the pivot columns of X, which is destroyed, in the order found, and at which of them minors are nonzero.

    Rows are exchanged such that the pivots' rows come first, in X, in the rest of the matrix and in the list of rows.
    """
    m, n = X.shape
    pivots: list[int] = []
    sizes: list[int] = []
    for start in range(0, n, PANEL):
        end = min(start + PANEL, n)
        columns = np.arange(start, end)
        while len(columns) and len(pivots) < m:
            r = len(pivots)
            chosen_rows, chosen_columns = _panel_pivots(np.ascontiguousarray(X[r:, columns]), modulus)
            k = len(chosen_rows)
            if k == 0:
                break
            taken = columns[chosen_columns]
            for target in (X[r:], rest[r:], rows[r:]):
                _bring_forward(target, chosen_rows)
            lower = modulus.product(X[r + k :, taken], _inverse(X[r : r + k, taken], modulus))
            columns = np.delete(columns, chosen_columns)
            for later in (columns, slice(end, n)):
                X[r + k :, later] = modulus.difference(X[r + k :, later], lower, X[r : r + k, later])
            pivots += taken.tolist()
            sizes.append(k)
    return pivots, sizes


def _inverse(X: Matrix, modulus: Modulus, blocks: list[int] | None = None) -> Matrix:
    """Returns the inverse of a minor that was chosen with nonzero leading principal minors."""
    inverse = modulus.inverse(np.ascontiguousarray(X), blocks or ())
    assert inverse is not None, "the elimination has inverted the same blocks"
    return inverse


def _subtract_product(C: Matrix, X: Matrix, Y: Matrix, modulus: Modulus) -> None:
    """Replaces C by C - X Y, in tiles that fit into a cache."""
    for i in range(0, C.shape[0], _TILE_ROWS):
        for j in range(0, C.shape[1], _TILE_COLUMNS):
            tile = (slice(i, i + _TILE_ROWS), slice(j, j + _TILE_COLUMNS))
            C[tile] = modulus.difference(C[tile], X[tile[0]], Y[:, tile[1]])


def _panel_pivots(panel: Matrix, modulus: Modulus) -> tuple[list[int], list[int]]:
    """Returns rows and columns of a nonzero minor, each column the first possible as far as some of the rows tell.

    The columns are pivots in all rows as well, since what is independent in some rows is; those that are missing show when
    these were eliminated.  In the order returned the leading principal minors are nonzero.
    """
    m, n = panel.shape
    if m >= n and modulus.inverse(np.ascontiguousarray(panel[:n])) is not None:
        return list(range(n)), list(range(n))
    candidates = np.flatnonzero(panel.any(axis=1))[: n + 8]
    X = panel[candidates]
    rows: list[int] = candidates.tolist()
    columns: list[int] = []
    for j in range(n):
        k = len(columns)
        places = np.flatnonzero(X[k:, j])
        if not len(places):
            continue
        i = k + int(places[0])
        if i != k:
            X[[k, i]] = X[[i, k]]
            rows[k], rows[i] = rows[i], rows[k]
        columns.append(j)
        if len(columns) == len(rows):
            break
        row = modulus.reduce(X[k, j + 1 :] * float(pow(int(X[k, j]), -1, modulus.prime)))
        below = X[k + 1 :, j + 1 :]
        below -= np.multiply.outer(X[k + 1 :, j], row)
        modulus.reduce(below)
    return rows[: len(columns)], columns


def _bring_forward(X: npt.NDArray[Any], chosen: list[int]) -> None:
    """Exchanges rows of X so that the chosen ones come first, in their order."""
    k = len(chosen)
    if chosen == list(range(k)):
        return
    places = [*range(k), *(i for i in chosen if i >= k)]
    sources = [*chosen, *sorted(set(range(k)).difference(chosen))]
    X[places] = X[sources]


def _combinations(
    A: Matrix, rows: npt.NDArray[np.intp], pivots: npt.NDArray[np.intp], blocks: list[int], modulus: Modulus
) -> tuple[list[int], Matrix]:
    """Returns the pivots in ascending order, and the other columns as combinations of them."""
    n = A.shape[1]
    others = np.setdiff1d(np.arange(n), pivots)
    order = np.argsort(pivots, kind="stable")
    if not len(others) or not len(pivots):
        return pivots[order].tolist(), np.zeros((len(pivots), len(others)))
    inverse = _inverse(A[np.ix_(rows, pivots)], modulus, blocks)
    result = modular_product(reduce_modulo(inverse, modulus.prime), A[np.ix_(rows, others)], modulus.prime)
    return pivots[order].tolist(), result[order]
