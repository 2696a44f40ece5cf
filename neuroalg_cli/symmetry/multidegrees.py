"""The multidegrees of a network's parameters: how its functions react when neurons, inputs and outputs are rescaled.

A rescaling gives every entry of every node a factor, such that sums have equal ones and products multiply them: a torus.  Each
parameter has a degree for each of its one-parameter subgroups, and each entry of f_w(x) is homogeneous for all of them.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq_mat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network


def multidegrees(network: Network) -> NDArray[np.int64]:
    """Returns a row of integers for every parameter, its degrees for all rescalings that make every entry of f homogeneous.

    A rescaling gives every entry of every node a number; sums have equal ones, products add them.  The entries of a node that can
    be zero or constant are free or have the number 0.
    """
    sizes = [node.size for node in network.nodes]
    first = [0, *itertools.accumulate(sizes)]
    equations: set[tuple[tuple[int, int], ...]] = set()

    def equal(result: int, *terms: tuple[int, int]) -> None:
        row: dict[int, int] = defaultdict(int)
        row[result] += 1
        for entry, factor in terms:
            row[entry] -= factor
        equations.add(tuple(sorted((entry, factor) for entry, factor in row.items() if factor)))

    for index, node in enumerate(network.nodes):
        below = [range(first[operand], first[operand + 1]) for operand in node.operands]
        for i in range(node.size):
            result = first[index] + i
            match node.operation:
                case "matmul":
                    columns = node.shape[1] if len(node.shape) == 2 else 1
                    inner = network.nodes[node.operands[0]].shape[1]
                    row, column = divmod(i, columns)
                    for k in range(inner):
                        equal(result, (below[0][row * inner + k], 1), (below[1][k * columns + column], 1))
                case "product":
                    equal(result, (below[0][i], 1), (below[1][i], 1))
                case "sum":
                    for summand in below:
                        equal(result, (summand[i], 1))
                case "polynomial":
                    for exponent, _ in node.terms:
                        equal(result, (below[0][i], exponent))
                case "gather":
                    if node.indices[i] >= 0:
                        equal(result, (list(itertools.chain(*below))[node.indices[i]], 1))
    total = first[-1]
    matrix = fmpq_mat(len(equations), total) if equations else fmpq_mat(0, total)
    for i, equation in enumerate(equations):
        for entry, factor in equation:
            matrix[i, entry] = factor
    reduced, rank = matrix.rref()
    pivots = [next(j for j in range(total) if reduced[i, j] != 0) for i in range(rank)]
    free = [j for j in range(total) if j not in set(pivots)]
    scale = 1
    weights = np.zeros((total, len(free)), dtype=object)
    for column, j in enumerate(free):
        weights[j, column] = Fraction(1)
        for i, pivot in enumerate(pivots):
            value = -reduced[i, j]
            weights[pivot, column] = Fraction(int(value.p), int(value.q))
            scale = math.lcm(scale, weights[pivot, column].denominator)
    entries = [first[index] + i for index in network.offsets for i in range(network.nodes[index].size)]
    rows = [[int(weight * scale) if weight else 0 for weight in weights[entry]] for entry in entries]
    return np.array(rows, dtype=np.int64).reshape(len(entries), len(free))
