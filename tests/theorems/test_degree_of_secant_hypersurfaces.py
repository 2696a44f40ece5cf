"""Catalecticant hypersurfaces and known secant varieties: published degrees, other theorems, the edges of the hypotheses."""

from __future__ import annotations

import math

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems import alexander_hirschowitz
from neuroalg_cli.theorems.degree_of_secant_hypersurfaces import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


PUBLISHED = [
    ([3, 3, 1], 3, 4),  # Aronhold 1858
    ([3, 5, 1], 4, 6),  # Clebsch 1861: the determinant of the 6 x 6 catalecticant
    ([4, 9, 1], 4, 10),
    ([5, 14, 1], 4, 15),
    ([5, 7, 1], 3, 15),  # Ottaviani 2009
    ([4, 4, 1], 3, 105),  # arXiv:2410.00652
    ([2, 2, 1], 4, 3),  # the kernel of the ring map in Macaulay2 1.21
    ([2, 3, 1], 6, 4),
    ([4, 3, 1], 2, 4),  # determinants of symmetric matrices
    ([6, 5, 1], 2, 6),
]


@pytest.mark.parametrize(("widths", "r", "value"), PUBLISHED, ids=str)
def test_published_degrees(widths, r, value):
    assert degree(na.mlp(widths, r)) == value


@pytest.mark.parametrize("r", range(2, 7))
@pytest.mark.parametrize("k", range(1, 16))
@pytest.mark.parametrize("n", range(2, 7))
def test_all_but_one_are_hypersurfaces(n, k, r):
    architecture = na.mlp([n, k, 1], r)
    if degree(architecture) is None or (n, r, k) == (4, 3, 4):
        return
    assert alexander_hirschowitz.THEOREM.apply(architecture).value == math.comb(n - 1 + r, r) - 1


@pytest.mark.engine("macaulay2")
def test_slices_give_the_degree_of_aronholds_invariant(degree_by_slicing):
    assert degree_by_slicing(na.mlp([3, 3, 1], 3)) == degree(na.mlp([3, 3, 1], 3))


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([5, 8, 1], 3),
        na.mlp([3, 4, 1], 4),
        na.mlp([4, 8, 1], 4),
        na.mlp([3, 9, 1], 6),  # the 10 x 10 catalecticant vanishes, but V has a smaller dimension
        na.mlp([3, 5, 1], 4, biases=True),
        na.mlp([3, 5, 2], 4),
        na.mlp([1, 1, 1], 2),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
