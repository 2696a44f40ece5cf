"""Macaulay2 and Sage against the builtin methods: forward mode and elimination in their arithmetic, reverse mode in ours."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from neuroalg_cli.architectures.mlp import MultilayerPerceptron, mlp
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.question import Question
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20260101
ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]


def small_architectures() -> Iterator[tuple[tuple[int, ...], int]]:
    """Yields all widths up to 4 with at most 4 weight layers, with degrees 1, 2, 3."""
    for layers in range(1, 5):
        for widths in itertools.product(range(1, 5), repeat=layers + 1):
            for degree in (1, 2, 3):
                yield widths, degree


def sample(count: int) -> list[MultilayerPerceptron]:
    chosen = random.Random(SEED).sample(list(small_architectures()), count)
    general = [
        mlp([2, 2, 2], activation="1/2*z^2+z"),
        mlp([2, 3, 1], activation="z^3-z", biases=True),
        mlp([3, 2, 2], 2, biases=True),
        mlp([2, 2, 3, 1], activation=["z^2", "z^3+1"], biases=True),
        mlp([1, 1], biases=True),
        mlp([2, 2, 2], biases=True),
    ]
    return [mlp(widths, degree) for widths, degree in chosen] + general


def builtin(architecture: MultilayerPerceptron) -> int:
    value = JacobianMethod().answer(Question("dimension", architecture)).claim.value["dimension"]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("engine", ENGINES)
def test_three_hundred_random_architectures_in_one_run_of_an_engine(engine: str) -> None:
    architectures = sample(300)
    networks = [architecture.network().as_json() for architecture in architectures]
    script = render(f"{engine}/dimension-jacobian", networks=networks, seed=SEED)
    answer = execute(script, find(engine), Limits(wall_seconds=600))
    ranks = [int(found["rank"]) for found in answer.values["networks"]]
    assert {a.label: builtin(a) for a in architectures} == {
        a.label: rank for a, rank in zip(architectures, ranks, strict=True)
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_elimination_agrees_where_it_is_small_enough(engine: str) -> None:
    small = [
        a
        for a in sample(300)
        if a.network().parameter_count <= 9 and Question("dimension", a).phi.ambient_dimension <= 7
    ]
    small = [a for a in small if Question("dimension", a).phi.total_degree <= 5][:16]
    assert len(small) >= 10
    for architecture in small:
        network = architecture.network()
        script = render(
            f"{engine}/dimension-groebner",
            coordinates=[coordinate.polynomial for coordinate in coordinates(network)],
            parameters=network.parameter_count,
            characteristic=0,
        )
        answer = execute(script, find(engine), Limits(wall_seconds=120))
        assert int(answer.values["dimension"]) == builtin(architecture), architecture.label
