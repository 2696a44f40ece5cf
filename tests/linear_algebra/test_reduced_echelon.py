"""The reduced echelon form against python-flint's nmod_mat, which has its own elimination."""

from __future__ import annotations

import numpy as np
import pytest
from flint import nmod_mat

from neuroalg_cli.linear_algebra import reduced_echelon as module
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, reduce_modulo
from neuroalg_cli.linear_algebra.reduced_echelon import reduced_echelon

PRIMES = [3, 5, 101, 8388593]


def matrix(generator, m, n, p):
    return reduce_modulo(generator.integers(0, p, (m, n)), p)


def by_flint(A, p):
    m, n = A.shape
    if not (m and n):
        return [], np.zeros((0, n))
    reduced, rank = nmod_mat(m, n, [int(x) % p for x in A.reshape(-1)], p).rref()
    table = np.array([int(x) for x in reduced.entries()], dtype=np.int64).reshape(m, n)[:rank]
    pivots = [int(np.flatnonzero(row)[0]) for row in table]
    return pivots, reduce_modulo(np.delete(table, pivots, axis=1), p)


def require_equal(A, p):
    untouched = A.copy()
    pivots, combinations = reduced_echelon(A, p)
    expected, table = by_flint(A, p)
    assert pivots == expected
    assert np.array_equal(combinations, table)
    assert np.array_equal(A, untouched)


@pytest.mark.parametrize("p", PRIMES)
@pytest.mark.parametrize(
    ("m", "n", "r"),
    [(0, 0, 0), (0, 5, 0), (5, 0, 0), (3, 2, 0), (1, 1, 1), (10, 8, 8), (40, 30, 30), (30, 40, 25), (250, 220, 90)],
)
def test_random_matrices_of_given_rank(p, m, n, r):
    generator = np.random.default_rng(m + n + r + p)
    A = modular_product(matrix(generator, m, r, p), matrix(generator, r, n, p), p) if r else np.zeros((m, n))
    require_equal(A, p)


@pytest.mark.parametrize("p", PRIMES)
@pytest.mark.parametrize("seed", range(8))
def test_sparse_matrices_with_zero_columns_and_repeated_rows(p, seed):
    # panels without pivots, pivots far below, columns that depend on some rows only
    generator = np.random.default_rng(seed)
    A = matrix(generator, 200, 180, p) * (generator.random((200, 180)) < 0.03)
    A[:, generator.integers(0, 180, 30)] = 0
    A[generator.integers(0, 200, 60)] = A[7]
    require_equal(A, p)
    require_equal(np.ascontiguousarray(A.T), p)


def test_a_column_that_only_late_rows_tell_from_those_before_it():
    # in the rows that a panel looks at first column 1 is twice column 0
    p = 8388593
    A = matrix(np.random.default_rng(0), 300, 60, p)
    A[:290, 1] = reduce_modulo(2 * A[:290, 0], p)
    require_equal(A, p)


def test_several_blocks_of_columns(monkeypatch):
    p = 8388593
    generator = np.random.default_rng(3)
    A = matrix(generator, 230, 220, p)
    A[:, 50:90] = modular_product(A[:, :50], matrix(generator, 50, 40, p), p)
    A[:, 100:220:3] = modular_product(A[:, :100], matrix(generator, 100, 40, p), p)
    monkeypatch.setattr(module, "BLOCK", 70)
    monkeypatch.setattr(module, "PANEL", 16)
    require_equal(A, p)
