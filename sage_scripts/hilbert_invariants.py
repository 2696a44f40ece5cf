"""Hilbert series, Hilbert polynomial and Betti table of a homogeneous ideal, by Singular.

R = k[y_1, ..., y_N] with all variables of degree 1, I a homogeneous ideal.  The Hilbert series of R/I is K(t)/(1-t)^N.  The Betti
number (i, d) is the number of generators of degree d of the i-th module of a minimal free resolution of R/I; the largest d - i
is the Castelnuovo-Mumford regularity of R/I (D. Eisenbud, The Geometry of Syzygies, chapters 1 and 4).

What may go wrong: nothing but time and memory.  The resolution may take far longer than the series; it is given up after so many
seconds, and its table is empty then.  Singular is of no use after that.

To be imported after Sage itself.
"""

from cysignals.alarm import AlarmInterrupt, alarm, cancel_alarm
from sage.libs.singular.function import singular_function
from sage.rings.polynomial.polynomial_ring_constructor import PolynomialRing


def projective_closure(ring, basis):
    """Return the ideal of the projective closure, in the variables of the ring and y_0, which comes last in the order.

    basis: a Gröbner basis in an order by degree (D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, section 8.4).
    """
    names = [*ring.variable_names(), "y_0"]
    closure = PolynomialRing(ring.base_ring(), len(names), names, order="degrevlex")
    return closure.ideal([closure(f).homogenize("y_0") for f in basis])


def coefficient_pairs(polynomial):
    """Return the coefficients of a polynomial in one variable as pairs of exponent and coefficient."""
    return [[e, c] for e, c in enumerate(polynomial.list()) if c]


def betti_numbers(ideal, seconds):
    """Return triples (i, d, number), or nothing if the time was not enough."""
    if ideal.is_zero():
        return [[0, 0, 1]]
    try:
        alarm(seconds)
        table = singular_function("betti")(singular_function("res")(ideal, 0))
        cancel_alarm()
    except AlarmInterrupt:
        return []
    # The entry at row r and column i counts the generators of degree r + i of the i-th module.
    return [[i, r + i, table[r, i]] for i in range(table.ncols()) for r in range(table.nrows()) if table[r, i]]


def hilbert_invariants(ideal, seconds):
    """Return numerator K and polynomial as pairs, dimension, degree, and Betti numbers as triples."""
    ring = ideal.ring()
    basis = [f for f in ideal.groebner_basis("libsingular:std") if f]
    leading = ring.ideal([f.lm() for f in basis])
    return {
        "numerator": coefficient_pairs(leading.hilbert_numerator(algorithm="sage")),
        "polynomial": coefficient_pairs(leading.hilbert_polynomial(algorithm="sage")),
        "dimension": leading.dimension(),
        "degree": singular_function("mult")(leading, attributes={leading: {"isSB": 1}}),
        "betti": betti_numbers(ideal, seconds),
    }
