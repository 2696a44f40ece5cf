"""Standard monomials: against listing them all."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli.slicing.counting import standard_monomials


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[st.integers(0, 4)] * n), min_size=1, max_size=8)))
def test_they_are_counted_as_by_listing(leading):
    size = len(leading[0])
    powers = [min((e[i] for e in leading if sum(e) == e[i]), default=None) for i in range(size)]
    if None in powers:
        expected = 0 if any(sum(e) == 0 for e in leading) else None
    else:
        box = itertools.product(*map(range, powers))
        expected = sum(not any(all(a <= b for a, b in zip(e, u, strict=True)) for e in leading) for u in box)
    assert standard_monomials(leading) == expected


@pytest.mark.parametrize("degrees", [(1,), (2, 3), (5, 1, 4), (3, 3, 3, 3, 3)])
def test_pure_powers_leave_a_box(degrees):
    leading = [tuple(d * (i == j) for j in range(len(degrees))) for i, d in enumerate(degrees)]
    assert standard_monomials(leading) == math.prod(degrees)


def test_one_has_no_solutions_and_a_missing_power_infinitely_many():
    assert standard_monomials([(0, 0)]) == 0
    assert standard_monomials([(2, 0), (1, 1)]) is None
    assert standard_monomials([(0, 1)]) is None


def test_all_monomials_of_a_degree_leave_those_below():
    leading = [e for e in itertools.product(range(7), repeat=4) if sum(e) == 6]
    assert standard_monomials(leading) == math.comb(6 - 1 + 4, 4)
