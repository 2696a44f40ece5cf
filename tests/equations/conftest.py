"""Varieties whose equations are in textbooks, as parametrizations by monomials."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from neuroalg_cli.equations.equation import canonical


def _two_by_two_minors(rows):
    """Returns the 2 x 2 minors of a matrix of positions of variables, as equations."""
    size = max(max(row) for row in rows) + 1
    found = []
    for (a, b), (i, j) in itertools.product(
        itertools.combinations(range(len(rows)), 2), itertools.combinations(range(len(rows[0])), 2)
    ):
        terms: dict[tuple[int, ...], int] = {}
        for sign, pair in ((1, (rows[a][i], rows[b][j])), (-1, (rows[a][j], rows[b][i]))):
            exponents = [0] * size
            for k in pair:
                exponents[k] += 1
            terms[tuple(exponents)] = terms.get(tuple(exponents), 0) + sign
        if any(terms.values()):
            found.append(canonical(terms, is_cone=True))
    return found


def _rational_normal_curve(degree):
    """Returns monomials of a degree in two parameters, and the minors that generate their relations."""
    phi = [{(degree - i, i): Fraction(1)} for i in range(degree + 1)]
    return phi, _two_by_two_minors([list(range(degree)), list(range(1, degree + 1))])


@pytest.fixture
def two_by_two_minors():
    return _two_by_two_minors


@pytest.fixture
def rational_normal_curve():
    return _rational_normal_curve
