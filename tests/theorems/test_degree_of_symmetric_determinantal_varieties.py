"""Symmetric matrices of bounded rank and their projections: published degrees, elimination, the edges of the hypotheses."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems._degree_formulas import symmetric_determinantal
from neuroalg_cli.theorems.degree_of_symmetric_determinantal_varieties import THEOREM

FILE = Path(__file__).parents[1] / "literature" / "degrees.toml"
RECORDS = [r for r in tomllib.loads(FILE.read_text("utf-8"))["record"] if r["id"].startswith("sym-")]


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_published_degrees(record):
    assert degree(na.from_mapping(record["network"])) == record["degree"]


@pytest.mark.parametrize("n", range(1, 8))
def test_veronese_varieties_and_determinants(n):
    # rank 1: the quadratic Veronese variety of P^(n-1), of degree 2^(n-1); corank 1: the determinant
    assert symmetric_determinantal(n, 1) == 2 ** (n - 1)
    assert symmetric_determinantal(n, n) == 1
    assert symmetric_determinantal(n, n - 1) == (max(1, n))


CASES = [
    na.mlp([3, 2, 1], 2),
    na.mlp([2, 3, 1], 2),
    na.mlp([2, 1, 1], 2, biases=True),
    na.mlp([3, 2, 1], 2, biases=True),
    na.mlp([3, 1, 1], activation="3*z^2+z-7", biases=True),
    na.mlp([2, 2, 1], 2, biases=True),
    na.mlp([2, 1, 1], activation="z^2+z"),
    na.mlp([3, 2, 1], activation="z^2+z"),
    na.mlp([2, 2, 1], activation="z^2-z"),
    na.mlp([2, 1, 1], activation="z^2+z+1"),
    na.mlp([2, 2, 1], activation="2*z^2+3*z+1"),
    na.mlp([2, 1, 1], activation="z^2+2*z+1"),
    na.mlp([2, 1, 1], activation="z^2+1"),
    na.mlp([3, 2, 1], activation="z^2+1"),
    na.mlp([1, 1, 1], activation="z^2+z"),
    na.mlp([2, 2, 3, 1], [1, 2]),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [na.mlp([3, 2, 2], 2), na.mlp([3, 2, 1], 3), na.mlp([3, 2, 1]), na.mlp([3, 2, 2, 1], 2), na.cnn([2, 2], 2)],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None


def test_the_projection_of_the_veronese_surface_from_a_point_is_a_cubic_scroll():
    # classical: a surface of degree 4, smooth in the centre of the projection
    assert degree(na.mlp([2, 1, 1], activation="z^2+z")) == 3
