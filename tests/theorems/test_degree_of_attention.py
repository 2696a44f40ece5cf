"""One head of lightning self-attention: published degrees, elimination, and the edges of the hypotheses."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_attention import THEOREM

FILE = Path(__file__).parents[1] / "literature" / "degrees.toml"
RECORDS = [r for r in tomllib.loads(FILE.read_text("utf-8"))["record"] if r["id"].startswith("lsa") and "degree" in r]


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_published_degrees(record):
    assert degree(na.from_mapping(record["network"])) == record["degree"]


def test_chow_varieties():
    # triangles: 6!/(2! 2! 2!)/3! = 15; a line and a conic: C(7, 2) = 21
    assert degree(na.attention([3, 1], 1, tokens=1)) == 15
    assert degree(na.attention([3, 1], 2, tokens=1)) == 21
    # two lines in one set of variables, a third one in another: 6!/(2! 2! 2!)/2! = 45
    assert degree(na.attention([3, 1], 1, tokens=2)) == 45


@pytest.mark.parametrize(("d", "outputs"), [(2, 2), (2, 3), (3, 2), (4, 4)])
def test_full_rank_is_a_segre_variety(d, outputs):
    assert degree(na.attention([d, outputs], d + 1, tokens=2)) == math.comb(d * outputs + d * d - 2, d * d - 1)


CASES = [
    na.attention([2, 2], 2, tokens=2),
    na.attention([2, 2], 1, tokens=2),
    na.attention([2, 2], 1, tokens=2, residual=True),
    na.attention([2, 2], 1, tokens=2, causal=True),
    na.attention([2, 2], 1, tokens=2, causal=True, readout="first"),
    na.attention([2, 2], 1, tokens=2, readout="first"),
    na.attention([2, 1], 1, tokens=2),
    na.attention([2, 1], 2, tokens=2),
    na.attention([2, 2], 1, tokens=1),
    na.attention([2, 1], 1, tokens=1),
    na.attention([3, 1], 1, tokens=1),
    na.attention([3, 1], 1, tokens=2),
    na.attention([2, 2], 2, tokens=2, tied="qk"),
    na.attention([2, 2], 1, tokens=2, tied="qk"),
    na.attention([2, 2], 1, tokens=1, tied="qk"),
    na.attention([2, 1], 1, tokens=2, tied="qk"),
    na.attention([2, 1], 1, tokens=1, tied="qk"),
    na.attention([2, 1], tokens=2, tied="kv"),
    na.attention([2, 1], tokens=2, tied="qv"),
    na.attention([2, 1], tokens=1, tied="qv"),
    na.attention([3, 1], tokens=1, tied="kv"),
    na.attention([2, 1], tokens=2, tied="qkv"),
    na.attention([3, 1], tokens=1, tied="qkv"),
    na.attention([1, 2], 1, tokens=2),
    na.attention([1, 1], 1, tokens=1, residual=True),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.attention([2, 2], tokens=2, tied="kv"),
        na.attention([2, 2], tokens=2, tied="qkv"),
        na.attention([2, 2], 1, tokens=2, heads=2),
        na.attention([2, 2, 2], 1, tokens=2),
        na.attention([2, 2, 2], 1, tokens=2, shared_layers=True),
        na.mlp([2, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None


def test_the_exchange_of_factors_is_said():
    assert "2 pairs" in THEOREM.apply(na.attention([2, 1], 1, tokens=2)).hypotheses[-1]
    assert "3 pairs" in THEOREM.apply(na.attention([3, 1], 1, tokens=1)).hypotheses[-1]
