"""The number of coordinates against the symbolic interpreter, which expands everything; supports; budgets; division."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.counting_coordinates import count, is_certain, may_cancel, mixes, supports, widest_supports
from neuroalg_cli.degrees import degree_sets
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap


def random_network(seed: int) -> Network:
    """Returns a graph of a few operations that share parameters, mask entries and cancel."""
    source = random.Random(seed)
    b = NetworkBuilder()
    nodes = [b.input(source.choice([(2,), (3,), (2, 2)]))]
    nodes.append(b.gather([0], [source.randrange(-1, math.prod(b.shape(0))) for _ in range(2)], (2,)))
    nodes += [b.parameter("u", (2,)), b.parameter("M", (2, 2))]
    for step in range(source.randint(2, 6)):
        before = list(b._nodes)
        vectors = [node for node in nodes if b.shape(node) == (2,)]
        one, other = source.choice(vectors), source.choice(vectors)
        match source.choice(["matmul", "shared", "sum", "difference", "product", "polynomial", "gather"]):
            case "matmul":
                node = b.matmul(b.parameter(f"w_{step}", (2, 2)), one)
            case "shared":
                node = b.matmul(3 if len(b.shape(3)) == 2 else b.parameter(f"w_{step}", (2, 2)), one)
            case "sum":
                node = b.sum(one, other)
            case "difference":
                node = b.sum(one, b.polynomial(other, [(1, Fraction(-1))]))
            case "product":
                node = b.product(one, other)
            case "polynomial":
                terms = [
                    (source.randint(0, 3), Fraction(source.choice([-1, 1, 2]), source.choice([1, 3]))) for _ in range(2)
                ]
                node = b.polynomial(one, dict(terms).items())
            case "gather":
                node = b.gather([one, other], [source.randrange(-1, 4) for _ in range(2)], (2,))
        if PolynomialMap(b.finish(node)).total_degree > 7:
            b._nodes[:] = before
        else:
            nodes.append(node)
    return b.finish(len(b._nodes) - 1)


RANDOM = [random_network(seed) for seed in range(150)]


@pytest.mark.parametrize("network", RANDOM, ids=map(str, range(len(RANDOM))))
def test_the_count_is_that_of_the_expansion(network):
    assert count(network) == len(coordinates(network))


def test_the_random_graphs_are_of_all_kinds():
    counts = [count(network) for network in RANDOM]
    assert 0 in counts
    assert max(counts) > 10
    # cancellation and masks make the bound from degrees strict for many
    strict = [
        network
        for network, found in zip(RANDOM, counts, strict=True)
        if found < PolynomialMap(network).coordinate_bound
    ]
    assert len(strict) > 30


MIXING = [
    mlp([3, 2, 2], 2),
    mlp([2, 2, 2, 1], [2, 3]),
    mlp([2, 2, 1], activation="z^2-z"),
    mlp([2, 2, 2, 1], activation=["z^2-1", "z^2+2*z"]),
    mlp([2, 3, 2], activation="z^3-2*z+1", biases=True),
    mlp([2, 1, 1, 2], activation=["z^2+z", "z^2-z"]),
    mlp([1, 1, 1, 1], activation=["z^2+1", "z^2-2*z+1"]),
]


@pytest.mark.parametrize("architecture", MIXING, ids=lambda architecture: architecture.label)
def test_networks_that_mix_are_counted_by_degree(architecture):
    network = architecture.network()
    assert mixes(network)
    assert count(network) == len(coordinates(network))
    assert is_certain(network) is not may_cancel(network)


def test_degrees_that_cancel_are_seen():
    # (z^2+1)^2 - 2 (z^2+1) + 1 = z^4: the degrees 0 and 2 of the graph do not occur
    network = mlp([2, 1, 1, 1], activation=["z^2+1", "z^2-2*z+1"]).network()
    assert set(degree_sets(network)[network.output]) == {0, 2, 4}
    assert count(network) == len(coordinates(network)) == 1 + 3 + 5  # the weight between them keeps all three
    b = NetworkBuilder()
    x = b.input((2,))
    inner = b.polynomial(b.matmul(b.parameter("W", (2, 2)), x), [(2, Fraction(1)), (0, Fraction(1))])
    outer = b.polynomial(inner, [(2, Fraction(1)), (1, Fraction(-2)), (0, Fraction(1))])
    network = b.finish(b.matmul(b.parameter("V", (1, 2)), outer))
    assert count(network) == len(coordinates(network)) == 5


def graph(*, is_shared=False, is_output_private=True, reads_twice=False):
    """Returns x -> V (W x)^2 with a matrix used twice, an output that is no private product, or two readers of x."""
    b = NetworkBuilder()
    x = b.input((2,))
    w = b.parameter("W", (2, 2))
    hidden = b.polynomial(b.matmul(w, x), [(2, Fraction(1))])
    if reads_twice:
        hidden = b.sum(hidden, x)
    output = b.matmul(w if is_shared else b.parameter("V", (2, 2)), hidden)
    return b.finish(output if is_output_private else b.polynomial(output, [(1, Fraction(3))]))


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, True), ({"is_shared": True}, False), ({"is_output_private": False}, False), ({"reads_twice": True}, False)],
)
def test_what_mixes(options, expected):
    network = graph(**options)
    assert mixes(network) is expected
    assert count(network) == len(coordinates(network))


def test_networks_that_ignore_their_input_or_have_none():
    for outputs, expected in (("5, 0, 1/2", 2), ("a, b, a*b, 0", 3), ("a - a", 0)):
        network = polynomial(outputs, "a, b").network()
        assert count(network) == len(coordinates(network)) == expected


@pytest.mark.parametrize("network", RANDOM[:60], ids=map(str, range(60)))
def test_supports_hold_what_entries_depend_on(network):
    found = supports(network)
    for index, node in enumerate(network.nodes):
        assert len(found[index]) == node.size
        for coordinate in coordinates(Network(network.nodes, index)):
            occurring = sum(1 << i for i, exponent in enumerate(coordinate.monomial) if exponent)
            assert occurring & ~found[index][coordinate.output] == 0
    assert widest_supports(network) == [max(mask.bit_count() for mask in masks) for masks in found]


def test_supports_of_products_of_matrices():
    b = NetworkBuilder()
    x = b.input((2, 3))
    left = b.gather([x], [0, -1, -1, 4], (2, 2))
    product = b.matmul(left, x)
    columns = b.matmul(b.parameter("W", (2, 2)), x)
    network = b.finish(b.matmul(columns, b.gather([x], [0, 1, 2], (3,))))
    found = supports(network)
    # row i of the product depends on the entry x_11 or x_22 and on a whole column: the zero in between is not seen
    assert found[product] == [0b001001, 0b010011, 0b100101, 0b011001, 0b010010, 0b110100]
    assert found[columns] == [0b001001, 0b010010, 0b100100] * 2
    assert found[network.output] == [0b111111] * 2


def test_beyond_the_budget_nothing_is_counted():
    variables = ", ".join(f"x{i}" for i in range(30))
    total = "+".join(f"x{i}" for i in range(30))
    network = polynomial("h^9*a", "a", variables, lets=f"h = {total}").network()
    assert count(network) is None  # C(38, 9) terms
    assert count(polynomial("h^2*a", "a", variables, lets=f"h = {total}").network()) == math.comb(31, 2)
    assert count(polynomial("a*x[600]", "a", "x[600]").network()) is None


def test_large_networks_that_mix_are_counted_all_the_same():
    assert count(mlp([100, 50, 10], 5).network()) == 10 * math.comb(104, 5)
    with pytest.raises(SpecError, match="at most 5000 is supported"):
        count(mlp([2, 2, 2, 1], activation=["z^100-z", "z^100"]).network())
    with pytest.raises(MemoryLimitError, match="coordinates could cancel"):
        count(mlp([4000, 4000, 1], activation="z^2-z").network())


def reciprocal_of_parameters(*, mixes_inputs: bool, is_zero: bool = False) -> Network:
    """Returns x -> V ((W x)^2 / b), or with (x_1^2, x_2^2) / (b_1 - c, b_2 - c)."""
    b = NetworkBuilder()
    x = b.input((2,))
    bias = b.parameter("b", (2,))
    divisor = b.sum(bias, b.polynomial(bias, [(1, Fraction(-1))])) if is_zero else bias
    value = b.matmul(b.parameter("W", (2, 2)), x) if mixes_inputs else x
    quotient = b.product(b.polynomial(value, [(2, Fraction(1))]), b.reciprocal(divisor))
    if mixes_inputs:
        quotient = b.matmul(b.parameter("V", (3, 2)), quotient)
    return b.finish(quotient)


def test_division_by_parameters_alone():
    # three quadratic forms in two variables; x_1^2 / b_1 and x_2^2 / b_2
    assert mixes(reciprocal_of_parameters(mixes_inputs=True))
    assert count(reciprocal_of_parameters(mixes_inputs=True)) == 9
    assert count(reciprocal_of_parameters(mixes_inputs=False)) == 2


def test_division_by_parameters_with_cancellation():
    # (W x)^2 / b - (W x): degrees 1 and 2, on a line; 1/(1/a) - a = 0 is nothing
    b = NetworkBuilder()
    x = b.input((2,))
    hidden = b.matmul(b.parameter("W", (2, 2)), x)
    quotient = b.product(b.polynomial(hidden, [(2, Fraction(1))]), b.reciprocal(b.parameter("b", (2,))))
    difference = b.sum(quotient, b.polynomial(hidden, [(1, Fraction(-1))]))
    assert count(b.finish(b.matmul(b.parameter("V", (1, 2)), difference))) == 2 + 3
    b = NetworkBuilder()
    x = b.input((1,))
    a = b.parameter("a", (1,))
    again = b.reciprocal(b.reciprocal(a))
    assert count(b.finish(b.product(x, b.sum(again, b.polynomial(a, [(1, Fraction(-1))]))))) == 0
    assert count(b.finish(b.product(x, b.sum(again, a)))) == 1


@pytest.mark.parametrize("mixes_inputs", [False, True])
def test_division_by_what_is_zero_identically_is_refused(mixes_inputs):
    network = reciprocal_of_parameters(mixes_inputs=mixes_inputs, is_zero=True)
    with pytest.raises(SpecError, match="zero identically"):
        count(network)


def test_networks_that_divide_by_their_input_have_no_coordinates():
    b = NetworkBuilder()
    x = b.input((1,))
    assert count(b.finish(b.product(b.parameter("a", (1,)), b.reciprocal(x)))) is None


def test_the_count_does_not_depend_on_the_run():
    networks = [graph(is_shared=True), reciprocal_of_parameters(mixes_inputs=False)]
    assert [count(network) for network in networks] == [count(network) for network in networks]


@pytest.mark.parametrize(
    ("architecture", "is_said"),
    [
        (na.mlp([3, 2, 3], 2), False),
        (na.mlp([2, 2, 2], activation="z^2-z"), True),
        (na.cnn([2, 2], 2), True),
        (na.rational([2, 2, 1], "1/z"), False),
    ],
    ids=["counted by degrees", "coefficients of both signs", "shared weights", "no coordinates"],
)
def test_a_report_says_where_coordinates_were_counted_at_random_points(architecture, is_said):
    conventions = na.ask(architecture).parametrization.conventions
    assert any("counted at random points" in sentence for sentence in conventions) == is_said
