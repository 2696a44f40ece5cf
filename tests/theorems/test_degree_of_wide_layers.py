"""Wide hidden layers: elimination, other theorems, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorems.degree_of_wide_layers import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


CASES = [
    na.mlp([2, 2, 3], 2),
    na.mlp([2, 2, 4], 2),
    na.mlp([1, 1, 2], activation="z^3+1"),
    na.mlp([1, 1, 1], activation="z^3+z", biases=True),
    na.mlp([1, 1, 3], 2, biases=True),
    na.mlp([1, 2, 2], 3, biases=True),
    na.mlp([1, 2, 3], 3, biases=True),
    na.mlp([2, 2, 2, 2], [1, 2]),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


# widths, activation, biases, monomials N, least hidden width N - e, rank
DIMENSIONS = [
    ([3, 4, 6], "z^2", False, 6, 4),
    ([3, 4, 3], "z^2", False, 6, 4),
    ([3, 8, 9], "z^3", False, 10, 8),
    ([2, 3, 5], "z^3+z^2", False, 7, 5),
    ([2, 5, 6], "z^3+z^2", False, 7, 5),
    ([2, 3, 5], "z^2", True, 5, 3),
    ([2, 6, 8], "z^3+z", True, 9, 6),
    ([2, 7, 8], "z^3", True, 9, 7),
]


@pytest.mark.parametrize(("widths", "activation", "biases", "monomials", "least"), DIMENSIONS)
def test_from_the_least_width_on_v_has_the_dimension_of_the_matrices_of_this_rank(
    widths, activation, biases, monomials, least
):
    m = widths[-1]
    for k in range(least, least + 2):
        architecture = na.mlp([widths[0], k, m], activation=activation, biases=biases)
        rank = min(k, m, monomials)
        assert degree(architecture) is not None
        assert rank_of(architecture) == rank * (m + monomials - rank) + (m if biases else 0)
    assert degree(na.mlp([widths[0], least - 1, m], activation=activation, biases=biases)) is None


def test_six_quadratic_forms_in_three_variables_of_rank_four():
    # the 6 x 6 matrices of rank at most 4: 6 * 6 * 35 / (4 * 3) = 105, J. Harris, 'Algebraic Geometry', Example 19.10
    assert degree(na.mlp([3, 4, 6], 2)) == 105


def test_deep_networks_are_not_covered():
    assert degree(na.mlp([2, 4, 4, 4], 2)) is None
    assert degree(na.mlp([2, 4])) is None
