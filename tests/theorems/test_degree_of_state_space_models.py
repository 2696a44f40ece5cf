"""Hankel matrices of Markov parameters: elimination, binary forms, and the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems import degree_of_binary_forms
from neuroalg_cli.theorems.degree_of_state_space_models import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


CASES = [
    na.ssm(1, 1, 1, 3),
    na.ssm(2, 1, 1, 4),
    na.ssm(2, 1, 1, 5),
    na.ssm(2, 1, 1, 6),
    na.ssm(2, 1, 1, 5, diagonal=True),
    na.ssm(1, 2, 1, 3),
    na.ssm(1, 1, 2, 3, diagonal=True),
    na.ssm(2, 2, 1, 3),
    na.ssm(1, 1, 1, 4, readout="last"),
    na.ssm(1, 1, 1, 4, feedthrough=True),
    na.ssm(1, 1, 1, 1, feedthrough=True),
    na.ssm(1, 2, 2, 1),
    na.ssm(1, 2, 2, 2, feedthrough=True),
    na.ssm(1, 1, 1, 3, initial_state=True),
    na.ssm(1, 1, 1, 1, initial_state=True, readout="last"),
    na.ssm(1, 2, 2, 1, initial_state=True),
]


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", CASES, ids=lambda architecture: architecture.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(("n", "m", "length"), [(1, 1, 5), (2, 1, 7), (3, 2, 6), (4, 1, 4), (3, 4, 4)])
def test_markov_parameters_are_binary_forms(n, m, length):
    # sums of n vectors times (1, t, ..., t^(length-1))
    forms = degree_of_binary_forms.THEOREM.apply(na.mlp([2, n, m], length - 1)).value
    assert degree(na.ssm(n, m, 1, length)) == forms == degree(na.ssm(n, 1, m, length))


@pytest.mark.parametrize(
    "architecture",
    [
        na.ssm(1, 2, 2, 3),
        na.ssm(2, 1, 1, 3, bilinear=True),
        na.ssm(2, 1, 1, 3, activation_degree=2),
        na.ssm(1, 1, 1, 3, initial_state=True, readout="last"),
        na.ssm(1, 1, 1, 3, initial_state=True, feedthrough=True),
        na.ssm(1, 1, 2, 3, initial_state=True),
        na.mlp([2, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
