"""The vector fields of known symmetries (`neuroalg_cli.symmetry.symmetries`) as numbers, at a point modulo a prime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.linear_algebra.exact_linear_algebra import reduce_modulo
from neuroalg_cli.symmetry.derivations import matrix_shape
from neuroalg_cli.symmetry.linear_symmetries import LinearSymmetry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network
    from neuroalg_cli.symmetry.symmetries import Symmetry

    Array = NDArray[np.float64]


def fields(network: Network, found: Sequence[Symmetry | LinearSymmetry], point: Array, prime: int) -> Array:
    """Returns the vector fields at a point modulo p: shape (number of fields, P), balanced residues."""
    total = sum(symmetry.count for symmetry in found)
    result = np.zeros((total, network.parameter_count))
    row = 0
    for symmetry in found:
        block = result[row : row + symmetry.count]
        if isinstance(symmetry, LinearSymmetry):
            _fill_linear(block, network, symmetry, point, prime)
        else:
            _fill(block, network, symmetry, point, prime)
        row += symmetry.count
    return reduce_modulo(result, prime)


def _fill_linear(block: Array, network: Network, symmetry: LinearSymmetry, point: Array, prime: int) -> None:
    """Writes the fields w' = L w + w R of one class into the rows of ``block``."""
    for row, moves in zip(block, symmetry.fields(), strict=True):
        for index, derivation in moves.items():
            node, offset = network.nodes[index], network.offsets[index]
            shape = matrix_shape(node)
            value = point[offset : offset + node.size].reshape(shape)
            moved = row[offset : offset + node.size].reshape(shape)
            for (i, j), factor in derivation.left.items():
                moved[i] += _times(_residue(factor, prime), value[j], prime)
            for (i, j), factor in derivation.right.items():
                moved[:, j] += _times(_residue(factor, prime), value[:, i], prime)


def _fill(block: Array, network: Network, symmetry: Symmetry, point: Array, prime: int) -> None:
    """Writes the fields of one symmetry into the rows of ``block``."""
    interface = symmetry.interface
    activation = interface.activation
    assert activation is not None
    first, second = (_Tensor(network, index, point) for index in (interface.first, interface.second))
    first_bias = None if interface.first_bias is None else _Tensor(network, interface.first_bias, point)
    second_bias = None if interface.second_bias is None else _Tensor(network, interface.second_bias, point)
    scale, centre, constant = (
        _residue(value, prime) for value in (activation.scale, activation.centre, activation.constant)
    )
    n = interface.width
    match symmetry.kind:
        case "scaling":
            for i in range(n):
                block[i, first.row(i)] = first.value[i]
                block[i, second.column(i)] = -activation.degree * second.value[:, i]
                if first_bias is not None:
                    block[i, first_bias.entry(i)] = first_bias.value[i] + centre
                if second_bias is not None:
                    block[i, second_bias.all()] = _times(activation.degree * constant, second.value[:, i], prime)
        case "general-linear":
            for i in range(n):
                for j in range(n):
                    row = block[i * n + j]
                    row[first.row(i)] = first.value[j]
                    row[second.column(j)] -= second.value[:, i]
                    if first_bias is not None:
                        row[first_bias.entry(i)] = first_bias.value[j]
                    if second_bias is not None:
                        row[second_bias.all()] = _times(constant, second.value[:, i], prime)
        case "translation":
            assert first_bias is not None
            assert second_bias is not None
            for j in range(n):
                block[j, first_bias.entry(j)] = 1
                block[j, second_bias.all()] = _times(-scale, second.value[:, j], prime)
        case "rotation":
            pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
            for row, (i, j) in zip(block, pairs, strict=True):
                row[first.row(i)] = _times(second.value[0, j], first.value[j], prime)
                row[first.row(j)] = _times(-second.value[0, i], first.value[i], prime)
                if first_bias is not None:
                    row[first_bias.entry(i)] = second.value[0, j] * (first_bias.value[j] + centre)
                    row[first_bias.entry(j)] = -second.value[0, i] * (first_bias.value[i] + centre)


class _Tensor:
    """A parameter tensor at a point: its value and the positions of its entries in w."""

    def __init__(self, network: Network, index: int, point: Array) -> None:
        node = network.nodes[index]
        self.offset = network.offsets[index]
        self.shape = node.shape
        self.value = point[self.offset : self.offset + node.size].reshape(node.shape)

    def row(self, i: int) -> slice:
        return slice(self.offset + i * self.shape[1], self.offset + (i + 1) * self.shape[1])

    def column(self, j: int) -> slice:
        return slice(self.offset + j, self.offset + self.shape[0] * self.shape[1], self.shape[1])

    def entry(self, i: int) -> int:
        return self.offset + i

    def all(self) -> slice:
        return slice(self.offset, self.offset + self.shape[0])


def _residue(value: Fraction, prime: int) -> float:
    residue = value.numerator * pow(value.denominator, -1, prime) % prime
    return float(residue - prime if residue > prime // 2 else residue)


def _times(factor: float, values: Array, prime: int) -> Array:
    """Returns factor * values modulo p; |factor| may be a small multiple of p."""
    reduced = reduce_modulo(np.array([float(factor)]), prime)[0]
    return reduce_modulo(reduced * values, prime)
