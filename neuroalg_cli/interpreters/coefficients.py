"""The coefficients of f_w in x for many w at once, modulo a prime below 2^23: phi without a symbol for a parameter.

An entry of a tensor is a sparse polynomial in x: a *support*, the list of its monomials, and an array of balanced residues with
a row for every monomial and a column for every w.  How supports are multiplied and added does not depend on w and is worked out
once per pair of supports.  Sums of 511 products of balanced residues stay below 2^53, as in `interpreters.modular`.

Denominators must not depend on x.  A point w at which one of them is zero modulo p, a pole, is no point of W.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters.modular import ModularArithmetic
from neuroalg_cli.linear_algebra.exact_linear_algebra import PRIME_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network, Node, Terms

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]

#: products of two balanced residues that may be added before the sum is reduced
_SUMMANDS = 500
#: pairs of monomials of one product
_MAXIMAL_PAIRS = 10**7
#: bytes that the polynomials of a batch of points may take
_BATCH_BYTES = 256 * 2**20


def coefficients(network: Network, parameters: Array, prime: int) -> list[dict[tuple[int, ...], Array]]:
    """Returns, for every entry of the output, its monomials in x with their coefficients at all points: shape (points,).

    ``parameters``: shape (points, P), balanced residues.  Monomials whose coefficient is zero at all points may be there.
    Raises `ZeroDivisionError` where a point is a pole, `SpecError` if the outputs are no polynomials in x, `MemoryLimitError`,
    before a large product is computed, if an entry could have too many terms.
    """
    result, regular = coefficients_and_poles(network, parameters, prime)
    if not regular.all():
        raise ZeroDivisionError("a denominator is zero at one of the points")
    return result


def coefficients_and_poles(
    network: Network, parameters: Array, prime: int
) -> tuple[list[dict[tuple[int, ...], Array]], NDArray[np.bool_]]:
    """Returns the same, with 1/0 = 0, and which points are no poles; raises `SpecError` and `MemoryLimitError` as well.

    ``ValueError`` if the prime is 2^23 or more, for which sums would not be exact, or divides a denominator of an activation.
    """
    if prime >= 2**PRIME_BITS:
        raise ValueError(f"the prime must be below 2**{PRIME_BITS}, not {prime}")
    points = len(parameters)
    found: list[dict[tuple[int, ...], list[tuple[slice, Array]]]] = [{} for _ in range(network.output_size)]
    regular = np.ones(points, dtype=bool)
    batch = min(points, 32)
    start = 0
    while start < points:
        part = slice(start, min(start + batch, points))
        expansion = _Expansion(network, parameters[part], prime)
        for entry, polynomial in zip(found, expansion.output, strict=True):
            for monomial, row in zip(polynomial.support.monomials, polynomial.values, strict=True):
                entry.setdefault(monomial, []).append((part, row))
        regular[part] = expansion.regular
        start = part.stop
        # the first batch tells how much memory a point needs
        batch = max(1, _BATCH_BYTES * (part.stop - part.start) // max(1, expansion.bytes))
    return [{monomial: _joined(rows, points) for monomial, rows in entry.items()} for entry in found], regular


def _joined(rows: list[tuple[slice, Array]], points: int) -> Array:
    result = np.zeros(points)
    for part, row in rows:
        result[part] = row
    return result


class _Support:
    """Monomials in x, as tuples and as an array of exponents, both in the same order; equal ones are one object."""

    def __init__(self, exponents: NDArray[np.int64]) -> None:
        self.exponents = exponents
        self.monomials: list[tuple[int, ...]] = [tuple(row) for row in exponents.tolist()]
        self.products: dict[int, tuple[_Support, NDArray[np.intp]]] = {}
        self.sums: dict[int, tuple[_Support, Indices, Indices]] = {}

    def __len__(self) -> int:
        return len(self.monomials)


@dataclass(slots=True)
class _Polynomial:
    """Residues with a row for every monomial of the support and a column for every point."""

    support: _Support
    values: Array


@dataclass(slots=True)
class _Sum:
    """A sum of products that is not reduced yet, and how many products of residues its entries have."""

    support: _Support
    values: Array
    products: int


class _Expansion:
    """One pass over the graph for a batch of points."""

    def __init__(self, network: Network, parameters: Array, prime: int) -> None:
        self.network = network
        self.arithmetic = ModularArithmetic(prime)
        self.points = len(parameters)
        self.supports: dict[tuple[int, bytes], _Support] = {}
        self.regular = np.ones(self.points, dtype=bool)
        self.bytes = 0
        self.empty = self._support(np.zeros((0, network.input_size), dtype=np.int64))
        self.one = self._support(np.zeros((1, network.input_size), dtype=np.int64))
        self.zero = _Polynomial(self.empty, np.zeros((0, self.points)))
        values: list[list[_Polynomial]] = []
        columns = np.ascontiguousarray(parameters.T)
        last_use = {
            operand: i for i, node in enumerate(network.nodes[: network.output + 1]) for operand in node.operands
        }
        for index, node in enumerate(network.nodes[: network.output + 1]):
            if node.operation == "parameter":
                offset = network.offsets[index]
                value = [_Polynomial(self.one, columns[i : i + 1]) for i in range(offset, offset + node.size)]
            elif index != network.output and index not in last_use:
                value = []
            else:
                value = self._value(node, [values[operand] for operand in node.operands])
            values.append(value)
            self.bytes += sum(p.values.nbytes for p in value)
        self.output = values[network.output]

    def _value(self, node: Node, operands: list[list[_Polynomial]]) -> list[_Polynomial]:
        match node.operation:
            case "input":
                unit = np.eye(node.size, dtype=np.int64)
                return [
                    _Polynomial(self._support(unit[i : i + 1]), np.ones((1, self.points))) for i in range(node.size)
                ]
            case "matmul":
                columns = node.shape[1] if len(node.shape) == 2 else 1
                inner = len(operands[0]) // node.shape[0] if node.shape[0] else 0
                return [
                    self._scalar_product(operands[0][i * inner : (i + 1) * inner], operands[1][j::columns])
                    for i in range(node.shape[0])
                    for j in range(columns)
                ]
            case "sum":
                return [functools.reduce(self._sum, entries) for entries in zip(*operands, strict=True)]
            case "product":
                return [self._product(a, b) for a, b in zip(*operands, strict=True)]
            case "polynomial":
                return [self._composition(node.terms, z) for z in operands[0]]
            case "gather":
                flat = [entry for operand in operands for entry in operand]
                return [flat[index] if index >= 0 else self.zero for index in node.indices]
            case "reciprocal":
                return [self._reciprocal(z) for z in operands[0]]
            case _:
                raise SpecError(f"the network applies {node.name}, so that its outputs are no polynomials")

    def _support(self, exponents: NDArray[np.int64]) -> _Support:
        """Returns the support with these exponent vectors, which are distinct and in lexicographic order."""
        key = len(exponents), exponents.tobytes()
        if key not in self.supports:
            self.supports[key] = _Support(exponents)
        return self.supports[key]

    def _scalar_product(self, left: list[_Polynomial], right: list[_Polynomial]) -> _Polynomial:
        total: _Sum | None = None
        for a, b in zip(left, right, strict=True):
            if len(a.support) and len(b.support):
                total = self._add(total, a, b)
        return self.zero if total is None else _Polynomial(total.support, self.arithmetic.reduce(total.values))

    def _product(self, a: _Polynomial, b: _Polynomial) -> _Polynomial:
        return self._scalar_product([a], [b])

    def _add(self, total: _Sum | None, a: _Polynomial, b: _Polynomial) -> _Sum:
        """Returns the total with a b added, reduced where sums could grow too large."""
        if len(a.support) > len(b.support):
            a, b = b, a
        support, places = self._product_of_supports(a.support, b.support)
        count = min(len(a.support), _SUMMANDS)
        if total is None:
            total = _Sum(support, np.zeros((len(support), self.points)), 0)
        elif total.products + count > _SUMMANDS:
            total = _Sum(total.support, self.arithmetic.reduce(total.values), 1)
        if total.support is not support:
            common, first, second = self._union(total.support, support)
            if common is not total.support:
                values = np.zeros((len(common), self.points))
                values[first] = total.values
                total = _Sum(common, values, total.products)
            places = second[places]
        values, products = total.values, total.products
        for row, targets in zip(a.values, places, strict=True):
            if products >= _SUMMANDS:
                values, products = self.arithmetic.reduce(values), 1
            # a monomial times distinct monomials: no target occurs twice
            values[targets] += row * b.values
            products += 1
        return _Sum(total.support, values, products)

    def _product_of_supports(self, a: _Support, b: _Support) -> tuple[_Support, Indices]:
        """Returns the monomials of a product, and the place of a_i b_j among them in row i and column j."""
        known = a.products.get(id(b))
        if known is None:
            if len(a) * len(b) > _MAXIMAL_PAIRS:
                raise MemoryLimitError(
                    f"expanding this network in its inputs would multiply polynomials with {len(a)} and {len(b)} terms; "
                    "take a smaller network"
                )
            pairs = (a.exponents[:, None, :] + b.exponents[None, :, :]).reshape(len(a) * len(b), -1)
            unique, places = _distinct(pairs)
            known = a.products[id(b)] = self._support(unique), places.reshape(len(a), len(b))
        return known

    def _union(self, a: _Support, b: _Support) -> tuple[_Support, Indices, Indices]:
        """Returns the union of two supports, and the places of their monomials in it."""
        known = a.sums.get(id(b))
        if known is None:
            unique, places = _distinct(np.concatenate([a.exponents, b.exponents]))
            known = a.sums[id(b)] = self._support(unique), places[: len(a)], places[len(a) :]
        return known

    def _sum(self, a: _Polynomial, b: _Polynomial) -> _Polynomial:
        if a.support is b.support:
            return _Polynomial(a.support, self.arithmetic.reduce(a.values + b.values))
        support, first, second = self._union(a.support, b.support)
        values = np.zeros((len(support), self.points))
        values[first] = a.values
        values[second] += b.values
        return _Polynomial(support, self.arithmetic.reduce(values))

    def _composition(self, terms: Terms, z: _Polynomial) -> _Polynomial:
        """Returns a polynomial in one variable at z, by Horner's rule over its nonzero terms."""
        result = self.zero
        previous = 0
        for exponent, coefficient in terms:
            if len(result.support):
                result = self._product(result, self._power(z, previous - exponent))
            constant = np.full((1, self.points), self.arithmetic.constant(coefficient))
            result = self._sum(result, _Polynomial(self.one, constant))
            previous = exponent
        return self._product(result, self._power(z, previous)) if previous else result

    def _power(self, z: _Polynomial, exponent: int) -> _Polynomial:
        result = _Polynomial(self.one, np.ones((1, self.points)))
        for bit in f"{exponent:b}":
            result = self._product(result, result)
            if bit == "1":
                result = self._product(result, z)
        return result

    def _reciprocal(self, z: _Polynomial) -> _Polynomial:
        """Returns 1/z for a polynomial that does not depend on x, with 1/0 = 0; raises `SpecError` for others."""
        dependent = z.support.exponents.any(axis=1)
        if z.values[dependent].any():
            raise SpecError("the network divides by a function of its input, so that its outputs are no polynomials")
        value = z.values[~dependent].sum(axis=0) if len(z.support) else np.zeros(self.points)
        is_pole = value == 0
        self.regular &= ~is_pole
        inverse = self.arithmetic.reciprocal(np.where(is_pole, 1.0, value))
        return _Polynomial(self.one, np.where(is_pole, 0.0, inverse)[None])


def _distinct(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Indices]:
    """Returns the distinct rows in lexicographic order, and the place of every row among them."""
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), dtype=np.intp)
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    is_new = np.ones(len(rows), dtype=bool)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    places = np.empty(len(rows), dtype=np.intp)
    places[order] = np.cumsum(is_new) - 1
    return np.ascontiguousarray(ordered[is_new]), places
