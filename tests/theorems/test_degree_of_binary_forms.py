"""Sums of powers of binary forms: classical Hankel varieties, elimination, and the edges of the hypotheses."""

from __future__ import annotations

import math

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_binary_forms import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize(("k", "r"), [(1, 3), (1, 7), (2, 4), (2, 6), (3, 6), (3, 9)])
def test_secant_varieties_of_rational_normal_curves(k, r):
    # the bundle of k-secant spaces over P^k, the divisors of degree k, has the Segre class (1 + h)^(r-k+1)
    assert degree(na.mlp([2, k, 1], r)) == math.comb(r - k + 1, k)


CASES = [
    na.mlp([2, 2, 1], 4),
    na.mlp([2, 2, 2], 3),
    na.mlp([2, 2, 4], 2),
    na.mlp([2, 2, 2], 2),
    na.mlp([2, 2, 3, 1], [1, 2]),
    na.mlp([2, 2, 1], activation="z^3+z^2"),
    na.mlp([2, 2, 1], activation="2*z^3-z"),
    na.mlp([2, 2, 1], activation="z^4+1"),
    na.mlp([2, 2, 1], activation="z^4+z"),
    na.mlp([1, 2, 1], 5, biases=True),
    na.mlp([1, 2, 2], 4, biases=True),
    na.mlp([1, 2, 2], 3, biases=True),
    na.mlp([1, 1, 1], activation="z^3+3*z^2+3*z+5", biases=True),
    na.mlp([1, 2, 1], activation="z^5+z^4+z^3+z^2+z"),
    na.mlp([1, 2, 2], activation="z^3+z^2+z+1"),
    na.mlp([1, 2, 2], activation="z^4+z^2+1"),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([2, 2, 1], 4, biases=True),  # inhomogeneous forms in two variables are ternary
        na.mlp([2, 2, 2], activation="z^3+z^2"),  # the coefficients of both degrees are tied to each other
        na.mlp([2, 2, 1], activation="z^3+z^2+z"),
        na.mlp([3, 2, 1], 4),
        na.mlp([1, 2, 1], activation="z^4+z^2+z"),
        na.mlp([1, 2, 1], activation="z^3+z", biases=True),
        na.mlp([2, 2, 2, 1], 2),
        na.mlp([2, 1, 2, 2], [1, 2]),  # the linear layer is too narrow to be merged
        na.cnn([2, 2], 2),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None


@pytest.mark.parametrize(("widths", "r"), [([2, 4, 3], 3), ([2, 9, 1], 3), ([2, 3, 3], 3)])
def test_enough_summands_fill(widths, r):
    # as many powers as forms of degree r have coefficients span them; M = 3 columns have rank at most 3
    assert degree(na.mlp(widths, r)) == 1


def test_the_hypotheses_hold_the_numbers():
    first, second = THEOREM.apply(na.mlp([2, 2, 2], 3)).hypotheses
    assert "(2, 2, 2)" in first
    assert second == "Hankel matrices of 3 rows and 4 columns of rank at most 2"
    assert THEOREM.invariant == "degree"
