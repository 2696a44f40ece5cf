"""Exact linear algebra against Python integers and FLINT (python-flint), an independent implementation."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tracemalloc
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from neuroalg_cli.exact_linear_algebra import (
    PRIME_BITS,
    Rank,
    kernel_modulo,
    modular_product,
    random_prime,
    rank_modulo,
    rational_reconstruction,
    reduce_modulo,
)

#: the largest primes below 2**23 and 2**24; test_the_primes_of_these_tests_are_what_they_are_called
P = 8388593
LARGEST = 16777213
#: 107 divides 2**53 + 1; 4194371 has an odd multiple just above 2**53, nearer to it than the last one below
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


def balanced_residue(x, p):
    return (x + p // 2) % p - p // 2


# reduction


@pytest.mark.parametrize("p", PRIMES)
def test_reduction_is_exact_at_multiples_and_at_halves(p):
    last = 2**53 // p
    quotients = {0, 1, 2, last - 1, last, last // 2, 2**52 // p} | {random.Random(p).randrange(last) for _ in range(50)}
    near = {0, 1, 2, p // 2 - 1, p // 2, p // 2 + 1, p // 2 + 2, p - 1}
    integers = [s * (q * p + d) for q in quotients for d in near for s in (1, -1)]
    integers += [2**52, -(2**52), 2**52 + 1, 2**53 - 1, 1 - 2**53]
    integers = [x for x in integers if abs(x) < 2**53]
    residues = reduce_modulo(np.array(integers, dtype=float), p)
    assert [int(x) for x in residues] == [balanced_residue(x, p) for x in integers]


@given(st.lists(st.integers(1 - 2**53, 2**53 - 1), max_size=20), st.sampled_from(PRIMES))
def test_reduction_agrees_with_python_integers(integers, p):
    expected = [balanced_residue(x, p) for x in integers]
    assert reduce_modulo(np.array(integers, dtype=float), p).tolist() == expected
    assert reduce_modulo(np.array(integers, dtype=np.int64), p).tolist() == expected


def test_reduction_keeps_shapes_and_may_work_in_place():
    A = generator().integers(-(2**52), 2**52, (3, 300, 200)).astype(float)
    expected = [balanced_residue(int(x), P) for x in A.ravel()]
    for view in (A, A[:, ::-1], A.transpose(2, 0, 1), A[1], A[:, 0, 0], np.array(A[0, 0, 0])):
        residues = reduce_modulo(view, P)
        assert residues.shape == view.shape
        assert residues.ravel().tolist() == [balanced_residue(int(x), P) for x in view.ravel()]
    out = np.empty_like(A)
    assert reduce_modulo(A, P, out=out) is out
    assert reduce_modulo(A, P, out=A) is A
    assert A.ravel().tolist() == out.ravel().tolist() == expected
    assert reduce_modulo(np.zeros((0, 4)), P).shape == (0, 4)


def test_reduction_accepts_integers_that_float64_cannot_hold():
    integers = [2**100, -(3**50), 2**64 - 1, 0]
    assert reduce_modulo(integers, P).tolist() == [balanced_residue(x, P) for x in integers]
    unsigned = np.array([2**64 - 1, 2**63, 7], dtype=np.uint64)
    assert reduce_modulo(unsigned, P).tolist() == [balanced_residue(int(x), P) for x in unsigned]
    assert reduce_modulo(np.array([-128, 127], dtype=np.int8), P).tolist() == [-128, 127]
    assert reduce_modulo(np.array([True, False]), 3).tolist() == [1, 0]


@pytest.mark.parametrize("p", [-7, 0, 1, 2, 4, 9, 2**23, 2**23 + 1, 2**24 + 43, 2**61 - 1])
def test_a_modulus_that_is_no_odd_prime_below_2_to_the_24_is_refused(p):
    for function in (reduce_modulo, rank_modulo, kernel_modulo):
        with pytest.raises(ValueError, match="odd prime"):
            function(np.eye(2), p)
    with pytest.raises(ValueError, match="odd prime"):
        modular_product(np.eye(2), np.eye(2), p)


def test_unsuitable_arrays_are_refused():
    for entry in (2.0**53, -(2.0**60), math.inf):
        with pytest.raises(ValueError, match="float64 cannot tell"):
            rank_modulo(np.array([[1.0, entry]]), P)
        with pytest.raises(ValueError, match="float64 cannot tell"):
            modular_product(np.array([[1.0, entry]]), np.eye(2), P)
    for entry in (0.5, math.nan):
        with pytest.raises(ValueError, match="not an integer"):
            rank_modulo(np.where(np.arange(400) < 399, random_matrix(400, 400), entry), P)
    with pytest.raises(ValueError, match="float64 cannot tell"):
        modular_product(np.array([[math.nan]]), np.eye(1), P)
    with pytest.raises(ValueError, match="axes"):
        rank_modulo(np.zeros(3), P)
    with pytest.raises(ValueError, match="integers was expected"):
        reduce_modulo(np.array([1j]), P)
    for out in (np.zeros(3), np.zeros(2, dtype=np.float32)):
        with pytest.raises(ValueError, match="out must be"):
            reduce_modulo(np.zeros(2), P, out=out)


# products


@pytest.mark.parametrize("p", [3, 127, P, LARGEST])
@pytest.mark.parametrize("inner", [0, 1, 127, 128, 511, 512, 513, 1024, 1025, 3000])
def test_products_are_exact_at_the_extreme_residues(p, inner):
    h = (p - 1) // 2
    alternating = h * (-1.0) ** np.arange(inner)
    A = np.array([np.full(inner, h), np.full(inner, -h), alternating, np.full(inner, h - 1)])
    product = modular_product(A, A.T, p)
    assert balanced(product, p)
    exact = [[sum(int(x) * int(y) for x, y in zip(r, c, strict=True)) for c in A] for r in A]
    assert product.tolist() == [[balanced_residue(x, p) for x in row] for row in exact]


@pytest.mark.parametrize("p", [P, LARGEST])
def test_products_are_balanced_when_sums_lie_next_to_halves(p):
    # count h**2 + a = +-h modulo p: a quotient that float64 can hardly tell from a half
    h = (p - 1) // 2
    rows, expected = [], []
    for count in range(40, 511):
        for sign in (1, -1):
            a = balanced_residue(sign * h - count * h * h, p)
            rows.append([h] * count + [0] * (511 - count) + [a])
            expected.append([sign * h])
    column = np.array([h] * 511 + [1], dtype=float).reshape(512, 1)
    assert modular_product(np.array(rows, dtype=float), column, p).tolist() == expected


def test_products_of_stacks_and_of_integers_that_are_not_reduced():
    A = generator().integers(-(2**40), 2**40, (3, 1, 4, 5)).astype(float)
    B = generator(1).integers(-(2**40), 2**40, (2, 5, 6)).astype(float)
    exact = np.matmul(A.astype(int).astype(object), B.astype(int).astype(object))
    product = modular_product(A, B, P)
    assert product.shape == (3, 2, 4, 6)
    assert product.tolist() == ((exact + P // 2) % P - P // 2).tolist()
    assert modular_product(np.zeros((2, 0)), np.zeros((0, 3)), P).tolist() == np.zeros((2, 3)).tolist()


# rank


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
        "import numpy as np; from neuroalg_cli.exact_linear_algebra import rank_modulo;"
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


# primes


def test_the_primes_of_these_tests_are_what_they_are_called():
    for p, bound in ((P, 2**23), (LARGEST, 2**24)):
        assert flint.fmpz(p).is_prime()
        assert not any(flint.fmpz(q).is_prime() for q in range(p + 1, bound))


def test_random_primes_are_primes_of_23_bits():
    source = random.Random(7)
    primes = [random_prime(source) for _ in range(200)]
    assert all(p.bit_length() == PRIME_BITS for p in primes)
    # trial division, independent of the test that made them
    assert all(p % d for p in primes for d in range(2, math.isqrt(p) + 1))
    assert len(set(primes)) > 190
    source = random.Random(7)
    assert primes == [random_prime(source) for _ in range(200)]


def test_there_are_as_many_primes_of_23_bits_as_documented():
    sieve = np.ones(2**PRIME_BITS, dtype=bool)
    sieve[:2] = False
    for d in range(2, math.isqrt(2**PRIME_BITS) + 1):
        sieve[d * d :: d] = False
    count = int(sieve[2 ** (PRIME_BITS - 1) :].sum())
    assert count == 268216
    assert f"{count:,}" in random_prime.__doc__


# rational reconstruction


@given(st.fractions(), st.integers(1, 2**200))
def test_reconstruction_returns_every_fraction_within_its_bounds(fraction, extra):
    modulus = 2 * max(abs(fraction.numerator), fraction.denominator) ** 2 + extra
    assume(math.gcd(modulus, fraction.denominator) == 1)
    residue = fraction.numerator * pow(fraction.denominator, -1, modulus) % modulus
    assert rational_reconstruction(residue, modulus) == fraction
    assert rational_reconstruction(residue - 5 * modulus, modulus) == fraction


@pytest.mark.parametrize("modulus", [1, 2, 3, 4, 7, 30, 64, 101, 128, 360])
def test_reconstruction_agrees_with_a_search(modulus):
    bound = math.isqrt((modulus - 1) // 2)
    found = {}
    for b in range(1, bound + 1):
        for a in range(-bound, bound + 1):
            if math.gcd(a, b) == 1 and math.gcd(b, modulus) == 1:
                assert found.setdefault(a * pow(b, -1, modulus) % modulus, Fraction(a, b)) == Fraction(a, b)
    for residue in range(modulus):
        assert rational_reconstruction(residue, modulus) == found.get(residue)


def test_reconstruction_refuses_a_modulus_that_is_not_positive():
    for modulus in (0, -5):
        with pytest.raises(ValueError, match="positive"):
            rational_reconstruction(1, modulus)
