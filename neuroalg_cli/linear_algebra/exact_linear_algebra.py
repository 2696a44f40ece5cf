"""Exact linear algebra modulo a prime: products, rank with a nonzero minor, kernel; and rational reconstruction.

Matrices are numpy arrays of float64 that hold integers.  Residues modulo p are *balanced*: in [-(p-1)/2, (p-1)/2].
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import flint
import numpy as np

from neuroalg_cli.linear_algebra.blocked_elimination import Elimination
from neuroalg_cli.linear_algebra.modular_arithmetic import PRIME_BOUND, STRIP, Modulus

if TYPE_CHECKING:
    import random

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]

#: random primes lie between 2**22 and 2**23: more than 511 products of two balanced residues fit below 2**53
PRIME_BITS = 23


def random_prime(generator: random.Random) -> int:
    """A prime, uniform among the 268,216 primes between 2**22 and 2**23."""
    while True:
        candidate = generator.randrange(2 ** (PRIME_BITS - 1) + 1, 2**PRIME_BITS, 2)
        if flint.fmpz(candidate).is_prime():
            return candidate


@functools.lru_cache(maxsize=32)
def _modulus(p: int) -> Modulus:
    """The arithmetic modulo p; ValueError if p is not an odd prime below 2**24."""
    if not (2 < p < PRIME_BOUND and flint.fmpz(p).is_prime()):
        raise ValueError(f"the modulus must be an odd prime below 2**24, not {p}; random_prime draws one")
    return Modulus(p)


def reduce_modulo(A: npt.ArrayLike, p: int, out: Matrix | None = None) -> Matrix:
    """The balanced residues of A modulo p, as float64 of the same shape, written to ``out`` if it is given.

    ``A`` holds integers: numpy integers, Python integers of any size, or float64 of absolute value below 2**53, which
    is not checked here.  ``out`` may be ``A`` itself.  ValueError if p is not an odd prime below 2**24, or if ``A`` holds
    something else.
    """
    modulus = _modulus(p)
    source = np.asarray(A)
    if source.dtype.kind in "biuO":
        # exact for 64-bit and for Python integers, which float64 could not hold
        wide = source.astype(np.int64) if source.dtype.kind != "O" and source.dtype != np.uint64 else source
        source = np.remainder(wide, wide.dtype.type(p) if wide is not source else p)
    elif source.dtype.kind != "f":
        raise ValueError(f"a matrix of integers was expected, not an array of type {source.dtype}")
    source = source.astype(np.float64, copy=False)
    if out is None:
        out = np.empty(source.shape)
    elif out.shape != source.shape or out.dtype != np.float64:
        raise ValueError(f"out must be float64 of shape {source.shape}, not {out.dtype} of shape {out.shape}")
    if source.ndim == 0:
        modulus.balance(source[np.newaxis], out[np.newaxis])
    else:
        modulus.balance(source, out)
    return out


def modular_product(A: Matrix, B: Matrix, p: int) -> Matrix:
    """The balanced residues modulo p of the matrix product A B; leading axes are broadcast as by ``numpy.matmul``.

    A, of shape (..., l, m), and B, of shape (..., m, n), hold integers of absolute value below 2**53, usually balanced
    residues (others are reduced first).  Exact: the inner dimension is cut where sums could reach 2**53.
    ValueError if p is not an odd prime below 2**24.
    """
    modulus = _modulus(p)
    product = modulus.product(_residues(A, p), _residues(B, p))
    modulus.balance(product, product)
    return product


def _residues(A: Matrix, p: int) -> Matrix:
    """A itself if it holds balanced residues, else its balanced residues."""
    A = np.asarray(A)
    return A if A.dtype == np.float64 and _is_balanced(A, p) else reduce_modulo(A, p)


def _is_balanced(A: Matrix, p: int) -> bool:
    """Whether all entries lie in [-(p-1)/2, (p-1)/2]; ValueError if float64 cannot hold them exactly."""
    if not A.size:
        return True
    largest = max(A.max(), -A.min())
    if not largest < 2**53:
        raise ValueError(
            f"a matrix has an entry of absolute value {largest}, which float64 cannot tell from its neighbours"
        )
    return bool(largest <= p // 2)


def _is_integral(A: Matrix) -> bool:
    """Whether all entries of the matrix A are integers (infinities count as such)."""
    step = max(1, STRIP // max(1, A.shape[1]))
    scratch = np.empty((step, A.shape[1]))
    strips = (A[i : i + step] for i in range(0, len(A), step))
    return all((np.rint(strip, scratch[: len(strip)]) == strip).all() for strip in strips)


@dataclass(frozen=True)
class Rank:
    """The rank of a matrix modulo a prime, and a minor of that size that is not zero modulo the prime.

    The minor proves that a matrix of integers has at least this rank over the rationals.
    """

    rank: int
    #: rows and columns of the minor, ascending, counted from 0
    pivot_rows: tuple[int, ...]
    pivot_columns: tuple[int, ...]


def rank_modulo(A: npt.ArrayLike, p: int, *, overwrite: bool = False) -> Rank:
    """The rank modulo p of the (m, n) matrix A, with the rows and columns of a largest nonzero minor.

    ``A`` holds integers of absolute value below 2**53, best of all balanced residues as float64.  With ``overwrite`` a
    float64 array in C order is destroyed instead of copied, and the memory needed besides it is 16 MiB and a few hundred
    rows and columns of A.  An empty matrix has rank 0.  The result depends on A and p only.
    About (2/3) n**3 operations for a square matrix, nearly all of them in float64 matrix products.
    ValueError if A is not a matrix of integers below 2**53, or if p is not an odd prime below 2**24.
    """
    elimination = Elimination(_workspace(A, p, overwrite=overwrite), _modulus(p))
    elimination.run()
    k = elimination.rank
    pivot_rows, pivot_columns = np.sort(elimination.rows[:k]), np.sort(elimination.columns[:k])
    return Rank(k, tuple(pivot_rows.tolist()), tuple(pivot_columns.tolist()))


def _workspace(A: npt.ArrayLike, p: int, *, overwrite: bool) -> Matrix:
    """An array in C order with residues of the matrix A, to be destroyed; A itself if that is possible and allowed."""
    matrix: npt.NDArray[Any] = np.asarray(A)
    if matrix.ndim != 2:
        raise ValueError(f"a rank is that of a matrix, not of an array with {matrix.ndim} axes")
    if matrix.dtype != np.float64:
        return np.ascontiguousarray(reduce_modulo(matrix, p))
    if not _is_integral(matrix):
        raise ValueError(
            "a matrix of integers was expected, but an entry is not an integer; multiply by the denominators"
        )
    if not (overwrite and matrix.flags.c_contiguous and matrix.flags.writeable):
        matrix = matrix.copy(order="C")
    if not _is_balanced(matrix, p):
        reduce_modulo(matrix, p, out=matrix)
    return matrix


def kernel_modulo(A: npt.ArrayLike, p: int) -> Matrix:
    """A basis of the right kernel of the (m, n) matrix A modulo p: balanced residues of shape (n, n - rank).

    The rows of the columns without a pivot form the identity matrix.  Meant for matrices of which several copies fit in
    memory.  ValueError as for :func:`rank_modulo`.
    """
    modulus = _modulus(p)
    residues = _workspace(A, p, overwrite=False)
    elimination = Elimination(residues.copy(), modulus)
    elimination.run()
    k, n = elimination.rank, residues.shape[1]
    rows, pivots = elimination.rows[:k], elimination.columns[:k]
    free = np.sort(elimination.columns[k:])
    kernel = np.zeros((n, n - k))
    kernel[free, np.arange(n - k)] = 1.0
    if 0 < k < n:
        inverse = modulus.inverse(residues[np.ix_(rows, pivots)], elimination.blocks)
        assert inverse is not None, "the elimination has inverted the same blocks"
        kernel[pivots] = -modular_product(inverse, residues[np.ix_(rows, free)], p)
    return kernel


def rational_reconstruction(residue: int, modulus: int) -> Fraction | None:
    """The fraction a/b in lowest terms with a = b * residue modulo ``modulus``, 2 a**2 < modulus and 2 b**2 < modulus, or None.

    There is at most one such fraction with b prime to the modulus, and None means that there is none (Wang, Guy and
    Davenport, *P-adic reconstruction of rational numbers*, SIGSAM Bulletin 16, 1982).  ValueError if the modulus is not positive.
    """
    if modulus < 1:
        raise ValueError(f"a modulus is a positive integer, not {modulus}")
    bound = math.isqrt((modulus - 1) // 2)
    previous, remainder = modulus, residue % modulus
    previous_factor, factor = 0, 1
    while remainder > bound:
        quotient = previous // remainder
        previous, remainder = remainder, previous - quotient * remainder
        previous_factor, factor = factor, previous_factor - quotient * factor
    if abs(factor) > bound or math.gcd(remainder, factor) != 1:
        return None
    return Fraction(remainder, factor)
