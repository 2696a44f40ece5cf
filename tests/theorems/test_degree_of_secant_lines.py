"""Secant varieties of Segre-Veronese varieties: published degrees, elimination, slices, the edges of the hypotheses."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli.theorems import degree_of_binary_forms, degree_of_ternary_forms
from neuroalg_cli.theorems.degree_of_secant_lines import THEOREM


def degree(architecture):
    conclusion = THEOREM.apply(architecture)
    return None if conclusion is None else conclusion.value


def test_values_of_the_literature():
    # K. Usevich et al., arXiv:2506.17093, Example 9, and the kernel of the ring map in Macaulay2
    assert degree(na.mlp([3, 2, 2], 2)) == 15


@pytest.mark.parametrize("r", range(3, 9))
@pytest.mark.parametrize("m", [1, 2, 3])
def test_binary_forms_and_double_points_agree(m, r):
    architecture = na.mlp([2, 2, m], r)
    assert degree(architecture) == degree_of_binary_forms.THEOREM.apply(architecture).value


@pytest.mark.parametrize("r", range(3, 9))
def test_ternary_forms_and_double_points_agree(r):
    architecture = na.mlp([3, 2, 1], r)
    # G. Ellingsrud, S. A. Stromme 1996: (r^4 - 10 r^2 + 15 r - 6)/2
    assert degree(architecture) == (r**4 - 10 * r**2 + 15 * r - 6) // 2
    assert degree(architecture) == degree_of_ternary_forms.THEOREM.apply(architecture).value


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize("architecture", [na.mlp([3, 2, 2], 2), na.mlp([3, 2, 1], 3)], ids=lambda a: a.label)
def test_elimination_gives_the_same_degree(architecture, degree_by_elimination):
    assert degree(architecture) == degree_by_elimination(architecture)


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([3, 2, 1], 2),  # symmetric matrices of rank 2 lie on many secant lines
        na.mlp([3, 2, 3]),
        na.mlp([1, 2, 2], 2),
        na.mlp([3, 3, 2], 2),
        na.mlp([3, 2, 2], 2, biases=True),
        na.mlp([3, 2, 2], activation="z^2+z"),
        na.mlp([3, 2, 2, 2], 2),
    ],
    ids=lambda architecture: architecture.label,
)
def test_other_networks_are_not_covered(architecture):
    assert degree(architecture) is None
