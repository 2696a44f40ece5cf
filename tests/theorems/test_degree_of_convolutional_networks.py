"""Convolutional networks of one channel: published degrees, elimination, slices, and the edges of the hypotheses."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems import toric
from neuroalg_cli.theorems.degree_of_convolutional_networks import THEOREM

FILE = Path(__file__).parents[1] / "literature" / "degrees.toml"
RECORDS = [r for r in tomllib.loads(FILE.read_text("utf-8"))["record"] if r["id"].startswith(("cnn-", "lcn"))]


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_published_degrees(record):
    assert degree(na.from_mapping(record["network"])) == record["degree"]


@pytest.mark.parametrize("r", [2, 3, 4])
@pytest.mark.parametrize("filters", [[2, 2], [3, 2], [2, 2, 2], [4, 3, 2], [1, 3], [3, 1], [1, 1]], ids=str)
def test_the_published_formula(filters, r):
    # arXiv:2410.00722: (K-L)! times the product of the r^((L-j)(k_j-1)) / (k_j-1)!
    layers = len(filters)
    value = math.factorial(sum(filters) - layers)
    for j, k in enumerate(filters, start=1):
        value = value * r ** ((layers - j) * (k - 1)) // math.factorial(k - 1)
    assert degree(na.cnn(filters, r)) == value


CASES = [
    na.cnn([2, 2], 2, input=4),
    na.cnn([2, 2, 2], stride=[2, 1, 1]),
    na.cnn([2, 2], stride=[2, 1], dilation=[2, 1]),
    na.cnn([2, 2, 2], [1, 2]),
    na.cnn([2, 2, 2], [2, 1]),
    na.cnn([2, 2, 2], [2, 1], stride=[1, 2, 1]),
    na.cnn([2, 2, 2], [1, 2], stride=[2, 1, 1]),
    na.cnn(["2x2", "1x2"]),
    na.cnn(["2x2", "2x1"], stride=["1x2", "1x1"]),
    na.cnn(["1x2", "1x2"]),
    na.cnn(["2x2", "2x2"]),
    na.cnn(["2x2", "2x2"], stride=["2x1", "1x1"]),
    na.cnn(["1x2", "2x2"], 2),
    na.cnn([2, 2], activation="-3*z^2"),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize(
    "architecture", [na.cnn([2, 2, 2], 2), na.cnn([3, 3], 2), na.cnn(["2x2", "1x2"], 2)], ids=lambda a: a.label
)
def test_slices_give_the_same_degree(architecture, degree_by_slicing):
    assert degree(architecture) == degree_by_slicing(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.cnn([2, 2], 2, stride=[2, 1]),
        na.cnn([2, 2], 3, dilation=[1, 3]),
        na.cnn([3, 2], stride=[3, 1]),
        na.cnn([2, 3], dilation=[2, 3]),
        na.cnn([2, 2, 2], stride=[2, 2, 1]),
        na.cnn(["1x3", "2x1"]),
        na.cnn(["2x2", "1x2"], 2, stride="2x2"),
    ],
    ids=lambda architecture: architecture.label,
)
def test_strides_without_overlap_give_toric_varieties(architecture):
    assert degree(architecture) == toric.THEOREM.apply(architecture).value


@pytest.mark.parametrize(
    "architecture",
    [
        na.cnn([3, 2], 2, biases=True),
        na.cnn([3, 2], 2, channels=[1, 2, 1]),
        na.cnn([3, 2], 2, head=[1]),
        na.cnn([3, 2], 2, padding="zero", input=5),
        na.cnn([3, 2], 2, padding="circular", input=5),
        na.cnn([3, 2], activation="z^2+z"),
        na.mlp([3, 2, 3]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None


def test_many_layers_and_enormous_degrees():
    assert degree(na.cnn([2] * 500)) == 1
    assert degree(na.cnn([3] * 300, 2)) is None
    assert degree(na.cnn([1] * 900, 2)) == 1
