"""Two hidden neurons: the secant lines of a Segre-Veronese variety."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import MAXIMAL_DIGITS
from neuroalg_cli.theorems._merged_layers import merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

_MAXIMAL_DIMENSION = 60


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (n, 2, m), n >= 2, activation c z^r, no biases, r >= 2 if m >= 2, and r >= 3 if m = 1.

    P(V) is the closure of the secant lines of X = P^(m-1) x P^(n-1), embedded by O(1, r), of dimension e = n + m - 2.  A
    general v_1 l_1^r + v_2 l_2^r lies on one of them only: for m >= 2 by Kruskal's condition 2 r + 2 >= 4 + r, for m = 1 and
    r >= 3 as a binary form in l_1, l_2 of rank 2.  So their dimension is 2e + 1, and a general linear space of codimension 2e
    + 1 meets deg V secant lines, each in a general point.  The projection of X from it to P^(2e) has as many double points.
    There are (d^2 - c)/2, d the degree of X and c that of the part of dimension zero of (1 + h)^(2e+1) / c(T_X), by the
    double point formula (Fulton; for toric varieties Cox and Sidman), where h = A + r B and c(T_X) = (1 + A)^m (1 + B)^n.
    """
    layers = merged_layers(architecture)
    if layers is None or layers.biases or layers.degrees is None or len(layers.terms) != 1:
        return None
    (n, k, m), r = layers.widths, layers.degrees[0]
    if k != 2 or n < 2 or r < (2 if m >= 2 else 3) or n + m - 2 > _MAXIMAL_DIMENSION:
        return None
    value = _degree(m - 1, n - 1, r)
    if value >= 10**MAXIMAL_DIGITS:
        return None
    words = (
        f"{layers.words}, activation c z^{r}, no biases",
        f"general points lie on one secant line of P^{m - 1} x P^{n - 1}, embedded by O(1, {r})",
    )
    return Conclusion(value, words)


def _degree(a: int, b: int, r: int) -> int:
    """Returns the number of double points of a general projection of P^a x P^b, embedded by O(1, r), to P^(2(a+b))."""
    e = a + b
    correction: int = 0
    for i in range(a + 1):
        for j in range(b + 1):  # A^i B^j from the inverse Chern class, A^(a-i) B^(b-j) from a power of h
            sign = -1 if (i + j) % 2 else 1
            inverse = sign * math.comb(a + i, i) * math.comb(b + j, j)
            t = e - i - j
            correction += math.comb(2 * e + 1, t) * math.comb(t, a - i) * r ** (b - j) * inverse
    degree: int = math.comb(e, a) * r**b
    return (degree**2 - correction) // 2


THEOREM = Theorem(
    name="secant lines of Segre-Veronese varieties",
    invariant="degree",
    statement=(
        "if a general point of the secant variety of a smooth X of dimension e lies on one secant line, its degree is half of "
        "(deg X)^2 less the degree of (1 + h)^(2e+1) / c(T_X) in dimension zero; X is P^(m-1) x P^(n-1) embedded by O(1, r)"
    ),
    references=(
        "W. Fulton, 'Intersection Theory' (1984), Theorem 9.3 (double point formula)",
        "D. Cox, J. Sidman, 'Secant varieties of toric varieties', arXiv:math/0502344",
        "N. D. Sidiropoulos, R. Bro, 'On the uniqueness of multilinear decomposition of N-way arrays', J. Chemometrics 14 (2000)",
    ),
    apply=_apply,
)
