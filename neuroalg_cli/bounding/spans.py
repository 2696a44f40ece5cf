"""Upper bounds for the number of linearly independent polynomials of given degrees in the values of a node.

The values are those that the node takes on the inputs of the network: T(g, E) is the linear span of the functions of the input
x that are polynomials of degrees in E in the entries of node g.  For all parameters its dimension is at most

*  the number of monomials of degrees in E in the entries of g;
*  the same with E o deg for a node h on every path to g, where deg are the degrees of g in the entries of h;
*  if g has more entries n than h, m: less the multiples of one equation.  The values of g lie in the image of a polynomial map of
   degree d on an affine space of dimension m, of degree at most d^m, hence in a hypersurface of degree at most d^m; if the map is
   homogeneous, in a cone of degree at most d^(m-1).  (The closure of the image is cut by general hyperplanes, as many as its
   dimension, in no more points than their preimages have components, at most the product of their degrees by Bezout; the cone
   over it with a general vertex is a hypersurface of the same degree.)  A form of degree c times all forms of degree e - c are
   C(n - 1 + e - c, n - 1) relations in degree e.

The nodes h are the input of the network and, at each interface, the values before and behind the activation.
"""

from __future__ import annotations

import functools
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroalg_cli.degrees import DegreeSet, degree_sets
from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neuroalg_cli.network import Network

#: an equation of a higher degree is not looked at; no degree set reaches it
_MAXIMAL_EQUATION_DEGREE = 20_000
#: monomials of more degrees are counted only if they are 0, ..., e
_MAXIMAL_DEGREES = 1_000


@dataclass(frozen=True, slots=True)
class Span:
    """An upper bound for dim T(g, E): monomials in the entries of ``counted``, less the multiples of an equation.

    ``over``: the node from which the map of the equation comes; None without an equation.
    """

    value: int
    counted: int
    over: int | None

    def as_json(self) -> dict[str, Any]:
        """Returns the keys of the evidence."""
        result = {"span": self.value, "counted": self.counted}
        return result if self.over is None else {**result, "over": self.over}


@dataclass(frozen=True, slots=True)
class _Equation:
    degree: int
    over: int
    is_cone: bool


class Spans:
    """The spans of one network, for nodes on every path from the input to the output."""

    def __init__(self, network: Network, nodes: Iterable[int]) -> None:
        self.network = network
        self.nodes = sorted({network.input, *nodes})

    @functools.cache  # noqa: B019  # it lives as long as one question
    def degrees(self, start: int, end: int) -> DegreeSet | None:
        """Returns the degrees of a node in the entries of an earlier one; None if there are too many or it is no polynomial."""
        if start == end:
            return DegreeSet(1, 1)
        between = [node for node in self.nodes if start < node < end]
        try:
            if between:
                first, then = self.degrees(start, between[-1]), self.degrees(between[-1], end)
                return None if first is None or then is None else composed(then, first)
            block = self.network.between(start, end)
            return degree_sets(block)[block.output]
        except SpecError:
            return None

    @functools.cache  # noqa: B019
    def bound(self, node: int, degrees: DegreeSet) -> Span | None:
        """Returns the best bound for polynomials of these degrees in a node; None if all are too large to count."""
        found = []
        for counted in (earlier for earlier in self.nodes if earlier <= node):
            step = self.degrees(counted, node)
            if step is not None:
                with suppress(SpecError):  # more than can be counted bound nothing
                    found.append(self._count(counted, composed(degrees, step)))
        return min(found, key=_value, default=None)

    def _count(self, node: int, degrees: DegreeSet) -> Span:
        n = self.network.nodes[node].size
        result = [Span(monomial_count(degrees, n), node, None)]
        for equation in self._equations(node):
            if equation.is_cone or is_everything_up_to(degrees):
                value = result[0].value - multiples(degrees, n, equation.degree)
                result.append(Span(value, node, equation.over))
        return min(result, key=_value)

    @functools.cache  # noqa: B019
    def _equations(self, node: int) -> list[_Equation]:
        """Returns the equations of least degree for the values of a node: of a cone, and of a hypersurface."""
        n = self.network.nodes[node].size
        found: dict[bool, _Equation] = {}
        for over in (other for other in self.nodes if other < node and self.network.nodes[other].size < n):
            m, step = self.network.nodes[over].size, self.degrees(over, node)
            if step is None or step.highest < 1:
                continue
            dimension = m - 1 if step.is_homogeneous else m
            if dimension * math.log2(step.highest) > math.log2(_MAXIMAL_EQUATION_DEGREE):
                continue
            equation = _Equation(step.highest**dimension, over, step.is_homogeneous)
            if equation.is_cone not in found or equation.degree < found[equation.is_cone].degree:
                found[equation.is_cone] = equation
        return list(found.values())


def _value(span: Span) -> int:
    return span.value


def monomial_count(degrees: DegreeSet, n: int) -> int:
    """Returns the number of monomials of these degrees in n variables; raises `SpecError` if it is too large to count."""
    if is_everything_up_to(degrees):
        return DegreeSet(degrees.highest, 1).monomial_count(n + 1)  # with one more variable, of one degree
    if degrees.mask.bit_count() > _MAXIMAL_DEGREES:
        raise SpecError(f"more than {_MAXIMAL_DEGREES} degrees are not counted one by one")
    return degrees.monomial_count(n)


def multiples(degrees: DegreeSet, n: int, degree: int) -> int:
    """Returns how many independent multiples an equation of a degree has among polynomials of these degrees in n variables.

    For the degrees {0, ..., e} this is the count for any equation, for other sets that for a homogeneous one.
    """
    if is_everything_up_to(degrees):
        return math.comb(n + degrees.highest - degree, n) if degrees.highest >= degree else 0
    return sum(math.comb(n - 1 + e - degree, n - 1) for e in degrees if e >= degree)


def composed(outer: DegreeSet, inner: DegreeSet) -> DegreeSet:
    """Returns the degrees of g o h, for the degrees of g and of h; raises `SpecError` if there are too many."""
    if not inner.mask:  # h is 0
        return DegreeSet(0, outer.mask & 1 if outer.lowest == 0 else 0)
    if not outer.mask:
        return outer
    lowest, highest = outer.lowest * inner.lowest, outer.highest * inner.highest
    ends = DegreeSet(lowest, 1).union(DegreeSet(highest, 1))  # refuses what is too long
    if inner.is_homogeneous:
        return DegreeSet(lowest, sum(1 << inner.highest * e - lowest for e in outer) if inner.highest else 1)
    if outer.is_homogeneous:
        return inner.times(outer.lowest)
    if inner.lowest == 0 and inner.mask & 1:  # 0 may be added, so that the highest exponent gives all sums
        step = (inner.mask ^ 1) & -(inner.mask ^ 1)
        return _multiples_of(step.bit_length() - 1, ends) if _is_progression(inner) else inner.times(outer.highest)
    result = DegreeSet(0, 0)
    for exponent in range(outer.highest, -1, -1):  # Horner's scheme
        result = result.plus(inner) if result.mask else result
        if outer.lowest <= exponent and outer.mask >> (exponent - outer.lowest) & 1:
            result = result.union(DegreeSet(0, 1))
    return result


def _is_progression(degrees: DegreeSet) -> bool:
    """Returns whether a set with 0 and another degree s is {0, s, 2s, ...}."""
    step = ((degrees.mask ^ 1) & -(degrees.mask ^ 1)).bit_length() - 1
    return degrees.mask == sum(1 << degree for degree in range(0, degrees.highest + 1, step))


def _multiples_of(step: int, ends: DegreeSet) -> DegreeSet:
    return DegreeSet(0, sum(1 << degree for degree in range(0, ends.highest + 1, step)))


def is_everything_up_to(degrees: DegreeSet) -> bool:
    """Returns whether the set is {0, 1, ..., e}."""
    return degrees.lowest == 0 and degrees.mask > 0 and degrees.mask & (degrees.mask + 1) == 0
