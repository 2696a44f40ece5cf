"""Degree sets: which degrees in x the entries of a network's nodes can have, without expanding anything.

A set of degrees is a finite set of nonnegative integers, kept as its smallest element and a bit mask above it.  For
nodes it is an upper bound: it holds every degree in which some entry has a nonzero coefficient, and more only where
coefficients cancel, which nonnegative coefficients never do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.network import Network, Node

_MAXIMAL_SPREAD = 20_000
_MAXIMAL_DECIMAL_DIGITS = 4_000


@dataclass(frozen=True, slots=True)
class DegreeSet:
    """The degrees ``lowest + i`` for the set bits i of ``mask``; the empty set (the zero polynomial) has mask 0."""

    lowest: int
    mask: int

    def __iter__(self) -> Iterator[int]:
        mask, degree = self.mask, self.lowest
        while mask:
            step = (mask & -mask).bit_length() - 1
            degree += step
            yield degree
            mask >>= step + 1
            degree += 1

    @property
    def highest(self) -> int:
        """The largest degree; -1 for the empty set."""
        return self.lowest + self.mask.bit_length() - 1 if self.mask else -1

    @property
    def is_homogeneous(self) -> bool:
        """Whether there is at most one degree."""
        return self.mask in (0, 1)

    def union(self, other: DegreeSet) -> DegreeSet:
        """Returns the union of both sets."""
        if not self.mask or not other.mask:
            return self if self.mask else other
        lowest = min(self.lowest, other.lowest)
        _refuse_spread(max(self.highest, other.highest) - lowest)
        return DegreeSet(lowest, self.mask << (self.lowest - lowest) | other.mask << (other.lowest - lowest))

    def plus(self, other: DegreeSet) -> DegreeSet:
        """Returns the set of sums: the degrees of a product."""
        if not self.mask or not other.mask:
            return DegreeSet(0, 0)
        small, large = sorted((self.mask, other.mask), key=int.bit_count)
        _refuse_spread(small.bit_length() + large.bit_length())
        mask = 0
        for shift in DegreeSet(0, small):
            mask |= large << shift
        return DegreeSet(self.lowest + other.lowest, mask)

    def times(self, exponent: int) -> DegreeSet:
        """Returns the set of sums of ``exponent`` elements: the degrees of a power."""
        result, square = DegreeSet(0, 1), self
        while exponent:
            if exponent & 1:
                result = result.plus(square)
            exponent >>= 1
            if exponent:
                square = square.plus(square)
        return result

    def monomial_count(self, variables: int) -> int:
        """Returns the number of monomials in so many variables whose degree is in the set.

        Raises `SpecError` if the number could have more than some 4,000 digits: Python prints no more than 4,300.
        """
        if self.mask and _decimal_digits(variables, self.highest) > _MAXIMAL_DECIMAL_DIGITS:
            raise SpecError(
                f"the ambient space could have more than 10^{_MAXIMAL_DECIMAL_DIGITS} coordinates; "
                "reduce the widths, the depth or the degrees"
            )
        return sum(math.comb(variables - 1 + degree, variables - 1) for degree in self)


def _decimal_digits(variables: int, degree: int) -> float:
    """Returns an upper bound for log10 of C(variables - 1 + degree, degree), without computing it."""
    small = min(variables - 1, degree)
    if small == 0:
        return 0
    # C(n, k) <= (e n/k)^k; a logarithm of Python integers never overflows, but their product with a float does.
    ratio = math.log10(variables - 1 + degree) - math.log10(small) + math.log10(math.e)
    return math.inf if small > 10**9 else small * ratio


def _refuse_spread(spread: int) -> None:
    if spread > _MAXIMAL_SPREAD:
        raise SpecError(
            f"the outputs have monomials of more than {_MAXIMAL_SPREAD} different degrees; reduce the depth or the degrees"
        )


def degree_sets(network: Network) -> list[DegreeSet]:
    """Returns, for every node, a set that contains the degrees in x of its entries.

    Raises `SpecError` if a function of x is divided by, or put into a function that is not rational.
    """
    result: list[DegreeSet] = []
    for node in network.nodes:
        result.append(_degree_set(node, [result[operand] for operand in node.operands]))
    return result


def _degree_set(node: Node, operands: list[DegreeSet]) -> DegreeSet:
    match node.operation:
        case "input":
            return DegreeSet(1, 1)
        case "parameter":
            return DegreeSet(0, 1)
        case "matmul" | "product":
            return operands[0].plus(operands[1])
        case "sum" | "gather":
            union = operands[0]
            for other in operands[1:]:
                union = union.union(other)
            return union
        case "reciprocal" | "function":
            if operands[0].mask and operands[0].highest > 0:
                word = "divides by" if node.operation == "reciprocal" else f"applies {node.name} to"
                raise SpecError(
                    f"the network {word} a function of its input, so that its outputs are no polynomials; "
                    "coordinates exist for polynomial networks only"
                )
            return DegreeSet(0, 1)
        case "polynomial":
            union = DegreeSet(0, 0)
            for exponent, _ in node.terms:
                union = union.union(operands[0].times(exponent))
            return union
