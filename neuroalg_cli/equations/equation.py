"""Equations with integer coefficients: their order of terms, their canonical form, their text.

Terms are ordered by degree, then reversely lexicographically with y_1 > y_2 > ... > y_n, and y_0 last where it is there,
although it stands at position 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

Monomial = tuple[int, ...]
"""The exponents of all variables, in their order."""


@dataclass(frozen=True, slots=True)
class Equation:
    """A homogeneous polynomial with coprime integer coefficients and a positive leading one; terms in falling order."""

    terms: tuple[tuple[Monomial, int], ...]

    @property
    def leading(self) -> Monomial:
        """The leading monomial."""
        return self.terms[0][0]

    @property
    def degree(self) -> int:
        """The total degree."""
        return sum(self.leading)

    def text(self, names: Sequence[str]) -> str:
        """Returns ``y_1*y_3 - 4*y_2^2``."""
        result = ""
        for monomial, coefficient in self.terms:
            factors = [name if e == 1 else f"{name}^{e}" for name, e in zip(names, monomial, strict=True) if e]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            sign = "-" if coefficient < 0 else "+"
            result += f" {sign} {'*'.join(factors)}" if result else "*".join(factors)
        return result


def order_key(monomial: Monomial, *, is_cone: bool) -> tuple[int, ...]:
    """Returns what monomials are compared by: a larger key belongs to a larger monomial."""
    last_first = monomial[::-1] if is_cone else (monomial[0], *monomial[:0:-1])
    return (sum(monomial), *(-e for e in last_first))


def canonical(terms: Mapping[Monomial, int | Fraction], *, is_cone: bool) -> Equation:
    """Returns the equation with multiples of these terms: zeros left out, integers, primitive, positive at the leading monomial.

    Raises ``ValueError`` for the zero polynomial.
    """
    ordered = sorted(
        (term for term in terms.items() if term[1]), key=lambda term: order_key(term[0], is_cone=is_cone), reverse=True
    )
    if not ordered:
        raise ValueError("the zero polynomial is no equation")
    scale = math.lcm(*(coefficient.denominator for _, coefficient in ordered))
    integers = [(monomial, int(coefficient * scale)) for monomial, coefficient in ordered]
    content = math.gcd(*(coefficient for _, coefficient in integers))
    sign = -1 if integers[0][1] < 0 else 1
    return Equation(tuple((monomial, sign * coefficient // content) for monomial, coefficient in integers))


def without_linear(equations: Sequence[Equation], variables: int) -> tuple[list[Equation], list[int]]:
    """Returns equations of higher degree modulo the linear ones, and the positions of the variables that they are in.

    The leading variable of a linear equation is a combination of others, and occurs nowhere else in a reduced Gröbner basis.
    Where it does, everything comes back as it is.
    """
    linear = [equation for equation in equations if equation.degree == 1]
    gone = {next(i for i, e in enumerate(equation.leading) if e) for equation in linear}
    others = [equation for equation in equations if equation.degree > 1]
    is_free = all(not any(monomial[i] for i in gone) for equation in others for monomial, _ in equation.terms)
    if len(gone) < len(linear) or not is_free:
        return list(equations), list(range(variables))
    kept = [i for i in range(variables) if i not in gone]
    return [restricted(equation, kept) for equation in others], kept


def restricted(equation: Equation, kept: Sequence[int]) -> Equation:
    """Returns an equation in some of the variables, which are all that it has."""
    return Equation(tuple((tuple(monomial[i] for i in kept), c) for monomial, c in equation.terms))
