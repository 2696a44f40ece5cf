"""Polynomials of one tensor, written as sums, products and powers, as one polynomial: x*x + x becomes z^2 + z of x."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from neuroalg_cli.network import Network, Node, Terms

#: a larger polynomial is not multiplied out
MAXIMAL_DEGREE = 64
_IDENTITY: Terms = ((1, Fraction(1)),)


def merged(network: Network) -> Network:
    """Returns the same function with equal nodes as one node, and every entrywise polynomial of one tensor as one node."""
    return _Merging().run(network)


def compose(outer: Terms, inner: Terms) -> Terms:
    """Returns the polynomial outer(inner(z))."""
    result: Terms = ()
    power: Terms = ((0, Fraction(1)),)
    reached = 0
    for exponent, coefficient in reversed(outer):
        while reached < exponent:
            power = multiply(power, inner)
            reached += 1
        result = add(result, tuple((e, c * coefficient) for e, c in power))
    return result


def add(left: Terms, right: Terms) -> Terms:
    """Returns the sum of two polynomials."""
    found = dict(left)
    for exponent, coefficient in right:
        found[exponent] = found.get(exponent, Fraction(0)) + coefficient
    return _ordered(found)


def multiply(left: Terms, right: Terms) -> Terms:
    """Returns the product of two polynomials."""
    found: dict[int, Fraction] = {}
    for e, c in left:
        for f, d in right:
            found[e + f] = found.get(e + f, Fraction(0)) + c * d
    return _ordered(found)


def _ordered(found: dict[int, Fraction]) -> Terms:
    return tuple(sorted(((e, c) for e, c in found.items() if c), reverse=True))


def _degree(terms: Terms) -> int:
    return terms[0][0] if terms else 0


class _Merging:
    """Every given node as a polynomial of a new node, its root; the new node itself is added when something needs it."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[Node, int] = {}
        self.roots: list[tuple[int, Terms]] = []

    def run(self, network: Network) -> Network:
        for index, node in enumerate(network.nodes[: network.output + 1]):
            self.roots.append(self._root(index, node))
        output = self._tensor(network.output)
        return Network(tuple(self.nodes), output)

    def _add(self, node: Node) -> int:
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def _tensor(self, given: int) -> int:
        """Returns the new node of a given one."""
        root, terms = self.roots[given]
        return self._polynomial(root, terms)

    def _polynomial(self, root: int, terms: Terms) -> int:
        if terms == _IDENTITY:
            return root
        return self._add(Node("polynomial", (root,), self.nodes[root].shape, terms=terms))

    def _root(self, index: int, node: Node) -> tuple[int, Terms]:
        match node.operation:
            case "input" | "parameter":  # two parameters are never one
                self.nodes.append(replace(node, name=node.name or str(index)))
                return len(self.nodes) - 1, _IDENTITY
            case "polynomial":
                root, terms = self.roots[node.operands[0]]
                if _is_power(node.terms) and _is_power(terms):
                    return root, ((_degree(node.terms) * _degree(terms), Fraction(1)),)
                if _degree(node.terms) * _degree(terms) <= MAXIMAL_DEGREE:
                    return root, compose(node.terms, terms)
                return self._polynomial(root, terms), node.terms
            case "sum":
                return self._sum([self.roots[operand] for operand in node.operands])
            case "product":
                (a, left), (b, right) = (self.roots[operand] for operand in node.operands)
                if a == b and _degree(left) + _degree(right) <= MAXIMAL_DEGREE:
                    return a, multiply(left, right)
        operands = tuple(self._tensor(operand) for operand in node.operands)
        return self._add(replace(node, operands=operands)), _IDENTITY

    def _sum(self, operands: list[tuple[int, Terms]]) -> tuple[int, Terms]:
        """Returns the sum of polynomials of several roots, those of one root as one polynomial."""
        found: dict[int, Terms] = {}
        for root, terms in operands:
            found[root] = add(found[root], terms) if root in found else terms
        if len(found) == 1:
            return next(iter(found.items()))
        parts = tuple(self._polynomial(root, terms) for root, terms in found.items())
        return self._add(Node("sum", parts, self.nodes[parts[0]].shape)), _IDENTITY


def _is_power(terms: Terms) -> bool:
    """Returns whether a polynomial is z^k."""
    return len(terms) == 1 and terms[0][1] == 1
