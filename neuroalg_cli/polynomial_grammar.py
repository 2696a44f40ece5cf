"""Reads polynomials that a user typed, with a grammar of our own: nothing is ever evaluated.

The result is a dictionary from monomials to nonzero rational coefficients.  Every intermediate value is capped in
degree, number of terms and number of digits, so that a short text cannot ask for a long computation.

Activations are polynomials in one variable (quotients: `neuroalg_cli.quotient_grammar`).  Models are polynomials in declared
variables, which may be entries of vectors and matrices, such as ``W[1,2]``.
"""

from __future__ import annotations

import contextlib
import functools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from neuroalg_cli.network import Terms

Monomial = tuple[tuple[str, int], ...]
"""Variables with their positive exponents, by name."""
Polynomial = dict[Monomial, Fraction]
Shapes = dict[str, tuple[int, ...]]
"""Declared variables: the sizes of vectors and matrices, none for scalars."""

MAXIMAL_LENGTH = 10_000
MAXIMAL_DEGREE = 1_000
MAXIMAL_TERMS = 5_000
MAXIMAL_BITS = 4_000
MAXIMAL_WORK = 100_000
#: of all texts of one model together
MAXIMAL_MODEL_LENGTH = 1_000_000
MAXIMAL_MODEL_WORK = 200_000
_INDEX_DIGITS = 9
CONSTANT: Monomial = ()

GRAMMAR = r"""
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


#: the same with letters of all alphabets, entries of tensors, and texts of several lines
MODEL_GRAMMAR = (
    GRAMMAR.replace("| NAME -> variable", '| NAME -> variable | NAME "[" INTEGER ("," INTEGER)* "]" -> entry')
    .replace("/[A-Za-z_][A-Za-z_0-9]*/", r"/[^\W\d]\w*/")
    .replace(r"/[ \t]+/", r"/\s+/")
)


@functools.cache
def _parser(grammar: str = GRAMMAR) -> Any:
    from lark import Lark  # noqa: PLC0415  # only a network with a typed activation pays for the import

    return Lark(grammar, parser="lalr")


def parse_polynomial(text: str, key: str, example: str = "1/2*z^2 + z") -> Polynomial:
    """Returns the polynomial that ``text`` denotes, for example ``1/2*z^2 + z``.

    ``key`` names the option or key in the error, which shows the example.  Raises `SpecError` for text that is no polynomial
    and for polynomials beyond the caps of this module.
    """
    return Evaluation().of_text(text, key, example=example)


class ModelReader:
    """Reads the polynomials of one model; all of them together are capped.

    ``shapes``: the declared variables, which the caller extends by definitions.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._evaluation = Evaluation(functools.partial(_entry, shapes), MAXIMAL_MODEL_WORK)

    def read(self, text: str, key: str) -> Polynomial:
        """Returns the polynomial in scalars and entries such as ``W[1,2]``; raises `SpecError`, also for unknown variables."""
        return self._evaluation.of_text(text, key, MODEL_GRAMMAR, MAXIMAL_MODEL_LENGTH, "a*x^2 + W[1,2]*y")


def _entry(shapes: Shapes, name: str, indices: tuple[str, ...]) -> str:
    """Returns the canonical name of a scalar or an entry; raises `CapError` if it does not exist."""
    shape = shapes.get(name)
    if shape is None:
        raise CapError(f"has {shown(name)}, which is neither a parameter nor an input nor defined before")
    if len(indices) != len(shape):
        kind = ("scalar", "vector", "matrix")[len(shape)]
        write = name + (f"[{','.join('1' * len(shape))}]" if shape else "")
        raise CapError(f"has {shown(name)} with {len(indices)} indices, which is a {kind}; write {shown(write)}")
    for index, size in zip(indices, shape, strict=True):
        if len(index) > _INDEX_DIGITS or not 1 <= int(index) <= size:
            raise CapError(f"has the index {shown(index)} of {shown(name)}, which must be from 1 to {size}")
    return name + (f"[{','.join(str(int(index)) for index in indices)}]" if indices else "")


def polynomial_text(polynomial: Polynomial, order: Mapping[str, int]) -> str:
    """Returns the canonical text: by falling degree, then by the variables in the given order."""

    def key(monomial: Monomial) -> tuple[int, list[tuple[int, int]]]:
        return -sum(e for _, e in monomial), sorted((order[name], -e) for name, e in monomial)

    pieces: list[str] = []
    for monomial in sorted(polynomial, key=key):
        factors = sorted(monomial, key=lambda factor: order[factor[0]])
        power = "*".join(name if e == 1 else f"{name}^{e}" for name, e in factors)
        pieces.append(_term_text(polynomial[monomial], power, is_first=not pieces))
    return "".join(pieces) or "0"


def parse_tree(text: str, key: str, grammar: str, maximal_length: int, example: str) -> Any:
    """Returns the syntax tree; raises `SpecError`."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    if len(text) > maximal_length:
        raise SpecError(f"'{key}' has {len(text)} characters; a polynomial may have at most {maximal_length}")
    try:
        return _parser(grammar).parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        is_inside = (
            isinstance(column, int) and column > 0 and getattr(getattr(error, "token", None), "type", "") != "$END"
        )
        where = f"at column {column}" if is_inside else "at its end"
        raise SpecError(
            f"'{key}' is {shown(text)}, which is no polynomial ({where}); write for example '{example}'"
        ) from None


def parse_univariate(text: str, key: str) -> Terms:
    """Returns a polynomial in one variable, a letter, as (exponent, coefficient) by falling exponent.

    Longer names are refused: ``relu`` would otherwise be the variable of a linear activation.
    """
    polynomial = parse_polynomial(text, key)
    refuse_other_variables(polynomial, key)
    return univariate_terms(polynomial)


def univariate_terms(polynomial: Polynomial) -> Terms:
    """Returns a polynomial in one variable as (exponent, coefficient) by falling exponent."""
    terms = [(monomial[0][1] if monomial else 0, coefficient) for monomial, coefficient in polynomial.items()]
    return tuple(sorted(terms, reverse=True))


def refuse_other_variables(polynomial: Polynomial, key: str) -> None:
    """Raises `SpecError` for several variables and for longer names."""
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


def univariate_text(terms: Terms, variable: str = "z") -> str:
    """Returns the canonical text of a polynomial in one variable, such as ``1/2*z^2+z``."""
    pieces: list[str] = []
    for exponent, coefficient in terms:
        power = "" if exponent == 0 else variable if exponent == 1 else f"{variable}^{exponent}"
        pieces.append(_term_text(coefficient, power, is_first=not pieces))
    return "".join(pieces) or "0"


def _term_text(coefficient: Fraction, power: str, *, is_first: bool) -> str:
    """Returns a term with its sign in front, which is left out at the beginning if it is positive."""
    size = abs(coefficient)
    body = str(size) if not power else power if size == 1 else f"{size}*{power}"
    return ("-" if coefficient < 0 else "" if is_first else "+") + body


class CapError(Exception):
    """A value is beyond the caps; the message completes the sentence 'which ...'."""


@contextlib.contextmanager
def capped(text: str, key: str) -> Iterator[None]:
    """Turns values beyond the caps into a `SpecError` about the text."""
    try:
        yield
    except CapError as error:
        raise SpecError(f"'{key}' is {shown(text)}, which {error}") from None
    except RecursionError:
        raise SpecError(f"'{key}' is {shown(text)}, which is nested too deeply") from None


class Evaluation:
    """The value of one syntax tree; counts products of terms, so that a short text cannot ask for a long computation.

    Chains of one operation are walked in a loop: only parentheses make it recurse.
    """

    def __init__(
        self,
        variable: Callable[[str, tuple[str, ...]], str] = lambda name, _: name,
        maximal_work: int = MAXIMAL_WORK,
    ) -> None:
        self._variable = variable
        self._maximal_work = maximal_work
        self._work = 0

    def of_text(
        self,
        text: str,
        key: str,
        grammar: str = GRAMMAR,
        maximal_length: int = MAXIMAL_LENGTH,
        example: str = "1/2*z^2 + z",
    ) -> Polynomial:
        """Returns the polynomial that a text denotes; raises `SpecError`."""
        tree = parse_tree(text, key, grammar, maximal_length, example)
        with capped(text, key):
            return self.value(tree)

    def value(self, tree: Any) -> Polynomial:
        """Returns the polynomial; raises `CapError`."""
        match tree.data:
            case "number":
                return _number(str(tree.children[0]))
            case "variable" | "entry":
                name, *indices = map(str, tree.children)
                return {((self._variable(name, tuple(indices)), 1),): Fraction(1)}
            case "power":
                return self.power(self.value(tree.children[0]), exponent_of(str(tree.children[1])))
            case "negate":
                sign = 1
                while tree.data == "negate":
                    sign, tree = -sign, tree.children[0]
                return {monomial: sign * coefficient for monomial, coefficient in self.value(tree).items()}
            case "add" | "subtract":
                return self._sum(*chain(tree, ("add", "subtract")))
            case _:
                return self._product_of_chain(*chain(tree, ("multiply", "divide")))

    def _sum(self, first: Any, rest: list[tuple[str, Any]]) -> Polynomial:
        result = dict(self.value(first))
        for operation, operand in rest:
            sign = 1 if operation == "add" else -1
            for monomial, coefficient in self.value(operand).items():
                result[monomial] = result.get(monomial, Fraction(0)) + sign * coefficient
        return clean(result)

    def _product_of_chain(self, first: Any, rest: list[tuple[str, Any]]) -> Polynomial:
        result = self.value(first)
        for operation, operand in rest:
            other = self.value(operand)
            result = self.product(result, other if operation == "multiply" else _reciprocal(other))
        return result

    def product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        """Returns the product; raises `CapError`."""
        self._work += len(left) * len(right)
        if self._work > self._maximal_work:
            raise CapError(f"needs more than {self._maximal_work} products of terms, the most allowed")
        result: Polynomial = {}
        for a, x in left.items():
            for b, y in right.items():
                exponents = dict(a)
                for name, exponent in b:
                    exponents[name] = exponents.get(name, 0) + exponent
                monomial = tuple(sorted(exponents.items()))
                result[monomial] = result.get(monomial, Fraction(0)) + x * y
        return clean(result)

    def power(self, base: Polynomial, exponent: int) -> Polynomial:
        """Returns the power; raises `CapError`."""
        if len(base) > 1 and exponent > 100:
            raise CapError("has a sum to a power above 100, the largest allowed")
        result: Polynomial = {CONSTANT: Fraction(1)}
        square = base
        while exponent:
            if exponent & 1:
                result = self.product(result, square)
            exponent >>= 1
            if exponent:
                square = self.product(square, square)
        return result


def chain(tree: Any, operations: tuple[str, str]) -> tuple[Any, list[tuple[str, Any]]]:
    """Returns the first operand of a chain such as a + b - c, and the others with their operations."""
    rest = []
    while tree.data in operations:
        rest.append((str(tree.data), tree.children[1]))
        tree = tree.children[0]
    return tree, rest[::-1]


def _number(text: str) -> Polynomial:
    if len(text) > MAXIMAL_BITS // 4:
        raise CapError(f"has a number of {len(text)} digits; at most {MAXIMAL_BITS // 4} are allowed")
    return clean({CONSTANT: Fraction(text)})


def exponent_of(text: str) -> int:
    """Returns the exponent that digits denote; raises `CapError`."""
    if len(text) > 6 or int(text) > MAXIMAL_DEGREE:
        raise CapError(f"has an exponent above {MAXIMAL_DEGREE}, the largest allowed")
    return int(text)


def _reciprocal(divisor: Polynomial) -> Polynomial:
    if not divisor:
        raise CapError("divides by zero")
    if set(divisor) != {CONSTANT}:
        raise CapError("divides by a variable; only polynomials are supported, so divide by numbers only")
    return {CONSTANT: 1 / divisor[CONSTANT]}


def clean(polynomial: Mapping[Monomial, Fraction]) -> Polynomial:
    """Returns the polynomial without zero terms; raises `CapError` beyond the caps."""
    result = {monomial: coefficient for monomial, coefficient in polynomial.items() if coefficient}
    if len(result) > MAXIMAL_TERMS:
        raise CapError(f"has more than {MAXIMAL_TERMS} terms, the most allowed")
    for monomial, coefficient in result.items():
        if sum(exponent for _, exponent in monomial) > MAXIMAL_DEGREE:
            raise CapError(f"has a degree above {MAXIMAL_DEGREE}, the largest allowed")
        if max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length()) > MAXIMAL_BITS:
            raise CapError(f"has a coefficient of more than {MAXIMAL_BITS} bits, the most allowed")
    return result
