"""Matrices modulo primes of up to 31 bits: arrays of residues, and what python-flint says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import nmod_mat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def residue_matrix(entries: NDArray[np.int64], prime: int) -> nmod_mat:
    """Returns an array with two axes as a matrix modulo a prime."""
    rows, columns = entries.shape
    return nmod_mat(rows, columns, entries.ravel().tolist(), prime)


def product(left: NDArray[np.int64], right: NDArray[np.int64], prime: int) -> NDArray[np.int64]:
    """Returns the residues of a matrix product."""
    found = residue_matrix(left, prime) * residue_matrix(right, prime)
    return np.array([int(entry) for entry in found.entries()], dtype=np.int64).reshape(left.shape[0], right.shape[1])


def rank(entries: NDArray[np.int64], prime: int) -> int:
    """Returns the rank."""
    return int(residue_matrix(entries, prime).rank()) if entries.size else 0


def basis_rows(entries: NDArray[np.int64], order: Sequence[int], prime: int) -> list[int]:
    """Returns the first rows, in the given order, that are a basis of the space of the rows of this order."""
    if not order or not entries.shape[1]:
        return []
    reduced, number = residue_matrix(entries[list(order)].T, prime).rref()
    result = []
    column = 0
    for row in range(number):
        while not int(reduced[row, column]):
            column += 1
        result.append(order[column])
    return result


def values_at(
    exponents: NDArray[np.int64], point: NDArray[np.int64], coefficients: NDArray[np.int64], prime: int
) -> NDArray[np.int64]:
    """Returns the values of terms at a point: coefficients times products of powers."""
    values = coefficients.copy()
    for j in range(exponents.shape[1]):
        top = int(exponents[:, j].max(initial=0))
        powers = np.array([pow(int(point[j]), e, prime) for e in range(top + 1)], dtype=np.int64)
        values = values * powers[exponents[:, j]] % prime
    return values


def sums_of(values: NDArray[np.int64], owners: NDArray[np.int64], size: int, prime: int) -> NDArray[np.int64]:
    """Returns the sums of terms by their owners; fewer than 2^32 residues of 31 bits do not overflow."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, owners, values)
    return sums % prime
