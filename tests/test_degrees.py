"""Degree sets against sets of integers, and the degrees of networks against their expansion."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.degrees import DegreeSet, degree_sets
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder

integers = st.frozensets(st.integers(0, 40), max_size=6)


def degree_set(degrees):
    if not degrees:
        return DegreeSet(0, 0)
    lowest = min(degrees)
    return DegreeSet(lowest, sum(1 << (degree - lowest) for degree in degrees))


@given(integers, integers)
def test_union_and_sums_are_those_of_sets(one, other):
    a, b = degree_set(one), degree_set(other)
    assert set(a) == one
    assert set(a.union(b)) == one | other
    assert set(a.plus(b)) == {i + j for i in one for j in other}


@given(integers, st.integers(0, 4))
def test_powers_are_repeated_sums(degrees, exponent):
    expected = {sum(choice) for choice in itertools.combinations_with_replacement(sorted(degrees), exponent)}
    assert set(degree_set(degrees).times(exponent)) == expected


@given(integers)
def test_bounds_of_a_set(degrees):
    found = degree_set(degrees)
    assert found.highest == max(degrees, default=-1)
    assert found.is_homogeneous == (len(degrees) <= 1)
    assert list(found) == sorted(degrees)


@given(integers, st.integers(1, 4))
def test_monomials_are_counted_as_they_are_listed(degrees, variables):
    listed = sum(
        sum(1 for _ in itertools.combinations_with_replacement(range(variables), degree))
        for degree in degrees
        if degree <= 12
    )
    assert degree_set({degree for degree in degrees if degree <= 12}).monomial_count(variables) == listed


def test_a_number_with_too_many_digits_is_refused_before_it_is_computed():
    for variables, degree in ((10**9, 10**9), (10**300, 10**300), (2, 10**5000)):
        with pytest.raises(SpecError, match="coordinates"):
            DegreeSet(degree, 1).monomial_count(variables)


@pytest.mark.parametrize(("variables", "degree"), [(13_001, 13_000), (7_001, 7_000), (6_000, 10**5), (10**9, 450)])
def test_a_number_that_is_given_can_be_printed(variables, degree):
    # Python turns no integer of more than 4,300 digits into text
    try:
        count = DegreeSet(degree, 1).monomial_count(variables)
    except SpecError:
        return
    assert count == math.comb(variables - 1 + degree, degree)
    assert len(str(10**9 * count)) <= 4_300


def test_too_many_different_degrees_are_refused():
    with pytest.raises(SpecError, match="different degrees"):
        DegreeSet(0, 0b11).times(10**6)


def test_a_single_huge_degree_is_no_trouble():
    assert list(DegreeSet(1, 1).times(10**40)) == [10**40]


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([2, 2, 1], 3),
        mlp([2, 2, 2, 1], [2, 3]),
        mlp([1, 2, 1], activation="z^3+z^2+1"),
        mlp([2, 2, 1, 1], activation=["z^2+z", "z^2+2"]),
        mlp([2, 2, 1], 2, biases=True),
        mlp([3, 2, 2]),
        mlp([2, 1]),
    ],
    ids=lambda architecture: architecture.label,
)
def test_degrees_of_the_output_are_those_of_its_expansion(architecture):
    network = architecture.network()
    expanded = {sum(coordinate.monomial) for coordinate in coordinates(network)}
    assert set(degree_sets(network)[network.output]) == expanded


def test_a_network_that_is_zero_has_no_degree():
    builder = NetworkBuilder()
    x = builder.input((2,))
    zero = builder.polynomial(x, [])
    network = builder.finish(builder.product(zero, builder.parameter("w", (2,))))
    assert list(degree_sets(network)[network.output]) == []
    assert degree_sets(network)[network.output].monomial_count(2) == 0
