"""One head of lightning self-attention: the hypotheses, values by hand, and the rank of d phi wherever they hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.theorems.attention import THEOREM

PRIME = 8388593


def rank_of(architecture):
    """Returns the rank of d phi at a random point modulo one prime, from as many random inputs as there are parameters."""
    network = architecture.network()
    source = np.random.default_rng(1)
    w = source.integers(-PRIME // 2 + 1, PRIME // 2, network.parameter_count).astype(float)
    x = source.integers(-PRIME // 2 + 1, PRIME // 2, (network.parameter_count + 3, network.input_size)).astype(float)
    return rank_modulo(modular.jacobian(network, w, x, PRIME), PRIME).rank


@pytest.mark.parametrize(
    ("d", "outputs", "a"), [(1, 1, 1), (2, 2, 2), (3, 3, 1), (3, 3, 2), (3, 2, 3), (7, 5, 4), (2, 9, 1)]
)
def test_the_formula_of_henry_marchetti_and_kohn(d, outputs, a):
    # arXiv:2408.17221: 2ad + dd' - a^2 - 1 for a <= d and at least two tokens
    for t in (2, 3, 50):
        assert THEOREM.apply(attention([d, outputs], a, tokens=t)).value == 2 * a * d + d * outputs - a * a - 1


def test_more_queries_than_dimensions_are_in_vain():
    # for a >= d the matrix K^T Q is any d x d matrix
    for a in (3, 4, 100):
        assert THEOREM.apply(attention([3, 3], a, tokens=2)).value == 9 + 9 - 1


@pytest.mark.parametrize(
    ("architecture", "value"),
    [
        (attention([3, 3], 2, tokens=1), 14),  # rank modulo 2147483629 of the same model: 14, where two tokens have 16
        (attention([3, 1], 1, tokens=1), 7),  # products of three linear forms, Chow variety: 3 * 3 - 2
        (attention([2, 1], 1, tokens=1), 4),  # all binary cubics
        (attention([1, 1], 1, tokens=1), 1),  # all multiples of x^3
        (attention([1, 4], 3, tokens=2), 4),  # a vector times x_j (x_1^2 + x_2^2)
        (attention([3, 1], 1, tokens=2, tied="qk"), 3 + 3 - 1),
        (attention([3, 1], tokens=2, tied="kv"), 3 + 3 - 1),  # v (x) v (x) q up to scaling
        (attention([3, 1], tokens=1, tied="kv"), 3 + 3 - 1),  # (v x)^2 (q x)
        (attention([3, 1], tokens=1, tied="qkv"), 3),  # cubes of linear forms
        (attention([3, 2], tokens=2, tied="qkv"), 6),
        (attention([2, 3], tokens=2, tied="qv"), 6 + 4 - 1),  # V^T Q is any 2 x 2 matrix
    ],
    ids=lambda value: getattr(value, "label", str(value)),
)
def test_values_by_hand(architecture, value):
    assert THEOREM.apply(architecture).value == value == rank_of(architecture)


def small(tied):
    for d, outputs, a, t in itertools.product((1, 2, 3), (1, 2, 3, 4), (1, 2, 4), (1, 2, 3)):
        if "v" in tied and a != outputs:
            continue
        for causal, readout in itertools.product((False, True), ("all", "first", "last")):
            for residual in (False, True) if d == outputs else (False,):
                yield attention([d, outputs], a, tokens=t, tied=tied, causal=causal, readout=readout, residual=residual)


@pytest.mark.parametrize("tied", ["none", "qk", "kv", "qv", "qkv"])
def test_the_value_is_the_rank_of_the_jacobian(tied):
    chosen = list(small(tied))[:: 3 if "v" in tied else 7]
    assert len(chosen) > 60
    wrong = [
        (a.label, found, THEOREM.apply(a).value) for a in chosen if (found := rank_of(a)) != THEOREM.apply(a).value
    ]
    assert not wrong


@pytest.mark.parametrize(
    "architecture",
    [
        attention([3, 3], 2, tokens=2, heads=2),
        attention([3, 3, 3], 2, tokens=2),
        attention([3, 3, 3], 2, tokens=2, shared_layers=True),
        mlp([3, 2]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None


def test_the_hypotheses_are_said():
    found = THEOREM.apply(attention([3, 3], 2, tokens=2, tied="qk", residual=True))
    assert found.hypotheses == (
        "one layer with one head, V of shape 3 x 3, Q and K of shape 2 x 3",
        "an output token depends on at least two of 2 tokens",
        "tied: Q = K",
        "the residual summand is a constant of the parametrization",
    )
    one = THEOREM.apply(attention([3, 3], 2, tokens=2, causal=True, readout="first")).hypotheses
    assert one[1] == "an output token depends on one token"
    assert any("2408.17221" in reference for reference in THEOREM.references)
