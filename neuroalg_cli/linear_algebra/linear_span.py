"""The dimension of the linear span of a neuromanifold: the rank of the values of many functions at many inputs.

The matrix with one row per random w and one column per random input and random combination of the entries of the output has the
rank of the span as soon as it has as many rows and columns as that: a function f is zero if and only if l f(x) is the zero
polynomial in (l, x), so that functions that are linearly independent are told apart by as many generic pairs (l, x); and generic
functions of a set span its linear span.  Computed modulo one prime of 23 bits.

What may go wrong: a random point is exceptional, which makes the number too small, with probability below
(dimension * degree)/2^22 for each of w and the inputs (J. T. Schwartz 1980, R. Zippel 1979).  Never used as a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, random_prime, rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.parametrization import PolynomialMap

    Array = NDArray[np.float64]

#: the span of more coordinates is not computed: every function is one evaluation
_MAXIMAL_COORDINATES = 400
#: coordinates times nodes: an evaluation visits every node
_MAXIMAL_WORK = 50_000
#: far below the prime, since z^p and z have the same values modulo p
_MAXIMAL_DEGREE = 10**4
_FURTHER = 8


def linear_span_dimension(phi: PolynomialMap) -> int | None:
    """Returns the dimension of the linear span of phi(W), or None where ambient space or degree are unknown or too large."""
    ambient = phi.ambient_dimension
    if ambient is None or ambient > _MAXIMAL_COORDINATES or phi.total_degree > _MAXIMAL_DEGREE:
        return None
    network = phi.network
    if ambient * len(network.nodes) > _MAXIMAL_WORK:
        return None
    source = generator(0, "linear-span/prime")
    prime = random_prime(source)
    while not phi.activation_numbers % prime:
        prime = random_prime(source)
    count = ambient + _FURTHER
    x = _matrix("inputs", count, network.input_size, prime)
    combinations = _matrix("combinations", count, network.output_size, prime)
    functions = min(16, ambient) + _FURTHER
    rows: list[Array] = []
    number = 0
    while True:
        while len(rows) < functions:
            w = _matrix(f"w/{number}", 1, network.parameter_count, prime)[0]
            number += 1
            try:
                values = modular.evaluate(network, w, x, prime)
            except ZeroDivisionError:  # a parameter is divided by, and it is zero
                if number > 2 * functions + _FURTHER:
                    return None
                continue
            rows.append(modular_product(values[:, None, :], combinations[:, :, None], prime).reshape(-1))
        rank = rank_modulo(np.array(rows), prime, overwrite=True).rank
        if rank <= functions - _FURTHER or functions >= ambient + _FURTHER:
            return rank
        functions = min(2 * functions, ambient + _FURTHER)


def _matrix(label: str, rows: int, columns: int, prime: int) -> Array:
    """Returns a random matrix of balanced residues."""
    return balanced(residues(0, f"linear-span/{label}", rows * columns, prime), prime).reshape(rows, columns)
