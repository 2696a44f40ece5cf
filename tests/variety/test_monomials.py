"""Keys of monomials and of weights, against definitions."""

from __future__ import annotations

import itertools
import random

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.errors import MemoryLimitError
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety.model import projective_model
from neuroalg_cli.variety.monomials import MAXIMAL_DEGREE, Monomials, exponents, require_degree


def keys_of(architecture):
    model = projective_model(PolynomialMap(architecture.network()))
    return model, Monomials(model)


@pytest.mark.parametrize("architecture", [polynomial("s,t,s*t", "s,t"), polynomial("t,t^2+1,t^3", "t")])
def test_smaller_keys_are_larger_monomials(architecture):
    model, monomials = keys_of(architecture)
    place = {variable: p for p, variable in enumerate(monomials.variables)}
    order = [*range(1, model.N), 0] if not model.is_cone else list(range(model.N))

    def is_larger(a, b):
        """D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, chapter 2, definition 6."""
        difference = [a[v] - b[v] for v in order]
        return next(d for d in reversed(difference) if d) < 0

    vectors = [v for v in itertools.product(range(4), repeat=model.N) if sum(v) == 3]
    key = {v: sum(e * monomials.units[place[variable]] for variable, e in enumerate(v)) for v in vectors}
    for a, b in itertools.permutations(vectors, 2):
        assert (key[a] < key[b]) == is_larger(a, b)


def test_weights_are_recovered_from_sums_of_keys():
    # s^5/..: weights of both signs
    model, monomials = keys_of(polynomial("s^5*t, s, t^3*u, s*u^7", "s, t, u"))
    generator = random.Random(1)
    for _ in range(200):
        chosen = generator.choices(range(model.N), k=generator.randrange(40))
        rows = [model.weights[monomials.variables[place]] for place in chosen]
        expected = tuple(int(sum(row[i] for row in rows)) for i in range(monomials.factors))
        assert monomials.weight(sum(monomials.weights[place] for place in chosen)) == expected
        assert monomials.weight(monomials.weight_key(tuple(-w for w in expected))) == tuple(-w for w in expected)


def test_orbits_under_permutations_of_outputs_and_inputs():
    _, monomials = keys_of(mlp([3, 2, 2], 2))
    weight = (1, 2, 0, 3, 3)
    orbit = {(*o, *i) for o in itertools.permutations(weight[:2]) for i in itertools.permutations(weight[2:])}
    assert monomials.orbit_size(weight) == len(orbit)
    assert {monomials.representative(w) for w in orbit} == {(2, 1, 3, 3, 0)}


def test_exponents_and_degrees_without_keys():
    assert exponents((), 2) == (0, 0)
    assert exponents((0, 2, 2), 3) == (1, 0, 2)
    require_degree(MAXIMAL_DEGREE)
    with pytest.raises(MemoryLimitError, match="beyond the limit"):
        require_degree(MAXIMAL_DEGREE + 1)
