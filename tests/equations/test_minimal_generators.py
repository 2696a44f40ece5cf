"""Minimal generators among elements of Gröbner bases, modulo a prime and over Q."""

from __future__ import annotations

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.equations.equation import canonical
from neuroalg_cli.equations.minimal_generators import GroebnerBasis
from neuroalg_cli.equations.minimality import are_independent
from neuroalg_cli.errors import TimeLimitError
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.spec import from_mapping
from neuroalg_cli.variety.ideal_modulo import IdealModulo
from neuroalg_cli.variety.model import projective_model

PRIME = 8388593


def numbers(architecture, top):
    """Returns, degree by degree, the new leading monomials and the minimal generators."""
    model = projective_model(PolynomialMap(architecture.network()))
    ideal = IdealModulo(model, PRIME, 0, expand=True)
    basis = GroebnerBasis(model.weights, PRIME)
    result = []
    for _ in range(top):
        part = ideal.next()
        chosen = basis.add(part)
        result.append((len(part.new_leading), sum(map(len, chosen))))
    return result


def test_a_groebner_basis_may_be_larger_than_a_set_of_generators():
    # mlp (3,2,3), r = 2: 94 cubics generate the ideal, as tests/invariants/test_ideal.py proves, so that no quartic is needed
    found = numbers(mlp([3, 2, 3], 2), 4)
    assert found[:3] == [(0, 0), (0, 0), (94, 94)]
    assert found[3][0] > 0
    assert found[3][1] == 0


def test_generators_of_two_degrees():
    # cnn (2,2), r = 2: one quadric and three cubics (Macaulay2 1.21, kernel over ZZ/32003)
    found = numbers(from_mapping({"family": "cnn", "filters": [2, 2], "activation_degree": 2}), 4)
    assert [generators for _, generators in found] == [0, 1, 3, 0]


def test_independence_over_the_rationals(rational_normal_curve):
    _, minors = rational_normal_curve(3)
    weights = np.array([[1, i] for i in range(4)])
    multiple = canonical({(m[0] + 1, *m[1:]): c for m, c in minors[0].terms}, is_cone=True)
    cube = canonical({(3, 0, 0, 0): 1}, is_cone=True)
    follows = are_independent(minors, [multiple], weights, [(3, 2)], Deadline())
    is_new = are_independent(minors, [cube], weights, [(3, 0)], Deadline())
    assert (follows, is_new) == (False, True)
    assert not are_independent(minors, [cube, cube], weights, [(3, 0)], Deadline())


def test_the_deadline_is_kept():
    model = projective_model(PolynomialMap(mlp([3, 2, 3], 2).network()))
    ideal = IdealModulo(model, PRIME, 0, expand=True)
    basis = GroebnerBasis(model.weights, PRIME)
    parts = [ideal.next() for _ in range(4)]
    for part in parts[:3]:
        basis.add(part)
    with pytest.raises(TimeLimitError):
        basis.add(parts[3], Deadline(1e-9))
