"""The dimension of the linear span of a neuromanifold: the rank of the values of many functions at many inputs.

The matrix with one row per random w and one column per random input and entry of the output has the rank of the span as
soon as it has more rows and columns than that: functions that are linearly independent are told apart by as many generic
inputs, and generic functions of a set span its linear span.  Computed modulo one prime of 23 bits.

What may go wrong: a random point is exceptional, which makes the number too small, with probability below
(dimension * degree)/2^22 for each of w and the inputs (J. T. Schwartz 1980, R. Zippel 1979).  Never used as a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.exact_linear_algebra import random_prime, rank_modulo
from neuroalg_cli.interpreters import modular
from neuroalg_cli.random_points import balanced, generator, residues

if TYPE_CHECKING:
    from neuroalg_cli.parametrization import PolynomialMap

#: the span of more coordinates is not computed: every function is one evaluation
_MAXIMAL_COORDINATES = 400
_FURTHER = 8


def linear_span_dimension(phi: PolynomialMap) -> int | None:
    """Returns the dimension of the linear span of phi(W), or None where the ambient space is unknown or too large."""
    ambient = phi.ambient_dimension
    if ambient is None or ambient > _MAXIMAL_COORDINATES:
        return None
    network = phi.network
    outputs = network.output_size
    source = generator(0, "linear-span/prime")
    prime = random_prime(source)
    while not phi.activation_numbers % prime:
        prime = random_prime(source)
    count = -(-ambient // outputs) + _FURTHER
    inputs = residues(0, "linear-span/inputs", count * network.input_size, prime).reshape(count, network.input_size)
    functions = min(16, ambient) + _FURTHER
    while True:
        rows = []
        for number in range(functions):
            w = balanced(residues(0, f"linear-span/w/{number}", network.parameter_count, prime), prime)
            rows.append(modular.evaluate(network, w, balanced(inputs, prime), prime).reshape(-1))
        rank = rank_modulo(np.array(rows), prime, overwrite=True).rank
        if rank <= functions - _FURTHER or functions >= ambient + _FURTHER:
            return rank
        functions = min(2 * functions, ambient + _FURTHER)
