"""The parametrization map phi: parameters w -> coefficients of f_w, without expanding a polynomial.

Conventions: the ambient space A has one coordinate per entry of the output and monomial in the inputs, where the
coordinate is not identically zero; dimensions are affine; the neurovariety V is the Zariski closure of phi(W).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli import counting_coordinates
from neuroalg_cli.degrees import DegreeSet, degree_sets
from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from neuroalg_cli.network import Network


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
    def ambient_dimension(self) -> int | None:
        """The number of coordinates that are not identically zero, as `neuroalg_cli.counting_coordinates` counts it.

        None where the outputs are no polynomials, or have too many monomials to count them one by one.
        """
        return counting_coordinates.count(self.network)

    @property
    def total_degree(self) -> int:
        """A bound for the degrees of f as a function of (w, x): that of numerator plus that of denominator."""
        return sum(self._degree_pairs[self.network.output])

    @functools.cached_property
    def pole_degree(self) -> int:
        """A bound for the degree of the product of all that is divided by, which is zero at the poles; 0 without division."""
        return sum(
            node.size * self._degree_pairs[node.operands[0]][0]
            for node in self.network.nodes[: self.network.output + 1]
            if node.operation == "reciprocal"
        )

    @functools.cached_property
    def _degree_pairs(self) -> list[tuple[int, int]]:
        """Bounds for the degrees in (w, x) of numerator and denominator of the entries of every node."""
        numerators: list[int] = []
        denominators: list[int] = []
        for node in self.network.nodes:
            top = [numerators[operand] for operand in node.operands]
            low = [denominators[operand] for operand in node.operands]
            match node.operation:
                case "input" | "parameter":
                    pair = 1, 0
                case "matmul":  # every term of the sum may have a denominator of its own
                    inner = self.network.nodes[node.operands[0]].shape[-1]
                    pair = top[0] + top[1] + (inner - 1) * (low[0] + low[1]), inner * (low[0] + low[1])
                case "product":
                    pair = top[0] + top[1], low[0] + low[1]
                case "sum":
                    pair = max(t + sum(low) - own for t, own in zip(top, low, strict=True)), sum(low)
                case "gather":
                    pair = max(top), max(low)
                case "polynomial":
                    exponent = max((exponent for exponent, _ in node.terms), default=0)
                    pair = exponent * max(top[0], low[0]), exponent * low[0]
                case "reciprocal":
                    pair = low[0], top[0]
                case "function":
                    raise SpecError(f"the network applies {node.name}, which is not rational; it has no degree")
            numerators.append(pair[0])
            denominators.append(pair[1])
        return list(zip(numerators, denominators, strict=True))

    @functools.cached_property
    def height_bits(self) -> float:
        """An upper bound for log2 of the sum of the absolute coefficients of any entry of f.

        Of the numerator, when f is written with one denominator whose coefficients are integers as well, plus that
        of the denominator where f divides.
        """
        norms: list[float] = []  # of the numerator
        scales: list[float] = []  # of the common denominator
        divides = any(node.operation == "reciprocal" for node in self.network.nodes)
        for node in self.network.nodes:
            norm = [norms[operand] for operand in node.operands]
            scale = [scales[operand] for operand in node.operands]
            match node.operation:
                case "input" | "parameter":
                    norms.append(0.0)
                    scales.append(0.0)
                case "matmul" | "product":
                    inner = self.network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1
                    common = (inner if divides else 1) * (scale[0] + scale[1])
                    norms.append(norm[0] + norm[1] + math.log2(inner) + (common if divides else 0.0))
                    scales.append(common)
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
                case "reciprocal":
                    norms.append(scale[0])
                    scales.append(norm[0])
                case "function":
                    raise SpecError(f"the network applies {node.name}, which is not rational; it has no coefficients")
        return norms[self.network.output] + (scales[self.network.output] if divides else 0.0)

    @functools.cached_property
    def activation_numbers(self) -> int:
        """A common multiple of all numerators and denominators of coefficients: primes that divide it are not used."""
        terms = [coefficient for node in self.network.nodes for _, coefficient in node.terms]
        return math.lcm(*(abs(c.numerator) * c.denominator for c in terms)) if terms else 1
