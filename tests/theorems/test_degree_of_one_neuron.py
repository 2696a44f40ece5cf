"""One hidden neuron: Segre-Veronese varieties, elimination, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems import toric
from neuroalg_cli.theorems.degree_of_one_neuron import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


@pytest.mark.parametrize(
    ("widths", "r", "value"), [([5, 1, 1], 2, 16), ([6, 1, 1], 2, 32), ([2, 1, 2], 2, 4), ([2, 1, 3], 2, 6)]
)
def test_values_of_the_literature(widths, r, value):
    # J. Harris, L. W. Tu 1984 for one output; the kernel of the ring map in Macaulay2 1.21 for several
    assert degree(na.mlp(widths, r)) == value


@pytest.mark.parametrize("activation", ["z^2", "z^5", "z^3+z", "z^4+z^2", "z^3+1", "z^4+z^2+z", "z^6+z^3", "z^7+z^3+z"])
@pytest.mark.parametrize("widths", [[1, 1, 1], [2, 1, 1], [1, 1, 3], [2, 1, 2], [3, 1, 1]], ids=str)
def test_the_volume_of_the_polytope_is_computed_otherwise(widths, activation):
    architecture = na.mlp(widths, activation=activation)
    assert degree(architecture) == toric.THEOREM.apply(architecture).value


CASES = [
    na.mlp([2, 1, 1], 2, biases=True),
    na.mlp([2, 1, 2], 2, biases=True),
    na.mlp([3, 1, 1], 2, biases=True),
    na.mlp([2, 1, 1], 3, biases=True),
    na.mlp([1, 1, 2], 3, biases=True),
    na.mlp([1, 1, 1], activation="z^3+3*z^2+3*z+5", biases=True),
    na.mlp([2, 1, 2], activation="z^3+z"),
    na.mlp([2, 1, 1], activation="z^4+z"),
    na.mlp([2, 1, 2], activation="z+1"),
    na.mlp([2, 1, 2, 2], [3, 1]),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([2, 2, 1], 2),
        na.mlp([2, 1, 1], activation="z^3+z", biases=True),
        na.mlp([2, 1, 1, 1], 2),
        na.mlp([3, 1, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
