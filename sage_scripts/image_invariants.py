"""Dimension and degree of the closure of the image of a polynomial map, by elimination in Singular.

For phi: k^P -> k^n given by polynomials in a ring W = k[w_1, ..., w_P], the ideal of the closure V of the image is the kernel
of k[y_1, ..., y_n] -> W, y_i -> phi_i: the ideal (y_i - phi_i) of the graph with w eliminated (D. Cox, J. Little, D. O'Shea,
Ideals, Varieties, and Algorithms, section 3.3).  The leading monomials of its Gröbner basis in a degree order have the
dimension and the degree of V: of V as an affine variety, and so of its projective closure.

Hypotheses: k is QQ or a prime field; over a finite field V is the closure over the algebraic closure.
What may go wrong: nothing but time and memory.  If there are positive weights of w for which every phi_i is homogeneous, y_i
gets the weight of phi_i and Singular proceeds degree by degree; without them it can take for ever.

To be imported after Sage itself.
"""

from sage.libs.singular.function import singular_function
from sage.rings.polynomial.polynomial_ring_constructor import PolynomialRing
from sage.rings.polynomial.term_order import TermOrder


def positive_weights(ring, phi):
    """Return positive weights of the variables for which all polynomials are homogeneous of positive degree, or None."""
    if any(f.is_constant() for f in phi):
        return None
    if all(f.is_homogeneous() for f in phi):
        return [1] * ring.ngens()
    weights = [int(weight) for weight in singular_function("qhweight")(ring.ideal(phi))]
    return weights if all(weight > 0 for weight in weights) else None


def image_basis(ring, phi):
    """Return k[y_1, ..., y_n] in the order degrevlex and a Gröbner basis of the ideal of the closure of the image.

    phi: a list of polynomials in W, or numbers.
    """
    phi = [ring(f) for f in phi]
    field, parameters, n = ring.base_ring(), ring.ngens(), len(phi)
    weights = positive_weights(ring, phi)
    names = [f"w_{i + 1}" for i in range(parameters)] + [f"y_{i + 1}" for i in range(n)]
    if weights is None:
        order = TermOrder("degrevlex")
    else:
        degrees = [sum(weight * e for weight, e in zip(weights, f.exponents()[0])) for f in phi]  # noqa: B905
        order = TermOrder("wdegrevlex", [int(degree) for degree in [*weights, *degrees]])
    graph_ring = PolynomialRing(field, len(names), names, order=order)
    w, y = graph_ring.gens()[:parameters], graph_ring.gens()[parameters:]
    in_graph_ring = ring.hom(w, graph_ring)
    relations = graph_ring.ideal([y[i] - in_graph_ring(f) for i, f in enumerate(phi)]).elimination_ideal(w)
    # a number before the names: a list of one name would make a ring of another kind
    image_ring = PolynomialRing(field, n, names[parameters:], order="degrevlex")
    project = graph_ring.hom([0] * parameters + list(image_ring.gens()), image_ring)
    basis = image_ring.ideal([project(f) for f in relations.gens()]).groebner_basis("libsingular:std")
    return image_ring, [f for f in basis if f]


def image_invariants(ring, phi):
    """Return dimension, codimension and degree of the closure of the image; phi: a list of polynomials in W, or numbers."""
    image_ring, basis = image_basis(ring, phi)
    leading = image_ring.ideal([f.lm() for f in basis])
    dimension = leading.dimension()
    degree = singular_function("mult")(leading, attributes={leading: {"isSB": 1}})
    return {"dimension": dimension, "codimension": len(phi) - dimension, "degree": degree}
