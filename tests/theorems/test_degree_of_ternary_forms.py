"""Secant varieties of Veronese surfaces: published polynomials, localization, and the edges of the hypotheses."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems.degree_of_ternary_forms import THEOREM, top_segre_class

#: G. Ellingsrud, S. A. Stromme 1996: the degrees of the varieties of sums of k powers as polynomials in r, times k!
POLYNOMIALS = {
    2: (2, lambda r: r**4 - 10 * r**2 + 15 * r - 6),
    3: (6, lambda r: r**6 - 30 * r**4 + 45 * r**3 + 206 * r**2 - 576 * r + 384),
    4: (
        24,
        lambda r: r**8 - 60 * r**6 + 90 * r**5 + 1160 * r**4 - 3204 * r**3 - 5349 * r**2 + 26586 * r - 23760,
    ),
}


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


def partitions(n, largest=None):
    if n == 0:
        yield ()
    for first in range(min(n, largest or n), 0, -1):
        for rest in partitions(n - first, first):
            yield (first, *rest)


def localized(k, r):
    """Returns the integral of s_2k of the dual tautological bundle by Bott's formula, at the fixed points of a torus."""
    weights = (Fraction(1), Fraction(41), Fraction(-977))
    total = Fraction(0)
    for sizes in itertools.product(range(k + 1), repeat=3):
        if sum(sizes) != k:
            continue
        for diagrams in itertools.product(*(list(partitions(size)) for size in sizes)):
            fibre, tangent = [], Fraction(1)
            for corner, diagram in enumerate(diagrams):
                origin = weights[corner]
                a, b = (weights[i] - origin for i in range(3) if i != corner)
                transposed = [sum(row > j for row in diagram) for j in range(diagram[0] if diagram else 0)]
                for i, row in enumerate(diagram):
                    for j in range(row):
                        fibre.append(r * origin + i * a + j * b)
                        arm, leg = row - j - 1, transposed[j] - i - 1
                        tangent *= ((leg + 1) * a - arm * b) * ((arm + 1) * b - leg * a)
            # of degree 2k in 1 / prod (1 - w): complete symmetric functions of the weights of the fibre
            series = [Fraction(int(i == 0)) for i in range(2 * k + 1)]
            for weight in fibre:
                for i in range(1, 2 * k + 1):
                    series[i] += weight * series[i - 1]
            total += series[2 * k] / tangent
    return total


@pytest.mark.parametrize(("k", "r"), [(1, 2), (1, 5), (2, 3), (2, 6), (3, 3), (3, 4), (4, 4), (4, 5), (5, 6)])
def test_lehns_formula_agrees_with_localization(k, r):
    assert top_segre_class(k, r) == localized(k, r)


@pytest.mark.parametrize("r", range(3, 12))
@pytest.mark.parametrize("k", [2, 3, 4])
def test_published_polynomials(k, r):
    factor, polynomial = POLYNOMIALS[k]
    if r >= k - 1 and 6 * k < (r + 1) * (r + 2):
        assert degree(na.mlp([3, k, 1], r)) == polynomial(r) // factor


def test_classical_values():
    assert degree(na.mlp([3, 1, 1], 3)) == 9
    assert degree(na.mlp([3, 3, 1], 3)) == 4  # Aronhold
    # the 6 x 6 catalecticant of plane quartics has rank k in the codimension of symmetric matrices (Harris, Tu 1984): 112, 35
    assert degree(na.mlp([3, 3, 1], 4)) == 112
    assert degree(na.mlp([3, 4, 1], 4)) == 35


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", [na.mlp([3, 3, 1], 3), na.mlp([3, 2, 1], 4)], ids=lambda a: a.label)
def test_slices_give_the_same_degree(architecture, degree_by_slicing):
    assert degree(architecture) == degree_by_slicing(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([3, 2, 1], 2),
        na.mlp([3, 4, 1], 3),  # fills
        na.mlp([3, 5, 1], 4),  # defective
        na.mlp([3, 9, 1], 6),  # not identifiable
        na.mlp([3, 7, 1], 5),  # fills
        na.mlp([3, 8, 1], 6),  # points in a line do not impose independent conditions
        na.mlp([3, 3, 2], 4),
        na.mlp([4, 3, 1], 4),
        na.mlp([3, 3, 1], 4, biases=True),
        na.mlp([3, 3, 1], activation="z^4+z^2"),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
