"""Lower bounds for the degree, against varieties whose Hilbert functions and degrees are in textbooks."""

from __future__ import annotations

import itertools
import math

import pytest

from neuroalg_cli.variety.degree_bounds import lower_bound

DEGREES = range(8)


def complete_intersection(degrees: tuple[int, ...], variables: int) -> list[int]:
    """Returns the Hilbert function of a complete intersection, from the series prod (1 - t^a) / (1 - t)^N."""
    series = [math.comb(e + variables - 1, variables - 1) for e in DEGREES]
    for a in degrees:
        series = [value - (series[e - a] if e >= a else 0) for e, value in enumerate(series)]
    return series


def test_varieties_of_minimal_degree_reach_the_bound_in_every_degree():
    # rational normal curves, H(e) = D e + 1 (Harris, Algebraic Geometry, Example 13.2)
    for degree in range(1, 9):
        values = [degree * e + 1 for e in DEGREES]
        assert [lower_bound(values[: e + 1], 2).value for e in DEGREES[1:]] == [degree] * 7
    # P^1 x P^n in the Segre embedding: H(e) = (e + 1) C(e + n, n), degree n + 1 (Harris, Exercises 13.6 and 18.15)
    for n in range(1, 5):
        values = [(e + 1) * math.comb(e + n, n) for e in DEGREES]
        assert [lower_bound(values[: e + 1], n + 2).value for e in DEGREES[1:]] == [n + 1] * 7
    # the Veronese surface: H(e) = C(2 e + 2, 2), degree 4 (Harris, Example 18.13)
    assert lower_bound([math.comb(2 * e + 2, 2) for e in DEGREES], 3).value == 4


def test_elliptic_normal_curves():
    # H(e) = D e for e >= 1 (Riemann and Roch): codimension + 1 is D - 1, and degree 2 decides
    for degree in range(3, 9):
        values = [1] + [degree * e for e in DEGREES[1:]]
        assert lower_bound(values[:2], 2).value == degree - 1
        assert lower_bound(values, 2).value == degree


@pytest.mark.parametrize("variables", [2, 3, 4, 5, 6, 7])
def test_complete_intersections_are_not_overestimated(variables):
    # degree of a general complete intersection: the product (Hartshorne, Exercise II.8.4); irreducible from dimension 1 on
    for count in range(1, variables - 1):
        for degrees in itertools.combinations_with_replacement((1, 2, 3, 4), count):
            values = complete_intersection(degrees, variables)
            assert 1 <= lower_bound(values, variables - count).value <= math.prod(degrees)


def test_a_hypersurface_is_known_up_to_the_degree_in_which_it_was_looked_for():
    # no form of degree e < D vanishes on a hypersurface of degree D, and one does in degree D
    for degree, variables in itertools.product(range(2, 7), range(3, 7)):
        values = complete_intersection((degree,), variables)
        for e in DEGREES[1:]:
            assert lower_bound(values[: e + 1], variables - 1).value >= min(e + 1, degree)
            assert lower_bound(values[: e + 1], variables - 1).value <= degree


def test_degenerate_varieties_have_degree_one():
    assert lower_bound([1, 0, 0, 0], 0).value == 1  # the origin
    assert lower_bound([1], 5).value == 1  # nothing is known
    assert lower_bound([1, 1, 1, 1], 1).value == 1  # a point
    for n in range(1, 6):  # linear spaces
        assert lower_bound([math.comb(e + n - 1, n - 1) for e in DEGREES], n).value == 1


def test_smaller_values_and_larger_dimensions_give_smaller_bounds():
    """Ranks modulo a prime may be too small, and the dimension may only be bounded."""
    values = [math.comb(2 * e + 2, 2) for e in DEGREES]
    for e in DEGREES[1:]:
        for loss in range(values[e]):
            smaller = [*values[:e], values[e] - loss]
            assert lower_bound(smaller, 3).value <= 4
    assert all(lower_bound(values, 3 + k).value <= 4 for k in range(6))


def test_the_bound_needs_an_irreducible_variety():
    """Two skew lines have degree 2 and H(e) = 2 (e + 1): the bound does not hold, nor is it said to."""
    assert lower_bound([1] + [2 * (e + 1) for e in DEGREES[1:]], 2).value == 3
