"""The network of a report as a program of scalar steps, its values and derivatives modulo the prime of a proof."""

from __future__ import annotations

import re
from collections import namedtuple
from fractions import Fraction
from itertools import chain, pairwise
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

from flint import fmpz, nmod

from neuroalg_cli.verifying.refusing import ReportError, integers, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: ``terms``: {exponent: coefficient}; ``entries``: the numbers of the tensor's entries, row by row, among all of the network
Node = namedtuple("Node", "operation shape operands name terms entries")  # noqa: PYI024


class Network:
    """A network as a program, entry 0 being 1, the others s(sum of v_a v_b) by ``steps``; a prime p, a point w and inputs.

    Raises `ReportError` for a graph or numbers that are not well formed.
    """

    def __init__(self, network: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
        (self.p,) = integers([evidence["prime"]], "the prime", 2**16, 2**63)
        require(fmpz(self.p).is_prime(), f"{self.p} is no prime")
        self.nodes, self.work = list[Node](), 0
        self.steps: list[tuple[dict[int, nmod], list[tuple[int, ...]]]] = [
            ({}, [])
        ]  # s by exponents, -1 for 1/z, {} for z; the pairs (a, b)
        for index, data in enumerate(network["nodes"]):
            self._append(data, f"node {index} of the network")
        (self.input,) = (index for index, node in enumerate(self.nodes) if node.operation == "input")
        (self.output,) = integers([network["output"]], "the output of the network", 0, len(self.nodes))
        tensors = [node for node in self.nodes if node.operation == "parameter"]
        require(len({node.name for node in tensors}) == len(tensors), "two parameter tensors have one name")
        self.parameters = [entry for node in tensors for entry in node.entries]
        self.w = dict(zip(self.parameters, self.field(evidence["point"], len(self.parameters)), strict=True))
        self._samples, self._source = list[list[Any]](), Random(0)  # noqa: S311  # any values will do
        self.inputs = [self.field(x, len(self.nodes[self.input].entries)) for x in evidence["inputs"]]

    def field(self, values: Any, count: int) -> list[nmod]:
        """Returns residues as elements of the prime field."""
        return [nmod(value, self.p) for value in integers(values, "the point or an input", 0, self.p, count)]

    def residue(self, value: Fraction) -> nmod:
        """Returns a rational number modulo p."""
        require(value.denominator % self.p, "the prime divides the denominator of a coefficient")
        return nmod(value.numerator, self.p) / nmod(value.denominator, self.p)

    def _append(self, data: Mapping[str, Any], where: str) -> None:
        """Adds a node whose operands are earlier nodes and whose shape follows from theirs."""
        shape = integers(data["shape"], f"the shape of {where}", 1, 10**6)
        operands = integers(data.get("operands", ()), f"the operands of {where}", 0, len(self.nodes))
        below, shapes = ([self.nodes[index][key] for index in operands] for key in (5, 1))
        size, inner = prod(shape), shapes[0][-1] if data["operation"] == "matmul" else 1
        self.work += size * inner + sum(map(len, below))
        require(self.work <= 3 * 10**6, "the network is too large to replay")
        pairs = [type(pair) in (list, tuple) and len(pair) == 2 for pair in data.get("terms", ())]
        require(all(pairs), f"the terms of {where} are no pairs of an exponent and a coefficient")
        require(data["operation"] != "matmul" or len(operands) == 2, f"{where} has not two operands")
        exponents, texts = ([pair[key] for pair in data.get("terms", ())] for key in (0, 1))
        good = all(re.fullmatch(r"-?[1-9][0-9]{0,3999}(/[1-9][0-9]{0,3999})?", text) for text in texts)
        good = good and all(a > b for a, b in pairwise(integers(exponents, f"the terms of {where}", 0, 1001)))
        require(good, f"the terms of {where} are not canonical")
        sums: Iterable[Iterable[tuple[int, ...]]] = [()] * size
        match data["operation"], shapes, bool(texts):
            case "input" | "parameter", [], False:
                pass
            case "matmul", [(a, b), (c, *d)], False if b == c and shape == (a, *d) and len(d) < 2:
                columns = [below[1][j :: prod(d)] for j in range(prod(d))]
                sums = [zip(below[0][i * b :][:b], column, strict=True) for i in range(a) for column in columns]
            case ("sum", [_, *_], False) | ("polynomial", [_], True) | ("reciprocal", [_], False) if {*shapes} == {
                shape
            }:
                sums = [[(entry, 0) for entry in summands] for summands in zip(*below, strict=True)]
            case "product", [_, _], False if {*shapes} == {shape}:
                sums = [[factors] for factors in zip(*below, strict=True)]
            case "gather", [_, *_], False:
                picked = [*chain(*below)]
                indices = integers(data["indices"], f"the indices of {where}", -1, len(picked), size)
                sums = [[(picked[index], 0)] if index >= 0 else [] for index in indices]
            case _:
                raise ReportError(f"the operation of {where} is unknown, or its operands do not fit")
        terms = dict(zip(exponents, map(Fraction, texts), strict=True))
        entries = range(len(self.steps), len(self.steps) + size)
        powers = {-1: Fraction(1)} if data["operation"] == "reciprocal" else terms
        residues = {exponent: self.residue(coefficient) for exponent, coefficient in powers.items()}
        self.steps += [(residues, list(pairs)) for pairs in sums]
        self.nodes.append(Node(data["operation"], shape, operands, data.get("name", ""), terms, entries))

    def values(self, start: int, x: Iterable[Any]) -> list[Any]:
        """Returns the values of all entries if node ``start`` has the entries x, in the field or polynomials over it."""
        given = {0: nmod(1, self.p)} | self.w | dict(zip(self.nodes[start].entries, x, strict=True))
        values: list[Any] = []
        for entry, (terms, pairs) in enumerate(self.steps):
            z = given[entry] if entry in given else sum((values[a] * values[b] for a, b in pairs), nmod(0, self.p))
            values.append(sum(c * z**e for e, c in terms.items()) if terms else z)
        return values

    def gradient(self, values: list[nmod], entry: int) -> list[nmod]:
        """Returns the derivatives of an entry by all parameters: the chain rule, backwards through the program."""
        adjoints = [nmod(0, self.p)] * len(values)
        adjoints[entry] += 1
        for index in range(entry, 0, -1):
            adjoint, (terms, pairs) = adjoints[index], self.steps[index]
            if terms:  # the step is s(z) for an entry z
                adjoint *= sum(e * c * values[pairs[0][0]] ** (e - 1) for e, c in terms.items() if e)
            for a, b in pairs:
                adjoints[a] += adjoint * values[b]
                adjoints[b] += adjoint * values[a]
        return [adjoints[index] for index in self.parameters]

    def samples(self, node: int, count: int) -> list[list[nmod]]:
        """Returns the values of a node at random inputs: a row for every entry, a column for every input."""
        inputs = self.nodes[self.input].entries
        while len(self._samples) < count:
            self._samples.append(
                self.values(self.input, [nmod(self._source.randrange(self.p), self.p) for _ in inputs])
            )
        return [[values[entry] for values in self._samples[:count]] for entry in self.nodes[node].entries]

    def random(self) -> int:
        """Returns a residue that is nobody's choice."""
        return self._source.randrange(self.p)
