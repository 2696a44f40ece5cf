"""Convolutional networks of one channel: the hypotheses, and the rank of d phi wherever they hold."""

from __future__ import annotations

import math
import random

import pytest

from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorems.convolutional import THEOREM


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


def by_label(architecture):
    return architecture.label


NOT_COVERED = [
    cnn([3, 2], 2, biases=True),
    cnn([3, 2], 2, channels=[1, 2, 1]),
    cnn([3, 2], 2, channels=[2, 1, 1]),
    cnn([3, 2], 2, head=[1]),
    cnn([3, 2], 2, padding="zero", input=5),
    cnn([3, 2], 2, padding="circular", input=5),
    cnn([3, 2], activation="z^2+z"),
    cnn([3, 2], activation="z^2+1"),
    mlp([3, 2, 3]),
]


@pytest.mark.parametrize("architecture", NOT_COVERED, ids=by_label)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None


EDGES = [
    (cnn([1]), 1),
    (cnn([4]), 4),
    (cnn(["2x3"]), 6),
    (cnn([1, 1, 1], 2), 1),
    (cnn([1, 1, 1]), 1),
    (cnn([1, 3], 2), 3),
    (cnn([3, 1], 2), 3),
    (cnn([3, 1, 2]), 4),
    (cnn([2, 2], 2, input=7), 3),
    (cnn([2, 2], 2, input=4, stride=[1, 5]), 3),
    (cnn([2, 2], 2, stride=5), 3),
    (cnn([2, 2], activation="-3*z^2"), 3),
    (cnn([2, 2], activation="2*z"), 3),
    (cnn(["2x2", "2x2"], stride="1x2"), 7),
    (cnn([2, 2, 2], [1, 2]), 4),
    (cnn([2, 2, 2], [2, 1]), 4),
    (cnn([2, 2], 1, dilation=[2, 1]), 3),
    (cnn([3, 3], 3, dilation=[1, 3]), 5),
]


@pytest.mark.parametrize(("architecture", "dimension"), EDGES, ids=str)
def test_the_edges_of_the_hypotheses(architecture, dimension):
    # the entries of the filters less one for every pair of neighbours
    assert THEOREM.apply(architecture).value == dimension == rank_of(architecture)


def random_covered(seed):
    source = random.Random(seed)
    axes = source.choice([1, 1, 2])
    layers = source.randint(1, 4)

    def sizes(largest):
        return [tuple(source.randint(1, largest) for _ in range(axes)) for _ in range(layers)]

    degrees = [source.choice([1, 2, 3]) for _ in range(layers - 1)] or None
    smallest = cnn(sizes(3 if axes == 2 else 5), degrees, stride=sizes(3), dilation=sizes(2))
    if source.random() < 0.6:
        return smallest
    larger = "x".join(str(int(n) + source.randint(0, 3)) for n in smallest.input.split("x"))
    return cnn(
        list(smallest.filters), degrees, stride=list(smallest.stride), dilation=list(smallest.dilation), input=larger
    )


@pytest.mark.parametrize("seed", range(150))
def test_the_value_is_the_rank_of_the_jacobian(seed):
    architecture = random_covered(seed)
    assert THEOREM.apply(architecture).value == rank_of(architecture)


@pytest.mark.parametrize("seed", range(30))
def test_the_filter_of_a_linear_network_is_a_product_of_polynomials(seed):
    # the rank of the derivative of (q_1, ..., q_L) -> q_1(z^m_1) ... q_L(z^m_L), with a product rule of its own
    source = random.Random(seed)
    layers = source.randint(1, 4)
    sizes = [source.randint(1, 4) for _ in range(layers)]
    strides = [source.randint(1, 3) for _ in range(layers)]
    factors = [
        [
            source.randint(1, 10**6) if i % math.prod(strides[:j]) == 0 else 0
            for i in range((k - 1) * math.prod(strides[:j]) + 1)
        ]
        for j, k in enumerate(sizes)
    ]
    rows = []
    for j, k in enumerate(sizes):
        others = [1]
        for i, factor in enumerate(factors):
            if i != j:
                others = multiplied(others, factor)
        rows += [[0] * (i * math.prod(strides[:j])) + others for i in range(k)]
    from flint import nmod_mat

    width = max(map(len, rows))
    matrix = nmod_mat([[*row, *[0] * (width - len(row))] for row in rows], 2**61 - 1)
    assert matrix.rank() == THEOREM.apply(cnn(sizes, stride=strides)).value


def multiplied(p, q):
    result = [0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return result


def test_the_statement_is_complete():
    assert THEOREM.invariant == "dimension"
    assert any("2410.00722" in reference for reference in THEOREM.references)
    assert THEOREM.apply(cnn([3, 2, 2], [2, 3])).hypotheses == (
        "one channel; filters with 3, 2, 2 entries",
        "no padding, no biases, no layer behind the convolutions",
        "activations c z^r with r in {2, 3}",
    )
