"""Proof by substitution: true equations, false ones, and parameters that gradings set to 1."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import fmpq, fmpq_mpoly_ctx

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.equations import substitution
from neuroalg_cli.equations.equation import canonical
from neuroalg_cli.equations.substitution import Substitution
from neuroalg_cli.interpreters.symbolic import coordinates


def expands_to_zero(phi, equation):
    """Substitutes with nothing set to 1: a second computation of the same."""
    parameters = len(next(iter(phi[0])))
    ring = fmpq_mpoly_ctx.get([f"w_{i}" for i in range(parameters)])
    values = [ring.from_dict({e: fmpq(c.numerator, c.denominator) for e, c in f.items()}) for f in phi]
    total = ring.from_dict({})
    for exponents, coefficient in equation.terms:
        term = ring.constant(coefficient)
        for value, e in zip(values, exponents, strict=True):
            term *= value**e
        total += term
    return total == ring.from_dict({})


def test_minors_hold_on_the_rational_normal_curve(rational_normal_curve):
    phi, minors = rational_normal_curve(4)
    proof = Substitution(phi, is_cone=True)
    assert len(minors) == 6
    assert all(proof.proves(minor) is True for minor in minors)


def test_a_changed_coefficient_is_refused(rational_normal_curve):
    phi, minors = rational_normal_curve(3)
    (first, c), *others = minors[0].terms
    wrong = canonical({first: 2 * c, **dict(others)}, is_cone=True)
    assert Substitution(phi, is_cone=True).proves(wrong) is False


def test_forms_of_several_weights_are_refused(rational_normal_curve):
    # y_1 y_3 - y_2^2 + y_2 y_4 - y_3^2 holds, but has two weights: nothing is said about its parts, so that it is refused
    phi, minors = rational_normal_curve(3)
    mixed = dict(minors[0].terms)
    for minor in minors[1:]:
        if {sum(i * e for i, e in enumerate(m)) for m, _ in minor.terms} == {4}:
            mixed.update(dict(minor.terms))
    assert Substitution(phi, is_cone=True).proves(canonical(mixed, is_cone=True)) is False


def test_an_inhomogeneous_polynomial_is_refused(rational_normal_curve):
    phi, _ = rational_normal_curve(2)
    assert Substitution(phi, is_cone=True).proves(canonical({(1, 0, 0): 1, (0, 0, 2): 1}, is_cone=True)) is False


@pytest.mark.parametrize("options", [{"activation_degree": 2}, {"activation": "1/2*z^2"}])
def test_the_determinant_of_a_quadratic_form_of_rank_two(options):
    # f = sum of two squares in three variables: the symmetric matrix with diagonal a, d, f has determinant 0
    network = mlp([3, 2, 1], **options).network()
    phi = [coordinate.polynomial for coordinate in coordinates(network)]
    y = dict(zip("abcdef", range(6), strict=True))  # x1^2, x1 x2, x1 x3, x2^2, x2 x3, x3^2
    terms = {"adf": 4, "bce": 1, "aee": -1, "bbf": -1, "ccd": -1}
    determinant = canonical({tuple(word.count(letter) for letter in y): c for word, c in terms.items()}, is_cone=True)
    assert Substitution(phi, is_cone=True).proves(determinant) is True
    assert expands_to_zero(phi, determinant)


def test_where_there_is_no_cone_the_homogenizing_variable_is_one():
    # (w, w^2): y_2 y_0 = y_1^2
    phi = [{(1,): Fraction(1)}, {(2,): Fraction(1)}]
    proof = Substitution(phi, is_cone=False)
    assert proof.proves(canonical({(1, 0, 1): 1, (0, 2, 0): -1}, is_cone=False)) is True
    assert proof.proves(canonical({(1, 1, 0): 1, (0, 0, 2): -1}, is_cone=False)) is False


def test_without_any_grading_everything_is_expanded():
    # (w + 1, w^2 + w): y_2 y_0 = y_1^2 - y_1 y_0
    phi = [{(1,): Fraction(1), (0,): Fraction(1)}, {(2,): Fraction(1), (1,): Fraction(1)}]
    proof = Substitution(phi, is_cone=False)
    assert proof.rank == 1  # the total degree
    assert proof.proves(canonical({(1, 0, 1): -1, (0, 2, 0): 1, (1, 1, 0): -1}, is_cone=False)) is True


def test_beyond_the_budget_nothing_is_said(monkeypatch):
    monkeypatch.setattr(substitution, "MAXIMAL_WORK", 1)
    network = mlp([3, 2, 1], 2).network()
    phi = [coordinate.polynomial for coordinate in coordinates(network)]
    assert Substitution(phi, is_cone=True).proves(canonical({(1, 0, 0, 1, 0, 1): 1}, is_cone=True)) is None
