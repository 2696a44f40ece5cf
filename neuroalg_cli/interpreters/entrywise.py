"""Values and derivatives of a network at one input, over numpy arrays of Python objects: exact rationals or balls.

Slower than `neuroalg_cli.interpreters.arrays` by a factor of hundreds, and for every kind of number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from neuroalg_cli.interpreters.arrays import derivative

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network, Terms

    Objects = NDArray[np.object_]


class Numbers(Protocol):
    """A kind of numbers with +, - and *."""

    def constant(self, value: Fraction | int) -> Any:
        """Returns a rational number."""

    def reciprocal(self, value: Any) -> Any:
        """Returns 1/z; raises `ZeroDivisionError` where z is, or may be, zero."""

    def function(self, name: str, index: int, values: Objects) -> Objects:
        """Returns a function of the catalogue at every entry of the operand of node ``index``."""

    def slope(self, name: str, index: int, arguments: Objects, values: Objects) -> Objects:
        """Returns the derivative of the function at every entry; ``values``: what `function` returned."""


def forward(network: Network, parameters: Objects, x: Objects, numbers: Numbers) -> list[Objects]:
    """Returns the value of every node up to the output; ``parameters``: shape (P,), ``x``: shape (n_0,)."""
    values: list[Objects] = []
    zero = numbers.constant(0)
    for index, node in enumerate(network.nodes[: network.output + 1]):
        operands = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = x.reshape(node.shape)
            case "parameter":
                offset = network.offsets[index]
                value = parameters[offset : offset + node.size].reshape(node.shape)
            case "matmul":
                value = np.dot(operands[0], operands[1])
            case "sum":
                value = operands[0]
                for operand in operands[1:]:
                    value = value + operand
            case "product":
                value = operands[0] * operands[1]
            case "polynomial":
                value = polynomial(node.terms, operands[0], numbers)
            case "reciprocal":
                value = mapped(numbers.reciprocal, operands[0])
            case "function":
                value = numbers.function(node.name, index, operands[0])
            case "gather":
                last = np.empty(1, dtype=object)
                last[0] = zero
                flat = np.concatenate([*(operand.reshape(-1) for operand in operands), last])
                value = flat[np.asarray(node.indices, dtype=np.int64)].reshape(node.shape)
        values.append(value)
    return values


def jacobian(network: Network, parameters: Objects, x: Objects, numbers: Numbers) -> tuple[Objects, list[Objects]]:
    """Returns the derivatives of the output entries by the parameters, shape (m, P), and the value of every node."""
    values = forward(network, parameters, x, numbers)
    trainable: list[bool] = []
    for node in network.nodes:
        trainable.append(node.operation == "parameter" or any(trainable[operand] for operand in node.operands))
    m = network.output_size
    zero, one = numbers.constant(0), numbers.constant(1)
    result = np.full((m, network.parameter_count), zero, dtype=object)
    unit = np.full((m, m), zero, dtype=object)
    unit[np.arange(m), np.arange(m)] = one
    adjoints = {network.output: unit.reshape(m, *network.nodes[network.output].shape)}
    for index in range(network.output, -1, -1):
        adjoint = adjoints.pop(index, None)
        if adjoint is None:
            continue
        node = network.nodes[index]
        if node.operation == "parameter":
            offset = network.offsets[index]
            result[:, offset : offset + node.size] = adjoint.reshape(m, node.size)
            continue
        for position, operand in enumerate(node.operands):
            if trainable[operand]:
                part = _pull_back(network, index, position, adjoint, values, numbers)
                known = adjoints.get(operand)
                adjoints[operand] = part if known is None else known + part
    return result, values


def _pull_back(
    network: Network, index: int, position: int, adjoint: Objects, values: list[Objects], numbers: Numbers
) -> Objects:
    """Returns the part of the adjoint of one operand that comes from one node: shape (m, *operand shape)."""
    node = network.nodes[index]
    operand = node.operands[position]
    match node.operation:
        case "product":
            return np.asarray(adjoint * values[node.operands[1 - position]])
        case "polynomial":
            return np.asarray(adjoint * polynomial(derivative(node.terms), values[operand], numbers))
        case "reciprocal":
            return np.asarray(adjoint * (values[index] * values[index] * numbers.constant(-1)))
        case "function":
            return np.asarray(adjoint * numbers.slope(node.name, index, values[operand], values[index]))
        case "gather":
            start = sum(network.nodes[before].size for before in node.operands[:position])
            shape = network.nodes[operand].shape
            size = network.nodes[operand].size
            result = np.full((len(adjoint), size), numbers.constant(0), dtype=object)
            flat = adjoint.reshape(len(adjoint), node.size)
            for target, source in enumerate(node.indices):
                if start <= source < start + size:
                    result[:, source - start] += flat[:, target]
            return result.reshape(len(adjoint), *shape)
        case "matmul":
            left, right = (values[o] for o in node.operands)
            if position == 0:
                if right.ndim == 1:
                    return np.asarray(adjoint[:, :, None] * right[None, None, :])
                return np.asarray([np.dot(block, right.T) for block in adjoint], dtype=object)
            if right.ndim == 1:
                return np.asarray(np.dot(adjoint, left))
            return np.asarray([np.dot(left.T, block) for block in adjoint], dtype=object)
        case _:  # a sum
            return adjoint


def polynomial(terms: Terms, argument: Objects, numbers: Numbers) -> Objects:
    """Returns the polynomial at every entry of an array, by Horner's rule over the nonzero terms."""
    if not terms:
        return np.full(argument.shape, numbers.constant(0), dtype=object)
    result = np.full(argument.shape, numbers.constant(terms[0][1]), dtype=object)
    previous = terms[0][0]
    for exponent, coefficient in terms[1:]:
        result = result * argument ** (previous - exponent) + numbers.constant(coefficient)
        previous = exponent
    return result * argument**previous if previous else result


def mapped(function: Callable[[Any], Any], values: Objects) -> Objects:
    """Returns a function at every entry of an array."""
    result = np.empty(values.size, dtype=object)
    for position, value in enumerate(values.reshape(-1)):
        result[position] = function(value)
    return result.reshape(values.shape)
