"""Upper bounds are never below the dimension, which here is the rank of the expanded Jacobian modulo 2^61 - 1, and meet it."""

from __future__ import annotations

import csv
import itertools
import json
import pathlib
import random
from fractions import Fraction

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.block_dimensions import determinantal_dimension
from neuroalg_cli.bounding.bounds import upper_bound
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.verifying.bounds import bound as replayed
from neuroalg_cli.verifying.network import Network as Program

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


def bounded(architecture):
    """Returns the network and its upper bound at a random point."""
    network = architecture.network()
    point = balanced(residues(0, "w", network.parameter_count, PRIME), PRIME)
    return network, upper_bound(network, point, PRIME)


def kinds(evidence):
    """Returns the kinds of bounds in a tree."""
    parts = [evidence[side] for side in ("left", "right") if side in evidence]
    return {evidence["bound"]}.union(*map(kinds, parts))


#: widths, activation, biases; the dimension, and where it comes from
REASONS = [
    # three squares of quadratic polynomials in x, modulo constants: matrices of size 4 x 4 and rank 3, and 4 constants
    ((1, 2, 3, 4), [2, 2], True, 3 * (4 + 4 - 3) + 4, "span"),
    # three quadratic forms in two variables parametrize a conic, their squares a plane quartic with three nodes, on which the
    # forms of degree 4 have 15 - 1 dimensions; the quadratic forms modulo scalings have 9 - 3
    ((2, 3, 3, 40, 3), [2, 2, 4], False, 6 + 3 * 14, "span"),
    # four squares of linear forms in three variables satisfy an equation of degree 4 (Steiner's surface): 35 - 1 monomials
    ((3, 4, 40, 2), [2, 4], False, 12 - 4 + 2 * 34, "span"),
    # four linear forms in five of the squares of four quadratic forms in two variables: 4 of 5 dimensions of all quartic forms
    ((2, 4, 4, 5), [2, 2], False, 4 * (5 + 5 - 4), "span"),
    # Strassen: three quadratic forms in four variables, five squares: a hypersurface; so are eight squares in six variables
    ((4, 5, 3), [2], False, 3 * 10 - 1, "pfaffian"),
    ((6, 8, 3), [2], False, 3 * 21 - 1, "pfaffian"),
    # F. London 1890: two cubic forms in three variables are not five combinations of cubes, in general
    ((3, 5, 2), [3], False, 19, "curve"),
    # H. Abo, M. C. Brambilla 2009: five quadratic forms in four variables and six squares
    ((4, 6, 5), [2], False, 47, "curve"),
    # Alexander and Hirschowitz: hypersurfaces
    ((3, 5, 1), [4], False, 14, "curve"),
    ((5, 7, 1), [3], False, 34, "curve"),
    # not defective: four squares in four variables have 4(3 + 4 - 1) parameters
    ((4, 4, 3), [2], False, 4 * 6, "symmetries"),
]


@pytest.mark.parametrize(("widths", "activation", "biases", "dimension", "kind"), REASONS)
def test_bounds_with_a_reason_meet_the_rank(widths, activation, biases, dimension, kind):
    architecture = mlp(list(widths), [*activation], biases=biases)
    network, bound = bounded(architecture)
    assert bound.value == dimension
    assert kind in kinds(bound.evidence)
    assert generic_rank(PolynomialMap(network), 0).rank == dimension


def test_bounds_meet_a_sample_of_published_dimensions():
    # K. Dao and J.I. Rodriguez, arXiv:2605.09609: ranks modulo primes, so lower bounds that are right almost surely
    path = pathlib.Path(__file__).parents[1] / "literature" / "mlp_dimensions.csv"
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if line[0] != "#"))
    for row in random.Random(1).sample(rows, 150):
        _, bound = bounded(mlp(json.loads(row["widths"]), int(row["activation_degree"])))
        assert bound.value == int(row["dimension"]), row


def random_deep_architecture(seed):
    """Returns a perceptron of up to five hidden layers, of monomials or general polynomials, with biases or without."""
    source = random.Random(f"deep/{seed}")
    while True:
        hidden = source.randint(1, 5)
        widths = [source.randint(1, 5), *(source.randint(1, 7) for _ in range(hidden)), source.randint(1, 4)]
        one = source.choice(ACTIVATIONS)
        activation = [one if seed % 2 else source.choice(ACTIVATIONS) for _ in range(hidden)]
        architecture = mlp(widths, activation=activation, biases=source.random() < 0.5)
        phi = PolynomialMap(architecture.network())
        if phi.total_degree < 2000 and phi.parameter_count < 150:
            return architecture


@pytest.mark.parametrize("hundred", range(4))
def test_bounds_are_not_below_the_rank_and_the_checker_finds_them_again(hundred):
    # any rank modulo a prime is a lower bound for the dimension
    for seed in range(100 * hundred, 100 * hundred + 100):
        architecture = random_deep_architecture(seed)
        network = architecture.network()
        found = generic_rank(PolynomialMap(network), seed)
        assert found.upper.value >= found.rank, architecture.label
        program = Program(network.as_json(), found.lower_evidence)
        assert replayed(found.upper.evidence, program, program.input, program.output) == found.upper.value


@pytest.mark.parametrize("r", [2, 3])
@pytest.mark.parametrize("biases", [False, True])
def test_shallow_bounds_at_every_interface_of_a_deep_network(r, biases):
    # a bottleneck of every width: spans of curves and surfaces, with the rank as the second opinion
    for k, n in itertools.product((1, 2, 3), (3, 5)):
        network = mlp([2, n, k, n, 2], r, biases=biases).network()
        found = generic_rank(PolynomialMap(network), 0)
        assert found.is_proved, (k, n)


def test_determinantal_dimension_is_for_matrices_only():
    assert determinantal_dimension(mlp([2, 2, 2], 2).network()) is None
    assert determinantal_dimension(residual()) is None
    assert determinantal_dimension(product_layer()) is None


def test_a_number_of_coordinates_beyond_all_bounds_is_no_obstacle():
    network = mlp([40, 3, 3, 3, 3, 2], [1000, 1000, 1000, 1000]).network()
    point = balanced(residues(0, "w", network.parameter_count, PRIME), PRIME)
    assert upper_bound(network, point, PRIME).value == network.parameter_count - 4 * 3
