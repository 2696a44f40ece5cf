"""Matrices of residues modulo a prime, multiplied and inverted at the speed of float64 matrix products.

Residues are integers stored as float64.  A product of two matrices of residues is an ordinary matrix product (BLAS), exact as
long as no sum can reach 2**53; the sums are then reduced modulo the prime (Dumas, Giorgi and Pernet, *Dense linear algebra
over word-size prime fields: the FFLAS and FFPACK packages*, ACM Transactions on Mathematical Software 35, 2008).

Everything here is exact integer arithmetic: results depend on the input only, not on the BLAS, its threads or the machine.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]
    Indices = npt.NDArray[np.intp]

#: primes are smaller than this, so that at least 127 products of residues stay below 2**53
PRIME_BOUND = 2**24

#: entries that are reduced at once: two operands and the scratch space stay in a second-level cache
STRIP = 2**15

#: width of the leaves of an inversion
LEAF = 32


class Modulus:
    """Arithmetic with matrices of integers modulo an odd prime p, stored as float64.

    *Residues* are integers of absolute value at most p // 2 + 2, which ``reduce`` reaches with one rounding; the residue of a
    multiple of p is 0, since p // 2 + 2 < p for p >= 5, and sums of residues modulo 3 are too small for rounding errors.
    *Balanced* residues lie in [-(p-1)/2, (p-1)/2] and are unique.  The prime must be odd and below PRIME_BOUND.
    """

    def __init__(self, p: int) -> None:
        self.prime = p
        # zero-dimensional arrays: numpy multiplies small matrices by them faster than by Python numbers
        self._prime = np.array(float(p))
        self._inverse = np.array(1.0 / p)
        self._lower_inverse = np.array((1.0 / p) * (1.0 - 2.0**-50))
        #: so many products of two residues, plus one residue, stay below 2**53 - p in every order of summation
        self.chunk = min(2**20, (2**53 - 2 * p) // (p // 2 + 2) ** 2)
        self.leaf = min(LEAF, p - 1)

    def reduce(self, X: Matrix) -> Matrix:
        """X itself, reduced in place to residues; |X| must be at most 2**53 - p.

        x * fl(1/p) has relative error at most 2**-52, hence absolute error at most 2/p: the quotient that it rounds to
        leaves a remainder of at most p/2 + 2.
        """
        quotient = np.multiply(X, self._inverse)
        np.rint(quotient, quotient)
        np.multiply(quotient, self._prime, quotient)
        np.subtract(X, quotient, X)
        return X

    def reduce_into(self, X: Matrix, out: Matrix, scratch: Matrix) -> None:
        """Write the residues of X to ``out``; ``scratch`` has the shape of X and is overwritten."""
        np.multiply(X, self._inverse, scratch)
        np.rint(scratch, scratch)
        np.multiply(scratch, self._prime, scratch)
        np.subtract(X, scratch, out)

    def balance(self, X: Matrix, out: Matrix) -> None:
        """Write the balanced residues of X to ``out``, which may be X; exact for |X| < 2**53.

        The first quotient is rounded towards zero from below, so that its multiple of p does not exceed |X| and is exact;
        the second is that of a number below p + 10, which rounding errors cannot bring across a half.
        """
        if X.size > STRIP:
            rows = max(1, STRIP * len(X) // X.size)
            if rows == 1 and X.ndim > 1:
                for source, target in zip(X, out, strict=True):
                    self.balance(source, target)
            else:
                for i in range(0, len(X), rows):
                    self.balance(X[i : i + rows], out[i : i + rows])
            return
        quotient = np.multiply(X, self._lower_inverse)
        np.trunc(quotient, quotient)
        np.multiply(quotient, self._prime, quotient)
        np.subtract(X, quotient, out)
        np.multiply(out, self._inverse, quotient)
        np.rint(quotient, quotient)
        np.multiply(quotient, self._prime, quotient)
        np.subtract(out, quotient, out)

    def product(self, X: Matrix, Y: Matrix) -> Matrix:
        """The residues of X Y, for matrices of residues (or stacks of matrices, with leading axes)."""
        inner = X.shape[-1]
        if inner <= self.chunk:
            return self.reduce(np.matmul(X, Y))
        total = self.product(X[..., : self.chunk], Y[..., : self.chunk, :])
        work = np.empty_like(total)
        for i in range(self.chunk, inner, self.chunk):
            np.matmul(X[..., i : i + self.chunk], Y[..., i : i + self.chunk, :], out=work)
            self.reduce(np.add(total, work, total))
        return total

    def difference(self, Z: Matrix, X: Matrix, Y: Matrix) -> Matrix:
        """The residues of Z - X Y, for matrices of residues."""
        product = np.matmul(X, Y) if X.shape[-1] <= self.chunk else self.product(X, Y)
        return self.reduce(np.subtract(Z, product, product))

    def inverse(self, X: Matrix, blocks: Sequence[int] = ()) -> Matrix | None:
        """The inverse of the square matrix of residues X, or None.

        None means that X is singular, or that a leading principal minor at which the recursion splits is zero.
        ``blocks``: sizes of consecutive diagonal blocks, of sum len(X); the recursion then splits between them first.
        """
        n = len(X)
        if n <= self.leaf and len(blocks) < 2:
            return self._inverse_by_traces(X)
        half = len(blocks) // 2
        h = sum(blocks[:half]) or self.leaf * -(-n // (2 * self.leaf))
        A, B, C, D = X[:h, :h], X[:h, h:], X[h:, :h], X[h:, h:]
        A_inverse = self.inverse(A, blocks[:half])
        if A_inverse is None:
            return None
        CA = self.product(C, A_inverse)
        S_inverse = self.inverse(self.difference(D, CA, B), blocks[half:])
        if S_inverse is None:
            return None
        AB = self.product(A_inverse, B)
        np.negative(AB, AB)
        inverse = np.empty((n, n))
        upper = self.product(AB, S_inverse)
        inverse[:h, h:] = upper
        inverse[h:, h:] = S_inverse
        np.negative(S_inverse, S_inverse)
        inverse[h:, :h] = self.product(S_inverse, CA)
        inverse[:h, :h] = self.difference(A_inverse, upper, CA)
        return inverse

    def pivots(self, X: Matrix) -> tuple[list[int], list[int]]:
        """Rows and columns of a largest nonzero minor of the matrix of residues X, which is left alone.

        They come in an order in which every leading principal minor is nonzero.
        """
        rest = X
        rows, columns = np.arange(X.shape[0]), np.arange(X.shape[1])
        pivot_rows: list[int] = []
        pivot_columns: list[int] = []
        while True:
            nonzero = rest != 0.0
            kept = nonzero.any(axis=0)
            rest, nonzero, columns = rest[:, kept], nonzero[:, kept], columns[kept]
            if not len(columns):
                return pivot_rows, pivot_columns
            # a row for each column in which that column is not zero, and as many others as make a square
            candidates = np.unique(nonzero.argmax(axis=0))
            others = np.setdiff1d(np.flatnonzero(nonzero.any(axis=1)), candidates, assume_unique=True)
            missing = len(columns) - len(candidates)
            candidates = np.concatenate([candidates, others[:missing]])
            places, c = self._pivots_by_columns(rest[candidates])
            r = candidates[places]
            pivot_rows += rows[r].tolist()
            pivot_columns += columns[c].tolist()
            if missing >= len(others):
                return pivot_rows, pivot_columns
            inverse = self.inverse(rest[np.ix_(r, c)])
            assert inverse is not None, "the pivots were chosen with nonzero leading principal minors"
            rest_rows, rest_columns = np.delete(np.arange(len(rows)), r), np.delete(np.arange(len(columns)), c)
            upper = rest[r]
            lower = self.product(rest[np.ix_(rest_rows, c)], inverse)
            rest = self.difference(rest[np.ix_(rest_rows, rest_columns)], lower, upper[:, rest_columns])
            rows, columns = rows[rest_rows], columns[rest_columns]

    def _pivots_by_columns(self, X: Matrix) -> tuple[Indices, Indices]:
        """The same for a small matrix, as arrays, one column after the other; X is destroyed."""
        rows, columns = list(range(X.shape[0])), list(range(X.shape[1]))
        k = 0
        end = len(columns)
        while k < min(len(rows), end):
            places = np.flatnonzero(X[k:, k])
            if not len(places):
                end -= 1
                X[:, k] = X[:, end]
                columns[k] = columns[end]
                continue
            i = k + int(places[0])
            if i != k:
                X[[k, i]] = X[[i, k]]
                rows[k], rows[i] = rows[i], rows[k]
            scale = float(pow(int(X[k, k]), -1, self.prime))
            row = self.reduce(X[k, k + 1 : end] * scale)
            rest = X[k + 1 :, k + 1 : end]
            rest -= np.multiply.outer(X[k + 1 :, k], row)
            self.reduce(rest)
            k += 1
        return np.array(rows[:k], dtype=np.intp), np.array(columns[:k], dtype=np.intp)

    def _inverse_by_traces(self, X: Matrix) -> Matrix | None:
        """The inverse of a small square matrix, from the traces of its powers; None exactly when it is singular.

        Traces of powers give the characteristic polynomial (Newton), it gives the inverse (Cayley and Hamilton).  Powers
        X**(i + sj) are split into small and giant steps (Preparata and Sarwate, Information Processing Letters 7, 1978):
        a few dozen calls of numpy instead of a few per column.  Needs n < p, for the division by n in Newton's identities.
        """
        n = len(X)
        p = self.prime
        s = 1 << ((n - 1).bit_length() + 1) // 2
        t = -(-n // s)
        powers = np.empty((s + 1, n, n))
        stacked = powers.reshape((s + 1) * n, n)
        powers[0] = _identity(n)
        powers[1] = X
        i = 1
        while i < s:
            # X, ..., X**i times X**i
            stacked[(i + 1) * n : (2 * i + 1) * n] = self.product(stacked[n : (i + 1) * n], powers[i])
            i *= 2
        giants = np.empty((t, n, n))
        giants[0] = powers[0]
        if t > 1:
            giants[1] = powers[s]
        for j in range(2, t):
            giants[j] = self.product(giants[j - 1], powers[s])
        traces = self.product(giants.transpose(0, 2, 1).reshape(t, n * n), powers[1:].reshape(s, n * n).T)
        # floats, which Python adds faster than integers of two digits; the sums stay below n p (p/2 + 2) < 2**53
        modulus = float(p)
        backwards = traces.ravel()[n - 1 :: -1].tolist()
        coefficients = [1.0]
        start = n
        for reciprocal in _negative_reciprocals(p, n):
            start -= 1
            total = sum(map(operator.mul, coefficients, backwards[start:]), 0.0)
            coefficients.append(total % modulus * reciprocal % modulus)
        determinant = coefficients.pop()
        if determinant == 0.0:
            return None
        scale = float(pow(-int(determinant), -1, p))
        weights = np.zeros((t, s))
        weights.ravel()[:n] = coefficients[::-1]
        np.multiply(weights, scale, weights)
        self.reduce(weights)
        steps = self.product(weights, powers[:s].reshape(s, n * n)).reshape(t * n, n)
        return self.product(giants.transpose(1, 0, 2).reshape(n, t * n), steps)


@functools.cache
def _identity(n: int) -> Matrix:
    return np.eye(n)


@functools.lru_cache(maxsize=64)
def _negative_reciprocals(p: int, n: int) -> tuple[float, ...]:
    """-1/1, ..., -1/n modulo p."""
    return tuple(float(pow(-k, -1, p)) for k in range(1, n + 1))
