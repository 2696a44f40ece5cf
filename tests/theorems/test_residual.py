"""Linear residual networks: the formula against the Jacobian rank, at the edges of the hypotheses first."""

from __future__ import annotations

import itertools
import random

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorems.residual import THEOREM


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


@pytest.mark.parametrize(
    ("architecture", "dimension"),
    [
        (residual([3, 3], 1), 1 * (6 - 1)),  # 1 + matrices of rank at most 1
        (residual([3, 3], 2), 2 * (6 - 2)),
        (residual([3, 3], 3), 9),
        (residual([3, 3], 7), 9),
        (residual([1, 1], 1), 1),
        (residual([4, 4, 4], 1), 2 * (8 - 2)),  # two blocks of rank 1 are one of rank 2
        (residual([4, 4, 4, 4], [1, 2, 1]), 16),
        (residual([3, 3], 1, biases=True), 5 + 3),
        (residual([3, 3], 1, activation="2*z"), 5),
        (residual([3, 3], 1, activation="2*z-1", biases=True), 5 + 3),
        (residual([3, 3], 1, input_width=2), 6),
        (residual([2, 2], 1, input_width=4), 8),
        (residual([2, 2], 1, output_width=4), 8),
        (residual([2, 2], 2, input_width=4, output_width=3), 2 * (4 + 3 - 2)),
        (residual([3, 2], 1, projection=True), 6),
        (residual([3, 1, 3], 1, projection=True), 5),
        (residual([2, 2, 1, 2], 1, projection=True, output_width=3, biases=True), 1 * (2 + 3 - 1) + 3),
    ],
    ids=lambda value: getattr(value, "label", value),
)
def test_cases_by_hand(architecture, dimension):
    assert THEOREM.apply(architecture).value == dimension
    assert rank_of(architecture) == dimension


@pytest.mark.parametrize(
    "architecture",
    [
        residual([3, 3], 2, 2),
        residual([3, 3, 3], 2, [1, 2]),
        residual([3, 3], 2, activation="z+1"),  # nothing absorbs V 1
        residual(block=mlp([3, 2, 3])),
        mlp([3, 2, 3]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None


@pytest.mark.parametrize(("d", "h", "biases"), list(itertools.product((1, 2, 3, 4), (1, 2, 3, 5), (False, True))))
def test_one_block(d, h, biases):
    architecture = residual([d, d], h, biases=biases)
    assert THEOREM.apply(architecture).value == rank_of(architecture)


def drawn(seed):
    source = random.Random(seed)
    blocks = source.randint(1, 4)
    projection = seed % 2 == 1
    widths = [source.randint(1, 4) for _ in range(blocks + 1)] if projection else [source.randint(1, 5)] * (blocks + 1)
    return residual(
        widths,
        [source.randint(1, 3) for _ in range(blocks)],
        activation=source.choice(["z", "-1/2*z"]),
        biases=source.random() < 0.4,
        projection=len(set(widths)) > 1,
        input_width=source.choice([None, None, source.randint(1, 5)]),
        output_width=source.choice([None, None, source.randint(1, 5)]),
    )


@pytest.mark.parametrize("seed", range(60))
def test_random_linear_networks(seed):
    architecture = drawn(seed)
    assert THEOREM.apply(architecture).value == rank_of(architecture)


def test_the_statement_is_complete():
    assert THEOREM.invariant == "dimension"
    found = THEOREM.apply(residual([4, 4, 4], 1, biases=True)).hypotheses
    assert found == (
        "all activations have degree 1",
        "the 2 blocks add matrices of rank at most 2 to the identity",
        "biases add an arbitrary vector with 4 entries",
    )
