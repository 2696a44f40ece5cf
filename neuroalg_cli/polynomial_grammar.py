"""Reads polynomials that a user typed, with a grammar of our own: nothing is ever evaluated.

The result is a dictionary from monomials to nonzero rational coefficients.  Every intermediate value is capped in
degree, number of terms and number of digits, so that a short text cannot ask for a long computation.
"""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.network import Terms

Monomial = tuple[tuple[str, int], ...]
"""Variables with their positive exponents, by name."""
Polynomial = dict[Monomial, Fraction]

MAXIMAL_LENGTH = 10_000
MAXIMAL_DEGREE = 1_000
MAXIMAL_TERMS = 5_000
MAXIMAL_BITS = 4_000
_CONSTANT: Monomial = ()

_GRAMMAR = r"""
?start: sum
?sum: product | sum "+" product -> add | sum "-" product -> subtract
?product: signed | product "*" signed -> multiply | product "/" signed -> divide
?signed: power | "-" signed -> negate | "+" signed
?power: atom | atom ("^" | "**") INTEGER -> power
?atom: INTEGER -> number | DECIMAL -> number | NAME -> variable | "(" sum ")"
INTEGER: /[0-9]+/
DECIMAL: /[0-9]+\.[0-9]+/
NAME: /[A-Za-z_][A-Za-z_0-9]*/
%ignore /[ \t]+/
"""


@functools.cache
def _parser() -> Any:
    from lark import Lark  # noqa: PLC0415  # only a network with a typed activation pays for the import

    return Lark(_GRAMMAR, parser="lalr")


def parse_polynomial(text: str, key: str) -> Polynomial:
    """Returns the polynomial that ``text`` denotes, for example ``1/2*z^2 + z``.

    ``key`` names the option or key in the error.  Raises `SpecError` for text that is no polynomial and for
    polynomials beyond the caps of this module.
    """
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    shown = repr(text if len(text) <= 40 else text[:37] + "...")
    if len(text) > MAXIMAL_LENGTH:
        raise SpecError(f"'{key}' has {len(text)} characters; a polynomial may have at most {MAXIMAL_LENGTH}")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        where = f"at column {column}" if isinstance(column, int) and column > 0 else "at its end"
        raise SpecError(
            f"'{key}' is {shown}, which is no polynomial ({where}); write for example '1/2*z^2 + z'"
        ) from None
    try:
        return _evaluate(tree)
    except _CapError as error:
        raise SpecError(f"'{key}' is {shown}, which {error}") from None
    except RecursionError:
        raise SpecError(f"'{key}' is {shown}, which is nested too deeply") from None


def parse_univariate(text: str, key: str) -> Terms:
    """Returns a polynomial in one variable, of any name, as (exponent, coefficient) by falling exponent."""
    polynomial = parse_polynomial(text, key)
    variables = sorted({name for monomial in polynomial for name, _ in monomial})
    if len(variables) > 1:
        raise SpecError(
            f"'{key}' has the variables {', '.join(variables)}; an activation is a polynomial in one variable"
        )
    terms = [(monomial[0][1] if monomial else 0, coefficient) for monomial, coefficient in polynomial.items()]
    return tuple(sorted(terms, reverse=True))


def univariate_text(terms: Terms, variable: str = "z") -> str:
    """Returns the canonical text of a polynomial in one variable, such as ``1/2*z^2+z``."""
    pieces: list[str] = []
    for exponent, coefficient in terms:
        power = "" if exponent == 0 else variable if exponent == 1 else f"{variable}^{exponent}"
        size = abs(coefficient)
        body = str(size) if not power else power if size == 1 else f"{size}*{power}"
        pieces.append(("-" if coefficient < 0 else "+" if pieces else "") + body)
    return "".join(pieces) or "0"


class _CapError(Exception):
    """A value is beyond the caps; the message completes the sentence 'which ...'."""


def _evaluate(tree: Any) -> Polynomial:
    if tree.data == "number":
        text = str(tree.children[0])
        if len(text) > MAXIMAL_BITS // 4:
            raise _CapError(f"has a number of {len(text)} digits; at most {MAXIMAL_BITS // 4} are allowed")
        return _clean({_CONSTANT: Fraction(text)})
    if tree.data == "variable":
        return {((str(tree.children[0]), 1),): Fraction(1)}
    if tree.data == "power":
        exponent_text = str(tree.children[1])
        if len(exponent_text) > 6 or int(exponent_text) > MAXIMAL_DEGREE:
            raise _CapError(f"has an exponent above {MAXIMAL_DEGREE}, the largest allowed")
        return _power(_evaluate(tree.children[0]), int(exponent_text))
    values = [_evaluate(child) for child in tree.children]
    match tree.data:
        case "negate":
            return {monomial: -coefficient for monomial, coefficient in values[0].items()}
        case "add":
            return _sum(values[0], values[1], 1)
        case "subtract":
            return _sum(values[0], values[1], -1)
        case "multiply":
            return _product(values[0], values[1])
        case _:
            return _quotient(values[0], values[1])


def _clean(polynomial: Mapping[Monomial, Fraction]) -> Polynomial:
    result = {monomial: coefficient for monomial, coefficient in polynomial.items() if coefficient}
    if len(result) > MAXIMAL_TERMS:
        raise _CapError(f"has more than {MAXIMAL_TERMS} terms, the most allowed")
    for monomial, coefficient in result.items():
        if sum(exponent for _, exponent in monomial) > MAXIMAL_DEGREE:
            raise _CapError(f"has a degree above {MAXIMAL_DEGREE}, the largest allowed")
        if max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length()) > MAXIMAL_BITS:
            raise _CapError(f"has a coefficient of more than {MAXIMAL_BITS} bits, the most allowed")
    return result


def _sum(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    result = dict(left)
    for monomial, coefficient in right.items():
        result[monomial] = result.get(monomial, Fraction(0)) + sign * coefficient
    return _clean(result)


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > 20 * MAXIMAL_TERMS:
        raise _CapError(f"needs a product of {len(left)} by {len(right)} terms, which is too large")
    result: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            exponents = dict(a)
            for name, exponent in b:
                exponents[name] = exponents.get(name, 0) + exponent
            monomial = tuple(sorted(exponents.items()))
            result[monomial] = result.get(monomial, Fraction(0)) + x * y
    return _clean(result)


def _power(base: Polynomial, exponent: int) -> Polynomial:
    if len(base) > 1 and exponent > 100:
        raise _CapError("has a sum to a power above 100, the largest allowed")
    result: Polynomial = {_CONSTANT: Fraction(1)}
    square = base
    while exponent:
        if exponent & 1:
            result = _product(result, square)
        exponent >>= 1
        if exponent:
            square = _product(square, square)
    return result


def _quotient(left: Polynomial, right: Polynomial) -> Polynomial:
    if not right:
        raise _CapError("divides by zero")
    if set(right) != {_CONSTANT}:
        raise _CapError("divides by a variable; only polynomials are supported, so divide by numbers only")
    return {monomial: coefficient / right[_CONSTANT] for monomial, coefficient in left.items()}
