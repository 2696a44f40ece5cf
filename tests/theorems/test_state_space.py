"""Minimal realizations: the hypotheses by hand, and the rank of d phi wherever they hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.ssm import ssm
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.theorems.state_space import THEOREM

PRIME = 8388593


def rank_of(architecture):
    """Returns the rank of d phi at a random point modulo one prime, from as many random inputs as there are parameters."""
    network = architecture.network()
    source = np.random.default_rng(1)
    w = source.integers(-PRIME // 2 + 1, PRIME // 2, network.parameter_count).astype(float)
    x = source.integers(-PRIME // 2 + 1, PRIME // 2, (network.parameter_count + 3, network.input_size)).astype(float)
    return rank_modulo(modular.jacobian(network, w, x, PRIME), PRIME).rank


@pytest.mark.parametrize(
    ("architecture", "value"),
    [
        (ssm(2, 1, 1, 4), 4),  # 2n Markov parameters determine a rational function of order n
        (ssm(2, 1, 1, 3), None),
        (ssm(2, 2, 2, 2), 8),  # ceil(2/2) + ceil(2/2) = 2
        (ssm(3, 2, 2, 4), 12),
        (ssm(3, 2, 2, 3), None),  # the Hankel matrix of three is 4 x 4 and singular: dimension 11
        (ssm(2, 1, 1, 5, feedthrough=True), 5),
        (ssm(2, 1, 1, 4, feedthrough=True), None),
        (ssm(2, 1, 2, 3, initial_state=True), 8),  # ceil(2/2) + ceil(2/2), n(m + 1 + p)
        (ssm(2, 1, 1, 4, initial_state=True, readout="last"), 5),
        (ssm(2, 1, 1, 4, diagonal=True), 4),
        (ssm(2, 1, 1, 4, bilinear=True), 8),
        (ssm(2, 1, 1, 3, bilinear=True), None),
        (ssm(2, 1, 1, 4, bilinear=True, initial_state=True), None),
        (ssm(2, 1, 1, 4, activation_degree=2), None),
        (ssm(2, 1, 1, 4, activation="2*z"), None),
        (ssm(1, 1, 1, 1), None),  # C B alone: 1, where n(m+p) is 2
        (ssm(300, 2, 3, 250), 1500),
        (mlp([3, 2]), None),
    ],
    ids=lambda value: getattr(value, "label", str(value)),
)
def test_hypotheses_by_hand(architecture, value):
    conclusion = THEOREM.apply(architecture)
    assert (conclusion and conclusion.value) == value


def covered():
    flags = list(itertools.product((False, True), repeat=3))
    for n, m, p, length in itertools.product((1, 2, 3), (1, 2), (1, 2), (2, 3, 4)):
        for (diagonal, feedthrough, start), readout in itertools.product(flags, ("all", "last")):
            architecture = ssm(
                n, m, p, length, diagonal=diagonal, feedthrough=feedthrough, initial_state=start, readout=readout
            )
            if THEOREM.apply(architecture) is not None:
                yield architecture
    for n, m, p, length in itertools.product((1, 2), (1, 2), (1, 2), (2, 3, 4)):
        for (diagonal, feedthrough), readout in itertools.product([pair[:2] for pair in flags[::2]], ("all", "last")):
            architecture = ssm(
                n, m, p, length, bilinear=True, diagonal=diagonal, feedthrough=feedthrough, readout=readout
            )
            if THEOREM.apply(architecture) is not None:
                yield architecture


def test_the_value_is_the_rank_of_the_jacobian():
    chosen = list(covered())
    assert len(chosen) > 300
    chosen = chosen[::4]
    wrong = [
        (a.label, found, THEOREM.apply(a).value) for a in chosen if (found := rank_of(a)) != THEOREM.apply(a).value
    ]
    assert not wrong


def test_the_hypotheses_are_said():
    found = THEOREM.apply(ssm(2, 1, 1, 5, feedthrough=True, initial_state=True, readout="last"))
    assert found.value == 2 + 2 + 1 + 1
    assert found.hypotheses == (
        "linear model with a state of 2, 1 inputs, 1 outputs",
        "ceil(2/1) + ceil(2/1) = 4 <= 4: what is seen determines the state up to GL(2)",
        "feedthrough: 1 more parameters, one Markov parameter less to see",
        "initial state: C A^L h_0 adds 1",
    )
    assert any("Ho" in reference for reference in THEOREM.references)
