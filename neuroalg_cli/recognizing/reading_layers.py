"""The layers of a network, read off its graph: what a table of the network has as its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from neuroalg_cli.polynomial_grammar import univariate_text

if TYPE_CHECKING:
    from neuroalg_cli.network import Network, Node

_LONGEST_ACTIVATION = 24


@dataclass(frozen=True, slots=True)
class Layer:
    """Some operations that a person takes for one: ``node`` is the last of them."""

    kind: str
    node: int
    #: parameter nodes that are used here and nowhere before
    parameters: tuple[int, ...] = ()
    #: parameter nodes that an earlier layer uses too
    shared: tuple[int, ...] = ()
    #: what is applied, for layers without parameters
    text: str = ""

    @property
    def is_activation(self) -> bool:
        """Whether a fixed function is applied entrywise."""
        return self.kind in ("activation", "reciprocal")


def layers(network: Network) -> tuple[Layer, ...]:
    """Returns the layers from the input to the output; rearrangements of entries and biases belong to their neighbours.

    Between two nodes through which everything passes, a product of two tensors that depend on the input makes all of it one
    layer, ``attention``.  Other products with parameters are ``dense``, or ``convolution`` where entries are repeated.
    """
    return _Reading(network).layers()


class _Reading:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.dependent = network.depends_on_input()
        self.consumers = network.consumers()
        self.needed = _ancestors(network, network.output)
        self.seen: set[int] = set()
        self.found: list[Layer] = []

    def layers(self) -> tuple[Layer, ...]:
        cuts = self.network.cuts()
        for start, end in pairwise(cuts):
            inside = [i for i in range(start + 1, end + 1) if self.dependent[i] and i in self.needed]
            if any(self._is_bilinear(i) for i in inside):
                self._add("attention", end, self._parameters(inside))
                continue
            for index in inside:
                self._read(index)
        return tuple(self.found)

    def _is_bilinear(self, index: int) -> bool:
        node = self.network.nodes[index]
        return node.operation == "matmul" and all(self.dependent[operand] for operand in node.operands)

    def _parameters(self, nodes: list[int]) -> list[int]:
        """Returns the parameters that the nodes use by themselves, not through what depends on the input."""
        result: set[int] = set()
        for index in nodes:
            for operand in self.network.nodes[index].operands:
                if not self.dependent[operand]:
                    result |= _ancestors(self.network, operand)
        return sorted(i for i in result if self.network.nodes[i].operation == "parameter")

    def _add(self, kind: str, node: int, parameters: list[int], text: str = "") -> None:
        new = tuple(index for index in parameters if index not in self.seen)
        shared = tuple(index for index in parameters if index in self.seen)
        self.seen.update(parameters)
        self.found.append(Layer(kind, node, new, shared, text))

    def _read(self, index: int) -> None:
        node = self.network.nodes[index]
        below = [operand for operand in node.operands if self.dependent[operand]]
        own = self._parameters([index])
        match node.operation:
            case "gather":
                self._follow(index, below)
            case "sum" if len(below) == 1 and own:
                self._bias(index, below[0], own)
            case "sum":
                chain = [_ancestors(self.network, operand) for operand in below]
                is_skip = any(a in chain[j] for i, a in enumerate(below) for j in range(len(below)) if i != j)
                self._add("skip" if is_skip else "sum", index, own)
            case "product":
                self._add("scaling" if len(below) == 1 else "product", index, own)
            case "matmul":
                self._add(self._kind_of_product(node, below[0]), index, own)
            case "polynomial":
                text = univariate_text(node.terms) if node.terms else "0"
                short = text if len(text) <= _LONGEST_ACTIVATION else text[: _LONGEST_ACTIVATION - 3] + "..."
                self._add("activation", index, own, short)
            case "function":
                self._add("activation", index, own, node.name)
            case _:
                self._add("reciprocal", index, own, "1/z")

    def _follow(self, index: int, below: list[int]) -> None:
        """Lets a layer end with the rearrangement of its entries if nothing else uses them and none is lost or repeated."""
        node = self.network.nodes[index]
        is_bijective = len(below) == len(node.operands) == 1 and sorted(node.indices) == list(range(node.size))
        if is_bijective and self.network.nodes[below[0]].size == node.size:
            self._extend(index, below[0], [])

    def _bias(self, index: int, below: int, own: list[int]) -> None:
        if not self._extend(index, below, own):
            self._add("bias", index, own)

    def _extend(self, index: int, below: int, own: list[int]) -> bool:
        """Makes a node the end of the layer before it, if that layer ends at ``below`` and nothing else uses it."""
        if not self.found or self.found[-1].node != below or self.consumers[below] != [index]:
            return False
        if self.found[-1].is_activation and own:
            return False
        last = self.found.pop()
        self._add(last.kind, index, own, last.text)
        merged = self.found.pop()
        self.found.append(
            replace(merged, parameters=last.parameters + merged.parameters, shared=last.shared + merged.shared)
        )
        return True

    def _kind_of_product(self, node: Node, below: int) -> str:
        """Returns whether a product with parameters slides over its input: one of the factors repeats entries."""
        for operand in node.operands:
            factor = self.network.nodes[operand]
            picked = [entry for entry in factor.indices if entry >= 0]
            if factor.operation == "gather" and len(set(picked)) < len(picked):
                return "convolution"
        return "dense" if self.network.nodes[below].operation != "parameter" else "product"


def _ancestors(network: Network, index: int) -> set[int]:
    """Returns a node and all nodes that it is computed from."""
    result: set[int] = set()
    waiting = [index]
    while waiting:
        current = waiting.pop()
        if current not in result:
            result.add(current)
            waiting.extend(network.nodes[current].operands)
    return result
