"""Filling by a theorem about the dimension: elimination, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_filling_architectures import THEOREM

CASES = [
    na.mlp([2, 2, 1], 2),
    na.mlp([2, 2, 2], 2),
    na.mlp([2, 3, 2]),
    na.mlp([2, 2, 2], biases=True),
    na.cnn([2, 2]),
    na.attention([2, 1], 1, tokens=1),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_degree_one(architecture, degree_by_elimination):
    assert THEOREM.apply(architecture).value == 1 == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([3, 2, 1], 2),
        na.mlp([3, 2, 3]),
        na.cnn([2, 2], 2),
        na.cnn([2, 2], input=5),  # fills its linear span, not the ambient space of all positions
        na.mlp([3, 5, 1], 4),
        na.mlp([2, 2, 1], activation="z^3+z"),  # no theorem about its dimension
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None
