"""Sizes, degrees and heights of phi from the graph alone, against the expanded polynomials."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.counting_coordinates import may_cancel
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap

ARCHITECTURES = [
    mlp([3, 2]),
    mlp([2, 3, 2]),
    mlp([1, 1, 1], 2),
    mlp([3, 2, 1], 2),
    mlp([2, 2, 2, 2], [2, 3]),
    mlp([2, 2, 2], 3, biases=True),
    mlp([1, 2, 1], activation="1/2*z^3-2/3*z+1"),
    mlp([2, 1, 1, 2], activation=["z+2*z^2-2*z^3", "z^2"]),
    mlp([2, 1, 1, 1], activation=["z-1/2*z^2", "z^2+z^3"]),
    mlp([2, 2, 1], activation="z^2-2*z+1"),
    mlp([2, 2, 1], activation="z^2-2*z+1", biases=True),
    mlp([2, 2, 1, 1], activation=["z^2-1", "z^2-1"]),
    mlp([2, 2, 1, 1], activation=["z^2+1", "1/3*z^2-z"]),
]
by_label = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.label)


def phi_of(architecture):
    return PolynomialMap(architecture.network())


@by_label
def test_the_ambient_space_has_the_coordinates_that_are_not_zero(architecture):
    assert phi_of(architecture).ambient_dimension == len(coordinates(architecture.network()))


@by_label
def test_the_bound_from_the_graph_is_not_below(architecture):
    phi = phi_of(architecture)
    assert phi.coordinate_bound >= phi.ambient_dimension
    if not may_cancel(phi.network):
        assert phi.coordinate_bound == phi.ambient_dimension


@by_label
def test_total_degree_is_that_of_the_expansion(architecture):
    found = {
        sum(exponents) + sum(coordinate.monomial)
        for coordinate in coordinates(architecture.network())
        for exponents in coordinate.polynomial
    }
    assert phi_of(architecture).total_degree == max(found)


@by_label
def test_height_bounds_the_coefficients_with_denominators_cleared(architecture):
    by_output = {}
    for coordinate in coordinates(architecture.network()):
        by_output.setdefault(coordinate.output, []).extend(coordinate.polynomial.values())
    for coefficients in by_output.values():
        denominator = math.lcm(*(c.denominator for c in coefficients))
        total = sum(abs(int(c * denominator)) for c in coefficients)
        assert math.log2(total) <= phi_of(architecture).height_bits + 1e-9


@by_label
def test_primes_that_divide_no_activation_divide_no_coefficient(architecture):
    phi = phi_of(architecture)
    radical = math.prod(p for p in range(2, 100) if phi.activation_numbers % p == 0)
    for coordinate in coordinates(architecture.network()):
        for coefficient in coordinate.polynomial.values():
            assert pow(radical, 200, coefficient.denominator) == 0


def test_ambient_dimension_of_the_literature():
    # Kileel, Trager, Bruna, arXiv:1905.12207: n_L C(n_0 + r^(L-1) - 1, r^(L-1))
    for widths, r in (((3, 2, 3), 1), ((3, 2, 1), 2), ((2, 5, 6, 4), 3), ((4, 1, 1, 1, 2), 2)):
        degree = r ** (len(widths) - 2)
        expected = widths[-1] * math.comb(widths[0] + degree - 1, degree)
        assert phi_of(mlp(widths, r)).ambient_dimension == expected


def test_with_biases_all_degrees_up_to_the_highest_occur():
    # polynomials of degree at most 4 in 3 variables: C(7, 4)
    assert phi_of(mlp([3, 2, 2, 2], 2, biases=True)).ambient_dimension == 2 * math.comb(7, 4)


def test_a_degree_that_cancels_is_no_coordinate():
    # (z + 2 z^2 - 2 z^3)^2 = z^2 + 4 z^3 + 0 z^4 - 8 z^5 + 4 z^6, and a layer of one neuron mixes nothing
    phi = phi_of(mlp([2, 1, 1, 1], activation=["z+2*z^2-2*z^3", "z^2"]))
    assert phi.coordinate_bound == 3 + 4 + 5 + 6 + 7
    assert phi.ambient_dimension == 3 + 4 + 6 + 7


@pytest.mark.parametrize(
    "text", ["2305843009213693951*z^2-z", "1/2305843009213693951*z^2-z", "2305843009213693951*z^2-z^3"]
)
def test_coefficients_that_vanish_modulo_a_well_known_prime_do_not_vanish(text):
    phi = phi_of(mlp([2, 2, 1], activation=text))
    assert phi.ambient_dimension == phi.coordinate_bound


def test_a_number_of_coordinates_beyond_all_bounds_is_refused():
    with pytest.raises(SpecError, match="coordinates"):
        _ = phi_of(mlp([10**6, *[10] * 20, 1], 1000)).ambient_dimension


def test_coefficients_of_both_signs_and_a_huge_degree_are_refused():
    with pytest.raises(SpecError, match="degree"):
        _ = phi_of(mlp([2, 2, 2, 2], activation=["z^1000-z^999", "z^1000"])).ambient_dimension


def test_coefficients_of_both_signs_and_a_huge_network_are_refused_at_once():
    with pytest.raises(MemoryLimitError, match="both signs"):
        _ = phi_of(mlp([10**6, 10**6, 1], activation="z^2-z")).ambient_dimension


def test_a_graph_that_cancels_in_a_sum_is_seen_on_the_line():
    builder = NetworkBuilder()
    x = builder.input((2,))
    y = builder.matmul(builder.parameter("W", (2, 2)), x)
    minus = builder.polynomial(y, [(1, Fraction(-1)), (2, Fraction(1))])
    network = builder.finish(builder.sum(y, minus))
    phi = PolynomialMap(network)
    assert phi.ambient_dimension == 2 * 3 == len(coordinates(network))
    assert phi.coordinate_bound == 2 * (2 + 3)
