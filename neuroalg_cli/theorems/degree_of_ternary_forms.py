"""Two layers, three variables, one output: secant varieties of Veronese surfaces."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._merged_layers import merged_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.architecture import Architecture

_MAXIMAL_SUMMANDS = 40


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (3, k, 1), activation c z^r, no biases, r >= 3, r >= k - 1 and 3k < C(r+2, 2).

    Let H be the Hilbert scheme of k points of the plane, smooth of dimension 2k, and E the bundle on H whose fibre at Z is
    the dual of H^0(O_Z(r)).  Since r >= k - 1 every Z imposes independent conditions on forms of degree r, so that P(E) maps
    to the space of forms of degree r, its image is the closure of the sums of k powers, and O(1) pulls back to O(1).  Under
    3k < C(r+2, 2) a general sum of k powers is one in one way only, and the map has degree 1 (Chiantini, Ottaviani and
    Vannieuwenhoven; the exceptions with three variables are k = 9, r = 6, where r < k - 1, and k = 5, r = 4, where 3k =
    C(r+2, 2)).  So the degree of V is the top Segre class of E (Ellingsrud and Stromme), the integral over H of
    s_2k(O(r)^[k]), which Lehn's formula gives as the coefficient of z^k in

        (1 - w)^a (1 - 2w)^b / (1 - 6w + 6w^2)^c,   z = w (1 - w) (1 - 2w)^4 / (1 - 6w + 6w^2)^3,

    a = -3r - 18, b = (r + 3)^2 + 3, c = r(r + 3)/2 + 1 for the plane.
    """
    layers = merged_layers(architecture)
    if layers is None or layers.biases or layers.degrees is None or len(layers.terms) != 1:
        return None
    (n, k, m), r = layers.widths, layers.degrees[0]
    if n != 3 or m != 1 or r < max(3, k - 1) or k > _MAXIMAL_SUMMANDS or 6 * k >= (r + 1) * (r + 2):
        return None
    words = (
        f"{layers.words}, activation c z^{r}, no biases",
        f"{r} >= max(3, {k} - 1) and 3 * {k} < {(r + 1) * (r + 2) // 2}",
    )
    return Conclusion(top_segre_class(k, r), words)


def top_segre_class(points: int, degree: int) -> int:
    """Returns the integral of s_2k of the tautological bundle of O(r) over the Hilbert scheme of k points of the plane."""
    r, k = degree, points
    a, b, c = -3 * r - 18, (r + 3) ** 2 + 3, r * (r + 3) // 2 + 1
    # Lagrange inversion: z = w/u(w), so that [z^k] F(w(z)) = [w^k] F u^k (1 - w u'/u)
    size = k + 1
    factors = ([1, -1], [1, -2], [1, -6, 6])
    u = _powers(factors, (-1, -4, 3), size)
    derivative = [Fraction(i) * coefficient for i, coefficient in enumerate(u)]
    logarithmic = _times(derivative, _power(u, -1, size), size)
    last = [Fraction(int(i == 0)) - coefficient for i, coefficient in enumerate(logarithmic)]
    series = _times(_powers(factors, (a - k, b - 4 * k, 3 * k - c), size), last, size)
    assert series[k].denominator == 1
    return int(series[k])


def _powers(factors: Sequence[Sequence[int]], exponents: Sequence[int], size: int) -> list[Fraction]:
    result = [Fraction(int(i == 0)) for i in range(size)]
    for factor, exponent in zip(factors, exponents, strict=True):
        result = _times(result, _power(list(map(Fraction, factor)), exponent, size), size)
    return result


def _times(p: Sequence[Fraction], q: Sequence[Fraction], size: int) -> list[Fraction]:
    result = [Fraction(0)] * size
    for i, coefficient in enumerate(p[:size]):
        for j, other in enumerate(q[: size - i]):
            result[i + j] += coefficient * other
    return result


def _power(p: Sequence[Fraction], exponent: int, size: int) -> list[Fraction]:
    """Returns p^exponent as a power series, p(0) = 1: q = p^e satisfies p q' = e p' q."""
    result = [Fraction(1)]
    for i in range(1, size):
        terms = ((exponent * j - (i - j)) * p[j] * result[i - j] for j in range(1, min(i, len(p) - 1) + 1))
        result.append(sum(terms, Fraction(0)) / i)
    return result


THEOREM = Theorem(
    name="sums of powers of ternary forms",
    invariant="degree",
    statement=(
        "for r >= 3, r >= k - 1 and 3k < C(r+2, 2) the sums of k powers of degree r of linear forms in three variables have as "
        "degree the top Segre class of the tautological bundle of O(r) on the Hilbert scheme of k points of the plane"
    ),
    references=(
        "G. Ellingsrud, S. A. Stromme, 'Bott's formula and enumerative geometry', J. Amer. Math. Soc. 9 (1996) 175-193",
        "M. Lehn, 'Chern classes of tautological sheaves on Hilbert schemes of points', Invent. Math. 136 (1999) 157-207",
        "A. Marian, D. Oprea, R. Pandharipande, 'The combinatorics of Lehn's conjecture', J. Math. Soc. Japan 71 (2019) 299-308",
        (
            "L. Chiantini, G. Ottaviani, N. Vannieuwenhoven, 'On generic identifiability of symmetric tensors of subgeneric "
            "rank', Trans. Amer. Math. Soc. 369 (2017) 4021-4042"
        ),
    ),
    apply=_apply,
)
