"""Reduction, products, primes and rational reconstruction, against Python integers."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neuroalg_cli.linear_algebra.exact_linear_algebra import (
    PRIME_BITS,
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
