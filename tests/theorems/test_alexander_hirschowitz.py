"""Sums of powers of linear forms: by Terracini's lemma, the tangent space is spanned by the x_j l_i^(r-1)."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.theorems.alexander_hirschowitz import THEOREM

PRIME = 2**61 - 1


def terracini(variables, r, summands):
    """Returns the dimension of the span of x_j l_i^(r-1) for random linear forms l_i: coefficients by multinomials."""
    source = random.Random(2)
    monomials = list(itertools.combinations_with_replacement(range(variables), r - 1))
    index = {m: i for i, m in enumerate(itertools.combinations_with_replacement(range(variables), r))}
    rows = []
    for _ in range(summands):
        form = [source.randrange(PRIME) for _ in range(variables)]
        power = {}
        for monomial in monomials:
            count = math.factorial(r - 1)
            for k in set(monomial):
                count //= math.factorial(monomial.count(k))
            power[monomial] = count * math.prod(form[k] for k in monomial) % PRIME
        for j in range(variables):
            row = [0] * len(index)
            for monomial, coefficient in power.items():
                row[index[tuple(sorted((*monomial, j)))]] += coefficient
            rows.append(row)
    return nmod_mat(rows, PRIME).rank()


CASES = [
    (variables, r, summands)
    for variables, r in [
        (1, 2),
        (1, 5),
        (2, 2),
        (2, 3),
        (2, 7),
        (3, 2),
        (3, 3),
        (3, 4),
        (3, 5),
        (4, 2),
        (4, 3),
        (5, 2),
        (5, 3),
    ]
    for summands in range(1, math.comb(variables - 1 + r, r) // variables + 3)
]
CASES += (
    [(4, 4, k) for k in (7, 8, 9, 10)]
    + [(5, 4, k) for k in (13, 14, 15)]
    + [(6, 3, 9), (6, 3, 10), (3, 6, 9), (3, 6, 10)]
)


@pytest.mark.parametrize(("variables", "r", "summands"), CASES)
def test_the_theorem_is_terracinis_lemma_at_a_random_point(variables, r, summands):
    assert THEOREM.apply(mlp([variables, summands, 1], r)).value == terracini(variables, r, summands)


@pytest.mark.parametrize(("variables", "r", "summands"), [(3, 4, 5), (4, 4, 9), (5, 3, 7), (5, 4, 14)])
def test_the_four_exceptions_are_hypersurfaces(variables, r, summands):
    # J. Alexander, A. Hirschowitz, J. Algebraic Geom. 4 (1995); a public Magma file has (5, 3, 8) for (5, 3, 7)
    ambient = math.comb(variables - 1 + r, r)
    assert variables * summands >= ambient
    conclusion = THEOREM.apply(mlp([variables, summands, 1], r))
    assert conclusion.value == ambient - 1
    assert "exceptions" in conclusion.hypotheses[-1]
    assert THEOREM.apply(mlp([variables, summands + 1, 1], r)).value == ambient


def test_degree_two_is_symmetric_matrices_of_bounded_rank():
    for n, k in itertools.product(range(1, 7), repeat=2):
        rank = min(n, k)
        assert THEOREM.apply(mlp([n, k, 1], 2)).value == rank * n - rank * (rank - 1) // 2


def test_coefficients_of_the_activation_do_not_matter():
    assert THEOREM.apply(mlp([3, 5, 1], activation="-7/2*z^4")).value == 14


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2, 2], 2),
        mlp([3, 2, 2, 1], 2),
        mlp([3, 1], 2),
        mlp([3, 2, 1]),
        mlp([3, 2, 1], 2, biases=True),
        mlp([3, 2, 1], activation="z^2+1"),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert THEOREM.apply(architecture) is None


def test_large_networks_are_answered():
    # far beyond any rank: only the formula is used
    assert THEOREM.apply(mlp([10**6, 10**6, 1], 3)).value == 10**12
    assert THEOREM.apply(mlp([2, 10**9, 1], 1000)).value == 1001
    assert THEOREM.apply(mlp([10**9, 5, 1], 1000)).value == 5 * 10**9
    assert THEOREM.invariant == "dimension"
    assert THEOREM.references
