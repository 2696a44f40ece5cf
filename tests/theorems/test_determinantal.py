"""Matrices of bounded rank: the tangent space at a random product of matrices has the dimension of the formula."""

from __future__ import annotations

import itertools
import random

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.theorems.determinantal import THEOREM

PRIME = 2**61 - 1


def tangent_dimension(widths, *, biases):
    """Returns the rank of the differential of (A_1, b_1, ..., A_L, b_L) -> (A_L ... A_1, all the rest) at a random point.

    The affine map x -> A_L (... (A_1 x + b_1) ...) + b_L is a product of matrices (A, b; 0, 1).
    """
    source = random.Random(1)
    extra = 1 if biases else 0

    def matrix(rows, columns, entry):
        body = [[entry(i, j) for j in range(columns + extra)] for i in range(rows)]
        return nmod_mat(body + [[0] * columns + [1]] * extra, PRIME)

    factors = [matrix(n, m, lambda *_: source.randrange(PRIME)) for m, n in itertools.pairwise(widths)]
    gradients = []
    for layer, (m, n) in enumerate(itertools.pairwise(widths)):
        for i, j in itertools.product(range(n), range(m + extra)):
            unit = nmod_mat([[int((a, b) == (i, j)) for b in range(m + extra)] for a in range(n + extra)], PRIME)
            product = unit
            for factor in factors[layer + 1 :]:
                product = factor * product
            for factor in reversed(factors[:layer]):
                product = product * factor
            gradients.append([int(entry) for entry in product.entries()])
    return nmod_mat(gradients, PRIME).rank()


WIDTHS = [
    *itertools.product((1, 2, 3), repeat=2),
    *itertools.product((1, 2, 4), repeat=3),
    *itertools.product((1, 2, 3), repeat=4),
    (5, 3, 5),
    (2, 5, 5, 3),
]


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_formula_is_the_dimension_of_the_tangent_space(widths, biases):
    conclusion = THEOREM.apply(mlp(list(widths), biases=biases))
    assert conclusion.value == tangent_dimension(widths, biases=biases)


def test_values_of_the_literature():
    # arXiv:2501.18915, appendix: k (m + n - k)
    assert THEOREM.apply(mlp([3, 2, 3])).value == 8
    assert THEOREM.apply(mlp([5, 3, 5])).value == 21


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2, 3], activation="5*z"),
        mlp([3, 2, 4, 3], activation=["-1/2*z", "z"]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_multiples_of_the_identity_are_linear(architecture):
    assert THEOREM.apply(architecture).value == 8


def test_constants_are_absorbed_by_biases_only():
    assert THEOREM.apply(mlp([3, 2, 3], activation="2*z+1", biases=True)).value == 11
    assert THEOREM.apply(mlp([3, 2, 3], activation="2*z+1")) is None


@pytest.mark.parametrize(
    "architecture", [mlp([3, 2, 3], 2), mlp([3, 2, 2, 3], [1, 2]), mlp([3, 2, 3], activation="z^2+z")]
)
def test_other_networks_are_not_linear(architecture):
    assert THEOREM.apply(architecture) is None


def test_the_hypotheses_hold_the_numbers():
    first, second = THEOREM.apply(mlp([4, 2, 3], biases=True)).hypotheses
    assert "3 x 4" in first
    assert "at most 2" in first
    assert "3 entries" in second
    assert THEOREM.invariant == "dimension"
    assert THEOREM.references
