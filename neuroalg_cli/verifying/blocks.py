"""The part of a graph between two nodes: its degrees, its linear end, and the interfaces at which symmetries live."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import accumulate, chain, permutations, repeat
from math import comb
from typing import TYPE_CHECKING, Any

from flint import nmod_poly

from neuroalg_cli.verifying.refusing import require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from neuroalg_cli.verifying.network import Network, Node


def sums(a: set[int], b: set[int]) -> set[int]:
    """Returns the sums of two sets of degrees, the degrees of a product."""
    low, high = min(a) + min(b), max(a) + max(b)
    require(high - low < 40_000 and high.bit_length() < 14_000, "there are too many degrees to replay")
    f, g = (nmod_poly([int(i in x) for i in range(min(x), max(x) + 1)], 2**61 - 1) for x in (a, b))
    return {low + degree for degree, count in enumerate((f * g).coeffs()) if count}


def composed(outer: set[int], inner: set[int]) -> set[int]:
    """Returns the degrees of g o h, for those of g and of h."""
    if len(inner) == 1:
        return {degree * max(inner) for degree in outer}
    require(max(outer) * max(inner) < 40_000, "there are too many degrees to replay")
    if is_everything(outer) and is_everything(inner):
        return set(range(max(outer) * max(inner) + 1))
    result = set[int]()
    if 0 in inner:  # it may be added, so that the highest exponent gives all sums
        result = {0}
        for digit in f"{max(outer):b}":
            result = sums(sums(result, result), inner if digit == "1" else {0})
        return result
    for exponent in range(max(outer), -1, -1):  # Horner's scheme
        result = (sums(result, inner) if result else result) | ({0} if exponent in outer else set())
    return result


def is_everything(degrees: set[int]) -> bool:
    """Returns whether a set is {0, ..., e}."""
    return len(degrees) == max(degrees) + 1


def monomials(degrees: Iterable[int], n: int) -> int:
    """Returns the number of monomials of these degrees in n variables; negative degrees have none."""
    degrees = [degree for degree in degrees if degree >= 0]
    require(all(min(n, d) * (n + d).bit_length() < 2 * 10**5 for d in degrees), "there are too many monomials")
    return sum(comb(n - 1 + degree, degree) for degree in degrees)


def shifted_power(terms: dict[int, Fraction]) -> tuple[int, Fraction, Fraction, Fraction] | None:
    """Returns r, a, c, d if a polynomial (no terms: z) is a (z + c)^r + d with r > 0 (c = 0 for r = 1), else None."""
    terms = terms or {1: Fraction(1)}
    r = max(terms)
    c = terms.get(r - 1, 0) / (r * terms[r]) if r > 1 else Fraction(0)
    d = terms.get(0, Fraction(0)) - c * terms.get(1, 0) / max(r, 1)
    # these are the polynomials of degree r with (z + c) s' = r (s - d)
    is_one = r and all((r - k) * terms.get(k, 0) == c * (k + 1) * terms.get(k + 1, 0) for k in range(1, r))
    return (r, terms[r], Fraction(c), d) if is_one else None


def kinds(shape: tuple[int, ...], power: tuple[Any, ...], has_b: bool, has_b_: bool) -> dict[str, int]:
    """Returns the numbers of fields by kind at an interface, for the shape of V, the activation, and which vectors there are."""
    (rows, n), (r, _, c, d) = shape, power
    takes_c, takes_d = not c or has_b, not d or has_b_
    return {
        "scaling": n * (takes_c and takes_d),
        "general-linear": n * n * (r == 1 and takes_d),
        "translation": n * (r == 1 and has_b and has_b_),
        "rotation": n * (n - 1) // 2 * (r == 2 and takes_c and rows == 1),
    }


class Block:
    """The nodes that ``end`` needs behind ``start``; ``user``: for the nodes used once in the block, the node that uses them.

    Raises `ReportError` if ``end`` is no function of ``start`` and parameters.
    """

    def __init__(self, network: Network, start: int, end: int) -> None:
        self.nodes, self.start, self.end = network.nodes, start, end
        needed = {end}
        for index in range(end, -1, -1):
            if index in needed and index != start:
                needed.update(self.nodes[index].operands)
        self.inside = sorted(needed - {start})
        is_function = all(self.nodes[index].operation != "input" for index in self.inside)
        require(is_function and start <= end, f"the nodes up to {end} are no function of node {start}")
        uses = [(operand, index) for index in self.inside for operand in self.nodes[index].operands]
        self.parameters = {index for index in self.inside if self.nodes[index].operation == "parameter"}
        self.dependent = {start}  # on the start
        for index in self.inside:
            self.dependent |= {index} if self.dependent & {*self.nodes[index].operands} else set()
        entries = chain(*(self.nodes[index].entries for index in sorted(self.parameters)))
        self.column = {entry: number for number, entry in enumerate(entries)}  # of the parameters of the block
        count = Counter(operand for operand, _ in uses)
        self.user = {operand: index for operand, index in uses if count[operand] == 1}
        self.own = {index for index in self.parameters if index in self.user}
        self.biased: dict[int, tuple[Node | None, int]] = {}  # node: (b, the sum) if it is used once, in a sum with b
        for index in self.inside:
            operands = self.nodes[index].operands
            if self.nodes[index].operation == "sum" and len(operands) == 2:
                pairs = permutations(operands)
                self.biased |= {
                    v: (self.nodes[b], index) for v, b in pairs if b in self.own and self.user.get(v) == index
                }

    @property
    def behind(self) -> int:
        """The activation that alone uses the start, else the start."""
        user = self.user.get(self.start, self.start)
        return user if user != self.end and self.nodes[user].terms else self.start

    def degrees(self, start: int | None = None) -> set[int]:
        """Returns the degrees that the end can have as polynomials in the start, or in the activation behind it."""
        degrees: dict[int, set[int]] = {self.start: {1}, self.start if start is None else start: {1}}
        for index in (index for index in self.inside if index not in degrees):
            node = self.nodes[index]
            below = [degrees[operand] for operand in node.operands]
            degrees[index] = set().union(*below) or {0}
            if node.operation in ("matmul", "product"):
                degrees[index] = sums(*below)
            if node.operation == "reciprocal":
                require(index not in self.dependent, f"node {index} divides by what is no constant")
            if node.operation == "polynomial":
                powers = accumulate(repeat(below[0], max(node.terms)), sums, initial={0})
                degrees[index] = set().union(*(power for e, power in enumerate(powers) if e in node.terms))
        return degrees[self.end]

    def coordinates(self, start: int) -> int:
        """Returns the number of coefficients of the end, as polynomials in node ``start``, that can be nonzero."""
        return len(self.nodes[self.end].entries) * monomials(self.degrees(start), len(self.nodes[start].entries))

    def before(self, index: int) -> int | None:
        """Returns the node of which a node is an affine function by its operation, if there is one."""
        node = self.nodes[index]
        below = [operand for operand in node.operands if operand in self.dependent]
        return below[0] if len(below) == 1 and node.operation in ("matmul", "sum", "gather") else None

    def linear_end(self) -> tuple[int, bool]:
        """Returns the least size on the way back from the end as long as it is affine, and whether a vector is added."""
        index, is_shifted = self.end, False
        sizes = [len(self.nodes[index].entries)]
        while index != self.start and (below := self.before(index)) is not None:
            is_shifted |= self.nodes[index].operation != "matmul" and len(self.nodes[index].operands) > 1
            index = below
            sizes.append(len(self.nodes[index].entries))
        return min(sizes), is_shifted

    def first_half(self) -> bool:
        """Returns whether there is a vector b; refuses unless the end is W y or W y + b with tensors used once in the block."""
        products = [(v, True) for v, (_, index) in self.biased.items() if index == self.end]
        ((product, has_bias),) = products[:1] or [(self.end, False)]
        node = self.nodes[product]
        good = node.operation == "matmul" and node.operands[0] in self.own and len(node.shape) == 1
        require(good, f"node {self.end} is no matrix of its own times a vector")
        return has_bias

    def interfaces(self) -> Iterator[tuple[int, list[Any], tuple[Any, ...], dict[str, int]]]:
        """Yields h, [W, b, V, b'], (r, a, c, d) and the numbers of fields by kind for the interfaces of the block."""
        nodes, user, biased = self.nodes, self.user, self.biased
        for W, first in ((W, user[W]) for W in self.own):
            b, h = biased.get(first, (None, first))
            s = user.get(h, h)
            second = user.get(s, h) if nodes[s].terms else s
            V, b_ = (nodes[second].operands or (second,))[0], biased.get(second, (None,))[0]
            is_interface = nodes[first].operation == nodes[second].operation == "matmul" and second != h
            if is_interface and nodes[first].operands[0] == W and V in self.own and len(nodes[h].shape) == 1:
                power = shifted_power(nodes[s].terms)
                if power is not None:
                    yield (
                        h,
                        [nodes[W], b, nodes[V], b_],
                        power,
                        kinds(nodes[V].shape, power, b is not None, b_ is not None),
                    )
