"""The floating interpreter: values and derivatives in float64, for numerics; never for a rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.interpreters import arrays

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Array = NDArray[np.float64]


class FloatingArithmetic:
    """float64 arithmetic."""

    def product(self, left: Array, right: Array) -> Array:
        """Returns the matrix product."""
        return np.asarray(left @ right)

    def reduce(self, values: Array) -> Array:
        """Returns the values themselves."""
        return values

    def constant(self, value: Fraction | int) -> float:
        """Returns the nearest float."""
        return float(value)

    def reciprocal(self, values: Array) -> Array:
        """Returns 1/z for every entry."""
        if not values.all():
            raise ZeroDivisionError("a denominator is zero at this point")
        return np.asarray(1.0 / values)


def evaluate(network: Network, parameters: Array, inputs: Array) -> Array:
    """Returns f_w at every input: shape (batch, m)."""
    return arrays.outputs(network, parameters, inputs, FloatingArithmetic())


def jacobian(network: Network, parameters: Array, inputs: Array) -> Array:
    """Returns d f_w(x_i) / dw: shape (batch * m, P)."""
    return arrays.jacobian(network, parameters, inputs, FloatingArithmetic())
