"""One residual block: elimination, the degree of the block, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorem import theorems
from neuroalg_cli.theorems.degree_of_residual_blocks import THEOREM


def residual(**specification):
    return na.from_mapping({"family": "residual", **specification})


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


CASES = [
    residual(widths=[2, 2], hidden=[1], activation_degree=2),
    residual(widths=[2, 2], hidden=[2], activation_degree=3),
    residual(widths=[2, 2], hidden=[1]),
    residual(widths=[2, 2], hidden=[1], biases=True),
    residual(widths=[1, 1], hidden=[1], activation="z^3+z"),
    residual(block={"family": "attention", "dims": [2, 2], "attention_dim": 1, "tokens": 1}, blocks=1),
    residual(block={"family": "mlp", "widths": [2, 1, 1, 2], "activation_degree": 2}, blocks=1),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


def test_the_degree_is_that_of_the_block():
    block = na.mlp([3, 2, 3], 3)
    found = next(c for t in theorems("degree") if (c := t.apply(block)) is not None)
    assert degree(residual(widths=[3, 3], hidden=[2], activation_degree=3)) == found.value


@pytest.mark.parametrize(
    "architecture",
    [
        residual(widths=[2, 2, 2], hidden=[1, 1], activation_degree=2),
        residual(widths=[2, 2], hidden=[1], activation_degree=2, input_width=2),
        residual(widths=[2, 2], hidden=[1], activation_degree=2, output_width=1),
        residual(widths=[2, 1], hidden=[1], activation_degree=2, projection=True),
        residual(widths=[3, 3], hidden=[3], activation_degree=2),  # the degree of (3, 3, 3) is not known
        na.mlp([2, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
