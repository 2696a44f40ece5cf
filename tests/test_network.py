"""The graph: shapes that fit or are refused, cuts, and the networks between two cuts."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder

PRIME = 4194319
SQUARE = ((2, Fraction(1)),)


def draw(label, count):
    return balanced(residues(0, label, count, PRIME), PRIME)


def residual():
    """Returns x + W_2 (W_1 x)^2, with three nodes that could be mistaken for cuts."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    first = builder.matmul(builder.parameter("W_1", (3, 2)), x)
    activated = builder.polynomial(first, SQUARE)
    second = builder.matmul(builder.parameter("W_2", (2, 3)), activated)
    return builder.finish(builder.sum(x, second))


def two_residual_blocks():
    """Returns y + V (U y)^2 for y = W x: cuts at x, at y and at the end."""
    builder = NetworkBuilder()
    x = builder.input((3,))
    y = builder.matmul(builder.parameter("W", (2, 3)), x)
    inner = builder.polynomial(builder.matmul(builder.parameter("U", (4, 2)), y), SQUARE)
    return builder.finish(builder.sum(y, builder.matmul(builder.parameter("V", (2, 4)), inner)))


def tied():
    """Returns W (W x)^2: W is used on both sides of what would be cuts."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    w = builder.parameter("W", (2, 2))
    return builder.finish(builder.matmul(w, builder.polynomial(builder.matmul(w, x), SQUARE)))


def test_sizes_and_offsets_count_every_parameter_once():
    network = mlp([3, 4, 2], 2, biases=True).network()
    assert network.parameter_count == 3 * 4 + 4 + 4 * 2 + 2
    assert (network.input_size, network.output_size) == (3, 2)
    assert list(network.offsets.values()) == [0, 12, 16, 24]
    assert [network.nodes[index].name for index in network.offsets] == ["W_1", "b_1", "W_2", "b_2"]


def test_tied_parameters_are_counted_once():
    assert tied().parameter_count == 4


def test_a_parameter_that_nothing_uses_still_counts():
    builder = NetworkBuilder()
    x = builder.input((2,))
    builder.parameter("idle", (5,))
    network = builder.finish(builder.matmul(builder.parameter("W", (1, 2)), x))
    assert network.parameter_count == 7


def test_matrix_products_that_do_not_exist_are_refused_with_both_shapes():
    builder = NetworkBuilder()
    x = builder.input((3,))
    w = builder.parameter("W", (2, 2))
    with pytest.raises(SpecError, match=r"\(2, 2\).*\(3,\)"):
        builder.matmul(w, x)
    with pytest.raises(SpecError, match=r"\(3,\).*\(2, 2\)"):
        builder.matmul(x, w)


@pytest.mark.parametrize("operation", ["sum", "product"])
def test_entrywise_operations_need_one_shape(operation):
    builder = NetworkBuilder()
    x, b = builder.input((3,)), builder.parameter("b", (2,))
    with pytest.raises(SpecError, match=r"\(3,\) and \(2,\)"):
        getattr(builder, operation)(x, b)


@pytest.mark.parametrize(("indices", "shape"), [([0, 1], (3,)), ([3], (1,)), ([-2], (1,)), ([0, 0], (1,))])
def test_gathers_out_of_range_or_of_another_size_are_refused(indices, shape):
    builder = NetworkBuilder()
    x = builder.input((3,))
    with pytest.raises(SpecError, match="gather"):
        builder.gather([x], indices, shape)


def test_two_parameters_of_one_name_are_refused():
    builder = NetworkBuilder()
    builder.parameter("W", (2, 2))
    with pytest.raises(SpecError, match="'W'"):
        builder.parameter("W", (3, 2))


def test_the_identity_activation_adds_no_node():
    builder = NetworkBuilder()
    x = builder.input((3,))
    assert builder.polynomial(x, [(1, Fraction(1))]) == x
    assert builder.polynomial(x, [(1, Fraction(1)), (3, Fraction(0))]) == x
    assert builder.polynomial(x, [(1, Fraction(2))]) != x


def test_polynomials_are_kept_by_falling_exponent_without_zeros():
    builder = NetworkBuilder()
    x = builder.input((1,))
    node = builder.polynomial(x, [(0, Fraction(1, 2)), (3, Fraction(2)), (1, Fraction(0))])
    assert builder.finish(node).nodes[node].terms == ((3, Fraction(2)), (0, Fraction(1, 2)))


def test_cuts_of_a_perceptron_are_all_nodes_on_its_only_path():
    network = mlp([2, 3, 3, 1], 2, biases=True).network()
    dependent = [index for index, value in enumerate(network.depends_on_input()) if value]
    assert list(network.cuts()) == dependent


def test_paths_around_a_node_make_it_no_cut():
    network = residual()
    assert network.cuts() == (network.input, network.output)


def test_cuts_between_residual_blocks():
    network = two_residual_blocks()
    shapes = [network.nodes[cut].operation for cut in network.cuts()]
    assert shapes == ["input", "matmul", "sum"]


def test_a_parameter_on_both_sides_forbids_the_cut():
    network = tied()
    assert network.cuts() == (network.input, network.output)


def test_a_node_of_parameters_alone_is_no_cut_and_crosses_none():
    # A B is computed before W x, and used behind it: its parameters belong behind the cut, but the node A B lies before
    builder = NetworkBuilder()
    x = builder.input((2,))
    both = builder.matmul(builder.parameter("A", (2, 1)), builder.parameter("B", (1, 2)))
    y = builder.polynomial(builder.matmul(builder.parameter("W", (2, 2)), x), SQUARE)
    network = builder.finish(builder.matmul(both, y))
    assert both not in network.cuts()
    for cut in network.cuts()[1:-1]:
        left, right = network.between(network.input, cut), network.between(cut, network.output)
        assert left.parameter_count + right.parameter_count == network.parameter_count


def test_nodes_behind_the_output_do_not_consume():
    # the output is what the network computes; whatever was built behind it is no part of the network
    builder = NetworkBuilder()
    x = builder.input((2,))
    y = builder.matmul(builder.parameter("W", (2, 2)), x)
    builder.matmul(builder.parameter("V", (1, 2)), y)
    network = builder.finish(y)
    assert network.consumers()[y] == []


@pytest.mark.parametrize(
    "network",
    [
        mlp([2, 3, 2, 2], [2, 3]).network(),
        mlp([3, 2, 1, 2], activation=["z^2+z", "1/2*z^2-1"], biases=True).network(),
        two_residual_blocks(),
        residual(),
        tied(),
    ],
    ids=["monomials", "biases", "two blocks", "residual", "tied"],
)
def test_the_networks_between_cuts_compose_to_the_whole(network):
    w = draw("w", network.parameter_count)
    x = draw("x", 4 * network.input_size).reshape(4, -1)
    whole = modular.evaluate(network, w, x, PRIME)
    cuts = network.cuts()
    named = {network.nodes[i].name: w[o : o + network.nodes[i].size] for i, o in network.offsets.items()}
    value = x
    used = 0
    for start, end in itertools.pairwise(cuts):
        block = network.between(start, end)
        own = [named[block.nodes[index].name] for index in block.offsets]
        used += block.parameter_count
        value = modular.evaluate(block, np.concatenate([*own, np.zeros(0)]), value, PRIME)
    assert used == network.parameter_count
    assert np.array_equal(value, whole)


def test_the_json_form_is_plain_and_exact():
    network = mlp([2, 2, 1], activation="1/3*z^2-z").network()
    plain = json.loads(json.dumps(network.as_json()))
    assert plain["output"] == network.output
    assert [node["operation"] for node in plain["nodes"]] == [node.operation for node in network.nodes]
    polynomial = next(node for node in plain["nodes"] if node["operation"] == "polynomial")
    assert polynomial["terms"] == [[2, "1/3"], [1, "-1"]]
    assert all("operands" not in node for node in plain["nodes"] if node["operation"] in ("input", "parameter"))


def test_the_json_form_of_a_gather_holds_its_indices():
    builder = NetworkBuilder()
    x = builder.input((2,))
    network = builder.finish(builder.gather([x], [1, -1, 1], (3,)))
    assert network.as_json()["nodes"][-1] == {
        "operation": "gather",
        "shape": [3],
        "operands": [0],
        "indices": [1, -1, 1],
    }
