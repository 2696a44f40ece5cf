"""One hidden neuron: toric varieties, among them those of Segre and Veronese."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import shifted_power
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import product, self_intersection
from neuroalg_cli.theorems._merged_layers import merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (n, 1, m) and an activation p, a power a (z + c)^r + d with r >= 2 if there are biases.

    Up to constant factors the coordinates of phi are monomials: v_i l^alpha with |alpha| in the set E of exponents of p, or,
    with biases, v_i l^alpha b^(r-|alpha|) with 1 <= |alpha| <= r, beside the m constants of the outputs, which are free.
    So P(V) is the toric variety of the points (e_i, alpha), and its degree is the volume of their convex hull, times
    (dimension)! and divided by the index of the lattice that their differences span (B. Sturmfels, 'Groebner Bases and
    Convex Polytopes' (1996), Theorem 4.16).

    *E = {r}, no biases*: P^(m-1) x P^(n-1) embedded by O(1, r): C(n+m-2, n-1) r^(n-1).
    *E with the ends s < t, no biases*: the hull is the simplex of the e_i times t Delta less s Delta, of dimension m - 1 + n;
    the lattice has the index g, the greatest common divisor of the differences of E: C(n+m-1, n) (t^n - s^n)/g.
    *Biases*: the same with s = 0 replaced by the corner cut off at alpha = 0, E = {1, ..., r}: C(n+m-1, n) (r^n - 1).
    """
    layers = merged_layers(architecture)
    if layers is None or len(layers.terms) != 1 or layers.widths[1] != 1:
        return None
    (n, _, m), terms = layers.widths, layers.terms[0]
    exponents = sorted(exponent for exponent, _ in terms)
    words = [f"{layers.words}: one hidden neuron"]
    if layers.biases:
        power = shifted_power(terms)
        if power is None or power.degree < 2:
            return None
        exponents = list(range(1, power.degree + 1))
        words.append(f"biases, activation a (z + c)^{power.degree} + d")
    else:
        words.append(f"no biases, activation with the exponents {', '.join(map(str, exponents))}")
    low, high = exponents[0], exponents[-1]
    if low == high:
        value = self_intersection([(m - 1, 1), (n - 1, high)])
    else:
        index = math.gcd(*(exponent - low for exponent in exponents))
        front, large = product([(n + m - 1, n)]), product([], powers=[(high, n)])
        value = None if front is None or large is None else front * (large - low**n) // index
    return None if value is None else Conclusion(value, tuple(words))


THEOREM = Theorem(
    name="one hidden neuron",
    invariant="degree",
    statement=(
        "for widths (n, 1, m) V is the cone over a toric variety, times C^m with biases: over P^(m-1) x P^(n-1) embedded by "
        "O(1, r) for z^r, of degree C(n+m-2, n-1) r^(n-1); of degree C(n+m-1, n) (t^n - s^n)/g for an activation with several "
        "exponents, from s to t, whose differences have the greatest common divisor g; C(n+m-1, n) (r^n - 1) for z^r and biases"
    ),
    references=(
        "B. Sturmfels, 'Groebner Bases and Convex Polytopes' (1996), Theorem 4.16",
        "proof: in neuroalg_cli/theorems/degree_of_one_neuron.py",
    ),
    apply=_apply,
)
