"""Equations of a variety: canonical minimal generators from a Gröbner basis, and what equations define.

An equation is a list of terms, a term a dictionary of its exponents and its coefficient.

To be imported after Sage itself.
"""

from sage.libs.singular.function import singular_function
from sage.rings.polynomial.polynomial_ring_constructor import PolynomialRing


def reduced_basis(ring, basis):
    """Return the reduced Gröbner basis of the ideal that polynomials generate, a list."""
    nonzero = [f for f in basis if f]
    return list(ring.ideal(nonzero).groebner_basis("libsingular:std")) if nonzero else []


def canonical_generators(ring, basis):
    """Return the elements of a homogeneous ideal's reduced Gröbner basis that are minimal generators.

    They are those whose leading monomials are not leading monomials of the ideal of the elements of lower degree.
    """
    result = []
    for degree in sorted({f.degree() for f in basis}):
        below = [f for f in basis if f.degree() < degree]
        here = [f for f in basis if f.degree() == degree]
        if below:
            known = ring.ideal(below).groebner_basis("libsingular:std")
            leading = [f.lm() for f in known]
            here = [f for f in here if not any(ring.monomial_divides(m, f.lm()) for m in leading)]
        result += here
    return result


def terms_of(f):
    """Return an equation as a list of terms, by falling monomials."""
    pairs = zip(f.exponents(), f.coefficients())  # noqa: B905  # Sage may run on an older Python
    return [{"exponents": list(exponents), "coefficient": coefficient} for exponents, coefficient in pairs]


def equations_of_image(ring, basis, is_homogenized):
    """Return canonical equations of the closure of the image, and the leading monomials of its ideal.

    basis: a Gröbner basis in the order degrevlex; is_homogenized: whether the projective closure is meant, with y_0 last in the
    order and first among exponents.
    """
    if is_homogenized:
        n = ring.ngens()
        names = [f"y_{i + 1}" for i in range(n)] + ["y_0"]
        homogeneous = PolynomialRing(ring.base_ring(), n + 1, names, order="degrevlex")
        basis = [_homogenized(f, homogeneous) for f in basis]
        ring = homogeneous
    reduced = reduced_basis(ring, basis)

    def place(exponents):
        return [exponents[-1], *exponents[:-1]] if is_homogenized else exponents

    def placed(terms):
        return [{"exponents": place(t["exponents"]), "coefficient": t["coefficient"]} for t in terms]

    return {
        "equations": [placed(terms_of(f)) for f in canonical_generators(ring, reduced)],
        "leading": [place(list(f.lm().exponents()[0])) for f in reduced],
    }


def _homogenized(f, ring):
    """Return the homogenization with the last variable of a ring that has one variable more."""
    degree = f.degree()
    return sum(
        (ring({(*e, degree - sum(e)): c}) for e, c in ((tuple(e), c) for e, c in f.dict().items())),
        ring.zero(),
    )


def completeness_of(ring, equations):
    """Return dimension and degree of what homogeneous equations define, and whether they generate a prime ideal."""
    ideal = ring.ideal(equations)
    leading = ring.ideal([f.lm() for f in ideal.groebner_basis("libsingular:std") if f])
    degree = singular_function("mult")(leading, attributes={leading: {"isSB": 1}})
    return {"dimension": ideal.dimension(), "degree": degree, "is_prime": bool(ideal.is_prime())}
