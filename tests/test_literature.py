"""Every published dimension of a multilayer perceptron, by the ladder and by the rank of d phi.

``literature/mlp_dimensions.toml`` holds single values with their sources; ``literature/mlp_dimensions.csv`` a sample of 1,200
rows of the data of K. Dao and J. I. Rodriguez, arXiv:2605.09609.  Rows whose rank takes long are left to
``benchmarks/literature.py``, which checks all of them.
"""

from __future__ import annotations

import csv
import itertools
import json
import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.invariants.dimension import JacobianMethod, TheoremMethod
from neuroalg_cli.question import Question

FOLDER = Path(__file__).parent / "literature"
RECORDS = tomllib.loads((FOLDER / "mlp_dimensions.toml").read_text("utf-8"))["record"]
#: rows above are for the benchmark: together they take longer than all others
LARGEST_PARAMETERS = 1_000
LARGEST_DIMENSION = 150


def rows():
    lines = (FOLDER / "mlp_dimensions.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    return list(csv.DictReader(lines[1:]))


ROWS = rows()
SHORT = [
    row for row in ROWS if int(row["parameters"]) <= LARGEST_PARAMETERS and int(row["dimension"]) <= LARGEST_DIMENSION
]


def architecture_of(record):
    return na.mlp(record["widths"], record.get("activation_degree"), activation=record.get("activation"))


def stated(record):
    keys = ("dimension", "ambient_dimension", "expected_dimension")
    return {key: record[key] for key in keys if key in record}


def by_jacobian(architecture):
    return JacobianMethod().answer(Question("dimension", architecture)).claim


by_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])


def test_the_collection_is_complete():
    assert len(RECORDS) == 134
    assert len({record["id"] for record in RECORDS}) == 134
    assert all(record["source"] and record["conventions"] and record["status"] for record in RECORDS)
    assert len(ROWS) == 1_200
    assert len(SHORT) > 700


@by_record
def test_the_ladder_and_the_rank_agree_with_the_literature(record):
    architecture = architecture_of(record)
    best = na.dimension(architecture)
    # where no theorem applies the ladder itself has computed the rank, with the same seed
    claims = [best] if best.method == "jacobian" else [best, by_jacobian(architecture)]
    assert claims[-1].method == "jacobian"
    for claim in claims:
        assert stated(record) == {key: claim.value[key] for key in stated(record)}
        assert claim.kind == "exact"
        assert claim.certainty in ("theorem", "proved", "modular")


def test_the_rank_agrees_with_the_published_table():
    wrong = []
    for row in SHORT:
        value = by_jacobian(na.mlp(json.loads(row["widths"]), int(row["activation_degree"]))).value
        keys = ("parameters", "dimension", "ambient_dimension", "expected_dimension")
        if [value[key] for key in keys] != [int(row[key]) for key in keys]:
            wrong.append((row, value))
    assert not wrong


MINIMAL = [record for record in RECORDS if record.get("minimal_filling")]


@pytest.mark.parametrize("record", MINIMAL, ids=lambda record: record["id"])
def test_minimal_filling_architectures_are_minimal(record):
    """They fill; with one neuron less in any hidden layer they do not, and filling is monotone in the widths."""
    widths, r = record["widths"], record["activation_degree"]
    assert na.dimension(na.mlp(widths, r)).value["filling"] is True
    for layer in range(1, len(widths) - 1):
        if widths[layer] > 1:
            smaller = [*widths[:layer], widths[layer] - 1, *widths[layer + 1 :]]
            assert na.dimension(na.mlp(smaller, r)).value["filling"] is False


def test_the_exception_that_a_public_list_gets_wrong():
    # a public Magma file has (5, 3, 8) for (5, 3, 7) and leaves (5, 4, 14) out
    assert by_jacobian(na.mlp([5, 7, 1], 3)).value["dimension"] == 34
    assert by_jacobian(na.mlp([5, 8, 1], 3)).value["dimension"] == 35
    assert by_jacobian(na.mlp([5, 14, 1], 4)).value["dimension"] == 69


@pytest.mark.parametrize("widths", [[2, 2, 1], [2, 3, 2], [3, 2, 2], [2, 2, 2, 1], [1, 2, 1], [3, 1, 2, 2]], ids=str)
def test_general_activations_of_large_degree_lose_nothing(widths):
    # 'Algebra Unveils Deep Learning', arXiv:2501.18915: for a general polynomial of large degree the dimension is the sum of the
    # n_i n_{i-1}, where monomials lose at least the sum of the hidden widths
    activation = "z^9-3*z^8+2*z^7+z^6-5*z^5+7*z^4+z^3-2*z^2+4*z"
    count = sum(a * b for a, b in itertools.pairwise(widths))
    assert by_jacobian(na.mlp(widths, activation=activation)).value["dimension"] == count


def test_theorems_answer_what_they_cover():
    # of the records, all linear networks, all with one output and two layers, and (3, 2, 2)
    answered = [r["id"] for r in RECORDS if TheoremMethod().obstacle(Question("dimension", architecture_of(r))) is None]
    linear = [r["id"] for r in RECORDS if r.get("activation_degree") == 1]
    secants = [
        r["id"] for r in RECORDS if len(r["widths"]) == 3 and r["widths"][2] == 1 and r.get("activation_degree", 0) > 1
    ]
    assert set(linear) | set(secants) | {"us-ex9"} <= set(answered)
