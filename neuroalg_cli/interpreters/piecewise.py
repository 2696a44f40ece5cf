"""The piecewise interpreter: networks whose only function is relu, at rational points, by activation patterns.

relu(z) is z or 0 by the sign of z, which is decided exactly, over Q.  With its pattern given, a network is rational in (w, x): it
is the network in which every relu(z) is the product of z and a *mask*, a further input that is 0 or 1.  So the modular
interpreter computes its derivatives.

Where an argument is exactly 0 the network may have no derivative, and there is no pattern, unless the argument is zero all
around: if it is a sum of products in each of which a factor is the 0 of a neuron that is off, it is zero for all w and x
nearby, and the mask is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from neuroalg_cli.interpreters import entrywise
from neuroalg_cli.network import Network, NetworkBuilder, Node

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Objects = NDArray[np.object_]


class KinkError(ArithmeticError):
    """An argument of relu is zero and not zero all around: the input lies on the border of activation regions."""


class _Rationals:
    """Exact rational numbers; remembers the pattern."""

    def __init__(self, network: Network) -> None:
        self.network = network
        #: for every node and entry, whether it may differ from zero near the point
        self.alive: dict[int, Flags] = {}
        self.masks: dict[int, Flags] = {}

    def constant(self, value: Fraction | int) -> fmpq:
        """Returns the number itself."""
        return fmpq(value.numerator, value.denominator)

    def reciprocal(self, value: fmpq) -> fmpq:
        """Returns 1/z; raises `ZeroDivisionError`."""
        return 1 / value

    def function(self, name: str, index: int, values: Objects) -> Objects:
        """Returns relu at every entry; raises `KinkError` where it has no derivative."""
        assert name == "relu", "other functions are not piecewise rational"
        mask = np.array([value > 0 for value in values.reshape(-1)], dtype=bool).reshape(values.shape)
        zero = np.array([value == 0 for value in values.reshape(-1)], dtype=bool).reshape(values.shape)
        if zero.any() and (zero & _alive(self.network, index, self.masks)).any():
            raise KinkError
        self.masks[index] = mask
        result = values.copy()
        result[~mask] = fmpq(0)
        return result

    def slope(self, name: str, index: int, arguments: Objects, values: Objects) -> Objects:
        """Returns the mask."""
        del name, arguments, values
        return np.asarray(self.masks[index].astype(int).astype(object))


def _alive(network: Network, index: int, masks: dict[int, Flags]) -> Flags:
    """Returns for the argument of a relu node which entries may differ from zero near the point, from the masks before it."""
    flags: list[Flags] = []
    for number, node in enumerate(network.nodes[:index]):
        operands = [flags[operand] for operand in node.operands]
        match node.operation:
            case "matmul":
                value = np.dot(operands[0].astype(np.int64), operands[1].astype(np.int64)) > 0
            case "sum":
                value = np.logical_or.reduce(operands)
            case "product":
                value = operands[0] & operands[1]
            case "gather":
                flat = np.concatenate([*(operand.reshape(-1) for operand in operands), np.zeros(1, dtype=bool)])
                value = flat[np.asarray(node.indices, dtype=np.int64)].reshape(node.shape)
            case "polynomial" if not any(exponent == 0 for exponent, _ in node.terms):
                value = operands[0]
            case "function":
                value = masks[number]
            case _:
                value = np.ones(node.shape, dtype=bool)
        flags.append(value)
    return flags[network.nodes[index].operands[0]]


def rationals(values: Sequence[Any]) -> Objects:
    """Returns rational numbers as an array for `pattern`."""
    result = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        result[position] = fmpq(value.numerator, value.denominator)
    return result


def pattern(network: Network, parameters: Objects, x: Objects) -> NDArray[np.int8]:
    """Returns the masks of all relu nodes, flattened and joined in the order of the graph, exactly.

    Raises `KinkError` on the border of activation regions, and `ZeroDivisionError` at a pole.
    """
    numbers = _Rationals(network)
    entrywise.forward(network, parameters, x, numbers)
    masks = [numbers.masks[index].reshape(-1) for index in sorted(numbers.masks)]
    return np.concatenate(masks).astype(np.int8) if masks else np.zeros(0, dtype=np.int8)


def masked(network: Network) -> Network:
    """Returns the rational network in (w, (x, masks)): its input is a vector, x in front, then the masks of `pattern`."""
    count = sum(node.size for node in _relus(network))
    builder = NetworkBuilder()
    size = network.input_size
    joined = builder.input((size + count,))
    position = size
    new: list[int] = []
    for node in network.nodes[: network.output + 1]:
        operands = tuple(new[operand] for operand in node.operands)
        if node.operation == "input":
            new.append(builder.gather([joined], range(size), node.shape))
        elif node.operation == "function":
            mask = builder.gather([joined], range(position, position + node.size), node.shape)
            position += node.size
            new.append(builder.product(operands[0], mask))
        else:
            new.append(_copy(builder, node, operands))
    return builder.finish(new[network.output])


def _copy(builder: NetworkBuilder, node: Node, operands: tuple[int, ...]) -> int:
    match node.operation:
        case "parameter":
            return builder.parameter(node.name, node.shape)
        case "matmul":
            return builder.matmul(*operands)
        case "sum":
            return builder.sum(*operands)
        case "product":
            return builder.product(*operands)
        case "polynomial":
            return builder.polynomial(operands[0], node.terms)
        case "gather":
            return builder.gather(operands, node.indices, node.shape)
        case _:
            return builder.reciprocal(operands[0])


def _relus(network: Network) -> list[Node]:
    return [node for node in network.nodes[: network.output + 1] if node.operation == "function"]
