"""Rank and kernel modulo primes against FLINT (python-flint), an independent implementation."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from neuroalg_cli.linear_algebra.exact_linear_algebra import (
    Rank,
    kernel_modulo,
    modular_product,
    rank_modulo,
    reduce_modulo,
)

#: the largest primes below 2**23 and 2**24, which test_modular_arithmetic.py verifies
P = 8388593
LARGEST = 16777213
PRIMES = (3, 5, 7, 31, 37, 107, 127, 4194371, P, LARGEST)


def generator(seed=0):
    return np.random.default_rng(seed)


def random_matrix(rows, columns, p=P, seed=0):
    return generator(seed).integers(-(p // 2), p // 2, (rows, columns), endpoint=True).astype(float)


def low_rank_matrix(rows, columns, rank, p=P, seed=0):
    return modular_product(random_matrix(rows, rank, p, seed), random_matrix(rank, columns, p, seed + 1), p)


def flint_matrix(A, p):
    rows, columns = A.shape
    return flint.nmod_mat(rows, columns, (A.astype(np.int64) % p).ravel().tolist(), p)


def check(A, p=P):
    """The rank, after comparing it with FLINT's, and the minor and the kernel with what they must be."""
    A = np.asarray(A, dtype=float)
    before = A.copy()
    answer = rank_modulo(A, p)
    assert np.array_equal(A, before)
    assert answer.rank == flint_matrix(A, p).rank()
    for chosen, size in ((answer.pivot_rows, A.shape[0]), (answer.pivot_columns, A.shape[1])):
        assert len(chosen) == answer.rank
        assert list(chosen) == sorted(set(chosen))
        assert all(type(i) is int and 0 <= i < size for i in chosen)
    if answer.rank:
        assert flint_matrix(A[np.ix_(answer.pivot_rows, answer.pivot_columns)], p).det() != 0
    kernel = kernel_modulo(A, p)
    assert kernel.shape == (A.shape[1], A.shape[1] - answer.rank)
    assert balanced(kernel, p)
    # independent of our product: FLINT multiplies, and says that the kernel's columns are independent
    assert (flint_matrix(A, p) * flint_matrix(kernel, p)).rank() == 0
    assert flint_matrix(kernel, p).rank() == kernel.shape[1]
    return answer.rank


def balanced(A, p):
    return A.dtype == np.float64 and (not A.size or np.abs(A).max() <= (p - 1) // 2)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_an_empty_matrix_has_rank_zero(shape):
    assert rank_modulo(np.zeros(shape), P) == Rank(0, (), ())
    assert kernel_modulo(np.zeros(shape), P).tolist() == np.eye(shape[1]).tolist()


def test_the_smallest_matrices():
    assert rank_modulo([[0]], P) == Rank(0, (), ())
    assert rank_modulo([[P]], P) == Rank(0, (), ())
    assert rank_modulo([[P + 1]], P) == Rank(1, (0,), (0,))
    assert rank_modulo([[0, 0], [0, 5]], P) == Rank(1, (1,), (1,))
    # 3 divides the determinant of this matrix of rank 2 over the rationals
    assert [rank_modulo([[1, 1], [1, 4]], p).rank for p in (3, 5)] == [1, 2]


small_matrices = numpy_strategies.arrays(
    np.int64,
    numpy_strategies.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=45),
    elements=st.sampled_from([0, 0, 0, 1, -1, 2, 3, 5, 1000003, P, 2**40]),
)


@settings(deadline=None, max_examples=150)
@given(small_matrices, st.sampled_from(PRIMES))
def test_small_matrices_agree_with_flint(A, p):
    check(A, p)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 160), st.integers(1, 160), st.integers(0, 160), st.sampled_from(PRIMES), st.integers(0, 2**32))
def test_products_of_given_inner_dimension_agree_with_flint(rows, columns, rank, p, seed):
    rank = min(rank, rows, columns)
    assert check(low_rank_matrix(rows, columns, rank, p, seed), p) <= rank


def block_diagonal(count, size, rank):
    A = np.zeros((count * size, count * size))
    for i in range(count):
        A[i * size : (i + 1) * size, i * size : (i + 1) * size] = low_rank_matrix(size, size, rank, seed=2 * i)
    return A


def structured_matrices():
    n = 300
    order, other_order = generator(5).permutation(n), generator(6).permutation(n)
    A, half = random_matrix(n, n), random_matrix(150, 150, seed=9)
    yield "zero", np.zeros((n, n)), 0
    yield "ones", np.ones((n, n)), 1
    yield "identity", np.eye(n), n
    yield "permutation", np.eye(n)[order], n
    yield "reversed identity", np.eye(n)[::-1], n
    yield "shift", np.eye(n, k=1), n - 1
    yield "band above the diagonal", np.triu(np.tril(A, 9), 3), None
    yield "upper triangle", np.triu(A), None
    yield "strict upper triangle", np.triu(A, 1), None
    yield "lower left corner", np.tril(A, -n // 3), None
    yield "two blocks off the diagonal", np.block([[np.zeros_like(half), half], [half, np.zeros_like(half)]]), None
    yield "blocks", block_diagonal(10, 30, 30), None
    yield "blocks of rank 3", block_diagonal(10, 30, 3), 30
    yield "blocks, permuted", block_diagonal(10, 30, 30)[order][:, other_order], None
    yield "blocks of rank 3, permuted", block_diagonal(10, 30, 3)[order][:, other_order], 30
    yield "repeated rows", np.repeat(random_matrix(30, n), 10, axis=0), 30
    yield "repeated columns", np.repeat(random_matrix(n, 30), 10, axis=1)[:, other_order], 30
    yield "zero rows and columns", np.where(order[:, None] % 2 * (other_order % 3) > 0, A, 0), None
    yield "zero left half", np.where(np.arange(n) < n // 2, 0, A), n // 2
    yield "zero top", np.where(np.arange(n)[:, None] < n // 2, 0, A), n // 2
    for density in (0.2, 0.02, 0.005):
        yield f"sparse {density}", np.where(generator(7).random((n, n)) < density, A, 0), None
    yield "sparse last columns", np.where((generator(8).random((n, n)) < 0.02) | (np.arange(n) < n // 2), A, 0), None
    yield "one entry", np.where(np.arange(n * n).reshape(n, n) == 40007, 3.0, 0.0), 1
    # (i - j)**3 is a sum of four products of a function of i and one of j
    yield "Toeplitz", np.subtract.outer(np.arange(n), np.arange(n)) ** 3, 4


@pytest.mark.parametrize(("A", "rank"), [pytest.param(A, r, id=name) for name, A, r in structured_matrices()])
def test_structured_matrices_agree_with_flint(A, rank):
    assert check(A) == (rank if rank is not None else flint_matrix(A, P).rank())


@pytest.mark.parametrize("p", [3, 5, 31, 37])
def test_large_matrices_modulo_small_primes_agree_with_flint(p):
    # leading blocks are often singular modulo a small prime
    check(random_matrix(280, 300, p), p)
    check(low_rank_matrix(300, 280, 200, p), p)


@pytest.mark.parametrize("n", [31, 32, 33, 63, 65, 127, 128, 129, 255, 257])
def test_sizes_around_the_blocks_agree_with_flint(n):
    assert check(random_matrix(n, n)) == n
    assert check(low_rank_matrix(n, n + 3, n - 1)) == n - 1


@pytest.mark.parametrize(("rows", "columns"), [(1, 3000), (3000, 1), (7, 60000), (60000, 7), (140, 2000), (2000, 140)])
@pytest.mark.parametrize("defect", [0, 1])
def test_rectangular_matrices_agree_with_flint(rows, columns, defect):
    rank = min(rows, columns) - defect
    A = low_rank_matrix(rows, columns, rank)
    answer = rank_modulo(A, P)
    assert answer.rank == rank == flint_matrix(A, P).rank()
    assert rank == 0 or flint_matrix(A[np.ix_(answer.pivot_rows, answer.pivot_columns)], P).det() != 0


@pytest.mark.parametrize("rank", [700, 640, 513, 400])
def test_several_outer_blocks_agree_with_flint(rank):
    assert check(low_rank_matrix(700, 720, rank)) == rank


def test_a_nonzero_schur_complement_behind_zero_ones_is_found():
    # the last row and column hold the only entry that the first 600 rows do not explain
    A = low_rank_matrix(700, 700, 300)
    A[699, 699] += 1
    assert check(A) == 301


@pytest.mark.parametrize("p", [P, LARGEST])
def test_schur_complements_are_exact_at_the_extreme_residues(p):
    # behind an identity matrix, sums of so many products of extreme residues that float64 could not hold them at once
    h = (p - 1) // 2
    n, rest = (640, 300) if p == P else (254, 260)
    C = (h - generator(1).integers(0, 2, (rest, n))).astype(float)
    B = (h - generator(2).integers(0, 2, (n, rest))).astype(float)
    D = reduce_modulo(modular_product(C, B, p) + low_rank_matrix(rest, rest, rest - 20, p), p)
    assert check(np.block([[np.eye(n), B], [C, D]]), p) == n + rest - 20


def test_entries_need_not_be_reduced():
    A = low_rank_matrix(60, 50, 20)
    shifted = A + P * generator(3).integers(-(2**28), 2**28, A.shape)
    assert rank_modulo(shifted, P) == rank_modulo(A, P) == rank_modulo(A.astype(np.int64).tolist(), P)
    assert kernel_modulo(shifted, P).tolist() == kernel_modulo(A, P).tolist()


def test_the_answer_depends_on_neither_the_memory_layout_nor_overwriting():
    A = low_rank_matrix(300, 280, 150)
    expected = rank_modulo(A, P)
    wide = np.zeros((600, 560))
    wide[::2, ::2] = A
    layouts = (np.asfortranarray(A), wide[::2, ::2], A.astype(np.int64), A.astype(object).astype(int).tolist())
    for layout in layouts:
        assert rank_modulo(layout, P) == expected
    read_only = A.copy()
    read_only.flags.writeable = False
    assert rank_modulo(read_only, P, overwrite=True) == expected
    assert rank_modulo(np.asfortranarray(A), P, overwrite=True) == expected
    assert rank_modulo(A.copy(), P, overwrite=True) == expected


def test_the_answer_does_not_depend_on_the_number_of_threads():
    program = (
        "import numpy as np; from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo;"
        "A = np.random.default_rng(1).integers(-9, 9, (400, 250)) @ np.random.default_rng(2).integers(-9, 9, (250, 500));"
        f"print(rank_modulo(A, {P}))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(answers) == 1
    assert answers.pop().startswith("Rank(rank=250,")


@pytest.mark.parametrize("kind", ["dense", "not reduced", "low rank", "permutation", "sparse"])
def test_overwriting_needs_at_most_as_much_again_as_the_matrix(kind):
    n = 1400
    A = {
        "dense": lambda: random_matrix(n, n),
        "not reduced": lambda: random_matrix(n, n) * 2.0**20,
        "low rank": lambda: low_rank_matrix(n, n, 900),
        "permutation": lambda: np.eye(n)[generator().permutation(n)],
        "sparse": lambda: np.where(generator().random((n, n)) < 0.003, random_matrix(n, n), 0.0),
    }[kind]()
    rank_modulo(A[:50, :50], P)
    tracemalloc.start()
    try:
        rank_modulo(A, P, overwrite=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= A.nbytes
