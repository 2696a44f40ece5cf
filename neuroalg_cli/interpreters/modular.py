"""The modular interpreter: values and derivatives modulo a prime below 2^23, exact in float64.

Residues are balanced, in [-(p-1)/2, (p-1)/2], so that sums of 511 products stay below 2^53.  Nothing is expanded: the
cost depends on the number of parameters and inputs, never on the number of monomials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.interpreters import arrays
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, reduce_modulo

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Array = NDArray[np.float64]

_CHUNK_BYTES = 16 * 2**20


class ModularArithmetic:
    """Arithmetic modulo p on balanced residues; p must not divide a denominator of an activation."""

    def __init__(self, prime: int) -> None:
        self.prime = prime

    def product(self, left: Array, right: Array) -> Array:
        """Returns the exact matrix product modulo p."""
        return modular_product(left, right, self.prime)

    def reduce(self, values: Array) -> Array:
        """Returns balanced residues of values below 2^53."""
        return reduce_modulo(values, self.prime)

    def constant(self, value: Fraction | int) -> float:
        """Returns the balanced residue of a rational number."""
        residue = value.numerator * pow(value.denominator, -1, self.prime) % self.prime
        return float(residue - self.prime if residue > self.prime // 2 else residue)

    def reciprocal(self, values: Array) -> Array:
        """Returns inverses modulo p, as z^(p-2) (Fermat); raises `ZeroDivisionError` where an entry is zero."""
        if not values.all():
            raise ZeroDivisionError("a denominator is zero at this point")
        result = np.ones_like(values)
        for bit in f"{self.prime - 2:b}":
            result = self.reduce(result * result)
            if bit == "1":
                result = self.reduce(result * values)
        return result


class _ZeroForPoles(ModularArithmetic):
    """The same with 1/0 = 0, to find where the denominators are zero."""

    def reciprocal(self, values: Array) -> Array:
        """Returns inverses modulo p, and 0 for 0."""
        return np.where(values == 0, 0.0, super().reciprocal(np.where(values == 0, 1.0, values)))


def are_regular(network: Network, parameters: Array, inputs: Array, prime: int) -> NDArray[np.bool_]:
    """Returns for every input whether no denominator of the network is zero modulo p there: shape (batch,)."""
    result = np.ones(len(inputs), dtype=bool)
    denominators = {node.operands[0] for node in network.nodes[: network.output + 1] if node.operation == "reciprocal"}
    if not denominators:
        return result
    arithmetic = _ZeroForPoles(prime)
    chunk = max(1, _CHUNK_BYTES // (8 * sum(node.size for node in network.nodes)))
    for start in range(0, len(inputs), chunk):
        part = slice(start, start + chunk)
        values = arrays.forward(network, parameters, inputs[part], arithmetic)
        for index in denominators:
            value = values[index].reshape(-1, network.nodes[index].size)  # one row if no input reaches it
            result[part] &= value.all(axis=1)
    return result


def evaluate(network: Network, parameters: Array, inputs: Array, prime: int) -> Array:
    """Returns f_w modulo p at every input: shape (batch, m), balanced residues."""
    return arrays.outputs(network, parameters, inputs, ModularArithmetic(prime))


def jacobian(
    network: Network, parameters: Array, inputs: Array, prime: int, columns: NDArray[np.int64] | None = None
) -> Array:
    """Returns d f_w(x_i) / dw modulo p: shape (batch * m, P), or only the given columns of it.

    Works through the inputs in chunks, so that what is needed beside the result stays below some 200 MiB.
    """
    arithmetic = ModularArithmetic(prime)
    width = network.parameter_count if columns is None else len(columns)
    outputs = network.output_size
    result = np.empty((len(inputs) * outputs, width))
    widest = max(node.size for node in network.nodes)
    rows = max(1, _CHUNK_BYTES // (8 * max(network.parameter_count, widest)))
    step, chunk = min(rows, outputs), max(1, rows // outputs)  # parts of the outputs where one input is too much
    for start in range(0, len(inputs), chunk):
        some = inputs[start : start + chunk]
        for first in range(0, outputs, step):
            part = slice(first, min(first + step, outputs))
            block = arrays.jacobian(network, parameters, some, arithmetic, part)
            position = start * outputs + first
            result[position : position + len(block)] = block if columns is None else block[:, columns]
    return result
