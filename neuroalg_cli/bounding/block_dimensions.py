"""What bounds the dimension of one block of a network by its shape alone: see `neuroalg_cli.bounding.bounds` for the reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.parametrization import PolynomialMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.network import Network


@dataclass(frozen=True, slots=True)
class SumsOfPowers:
    """Outputs that are combinations of powers of linear forms, and of constants; with constants 1 is one of the variables."""

    outputs: int
    variables: int
    terms: int
    degree: int
    has_constant: bool

    def by_pfaffian(self) -> Iterator[tuple[str, int, dict[str, int]]]:
        """Yields the kind, the bound and the keys of the evidence for few squares in three outputs."""
        squares = self.terms + self.has_constant
        if (self.degree, self.outputs, self.variables % 2) == (2, 3, 0) and 2 * squares < 3 * self.variables:
            yield "pfaffian", 3 * math.comb(self.variables + 1, 2) - 1, {"squares": squares}

    def by_curve(self, prime: int) -> Iterator[tuple[str, int, dict[str, int]]]:
        """Yields the same where a rational curve through all terms makes tangent vectors superfluous."""
        s, m, n = self.terms, self.outputs, self.variables
        degree = s * (m - 1) // m  # the least d with m(d + 1) > s(m - 1)
        excess = 2 * s - (degree + self.degree * (n - 1) + 1)
        if n >= 2 and s <= n + 2 and excess > 0 and _curves_pass_through(s, m, degree, prime):
            value = s * (m + n - 1) - excess + m * self.has_constant
            yield "curve", value, {"terms": s, "degree": degree}


def coordinate_count(block: Network) -> int | None:
    """Returns an upper bound for the dimension of the linear span of a block's functions; None if it is too large to count.

    If nothing but an activation s uses the block's input, the functions are g o s, and there are no more of them than of g.
    """
    counts = []
    users = block.consumers()[block.input]
    behind = users[0] if len(users) == 1 and block.nodes[users[0]].operation == "polynomial" else block.output
    for network in [block] if behind == block.output else [block, block.between(behind, block.output)]:
        try:
            counts.append(PolynomialMap(network).coordinate_bound)
        except SpecError:
            continue  # more coordinates than can be counted bound nothing
    return min(counts, default=None)


def determinantal_dimension(block: Network) -> int | None:
    """Returns k(m + n - k) (+ n with biases) for x -> W_j(... W_i x + b_i ...) + b_j, or None for another network.

    Every node must be a product of a parameter matrix with the node before it or that plus a parameter vector.
    """
    k = m = block.input_size
    has_bias = False
    current = block.input
    if len(block.nodes[current].shape) != 1:
        return None
    order = [i for i, node in enumerate(block.nodes) if node.operation not in ("input", "parameter")]
    for index in order:
        node = block.nodes[index]
        parameter, previous = node.operands[0], node.operands[-1]
        if node.operation == "sum":
            parameter, previous = previous, parameter
        is_affine = node.operation in ("matmul", "sum") and len(node.operands) == 2
        if not is_affine or block.nodes[parameter].operation != "parameter" or previous != current:
            return None
        k = min(k, node.size)
        has_bias |= node.operation == "sum"
        current = index
    n = block.output_size
    return k * (m + n - k) + (n if has_bias else 0)


def _curves_pass_through(points: int, dimension: int, degree: int, prime: int) -> bool:
    """Returns whether maps of a degree from the line to K^m reach general points of the projective space at general places.

    They do if the derivative of phi -> (phi(1), ..., phi(s)) has full rank somewhere, modulo a prime.
    """
    source = residues(0, "curve", dimension * (degree + 1), prime).reshape(dimension, degree + 1).tolist()
    rows = []
    for place in range(1, points + 1):
        powers = [pow(place, e, prime) for e in range(degree + 1)]
        image = [sum(c * power for c, power in zip(line, powers, strict=True)) % prime for line in source]
        for k in range(1, dimension):  # phi_0 psi_k - phi_k psi_0
            factors = [-image[k], *(image[0] if j == k else 0 for j in range(1, dimension))]
            rows.append([factor * power % prime for factor in factors for power in powers])
    if not rows:
        return True
    return rank_modulo(balanced(np.array(rows), prime), prime, overwrite=True).rank == len(rows)


def rank_of(block: Network, prime: int) -> int:
    """Returns the rank of d phi of a block at a random point modulo p: what its bounds can meet."""
    count, n = block.parameter_count, block.input_size
    w, x = residues(0, "block/w", count, prime), residues(0, "block/x", (count + 3) * n, prime).reshape(-1, n)
    jacobian = modular.jacobian(block, balanced(w, prime), balanced(x, prime), prime)
    return rank_modulo(jacobian, prime, overwrite=True).rank


def linear_end(network: Network, dependent: list[bool], start: int, end: int) -> tuple[int, bool]:
    """Returns the least size on the way back from ``end`` to ``start`` as long as it is affine, and whether a vector is added.

    ``dependent``: which nodes depend on the input of the network.
    """
    rank, is_shifted = network.nodes[end].size, False
    while end != start:
        node = network.nodes[end]
        below = [operand for operand in node.operands if dependent[operand]]
        if node.operation not in ("matmul", "sum", "gather") or len(below) != 1:
            break
        is_shifted |= node.operation != "matmul" and len(node.operands) > 1
        (end,) = below
        rank = min(rank, network.nodes[end].size)
    return rank, is_shifted
