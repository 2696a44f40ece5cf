"""Slices: as many unknowns as V has dimensions, phi restricted as substitution says, and small fibres by the gauge."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.slicing.expansion import Expansion
from neuroalg_cli.slicing.slices import choose_slice

PRIME = 2147483629


def expansion(architecture):
    network = architecture.network()
    return Expansion.of(network, coordinates(network))


def gauge(chosen):
    return {j: value for j, value in chosen.fixed.items() if value in (0, 1)}


CASES = [
    # dimensions: arXiv:1905.12207 (expected), arXiv:2410.00722 (sum of k less L - 1), arXiv:2408.17221 (2ad + dd' - a^2 - 1)
    (na.mlp([3, 3, 1], 3), 9),
    (na.mlp([2, 2, 2, 2], 2), 8),
    (na.cnn([3, 2, 2], 2), 5),
    (na.attention([2, 2], 2, tokens=2), 7),
    # matrices of rank at most 2
    (na.mlp([3, 2, 4]), 10),
    # symmetric matrices of rank at most 2: the rotations O(2) are no symmetry that is linear on every tensor
    (na.mlp([3, 2, 1], 2), 5),
]


@pytest.mark.parametrize(("architecture", "dimension"), CASES)
def test_a_slice_has_the_dimension_of_v_and_phi_on_it_is_substitution(architecture, dimension):
    expanded = expansion(architecture)
    chosen = choose_slice(expanded, dimension, PRIME, 0, "test")
    assert len(chosen.free) == dimension == chosen.dimension
    assert sorted([*chosen.free, *chosen.fixed]) == list(range(expanded.network.parameter_count))
    point = np.arange(3, 3 + dimension)
    whole = {**chosen.fixed, **dict(zip(chosen.free, (int(v) for v in point), strict=True))}
    for coordinate, value in zip(expanded.coordinates, chosen.values_at(point), strict=True):
        expected = 0
        for exponents, c in coordinate.polynomial.items():
            term = c.numerator * pow(c.denominator, -1, PRIME)
            for j, e in enumerate(exponents):
                term = term * pow(whole[j], e, PRIME) % PRIME
            expected += term
        assert value == expected % PRIME


@pytest.mark.parametrize(("architecture", "dimension"), CASES)
def test_a_slice_is_determined_by_seed_label_and_prime(architecture, dimension):
    expanded = expansion(architecture)
    one, same, other = (choose_slice(expanded, dimension, PRIME, 0, label) for label in ("a", "a", "b"))
    assert (one.fixed, one.free) == (same.fixed, same.free)
    assert np.array_equal(one.matrix, same.matrix)
    assert np.array_equal(one.jacobian, same.jacobian)
    assert not np.array_equal(one.jacobian, other.jacobian)


def test_every_hidden_neuron_gets_one_weight_one():
    # rows of W_1 and W_2; a weight after the activation is scaled by t^-r, and r-th roots of unity would remain
    chosen = choose_slice(expansion(na.mlp([2, 2, 2, 2], 2)), 8, PRIME, 0, "test")
    assert chosen.fixed == {0: 1, 2: 1, 4: 1, 6: 1}


def test_every_filter_but_the_last_gets_a_tap_one():
    chosen = choose_slice(expansion(na.cnn([3, 2, 2], 2)), 5, PRIME, 0, "test")
    assert chosen.fixed == {0: 1, 3: 1}


def test_a_general_linear_group_gets_an_identity_block():
    chosen = choose_slice(expansion(na.mlp([3, 2, 4])), 10, PRIME, 0, "test")
    assert chosen.fixed == {0: 1, 1: 0, 3: 0, 4: 1}


def test_two_general_linear_groups_get_one_each():
    # W_3 W_2 W_1 with hidden widths 2 and 2: rank 2, GL(2) x GL(2); dimension 2 (3 + 3 - 2)
    chosen = choose_slice(expansion(na.mlp([3, 2, 2, 3])), 8, PRIME, 0, "test")
    assert len(gauge(chosen)) == 8


def test_a_wide_hidden_layer_has_no_identity_block_and_still_a_slice():
    # all 2 x 2 matrices through width 3: 12 parameters, dimension 4
    chosen = choose_slice(expansion(na.mlp([2, 3, 2])), 4, PRIME, 0, "test")
    assert chosen.dimension == 4


def test_a_wrong_dimension_is_noticed():
    for wrong in (7, 9):
        with pytest.raises(NeuroalgError, match=f"rank {wrong}"):
            choose_slice(expansion(na.mlp([2, 2, 2, 2], 2)), wrong, PRIME, 0, "test")


def test_a_prime_that_divides_a_denominator_is_refused():
    expanded = expansion(na.mlp([2, 2, 1], activation="1/32003*z^2+z"))
    with pytest.raises(ValueError, match="not invertible"):
        choose_slice(expanded, 3, 32003, 0, "test")


def test_coordinates_that_are_repeated_are_kept_once():
    # two positions of one filter: both outputs have the coefficients w_1 and w_2
    expanded = expansion(na.cnn([2], input=3))
    assert expanded.positions == (0, 1)
    assert [c.polynomial for c in expanded.coordinates] == [{(1, 0): Fraction(1)}, {(0, 1): Fraction(1)}]
