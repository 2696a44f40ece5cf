"""The degree of monomial parametrizations against published values, and where the theorem does not apply."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.toric import THEOREM

FOLDER = Path(__file__).parents[1] / "literature"
MAPS = {r["id"]: r for r in tomllib.loads((FOLDER / "polynomial_dimensions.toml").read_text("utf-8"))["record"]}
DEGREES = tomllib.loads((FOLDER / "degrees.toml").read_text("utf-8"))["record"]
KEYS = ("parameters", "inputs", "lets", "outputs")


def given(identifier):
    return na.from_mapping({"family": "polynomial", **{k: v for k, v in MAPS[identifier].items() if k in KEYS}})


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize(
    "record",
    [r for r in DEGREES if r["id"].startswith("toric") or r["id"] in ("ni-tc", "ni-rq", "ni-itver")],
    ids=lambda record: record["id"],
)
def test_published_degrees_of_toric_varieties(record):
    assert degree(given(record["id"])) == record["degree"]


@pytest.mark.parametrize(("inputs", "outputs", "r"), [(3, 1, 2), (2, 3, 2), (4, 3, 3), (1, 2, 5), (3, 2, 1)])
def test_one_hidden_neuron_is_a_segre_veronese_variety(inputs, outputs, r):
    # P^(m-1) x P^(n-1) by O(1, r): C(n + m - 2, n - 1) r^(n - 1)
    assert degree(na.mlp([inputs, 1, outputs], r)) == math.comb(inputs + outputs - 2, inputs - 1) * r ** (inputs - 1)


def test_one_layer_is_a_linear_space():
    assert degree(na.mlp([3, 2])) == 1


def test_no_monomials_no_conclusion():
    assert degree(na.mlp([2, 2, 1], 2)) is None
    assert degree(given("ni-had")) is None


def test_coordinates_that_are_multiples_of_each_other_count_once():
    twice = na.from_mapping(
        {"family": "polynomial", "parameters": ["s", "t"], "outputs": ["s^2", "3*s^2", "s*t", "t^2"]}
    )
    assert degree(twice) == 2
