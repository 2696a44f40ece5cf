"""Matrices of bounded rank: published degrees, elimination, and the edges of the hypotheses."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems._degree_formulas import determinantal
from neuroalg_cli.theorems.degree_of_determinantal_varieties import THEOREM

FILE = Path(__file__).parents[1] / "literature" / "degrees.toml"
RECORDS = [r for r in tomllib.loads(FILE.read_text("utf-8"))["record"] if r["id"].startswith("lin-")]


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_published_degrees(record):
    assert degree(na.from_mapping(record["network"])) == record["degree"]


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("m", range(1, 7))
def test_rank_one_is_the_segre_variety_and_corank_one_that_of_maximal_minors(m, n):
    # P^(m-1) x P^(n-1): C(m+n-2, m-1); maximal minors (Eagon, Northcott 1962): C(max, min - 1)
    assert determinantal(m, n, 1) == math.comb(m + n - 2, m - 1)
    if min(m, n) > 1:
        assert determinantal(m, n, min(m, n) - 1) == math.comb(max(m, n), min(m, n) - 1)
    assert determinantal(m, n, min(m, n)) == 1


@pytest.mark.parametrize("m", range(2, 7))
def test_transposed_matrices_have_the_same_degree(m):
    assert [determinantal(m, 4, k) for k in range(1, min(m, 4) + 1)] == [
        determinantal(4, m, k) for k in range(1, min(m, 4) + 1)
    ]


CASES = [
    na.mlp([3, 2, 3]),
    na.mlp([3, 2, 3], biases=True),
    na.mlp([2, 1, 2], activation="2*z+1", biases=True),
    na.mlp([3, 1, 3, 3]),
    na.from_mapping({"family": "residual", "widths": [2, 2], "hidden": [1]}),
    na.from_mapping({"family": "residual", "widths": [2, 2, 2], "hidden": [1, 1]}),
    na.from_mapping({"family": "residual", "widths": [2, 2], "hidden": [1], "biases": True}),
    na.from_mapping({"family": "residual", "widths": [3, 3], "hidden": [1]}),
    na.from_mapping({"family": "residual", "widths": [2, 1, 2], "hidden": [1, 1], "projection": True}),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([3, 2, 3], 2),
        na.mlp([3, 2, 3], activation="z+1"),
        na.from_mapping({"family": "residual", "widths": [2, 2], "hidden": [1], "activation_degree": 2}),
        na.cnn([2, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None


def test_enormous_degrees_are_not_computed():
    assert degree(na.mlp([10**6, 10**3, 10**6])) is None
    assert degree(na.mlp([10**6, 10**6 - 1, 10**6])) == 10**6
    assert degree(na.mlp([10**9, 10**9 - 1, 10**9 - 1])) == 1
