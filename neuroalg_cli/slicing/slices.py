"""Slices of the parameter space on which phi is finite onto its image: gauge, random constants, and phi restricted.

Let m = dim V.  A slice S fixes P - m parameters to constants modulo a prime p such that the other m columns of d phi have rank m
at some point of S: then phi|S is dominant onto V, and finite over an open set of V.  Constants are chosen so that few points of S
have the same image:

1. GL(k) between two tensors: an identity block in one of them, as the group moves any invertible block to the identity;
2. rescalings: the integer vectors u with phi(t^u w) = phi(w) form a lattice, the kernel of the matrix of exponents of phi.
   Parameters at which the lattice has a minor of absolute value 1 are set to 1; then no root of unity is left over;
3. whatever is left, such as rotations: columns that do not enlarge the rank get random constants.

Every choice is checked by the rank; one that lowers it is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz_mat

from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.linear_algebra.random_points import residues
from neuroalg_cli.slicing.residue_matrices import basis_rows, product, sums_of, values_at
from neuroalg_cli.symmetry.derivations import matrix_shape
from neuroalg_cli.symmetry.linear_symmetries import linear_symmetries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network
    from neuroalg_cli.slicing.expansion import Expansion
    from neuroalg_cli.symmetry.linear_symmetries import LinearSymmetry


@dataclass(frozen=True)
class Slice:
    """phi on a slice: polynomials modulo a prime in the free parameters."""

    prime: int
    #: parameter -> residue
    fixed: dict[int, int]
    #: the m parameters that vary, in order
    free: tuple[int, ...]
    #: (monomials, m), exponents in the free parameters
    monomials: NDArray[np.int64]
    #: coordinates x monomials, residues
    matrix: NDArray[np.int64]
    #: m x coordinates: the transposed Jacobian at a random point of the slice, residues
    jacobian: NDArray[np.int64]

    @property
    def dimension(self) -> int:
        """The number of unknowns, m."""
        return len(self.free)

    def values_at(self, point: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the coordinates of phi at a point of the slice."""
        values = values_at(self.monomials, point, np.ones(len(self.monomials), dtype=np.int64), self.prime)
        return product(self.matrix, values[:, None], self.prime)[:, 0]


def choose_slice(expansion: Expansion, dimension: int, prime: int, seed: int, label: str) -> Slice:
    """Returns a slice of the given dimension, determined by seed, label and prime.

    Raises `NeuroalgError` if the rank of d phi at random points modulo the prime is not the dimension: the point or the prime is
    exceptional, or the dimension is wrong.
    """
    coefficients = expansion.coefficients(prime)
    count = expansion.network.parameter_count
    point = 1 + residues(seed, f"{label}/point", count, prime - 1)  # no zeros: derivatives are taken by dividing
    for gauge in _gauges(expansion):
        jacobian = _jacobian(expansion, coefficients, point, gauge, prime)
        free = [j for j in range(count) if j not in gauge]
        # Later parameters are kept where there is a choice: those of the last layer enter linearly.
        chosen = basis_rows(jacobian, free[::-1], prime)
        if len(chosen) != dimension:
            continue
        kept = tuple(sorted(chosen))
        fixed = {j: gauge.get(j, int(point[j])) for j in range(count) if j not in kept}
        monomials, matrix = _restrict(expansion, coefficients, fixed, kept, prime)
        return Slice(prime, fixed, kept, monomials, matrix, jacobian[list(kept)])
    raise NeuroalgError(
        f"d phi does not have the rank {dimension} at a random point modulo {prime}; try another --seed"
    )


def _gauges(expansion: Expansion) -> Iterator[dict[int, int]]:
    """Yields parameters to fix to 0 or 1, the most first."""
    network = expansion.network
    blocks: dict[int, int] = {}
    for symmetry in linear_symmetries(network):
        if symmetry.kind == "full":
            blocks.update(_identity_block(network, symmetry, blocks))
    lattice = _rescalings(expansion.exponents)
    if blocks:
        yield {**blocks, **_unimodular(lattice, blocks)}
    yield _unimodular(lattice, {})
    yield {}


def _identity_block(network: Network, symmetry: LinearSymmetry, taken: Mapping[int, int]) -> dict[int, int]:
    """Returns an identity block of a class GL(k), in the first tensor that has room for it and no entry taken."""
    for move in symmetry.moves:
        rows, columns = matrix_shape(network.nodes[move.tensor])
        other = columns if move.side == "left" else rows
        size = symmetry.size
        if len(move.copies) != 1 or min(move.copies[0]) < 0 or other < size:
            continue
        offset = network.offsets[move.tensor]
        block = {}
        for a, position in enumerate(move.copies[0]):
            for b in range(size):
                i, j = (position, b) if move.side == "left" else (b, position)
                block[offset + i * columns + j] = int(a == b)
        if not block.keys() & taken.keys():
            return block
    return {}


def _rescalings(exponents: NDArray[np.int64]) -> fmpz_mat:
    """Returns a basis, as rows, of the lattice of integer vectors that are orthogonal to all rows of exponents."""
    # Over the real numbers a matrix and its Gram matrix have the same kernel.
    gram = exponents.T @ exponents
    size = gram.shape[0]
    wide = fmpz_mat(size, 2 * size, [int(v) for v in np.hstack([gram, np.eye(size, dtype=np.int64)]).ravel()]).hnf()
    kernel = [i for i in range(size) if all(wide[i, j] == 0 for j in range(size))]
    return fmpz_mat(len(kernel), size, [wide[i, size + j] for i in kernel for j in range(size)])


def _unimodular(lattice: fmpz_mat, blocks: Mapping[int, int]) -> dict[int, int]:
    """Returns parameters to set to 1, one for every dimension of the lattice, whose minor is as small as greed finds it.

    ``blocks``: parameters that are fixed already; their ones serve first.
    """
    rows = [[int(lattice[i, j]) for j in range(lattice.ncols())] for i in range(lattice.nrows())]
    for j in (j for j, value in blocks.items() if value):
        _pivot(rows, j)
    result: dict[int, int] = {}
    while rows:
        gcds = np.gcd.reduce(np.abs(np.array(rows, dtype=object)), axis=0)
        usable = [j for j, g in enumerate(gcds) if g and j not in blocks]
        if not usable:
            break
        best = min(usable, key=lambda j: (gcds[j], j))
        _pivot(rows, best)
        result[best] = 1
    return result


def _pivot(rows: list[list[int]], column: int) -> None:
    """Replaces a basis of a lattice by one of the sublattice that is zero in a column (Euclid's algorithm on rows)."""
    while True:
        nonzero = sorted((row for row in rows if row[column]), key=lambda row: abs(row[column]))
        if not nonzero:
            return
        first, rest = nonzero[0], nonzero[1:]
        if not rest:
            rows.remove(first)
            return
        for row in rest:
            q = row[column] // first[column]
            row[:] = [a - q * b for a, b in zip(row, first, strict=True)]


def _jacobian(
    expansion: Expansion,
    coefficients: NDArray[np.int64],
    point: NDArray[np.int64],
    gauge: Mapping[int, int],
    prime: int,
) -> NDArray[np.int64]:
    """Returns the transposed Jacobian, P x coordinates, at a point whose gauge is set; rows of fixed parameters are zero."""
    exponents = expansion.exponents
    count, size = exponents.shape[1], len(expansion.coordinates)
    at = np.array([gauge.get(j, int(point[j])) for j in range(count)], dtype=np.int64)
    values = values_at(exponents, at, coefficients, prime)
    result = np.zeros((count, size), dtype=np.int64)
    for j in range(count):
        if j not in gauge:
            # d(w^e)/dw_j = e_j w^e / w_j, as w_j is not zero
            sums = sums_of(exponents[:, j] * values % prime, expansion.owners, size, prime)
            result[j] = sums * pow(int(at[j]), -1, prime) % prime
    return result


def _restrict(
    expansion: Expansion, coefficients: NDArray[np.int64], fixed: Mapping[int, int], free: Sequence[int], prime: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns phi on the slice: its monomials, and coordinates x monomials."""
    constants = sorted(fixed)
    at = np.array([fixed[j] for j in constants], dtype=np.int64)
    values = values_at(expansion.exponents[:, constants], at, coefficients, prime)
    monomials, position = np.unique(expansion.exponents[:, list(free)], axis=0, return_inverse=True)
    size, width = len(expansion.coordinates), len(monomials)
    entries = sums_of(values, expansion.owners * width + position.ravel(), size * width, prime)
    return monomials, entries.reshape(size, width)
