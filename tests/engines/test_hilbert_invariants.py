"""Hilbert series and Betti tables by Macaulay2 and Sage: varieties with published resolutions, and degenerate ideals."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest

from neuroalg_cli.execution import execute
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
CHARACTERISTICS = [0, 32003]


def monomials(*exponents: tuple[int, ...]) -> list[dict[tuple[int, ...], Fraction]]:
    return [{e: Fraction(1)} for e in exponents]


def eliminated(installation: Any, phi: list[Any], parameters: int, characteristic: int, *, closure: bool) -> Any:
    """Returns what the engine says about the closure of the image of phi."""
    script = render(
        f"{installation.engine}/hilbert-groebner",
        coordinates=phi,
        parameters=parameters,
        characteristic=characteristic,
        closure=closure,
        seconds=60,
    )
    return execute(script, installation, Limits(wall_seconds=120)).values


def resolved(installation: Any, equations: list[Any], variables: int, characteristic: int) -> Any:
    """Returns what the engine says about the ideal of the equations."""
    script = render(
        f"{installation.engine}/hilbert-resolution",
        equations=equations,
        variables=variables,
        characteristic=characteristic,
        closure=False,
        seconds=60,
    )
    return execute(script, installation, Limits(wall_seconds=120)).values


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
@pytest.mark.parametrize("engine", ENGINES)
def test_veronese_surface(installation, engine, characteristic):
    # 1, 6, 8, 3 (D. Eisenbud, The Geometry of Syzygies, appendix 2H); P = C(2t+2, 2) (Harris, Example 13.4)
    phi = monomials(*[e for e in itertools.product(range(3), repeat=3) if sum(e) == 2])
    found = eliminated(installation(engine), phi, 3, characteristic, closure=False)
    assert found == {
        "numerator": [[0, 1], [2, -6], [3, 8], [4, -3]],
        "polynomial": [[0, 1], [1, 3], [2, 2]],
        "dimension": 3,
        "degree": 4,
        "betti": [[0, 0, 1], [1, 2, 6], [2, 3, 8], [3, 4, 3]],
    }


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
@pytest.mark.parametrize("engine", ENGINES)
def test_projective_closures(installation, engine, characteristic):
    # (t, t^2, t^3): its closure is the twisted cubic, which the homogenized equations y_2 - y_1^2, y_3 - y_1^3 alone do not cut
    # (Cox, Little, O'Shea, section 8.4); Betti numbers 1, 3, 2 (Eisenbud, The Geometry of Syzygies, section 1B)
    found = eliminated(installation(engine), monomials((1,), (2,), (3,)), 1, characteristic, closure=True)
    assert (found["dimension"], found["degree"]) == (2, 3)
    assert found["betti"] == [[0, 0, 1], [1, 2, 3], [2, 3, 2]]
    assert found["polynomial"] == [[0, 1], [1, 3]]
    # the nodal cubic (t^2 - 1, t^3 - t): a plane cubic, P = 3t
    nodal = [{(2,): Fraction(1), (0,): Fraction(-1)}, {(3,): Fraction(1), (1,): Fraction(-1)}]
    found = eliminated(installation(engine), nodal, 1, characteristic, closure=True)
    assert [pair for pair in found["polynomial"] if pair[1]] == [[1, 3]]
    assert found["betti"] == [[0, 0, 1], [1, 3, 1]]


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_whole_space(installation, engine, characteristic):
    # the zero ideal, by elimination and given: K = 1, P = C(t+1, 1), and C(t, 0) on a line
    found = eliminated(installation(engine), monomials((1, 0), (0, 1)), 2, characteristic, closure=False)
    assert (found["numerator"], found["betti"], found["degree"]) == ([[0, 1]], [[0, 0, 1]], 1)
    assert found["polynomial"] == [[0, 1], [1, 1]]
    found = resolved(installation(engine), [{}], 1, characteristic)
    assert (found["numerator"], found["betti"], found["degree"]) == ([[0, 1]], [[0, 0, 1]], 1)
    assert found["polynomial"] == [[0, 1]]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_origin(installation, engine):
    # the ideal of all variables: the Koszul complex, P = 0
    found = resolved(installation(engine), monomials((1, 0, 0), (0, 1, 0), (0, 0, 1)), 3, 0)
    assert found["betti"] == [[0, 0, 1], [1, 1, 3], [2, 2, 3], [3, 3, 1]]
    assert found["dimension"] == 0
    assert [pair for pair in found["polynomial"] if pair[1]] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_linear_equations_and_equations_that_are_no_minimal_ones(installation, engine):
    # a line in the plane, given twice and with a multiple
    equations = [{(1, 0, 0): Fraction(1), (0, 1, 0): Fraction(2)}, {(2, 0, 0): Fraction(1), (1, 1, 0): Fraction(2)}]
    found = resolved(installation(engine), [*equations, equations[0]], 3, 0)
    assert found["betti"] == [[0, 0, 1], [1, 1, 1]]
    assert found["polynomial"] == [[0, 1], [1, 1]]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_betti_table_that_depends_on_the_characteristic(installation, engine):
    # G. Reisner (1976): the Stanley-Reisner ring of the real projective plane with six vertices is Cohen-Macaulay, of
    # projective dimension 3, except in characteristic 2, where it is 4
    triangles = ["124", "126", "134", "135", "156", "235", "236", "245", "346", "456"]
    missing = [t for t in itertools.combinations("123456", 3) if "".join(t) not in triangles]
    equations = monomials(*[tuple(int(v in t) for v in "123456") for t in missing])
    lengths = []
    for characteristic in (0, 2, 3):
        found = resolved(installation(engine), equations, 6, characteristic)
        lengths.append(max(i for i, _, _ in found["betti"]))
        assert found["betti"][:2] == [[0, 0, 1], [1, 3, 10]]
    assert lengths == [3, 4, 3]
