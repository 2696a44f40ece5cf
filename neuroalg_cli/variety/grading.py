"""The multigrading of the coordinates y: the largest torus read off the graph, under which V is stable.

Rescale every entry of every node such that sums have equal factors and products multiply them (`symmetry.multidegrees`).  If t
acts on the parameters with their weights, on the inputs x_j with weights u_j and on the outputs with weights v_o, then
f_{t.w}(t.x) = t.f_w(x), hence phi_{o,a}(t.w) = t^(v_o - a.u) phi_{o,a}(w).  So phi(W) and V are stable under the torus that acts
on y_(o,a) with weight v_o - a.u, and I(V) is homogeneous for these weights.  The torus may be trivial.

Where V is no cone its projective closure is meant: y_0 has weight 0, and the total degree is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq_mat, fmpz_mat

from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo, reduce_modulo
from neuroalg_cli.linear_algebra.reduced_echelon import reduced_echelon
from neuroalg_cli.symmetry.multidegrees import weights_of_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Integers = NDArray[np.int64]

_PRIME = 8388593


@dataclass(frozen=True)
class Torus:
    """A torus that acts on parameters and coordinates such that phi is equivariant: a column for each of its factors."""

    parameters: Integers
    coordinates: Integers


def torus(network: Network, outputs: Integers, monomials: Integers) -> Torus:
    """Returns the torus read off the graph, acting on the coordinates (output, monomial), without factors that fix them all."""
    nodes = weights_of_nodes(network)
    columns = nodes[network.output].shape[1]
    parameters = np.concatenate([nodes[index] for index in network.offsets] or [np.zeros((0, columns), dtype=np.int64)])
    coordinates = nodes[network.output][outputs] - monomials @ nodes[network.input]
    kept = independent_columns(coordinates)
    parameters, coordinates = parameters[:, kept], coordinates[:, kept]
    if kept:
        divisors = np.gcd.reduce(np.concatenate([parameters, coordinates]), axis=0)
        parameters, coordinates = parameters // divisors, coordinates // divisors
    return Torus(parameters, coordinates)


def natural_weights(outputs: Integers, monomials: Integers, output_size: int) -> Integers:
    """Returns the weights of the coordinates for rescalings of single outputs, then of single inputs: (n, n_L + n_0)."""
    return np.concatenate([np.eye(output_size, dtype=np.int64)[outputs], monomials], axis=1)


def grading(coordinates: Integers, natural: Integers, *, is_cone: bool) -> tuple[Integers, bool]:
    """Returns weights of y with the total degree in their span, and whether these are the natural ones, all of them.

    ``coordinates`` are the weights that are known, independent columns.  The natural ones and the total degree that lie in their
    rational span come first, since they mean something, then as many of the known ones as generate the rest.
    """
    ones = np.ones((len(coordinates), 1), dtype=np.int64)
    meaningful = np.concatenate([natural, ones], axis=1)
    is_known = are_in_span(coordinates, meaningful)
    if is_cone and is_known.all() and _spans(natural, coordinates) and _spans(natural, ones):
        return natural, True
    is_known[-1] |= is_cone
    together = np.concatenate([meaningful[:, is_known], coordinates], axis=1)
    chosen = together[:, independent_columns(together)]
    if not is_cone:
        chosen = np.concatenate([np.zeros((1, chosen.shape[1]), dtype=np.int64), chosen])
        chosen = np.concatenate([chosen, np.ones((len(chosen), 1), dtype=np.int64)], axis=1)
    return chosen, False


def independent_columns(matrix: Integers) -> list[int]:
    """Returns the columns that are independent of those before them, modulo a prime.

    So they are independent over Q; that another one is as well has a tiny probability.
    """
    rows = np.unique(matrix, axis=0)
    return reduced_echelon(reduce_modulo(rows, _PRIME), _PRIME)[0]


def are_in_span(basis: Integers, columns: Integers) -> NDArray[np.bool_]:
    """Returns which columns are rational combinations of the columns of a basis, which are independent modulo the prime."""
    rank = basis.shape[1]
    if rank == 0:
        return np.array([not column.any() for column in columns.T], dtype=bool)
    rows = list(rank_modulo(basis, _PRIME).pivot_rows)
    assert len(rows) == rank, "the columns of a basis are independent"
    square = fmpz_mat(rank, rank, basis[rows].reshape(-1).tolist())
    combinations = fmpq_mat(square).solve(
        fmpq_mat(fmpz_mat(rank, columns.shape[1], columns[rows].reshape(-1).tolist()))
    )
    numerators, denominator = combinations.numer_denom()
    table = np.array([int(entry) for entry in numerators.entries()], dtype=object).reshape(rank, columns.shape[1])
    distinct = np.unique(np.concatenate([basis, columns], axis=1), axis=0).astype(object)
    products = distinct[:, :rank] @ table
    equal = products == int(denominator) * distinct[:, rank:]
    return np.array([column.all() for column in equal.T], dtype=bool)


def _spans(matrix: Integers, columns: Integers) -> bool:
    """Returns whether columns are rational combinations of those of a matrix."""
    return bool(are_in_span(matrix[:, independent_columns(matrix)], columns).all())
