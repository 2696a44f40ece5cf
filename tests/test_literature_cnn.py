"""Every published dimension of a convolutional network, by the ladder, by the rank of d phi and by engines."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.question import Question
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

RECORDS = tomllib.loads((Path(__file__).parent / "literature" / "cnn_dimensions.toml").read_text("utf-8"))["record"]


def by_jacobian(architecture):
    return JacobianMethod().answer(Question("dimension", architecture)).claim.value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_the_ladder_and_the_rank_agree_with_the_literature(record):
    architecture = cnn(
        record["filters"],
        record.get("activation_degree"),
        activation=record.get("activation"),
        stride=record["stride"],
    )
    stated = {key: record[key] for key in ("dimension", "ambient_dimension") if key in record}
    for value in (na.dimension(architecture).value, by_jacobian(architecture)):
        assert {key: value[key] for key in stated} == stated


def test_the_collection_is_complete():
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == 54
    assert all(record["source"] and record["conventions"] and record["status"] for record in RECORDS)


@pytest.mark.parametrize("filters", [[2, 2], [3, 2], [2, 1], [1, 2], [2, 2, 2], [2, 1, 2]], ids=str)
@pytest.mark.parametrize("stride", [1, 2])
def test_general_activations_of_large_degree_lose_nothing(filters, stride):
    # 'Algebra Unveils Deep Learning', arXiv:2501.18915, and arXiv:2505.11846, Theorem 4.4: for generic polynomials of large
    # degree the dimension is the sum of the k_i, where monomials lose L - 1
    activation = "z^7-2*z^6+3*z^5-z^4+5*z^3+4*z^2-6*z"
    assert by_jacobian(cnn(filters, activation=activation, stride=stride))["dimension"] == sum(filters)


ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
SMALL = [
    cnn([3, 2], 2),
    cnn([2, 2], 3, stride=2),
    cnn(["2x2", "2x1"], 2, channels=[1, 2, 1]),
    cnn([3, 3], 2, padding="zero", input=4, biases=True),
    cnn([2], 2, padding="circular", input=3, head=[2]),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_find_the_same_rank(engine):
    networks = [architecture.network().as_json() for architecture in SMALL]
    script = render(f"{engine}/dimension-jacobian", networks=networks, seed=5)
    answer = execute(script, find(engine), Limits(wall_seconds=300))
    ranks = [int(found["rank"]) for found in answer.values["networks"]]
    assert ranks == [by_jacobian(architecture)["dimension"] for architecture in SMALL]


@pytest.mark.parametrize("engine", ENGINES)
def test_elimination_finds_the_same_dimension(engine):
    # (2, 2), r = 2: dimension 3, arXiv:2410.00722
    network = cnn([2, 2], 2).network()
    polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
    script = render(
        f"{engine}/dimension-groebner", coordinates=polynomials, parameters=network.parameter_count, characteristic=0
    )
    assert int(execute(script, find(engine), Limits(wall_seconds=300)).values["dimension"]) == 3
