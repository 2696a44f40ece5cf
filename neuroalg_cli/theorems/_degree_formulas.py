"""Degrees of varieties of classical geometry, as integers; None for numbers of more than a thousand digits or so.

Nothing here checks a hypothesis: the theorems of this folder do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: a report does not print larger numbers
MAXIMAL_DIGITS = 1_000
#: determinantal varieties of larger corank have larger degrees, at least 2^corank
_MAXIMAL_CORANK = 3_000


def product(
    binomials: Sequence[tuple[int, int]],
    divisors: Sequence[tuple[int, int]] = (),
    powers: Sequence[tuple[int, int]] = (),
) -> int | None:
    """Returns the product of C(n, k) over ``binomials`` and b^e over ``powers``, divided by that over ``divisors``.

    None if the product before the division has too many digits.
    """
    digits = sum(_log_binomial(n, k) for n, k in binomials) + sum(e * math.log(b) for b, e in powers)
    if digits > 20 * MAXIMAL_DIGITS * math.log(10):
        return None
    top = math.prod(math.comb(n, k) for n, k in binomials) * math.prod(b**e for b, e in powers)
    result, rest = divmod(top, math.prod(math.comb(n, k) for n, k in divisors))
    assert rest == 0
    return result if result < 10**MAXIMAL_DIGITS else None


def _log_binomial(n: int, k: int) -> float:
    if not 0 < k < n:
        return 0.0
    k = min(k, n - k)
    return min(k * math.log(math.e * n / k), n * math.log(2))  # an upper bound


def determinantal(m: int, n: int, k: int) -> int | None:
    """Returns the degree of the m x n matrices of rank at most k >= 1 (J. Harris, 'Algebraic Geometry', Example 19.10)."""
    m, n = max(m, n), min(m, n)
    if n - k > _MAXIMAL_CORANK:
        return None
    return product([(m + i, k) for i in range(n - k)], [(k + i, k) for i in range(n - k)])


def symmetric_determinantal(n: int, k: int) -> int | None:
    """Returns the degree of the symmetric n x n matrices of rank at most k (J. Harris, L. W. Tu, Topology 23 (1984) 71-84)."""
    if n - k > _MAXIMAL_CORANK:
        return None
    if k == 0:
        return 1
    corank = range(max(0, n - k))
    return product([(n + i, n - k - i) for i in corank], [(2 * i + 1, i) for i in corank])


def symmetric_dimension(n: int, k: int) -> int:
    """Returns the affine dimension of the symmetric n x n matrices of rank at most k <= n."""
    return k * n - k * (k - 1) // 2


def self_intersection(factors: Sequence[tuple[int, int]]) -> int | None:
    """Returns the self-intersection number of O(d_1, ..., d_s) on the product of the P^(n_i), for pairs (n_i, d_i).

    (sum of the n_i)! times the product of the d_i^(n_i) / n_i!.
    """
    total = 0
    binomials = []
    for n, _ in factors:
        total += n
        binomials.append((total, n))
    return product(binomials, powers=[(d, n) for n, d in factors])


def hankel(columns: int, summands: int) -> int | None:
    """Returns the degree of the m-tuples of binary forms F_1, ..., F_m of degrees e_i that are combinations of common powers.

    That is, of the closure of the tuples F_i = sum_j c_ij l_j^(e_i), j = 1, ..., k, with arbitrary c_ij and l_j;
    (columns, summands) = (M, k), M the sum of the max(0, e_i - k + 1).  Hypothesis: characteristic 0.

    Let H(y) be the matrix of k + 1 rows and M columns whose blocks are the Hankel matrices (y_i,p+q), y_ip the coefficients
    of F_i without binomial factors.  a in its left kernel means that the binary form a of degree k, as a differential
    operator, annihilates all F_i.  For a given a these are spaces of dimension min(k, e_i + 1), as the multiples of a of
    degree e_i have codimension k or there are none.  So the pairs (a, y) are a vector bundle over P^k, irreducible, and so is
    its image Z, where H has rank at most k.  A general a has k different roots, and the forms of degree e_i that it
    annihilates are the combinations of k fixed powers l_j^(e_i).  Hence Z is the closure.

    H is 1-generic: no generalized entry a^T H b, b = (b_1, ..., b_m), is zero, for it has the coefficients of the products a
    b_i. So for M >= k + 1 its maximal minors generate a prime ideal of the codimension M - k that general matrices have (D.
    Eisenbud, 'Linear sections of determinantal varieties', Amer. J. Math. 110 (1988) 541-575, Theorem 1), and its degree is
    that of the (k+1) x M matrices of rank at most k, C(M, k).  For M <= k Z is everything.
    """
    return 1 if columns <= summands else product([(columns, summands)])
