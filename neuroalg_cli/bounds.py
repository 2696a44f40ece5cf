"""Upper bounds for the dimension of a neurovariety that hold for a reason, each with the evidence to replay it.

A network is cut at its interfaces (`neuroalg_cli.symmetries`) into blocks, networks of their own between two cuts.
For every block D is at most

``coordinates``    the number of coordinates that can be nonzero, by degrees; a block that begins with an activation is counted
                   in the values behind it, since g -> g o s is linear;
``determinantal``  k(m + n - k) for a block of matrices only (with biases: + n), k the smallest size on the way;
``symmetries``     P - rank of the known symmetry fields of the block at one point modulo one prime;
``composition``    D(left) + D(right) - g for a cut inside with n nodes: the pair of functions (h, k) of the left and the right
                   part determines k o h, and the group of the cut's interface acts on the pairs without changing it, so
                   that g is the dimension of a generic orbit.  Scalings move every h_i + c that is not identically 0, which
                   makes g = n.  With rotations as well the fields are h' = S (h + c) with S of n + n(n-1)/2 free parameters, and
                   for r = 1 they are h' = S h with any S; S (h + c) = 0 only for S = 0 where the n functions h_i + c are linearly
                   independent, and then g = n + n(n-1)/2 or n^2.  They are if their values at n inputs form an
                   invertible matrix modulo p at one point.

Dynamic programming over the pairs of cuts finds the best.  What may go wrong: nothing on the side of validity; the bound may be
larger than the dimension, and then a claim cannot be `proved` by it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import SpecError
from neuroalg_cli.exact_linear_algebra import rank_modulo
from neuroalg_cli.interpreters import modular
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.random_points import balanced, residues
from neuroalg_cli.symmetries import Symmetry, interfaces, symmetries
from neuroalg_cli.symmetry_fields import fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Array = NDArray[np.float64]

#: beyond so many entries (8 bytes each) a matrix of symmetry fields is not formed
MAXIMAL_FIELD_ENTRIES = 4 * 10**7
#: the search takes the cube of the number of cuts; deeper networks are bounded as a whole
MAXIMAL_CUTS = 40


@dataclass(frozen=True, slots=True)
class UpperBound:
    """A number that the dimension cannot exceed; ``evidence`` is the tree that the checker replays."""

    value: int
    evidence: dict[str, Any]


def upper_bound(network: Network, point: Array, prime: int) -> UpperBound:
    """Returns the best upper bound that the cuts and known symmetries give, evaluated at a point modulo p."""
    return _Search(network, point, prime).best()


def usable_symmetries(network: Network) -> list[Symmetry]:
    """Returns the known symmetries whose fields are small enough to be written down, kind by kind."""
    result: list[Symmetry] = []
    entries = 0
    for symmetry in symmetries(network):
        entries += symmetry.count * network.parameter_count
        if entries > MAXIMAL_FIELD_ENTRIES:
            break
        result.append(symmetry)
    return result


def _value(bound: UpperBound) -> int:
    return bound.value


class _Search:
    """Dynamic programming over the pairs of cuts of one network."""

    def __init__(self, network: Network, point: Array, prime: int) -> None:
        self.network = network
        self.point = point
        self.prime = prime
        allowed = set(network.cuts())
        self.interfaces = {found.cut: found for found in interfaces(network) if found.cut in allowed}
        if len(self.interfaces) > MAXIMAL_CUTS:
            self.interfaces = {}
        self.cuts = [network.input, *sorted(self.interfaces), network.output]
        self.offsets = {network.nodes[index].name: offset for index, offset in network.offsets.items()}

    def best(self) -> UpperBound:
        last = len(self.cuts) - 1
        table: dict[tuple[int, int], UpperBound] = {}
        for length in range(1, last + 1):
            for i in range(last - length + 1):
                j = i + length
                table[i, j] = self._block(i, j, table)
        return table[0, last]

    def _block(self, i: int, j: int, table: dict[tuple[int, int], UpperBound]) -> UpperBound:
        start, end = self.cuts[i], self.cuts[j]
        block = self.network.between(start, end)
        base = {"from": start, "to": end}
        candidates: list[UpperBound] = []
        count = coordinate_count(block)
        if count is not None:
            candidates.append(UpperBound(count, {"bound": "coordinates", **base, "value": count}))
        rank_bounded = determinantal_dimension(block)
        if rank_bounded is not None:
            candidates.append(UpperBound(rank_bounded, {"bound": "determinantal", **base, "value": rank_bounded}))
        compositions = [self._composition(table[i, k], table[k, j], self.cuts[k], base) for k in range(i + 1, j)]
        simple = min(candidates, key=_value, default=None)
        composed = min(compositions, key=_value, default=None)
        found = usable_symmetries(block)
        promise = block.parameter_count - sum(symmetry.count for symmetry in found)
        # A count of parameters and symmetries says more than a composition of the same value, so it goes first.
        if (simple is None or promise < simple.value) and (composed is None or promise <= composed.value):
            candidates.append(self._by_symmetries(block, found, base))
        return min(candidates + compositions, key=_value)

    def _composition(self, left: UpperBound, right: UpperBound, cut: int, base: dict[str, Any]) -> UpperBound:
        gain = self._gain(base["from"], cut)
        value = left.value + right.value - gain
        parts = {"cut": cut, "gain": gain, "left": left.evidence, "right": right.evidence}
        return UpperBound(value, {"bound": "composition", **base, **parts, "value": value})

    @functools.cache  # noqa: B019  # the search lives as long as one question
    def _gain(self, start: int, cut: int) -> int:
        """Returns the dimension of the orbits of a cut's group on pairs, for the block that begins at ``start``."""
        interface = self.interfaces[cut]
        n, activation = interface.width, interface.activation
        if "scaling" not in interface.kinds and "general-linear" not in interface.kinds:
            return 0
        assert activation is not None
        if coordinate_count(self.network.between(start, cut)) == 0:
            return 0  # nothing but the origin is scaled
        whole = n * n if "general-linear" in interface.kinds else n + n * (n - 1) // 2
        if whole == n or not {"general-linear", "rotation"} & set(interface.kinds):
            return n
        left = self.network.between(start, cut)
        inputs = balanced(residues(0, f"gain/{start}/{cut}", n * left.input_size, self.prime), self.prime)
        values = modular.evaluate(left, self.restrict(left), inputs.reshape(n, left.input_size), self.prime)
        centre = modular.ModularArithmetic(self.prime).constant(activation.centre)
        return whole if rank_modulo(values + centre, self.prime).rank == n else n

    def _by_symmetries(self, block: Network, found: list[Symmetry], base: dict[str, Any]) -> UpperBound:
        rank = 0
        point = self.restrict(block)
        if all(symmetry.kind == "scaling" for symmetry in found) and _moves_every_neuron(block, found, point):
            rank = sum(symmetry.count for symmetry in found)
        elif found:
            rank = rank_modulo(fields(block, found, point, self.prime), self.prime, overwrite=True).rank
        value = block.parameter_count - rank
        listed = [symmetry.as_json(block) for symmetry in found]
        evidence = {
            "bound": "symmetries",
            **base,
            "parameters": block.parameter_count,
            "rank": rank,
            "symmetries": listed,
        }
        return UpperBound(value, {**evidence, "value": value})

    def restrict(self, block: Network) -> Array:
        """Returns the part of the point that belongs to a block's parameters."""
        pieces = []
        for index in block.offsets:
            node = block.nodes[index]
            offset = self.offsets[node.name]
            pieces.append(self.point[offset : offset + node.size])
        return np.concatenate(pieces) if pieces else np.zeros(0)


def _moves_every_neuron(block: Network, scalings: list[Symmetry], point: Array) -> bool:
    """Returns whether no neuron has only zero weights; scalings are then independent.

    The field of a neuron is nonzero on its row of the first matrix, where of the others only fields of earlier interfaces are
    not zero: a triangular argument from the first interface on.
    """
    for symmetry in scalings:
        node = block.nodes[symmetry.interface.first]
        offset = block.offsets[symmetry.interface.first]
        if not point[offset : offset + node.size].reshape(node.shape).any(axis=1).all():
            return False
    return True


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
