"""Layers of width one: elimination, slices, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_bottlenecks import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


CASES = [
    na.mlp([2, 2, 1, 2], [2, 1]),
    na.mlp([2, 2, 1, 1], [3, 2]),
    na.mlp([2, 1, 2, 2], 2),
    na.mlp([2, 1, 1, 2], 2),
    na.mlp([1, 2, 2], 2),
    na.mlp([1, 2, 1, 2], 2),
    na.mlp([2, 1, 2]),
    na.mlp([2, 2, 1, 2, 1], activation=["z^2", "2*z", "-z^3"]),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.engine("macaulay2")
def test_slices_give_the_same_degree(degree_by_slicing):
    architecture = na.mlp([3, 2, 1, 1], 2)
    assert degree(architecture) == degree_by_slicing(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([2, 1, 2], 2, biases=True),
        na.mlp([2, 1, 2], activation="z^2+z"),
        na.mlp([2, 2, 1], 2),
        na.mlp([2, 1]),
        na.mlp([1, 3]),
        na.mlp([3, 3, 3, 1, 2], 2),  # the degree of (3, 3, 3, 1) is not known
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
