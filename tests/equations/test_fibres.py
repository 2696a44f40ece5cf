"""Completeness by sections: ideals that are complete, ideals that are not for different reasons."""

from __future__ import annotations

import math

import pytest

from neuroalg_cli.equations import fibres
from neuroalg_cli.equations.equation import canonical


@pytest.mark.parametrize("degree", [2, 3, 4, 5])
def test_minors_generate_the_ideal_of_the_rational_normal_curve(rational_normal_curve, degree):
    # J. Harris, Algebraic Geometry, Example 1.14 and 18.9: degree d; Cohen-Macaulay with h-vector 1, d - 1
    _, minors = rational_normal_curve(degree)
    found = fibres.examine(minors, degree + 1, degree - 1, 0)
    assert found.is_complete
    assert (found.h, found.length) == ((1, degree - 1), degree)


@pytest.mark.parametrize(("m", "n"), [(2, 3), (3, 3), (2, 4)])
def test_minors_generate_the_ideal_of_the_segre_variety(two_by_two_minors, m, n):
    # degree C(m + n - 2, m - 1), h-vector C(m - 1, i) C(n - 1, i) (W. Bruns, U. Vetter 1988)
    minors = two_by_two_minors([[i * n + j for j in range(n)] for i in range(m)])
    found = fibres.examine(minors, m * n, (m - 1) * (n - 1), 0)
    assert found.is_complete
    assert found.length == math.comb(m + n - 2, m - 1)
    assert found.h == tuple(math.comb(m - 1, i) * math.comb(n - 1, i) for i in range(min(m, n)))


def test_no_equations_are_those_of_the_whole_space():
    found = fibres.examine([], 3, 0, 0)
    assert found.is_complete
    assert (found.h, found.length) == ((1,), 1)


def test_too_few_minors_cut_out_another_component(rational_normal_curve):
    # two of the three quadrics of the twisted cubic meet in it and a line: degree 4 (Harris, Example 1.10)
    _, minors = rational_normal_curve(3)
    found = fibres.examine(minors[:2], 4, 2, 0)
    assert found.length == 4
    assert not found.is_degree_proved
    assert not found.is_complete


def test_squares_of_equations_are_not_complete():
    # x^2 cuts out a double plane
    square = canonical({(2, 0, 0): 1}, is_cone=True)
    found = fibres.examine([square], 3, 1, 0)
    assert not found.is_degree_proved


def test_an_embedded_component_is_not_overlooked():
    # (x) intersected with (x^2, y, z) in k[x, y, z]: x^2, xy, xz; the plane x = 0 with an embedded point
    equations = [canonical({m: 1}, is_cone=True) for m in ((2, 0, 0), (1, 1, 0), (1, 0, 1))]
    found = fibres.examine(equations, 3, 1, 0)
    assert not found.is_complete


def test_a_projected_curve_is_not_cohen_macaulay():
    # the rational quartic in P^3, (s^4, s^3 t, s t^3, t^4): one quadric, three cubics, not Cohen-Macaulay (F. Macaulay 1916)
    equations = [
        canonical({(1, 0, 0, 1): 1, (0, 1, 1, 0): -1}, is_cone=True),
        canonical({(0, 3, 0, 0): 1, (2, 0, 1, 0): -1}, is_cone=True),
        canonical({(0, 0, 3, 0): 1, (0, 1, 0, 2): -1}, is_cone=True),
        canonical({(1, 0, 2, 0): 1, (0, 2, 0, 1): -1}, is_cone=True),
    ]
    found = fibres.examine(equations, 4, 2, 0)
    assert found.is_degree_proved
    assert found.length == 4
    assert not found.is_complete


def test_equations_of_something_larger_have_no_finite_section(rational_normal_curve):
    _, minors = rational_normal_curve(4)
    found = fibres.examine(minors[:1], 5, 3, 0)
    assert found.is_infinite
    assert not found.is_complete


def test_reducible_equations_do_not_prove_a_degree():
    # two planes: no variety that is irreducible, so that nothing may be proved
    found = fibres.examine([canonical({(1, 1, 0): 1}, is_cone=True)], 3, 1, 0)
    assert found.length == 2
    assert not found.is_degree_proved


def test_sums_of_orbits():
    assert fibres.subset_sums((1, 1, 3)) == {1, 2, 3, 4, 5}
    assert fibres.subset_sums((4,)) == {4}
    assert fibres.subset_sums(()) == set()
