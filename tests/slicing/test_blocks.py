"""Blocks, patterns, and the multidegrees: sums against the same degree unsplit, numbers against classical geometry."""

from __future__ import annotations

import math

import pytest

import neuroalg_cli as na
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.slicing.blocks import Pattern, blocks, merged, patterns
from neuroalg_cli.slicing.expansion import Expansion
from neuroalg_cli.slicing.slices import choose_slice

PRIME = 2147483629
#: a curve times a line, glued: (a, a^2, c a, c) is the rational normal scroll S(1, 2), cut by y_0 = 1
SCROLL = na.polynomial(["a*x + a^2*y", "c*a*x + c*y"], "a, c", "x, y")


def of(architecture):
    network = architecture.network()
    return Expansion.of(network, coordinates(network))


def chosen(architecture, dimension):
    expanded = of(architecture)
    found = choose_slice(expanded, dimension, PRIME, 0, "test")
    return patterns(blocks(expanded), found.jacobian, PRIME, dimension)


def shape(parts):
    return [(len(part.coordinates), part.is_cone, part.kind) for part in parts]


def test_outputs_with_rows_of_their_own_are_blocks_and_alike():
    assert shape(blocks(of(na.mlp([3, 2, 3], 2)))) == [(6, True, 0)] * 3
    assert shape(blocks(of(na.mlp([2, 2, 2], 2, biases=True)))) == [(6, True, 0)] * 2


def test_entries_of_one_row_of_values_are_one_block():
    # two rows of values for two tokens; the tokens' coefficients are the same, with x_1 and x_2 exchanged
    expanded = of(na.attention([2, 2], 2, tokens=2))
    parts = blocks(expanded)
    assert shape(parts) == [(len(expanded.coordinates) // 2, True, 0)] * 2
    outputs = [{expanded.coordinates[k].output // 2 for k in part.coordinates} for part in parts]
    assert outputs == [{0}, {1}]


def test_translates_are_one_block():
    assert shape(blocks(of(na.cnn([2, 2], 2)))) == [(len(of(na.cnn([2, 2], 2)).coordinates), True, 0)]
    assert len(blocks(of(na.cnn([2], input=3)))) == 1


def test_what_is_no_cone_is_a_block_too():
    assert shape(blocks(of(SCROLL))) == [(2, True, 0), (2, False, 1)]
    parabola = na.polynomial(["a*x + a^2*y"], "a", "x, y")
    assert shape(blocks(of(parabola))) == [(2, False, 0)]


def test_outputs_that_share_a_factor_only_together_are_one_block():
    # (a b, a c) and (d b, d c) have factors of their own, a and d; with a second copy of a they do not
    assert (
        shape(blocks(of(na.polynomial(["a*b*x + a*c*y", "d*b*x + d*c*y"], "a, b, c, d", "x, y")))) == [(2, True, 0)] * 2
    )
    tied = na.polynomial(["a*b*x + a*c*y", "a*b*x + 3*a*c*y"], "a, b, c", "x, y")
    assert len(blocks(of(tied))) == 1


def test_blocks_of_different_networks_are_not_alike():
    mixed = na.polynomial(["a*b*x + a*c*y", "d*b^2*x + d*c*y"], "a, b, c, d", "x, y")
    assert [part.kind for part in blocks(of(mixed))] == [0, 1]


def test_a_parameter_outside_both_blocks_is_not_exchanged():
    # e is private to no block, f only to the first: swapping a and d alone does not swap the coordinates
    lopsided = na.polynomial(["a*f*x + a*e*y", "d*e*x + d*e*y"], "a, d, e, f", "x, y")
    assert [part.kind for part in blocks(of(lopsided))] == [0, 1]


def test_the_patterns_of_a_segre_product_are_compositions():
    # rank one: P^2 x P^2 in three rows of three; the rows' projections are P^2 each: (q_j - 1) sum up to 2
    found = chosen(na.mlp([3, 1, 3]), 5)
    assert found == (Pattern((3, 1, 1), 3), Pattern((2, 2, 1), 3))
    # each has one point: 3 + 3 = 6 = C(4, 2), the degree of P^2 x P^2 (Harris, Algebraic Geometry, Example 18.15)
    assert sum(pattern.multiplicity for pattern in found) == math.comb(4, 2)


def test_patterns_that_no_projection_allows_are_left_out():
    # matrices of rank at most 2: a row is any vector, two rows are any two, so (3, 3, 2) is what is left
    assert chosen(na.mlp([3, 2, 3]), 8) == (Pattern((3, 3, 2), 3),)


def test_blocks_of_several_kinds_are_counted_apart():
    mixed = na.polynomial(["a*b*x + a*c*y", "d*b^2*x + d*c*y", "e*b*x + e*c*y"], "a, b, c, d, e", "x, y")
    parts = blocks(of(mixed))
    kinds = [part.kind for part in parts]
    assert sorted(kinds.count(kind) for kind in set(kinds)) == [1, 2]
    for pattern in chosen(mixed, 5):
        assert sum(pattern.equations) == 5
        alike = [e for e, kind in zip(pattern.equations, kinds, strict=True) if kinds.count(kind) == 2]
        assert pattern.multiplicity == (1 if alike[0] == alike[1] else 2)


def test_too_many_patterns_are_not_listed(monkeypatch):
    monkeypatch.setattr("neuroalg_cli.slicing.blocks.MAXIMAL_PATTERNS", 1)
    assert chosen(na.mlp([3, 1, 3]), 5) is None
    assert shape(merged(blocks(of(SCROLL)))) == [(4, False, 0)]
    assert shape(merged(blocks(of(na.mlp([3, 1, 3]))))) == [(9, True, 0)]


def test_too_many_subsets_are_not_ranked(monkeypatch):
    monkeypatch.setattr("neuroalg_cli.slicing.blocks.MAXIMAL_SUBSETS", 3)
    assert chosen(na.mlp([3, 1, 3]), 5) is None


@pytest.mark.parametrize("architecture", [na.mlp([3, 1, 3]), na.mlp([2, 2, 2, 2], 2), SCROLL])
def test_blocks_part_the_coordinates(architecture):
    expanded = of(architecture)
    members = [k for part in blocks(expanded) for k in part.coordinates]
    assert sorted(members) == list(range(len(expanded.coordinates)))
