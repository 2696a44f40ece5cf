"""An upper bound for the rank of d phi_w at given weights: derivatives that vanish for a reason, and symmetries.

A weight that is 0 can make derivatives by others vanish for every input: d f/dw_k is a sum of products of weights, values and
slopes along the paths of the graph, and it is zero if every product has a factor that is zero: a weight that is 0, a value
that only such weights reach, the slope of z^r (r >= 2) at such a value.  The column of w_k is then zero.  The fields of the
known symmetries, at these weights, lie in the kernel as well; the dimension of the kernel is at least the number of zero
columns plus the rank of the fields on the other ones, and modulo a prime that rank is not larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.interpreters.arrays import derivative
from neuroalg_cli.symmetry.relu_symmetries import free_scalings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network, Terms

    Flags = NDArray[np.bool_]


def kernel_bound(network: Network, point: tuple[Fraction, ...], prime: int) -> int:
    """Returns a number that the dimension of the kernel at the weights cannot fall below; the prime divides no denominator."""
    from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import residues_of  # noqa: PLC0415
    from neuroalg_cli.symmetry.known_symmetries import usable_symmetries  # noqa: PLC0415
    from neuroalg_cli.symmetry.symmetry_fields import fields  # noqa: PLC0415

    columns = np.flatnonzero(columns_that_may_differ_from_zero(network, point))
    zeros = network.parameter_count - len(columns)
    count = free_scalings(network, point, frozenset(columns.tolist()))
    found = usable_symmetries(network)
    if sum(symmetry.count for symmetry in found) > count and len(columns):
        matrix = np.ascontiguousarray(fields(network, found, residues_of(point, prime), prime)[:, columns])
        count = max(count, rank_modulo(matrix, prime, overwrite=True).rank)
    return zeros + count


def columns_that_may_differ_from_zero(network: Network, point: Sequence[Fraction]) -> Flags:
    """Returns for every parameter whether the derivative by it may differ from zero at the weights, for some input."""
    values = _values(network, point)
    result = np.zeros(network.parameter_count, dtype=bool)
    adjoints: dict[int, Flags] = {network.output: np.ones(network.nodes[network.output].shape, dtype=bool)}
    for index in range(network.output, -1, -1):
        adjoint = adjoints.pop(index, None)
        if adjoint is None:
            continue
        node = network.nodes[index]
        if node.operation == "parameter":
            offset = network.offsets[index]
            result[offset : offset + node.size] = adjoint.reshape(-1)
        for position, operand in enumerate(node.operands):
            part = _pull_back(network, index, position, adjoint, values)
            adjoints[operand] = adjoints[operand] | part if operand in adjoints else part
    return result


def _values(network: Network, point: Sequence[Fraction]) -> list[Flags]:
    """Returns for every node and entry whether it may differ from zero for some input."""
    result: list[Flags] = []
    for index, node in enumerate(network.nodes[: network.output + 1]):
        operands = [result[operand] for operand in node.operands]
        match node.operation:
            case "parameter":
                offset = network.offsets[index]
                value = np.array([bool(v) for v in point[offset : offset + node.size]], dtype=bool).reshape(node.shape)
            case "matmul":
                value = _meet(operands[0], operands[1])
            case "sum":
                value = np.logical_or.reduce(operands)
            case "product":
                value = operands[0] & operands[1]
            case "gather":
                flat = np.concatenate([*(operand.reshape(-1) for operand in operands), np.zeros(1, dtype=bool)])
                value = flat[np.asarray(node.indices, dtype=np.int64)].reshape(node.shape)
            case "polynomial":
                value = _may_differ(node.terms, operands[0])
            case _:
                value = np.ones(node.shape, dtype=bool)
        result.append(value)
    return result


def _meet(left: Flags, right: Flags) -> Flags:
    """Returns where a product of matrices has a product of entries that are both flagged."""
    return np.asarray(np.dot(left.astype(np.float32), right.astype(np.float32)) > 0)


def _may_differ(terms: Terms, argument: Flags) -> Flags:
    """Returns where a polynomial may differ from zero, if its argument may only where it is flagged."""
    if not terms:
        return np.zeros_like(argument)
    return np.ones_like(argument) if terms[-1][0] == 0 else argument


def _pull_back(network: Network, index: int, position: int, adjoint: Flags, values: list[Flags]) -> Flags:
    node = network.nodes[index]
    operand = node.operands[position]
    shape = network.nodes[operand].shape
    match node.operation:
        case "product":
            return adjoint & values[node.operands[1 - position]]
        case "polynomial":
            return adjoint & _may_differ(derivative(node.terms), values[operand])
        case "gather":
            start = sum(network.nodes[before].size for before in node.operands[:position])
            picked = np.asarray(node.indices, dtype=np.int64)
            inside = (picked >= start) & (picked < start + network.nodes[operand].size)
            result = np.zeros(network.nodes[operand].size, dtype=bool)
            result[picked[inside & adjoint.reshape(-1)] - start] = True
            return result.reshape(shape)
        case "matmul":
            left, right = (values[o] for o in node.operands)
            if position == 0:
                if right.ndim == 1:
                    return adjoint[:, None] & right[None, :]
                return _meet(adjoint, right.T)
            return _meet(left.T, adjoint)
        case _:
            return adjoint
