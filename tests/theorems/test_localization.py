"""Identifiability block by block: the hypotheses, and the rank of d phi wherever they hold."""

from __future__ import annotations

import itertools
import random

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorems.localization import THEOREM


def parameters_less_neurons(widths):
    return sum(a * b for a, b in itertools.pairwise(widths)) - sum(widths[1:-1])


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


def test_example_nine():
    # K. Usevich et al., arXiv:2506.17093, Example 9: (3, 2, 2), r = 2 is identifiable, dimension 8
    assert THEOREM.apply(mlp([3, 2, 2], 2)).value == 8


@pytest.mark.parametrize(
    ("widths", "degrees", "holds"),
    [
        ((3, 2, 2), 2, True),  # 2*2 + 2 = 6 >= 2*2 + 2
        ((3, 2, 1), 2, False),  # 2*2 + 1 < 6: quadratic forms of rank 2 have rotations
        ((2, 2, 1), 3, True),  # 3*2 + 1 = 7 >= 2*2 + 3: two cubes
        ((2, 3, 1), 3, False),  # 3*2 + 1 < 9: binary cubics are sums of two cubes
        ((2, 3, 1), 5, True),  # 5*2 + 1 = 11 >= 11
        ((2, 3, 2), 4, True),  # 4*2 + 2 = 10 >= 10
        ((2, 3, 2), 3, False),  # 3*2 + 2 < 9
        ((4, 2, 3, 3), (2, 4), True),  # the second block is (2, 3, 3): 4*2 + 3 >= 10
        ((4, 2, 3, 3), (2, 3), True),  # 3*2 + 3 = 9 >= 9
        ((4, 2, 3, 3), (2, 2), False),  # 2*2 + 3 < 8
        ((4, 3, 2, 3, 3), (2, 2, 2), False),  # the narrowest layer so far counts, not the one before
        ((1, 1, 1), 2, True),
        ((1, 2, 5), 2, False),
        ((3, 1, 1, 4), 2, True),
        ((3, 1, 2, 4), 7, False),  # after one neuron nothing is identifiable but one neuron
    ],
)
def test_hypotheses_by_hand(widths, degrees, holds):
    degrees = degrees if isinstance(degrees, int) else list(degrees)
    conclusion = THEOREM.apply(mlp(list(widths), degrees))
    assert (conclusion is not None) == holds
    if holds:
        assert conclusion.value == parameters_less_neurons(widths)
        assert len(conclusion.hypotheses) == len(widths) - 2


SMALL = [
    mlp(list(widths), r)
    for hidden in (1, 2, 3)
    for widths in itertools.product((1, 2, 3), repeat=hidden + 2)
    for r in (2, 3, 4)
]
COVERED = [architecture for architecture in SMALL if THEOREM.apply(architecture) is not None]


def test_the_theorem_covers_enough_to_be_tested():
    assert len(COVERED) > 150


@pytest.mark.parametrize("architecture", COVERED, ids=lambda architecture: architecture.label)
def test_the_value_is_the_rank_of_the_jacobian(architecture):
    assert THEOREM.apply(architecture).value == rank_of(architecture)


def random_covered(seed):
    """Returns a network of up to four hidden layers of up to eight neurons with degrees of its own that is covered."""
    source = random.Random(seed)
    while True:
        hidden = source.randint(1, 4)
        widths = [source.randint(1, 8) for _ in range(hidden + 2)]
        degrees = [source.randint(2, 5) for _ in range(hidden)]
        architecture = mlp(widths, degrees)
        if THEOREM.apply(architecture) is not None and sum(n > 1 for n in widths[1:-1]) >= min(hidden, 2):
            return architecture


@pytest.mark.parametrize("seed", range(40))
def test_larger_networks_with_degrees_of_their_own(seed):
    architecture = random_covered(seed)
    assert THEOREM.apply(architecture).value == rank_of(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2]),
        mlp([3, 2, 2]),
        mlp([3, 2, 2, 2], [1, 2]),
        mlp([3, 2, 2], 2, biases=True),
        mlp([3, 2, 2], activation="z^2+z"),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None


def test_the_statement_is_complete():
    assert THEOREM.invariant == "dimension"
    assert any("2506.17093" in reference for reference in THEOREM.references)
    (hypothesis,) = THEOREM.apply(mlp([3, 2, 2], 2)).hypotheses
    assert hypothesis == "block (3, 2, 2), r = 2: 6 >= 6, Kruskal's condition"
