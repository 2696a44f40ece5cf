"""Values and derivatives of a network as numpy arrays, batched over inputs, over any arithmetic on float64 arrays.

Values: a node that depends on x has an array of shape (batch, *shape), any other one of shape (*shape).  Derivatives
by reverse mode: for each input and each entry of the output one pass backwards, all of them at once.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network, Node, Terms

    Array = NDArray[np.float64]


class Arithmetic(Protocol):
    """Exact or approximate arithmetic on float64 arrays."""

    def product(self, left: Array, right: Array) -> Array:
        """Returns the (batched) matrix product."""

    def reduce(self, values: Array) -> Array:
        """Returns the normal form of sums or products of two normal forms."""

    def constant(self, value: Fraction | int) -> float:
        """Returns the normal form of a rational number."""

    def reciprocal(self, values: Array) -> Array:
        """Returns 1/z for every entry; raises `ZeroDivisionError` where an entry is zero."""


def forward(network: Network, parameters: Array, inputs: Array, arithmetic: Arithmetic) -> list[Array]:
    """Returns the value of every node.

    ``parameters``: shape (P,); ``inputs``: shape (batch, n_0) with flattened inputs.
    """
    dependent = network.depends_on_input()
    values: list[Array] = []
    for index, node in enumerate(network.nodes):
        operands = [values[operand] for operand in node.operands]
        if node.operation == "input":
            value = inputs.reshape(len(inputs), *node.shape)
        elif node.operation == "parameter":
            offset = network.offsets[index]
            value = parameters[offset : offset + node.size].reshape(node.shape)
        elif node.operation == "matmul":
            value = _matmul(network, node, operands, dependent, arithmetic)
        elif node.operation == "sum":
            value = operands[0]
            for operand in operands[1:]:
                value = arithmetic.reduce(value + operand)
        elif node.operation == "product":
            value = arithmetic.reduce(operands[0] * operands[1])
        elif node.operation == "polynomial":
            value = polynomial(node.terms, operands[0], arithmetic)
        elif node.operation == "reciprocal":
            value = arithmetic.reciprocal(operands[0])
        elif node.operation == "function":
            raise SpecError(
                f"the network applies {node.name}, which is not rational; only its functional dimension at given weights "
                "can be computed"
            )
        else:
            value = _gather(network, node, operands, dependent, len(inputs))
        values.append(value)
    return values


def outputs(network: Network, parameters: Array, inputs: Array, arithmetic: Arithmetic) -> Array:
    """Returns f_w at every input: shape (batch, m); the same row for all inputs where f_w does not depend on them."""
    value = forward(network, parameters, inputs, arithmetic)[network.output]
    shape = (len(inputs), network.output_size)
    return np.broadcast_to(value.reshape(-1, network.output_size), shape).copy()


def jacobian(
    network: Network, parameters: Array, inputs: Array, arithmetic: Arithmetic, part: slice = slice(None)
) -> Array:
    """Returns the derivatives of output entries at all inputs with respect to all parameters.

    Shape (batch * m, P) for the m output entries in ``part``, all of them by default; row i*m + o belongs to input i and
    the entry o of these.
    """
    values = forward(network, parameters, inputs, arithmetic)
    dependent = network.depends_on_input()
    trainable = _depends_on_parameters(network)
    unit: Array = np.eye(network.output_size)[part]
    batch, outputs = len(inputs), len(unit)
    result = np.zeros((batch, outputs, network.parameter_count))
    adjoints: dict[int, Array] = {}
    unit = unit.reshape(1, outputs, *network.nodes[network.output].shape)
    adjoints[network.output] = np.broadcast_to(unit, (batch, *unit.shape[1:]))
    for index in range(network.output, -1, -1):
        adjoint = adjoints.pop(index, None)
        if adjoint is None:
            continue
        node = network.nodes[index]
        if node.operation == "parameter":
            offset = network.offsets[index]
            result[:, :, offset : offset + node.size] = adjoint.reshape(batch, outputs, node.size)
            continue
        for position, operand in enumerate(node.operands):
            if not trainable[operand]:
                continue
            summand = _pull_back(network, index, position, adjoint, values, dependent, arithmetic)
            known = adjoints.get(operand)
            adjoints[operand] = summand if known is None else arithmetic.reduce(known + summand)
    return result.reshape(batch * outputs, network.parameter_count)


def polynomial(terms: Terms, argument: Array, arithmetic: Arithmetic) -> Array:
    """Returns the polynomial at every entry of an array, by Horner's rule over the nonzero terms."""
    if not terms:
        return np.zeros_like(argument)
    result = np.full_like(argument, arithmetic.constant(terms[0][1]))
    previous = terms[0][0]
    for exponent, coefficient in terms[1:]:
        result = arithmetic.reduce(result * _power(argument, previous - exponent, arithmetic))
        result = arithmetic.reduce(result + arithmetic.constant(coefficient))
        previous = exponent
    return arithmetic.reduce(result * _power(argument, previous, arithmetic)) if previous else result


def derivative(terms: Terms) -> Terms:
    """Returns the derivative of a polynomial in one variable."""
    return tuple((exponent - 1, coefficient * exponent) for exponent, coefficient in terms if exponent)


def _power(base: Array, exponent: int, arithmetic: Arithmetic) -> Array:
    result = None
    while exponent:
        if exponent & 1:
            result = base if result is None else arithmetic.reduce(result * base)
        exponent >>= 1
        if exponent:
            base = arithmetic.reduce(base * base)
    return np.ones_like(base) if result is None else result


def _matmul(
    network: Network, node: Node, operands: list[Array], dependent: list[bool], arithmetic: Arithmetic
) -> Array:
    left, right = operands
    left_dependent, right_dependent = (dependent[operand] for operand in node.operands)
    if len(network.nodes[node.operands[1]].shape) == 1:
        if right_dependent and not left_dependent:
            return arithmetic.product(right, left.T)  # one product of matrices for the whole batch
        return arithmetic.product(left, right[..., None])[..., 0]
    return arithmetic.product(left, right)


def _gather(network: Network, node: Node, operands: list[Array], dependent: list[bool], batch: int) -> Array:
    if not any(dependent[operand] for operand in node.operands):
        flat = np.concatenate([operand.reshape(-1) for operand in operands] + [np.zeros(1)])
        return np.take(flat, node.indices).reshape(node.shape)
    pieces = []
    for operand, array in zip(node.operands, operands, strict=True):
        size = network.nodes[operand].size
        flat = (
            array.reshape(batch, size) if dependent[operand] else np.broadcast_to(array.reshape(1, size), (batch, size))
        )
        pieces.append(flat)
    joined = np.concatenate([*pieces, np.zeros((batch, 1))], axis=1)
    return np.take(joined, node.indices, axis=1).reshape(batch, *node.shape)


def _pull_back(
    network: Network,
    index: int,
    position: int,
    adjoint: Array,
    values: list[Array],
    dependent: list[bool],
    arithmetic: Arithmetic,
) -> Array:
    """Returns the part of the adjoint of one operand that comes from one node: shape (batch, m, *operand shape)."""
    node = network.nodes[index]
    operand = node.operands[position]

    def spread(index: int) -> Array:
        """Returns a node's value with axes for the batch and the outputs in front."""
        value = values[index]
        return value[:, None] if dependent[index] else value[None, None]

    if node.operation == "sum":
        return adjoint
    if node.operation == "product":
        return arithmetic.reduce(adjoint * spread(node.operands[1 - position]))
    if node.operation == "polynomial":
        slope = polynomial(derivative(node.terms), values[operand], arithmetic)
        return arithmetic.reduce(adjoint * (slope[:, None] if dependent[operand] else slope[None, None]))
    if node.operation == "reciprocal":
        own = spread(index)
        return arithmetic.reduce(arithmetic.reduce(own * own) * -adjoint)
    if node.operation == "gather":
        return _scatter(network, node, position, adjoint, arithmetic)
    left, right = node.operands
    is_vector = len(network.nodes[right].shape) == 1
    if position == 0:
        if is_vector:
            return arithmetic.reduce(adjoint[..., :, None] * spread(right)[..., None, :])
        return arithmetic.product(adjoint, np.swapaxes(spread(right), -1, -2))
    if is_vector:
        if not dependent[left]:
            flat = arithmetic.product(adjoint.reshape(-1, adjoint.shape[-1]), values[left])
            return flat.reshape(*adjoint.shape[:-1], values[left].shape[1])
        return arithmetic.product(np.swapaxes(spread(left), -1, -2), adjoint[..., None])[..., 0]
    return arithmetic.product(np.swapaxes(spread(left), -1, -2), adjoint)


def _scatter(network: Network, node: Node, position: int, adjoint: Array, arithmetic: Arithmetic) -> Array:
    """Returns the adjoint of a gather: entries picked several times are added up."""
    sizes = [network.nodes[operand].size for operand in node.operands]
    start = sum(sizes[:position])
    batch, outputs = adjoint.shape[:2]
    flat = adjoint.reshape(batch, outputs, node.size)
    sources, targets, starts = _picks(node.indices, start, start + sizes[position])
    result = np.zeros((batch, outputs, sizes[position]))
    if len(sources):
        result[:, :, targets] = np.add.reduceat(flat[:, :, sources], starts, axis=2)
    return arithmetic.reduce(result).reshape(batch, outputs, *network.nodes[node.operands[position]].shape)


@functools.lru_cache(maxsize=64)
def _picks(indices: tuple[int, ...], start: int, end: int) -> tuple[NDArray[np.int64], ...]:
    """Returns the positions of a gather that pick from [start, end), sorted by what they pick; that; and where each begins."""
    picked = np.asarray(indices, dtype=np.int64)
    sources = np.flatnonzero((picked >= start) & (picked < end))
    sources = sources[np.argsort(picked[sources], kind="stable")]
    targets, starts = np.unique(picked[sources] - start, return_index=True)
    return sources, targets, starts


def _depends_on_parameters(network: Network) -> list[bool]:
    result: list[bool] = []
    for node in network.nodes:
        result.append(node.operation == "parameter" or any(result[operand] for operand in node.operands))
    return result
