"""The normal form of a graph: what two descriptions of one network have in common, for comparison and for labels.

The same function is written with other tensors by every library: tokens as rows or as columns, a weight or its transpose,
x*x or x^2, a bias repeated before or after a reshaping.  The normal form is a graph of the same function in which

- nodes that the output does not use are gone, and equal nodes are one node,
- polynomials, sums and products of one tensor are one polynomial of it,
- gathers of gathers are one gather, and gathers that only rearrange entries are carried through entrywise operations, and
  transpositions through matrix products, (A B)^T = B^T A^T, down to the inputs and parameters, whose entries are renumbered,
- matrices with one row or one column are vectors, nested sums are one sum, and their operands stand in an order that does
  not depend on the description, those that depend on the input first,
- nodes are numbered in the order of a depth-first search from the output, and parameters are W_1, W_2, ... in this order:
  the search goes to the right factor of a product first, so that they are numbered from the input to the output.

Renumbering the entries of w and x is an automorphism of both spaces, so that neuromanifold and neurovariety stay what they
are.  It is kept (`NormalForm.parameters`), so that a vector of weights can be carried over.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.network import Network, Node
from neuroalg_cli.recognizing.entrywise_polynomials import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

    Request = tuple[int, Indices, tuple[int, ...]]
    Demand = Generator[Request, int, int]

MAXIMAL_ROUNDS = 16


@dataclass(frozen=True)
class NormalForm:
    """A normal form; entry k of its parameters (inputs) is the entry ``parameters[k]`` (``inputs[k]``) of the given graph's."""

    network: Network
    parameters: tuple[int, ...]
    inputs: tuple[int, ...]


def normal_form(network: Network, *, for_comparison: bool = False, transposed: bool = False) -> NormalForm:
    """Returns the normal form of a graph whose output depends on its input.

    ``for_comparison``: products of several matrices are multiplied from the right, whatever the given order, and an output
    whose entries are only rearranged is taken before that; ``transposed`` then takes a matrix as its transpose.
    """
    form = _Normalization(merged(network), is_free=for_comparison, strips=True).run(transposed=transposed)
    for _ in range(MAXIMAL_ROUNDS):  # what one round brings together, the next may find to be equal
        again = _Normalization(merged(form.network), is_free=for_comparison, strips=True).run(transposed=False)
        if again.network == form.network:
            break
        parameters = tuple(form.parameters[index] for index in again.parameters)
        form = NormalForm(again.network, parameters, tuple(form.inputs[index] for index in again.inputs))
    return form


def tidied(network: Network) -> Network:
    """Returns a graph near to the given one: tensors keep their shapes, and only transpositions are carried through."""
    return _Normalization(merged(network), is_free=False, strips=False).run(transposed=False).network


class _Normalization:
    """The walk from the output down.  A tensor is built in the layout in which it is first asked for."""

    def __init__(self, network: Network, *, is_free: bool, strips: bool) -> None:
        self.network = network
        self.is_free = is_free
        self.strips = strips
        self.depends = network.depends_on_input()
        self.resolved = _resolve(network)
        self.uses = _uses(network, self.resolved)
        self.hashes: dict[int, str] = {}
        self._hash_all()
        self.nodes: list[Node] = []
        self.known: dict[Node, int] = {}
        #: by node of the given graph: the new node, and which given entry stands where in it
        self.built: dict[int, tuple[int, Indices]] = {}

    def run(self, *, transposed: bool) -> NormalForm:
        output = self.network.output
        shape = self._stripped(self.network.nodes[output].shape)
        layout = np.arange(math.prod(shape))
        bases, picked = self.resolved[output]
        if self.is_free and len(bases) == 1 and _is_bijection(picked, self.network.nodes[bases[0]].size):
            output = bases[0]
            shape = self._stripped(self.network.nodes[output].shape)
        if transposed and len(shape) == 2:
            layout, shape = layout.reshape(shape).T.reshape(-1), (shape[1], shape[0])
        top = _trampoline(self._demand, (output, layout, shape))
        return self._finish(top)

    def _finish(self, output: int) -> NormalForm:
        order = sorted(range(len(self.nodes)), key=lambda index: self.nodes[index].operation != "input")
        position = {old: new for new, old in enumerate(order)}
        origin = {new: (given, layout) for given, (new, layout) in self.built.items()}
        nodes: list[Node] = []
        parameters: list[int] = []
        inputs: list[int] = []
        for old in order:
            node = self.nodes[old]
            operands = tuple(position[operand] for operand in node.operands)
            name = node.name
            if node.operation == "parameter":
                given, layout = origin[old]
                parameters.extend((self.network.offsets[given] + layout).tolist())
                name = f"W_{sum(other.operation == 'parameter' for other in nodes) + 1}"
            elif node.operation == "input":
                inputs = origin[old][1].tolist()
                name = "x"
            nodes.append(replace(node, operands=operands, name=name))
        return NormalForm(Network(tuple(nodes), position[output]), tuple(parameters), tuple(inputs))

    def _stripped(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Returns a shape as that of a vector where it has one row or one column."""
        return (math.prod(shape),) if self.strips and 1 in shape else shape

    def _add(self, node: Node) -> int:
        """Returns the index of a node; equal nodes are one."""
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def _gather(self, operands: Sequence[int], indices: Indices, shape: tuple[int, ...]) -> int:
        if len(operands) == 1 and self.nodes[operands[0]].shape == shape and _is_identity(indices):
            return operands[0]
        return self._add(Node("gather", tuple(operands), shape, indices=tuple(indices.tolist())))

    def _demand(self, request: Request) -> Demand:
        """Builds a given node with its entries in the order ``layout``, in a shape."""
        given, layout, shape = request
        bases, picked = self.resolved[given]
        wanted = picked[layout]
        if len(bases) == 1 and (wanted >= 0).all():
            base = bases[0]
            if base not in self.built:
                yield from self._build(base, wanted, shape)
            new, own = self.built[base]
            return self._gather([new], _inverse(own)[wanted], shape)
        sizes = [self.network.nodes[base].size for base in bases]
        starts = np.cumsum([0, *sizes])
        which = np.where(wanted < 0, -1, np.searchsorted(starts, wanted, side="right") - 1)
        order = [int(number) for number in dict.fromkeys(which.tolist()) if number >= 0]
        operands: list[int] = []
        result = np.full(len(wanted), -1, dtype=np.int64)
        offset = 0
        for number in order:
            base = bases[number]
            if base not in self.built:
                node = self.network.nodes[base]
                yield from self._build(base, np.arange(node.size), self._stripped(node.shape))
            new, own = self.built[base]
            mask = which == number
            result[mask] = offset + _inverse(own)[wanted[mask] - starts[number]]
            operands.append(new)
            offset += sizes[number]
        if not operands:  # nothing but zeros: any tensor will do to pick nothing from
            inputs = self.network.input
            if inputs not in self.built:
                node = self.network.nodes[inputs]
                yield from self._build(inputs, np.arange(node.size), self._stripped(node.shape))
            operands.append(self.built[inputs][0])
        return self._gather(operands, result, shape)

    def _build(self, base: int, wanted: Indices, shape: tuple[int, ...]) -> Generator[Request, int, None]:
        """Builds a node that is no gather, in the wanted layout if that is one, and remembers it."""
        node = self.network.nodes[base]
        if not self._accepts(node, wanted, shape):
            wanted, shape = np.arange(node.size), self._stripped(node.shape)
        if node.operation == "matmul":
            new, layout = yield from self._build_product(base, wanted, shape)
        else:
            layout = wanted
            if node.operation in ("input", "parameter"):
                # the name keeps parameters of one shape apart until they get their final names
                new = self._add(Node(node.operation, (), shape, name=str(base)))
            else:
                given = self._summands(base) if node.operation == "sum" else list(node.operands)
                if node.operation in ("sum", "product"):
                    given.sort(key=lambda operand: (not self.depends[operand], self.hashes[operand]))
                operands = []
                for operand in given:  # a comprehension cannot yield
                    operands.append((yield operand, layout, shape))  # noqa: PERF401
                new = self._add(replace(node, operands=tuple(operands), shape=shape))
        self.built[base] = new, layout

    def _accepts(self, node: Node, wanted: Indices, shape: tuple[int, ...]) -> bool:
        """Returns whether a node can be built in a layout; to be tidied, it is built as it is or transposed."""
        if self.strips:
            return _is_bijection(wanted, node.size)
        if len(wanted) != node.size or shape not in (node.shape, node.shape[::-1]):
            return False
        if shape == node.shape and _is_identity(wanted):
            return True
        if node.operation == "input" or 1 in shape:  # a vector in another shape is no transposed matrix
            return False
        return bool(np.array_equal(wanted, np.arange(node.size).reshape(node.shape).T.reshape(-1)))

    def _summands(self, base: int) -> list[int]:
        """Returns the operands of a sum, with those of sums that nothing else uses in their place."""
        result: list[int] = []
        pending = list(reversed(self.network.nodes[base].operands))
        while pending:
            operand = pending.pop()
            node = self.network.nodes[operand]
            if node.operation == "sum" and self.uses[operand] == 1:
                pending.extend(reversed(node.operands))
            else:
                result.append(operand)
        return result

    def _build_product(
        self, base: int, wanted: Indices, shape: tuple[int, ...]
    ) -> Generator[Request, int, tuple[int, Indices]]:
        """Builds a matrix product, transposed if that is the wanted layout."""
        node = self.network.nodes[base]
        rows, columns = (*node.shape, 1)[:2]
        factors = self._factors(base)
        plain = np.arange(node.size)
        across = plain.reshape(rows, columns).T.reshape(-1)
        flip = shape == (columns, rows) and np.array_equal(wanted, across) and not np.array_equal(wanted, plain)
        if self.strips and columns > 1 and rows == 1:
            flip = True
        if columns == rows == 1 and (self.strips or len(node.shape) == 1):  # two vectors: the input's is the right one
            first, last = (
                (not self.depends[operand], self.hashes[operand]) for operand, _ in (factors[0], factors[-1])
            )
            flip = first < last
        if flip:
            factors = [(operand, not is_transposed) for operand, is_transposed in reversed(factors)]
            rows, columns, plain = columns, rows, across
        is_vector = columns == 1 and (self.strips or len(node.shape) == 1)
        new: int | None = None
        for operand, is_transposed in reversed(factors):
            m, n = (*self.network.nodes[operand].shape, 1)[:2]
            layout = np.arange(m * n).reshape(m, n)
            layout = layout.T if is_transposed else layout
            part = yield operand, layout.reshape(-1), layout.shape[:1] if is_vector and new is None else layout.shape
            shape = (*layout.shape[:1], *(self.nodes[part if new is None else new].shape[1:]))
            new = part if new is None else self._add(Node("matmul", (part, new), shape))
        assert new is not None
        return new, plain

    def _factors(self, base: int) -> list[tuple[int, bool]]:
        """Returns the factors of a matrix product from left to right, each with whether it is transposed.

        For comparison the factors of factors stand in their place, where nothing else uses them.
        """
        result: list[tuple[int, bool]] = []
        pending = [(operand, False) for operand in reversed(self.network.nodes[base].operands)]
        while pending:
            operand, is_transposed = pending.pop()
            inner = self._inner_product(operand) if self.is_free else None
            if inner is None:
                result.append((operand, is_transposed))
                continue
            product, is_flipped = inner
            operands = self.network.nodes[product].operands
            flipped = is_transposed != is_flipped
            pending.extend((each, flipped) for each in (operands if flipped else reversed(operands)))
        return result

    def _inner_product(self, operand: int) -> tuple[int, bool] | None:
        """Returns the matrix product that an operand is, up to transposition (and whether), if nothing else uses it."""
        bases, picked = self.resolved[operand]
        if len(bases) != 1 or self.network.nodes[bases[0]].operation != "matmul" or self.uses[bases[0]] != 1:
            return None
        shape = (*self.network.nodes[operand].shape, 1)[:2]
        inner = (*self.network.nodes[bases[0]].shape, 1)[:2]
        plain = np.arange(math.prod(inner))
        if shape == inner and np.array_equal(picked, plain):
            return bases[0], False
        if shape == inner[::-1] and np.array_equal(picked, plain.reshape(inner).T.reshape(-1)):
            return bases[0], True
        return None

    def _hash_all(self) -> None:
        """Gives every node a hash that depends on its expression, and not on layouts or on orders of summands."""
        for index, node in enumerate(self.network.nodes):
            below = [self.hashes[operand] for operand in node.operands]
            bases, picked = self.resolved[index]
            content: Any
            if node.operation == "gather":
                if len(bases) == 1 and _is_bijection(picked, self.network.nodes[bases[0]].size):
                    self.hashes[index] = self.hashes[bases[0]]
                    continue
                content = ("gather", node.size, int((picked < 0).sum()), sorted(self.hashes[base] for base in bases))
            elif node.operation in ("input", "parameter"):
                content = (node.operation, node.size)
            elif node.operation == "matmul":
                content = ("matmul", sorted(self.hashes[factor] for factor, _ in self._factors(index)))
            elif node.operation == "sum":
                content = ("sum", sorted(self.hashes[summand] for summand in self._summands(index)))
            else:
                terms = [(exponent, str(coefficient)) for exponent, coefficient in node.terms]
                content = (node.operation, node.name, terms, sorted(below))
            self.hashes[index] = hashlib.sha256(repr(content).encode()).hexdigest()


def _resolve(network: Network) -> list[tuple[tuple[int, ...], Indices]]:
    """Returns, for every node, the nodes that are no gathers from which its entries come, and from where in them; -1: zero."""
    result: list[tuple[tuple[int, ...], Indices]] = []
    for index, node in enumerate(network.nodes):
        if node.operation != "gather":
            result.append(((index,), np.arange(node.size)))
            continue
        bases = list(dict.fromkeys(base for operand in node.operands for base in result[operand][0]))
        starts = dict(zip(bases, np.cumsum([0, *(network.nodes[base].size for base in bases)]).tolist(), strict=False))
        parts = []
        for operand in node.operands:
            own, picked = result[operand]
            lengths = [network.nodes[base].size for base in own]
            table = np.concatenate([np.arange(n) + starts[base] for base, n in zip(own, lengths, strict=True)])
            parts.append(np.where(picked < 0, -1, table[picked]))
        chosen = np.asarray(node.indices, dtype=np.int64)
        flat = np.concatenate(parts)
        indices = np.where(chosen < 0, -1, flat[chosen])
        result.append(_without_unused(network, bases, indices))
    return result


def _without_unused(network: Network, bases: list[int], indices: Indices) -> tuple[tuple[int, ...], Indices]:
    """Returns the bases that are picked from, in order of first use, and the indices into them."""
    sizes = [network.nodes[base].size for base in bases]
    starts = np.cumsum([0, *sizes])
    which = np.searchsorted(starts, indices, side="right") - 1
    used = [number for number in dict.fromkeys(which.tolist()) if number >= 0]
    if not used:
        return (bases[0],), indices
    shifts = np.zeros(len(bases) + 1, dtype=np.int64)
    total = 0
    for number in used:
        shifts[number] = total - starts[number]
        total += sizes[number]
    return tuple(bases[number] for number in used), np.where(indices < 0, -1, indices + shifts[which])


def _uses(network: Network, resolved: list[tuple[tuple[int, ...], Indices]]) -> list[int]:
    """Returns how often every node that is no gather is used by such nodes up to the output, directly or through gathers."""
    counts = [0] * len(network.nodes)
    needed = set(resolved[network.output][0])
    for base in needed:
        counts[base] += 1
    for index in range(len(network.nodes) - 1, -1, -1):
        if index in needed:
            for operand in network.nodes[index].operands:
                for base in resolved[operand][0]:
                    counts[base] += 1
                    needed.add(base)
    return counts


def _trampoline(step: Callable[[Request], Any], request: Request) -> int:
    """Returns what a recursive generator returns, without recursion: networks may be deeper than Python's stack."""
    stack = [step(request)]
    answer: int | None = None
    while stack:
        try:
            stack.append(step(stack[-1].send(answer)))
            answer = None
        except StopIteration as stop:
            stack.pop()
            answer = stop.value
    assert answer is not None
    return int(answer)


def _is_identity(indices: Indices) -> bool:
    return bool((indices == np.arange(len(indices))).all())


def _is_bijection(indices: Indices, size: int) -> bool:
    return (
        len(indices) == size and bool((indices >= 0).all()) and bool((np.bincount(indices, minlength=size) == 1).all())
    )


def _inverse(layout: Indices) -> Indices:
    result = np.empty_like(layout)
    result[layout] = np.arange(len(layout))
    return result
