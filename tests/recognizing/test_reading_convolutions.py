"""Convolutional networks read off their graphs, whatever their parameters are called, and graphs that are none."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from neuroalg_cli.architectures.cnn import ConvolutionalNetwork, cnn
from neuroalg_cli.architectures.mlp import MultilayerPerceptron, mlp
from neuroalg_cli.building.layers import convolution
from neuroalg_cli.network import Network, NetworkBuilder, Node


def random_architecture(seed):
    source = random.Random(seed)
    axes = source.choice([1, 1, 2])
    layers = source.randint(1, 3)
    padding = source.choice(["none", "none", "zero", "circular"])
    largest = 2 if axes == 2 else 3

    def sizes(top):
        return [tuple(source.randint(1, top) for _ in range(axes)) for _ in range(layers)]

    filters, stride, dilation = sizes(largest), sizes(2), sizes(source.choice([1, 2]))
    size = None if padding == "none" else tuple(source.randint(2, 4) for _ in range(axes))
    head = [source.randint(1, 2) for _ in range(source.choice([0, 0, 1, 2]))]
    hidden = layers - 1 + len(head)
    return cnn(
        filters,
        channels=[source.randint(1, 2) for _ in range(layers + 1)],
        stride=stride,
        dilation=dilation,
        padding=padding,
        input=size,
        head=head,
        activation=[source.choice(["z", "z^2", "z^3", "z^2-1/3*z", "(z+1)^2"]) for _ in range(hidden)] or None,
        biases=source.random() < 0.3,
    )


SEVERAL = [
    cnn([5], padding="circular", input=3),
    cnn([5, 2], 2, padding="zero", input=2, channels=[1, 2, 1]),
    cnn([3, 2], 2, padding="circular", input=4, stride=2),
    *map(random_architecture, range(100, 200)),
]


@pytest.mark.parametrize("architecture", SEVERAL, ids=lambda architecture: architecture.label)
def test_the_graph_is_recognized_whatever_its_parameters_are_called(architecture):
    found = ConvolutionalNetwork.recognize(renamed(architecture.network()))
    assert found is not None
    assert renamed(found.network()) == renamed(architecture.network())


def test_what_the_graph_shows_is_recognized_as_it_was_described():
    for architecture in (
        cnn(
            ["3x3", "3x3"],
            2,
            channels=[3, 4, 2],
            padding="zero",
            input="8x6",
            stride=["2x2", "1x1"],
            head=[5, 2],
            biases=True,
        ),
        cnn([3, 3, 2], [2, 3], padding="circular", input=9, dilation=[2, 1, 1]),
        cnn(["3x2", "2x2"], 3, channels=[1, 2, 2], input="9x7", stride=["2x1", "1x2"]),
        cnn([2, 3], activation=["z^2-1/2"], channels=[2, 2, 1]),
    ):
        assert ConvolutionalNetwork.recognize(architecture.network()) == architecture


def renamed(network):
    nodes = [
        Node(n.operation, n.operands, n.shape, f"p{i}" if n.operation == "parameter" else n.name, n.terms, n.indices)
        for i, n in enumerate(network.nodes)
    ]
    return Network(tuple(nodes), network.output)


def other_graphs():
    yield mlp([3, 2, 1], 2).network()
    for changes in ({"groups": 2}, {"padding": [(1, 0)]}, {"padding": [(2, 2)]}):
        builder = NetworkBuilder()
        x = builder.input((2, 4))
        weight = builder.parameter("W", (2, 3 if "groups" in changes else 6))
        node, _ = convolution(builder, weight, x, (4,), (3,), **changes)
        yield builder.finish(node)
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    weight = builder.parameter("W", (2, 2))
    yield builder.finish(builder.matmul(weight, builder.matmul(weight, x)))
    yield builder.finish(builder.sum(builder.matmul(weight, x), x))
    yield builder.finish(x)
    yield builder.finish(builder.polynomial(builder.matmul(weight, x), [(2, Fraction(1))]))


@pytest.mark.parametrize("network", list(other_graphs()), ids=range(8))
def test_other_graphs_are_not_recognized(network):
    assert ConvolutionalNetwork.recognize(network) is None


@pytest.mark.parametrize(
    "architecture", [mlp([3, 2, 1], 2), mlp([3, 2]), mlp([1, 1, 1], activation="z^2-z", biases=True)]
)
def test_perceptrons_are_recognized_and_convolutions_are_no_perceptrons(architecture):
    assert MultilayerPerceptron.recognize(renamed(architecture.network())) == architecture
    assert MultilayerPerceptron.recognize(cnn([3, 2], 2).network()) is None
