"""Balls contain what the standard library and expanded polynomials say; certified ranks are no more than exact ones."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.interpreters import balls, floating
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import FUNCTIONS, Network, NetworkBuilder


def through(name: str) -> Network:
    """w s(v x) for numbers v and w."""
    builder = NetworkBuilder()
    x = builder.input((1,))
    inner = builder.function(name, builder.product(builder.parameter("v", (1,)), x))
    return builder.finish(builder.product(builder.parameter("w", (1,)), inner))


#: function and derivative, from the standard library
REFERENCE = {
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda z: 1 / z),
    "sqrt": (math.sqrt, lambda z: 0.5 / math.sqrt(z)),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "erf": (math.erf, lambda z: 2 / math.sqrt(math.pi) * math.exp(-z * z)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_and_its_derivative(name: str) -> None:
    v, w, x = Fraction(3, 4), Fraction(-5, 2), Fraction(7, 8)
    with balls.precision(128):
        found = balls.jacobian(through(name), [v, w], [x])
    value, slope = REFERENCE[name]
    z = float(v * x)
    assert float(found[0, 0].mid()) == pytest.approx(float(w * x) * slope(z), rel=1e-14)
    assert float(found[0, 1].mid()) == pytest.approx(value(z), rel=1e-14)
    assert all(float(entry.rad()) < 1e-30 for entry in found.reshape(-1))


@pytest.mark.parametrize(("name", "x"), [("log", 0), ("log", -1), ("sqrt", 0), ("sqrt", -1), ("relu", 0)])
def test_where_a_function_is_not_smooth_there_is_no_derivative(name: str, x: int) -> None:
    with balls.precision(128), pytest.raises(balls.UndefinedError):
        balls.jacobian(through(name), [Fraction(1), Fraction(1)], [Fraction(x)])


def test_overflow_and_poles_are_refused() -> None:
    with balls.precision(64), pytest.raises(balls.UndefinedError):
        balls.jacobian(through("exp"), [Fraction(10**30), Fraction(1)], [Fraction(10**30)])
    builder = NetworkBuilder()
    network = builder.finish(builder.product(builder.parameter("w", (1,)), builder.reciprocal(builder.input((1,)))))
    with balls.precision(64), pytest.raises(balls.UndefinedError):
        balls.jacobian(network, [Fraction(1)], [Fraction(0)])


@pytest.mark.parametrize("seed", range(6))
def test_on_rational_networks_balls_contain_the_exact_derivatives(seed: int) -> None:
    source = random.Random(seed)
    architecture = mlp([2, source.randint(1, 3), source.randint(1, 2)], source.choice((2, 3)), biases=bool(seed % 2))
    network = architecture.network()
    w = [Fraction(source.randint(-9, 9), 7) for _ in range(network.parameter_count)]
    x = [Fraction(source.randint(-9, 9), 3) for _ in range(2)]
    with balls.precision(64):
        found = balls.jacobian(network, w, x)
    exact = np.zeros(found.shape, dtype=object)
    for coordinate in coordinates(network):
        monomial = math.prod(a**e for a, e in zip(x, coordinate.monomial, strict=True))
        for exponents, coefficient in coordinate.polynomial.items():
            for k, exponent in enumerate(exponents):
                if exponent:
                    rest = math.prod(a ** (e - (i == k)) for i, (a, e) in enumerate(zip(w, exponents, strict=True)))
                    exact[coordinate.output, k] += coefficient * exponent * rest * monomial
    for ball, value in zip(found.reshape(-1), exact.reshape(-1), strict=True):
        with balls.precision(400):  # without a rounding of the quotient
            assert (ball * Fraction(value).denominator).contains(Fraction(value).numerator)
    floats = floating.jacobian(network, np.array(w, dtype=float), np.array([x], dtype=float))
    assert np.array([float(ball.mid()) for ball in found.reshape(-1)]) == pytest.approx(floats.reshape(-1), rel=1e-9)


def as_balls(entries: list[list[int]], radius: float = 0.0) -> np.ndarray:
    result = np.empty((len(entries), len(entries[0])), dtype=object)
    for (i, j), _ in np.ndenumerate(result):
        result[i, j] = arb(entries[i][j], radius)
    return result


@pytest.mark.parametrize("seed", range(10))
def test_certified_ranks_of_exact_matrices_are_those_of_flint(seed: int) -> None:
    generator = np.random.default_rng(seed)
    m, n, r = (int(v) for v in generator.integers(1, 9, 3))
    left, right = generator.integers(-9, 10, (m, r)), generator.integers(-9, 10, (r, n))
    entries = (left @ right).tolist()
    with balls.precision(256):
        found = balls.certified_rank(as_balls(entries))
    exact = fmpq_mat([[fmpq(v) for v in row] for row in entries])
    assert found.rank == exact.rank()
    minor = fmpq_mat([[fmpq(entries[i][j]) for j in found.pivot_columns] for i in found.pivot_rows])
    assert len(found.pivot_rows) == len(found.pivot_columns) == found.rank
    assert found.rank == 0 or minor.det() != 0
    assert found.remainder < 1e-50


def test_what_a_ball_cannot_tell_from_zero_is_not_counted() -> None:
    with balls.precision(128):
        # singular matrices lie in these balls, so that no more than rank 1 can be certified, and no less
        assert balls.certified_rank(as_balls([[1, 1], [1, 1]], 1e-3)).rank == 1
        assert balls.certified_rank(as_balls([[0, 0], [0, 0]], 1e-3)).rank == 0
        assert balls.certified_rank(as_balls([[2, 1], [1, 1]], 1e-3)).rank == 2
        assert balls.certified_rank(np.empty((0, 3), dtype=object)).rank == 0


def test_tiny_pivots_count_if_they_are_certain() -> None:
    with balls.precision(128):
        matrix = as_balls([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        matrix[1, 1] = arb(2) ** -60  # far below what floating point would call a pivot
        matrix[2, 2] = arb(2) ** -5000  # no float at all
        assert balls.certified_rank(matrix).rank == 3


def test_hilbert_matrices_are_certified_where_floating_point_fails() -> None:
    # the Hilbert matrix of size n is invertible (D. Hilbert 1894); its condition number, about e^(3.5 n), is beyond float64
    n = 20
    with balls.precision(512):
        hilbert = np.array(arb_mat.hilbert(n, n).tolist(), dtype=object).reshape(n, n)
        found = balls.certified_rank(hilbert)
    assert found.rank == n
    assert np.linalg.matrix_rank(np.array([[1 / (i + j + 1) for j in range(n)] for i in range(n)])) < n


def test_the_precision_is_restored() -> None:
    before = ctx.prec
    with balls.precision(777):
        assert ctx.prec == 777
    assert ctx.prec == before


@pytest.mark.parametrize("seed", range(8))
def test_invertibility_in_floating_point_is_never_claimed_for_what_may_be_singular(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n = int(generator.integers(1, 30))
    matrix = generator.normal(size=(n, n))
    assert balls.is_certainly_invertible(matrix, np.zeros((n, n)))
    # A. Householder: the distance to the nearest singular matrix is the smallest singular value, by a matrix whose entries
    # are at most that: radii of this size leave room for a singular one
    smallest = np.linalg.svd(matrix, compute_uv=False)[-1]
    assert not balls.is_certainly_invertible(matrix, np.full((n, n), smallest))
    assert balls.is_certainly_invertible(matrix, np.full((n, n), smallest / (10 * n * n)))


def test_singular_and_nearly_singular_matrices_are_not_claimed() -> None:
    assert not balls.is_certainly_invertible(np.ones((3, 3)), np.zeros((3, 3)))
    assert not balls.is_certainly_invertible(np.zeros((2, 2)), np.zeros((2, 2)))
    third = np.array([[1.0, 1 / 3], [3.0, 1.0]])  # singular but for the rounding of 1/3
    assert not balls.is_certainly_invertible(third, np.zeros((2, 2)))
    assert not balls.is_certainly_invertible(np.array([[np.inf, 1], [1, 1]]), np.zeros((2, 2)))


def test_a_target_stops_at_a_minor_of_that_size() -> None:
    with balls.precision(128):
        found = balls.certified_rank(as_balls([[2, 1, 0], [1, 1, 0], [0, 0, 1]]), 2)
    assert found.rank == len(found.pivot_rows) == 2
