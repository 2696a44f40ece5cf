"""Completeness: what counting decides, what engines say, and what is left open."""

from __future__ import annotations

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.equations import completeness
from neuroalg_cli.equations.completeness import Situation
from neuroalg_cli.equations.equation import canonical
from neuroalg_cli.execution import execute
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import Question
from neuroalg_cli.running import Limits


def situation(equations, variables, dimension, top=2):
    known = known_dimension(Question("ideal", mlp([2, 2, 1], 2)))
    return Situation([canonical(e, is_cone=True) for e in equations], top, variables, dimension, known, 0)


def form(*exponents):
    return dict.fromkeys(exponents, 1)


def test_the_whole_space():
    verdict = completeness.at_once(situation([], 3, 3))
    assert verdict is not None
    assert verdict.is_complete
    assert verdict.h == (1,)


def test_a_linear_space():
    verdict = completeness.at_once(situation([form((1, 0, 0), (0, 1, 0)), form((0, 0, 1))], 3, 1))
    assert verdict is not None
    assert verdict.is_complete
    assert verdict.degree == 1


def test_a_hypersurface_in_a_plane():
    # x = 0 and y^2 = xz + zw in four variables
    verdict = completeness.at_once(situation([form((1, 0, 0, 0)), form((0, 2, 0, 0), (0, 0, 1, 1))], 4, 2))
    assert verdict is not None
    assert verdict.is_complete
    assert (verdict.degree, verdict.h) == (2, (1, 1))


def test_fewer_equations_than_the_codimension():
    verdict = completeness.at_once(situation([form((1, 1, 0, 0))], 4, 2))
    assert verdict is not None
    assert verdict.completeness.is_complete is False


def test_as_many_equations_as_the_codimension_decide_nothing():
    assert completeness.at_once(situation([form((1, 1, 0, 0)), form((0, 0, 2, 0))], 4, 2)) is None


def test_hilbert_values():
    # h/(1-t)^d: the plane, three points on a line, a point with a tangent vector
    assert completeness.hilbert_values((1,), 3, 3) == [1, 3, 6, 10]
    assert completeness.hilbert_values((1, 1, 1), 1, 3) == [1, 2, 3, 3]
    assert completeness.hilbert_values((1, 1), 0, 3) == [1, 1, 0, 0]


def asked(installation, equations, variables, dimension):
    script = completeness.completeness_script(installation.engine, situation(equations, variables, dimension), 8388593)
    values = execute(script, installation, Limits(wall_seconds=120)).values
    return values["dimension"], values["degree"], values["is_prime"]


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")])
def engine(request, installation):
    return installation(request.param)


def test_engines_know_prime_ideals(engine, rational_normal_curve):
    # the twisted cubic (Harris, Algebraic Geometry, Example 1.10), two of its quadrics, a double plane
    _, minors = rational_normal_curve(3)
    quadrics = [dict(minor.terms) for minor in minors]
    assert asked(engine, quadrics, 4, 2) == (2, 3, True)
    assert asked(engine, quadrics[:2], 4, 2) == (2, 4, False)
    assert asked(engine, [form((2, 0, 0))], 3, 2) == (2, 2, False)


def test_an_engine_that_finds_another_ideal_decides_nothing():
    before = completeness.Verdict(completeness.UNDECIDED)
    values = {"dimension": 2, "degree": 4, "is_prime": False}
    verdict = completeness._judged(values, "macaulay2 1.26", situation([form((2, 0, 0, 0))], 4, 2), before, 8388593)
    assert verdict.completeness.is_complete is None
    values = {"dimension": 3, "degree": 1, "is_prime": True}
    verdict = completeness._judged(values, "macaulay2 1.26", situation([form((1, 0, 0, 0))], 4, 2), before, 8388593)
    assert verdict.completeness.is_complete is False
