"""Lower bounds for the degree of an irreducible variety from values of its Hilbert function.

X is an irreducible projective variety of dimension d and degree D over an algebraically closed field of characteristic 0, H its
Hilbert function, and k = d + 1 the Krull dimension of the cone over it.

*Hilbert function.*  For d >= 1 and e >= 1

    H(e) <= D C(e + d - 1, d) + C(e + d - 1, d - 1).                                                                    (1)

Proof.  H(e) <= h^0(O_X(e)).  A general hyperplane section Y is irreducible and reduced if d >= 2 (Bertini), and 0 -> O_X(e-1)
-> O_X(e) -> O_Y(e) -> 0 gives h^0(O_X(e)) <= h^0(O_X(e-1)) + h^0(O_Y(e)), with h^0(O_X) = 1.  On an irreducible curve a line
bundle of degree a >= 0 has at most a + 1 independent sections, since a section that vanishes at a + 1 general points is zero;
so h^0(O_X(e)) <= e D + 1 for d = 1, and summing up over e and then over d gives (1).  QED.  Varieties of minimal degree reach
(1); e = 1 is the bound D >= codimension in the linear span + 1 (D. Eisenbud, J. Harris 1987).  For varieties that are reducible
and equidimensional there is H(e) <= D C(e + d, d) (M. Chardin 1989).

*No equations.*  If X is no linear space and no form of degree e vanishes on it within its span, then D > e: the cone over X
with a general vertex of the right dimension is a hypersurface of degree at most D.

Both bounds hold as well with a larger d, and with numbers below H: a rank modulo a prime, at points of X modulo this prime, of
the monomials of degree e is such a number.  So the bounds found are certain if the bound of the dimension is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCES = (
    "D. Eisenbud, J. Harris, On varieties of minimal degree, Proc. Symp. Pure Math. 46 (1987)",
    "M. Chardin, Une majoration de la fonction de Hilbert, Bull. SMF 117 (1989)",
)


@dataclass(frozen=True, slots=True)
class DegreeBound:
    """A number that the degree is not below, and why."""

    value: int
    statement: str


def lower_bound(hilbert: Sequence[int], dimension: int) -> DegreeBound:
    """Returns the best lower bound for the degree of an irreducible variety that is not empty, or of the origin.

    ``hilbert``: numbers that are not above H(0), H(1), ..., H(E); E = 0 says nothing.  ``dimension``: a number not below the
    Krull dimension of the cone over the variety, 0 for the origin alone.
    """
    best = DegreeBound(1, "a variety has degree 1 at least")
    if dimension <= 1:
        return best
    d = dimension - 1
    for e, value in enumerate(hilbert):
        if e == 0:
            continue
        excess = value - math.comb(e + d - 1, d - 1)
        bound = -(-excess // math.comb(e + d - 1, d))
        if bound > best.value:
            reason = (
                f"V spans {value} dimensions"
                if e == 1
                else f"forms of degree {e} restrict to a space of dimension {value} at least"
            )
            best = DegreeBound(
                bound, f"{reason}, too large for an irreducible cone of dimension {dimension} and a smaller degree"
            )
        if hilbert[1] > dimension and value == math.comb(hilbert[1] - 1 + e, e) and e + 1 > best.value:
            best = DegreeBound(
                e + 1, f"no equation of degree {e} vanishes on V within its span, and V does not fill its span"
            )
    return best
