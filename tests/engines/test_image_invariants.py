"""Elimination on the engines: varieties with published dimension and degree, and degenerate maps."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest

from neuroalg_cli.execution import execute
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits


def image(installation, phi, parameters, characteristic=0):
    """Returns (dimension, codimension, degree) of the closure of the image of phi."""
    script = render(
        f"{installation.engine}/dimension-groebner",
        coordinates=phi,
        parameters=parameters,
        characteristic=characteristic,
    )
    values = execute(script, installation, Limits(wall_seconds=120)).values
    return values["dimension"], values["codimension"], values["degree"]


def monomials(*exponents: tuple[int, ...]) -> list[dict]:
    return [{e: Fraction(1)} for e in exponents]


def veronese(n: int, d: int) -> list[dict]:
    """Returns all monomials of degree d in n variables."""
    return monomials(*[e for e in itertools.product(range(d + 1), repeat=n) if sum(e) == d])


def matrices(m: int, k: int, n: int) -> tuple[list[dict], int]:
    """Returns the entries of a product of an m x k and a k x n matrix, and the number of parameters."""
    parameters = k * (m + n)

    def monomial(i: int, inner: int, j: int) -> tuple[int, ...]:
        exponents = [0] * parameters
        exponents[i * k + inner] += 1
        exponents[m * k + inner * n + j] += 1
        return tuple(exponents)

    return [{monomial(i, inner, j): Fraction(1) for inner in range(k)} for i in range(m) for j in range(n)], parameters


@pytest.mark.parametrize("characteristic", [0, 32003])
def test_rational_normal_curves_and_the_veronese_surface(each_installation, characteristic):
    # cones over Veronese varieties: dimension n, degree d^(n-1) (Harris, Algebraic Geometry, Example 18.13)
    for n, d in ((2, 3), (2, 4), (3, 2)):
        phi = veronese(n, d)
        assert image(each_installation, phi, n, characteristic) == (n, len(phi) - n, d ** (n - 1))


def test_determinantal_varieties(each_installation):
    # codimension (m-k)(n-k) (Harris, Proposition 12.2); degree: the product of C(m+i, k)/C(k+i, k) (Harris, Example 19.10)
    for m, k, n in ((2, 1, 3), (3, 2, 3), (3, 1, 3)):
        phi, parameters = matrices(m, k, n)
        codimension = (m - k) * (n - k)
        degree = math.prod(Fraction(math.comb(m + i, k), math.comb(k + i, k)) for i in range(n - k))
        assert image(each_installation, phi, parameters) == (m * n - codimension, codimension, degree)


def test_maps_that_are_homogeneous_for_other_weights_only(each_installation):
    # the cuspidal cubic y^2 = x^3, and the surface y^2 = x^2 z of degree three, t -> (s, s*t, t^2)
    assert image(each_installation, monomials((2,), (3,)), 1) == (1, 1, 3)
    assert image(each_installation, monomials((1, 0), (1, 1), (0, 2)), 2) == (2, 1, 3)


def test_maps_that_are_homogeneous_for_no_weights(each_installation):
    # the nodal cubic y^2 = x^2 (x + 1): t -> (t^2 - 1, t^3 - t); the parabola (t, t^2 + t); a point
    nodal = [{(2,): Fraction(1), (0,): Fraction(-1)}, {(3,): Fraction(1), (1,): Fraction(-1)}]
    assert image(each_installation, nodal, 1) == (1, 1, 3)
    parabola = [{(1,): Fraction(1)}, {(2,): Fraction(1), (1,): Fraction(1)}]
    assert image(each_installation, parabola, 1) == (1, 1, 2)
    assert image(each_installation, [{(0,): Fraction(5)}, {(0,): Fraction(-1, 2)}], 1) == (0, 2, 1)


def test_degenerate_maps(each_installation):
    one, two = Fraction(1), Fraction(2)
    # one coordinate; no relations; repeated and proportional coordinates; a constant; a parameter that does not occur
    assert image(each_installation, [{(2,): Fraction(1, 3)}], 1) == (1, 0, 1)
    assert image(each_installation, [{(1, 0): one}, {(0, 1): one, (1, 0): two}], 2) == (2, 0, 1)
    assert image(each_installation, [{(1, 1): one}, {(1, 1): one}, {(1, 1): two}], 2) == (1, 2, 1)
    assert image(each_installation, [{(1,): one}, {(0,): two}], 1) == (1, 1, 1)
    assert image(each_installation, [{(0, 3, 0): one}], 3) == (1, 0, 1)


def test_a_polynomial_network_with_biases_and_rational_coefficients(each_installation):
    # x -> v (w x + b)^2 / 2 + c: coefficients v w^2 / 2, v w b, v b^2 / 2 + c are independent, so the image is dense
    b = NetworkBuilder()
    inner = b.sum(b.matmul(b.parameter("w", (1, 1)), b.input((1,))), b.parameter("b", (1,)))
    outer = b.matmul(b.parameter("v", (1, 1)), b.polynomial(inner, [(2, Fraction(1, 2))]))
    network = b.finish(b.sum(outer, b.parameter("c", (1,))))
    phi = [coordinate.polynomial for coordinate in coordinates(network)]
    assert image(each_installation, phi, 4) == (3, 0, 1)
    assert image(each_installation, phi, 4, 32003) == (3, 0, 1)


def test_a_small_prime_changes_the_answer(each_installation):
    # modulo 2 the coordinate 2*s*t of (s + t)^2 vanishes, and with it a dimension is lost: the prime reaches the engine
    phi = [{(2, 0): Fraction(1)}, {(1, 1): Fraction(2)}]
    assert image(each_installation, phi, 2) == (2, 0, 1)
    assert image(each_installation, phi, 2, 2) == (1, 1, 1)


def test_a_zero_among_the_coordinates_is_a_coordinate(each_installation):
    assert image(each_installation, [{(1,): Fraction(1)}, {}], 1) == (1, 1, 1)


def test_a_network_without_parameters_is_a_point(each_installation):
    # one point of the plane: dimension 0, degree 1
    phi = [{(): Fraction(1)}, {(): Fraction(3)}]
    assert image(each_installation, phi, 0) == (0, 2, 1)
