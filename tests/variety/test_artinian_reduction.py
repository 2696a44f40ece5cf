"""Sections of finite length: known h-vectors, schemes that are not Cohen-Macaulay, Macaulay's bound against lex ideals."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pytest

from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety.artinian_reduction import artinian_h_vector, largest_growth
from neuroalg_cli.variety.ideal_modulo import IdealModulo
from neuroalg_cli.variety.model import projective_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.architecture import Architecture

PRIMES = (8388593, 4194319)


def section(
    architecture: Architecture, degree: int, krull: int, prime: int = PRIMES[0], expected: Sequence[int] = ()
) -> list[int] | None:
    """Returns the h-vector of the section of the scheme of all equations up to a degree."""
    model = projective_model(PolynomialMap(architecture.network()))
    ideal = IdealModulo(model, prime, 0, expand=True)
    for _ in range(degree):
        ideal.next()
    return artinian_h_vector(ideal.parts, model.N, model.N - krull, prime, 0, expected=expected)


@pytest.mark.parametrize("prime", PRIMES)
def test_determinantal_and_veronese(prime: int) -> None:
    """4 x 4 matrices of rank at most 2: codimension 4, degree 20, Gorenstein with h = 1, 4, 10, 4, 1 (Conca, Herzog 1994).

    The Veronese surface has the minimal degree 4 = 1 + 3.
    """
    assert section(mlp([4, 2, 4]), 3, 12, prime) == [1, 4, 10, 4, 1]
    assert section(mlp([3, 1, 1], 2), 2, 3, prime) == [1, 3]


def test_the_fourth_secant_variety_of_the_cubic_veronese() -> None:
    """36 quintics cut sigma_4(v_3(P^3)), Gorenstein of codimension 4 and degree 105 (arXiv:2410.00652): a palindrome."""
    assert section(mlp([4, 4, 1], 3), 5, 16) == [1, 4, 10, 20, 35, 20, 10, 4, 1]


def test_nine_quartics_are_enough() -> None:
    """mlp (3,3,3), r = 2: length 30, which is its degree, 180 points on a slice by 6 per function; quintics change nothing."""
    assert section(mlp([3, 3, 3], 2), 4, 15) == section(mlp([3, 3, 3], 2), 5, 15) == [1, 3, 6, 10, 6, 3, 1]


def test_too_few_equations_are_infinite() -> None:
    """One quadric of the surface of cnn (2,2), r = 2, of codimension 2; no equations at all for a curve in space."""
    assert section(cnn([2, 2], 2), 2, 3) is None
    assert section(polynomial(["a^3", "a^2*b", "a*b^2 + b^3", "b^3"], ["a", "b"]), 1, 2) is None


def test_lengths_beyond_the_degree() -> None:
    """cnn (2,2), r = 2, has degree 4 (arXiv:2410.00722) and is not Cohen-Macaulay: a longer section, refused by its h-vector."""
    found = section(cnn([2, 2], 2), 3, 3)
    assert found is not None
    assert sum(found) > 4
    # (1 - t)^3 HS = 1 + 2t + 2t^2 - t^3, as Macaulay2's elimination says
    assert section(cnn([2, 2], 2), 3, 3, expected=[1, 2, 2, -1]) is None


def test_the_quintic_and_its_quadrisecant_line() -> None:
    """A general rational quintic curve in space: its four cubics are the maximal minors of a 3 x 4 matrix, of degree 6.

    They cut the curve and a line that meets it four times; the equation of degree 4 that removes the line comes later
    (J. Harris, 'Curves in Projective Space' (1982)).  So the section by the cubics has length 6, and that is not the degree.
    """
    curve = polynomial(["a^5 + 2*a*b^4", "a^4*b - b^5", "a^3*b^2 + 3*b^5 - a*b^4", "a^2*b^3 + a^5 - 2*b^5"], ["a", "b"])
    assert section(curve, 3, 2) == section(curve, 4, 2) == [1, 2, 3]
    # HF = 1, 4, 10, 16, 21, since forms of degree 20 in two variables have 21 coefficients: the end of h counts as well
    assert section(curve, 4, 2, expected=[1, 2, 3, 0, -1]) is None


def lex_growth(variables: int, degree: int, value: int) -> int:
    """Returns how many monomials of degree + 1 no monomial of a lex segment divides that leaves ``value`` monomials."""
    monomials = sorted(
        (m for m in itertools.product(range(degree + 1), repeat=variables) if sum(m) == degree), reverse=True
    )
    segment = monomials[: len(monomials) - value]
    multiples = {tuple(e + (i == j) for i, e in enumerate(m)) for m in segment for j in range(variables)}
    return math.comb(variables + degree, degree + 1) - len(multiples)


@pytest.mark.parametrize("degree", range(1, 5))
def test_macaulays_bound_is_reached_by_lex_segments(degree: int) -> None:
    """F. Macaulay (1927): lex segments have the largest growth; it does not depend on the number of variables."""
    for value in range(math.comb(2 + degree, degree) + 1):
        assert largest_growth(value, degree) == lex_growth(3, degree, value)
