"""Closed formulas for Hilbert series against degrees from other theorems and against counting."""

from __future__ import annotations

import itertools
import math

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.hilbert_methods.closed_forms import closed_form, determinantal_h_vector
from neuroalg_cli.theorems._degree_formulas import determinantal
from neuroalg_cli.variety.hilbert_series import HilbertSeries


def standard_tableaux_count(m: int, n: int, k: int, e: int) -> int:
    """Returns the sum over partitions of e with at most k parts of the products of the dimensions of Schur modules.

    It is the Hilbert function of m x n matrices of rank at most k (W. Bruns, U. Vetter, Determinantal Rings, 1988, chapter 11).
    """

    def partitions(total: int, parts: int, largest: int) -> list[tuple[int, ...]]:
        if parts == 0:
            return [()] if total == 0 else []
        return [
            (first, *rest)
            for first in range(min(total, largest), -1, -1)
            for rest in partitions(total - first, parts - 1, first)
        ]

    def schur_dimension(shape: tuple[int, ...], size: int) -> int:
        padded = [*shape, *[0] * (size - len(shape))]
        top = math.prod(padded[i] - padded[j] + j - i for i, j in itertools.combinations(range(size), 2))
        return top // math.prod(j - i for i, j in itertools.combinations(range(size), 2))

    return sum(schur_dimension(p, m) * schur_dimension(p, n) for p in partitions(e, k, e))


@pytest.mark.parametrize(
    ("m", "n", "k"), [(m, n, k) for m in range(1, 6) for n in range(1, 5) for k in range(1, min(m, n) + 1)]
)
def test_determinantal_series(m: int, n: int, k: int) -> None:
    """The values are those of Cauchy's decomposition, h(1) the degree, and the transposed matrices have the same series."""
    h = determinantal_h_vector(m, n, k)
    series = HilbertSeries(h, k * (m + n - k))
    assert [series.value(e) for e in range(5)] == [standard_tableaux_count(m, n, k, e) for e in range(5)]
    assert series.degree == determinantal(m, n, k)
    assert h == determinantal_h_vector(n, m, k)


def test_square_matrices_are_gorenstein() -> None:
    """Determinantal rings are Gorenstein if and only if the matrices are square (T. Svanes 1974)."""
    assert HilbertSeries(determinantal_h_vector(5, 5, 2), 16).is_symmetric
    assert not HilbertSeries(determinantal_h_vector(5, 4, 2), 14).is_symmetric


@pytest.mark.parametrize("degree", range(1, 7))
def test_rational_normal_curves(degree: int) -> None:
    """(2,1,1), z^d: the rational normal curve of degree d, P = d t + 1 (Harris, Algebraic Geometry, Example 13.1)."""
    found = closed_form(mlp([2, 1, 1], degree))
    assert found is not None
    # for d = 1 they are all linear forms
    assert found.series.polynomial == (1, degree)


def test_segre_veronese_values() -> None:
    """All values are products of numbers of monomials, and h ends by the dimension of the projective variety."""
    for n, m, r in itertools.product(range(1, 4), range(1, 4), range(2, 4)):
        found = closed_form(mlp([n, 1, m], r))
        assert found is not None
        for e in range(8):
            assert found.series.value(e) == math.comb(n - 1 + r * e, r * e) * math.comb(m - 1 + e, e)


def test_biases_of_linear_networks_change_the_dimension_alone() -> None:
    """V is a product with the space of the bias of the last layer."""
    without, found = closed_form(mlp([3, 1, 2])), closed_form(mlp([3, 1, 2], biases=True))
    assert without is not None
    assert found is not None
    assert found.series == HilbertSeries(without.series.h, without.series.dimension + 2)


def test_no_formula_for_other_networks() -> None:
    """Several neurons, biases or several terms of the activation are not covered."""
    for other in (mlp([3, 2, 1], 2), mlp([2, 1, 1], 2, biases=True), mlp([2, 1, 1], activation="z^2+z")):
        assert closed_form(other) is None
