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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network


def multidegrees(network: Network) -> NDArray[np.int64]:
    """Returns a row of integers for every parameter, its degrees for all rescalings that make every entry of f homogeneous."""
    weights = weights_of_nodes(network)
    return np.concatenate([weights[index] for index in network.offsets] or [weights[network.input][:0]])


def weights_of_nodes(network: Network) -> list[NDArray[np.int64]]:
    """Returns, for every node, a row of integers for every entry: its degrees for all rescalings.

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
        flat = list(itertools.chain(*below)) if node.operation == "gather" else []
        for i in range(node.size):
            result = first[index] + i
            match node.operation:
                case "matmul":
                    columns = node.shape[1] if len(node.shape) == 2 else 1
                    inner = network.nodes[node.operands[0]].shape[1]
                    line, column = divmod(i, columns)
                    for k in range(inner):
                        equal(result, (below[0][line * inner + k], 1), (below[1][k * columns + column], 1))
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
                        equal(result, (flat[node.indices[i]], 1))
                case "reciprocal":
                    equal(result, (below[0][i], -1))
                case "function":
                    equal(result)
                    equal(below[0][i])
    total = first[-1]
    solved = _echelon_form(sorted(equations))
    free = [entry for entry in range(total) if entry not in solved]
    place = {entry: column for column, entry in enumerate(free)}
    scale = math.lcm(*(factor.denominator for value in solved.values() for factor in value.values()))
    integers = np.zeros((total, len(free)), dtype=np.int64)
    for entry, column in place.items():
        integers[entry, column] = scale
    for pivot, value in solved.items():
        for entry, factor in value.items():
            integers[pivot, place[entry]] = int(factor * scale)
    return [integers[start:end] for start, end in itertools.pairwise(first)]


def _echelon_form(equations: list[tuple[tuple[int, int], ...]]) -> dict[int, dict[int, Fraction]]:
    """Returns the solution of linear equations: the first entry of each independent one in terms of entries that are free."""
    solved: dict[int, dict[int, Fraction]] = {}
    for equation in equations:
        row = {entry: Fraction(factor) for entry, factor in equation}
        while row and (first := min(row)) in solved:
            _substitute(row, first, solved[first])
        if row:
            factor = -row.pop(first)
            solved[first] = {entry: value / factor for entry, value in row.items()}
    for pivot in sorted(solved, reverse=True):
        row = solved[pivot]
        for entry in sorted(row):
            if entry in solved:
                _substitute(row, entry, solved[entry])
    return solved


def _substitute(row: dict[int, Fraction], entry: int, value: dict[int, Fraction]) -> None:
    """Replaces an entry of a linear form by its value."""
    factor = row.pop(entry)
    for other, coefficient in value.items():
        total = row.get(other, 0) + factor * coefficient
        if total:
            row[other] = total
        else:
            row.pop(other, None)
