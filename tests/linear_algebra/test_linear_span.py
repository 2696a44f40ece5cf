"""The dimension of linear spans: published and elementary spans, and coefficient matrices of expanded coordinates."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from flint import fmpq, fmpq_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra import linear_span as module
from neuroalg_cli.linear_algebra.linear_span import linear_span_dimension
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap


def span(*arguments, **options):
    return linear_span_dimension(PolynomialMap(polynomial(*arguments, **options).network()))


def by_expansion(network: Network) -> int:
    """Returns the number of linearly independent coordinates: a linear equation on the image is a relation of its coordinates."""
    polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
    monomials = sorted({monomial for polynomial in polynomials for monomial in polynomial})
    if not monomials:
        return 0
    rows = [[polynomial.get(monomial, Fraction(0)) for monomial in monomials] for polynomial in polynomials]
    return fmpq_mat(len(rows), len(monomials), [fmpq(c.numerator, c.denominator) for row in rows for c in row]).rank()


@pytest.mark.parametrize(
    ("outputs", "parameters", "inputs", "expected"),
    [
        ("0", "a", "x", 0),
        ("5", "a", "x", 1),
        ("a", "a", "", 1),
        ("a, 2*a, a^2", "a", "", 2),
        ("s^3, s^2*t, s*t^2, t^3", "s,t", "", 4),
        # a conic re-embedded by cubics spans the seven forms of degree six in two variables
        (",".join(f"s^{2 * i + j}*t^{6 - 2 * i - j}" for i in range(4) for j in range(4 - i)), "s,t", "", 7),
        # (f, 2 f) has twice the coordinates of f and no larger span
        ("a*x+b*y, 2*a*x+2*b*y", "a,b", "x,y", 2),
        # a constant does not shift the origin of the span: a line that misses it spans a plane
        ("a*x + y", "a", "x,y", 2),
    ],
)
def test_spans_that_one_sees(outputs, parameters, inputs, expected):
    assert span(outputs, parameters, inputs) == expected


def test_outputs_of_very_different_sizes():
    # one output has 60 coordinates, the fifty others have one each: no output may be looked at too seldom
    outputs = ["+".join(f"a[{i}]*x^{i}" for i in range(1, 61)), *(f"b[{j}]" for j in range(1, 51))]
    assert span(outputs, "a[60], b[50]", "x") == 110
    assert span([outputs[0], "b[1]", "b[1]", "2*b[1]"], "a[60], b[50]", "x") == 61


def test_networks_that_mix_span_their_ambient_space():
    # by the irreducible representations of GL: `MultilayerPerceptron.linear_span_dimension`
    for architecture in (mlp([3, 2, 2], 2), mlp([2, 2, 1], 5), mlp([2, 2, 3], 2, biases=True), mlp([4, 1, 4])):
        phi = PolynomialMap(architecture.network())
        assert linear_span_dimension(phi) == phi.ambient_dimension == architecture.linear_span_dimension(phi)


@pytest.mark.parametrize("seed", range(40))
def test_random_models_span_what_their_coordinates_span(seed):
    source = random.Random(seed)
    variables = ["a", "b", "c"]
    monomials = [f"{u}*{v}" for u in variables for v in variables] + variables
    outputs = []
    for _ in range(source.randint(1, 4)):
        terms = [
            f"({'+'.join(source.sample(monomials, source.randint(1, 3)))})*{source.choice(['x', 'y', 'x*y', 'x^2', '1'])}"
            for _ in range(source.randint(1, 4))
        ]
        outputs.append(" - 2*".join(terms))
    phi = PolynomialMap(polynomial(outputs, "a,b,c", "x,y").network())
    assert linear_span_dimension(phi) == by_expansion(phi.network)


@pytest.mark.parametrize(("is_same", "expected"), [(False, 2), (True, 1)])
def test_division_by_parameters(is_same, expected):
    # x -> (a/b) x^2 + a x, whose coordinates are linearly independent, and x -> (a/b) x^2 + (a/b) x, whose coordinates are equal
    b = NetworkBuilder()
    x = b.input((1,))
    a = b.parameter("a", (1,))
    quotient = b.product(a, b.reciprocal(b.parameter("b", (1,))))
    square = b.product(quotient, b.polynomial(x, [(2, Fraction(1))]))
    phi = PolynomialMap(b.finish(b.sum(square, b.product(quotient if is_same else a, x))))
    assert (phi.ambient_dimension, linear_span_dimension(phi)) == (2, expected)


def test_points_that_are_poles_are_passed_over(monkeypatch):
    phi = PolynomialMap(polynomial("a*x, b, a+b", "a,b", "x").network())
    evaluate = module.modular.evaluate
    calls = []

    def every_second(*arguments):
        calls.append(arguments)
        if len(calls) % 2:
            raise ZeroDivisionError
        return evaluate(*arguments)

    monkeypatch.setattr(module.modular, "evaluate", every_second)
    assert linear_span_dimension(phi) == 2


def test_where_all_points_are_poles_there_is_no_span(monkeypatch):
    def never(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(module.modular, "evaluate", never)
    assert linear_span_dimension(PolynomialMap(polynomial("a*x", "a", "x").network())) is None


def test_what_is_too_large_or_has_no_coordinates_is_not_computed():
    assert linear_span_dimension(PolynomialMap(mlp([30, 3, 1], 2).network())) is None
    b = NetworkBuilder()
    x = b.input((1,))
    phi = PolynomialMap(b.finish(b.reciprocal(b.product(b.parameter("a", (1,)), x))))
    assert linear_span_dimension(phi) is None
    assert linear_span_dimension(PolynomialMap(mlp([1, 1, 1, 1], [200, 200]).network())) is None
