"""The order of terms, the canonical form and the text of an equation."""

from __future__ import annotations

from fractions import Fraction

import pytest

from neuroalg_cli.equations.equation import canonical, order_key, without_linear


def test_monomials_of_degree_two_are_ordered_reversely_lexicographically():
    # D. Cox, J. Little, D. O'Shea, section 2.2, definition 6: x^2 > x*y > y^2 > x*z > y*z > z^2
    falling = [(2, 0, 0), (1, 1, 0), (0, 2, 0), (1, 0, 1), (0, 1, 1), (0, 0, 2)]
    assert sorted(falling, key=lambda m: order_key(m, is_cone=True), reverse=True) == falling


def test_the_homogenizing_variable_stands_first_and_is_the_smallest():
    falling = [(0, 2, 0), (0, 1, 1), (0, 0, 2), (1, 1, 0), (1, 0, 1), (2, 0, 0)]
    assert sorted(falling, key=lambda m: order_key(m, is_cone=False), reverse=True) == falling


def test_a_canonical_equation_is_primitive_with_a_positive_leading_coefficient():
    terms = {(0, 2, 0): Fraction(2, 3), (1, 0, 1): Fraction(-1, 6), (2, 0, 0): Fraction(0)}
    equation = canonical({m: -c for m, c in terms.items()}, is_cone=True)
    assert equation.terms == (((0, 2, 0), 4), ((1, 0, 1), -1))
    assert equation.leading == (0, 2, 0)
    assert equation.degree == 2
    assert equation.text(["a", "b", "c"]) == "4*b^2 - a*c"


def test_coefficients_of_one_are_left_out():
    equation = canonical({(1, 0): 1, (0, 1): -1}, is_cone=True)
    assert equation.text(["y_1", "y_2"]) == "y_1 - y_2"


def test_the_zero_polynomial_is_no_equation():
    with pytest.raises(ValueError, match="zero polynomial"):
        canonical({(1, 0): 0}, is_cone=True)


def test_linear_equations_are_used_up():
    equations = [canonical({(1, 0, 0): 1, (0, 0, 1): -1}, is_cone=True), canonical({(0, 2, 0): 1}, is_cone=True)]
    reduced, kept = without_linear(equations, 3)
    assert kept == [1, 2]
    assert [equation.terms for equation in reduced] == [(((2, 0), 1),)]


def test_equations_that_are_not_reduced_stay_as_they_are():
    equations = [canonical({(1, 0): 1}, is_cone=True), canonical({(1, 1): 1}, is_cone=True)]
    assert without_linear(equations, 2) == (equations, [0, 1])
