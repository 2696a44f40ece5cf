"""Writes polynomials and networks in the language of an engine, from numbers alone.

No text that a user typed can pass: coefficients are integers and fractions, variables have generated names, operations come
from a fixed list, and everything else is an integer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroalg_cli.engine import Dialect

SparsePolynomial = dict[tuple[int, ...], Fraction]
"""Exponent vector over v_1, ..., v_n -> coefficient."""

#: no engine's parser likes a sum of ten thousand terms, all like sums of a hundred sums of a hundred
_GROUP = 100
_WIDTH = 100
_LETTER = re.compile(r"[a-z]")
_COEFFICIENT = re.compile(r"(?:0|-?[1-9][0-9]*)(?:/[1-9][0-9]*)?")
_OPERATIONS = ("input", "parameter", "matmul", "sum", "product", "polynomial", "gather", "reciprocal")
_KEYS_OF_ALL = {"operation", "shape", "operands", "name"}
_KEYS_OF = {"polynomial": ("terms",), "gather": ("indices",)}
_KEYS = {*_KEYS_OF_ALL, "terms", "indices"}


@dataclass(frozen=True, slots=True)
class Code:
    """Text in the language of an engine that this module generated; the only text that a template may insert."""

    text: str


def variable(letter: str, number: int) -> Code:
    """Returns the name of a variable: ``w_3``."""
    if not _LETTER.fullmatch(letter) or number < 1:
        raise ValueError(f"{letter!r} and {number!r} do not make the name of a variable")
    return Code(f"{letter}_{number:d}")


def variables(count: int, letter: str = "w") -> Code:
    """Returns the names of the variables v_1, ..., v_n with commas; raises ``ValueError`` if there are none."""
    if count < 1:
        raise ValueError(f"{count} variables cannot be listed")
    return Code(",".join(variable(letter, number).text for number in range(1, count + 1)))


def polynomial(terms: SparsePolynomial, dialect: Dialect, letter: str = "w", characteristic: int = 0) -> Code:
    """Returns a polynomial as an expression, by falling exponent vectors; 0 is ``0``.

    In positive characteristic coefficients are residues.  Raises ``ValueError`` for a coefficient that is no rational
    number or whose denominator the characteristic divides, and for exponents that are not natural numbers.
    """
    written = []
    if not isinstance(terms, dict) or not all(isinstance(exponents, tuple) for exponents in terms):
        raise ValueError("a polynomial is a dictionary from exponent vectors to coefficients")
    for exponents in sorted(terms, reverse=True):
        coefficient = _coefficient(terms[exponents], characteristic)
        if coefficient.denominator != 1 and dialect.sums_only:
            raise ValueError(f"the coefficient {coefficient} is no integer")
        if coefficient:
            written.append(_term(abs(coefficient), exponents, dialect, letter, is_negative=coefficient < 0))
    if not written and dialect.sums_only:
        raise ValueError("an engine that reads sums of monomials only cannot read the polynomial 0")
    if not written:
        return Code("0")
    if dialect.sums_only:
        return Code("".join(written).removeprefix("+"))
    if len(written) <= _GROUP:
        return Code(_sum(written))
    groups = [written[start : start + _GROUP] for start in range(0, len(written), _GROUP)]
    return Code(" +\n    ".join(f"({_sum(group)})" for group in groups))


def polynomials(
    items: Sequence[SparsePolynomial], dialect: Dialect, letter: str = "w", characteristic: int = 0
) -> Code:
    """Returns polynomials separated by commas, each on lines of its own; raises ``ValueError`` if there are none."""
    _require_list(items, "polynomials")
    separator = ",\n" if dialect.sums_only else ",\n    "
    return Code(separator.join(polynomial(terms, dialect, letter, characteristic).text for terms in items))


def network(graph: Any, dialect: Dialect, indentation: int = 8) -> Code:
    """Returns a network, or its JSON form, as engine data: a list of the output's position and the list of nodes.

    A node is a list: operation, shape, then, as far as they apply, operands, and the terms of a polynomial (exponent and
    coefficient) or the indices of a gather.  Names are left out; a comment numbers the parameters.  Raises ``ValueError`` if
    the graph is not what `neuroalg_cli.network` describes.
    """
    description = graph.as_json() if isinstance(graph, Network) else graph
    if not isinstance(description, dict) or set(description) != {"nodes", "output"}:
        raise ValueError("a network is a graph or its JSON form, with 'nodes' and 'output'")
    nodes, output = description["nodes"], description["output"]
    _require_list(nodes, "nodes")
    if _natural(output) >= len(nodes):
        raise ValueError(f"the network has no node {output}")
    lines = []
    parameters = 0
    for position, node in enumerate(nodes):
        line, size = _node(node, position, dialect)
        comma = "," if position < len(nodes) - 1 else ""
        note = ""
        if node["operation"] == "parameter":
            note = f"  {dialect.comment} {_range(parameters + 1, parameters + size)}"
            parameters += size
        lines.append(f"{line}{comma}{note}")
    margin = " " * indentation
    inner = "".join(f"\n{margin}    {line}" for line in lines)
    text = f"{dialect.opening}{output:d}, {dialect.opening}{inner}\n{margin}{dialect.closing}{dialect.closing}"
    return Code(text)


def networks(graphs: Sequence[Any], dialect: Dialect) -> Code:
    """Returns networks separated by commas, each under a comment with its number; raises ``ValueError`` if there are none."""
    _require_list(graphs, "networks")
    if dialect.sums_only:
        raise ValueError("an engine that reads sums of monomials only reads no lists of nodes")
    parts = []
    for number, graph in enumerate(graphs, start=1):
        comma = "," if number < len(graphs) else ""
        parts.append(f"{dialect.comment} network {number}\n    {network(graph, dialect, 4).text}{comma}")
    return Code("\n    ".join(parts))


def _coefficient(value: Any, characteristic: int) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise ValueError(f"{value!r} is no rational coefficient")  # noqa: TRY004  # one kind of error for bad terms
    rational = Fraction(value)
    if characteristic == 0:
        return rational
    if rational.denominator % characteristic == 0:
        raise ValueError(f"the coefficient {rational} does not exist modulo {characteristic}")
    residue = rational.numerator * pow(rational.denominator, -1, characteristic) % characteristic
    return Fraction(residue - characteristic if residue > characteristic // 2 else residue)


def _term(coefficient: Fraction, exponents: Sequence[int], dialect: Dialect, letter: str, *, is_negative: bool) -> str:
    """Returns a term with its sign in front: ``+2*w_1^3*w_2``."""
    factors = []
    for position, exponent in enumerate(exponents):
        if _natural(exponent):
            name = variable(letter, position + 1).text
            factors.append(name if exponent == 1 else f"{name}{dialect.power}{exponent:d}")
    if coefficient != 1 or not factors:
        factors.insert(0, dialect.number(coefficient))
    return ("-" if is_negative else "+") + "*".join(factors)


def _sum(terms: Sequence[str]) -> str:
    """Returns signed terms as a sum, broken into lines after an operator."""
    lines = [terms[0].removeprefix("+")]
    for term in terms[1:]:
        operator, rest = term[0], term[1:]
        lines[-1] += f" {operator}"
        if len(lines[-1]) + len(rest) < _WIDTH:
            lines[-1] += f" {rest}"
        else:
            lines.append(rest)
    return "\n        ".join(lines)


def _node(node: Mapping[str, Any], position: int, dialect: Dialect) -> tuple[str, int]:
    """Returns a node as a list, and the number of its entries."""
    if not isinstance(node, dict) or not {"operation", "shape"} <= set(node) <= _KEYS:
        raise ValueError(f"node {position} is no node of a network")
    operation = node["operation"]
    if operation not in _OPERATIONS or set(node) - _KEYS_OF_ALL != set(_KEYS_OF.get(operation, ())):
        raise ValueError(f"node {position} is no operation of a network with what belongs to it")
    shape = [_natural(size) for size in node["shape"]]
    operands = [_natural(operand) for operand in node.get("operands", ())]
    if any(operand >= position for operand in operands):
        raise ValueError(f"node {position} uses a node that comes later")
    fields = [f'"{_OPERATIONS[_OPERATIONS.index(operation)]}"', _integers(shape, dialect)]
    if operation not in {"input", "parameter"}:
        fields.append(_integers(operands, dialect))
    if operation == "polynomial":
        fields.append(dialect.list([_coefficient_term(term, dialect) for term in node["terms"]]))
    if operation == "gather":
        fields.append(_integers([_natural(index + 1) - 1 for index in node["indices"]], dialect))
    size = 1
    for length in shape:
        size *= length
    return dialect.list(fields), size


def _range(first: int, last: int) -> str:
    return variable("w", first).text if first == last else f"{variable('w', first).text} .. {variable('w', last).text}"


def _coefficient_term(term: Any, dialect: Dialect) -> str:
    if not isinstance(term, list | tuple) or len(term) != 2:
        raise ValueError("a term of an activation is an exponent and a coefficient")
    exponent, coefficient = term
    if isinstance(coefficient, str):
        if not _COEFFICIENT.fullmatch(coefficient):
            raise ValueError("a coefficient of an activation is an integer or a fraction")
        coefficient = Fraction(coefficient)
    return dialect.list([str(_natural(exponent)), dialect.number(_coefficient(coefficient, 0))])


def _require_list(items: Any, what: str) -> None:
    if not isinstance(items, list | tuple) or not items:
        raise ValueError(f"a list of {what} is needed, with at least one")


def _integers(values: Sequence[int], dialect: Dialect) -> str:
    return dialect.list([dialect.integer(value) for value in values])


def _natural(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no natural number")
    return int(value)
