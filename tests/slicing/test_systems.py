"""The systems: equations where they should be, solved by a point that was put on them, none trivial."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.slicing.error_bounds import bad_degree, miss_probability
from neuroalg_cli.slicing.plan import Plan
from neuroalg_cli.slicing.systems import System

CASES = [(na.mlp([3, 2, 3], 2), 10), (na.cnn([2, 2, 2], 2), 4), (na.polynomial(["a*x + a^2*y"], "a", "x, y"), 1)]


def plan_of(architecture, dimension, bits=31):
    return Plan.of(architecture.network(), dimension, 0).on_slice("test", bits)


def value(polynomial, point, prime):
    total = 0
    for exponents, coefficient in polynomial.items():
        term = coefficient
        for x, e in zip(point, exponents, strict=True):
            term = term * pow(x, e, prime) % prime
        total += term
    return total % prime


@pytest.mark.parametrize(("architecture", "dimension"), CASES)
@pytest.mark.parametrize("bits", [15, 16, 31])
def test_there_are_as_many_equations_as_unknowns_and_none_is_homogeneous(architecture, dimension, bits):
    plan = plan_of(architecture, dimension, bits)
    assert plan.prime.bit_length() == bits
    for system in plan.systems[1:]:
        assert len(system.equations) == system.unknowns == dimension
        # a base locus, where phi or a block of it is zero, solves no equation with a constant
        assert all((0,) * dimension in equation for equation in system.equations)
        assert all(0 < v < plan.prime for equation in system.equations for v in equation.values())


@pytest.mark.parametrize(("architecture", "dimension"), CASES)
def test_the_fibre_contains_its_point(architecture, dimension):
    from neuroalg_cli.linear_algebra.random_points import residues

    plan = plan_of(architecture, dimension)
    point = [int(v) for v in residues(0, "test/0/fibre/point", dimension, plan.prime)]
    assert all(value(equation, point, plan.prime) == 0 for equation in plan.systems[0].equations)
    elsewhere = [point[0] + 1, *point[1:]]
    assert any(value(equation, elsewhere, plan.prime) for equation in plan.systems[0].equations)


def test_a_pattern_puts_its_equations_on_its_blocks():
    plan = plan_of(na.mlp([3, 2, 3], 2), 10)
    # unknowns: two rows of W_1 without their first weight, then the rows of W_2, one block each
    rows = [range(4 + 2 * j, 6 + 2 * j) for j in range(3)]
    for pattern, system in zip(plan.patterns, plan.systems[1:], strict=True):
        on_block = [sum(any(e[k] for e in equation for k in row) for equation in system.equations) for row in rows]
        assert on_block == list(pattern.equations)


def test_an_equation_that_is_zero_or_has_other_unknowns_is_refused():
    for equations in (({},), ({(1,): 1},), ({(1, 0): 1}, {(1, 0, 0): 2})):
        with pytest.raises(ValueError, match="unknowns"):
            System(equations, 7, 2)


def test_the_bad_degree_is_the_sum_of_products_of_all_but_one():
    assert bad_degree((5,)) == 1
    assert bad_degree((2, 3, 7)) == 3 * 7 + 2 * 7 + 2 * 3


def test_the_bound_falls_with_the_prime_and_grows_with_the_points():
    small, large = (plan_of(na.mlp([3, 2, 3], 2), 10, bits) for bits in (16, 31))
    assert miss_probability(large, 162) < miss_probability(large, 10**4)
    ratio = miss_probability(small, 162) / miss_probability(large, 162)
    assert ratio == pytest.approx((large.prime - 1) / (small.prime - 1))


def test_an_exceptional_slice_is_as_rare_as_the_bound_says():
    """The parabola modulo 32749: a line y_pivot + a y_0 = c has two points unless its leading coefficient is zero."""
    plan = plan_of(na.polynomial(["a*x + a^2*y"], "a", "x, y"), 1, 15)
    (system,) = plan.systems[1:]
    assert system.degrees == (2,)
    # discriminants vanish for one constant, leading coefficients for one coefficient: bounded by 1 + 2 (1 + 2 * 1) + rank
    assert miss_probability(plan, 2) <= 20 / (plan.prime - 1)
