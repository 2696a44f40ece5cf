"""Normal forms: they keep the function, forget the description, and tell different networks apart."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.building.layers import convolution
from neuroalg_cli.interpreters.floating import evaluate
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.recognizing.canonical_graph import normal_form, tidied
from neuroalg_cli.recognizing.entrywise_polynomials import compose, merged
from neuroalg_cli.recognizing.importing import recognized


def random_network(seed):
    """Returns a random polynomial network of matrices, with gathers, transpositions, shared weights and masks."""
    generator = random.Random(seed)
    builder = NetworkBuilder()
    nodes = [builder.input(generator.choice([(3,), (2, 3), (3, 2), (1, 4)]))]
    for step in range(generator.randint(3, 9)):
        node = generator.choice(nodes[-3:])
        shape = builder.shape(node)
        match generator.randint(0, 7):
            case 0 | 1:
                weight = builder.parameter(f"W_{step}", (generator.randint(1, 3), shape[0]))
                nodes.append(builder.matmul(weight, node))
            case 2:
                nodes.append(builder.polynomial(node, [(2, Fraction(1)), (1, Fraction(generator.randint(-1, 1), 2))]))
            case 3:
                nodes.append(builder.transpose(node) if len(shape) == 2 else builder.reshape(node, (1, *shape)))
            case 4:
                size = int(np.prod(shape))
                picks = [generator.randint(-1, size - 1) for _ in range(generator.randint(1, 6))]
                nodes.append(builder.gather([node], picks, (len(picks),)))
            case 5:
                others = [other for other in nodes if builder.shape(other) == shape]
                nodes.append(builder.sum(node, generator.choice(others), builder.parameter(f"b_{step}", shape)))
            case 6:
                others = [other for other in nodes if builder.shape(other) == shape]
                nodes.append(builder.product(node, generator.choice(others)))
            case _:
                if len(shape) == 2:
                    nodes.append(builder.matmul(node, builder.transpose(node)))
    return builder.finish(nodes[-1])


def is_usable(network):
    return network.depends_on_input()[network.output]


SEEDS = [seed for seed in range(150) if is_usable(random_network(seed))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_normal_form_has_the_values_of_its_network_and_is_its_own_normal_form(seed):
    network = random_network(seed)
    generator = np.random.default_rng(seed)
    w, x = generator.uniform(-1, 1, network.parameter_count), generator.uniform(-1, 1, (2, network.input_size))
    expected = evaluate(network, w, x)
    form = normal_form(network)
    found = evaluate(form.network, w[list(form.parameters)], x[:, list(form.inputs)])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert len(set(form.parameters)) == len(form.parameters) == form.network.parameter_count
    assert normal_form(form.network).network == form.network
    free = normal_form(network, for_comparison=True)
    values = evaluate(free.network, w[list(free.parameters)], x[:, list(free.inputs)])
    np.testing.assert_allclose(np.sort(values), np.sort(expected), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS[:40])
def test_tidying_and_merging_keep_the_values(seed):
    network = random_network(seed)
    generator = np.random.default_rng(seed)
    w, x = generator.uniform(-1, 1, network.parameter_count), generator.uniform(-1, 1, (2, network.input_size))
    np.testing.assert_allclose(evaluate(merged(network), w, x), evaluate(network, w, x), rtol=1e-9, atol=1e-12)
    assert tidied(network).output_size == network.output_size


def test_composition_of_polynomials():
    # (z^2 + 1)^2 + 3 (z^2 + 1) = z^4 + 5 z^2 + 4
    assert compose(((2, Fraction(1)), (1, Fraction(3))), ((2, Fraction(1)), (0, Fraction(1)))) == (
        (4, Fraction(1)),
        (2, Fraction(5)),
        (0, Fraction(4)),
    )


def network_of(build):
    builder = NetworkBuilder()
    return builder.finish(build(builder))


def columns(b):
    x = b.input((3, 4))
    return b.matmul(b.parameter("V", (2, 5)), b.polynomial(b.matmul(b.parameter("W", (5, 3)), x), [(2, Fraction(1))]))


def rows(b):
    x = b.input((4, 3))
    w, v = b.parameter("W", (3, 5)), b.parameter("V", (2, 5))
    h = b.matmul(x, w)
    return b.matmul(b.product(h, h), b.transpose(v))


def flat_rows(b):
    x = b.reshape(b.input((12,)), (4, 3))
    h = b.transpose(b.matmul(b.transpose(b.parameter("W", (3, 5))), b.transpose(x)))
    square = b.polynomial(b.reshape(h, (20,)), [(2, Fraction(1))])
    return b.reshape(b.matmul(b.reshape(square, (4, 5)), b.parameter("V", (5, 2))), (8,))


def unlike_rows(b):
    x = b.input((4, 3))
    h = b.matmul(x, b.parameter("W", (3, 5)))
    return b.matmul(b.polynomial(h, [(3, Fraction(1))]), b.parameter("V", (5, 2)))


def forms(network):
    return [normal_form(network, for_comparison=True, transposed=turned).network for turned in (False, True)]


def test_rows_columns_and_flat_tensors_have_one_form():
    first = normal_form(network_of(columns), for_comparison=True).network
    assert first in forms(network_of(rows))
    assert first in forms(network_of(flat_rows))
    assert first not in forms(network_of(unlike_rows))


def attention(order, *, turned=False):
    """V X X^T K^T Q X in several orders of multiplication."""

    def build(b):
        x = b.input((4, 3) if turned else (3, 4))
        x = b.transpose(x) if turned else x
        q, k, v = (b.parameter(name, (2, 3)) for name in "QKV")
        values, keys, queries = b.matmul(v, x), b.transpose(b.matmul(k, x)), b.matmul(q, x)
        if order == "scores":
            return b.matmul(values, b.matmul(keys, queries))
        if order == "state":
            return b.matmul(b.matmul(values, keys), queries)
        form = b.matmul(b.matmul(b.transpose(k), q), x)
        return b.matmul(values, b.matmul(b.transpose(x), form))

    return network_of(build)


def test_the_order_of_multiplication_does_not_matter_for_comparison():
    first = normal_form(attention("scores"), for_comparison=True).network
    for order in ("scores", "state", "form"):
        for turned in (False, True):
            assert first in forms(attention(order, turned=turned))


def test_tied_weights_are_told_apart_from_untied_ones():
    def deep(is_tied):
        def build(b):
            x = b.input((3,))
            w = b.parameter("W", (3, 3))
            h = b.polynomial(b.matmul(w, x), [(2, Fraction(1))])
            return b.matmul(w if is_tied else b.parameter("V", (3, 3)), h)

        return network_of(build)

    assert normal_form(deep(is_tied=True)).network != normal_form(deep(is_tied=False)).network
    assert recognized(deep(is_tied=True))[0].family == "graph"
    assert recognized(deep(is_tied=False))[0] == na.mlp([3, 3, 3], 2)


def test_a_matrix_and_its_transpose_are_told_apart():
    def gram(turns):
        def build(b):
            x, w = b.input((3,)), b.parameter("W", (3, 3))
            h = b.polynomial(b.matmul(w, x), [(2, Fraction(1))])
            return b.matmul(b.transpose(w) if turns else w, h)

        return network_of(build)

    assert normal_form(gram(turns=True)).network != normal_form(gram(turns=False)).network


def test_unused_and_equal_nodes_are_gone():
    def build(b):
        x, w = b.input((2,)), b.parameter("W", (2, 2))
        b.parameter("unused", (7,))
        b.polynomial(x, [(5, Fraction(1))])
        return b.sum(b.matmul(w, x), b.matmul(w, x), b.parameter("b", (2,)))

    form = normal_form(network_of(build))
    operations = [node.operation for node in form.network.nodes]
    assert operations.count("matmul") == 1
    assert operations.count("parameter") == 2
    assert form.network.parameter_count == 6


ARCHITECTURES = [
    na.mlp([3, 2, 3]),
    na.mlp([1, 1, 1], 2),
    na.mlp([2, 1, 3], 3, biases=True),
    na.mlp([3, 1], biases=True),
    na.mlp([2, 3, 2, 1], [2, 3]),
    na.mlp([2, 3, 2, 1], activation=["z^2+1/2", "z^3-z"], biases=True),
    na.cnn(["3", "2"], activation_degree=2),
    na.cnn(["2x2", "2x1"], channels=[2, 3, 2], stride=["2", "1"], input="4x4", activation_degree=2, biases=True),
    na.cnn(["3", "3"], channels=[1, 2, 1], padding="circular", input="5", activation_degree=2),
    na.cnn(["2", "2"], channels=[2, 2, 2], padding="zero", input="5", head=[3, 2], activation_degree=3),
    na.attention([3, 3], 2, tokens=4),
    na.attention([2, 3], 2, tokens=3, heads=2),
    na.attention([3, 2, 4], [2, 1], tokens=3),
    na.attention([3, 3, 3], 2, tokens=2, residual=True),
    na.attention([3, 3], 2, tokens=3, causal=True),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.label)
def test_the_graph_of_an_architecture_is_recognized_with_its_weights(architecture):
    found, order = recognized(architecture.network())
    assert found == architecture
    network = architecture.network()
    generator = np.random.default_rng(3)
    w, x = generator.uniform(-1, 1, network.parameter_count), generator.uniform(-1, 1, (2, network.input_size))
    np.testing.assert_allclose(evaluate(network, w[list(order)], x), evaluate(network, w, x), rtol=1e-9)


def test_very_deep_networks_have_normal_forms():
    architecture = na.mlp([2] * 900, [1, 2] * 449)
    assert recognized(architecture.network())[0] == architecture


def test_convolutions_over_padded_tensors_are_convolutions_with_padding():
    def padded(b):
        x = b.input((1, 4))
        wide = b.gather([x], [-1, 0, 1, 2, 3, -1], (1, 6))
        return convolution(b, b.parameter("W", (1, 3)), wide, (6,), (3,))[0]

    def built_in(b):
        return convolution(b, b.parameter("W", (1, 3)), b.input((1, 4)), (4,), (3,), padding=[(1, 1)])[0]

    assert normal_form(network_of(padded)).network == normal_form(network_of(built_in)).network
