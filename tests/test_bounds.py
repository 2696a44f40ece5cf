"""Upper bounds are never below the dimension, which here is the rank of the expanded Jacobian modulo 2^61 - 1."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounds import determinantal_dimension, upper_bound
from neuroalg_cli.generic_rank import generic_rank
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.random_points import balanced, residues

PRIME = 8388593
LARGE_PRIME = 2**61 - 1
SQUARE = ((2, Fraction(1)),)
ACTIVATIONS = ["z", "z^2", "z^3", "z^2+z", "2*z^2-1", "(z+1)^2", "z^3-z", "1/3*z^2+1/5", "2*z+1", "z^3+3*z^2+3*z"]


def expanded_rank(network):
    """Returns the rank of d phi at a random point modulo 2^61 - 1, from the expanded coordinates."""
    source = random.Random(4)
    count = network.parameter_count
    w = [source.randrange(1, LARGE_PRIME) for _ in range(count)]
    inverse = [pow(value, -1, LARGE_PRIME) for value in w]
    rows = []
    for coordinate in coordinates(network):
        row = [0] * count
        for exponents, coefficient in coordinate.polynomial.items():
            value = coefficient.numerator * pow(coefficient.denominator, -1, LARGE_PRIME)
            for base, exponent in zip(w, exponents, strict=True):
                value = value * pow(base, exponent, LARGE_PRIME) % LARGE_PRIME
            for j, exponent in enumerate(exponents):
                if exponent:
                    row[j] = (row[j] + exponent * value * inverse[j]) % LARGE_PRIME
        rows.append(row)
    return nmod_mat(rows, LARGE_PRIME).rank() if rows and count else 0


def random_architecture(seed):
    """Returns a perceptron that is small enough to be expanded, of all kinds of activations."""
    source = random.Random(seed)
    while True:
        hidden = source.randint(0, 3)
        widths = [source.randint(1, 3), *(source.randint(1, 4) for _ in range(hidden)), source.randint(1, 3)]
        activation = [source.choice(ACTIVATIONS) for _ in range(hidden)]
        architecture = mlp(widths, activation=activation or None, biases=source.random() < 0.4)
        phi = PolynomialMap(architecture.network())
        if phi.degrees.highest <= 6 and phi.ambient_dimension <= 90 and phi.total_degree <= 14:
            return architecture


def residual():
    builder = NetworkBuilder()
    x = builder.input((2,))
    y = builder.matmul(builder.parameter("W", (3, 2)), x)
    hidden = builder.polynomial(builder.matmul(builder.parameter("U", (2, 3)), y), SQUARE)
    y = builder.sum(y, builder.matmul(builder.parameter("V", (3, 2)), hidden))
    hidden = builder.polynomial(y, SQUARE)
    return builder.finish(builder.matmul(builder.parameter("R", (1, 3)), hidden))


def tied():
    builder = NetworkBuilder()
    x = builder.input((2,))
    w = builder.parameter("W", (2, 2))
    y = builder.matmul(w, builder.polynomial(builder.matmul(w, x), SQUARE))
    return builder.finish(builder.matmul(builder.parameter("V", (1, 2)), builder.polynomial(y, SQUARE)))


def product_layer():
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, b = (builder.matmul(builder.parameter(name, (3, 2)), x) for name in "AB")
    return builder.finish(builder.matmul(builder.parameter("C", (2, 3)), builder.product(a, b)))


def convolution():
    builder = NetworkBuilder()
    x = builder.input((4,))
    first = builder.gather([builder.parameter("k", (2,))], [0, 1, -1, -1, -1, 0, 1, -1, -1, -1, 0, 1], (3, 4))
    hidden = builder.polynomial(builder.matmul(first, x), SQUARE)
    second = builder.gather([builder.parameter("m", (3,))], [0, 1, 2], (1, 3))
    return builder.finish(builder.matmul(second, hidden))


def dead_layer():
    """A block whose value is zero before the interface: no scaling of it does anything."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    zero = builder.gather([x], [-1, -1], (2,))
    hidden = builder.polynomial(builder.matmul(builder.parameter("U", (2, 2)), zero), SQUARE)
    y = builder.sum(builder.matmul(builder.parameter("V", (2, 2)), hidden), builder.parameter("b", (2,)))
    hidden = builder.polynomial(y, SQUARE)
    return builder.finish(builder.matmul(builder.parameter("R", (2, 2)), hidden))


ARCHITECTURES = {
    f"{seed}: {random_architecture(seed).label}": random_architecture(seed).network() for seed in range(150)
}
BY_HAND = {
    "residual": residual(),
    "tied": tied(),
    "product": product_layer(),
    "convolution": convolution(),
    "dead": dead_layer(),
    "bottlenecks": mlp([2, 3, 1, 2, 1, 2], [2, 1, 2, 1]).network(),
    "ones": mlp([1, 1, 1, 1], 2, biases=True).network(),
    "quadratic form at the end": mlp([2, 3, 3, 1], [1, 2]).network(),
    "two quadratic forms": mlp([2, 3, 2, 1], [2, 2]).network(),
}
NETWORKS = ARCHITECTURES | BY_HAND
by_name = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


@by_name
def test_bounds_are_not_below_the_rank_of_the_expansion(network):
    dimension = expanded_rank(network)
    for number in range(2):
        point = balanced(residues(number, "w", network.parameter_count, PRIME), PRIME)
        bound = upper_bound(network, point, PRIME)
        assert bound.value >= dimension
        assert bound.evidence["value"] == bound.value


@by_name
def test_the_rank_from_evaluations_is_that_of_the_expansion(network):
    found = generic_rank(PolynomialMap(network), 0)
    assert found.rank == expanded_rank(network)
    assert found.upper.value >= found.rank


@pytest.mark.parametrize("label", [name for name in ARCHITECTURES if "-r1" in name])
def test_linear_networks_are_proved(label):
    assert generic_rank(PolynomialMap(NETWORKS[label]), 0).is_proved


def test_most_random_networks_are_proved():
    # no theorem, but the purpose of the bounds; the threshold leaves room for other choices of bounds
    proved = [generic_rank(PolynomialMap(network), 0).is_proved for network in ARCHITECTURES.values()]
    assert sum(proved) >= 0.8 * len(proved)


@pytest.mark.parametrize("widths", list(itertools.product((1, 2, 3), repeat=3)))
def test_determinantal_dimension_counts_matrices_of_bounded_rank(widths):
    m, k, n = widths
    k = min(widths)
    assert determinantal_dimension(mlp(list(widths)).network()) == k * (m + n - k)
    assert determinantal_dimension(mlp(list(widths), biases=True).network()) == k * (m + n - k) + n


def test_determinantal_dimension_is_for_matrices_only():
    assert determinantal_dimension(mlp([2, 2, 2], 2).network()) is None
    assert determinantal_dimension(residual()) is None
    assert determinantal_dimension(product_layer()) is None


def test_a_number_of_coordinates_beyond_all_bounds_is_no_obstacle():
    network = mlp([40, 3, 3, 3, 3, 2], [1000, 1000, 1000, 1000]).network()
    point = balanced(residues(0, "w", network.parameter_count, PRIME), PRIME)
    assert upper_bound(network, point, PRIME).value == network.parameter_count - 4 * 3
