"""The parametrization map phi: parameters w -> coefficients of f_w, without expanding a polynomial.

Conventions: the ambient space A has one coordinate per entry of the output and monomial in the inputs, where the
coordinate is not identically zero; dimensions are affine; the neurovariety V is the Zariski closure of phi(W).
"""

from __future__ import annotations

import functools
import json
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.degrees import DegreeSet, degree_sets
from neuroalg_cli.errors import MemoryLimitError, SpecError

if TYPE_CHECKING:
    from neuroalg_cli.network import Network

_MAXIMAL_LINE_DEGREE = 5_000
_MAXIMAL_LINE_ENTRIES = 10**7


@dataclass(frozen=True)
class PolynomialMap:
    """phi for one network: its sizes and degrees, from the graph alone."""

    network: Network

    @property
    def parameter_count(self) -> int:
        """P, the dimension of the parameter space W."""
        return self.network.parameter_count

    @functools.cached_property
    def degrees(self) -> DegreeSet:
        """The degrees in x of the output, an upper bound from the graph (exact unless coefficients cancel)."""
        return degree_sets(self.network)[self.network.output]

    @functools.cached_property
    def coordinate_bound(self) -> int:
        """An upper bound for the number of coordinates that are not identically zero, from the graph alone."""
        return self.network.output_size * self.degrees.monomial_count(self.network.input_size)

    @functools.cached_property
    def may_cancel(self) -> bool:
        """Whether coefficients of different signs could make coordinates vanish identically."""
        return any(
            coefficient < 0
            for node in self.network.nodes
            if node.operation == "polynomial"
            for _, coefficient in node.terms
        )

    @functools.cached_property
    def ambient_dimension(self) -> int:
        """The number of coordinates that are not identically zero.

        For activations with nonnegative coefficients nothing cancels and the count from the graph is exact.  Otherwise f is
        evaluated on a line t*x for random w and x modulo a prime of 61 bits: a degree whose coefficient vanishes there
        is taken to be absent, wrongly with probability below (total degree)/2^60 per degree.  That one nonzero
        coordinate of a degree makes all of them nonzero holds for families whose inputs can be mixed linearly.
        """
        degrees = self.degrees
        if self.may_cancel:
            degrees = _degrees_on_a_line(self.network, degrees)
        return self.network.output_size * degrees.monomial_count(self.network.input_size)

    @functools.cached_property
    def total_degree(self) -> int:
        """The degree of f as a polynomial in (w, x), an upper bound from the graph."""
        result: list[int] = []
        for node in self.network.nodes:
            below = [result[operand] for operand in node.operands]
            match node.operation:
                case "input" | "parameter":
                    result.append(1)
                case "matmul" | "product":
                    result.append(below[0] + below[1])
                case "sum" | "gather":
                    result.append(max(below))
                case "polynomial":
                    result.append(below[0] * max((exponent for exponent, _ in node.terms), default=0))
        return result[self.network.output]

    @functools.cached_property
    def height_bits(self) -> float:
        """An upper bound for log2 of the sum of the absolute coefficients of any entry of f, denominators cleared."""
        norms: list[float] = []  # of the numerator
        scales: list[float] = []  # of the common denominator
        for node in self.network.nodes:
            norm = [norms[operand] for operand in node.operands]
            scale = [scales[operand] for operand in node.operands]
            match node.operation:
                case "input" | "parameter":
                    norms.append(0.0)
                    scales.append(0.0)
                case "matmul" | "product":
                    inner = self.network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1
                    norms.append(norm[0] + norm[1] + math.log2(inner))
                    scales.append(scale[0] + scale[1])
                case "sum" | "gather":
                    common = sum(scale)
                    norms.append(max(norm) + common + math.log2(len(norm)))
                    scales.append(common)
                case "polynomial":
                    top = max((exponent for exponent, _ in node.terms), default=0)
                    denominator = math.lcm(*(c.denominator for _, c in node.terms)) if node.terms else 1
                    total = sum(abs(int(c * denominator)) for _, c in node.terms) or 1
                    norms.append(math.log2(total) + top * max(norm[0], scale[0]))
                    scales.append(math.log2(denominator) + top * scale[0])
        return norms[self.network.output]

    @functools.cached_property
    def activation_numbers(self) -> int:
        """A common multiple of all numerators and denominators of coefficients: primes that divide it are not used."""
        terms = [coefficient for node in self.network.nodes for _, coefficient in node.terms]
        return math.lcm(*(abs(c.numerator) * c.denominator for c in terms)) if terms else 1


def _prime_for(network: Network, generator: random.Random) -> int:
    """Returns a random prime of 61 bits that divides no numerator or denominator of an activation."""
    from flint import fmpz  # noqa: PLC0415

    coefficients = [coefficient for node in network.nodes for _, coefficient in node.terms]
    while True:
        prime = generator.randrange(2**60 + 1, 2**61, 2)
        if fmpz(prime).is_prime() and all(c.numerator % prime and c.denominator % prime for c in coefficients):
            return prime


def _degrees_on_a_line(network: Network, degrees: DegreeSet) -> DegreeSet:
    """Returns the degrees whose coefficient does not vanish on t*x for random w and x modulo a prime of 61 bits."""
    from flint import nmod_poly  # noqa: PLC0415  # only networks with coefficients of both signs come here

    if degrees.highest > _MAXIMAL_LINE_DEGREE:
        raise SpecError(
            f"the outputs have degree {degrees.highest}; "
            f"with coefficients of both signs at most {_MAXIMAL_LINE_DEGREE} is supported"
        )
    entries = sum(node.size for node in network.nodes)
    if entries > _MAXIMAL_LINE_ENTRIES:
        raise MemoryLimitError(
            f"the network has {entries} parameters and neurons; with coefficients of both signs at most "
            f"{_MAXIMAL_LINE_ENTRIES} are supported, because coordinates could cancel; take a smaller network"
        )
    generator = random.Random(json.dumps(network.as_json()))  # noqa: S311  # no secret: any fixed seed will do
    prime = _prime_for(network, generator)

    def constant(value: int) -> nmod_poly:
        return nmod_poly([value % prime], prime)

    values: list[list[nmod_poly]] = []
    for node in network.nodes:
        operands = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = [nmod_poly([0, generator.randrange(1, prime)], prime) for _ in range(node.size)]
            case "parameter":
                value = [constant(generator.randrange(1, prime)) for _ in range(node.size)]
            case "matmul":
                inner = network.nodes[node.operands[0]].shape[1]
                columns = node.shape[1] if len(node.shape) == 2 else 1
                value = [
                    sum((operands[0][i * inner + k] * operands[1][k * columns + j] for k in range(inner)), constant(0))
                    for i in range(node.shape[0])
                    for j in range(columns)
                ]
            case "sum":
                value = [sum(entries, constant(0)) for entries in zip(*operands, strict=True)]
            case "product":
                value = [a * b for a, b in zip(*operands, strict=True)]
            case "polynomial":
                value = [
                    sum(
                        (z**e * constant(c.numerator * pow(c.denominator, -1, prime)) for e, c in node.terms),
                        constant(0),
                    )
                    for z in operands[0]
                ]
            case "gather":
                flat = [entry for operand in operands for entry in operand]
                value = [flat[index] if index >= 0 else constant(0) for index in node.indices]
        values.append(value)
    mask = 0
    for entry in values[network.output]:
        for degree in range(entry.degree() + 1):
            if int(entry[degree]):
                mask |= 1 << degree
    return DegreeSet(0, mask) if mask else DegreeSet(0, 0)
