"""Coordinates, cones and points of varieties, against the expanded coordinates of phi."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety.model import projective_model

PRIME = 8388593


def model(architecture):
    return projective_model(PolynomialMap(architecture.network()))


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2, 3], 2),
        mlp([2, 3, 2], activation="z^2-2*z+1"),
        mlp([1, 1]),
        mlp([2, 1, 2], 3, biases=True),
        cnn([2, 2, 2], 2),
        attention([2, 2], 1, tokens=2),
        residual([2, 2], 1, 2),
        polynomial("s^2, s*t, t^2, 0", "s, t"),
        polynomial("(a+b)*x^2 - a*x^2 - b*x^2 + b*y", "a, b", "x, y"),
    ],
)
def test_coordinates_are_those_of_the_symbolic_interpreter_in_its_order(architecture):
    found = [(c.output, c.monomial) for c in model(architecture).coordinates]
    assert found == [(c.output, c.monomial) for c in coordinates(architecture.network())]


def test_names_and_the_homogenizing_variable():
    cone = model(mlp([2, 1, 1], 2))
    assert cone.is_cone
    assert cone.N == 3
    assert cone.names == ("y_1", "y_2", "y_3")
    affine = model(polynomial("t, t^2+t", "t"))  # a parabola is no cone
    assert not affine.is_cone
    assert affine.N == 3
    assert affine.names == ("y_0", "y_1", "y_2")
    points = affine.points(5, PRIME, 0, "x")
    assert points.shape == (5, 3)
    assert (points[:, 0] == 1).all()
    assert ((points[:, 1] ** 2 + points[:, 1] - points[:, 2]) % PRIME == 0).all()


def test_a_variety_that_fills_is_a_cone_although_no_grading_says_so():
    assert model(polynomial("s + t^2 + 1, t^3 + s*t + 5", "s, t")).is_cone
    assert not model(
        polynomial("s + t + 1, (s+t)^3 + 5", "s, t")
    ).is_cone  # a curve: the parameters are enough, the rank is not


def test_points_are_on_the_variety_and_begin_alike():
    determinant = model(mlp([2, 1, 2]))
    points = determinant.points(100, PRIME, 3, "x")
    assert np.array_equal(points[:7], determinant.points(7, PRIME, 3, "x"))
    assert np.array_equal(points[:65], determinant.points(65, PRIME, 3, "x"))
    a, b, c, d = points.T
    assert ((a * d - b * c) % PRIME == 0).all()
    assert len(np.unique(points, axis=0)) == 100
    assert not np.array_equal(points, determinant.points(100, PRIME, 4, "x"))
    assert not np.array_equal(points, determinant.points(100, PRIME, 3, "y"))
    assert determinant.points(0, PRIME, 0, "x").shape == (0, 4)


def divided_by_b():
    """a x_1 / b and a x_2."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, b = (builder.gather([builder.parameter(name, (1,))], [0, 0], (2,)) for name in "ab")
    inverse = builder.gather([builder.reciprocal(b), builder.polynomial(b, [(0, Fraction(1))])], [0, 2], (2,))
    return builder.finish(builder.product(builder.product(a, x), inverse))


def test_points_are_drawn_again_at_poles():
    # modulo 3 every third point is a pole
    divided = projective_model(PolynomialMap(divided_by_b()))
    assert divided.N == 2
    points = divided.points(200, 3, 0, "x")
    assert points.shape == (200, 2)
    assert np.array_equal(points[:50], divided.points(50, 3, 0, "x"))
    assert ((points[:, 0] == 0) == (points[:, 1] == 0)).all()  # a/b is zero only where a is


def test_networks_without_coordinates_are_refused():
    builder = NetworkBuilder()
    x = builder.input((2,))
    weights = builder.parameter("A", (1, 2))
    nothing = builder.finish(builder.matmul(weights, builder.polynomial(x, [])))
    with pytest.raises(SpecError, match="zero identically"):
        projective_model(PolynomialMap(nothing))
    builder = NetworkBuilder()
    quotient = builder.finish(builder.reciprocal(builder.matmul(builder.parameter("A", (1, 2)), builder.input((2,)))))
    with pytest.raises(SpecError, match="no polynomials"):
        projective_model(PolynomialMap(quotient))
    builder = NetworkBuilder()
    z = builder.parameter("z", (1,))
    difference = builder.sum(z, builder.polynomial(z, [(1, Fraction(-1))]))
    pole = builder.finish(builder.product(builder.input((1,)), builder.reciprocal(difference)))
    with pytest.raises(SpecError, match="divide"):
        projective_model(PolynomialMap(pole))


@pytest.mark.parametrize("architecture", [mlp([30, 2, 2, 2], [3, 3]), mlp([100, 100, 100], 20)])
def test_too_many_coordinates_are_refused(architecture):
    with pytest.raises(MemoryLimitError, match="at most 20000"):
        model(architecture)


def test_dense_networks_are_mixed_and_others_are_not():
    assert model(mlp([3, 2, 3], 2)).is_mixed
    assert model(mlp([2, 2, 2], 2, biases=True)).is_mixed
    assert not model(cnn([2, 2], 2)).is_mixed
    assert not model(residual([2, 2], 1, 2)).is_mixed
