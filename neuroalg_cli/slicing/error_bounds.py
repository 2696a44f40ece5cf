"""How likely a count on one slice is wrong, for a fixed prime: bad random constants lie on hypersurfaces of bounded degree.

Let k be the algebraic closure of GF(p), S = A^m a slice with phi|S dominant onto the closure V_p of phi(W) over k, F the degree
of S -> V_p.

**Points of linear spaces.**  Let g be the m equations of a system without their constants, D_1, ..., D_m their degrees in w,
and a, c the random coefficients and constants.  The generic fibre of G: (w, a) -> (g(w), a), a map between affine spaces of
the same dimension, has N points with multiplicity, and N = F e(q) by the definition of the multidegree
(`neuroalg_cli.slicing.blocks`).

*Claim.*  The fibre of G over (c, a) has N points, with multiplicity, unless (c, a) lies on a hypersurface of degree at most
B = sum over i of the product of all D_j, j != i.

*Proof.*  Let u be a generic linear form of w and P(T) its equation over k[c, a], with the leading coefficient P_0(c, a).
Where P_0 is not zero u is integral, and so is w, as u is generic (valuative criterion: where w goes to infinity, so does u).
There G is finite, and flat as a map between regular schemes of the same dimension, so that the fibre has N points.  The degree
of P_0 is at most that of P in (c, a) for generic T: the number of points with u(w) = T over a generic line (c, a) = (c', a') +
t (c'', a''). These are m equations of bidegree (D_i, 1) in (w, t) and one of bidegree (1, 0); they have at most as many
isolated solutions as h^m t has in h (D_1 h + t) ... (D_m h + t), which is B.  QED.  (For fixed a this hypersurface is that of
Z. Jelonek, 1993.)

*One-sided.*  A finite fibre never has more than N points, with multiplicity: at an isolated point the m equations are a regular
sequence, so that G is flat there, and the degree of a flat quasi-finite map to a normal base cannot rise under specialization.
For the same reason, with the prime as one more parameter, N modulo p is at most N over the rational numbers: solutions lift.

*Base loci.*  The constants are random and not zero, so that points w with phi(w) = 0 on a block, where every homogeneous
equation would hold, are not counted.

**Points of a fibre.**  Let w_0 be random, D the largest degree of a coordinate on S, L: V_p -> A^m a linear projection with
generic coefficients: it is finite, and separable since d phi has rank m.  If L(phi(w_0)) avoids the hypersurface of the claim
for g = L phi, of degree at most m D^(m-1), then S -> V_p is finite near phi(w_0).  If it avoids the discriminant of L as well,
of degree at most deg V_p (deg V_p - 1), then V_p is smooth there and S -> V_p flat, so that the fibre has F points, with
multiplicity.  As polynomials in w_0 both have D times these degrees.

**Patterns.**  Which multidegrees are not zero is read off ranks of d phi at one random point; each is too small only where a
minor vanishes, whose degree is at most m times that of phi.

By Schwartz and Zippel a random point lies on a hypersurface of degree B with probability at most B / (p - 1).  V_p has the
degree of V for all but finitely many p; nothing is known about these, and claims say so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.slicing.plan import SlicePlan


def miss_probability(plan: SlicePlan, points: int) -> float:
    """Returns a bound for the probability that a count of points on linear spaces or that of the fibre is wrong; it may exceed 1.

    ``points``: F deg V_p, the sum of all counts.  If a count is wrong so may be this number, but then the first part of the
    bound has covered it.
    """
    fibre, *spaces = plan.systems
    m, degree = fibre.unknowns, max(fibre.degrees)
    bad = plan.rank_degree + sum(bad_degree(system.degrees) for system in spaces)
    bad += degree * (m * int(degree ** (m - 1)) + points * (points - 1))
    return bad / (plan.prime - 1)


def bad_degree(degrees: Sequence[int]) -> int:
    """Returns the sum over i of the product of all degrees but the i-th."""
    whole = math.prod(degrees)
    return sum(whole // degree for degree in degrees)
