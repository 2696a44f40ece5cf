"""Reads polynomials that a user typed, with a grammar of our own: nothing is ever evaluated.

The result is a dictionary from monomials to nonzero rational coefficients.  Every intermediate value is capped in
degree, number of terms and number of digits, so that a short text cannot ask for a long computation.
"""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import SpecError, shown

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
MAXIMAL_WORK = 100_000
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

    evidence = shown(text)
    if len(text) > MAXIMAL_LENGTH:
        raise SpecError(f"'{key}' has {len(text)} characters; a polynomial may have at most {MAXIMAL_LENGTH}")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        is_inside = (
            isinstance(column, int) and column > 0 and getattr(getattr(error, "token", None), "type", "") != "$END"
        )
        where = f"at column {column}" if is_inside else "at its end"
        raise SpecError(
            f"'{key}' is {evidence}, which is no polynomial ({where}); write for example '1/2*z^2 + z'"
        ) from None
    try:
        return _Evaluation().value(tree)
    except _CapError as error:
        raise SpecError(f"'{key}' is {evidence}, which {error}") from None
    except RecursionError:
        raise SpecError(f"'{key}' is {evidence}, which is nested too deeply") from None


def parse_univariate(text: str, key: str) -> Terms:
    """Returns a polynomial in one variable, a letter, as (exponent, coefficient) by falling exponent.

    Longer names are refused: ``relu`` would otherwise be the variable of a linear activation.
    """
    polynomial = parse_polynomial(text, key)
    variables = sorted({name for monomial in polynomial for name, _ in monomial})
    if len(variables) > 1:
        raise SpecError(
            f"'{key}' has {len(variables)} variables, {variables[0][:20]}, {variables[1][:20]}{', ...' * (len(variables) > 2)}; "
            "an activation is a polynomial in one variable"
        )
    if variables and len(variables[0]) > 1:
        raise SpecError(
            f"'{key}' has {shown(variables[0])}, which is neither a number nor a letter; "
            "an activation is a polynomial in one letter, for example '1/2*z^2 + z'"
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


class _Evaluation:
    """The value of one syntax tree; counts products of terms, so that a short text cannot ask for a long computation.

    Chains of one operation are walked in a loop: only parentheses make it recurse.
    """

    def __init__(self) -> None:
        self._work = 0

    def value(self, tree: Any) -> Polynomial:
        """Returns the polynomial; raises `_CapError`."""
        match tree.data:
            case "number":
                return _number(str(tree.children[0]))
            case "variable":
                return {((str(tree.children[0]), 1),): Fraction(1)}
            case "power":
                return self._power(self.value(tree.children[0]), _exponent(str(tree.children[1])))
            case "negate":
                sign = 1
                while tree.data == "negate":
                    sign, tree = -sign, tree.children[0]
                return {monomial: sign * coefficient for monomial, coefficient in self.value(tree).items()}
            case "add" | "subtract":
                return self._sum(*_chain(tree, ("add", "subtract")))
            case _:
                return self._product_of_chain(*_chain(tree, ("multiply", "divide")))

    def _sum(self, first: Any, rest: list[tuple[str, Any]]) -> Polynomial:
        result = dict(self.value(first))
        for operation, operand in rest:
            for monomial, coefficient in self.value(operand).items():
                signed = coefficient if operation == "add" else -coefficient
                result[monomial] = result.get(monomial, Fraction(0)) + signed
        return _clean(result)

    def _product_of_chain(self, first: Any, rest: list[tuple[str, Any]]) -> Polynomial:
        result = self.value(first)
        for operation, operand in rest:
            other = self.value(operand)
            result = self._product(result, other if operation == "multiply" else _reciprocal(other))
        return result

    def _product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        self._work += len(left) * len(right)
        if self._work > MAXIMAL_WORK:
            raise _CapError(f"needs more than {MAXIMAL_WORK} products of terms, the most allowed")
        result: Polynomial = {}
        for a, x in left.items():
            for b, y in right.items():
                exponents = dict(a)
                for name, exponent in b:
                    exponents[name] = exponents.get(name, 0) + exponent
                monomial = tuple(sorted(exponents.items()))
                result[monomial] = result.get(monomial, Fraction(0)) + x * y
        return _clean(result)

    def _power(self, base: Polynomial, exponent: int) -> Polynomial:
        if len(base) > 1 and exponent > 100:
            raise _CapError("has a sum to a power above 100, the largest allowed")
        result: Polynomial = {_CONSTANT: Fraction(1)}
        square = base
        while exponent:
            if exponent & 1:
                result = self._product(result, square)
            exponent >>= 1
            if exponent:
                square = self._product(square, square)
        return result


def _chain(tree: Any, operations: tuple[str, str]) -> tuple[Any, list[tuple[str, Any]]]:
    """Returns the first operand of a chain such as a + b - c, and the others with their operations."""
    rest = []
    while tree.data in operations:
        rest.append((str(tree.data), tree.children[1]))
        tree = tree.children[0]
    return tree, rest[::-1]


def _number(text: str) -> Polynomial:
    if len(text) > MAXIMAL_BITS // 4:
        raise _CapError(f"has a number of {len(text)} digits; at most {MAXIMAL_BITS // 4} are allowed")
    return _clean({_CONSTANT: Fraction(text)})


def _exponent(text: str) -> int:
    if len(text) > 6 or int(text) > MAXIMAL_DEGREE:
        raise _CapError(f"has an exponent above {MAXIMAL_DEGREE}, the largest allowed")
    return int(text)


def _reciprocal(divisor: Polynomial) -> Polynomial:
    if not divisor:
        raise _CapError("divides by zero")
    if set(divisor) != {_CONSTANT}:
        raise _CapError("divides by a variable; only polynomials are supported, so divide by numbers only")
    return {_CONSTANT: 1 / divisor[_CONSTANT]}


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
