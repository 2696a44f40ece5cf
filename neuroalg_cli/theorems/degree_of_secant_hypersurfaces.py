"""Two layers, one output: catalecticant hypersurfaces and single secant varieties of Veronese varieties whose degree is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import MAXIMAL_DIGITS
from neuroalg_cli.theorems._merged_layers import merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

#: (n, r, k): degree, in whose words
_KNOWN = {
    (3, 3, 3): (4, "the invariant of Aronhold of plane cubics"),
    (5, 3, 7): (15, "the invariant of Ottaviani of cubics in five variables"),
    (4, 3, 4): (105, "the fourth secant variety of the Veronese threefold of cubics, of codimension 4"),
}
_EXCEPTIONS = frozenset({(3, 4, 5), (4, 4, 9), (5, 4, 14)})


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (n, k, 1), activation c z^r, no biases, where V is one of the varieties of the statement.

    *Catalecticants.*  r = 2s and k + 1 = C(n-1+s, s), the number of monomials of degree s.  The square matrix of the
    coefficients y_(alpha+beta), without multinomial factors, |alpha| = |beta| = s, has rank 1 at a power of a linear form,
    and at most k on V.  It is 1-generic: a^T M b has the coefficients of the product of two forms a and b.  So its
    determinant, of degree k + 1, is irreducible (Eisenbud, Theorem 1), and is the equation of V if V is a hypersurface.  By
    the theorem of Alexander and Hirschowitz this is so for r = 2, for n = 2, and for the exceptions (n, r, k) = (3,4,5),
    (4,4,9), (5,4,14).
    """
    layers = merged_layers(architecture)
    if layers is None or layers.biases or layers.degrees is None or len(layers.terms) != 1 or layers.widths[2] != 1:
        return None
    (n, k, _), r = layers.widths, layers.degrees[0]
    begin = f"{layers.words}, activation c z^{r}, no biases"
    if (n, r, k) in _KNOWN:
        value, words = _KNOWN[n, r, k]
        return Conclusion(value, (begin, words))
    is_hypersurface = n == 2 or r == 2 or (n, r, k) in _EXCEPTIONS  # r = 2s, k + 1 = C(n-1+s, s): see above
    if n < 2 or r % 2 or not is_hypersurface or k + 1 != math.comb(n - 1 + r // 2, r // 2):
        return None
    if k >= 10**MAXIMAL_DIGITS:
        return None
    return Conclusion(k + 1, (begin, f"V is a hypersurface: the catalecticant determinant of {k + 1} rows"))


THEOREM = Theorem(
    name="secant varieties of Veronese varieties of known degree",
    invariant="degree",
    statement=(
        "the catalecticant determinants of n variables and degree r = 2s, of size C(n-1+s, s), are irreducible, and V is their "
        "hypersurface for k = C(n-1+s, s) - 1 and r = 2, n = 2 or (n, r, k) = (3,4,5), (4,4,9), (5,4,14); the degree is 4 for "
        "(n, r, k) = (3,3,3), 15 for (5,3,7), 105 for (4,3,4)"
    ),
    references=(
        "D. Eisenbud, 'Linear sections of determinantal varieties', Amer. J. Math. 110 (1988) 541-575, Theorem 1",
        "J. Alexander, A. Hirschowitz, 'Polynomial interpolation in several variables', J. Algebraic Geom. 4 (1995) 201-222",
        "S. Aronhold, 'Theorie der homogenen Functionen dritten Grades', J. reine angew. Math. 55 (1858) 97-191",
        "G. Ottaviani, 'An invariant regarding Waring's problem for cubic polynomials', Nagoya Math. J. 193 (2009) 95-110",
        "'On the prime ideals of higher secant varieties of Veronese embeddings of small degrees', arXiv:2410.00652",
    ),
    apply=_apply,
)
