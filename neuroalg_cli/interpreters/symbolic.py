"""The symbolic interpreter: the coordinates of phi as sparse polynomials in the parameters, for engine scripts.

This is the only place where polynomials are expanded, and only scripts that need polynomials call it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from neuroalg_cli.errors import MemoryLimitError, SpecError

if TYPE_CHECKING:
    from neuroalg_cli.network import Network

MAXIMAL_TERMS = 2_000_000
SparsePolynomial = dict[tuple[int, ...], Fraction]
"""Exponent vector over w_1, ..., w_P -> nonzero coefficient."""


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One coordinate of phi: the coefficient of a monomial in x in one entry of the output."""

    output: int
    monomial: tuple[int, ...]
    polynomial: SparsePolynomial


def coordinates(network: Network, maximal_terms: int = MAXIMAL_TERMS) -> list[Coordinate]:
    """Returns the coordinates of phi that are not zero, by output, then by falling exponent vector of the monomial.

    Raises `MemoryLimitError`, before a large product is computed, if an intermediate result could have more than
    ``maximal_terms`` terms.
    """
    outputs = _expand(network, maximal_terms)
    parameters = network.parameter_count
    result: list[Coordinate] = []
    for output, entry in enumerate(outputs):
        by_monomial: dict[tuple[int, ...], SparsePolynomial] = {}
        for exponents, coefficient in entry.to_dict().items():
            vector = tuple(int(e) for e in exponents)
            polynomial = by_monomial.setdefault(vector[parameters:], {})
            polynomial[vector[:parameters]] = Fraction(int(coefficient.p), int(coefficient.q))
        result.extend(
            Coordinate(output, monomial, by_monomial[monomial]) for monomial in sorted(by_monomial, reverse=True)
        )
    return result


def _expand(network: Network, maximal_terms: int) -> list[fmpq_mpoly]:
    """Returns the entries of the output as polynomials in w_1, ..., w_P, x_1, ..., x_n."""
    names = [f"w_{i + 1}" for i in range(network.parameter_count)] + [f"x_{i + 1}" for i in range(network.input_size)]
    context = fmpq_mpoly_ctx.get(tuple(names), Ordering.lex)
    variables = context.gens()
    zero = context.from_dict({})
    values: list[list[fmpq_mpoly]] = []
    for index, node in enumerate(network.nodes):
        operands = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = list(variables[network.parameter_count :])
            case "parameter":
                offset = network.offsets[index]
                value = list(variables[offset : offset + node.size])
            case "matmul":
                inner = network.nodes[node.operands[0]].shape[1]
                columns = node.shape[1] if len(node.shape) == 2 else 1
                value = []
                for i in range(node.shape[0]):
                    for j in range(columns):
                        pairs = [(operands[0][i * inner + k], operands[1][k * columns + j]) for k in range(inner)]
                        _refuse(sum(len(a) * len(b) for a, b in pairs), maximal_terms)
                        value.append(sum((a * b for a, b in pairs), zero))
            case "sum":
                value = [sum(entries, zero) for entries in zip(*operands, strict=True)]
            case "product":
                _refuse(max(len(a) * len(b) for a, b in zip(*operands, strict=True)), maximal_terms)
                value = [a * b for a, b in zip(*operands, strict=True)]
            case "polynomial":
                top = max((exponent for exponent, _ in node.terms), default=0)
                for z in operands[0]:
                    _refuse(math.comb(len(z) + top - 1, top) if len(z) else 0, maximal_terms)
                value = [
                    sum((z**e * fmpq(c.numerator, c.denominator) for e, c in node.terms), zero) for z in operands[0]
                ]
            case "gather":
                flat = [entry for operand in operands for entry in operand]
                value = [flat[i] if i >= 0 else zero for i in node.indices]
            case _:
                word = "divides" if node.operation == "reciprocal" else f"applies {node.name}"
                raise SpecError(f"the network {word}, so that phi is no polynomial; use --method jacobian")
        values.append(value)
    return values[network.output]


def _refuse(terms: int, maximal_terms: int) -> None:
    if terms > maximal_terms:
        raise MemoryLimitError(
            f"expanding this network could need polynomials with {terms} terms, more than {maximal_terms}; "
            "use --method jacobian, which expands nothing"
        )
