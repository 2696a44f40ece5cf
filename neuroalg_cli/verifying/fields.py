"""Polynomial vector fields that a report states term by term: f(w + e X) is computed exactly over Q[w, x], with e^2 = 0."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx, nmod

from neuroalg_cli.verifying.refusing import ReportError, integers, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flint import fmpq_mpoly

    from neuroalg_cli.verifying.blocks import Block
    from neuroalg_cli.verifying.network import Network

_MAXIMAL_TERMS = 400_000
_MAXIMAL_FIELDS = 500

#: for every entry that moves, its derivative: {entries of the factors: coefficient}
_Field = dict[int, dict[tuple[int, ...], Fraction]]


def explicit_fields(stated: Any, network: Network, block: Block) -> Iterator[dict[int, nmod]]:
    """Yields the fields at w, by parameter entry, after the functions of the block were seen to be constant along them."""
    require(
        isinstance(stated, list) and len(stated) <= _MAXIMAL_FIELDS, "the fields of a block are no list, or too many"
    )
    names = {block.nodes[index].name: block.nodes[index].entries for index in block.parameters}
    for number, moves in enumerate(stated, start=1):
        field = _read(moves, names, f"field {number} of a block")
        _require_constant(field, block, network, f"the functions are not constant along field {number} of a block")
        at_w = dict[int, nmod]()
        for entry, polynomial in field.items():
            at_w[entry] = nmod(0, network.p)
            for factors, coefficient in polynomial.items():
                term = network.residue(coefficient)
                for factor in factors:
                    term *= network.w[factor]
                at_w[entry] += term
        yield at_w


def _read(moves: Any, names: dict[str, range], where: str) -> _Field:
    """Returns a field; refuses what is not [tensor, number of the entry, [[coefficient, [[tensor, number], ...]], ...]] each."""

    def entry(name: Any, number: Any) -> int:
        require(isinstance(name, str) and name in names, f"{where} moves what is no parameter of the block")
        return names[name][integers([number], where, 0, len(names[name]))[0]]

    field: _Field = {}
    for name, number, polynomial in moves:
        moved = field.setdefault(entry(name, number), {})
        require(not moved and polynomial, f"{where} moves a parameter twice, or by nothing")
        for coefficient, factors in polynomial:
            require(
                re.fullmatch(r"-?[1-9][0-9]{0,99}(/[1-9][0-9]{0,99})?", coefficient) and len(factors) <= 12,
                f"a term of {where} cannot be read",
            )
            key = tuple(sorted(entry(*factor) for factor in factors))
            moved[key] = moved.get(key, Fraction(0)) + Fraction(coefficient)
    return field


def _require_constant(field: _Field, block: Block, network: Network, sentence: str) -> None:
    """Refuses unless the derivative of every entry of the end along the field is the polynomial 0."""
    inputs = block.nodes[block.start].entries
    variables = {entry: number for number, entry in enumerate((*block.column, *inputs))}
    ring = fmpq_mpoly_ctx.get(tuple(f"z_{number}" for number in range(len(variables))), Ordering.lex)
    generators, zero = ring.gens(), ring.from_dict({})
    one = ring.from_dict({(0,) * len(variables): 1})
    value, slope = {0: one}, {0: zero}
    for entry, number in variables.items():
        value[entry], slope[entry] = generators[number], zero
    for entry, polynomial in field.items():
        for factors, coefficient in polynomial.items():
            term = one * fmpq(coefficient.numerator, coefficient.denominator)
            for factor in factors:
                term *= generators[variables[factor]]
            slope[entry] += term
    for index in block.inside:
        node = block.nodes[index]
        if node.operation == "reciprocal":
            raise ReportError("a block that divides has no explicit fields")
        for entry in (entry for entry in node.entries if entry not in value):
            value[entry], slope[entry] = _step(entry, node.terms, network, value, slope, zero)
        size = sum(len(value[entry]) + len(slope[entry]) for entry in node.entries)
        require(size <= _MAXIMAL_TERMS, "the polynomials of a block are too large to replay")
    ends = chain(block.nodes[block.end].entries)
    require(not any(len(slope[entry]) for entry in ends), sentence)


def _step(
    entry: int,
    terms: dict[int, Fraction],
    network: Network,
    value: dict[int, fmpq_mpoly],
    slope: dict[int, fmpq_mpoly],
    zero: fmpq_mpoly,
) -> tuple[fmpq_mpoly, fmpq_mpoly]:
    """Returns the value of an entry and its derivative."""
    z, dz = zero, zero
    for a, b in network.steps[entry][1]:
        z, dz = z + value[a] * value[b], dz + value[a] * slope[b] + slope[a] * value[b]
    if not terms:
        return z, dz
    require(len(z) ** min(max(terms), 4) <= 24 * _MAXIMAL_TERMS, "the polynomials of a block are too large to replay")
    coefficients = [(e, fmpq(c.numerator, c.denominator)) for e, c in terms.items()]
    derivative = sum((e * c * z ** (e - 1) for e, c in coefficients if e), zero)
    return sum((c * z**e for e, c in coefficients), zero), derivative * dz
