"""The number of solutions of a system of equations, from a Gröbner basis by Singular.

The monomials that no leading monomial of a Gröbner basis divides are a basis of the coordinate ring of the solutions (D. Cox,
J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, section 5.3): they are counted, over the algebraic closure and with
multiplicity.

Hypotheses: the equations have coefficients in a prime field of at most 31 bits, which is what Singular computes with.
What may go wrong: nothing but time and memory.

To be imported after Sage itself.
"""

from sage.libs.singular.function import singular_function


def count_solutions(ring, equations):
    """Return the number of solutions, None for infinitely many; equations: a list of polynomials in the ring, or numbers."""
    basis = ring.ideal([ring(f) for f in equations]).groebner_basis("libsingular:slimgb")
    leading = ring.ideal([f.lm() for f in basis if f])
    if leading.is_one():
        return 0
    count = int(singular_function("vdim")(leading, attributes={leading: {"isSB": 1}}))
    return None if count < 0 else count
