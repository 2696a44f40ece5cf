"""A network inside another: the values of the composition, for every rational operation of the graph."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.building.splicing import splice
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters import floating
from neuroalg_cli.network import NetworkBuilder


def every_rational_operation():
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    w = builder.parameter("w", (2, 2))
    unused = builder.parameter("unused", (1,))
    y = builder.matmul(w, builder.transpose(x))
    z = builder.sum(builder.product(y, y), builder.reciprocal(w))
    del unused
    return builder.finish(builder.polynomial(z, [(2, Fraction(1, 2)), (0, Fraction(3))]))


def test_a_copy_behind_a_copy_is_the_composition():
    inner = every_rational_operation()
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    network = builder.finish(splice(builder, inner, splice(builder, inner, x, "first_"), "second_"))
    source = np.random.default_rng(4)
    w, values = source.uniform(1, 2, 10), source.uniform(-1, 1, (3, 4))
    between = floating.evaluate(inner, w[:5], values)
    assert floating.evaluate(network, w, values) == pytest.approx(floating.evaluate(inner, w[5:], between))
    names = [network.nodes[index].name for index in network.offsets]
    assert names == ["first_w", "first_unused", "second_w", "second_unused"]


def test_functions_keep_their_names():
    inner = NetworkBuilder()
    network = inner.finish(inner.function("tanh", inner.input((3,))))
    builder = NetworkBuilder()
    copy = builder.finish(splice(builder, network, builder.input((3,)), ""))
    assert copy.nodes[copy.output] == network.nodes[network.output]


def test_shapes_and_names_must_fit():
    builder = NetworkBuilder()
    x = builder.input((4,))
    with pytest.raises(SpecError, match=r"shape \(2, 2\) cannot stand behind the shape \(4,\)"):
        splice(builder, every_rational_operation(), x, "")
    matrix = builder.reshape(x, (2, 2))
    splice(builder, every_rational_operation(), matrix, "a_")
    with pytest.raises(SpecError, match="two parameter tensors are called 'a_w'"):
        splice(builder, every_rational_operation(), matrix, "a_")


def test_a_network_of_its_input_alone_is_the_node_itself():
    alone = NetworkBuilder()
    network = alone.finish(alone.input((3,)))
    builder = NetworkBuilder()
    x = builder.input((3,))
    assert splice(builder, network, x, "") == x
