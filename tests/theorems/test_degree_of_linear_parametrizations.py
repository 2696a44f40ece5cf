"""Parametrizations that are linear in the parameters: elimination, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_linear_parametrizations import THEOREM

CASES = [
    na.mlp([3, 2]),
    na.mlp([2, 2], biases=True),
    na.cnn([3], input=5),
    na.from_mapping({"family": "gnn", "graph": "0-1,1-2", "features": [2, 1], "self_weights": True}),
    na.from_mapping({"family": "polynomial", "parameters": ["a", "b"], "outputs": ["a+b", "a-3*b+1", "2*b", "a"]}),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_degree_one(architecture, degree_by_elimination):
    assert THEOREM.apply(architecture).value == 1 == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([2, 1, 2]),
        na.from_mapping({"family": "polynomial", "parameters": ["a", "b"], "outputs": ["a^2", "b"]}),
        na.from_mapping({"family": "rational", "widths": [2, 1, 1], "activation": "1/z"}),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None
