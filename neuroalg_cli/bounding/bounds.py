"""Upper bounds for the dimension of a neurovariety that hold for a reason, each with the evidence to replay it.

A network is cut at its interfaces (`neuroalg_cli.symmetry.symmetries`) into blocks, networks of their own between two cuts.
D of a block is the dimension of its functions on those values of its first node that occur in the network.  It is at most

``coordinates``    the number of coordinates that can be nonzero, by degrees; a block that begins with an activation is
                   counted in the values behind it, since g -> g o s is linear;
``monomials``      the number of monomials that occur in the outputs if nothing cancels, where weights are shared;
``determinantal``  k(m + n - k) for a block of matrices only (with biases: + n), k the smallest size on the way;
``symmetries``     P - rank of the known symmetry fields of the block at one point modulo one prime;
``composition``    D(left) + D(right) - gain for a cut inside: the functions (h, g) of the left and the right part determine
                   g o h, and the group of the cut's interface moves the pairs without changing it; ``gain`` is the dimension
                   of an orbit.  For n nodes it is n for scalings, if no h_i + c is 0; n rank(h_1, ..., h_n) for all matrices
                   (r = 1; the rank with 1 as one more function for shifts as well); n(n-1)/2 more for rotations, if the
                   functions h_i + c are linearly independent.  Where D(left) counts all coordinates, constants among them,
                   the left part may be shifted as if it had a bias;
``span``           D(left) - gain + k(n + N - k), + n with a bias at the end: with h the functions at a cut, the n outputs lie
                   in the space T(h) of polynomials of certain degrees in h, or in s(h), of dimension N at most
                   (`neuroalg_cli.bounding.spans`; less the constants with a bias), and span no more than k dimensions of it,
                   k the smallest size on the way back from the output through matrices.  T(h) stays when h is scaled, or mixed,
                   which is the gain.  At the first node of the block T is one space and there is no left part;
``fields``         P - rank of known symmetry fields and of hidden ones (`neuroalg_cli.symmetry.hidden_symmetries`), which
                   are looked for only where the other bounds do not meet the rank;
``pfaffian``       3 C(m + 1, 2) - 1 for three quadratic forms in an even number m of variables that are combinations of fewer
                   than 3m/2 squares: a Pfaffian vanishes (V. Strassen 1983; G. Ottaviani, Nagoya Math. J. 193 (2009)).
``curve``          s(m + n - 1) - e (with constants: + m) for m combinations of s powers l_i^r of linear forms in n variables, if
                   s <= n + 2: there is a rational normal curve through the l_i and a map of degree d = floor(s(m-1)/m) from it
                   to the coefficients, so that 2s tangent vectors lie in the span of a curve of degree d + r(n-1), of one
                   dimension more, and e of them are superfluous.  So (5,3,7), r = 3, is defective (J. Alexander,
                   A. Hirschowitz 1995), and (3,5,2), r = 3 (F. London 1890).

Dynamic programming over the pairs of cuts finds the best.  What may go wrong: nothing on the side of validity; the bound may be
larger than the dimension, and then a claim cannot be `proved` by it.  The proofs are in the documentation, section 5.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neuroalg_cli.bounding.block_dimensions import (
    SumsOfPowers,
    coordinate_count,
    determinantal_dimension,
    linear_end,
    rank_of,
)
from neuroalg_cli.bounding.spans import Spans, is_everything_up_to
from neuroalg_cli.counting_coordinates import mixes, monomial_bound
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo, reduce_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.symmetry import hidden_symmetries
from neuroalg_cli.symmetry.known_symmetries import usable_symmetries
from neuroalg_cli.symmetry.symmetries import Symmetry, interfaces
from neuroalg_cli.symmetry.symmetry_fields import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network
    from neuroalg_cli.symmetry.linear_symmetries import LinearSymmetry
    from neuroalg_cli.symmetry.symmetries import Interface

    Array = NDArray[np.float64]
    Form = Literal["raw", "centred", "with 1"]

#: the search takes the cube of the number of cuts; deeper networks are bounded as a whole
MAXIMAL_CUTS = 40
#: the unknowns of all searches for hidden symmetries of quadratic fields
MAXIMAL_UNKNOWNS = 15_000
#: values at a cut to see that none is identically zero
_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class UpperBound:
    """A number that the dimension cannot exceed; ``evidence`` is the tree that the checker replays."""

    value: int
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Block:
    """A block between the cuts numbered ``first`` and ``last``, with the bounds of all smaller ones."""

    first: int
    last: int
    start: int
    end: int
    network: Network
    table: dict[tuple[int, int], UpperBound]

    def bound(self, kind: str, value: int, **evidence: Any) -> UpperBound:
        """Returns a bound of this block with its evidence."""
        return UpperBound(value, {"bound": kind, "from": self.start, "to": self.end, **evidence, "value": value})


def upper_bound(network: Network, point: Array, prime: int) -> UpperBound:
    """Returns the best upper bound that the cuts and known symmetries give, evaluated at a point modulo p."""
    return _Search(network, point, prime).best()


def refined_upper_bound(network: Network, point: Array, prime: int, rank: int) -> UpperBound:
    """Returns the best upper bound with hidden symmetries as well, for a network whose rank was found below `upper_bound`.

    They are looked for in small blocks whose bounds are not met by the ranks of the blocks.
    """
    found = _Search(network, point, prime, unknowns=MAXIMAL_UNKNOWNS).best()
    assert found.value >= rank
    return found


def _value(bound: UpperBound) -> int:
    return bound.value


class _Search:
    """Dynamic programming over the pairs of cuts of one network."""

    def __init__(self, network: Network, point: Array, prime: int, unknowns: int = 0) -> None:
        self.network = network
        self.unknowns_left = unknowns
        self.point = point
        self.prime = prime
        allowed = set(network.cuts())
        self.interfaces = {found.cut: found for found in interfaces(network) if found.cut in allowed}
        if len(self.interfaces) > MAXIMAL_CUTS:
            self.interfaces = {}
        self.cuts = [network.input, *sorted(self.interfaces), network.output]
        self.offsets = {network.nodes[index].name: offset for index, offset in network.offsets.items()}
        self.consumers = network.consumers()
        self.dependent = network.depends_on_input()
        self.spans = Spans(network, [*map(self.behind, self.cuts[:-1]), *self.interfaces])

    def best(self) -> UpperBound:
        last = len(self.cuts) - 1
        table: dict[tuple[int, int], UpperBound] = {}
        for length in range(1, last + 1):
            for i in range(last - length + 1):
                start, end = self.cuts[i], self.cuts[i + length]
                block = _Block(i, i + length, start, end, self.network.between(start, end), table)
                table[i, i + length] = self._best_of(block)
        return table[0, last]

    def _best_of(self, block: _Block) -> UpperBound:
        """Returns the smallest bound of a block; of equal ones that with the simplest reason."""
        simple = [*self._coordinates(block), *self._monomials(block), *self._determinantal(block), *self._sums(block)]
        composed = [*self._compositions(block), *self._spans(block)]
        by_symmetries = self._symmetries(block, min(map(_value, simple), default=math.inf), composed)
        best = min([*simple, *by_symmetries, *composed], key=_value)
        return min([best, *self._fields(block, best.value)], key=_value)

    def _coordinates(self, block: _Block) -> Iterator[UpperBound]:
        count = coordinate_count(block.network)
        if count is not None:
            yield block.bound("coordinates", count)

    def _monomials(self, block: _Block) -> Iterator[UpperBound]:
        """Yields the bound by monomials for a whole network in which not all monomials of a degree can occur."""
        is_whole = (block.start, block.end) == (self.network.input, self.network.output)
        if is_whole and not mixes(block.network):
            count = monomial_bound(block.network)
            if count is not None:
                yield block.bound("monomials", count)

    def _determinantal(self, block: _Block) -> Iterator[UpperBound]:
        dimension = determinantal_dimension(block.network)
        if dimension is not None:
            yield block.bound("determinantal", dimension)

    def _sums(self, block: _Block) -> Iterator[UpperBound]:
        """Yields the bounds of a block with one hidden layer, whose activation is a shifted power of degree r >= 2."""
        if block.last != block.first + 2:
            return
        interface, start = self.interfaces[self.cuts[block.first + 1]], self.behind(block.start)
        first, second = (self.consumers[matrix][0] for matrix in (interface.first, interface.second))
        has_constant = interface.second_bias is not None
        if has_constant:
            (second,) = self.consumers[second]
        activation = interface.activation
        if (
            self.network.nodes[first].operands[1] != start
            or second != block.end
            or not activation
            or activation.degree < 2
        ):
            return
        has_constant |= bool(activation.constant)
        is_affine = has_constant or interface.first_bias is not None or bool(activation.centre)
        variables, outputs = self.network.nodes[start].size + is_affine, block.network.output_size
        sums = SumsOfPowers(outputs, variables, interface.width, activation.degree, has_constant)
        for kind, value, evidence in (*sums.by_pfaffian(), *sums.by_curve(self.prime)):
            yield block.bound(kind, value, cut=interface.cut, variables=variables, **evidence)

    def _compositions(self, block: _Block) -> Iterator[UpperBound]:
        for k in range(block.first + 1, block.last):
            left, right = block.table[block.first, k], block.table[k, block.last]
            gain = self._gain(self.cuts[k], is_free=self._is_free(left))
            parts = {"cut": self.cuts[k], "gain": gain, "left": left.evidence, "right": right.evidence}
            yield block.bound("composition", left.value + right.value - gain, **parts)

    def _spans(self, block: _Block) -> Iterator[UpperBound]:
        best = math.inf
        for k in range(block.first, block.last):
            cut = self.cuts[k]
            for at in {cut, self.behind(cut)} - {block.end}:
                found = self._outputs_in_span(at, block.end)
                if found is None:
                    continue
                value, is_everything, evidence = found
                if k > block.first:
                    left = block.table[block.first, k]
                    n = self.network.nodes[cut].size
                    if value + left.value - (n * (n + 1) if at == cut else n) >= best:
                        continue  # the largest gain would not help
                    is_free = self._is_free(left)
                    gain = self._span_gain(self.interfaces[cut], at, is_everything=is_everything, is_free=is_free)
                    value += left.value - gain
                    evidence = {**evidence, "cut": cut, "gain": gain, "left": left.evidence}
                if value < best:
                    best = value
                    yield block.bound("span", value, **evidence)

    @functools.cache  # noqa: B019  # the search lives as long as one question
    def _outputs_in_span(self, at: int, end: int) -> tuple[int, bool, dict[str, Any]] | None:
        """Returns the dimension of the outputs in one span at a node, whether it holds all degrees, and the evidence."""
        degrees = self.spans.degrees(at, end)
        span = None if degrees is None else self.spans.bound(at, degrees)
        if degrees is None or span is None:
            return None
        rank, is_shifted = linear_end(self.network, self.dependent, at, end)
        n, columns = self.network.nodes[end].size, span.value - is_shifted
        k = min(rank, n, columns)
        value = k * (n + columns - k) + n * is_shifted
        return value, is_everything_up_to(degrees), {"at": at, **span.as_json(), "rank": k}

    @functools.cache  # noqa: B019
    def _gain(self, cut: int, *, is_free: bool) -> int:
        """Returns the dimension of the orbits of a cut's group on pairs of functions."""
        interface = self.interfaces[cut]
        n, activation, rows = interface.width, interface.activation, self.network.nodes[interface.second].shape[0]
        if activation is None or (activation.centre and not is_free and interface.first_bias is None):
            return 0
        takes_constant = not activation.constant or interface.second_bias is not None
        if activation.degree == 1:
            can_shift = (is_free or interface.first_bias is not None) and interface.second_bias is not None
            return n * self._rank_of_values(cut, "with 1" if can_shift else "raw") if takes_constant else 0
        if activation.degree == 2 and rows == 1 and self._rank_of_values(cut, "centred") == n:
            return n * takes_constant + n * (n - 1) // 2
        return n if takes_constant and self._values(cut, "centred", _SAMPLES).any(axis=0).all() else 0

    def _span_gain(self, interface: Interface, at: int, *, is_everything: bool, is_free: bool) -> int:
        """Returns the dimension of the orbits of changes of the values at a cut that keep their polynomials at ``at``."""
        activation, cut, can_shift = interface.activation, interface.cut, is_free or interface.first_bias is not None
        if at == cut:
            return interface.width * self._rank_of_values(cut, "with 1" if is_everything and can_shift else "raw")
        if activation is None or (activation.centre and not can_shift) or (activation.constant and not is_everything):
            return 0
        return interface.width if self._values(cut, "centred", _SAMPLES).any(axis=0).all() else 0

    def _is_free(self, left: UpperBound) -> bool:
        """Returns whether a bound counts all polynomials of some degrees, 0 among them, which may be shifted like biases."""
        degrees = self.spans.degrees(self.behind(left.evidence["from"]), left.evidence["to"])
        return left.evidence["bound"] == "coordinates" and degrees is not None and 0 in degrees

    @functools.cache  # noqa: B019
    def _rank_of_values(self, cut: int, form: Form) -> int:
        """Returns a lower bound for the number of independent functions among the values at a cut."""
        values = self._values(cut, form, self.network.nodes[cut].size + 1)
        return rank_modulo(values, self.prime, overwrite=True).rank

    def _values(self, cut: int, form: Form, count: int) -> Array:
        """Returns h, h + c or (h, 1) for the values h at a cut on random inputs of the network, one row for each."""
        left = self.network.between(self.network.input, cut)
        inputs = balanced(residues(0, f"values/{cut}", count * left.input_size, self.prime), self.prime)
        values = modular.evaluate(left, self.restrict(left), inputs.reshape(count, left.input_size), self.prime)
        activation = self.interfaces[cut].activation
        if form == "with 1":
            return np.hstack([values, np.ones((count, 1))])
        if form == "raw" or activation is None:
            return values
        return reduce_modulo(values + modular.ModularArithmetic(self.prime).constant(activation.centre), self.prime)

    def _symmetries(self, block: _Block, simple: float, composed: list[UpperBound]) -> Iterator[UpperBound]:
        """Yields the bound by symmetry fields unless it cannot be the best: it costs most."""
        network = block.network
        found = usable_symmetries(network)
        promise = network.parameter_count - sum(symmetry.count for symmetry in found)
        # A count of parameters and symmetries says more than a composition of the same value, so it goes first.
        if promise >= simple or promise > min(map(_value, composed), default=math.inf):
            return
        rank = 0
        point = self.restrict(network)
        if all(symmetry.kind == "scaling" for symmetry in found) and _moves_every_neuron(network, found, point):
            rank = sum(symmetry.count for symmetry in found)
        elif found:
            rank = rank_modulo(fields(network, found, point, self.prime), self.prime, overwrite=True).rank
        listed = [symmetry.as_json(network) for symmetry in found]
        count = network.parameter_count
        yield block.bound("symmetries", count - rank, parameters=count, rank=rank, symmetries=listed)

    def _fields(self, block: _Block, best: int) -> Iterator[UpperBound]:
        """Yields the bound by hidden symmetries of a small block whose rank is below the best bound."""
        network = block.network
        largest = network.parameter_count * math.comb(network.parameter_count + 2, 2)
        if largest > self.unknowns_left or not hidden_symmetries.is_searchable(network):
            return
        if best <= rank_of(network, self.prime):
            return
        self.unknowns_left -= largest
        found = usable_symmetries(network)
        modulus, there = hidden_symmetries.PRIME, np.array(hidden_symmetries.search_point(network))
        known = (
            (fields(network, found, balanced(there, modulus), modulus) % modulus).astype(np.int64).tolist()
            if found
            else []
        )
        hidden = hidden_symmetries.hidden_fields(network, known=known, maximal_unknowns=largest)
        if not hidden:
            return
        point = self.restrict(network)
        residue = [int(value) % self.prime for value in point]
        rows = [np.array([field.at(residue, self.prime) for field in hidden]).reshape(-1, network.parameter_count)]
        rows += [fields(network, found, point, self.prime)] if found else []
        rank = rank_modulo(reduce_modulo(np.vstack(rows).astype(float), self.prime), self.prime).rank
        count = network.parameter_count
        listed = [symmetry.as_json(network) for symmetry in found]
        explicit = [field.as_json(network) for field in hidden]
        yield block.bound("fields", count - rank, parameters=count, rank=rank, symmetries=listed, fields=explicit)

    def behind(self, cut: int) -> int:
        """Returns the activation that is the only user of a node, or the node."""
        users = self.consumers[cut]
        return users[0] if len(users) == 1 and self.network.nodes[users[0]].operation == "polynomial" else cut

    def restrict(self, block: Network) -> Array:
        """Returns the part of the point that belongs to a block's parameters."""
        pieces = []
        for index in block.offsets:
            node = block.nodes[index]
            offset = self.offsets[node.name]
            pieces.append(self.point[offset : offset + node.size])
        return np.concatenate(pieces) if pieces else np.zeros(0)


def _moves_every_neuron(block: Network, scalings: list[Symmetry | LinearSymmetry], point: Array) -> bool:
    """Returns whether no neuron has only zero weights; scalings are then independent.

    The field of a neuron is nonzero on its row of the first matrix, where of the others only fields of earlier interfaces are
    not zero: a triangular argument from the first interface on.
    """
    for symmetry in scalings:
        assert isinstance(symmetry, Symmetry)
        node = block.nodes[symmetry.interface.first]
        offset = block.offsets[symmetry.interface.first]
        if not point[offset : offset + node.size].reshape(node.shape).any(axis=1).all():
            return False
    return True
