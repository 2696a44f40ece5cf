"""Cones by a grading, against Euler's criterion: V is a cone if and only if a general point of V lies in its tangent space."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.gnn import gnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.interpreters import modular
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.symmetry.homogeneity import is_cone

PRIME = 8388593


def lies_in_its_tangent_space(network):
    """Returns whether phi(w) is in the image of d phi_w at a random w, by ranks of evaluations at many inputs."""
    source = random.Random(5)
    inputs = network.parameter_count + 8
    w = np.array([source.randrange(1, PRIME) for _ in range(network.parameter_count)], dtype=float) - PRIME // 2
    x = np.array([source.randrange(1, PRIME) for _ in range(inputs * network.input_size)], dtype=float) - PRIME // 2
    x = x.reshape(inputs, network.input_size)
    jacobian = modular.jacobian(network, w, x, PRIME)
    values = modular.evaluate(network, w, x, PRIME).reshape(-1, 1)
    with_values = np.hstack([jacobian, values])
    ranks = [
        nmod_mat(*matrix.shape, [int(entry) for entry in matrix.reshape(-1) % PRIME], PRIME).rank()
        for matrix in (jacobian, with_values)
    ]
    return ranks[0] == ranks[1]


CONES = [
    mlp([3, 2]),
    mlp([3, 2, 3]),
    mlp([2, 2, 2], 3, biases=True),
    mlp([2, 3, 2, 1], activation="z^3-2*z+1", biases=True),
    mlp([1, 1, 1], 2),
    gnn("path:3", [2, 2, 1], 2, self_weights=True, biases=True),
    gnn("cycle:3", [1, 2, 2], activation="z^2+z", pooling="sum", output_width=2),
    residual([2, 2], 1, 2, input_width=2),  # weights 1 for W_in, -1 for U_1, 1 for V_1
    residual([2, 2, 2], 2, 3, output_width=1),
    residual([2, 2], 2, activation="z^2+z", input_width=3),
    residual([2, 2], 2, activation="z^2+z", input_width=2, output_width=1, biases=True),
    residual([2, 3], 2, 2, projection=True),
    residual(block=residual([2, 2], 1, 2), output_width=2),
]
NO_CONES = [
    residual([2, 2], 1, 2),
    residual([2, 2], 2, 2),
    residual([3, 3], 1),
    residual([2, 2, 2], 1, 3, biases=True),
    residual([2, 2], 1, 2, biases=True),
    residual(block=gnn("path:2", [2, 2], self_weights=False)),
]


def by_label(architectures):
    return pytest.mark.parametrize("architecture", architectures, ids=lambda architecture: architecture.label)


@by_label(CONES)
def test_what_is_called_a_cone_contains_its_points_in_their_tangent_spaces(architecture):
    assert is_cone(architecture.network())
    assert lies_in_its_tangent_space(architecture.network())


@by_label(NO_CONES)
def test_what_is_no_cone_is_not_called_one(architecture):
    assert not lies_in_its_tangent_space(architecture.network())
    assert not is_cone(architecture.network())


def built(make, *, parameters=("u", "v")):
    builder = NetworkBuilder()
    x = builder.input((2,))
    return builder.finish(make(builder, x, *(builder.parameter(name, (2,)) for name in parameters)))


def square(builder, node):
    return builder.polynomial(node, [(2, Fraction(1))])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda _b, _x, u, _v: u, True),
        (lambda _b, x, _u, _v: x, False),  # the identity alone
        (lambda b, x, u, v: b.sum(b.product(u, x), b.product(square(b, v), x)), True),  # weights 1 and 1/2
        (lambda b, x, u, v: b.sum(b.product(b.product(u, v), x), u, v), False),  # u + v = u = v = 1
        (lambda b, x, u, v: b.product(b.reciprocal(u), b.product(x, v)), True),
        (lambda b, x, u, _v: b.product(b.product(u, b.reciprocal(u)), x), False),  # always x
        (lambda b, x, u, _v: b.polynomial(b.product(u, x), [(0, Fraction(3))]), False),  # the constant 3
        (lambda b, x, u, _v: b.polynomial(b.product(u, x), []), True),  # zero
        (lambda b, x, u, _v: b.gather([b.product(u, x), x], [0, 1, -1], (3,)), True),  # x is not picked
        (lambda b, x, u, _v: b.gather([b.product(u, x), x], [0, 1, 2], (3,)), False),
        (lambda b, x, u, _v: b.gather([x, u], [-1, -1], (2,)), True),
        (lambda b, x, u, v: b.sum(b.product(u, x), b.function("tanh", b.product(v, x))), False),
        (lambda b, x, u, v: b.product(u, b.function("tanh", b.product(v, x))), True),
        (lambda b, x, u, _v: b.sum(b.product(u, x), b.product(b.gather([u], [-1, -1], (2,)), x)), True),
    ],
)
def test_single_operations_by_hand(make, expected):
    assert is_cone(built(make)) == expected


def test_what_the_output_does_not_use_does_not_matter():
    builder = NetworkBuilder()
    x = builder.input((2,))
    u = builder.parameter("u", (2,))
    builder.sum(x, u)  # a node of no weight
    assert is_cone(builder.finish(builder.product(u, x)))


def test_deep_networks_with_enormous_degrees():
    assert is_cone(mlp([2] * 600, 1000, biases=True).network())


def test_reports_say_what_is_known():
    import neuroalg_cli as na

    assert na.dimension(residual([2, 2], 1, 2)).value["projective_dimension"] is None
    assert na.dimension(residual([2, 2], 1, 2, output_width=1)).value["projective_dimension"] is not None
    filling = na.dimension(residual([2, 2], 2)).value  # all 2 x 2 matrices, a linear space
    assert (filling["dimension"], filling["filling"], filling["projective_dimension"]) == (4, True, 3)
    assert na.dimension(mlp([2, 2, 1], 2, biases=True)).value["projective_dimension"] == 5
