"""Coefficients at many points against the expanded coordinates of phi, and against values at inputs where networks divide."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.gnn import gnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters import coefficients as module
from neuroalg_cli.interpreters import modular
from neuroalg_cli.interpreters.coefficients import coefficients, coefficients_and_poles
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder

PRIME = 8388593


def points(network, count, label="w"):
    values = balanced(residues(1, label, count * network.parameter_count, PRIME), PRIME)
    return values.reshape(count, network.parameter_count)


def value(sparse, w):
    """Returns a polynomial over Q at integers modulo the prime."""
    total = 0
    for exponents, coefficient in sparse.items():
        term = coefficient.numerator * pow(coefficient.denominator, -1, PRIME)
        total += term * math.prod(pow(int(x), e, PRIME) for x, e in zip(w, exponents, strict=True))
    return total % PRIME


def dynamic_weights():
    """A matrix that depends on the input on either side of a product, entries picked twice, zeros, a fractional polynomial."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, u = builder.parameter("A", (4, 2)), builder.parameter("u", (2,))
    matrix = builder.gather([builder.matmul(a, x)], [0, 1, 2, 2], (2, 2))
    squared = builder.polynomial(u, [(3, Fraction(1, 2)), (1, Fraction(-1)), (0, Fraction(2, 3))])
    shared = builder.product(squared, u)
    padded = builder.gather([shared, builder.matmul(matrix, x)], [0, -1, 3, 2], (2, 2))
    return builder.finish(builder.sum(builder.matmul(padded, builder.matmul(matrix, shared)), u, x))


def inner_polynomial_that_cancels():
    """(x_1 + a)^2 - (x_1 + a)^2 + x_2: terms that are there and zero."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    z = builder.polynomial(builder.sum(x, builder.parameter("a", (2,))), [(2, Fraction(1))])
    return builder.finish(builder.sum(z, builder.polynomial(z, [(1, Fraction(-1))]), x))


NETWORKS = [
    mlp([2, 3, 2], 2).network(),
    mlp([3, 2]).network(),
    mlp([1, 1, 1], 5).network(),
    mlp([2, 2, 2], [3], biases=True).network(),
    mlp([2, 2, 2, 1], activation="z^4-1/2*z+3").network(),
    cnn([2, 2], 2, input=4, padding="zero").network(),
    attention([2, 2], 1, tokens=2, heads=2, residual=True).network(),
    gnn("path:3", [1, 2, 1], 2).network(),
    residual([2, 2], 2, 2).network(),
    polynomial("s^3, s*t^2 - 1/3*t, 5", "s, t, unused").network(),
    polynomial("a*x^2 + b*x*y, c*(x+y)^3", "a, b, c", "x, y").network(),
    dynamic_weights(),
    inner_polynomial_that_cancels(),
]


@pytest.mark.parametrize("network", NETWORKS)
def test_coefficients_are_the_values_of_the_expanded_coordinates(network):
    w = points(network, 3)
    found = coefficients(network, w, PRIME)
    assert len(found) == network.output_size
    nonzero = {(o, m): v for o, entry in enumerate(found) for m, v in entry.items() if v.any()}
    expected = {(c.output, c.monomial): [value(c.polynomial, point) for point in w] for c in coordinates(network)}
    assert nonzero.keys() == expected.keys()
    for key, values in nonzero.items():
        assert values.shape == (3,)
        assert np.abs(values).max() <= PRIME // 2
        assert [int(v) % PRIME for v in values] == expected[key]


def quotient(numerator_has_input=False):
    """sum_j A_ij x_j^2 / (b_i - b_{i+1}): parameters alone are divided by."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, b = builder.parameter("A", (2, 2)), builder.parameter("b", (2,))
    difference = builder.sum(b, builder.polynomial(builder.gather([b], [1, 0], (2,)), [(1, Fraction(-1))]))
    below = builder.sum(difference, x) if numerator_has_input else difference
    above = builder.matmul(a, builder.polynomial(x, [(2, Fraction(1))]))
    return builder.finish(builder.product(above, builder.reciprocal(below)))


def test_dividing_by_parameters_agrees_with_values_at_inputs():
    network = quotient()
    w = points(network, 4)
    found = coefficients(network, w, PRIME)
    x = np.array([[3.0, -5.0], [1.0, 2.0], [0.0, 7.0]])
    for i, point in enumerate(w):
        values = modular.evaluate(network, point, x, PRIME)
        for output, entry in enumerate(found):
            for row, inputs in zip(values, x, strict=True):
                total = sum(
                    int(v[i]) * math.prod(int(z) ** e for z, e in zip(inputs, m, strict=True)) for m, v in entry.items()
                )
                assert (total - int(row[output])) % PRIME == 0


def test_poles_are_refused_or_reported():
    network = quotient()
    w = points(network, 3)
    w[1, 4:] = 5  # b_1 = b_2
    with pytest.raises(ZeroDivisionError):
        coefficients(network, w, PRIME)
    found, regular = coefficients_and_poles(network, w, PRIME)
    assert regular.tolist() == [True, False, True]
    alone = coefficients(network, w[[0, 2]], PRIME)
    assert all(np.array_equal(found[o][m][[0, 2]], v) for o, entry in enumerate(alone) for m, v in entry.items())


def test_dividing_by_the_input_is_refused():
    network = quotient(numerator_has_input=True)
    with pytest.raises(SpecError, match="divides by a function of its input"):
        coefficients(network, points(network, 2), PRIME)


def test_functions_are_refused():
    builder = NetworkBuilder()
    network = builder.finish(
        builder.function("relu", builder.matmul(builder.parameter("A", (1, 2)), builder.input((2,))))
    )
    with pytest.raises(SpecError, match="applies relu"):
        coefficients(network, points(network, 1), PRIME)


@pytest.mark.parametrize("inner", [500, 501, 1100])
def test_long_sums_of_largest_residues_are_exact(inner):
    # all products are ((p-1)/2)^2: their plain sum passes 2^53
    builder = NetworkBuilder()
    x = builder.input((1,))
    a, b = builder.parameter("A", (1, inner)), builder.parameter("b", (inner, 1))
    network = builder.finish(builder.matmul(builder.matmul(a, b), x))
    largest = PRIME // 2
    found = coefficients(network, np.full((2, 2 * inner), float(largest)), PRIME)
    assert [int(v) % PRIME for v in found[0][1,]] == [inner * largest**2 % PRIME] * 2


def test_products_of_long_polynomials_are_exact():
    # (a + a x + ... + a x^600)^2 with a = (p-1)/2: x^600 is a sum of 601 products of the largest residues
    builder = NetworkBuilder()
    powers = builder.polynomial(builder.input((1,)), [(i, Fraction(1)) for i in range(601)])
    y = builder.product(builder.parameter("a", (1,)), powers)
    network = builder.finish(builder.product(y, y))
    largest = PRIME // 2
    found = coefficients(network, np.full((1, 1), float(largest)), PRIME)[0]
    assert sorted(found) == [(i,) for i in range(1201)]
    for (exponent,), values in found.items():
        assert int(values[0]) % PRIME == (min(exponent, 1200 - exponent) + 1) * largest**2 % PRIME


def test_primes_for_which_sums_are_not_exact_are_refused():
    network = mlp([2, 2], 1).network()
    with pytest.raises(ValueError, match="below 2"):
        coefficients(network, points(network, 1), 8388617)  # the first prime above 2^23


def test_batches_do_not_change_the_result(monkeypatch):
    network = mlp([2, 3, 2], 2).network()
    w = points(network, 150)
    at_once = coefficients(network, w, PRIME)
    monkeypatch.setattr(module, "_BATCH_BYTES", 10_000)
    in_parts = coefficients(network, w, PRIME)
    for entry, other in zip(at_once, in_parts, strict=True):
        assert entry.keys() == other.keys()
        assert all(np.array_equal(entry[m], other[m]) for m in entry)


def test_no_points_and_an_empty_polynomial():
    network = mlp([2, 2], 1).network()
    assert coefficients(network, np.zeros((0, 4)), PRIME) == [{}, {}]
    builder = NetworkBuilder()
    nothing = builder.polynomial(builder.input((2,)), [])
    network = builder.finish(builder.matmul(builder.parameter("A", (1, 2)), nothing))
    assert coefficients(network, points(network, 2), PRIME) == [{}]


def test_products_that_are_too_large_are_refused_before_they_are_computed(monkeypatch):
    monkeypatch.setattr(module, "_MAXIMAL_PAIRS", 10)
    network = mlp([4, 2, 2], 2).network()
    with pytest.raises(MemoryLimitError, match="4 and 4 terms"):
        coefficients(network, points(network, 1), PRIME)
