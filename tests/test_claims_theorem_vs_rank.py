"""Larger random networks, narrow ends included: where a theorem answers, the rank of d phi says the same."""

from __future__ import annotations

import random

import pytest

import neuroalg_cli as na
from neuroalg_cli.invariants.dimension import JacobianMethod, TheoremMethod
from neuroalg_cli.question import Question


def covered(seed, name):
    """Returns a question about a random network that the named theorem answers."""
    source = random.Random(f"{name}/{seed}")
    while True:
        if name == "Alexander-Hirschowitz theorem":
            widths = [source.randint(1, 12), source.randint(1, 12), 1]
            degrees = [source.randint(2, 5)]
        else:
            hidden = source.randint(1, 4)
            ends = source.choice([(1, 1), (1, 12), (12, 1), (12, 12)])
            widths = [
                source.randint(1, ends[0]),
                *(source.randint(1, 12) for _ in range(hidden)),
                source.randint(1, ends[1]),
            ]
            degrees = [1 if name == "determinantal variety" else source.randint(2, 5) for _ in range(hidden)]
        biases = name == "determinantal variety" and source.random() < 0.5
        question = Question("dimension", na.mlp(widths, degrees, biases=biases), seed=seed)
        if TheoremMethod().obstacle(question) is None:
            claim = TheoremMethod().answer(question).claim
            if claim.evidence["theorem"] == name and max(widths) > 4:
                return question, claim


NAMES = ["Alexander-Hirschowitz theorem", "localization of identifiability", "determinantal variety"]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", NAMES)
def test_theorem_and_rank_agree(name, seed):
    question, claim = covered(seed, name)
    assert JacobianMethod().answer(question).claim.value == claim.value


def test_the_random_networks_are_as_mixed_as_they_should_be():
    found = [covered(seed, name)[0].architecture for name in NAMES for seed in range(40)]
    assert any(architecture.widths[0] == 1 for architecture in found)
    assert any(architecture.widths[-1] == 1 and len(architecture.widths) > 3 for architecture in found)
    assert any(len(architecture.widths) >= 5 and 1 not in architecture.widths for architecture in found)
