"""Which axes of a network's tensors are tied to each other, by unification.

These are the candidates of `neuroalg_cli.symmetry.linear_symmetries`.  Every matrix node v moves by v' = D_row v + v D_column.
The matrix D of an axis is a sum of *strands*: the free matrix of an *atom*, times a factor, perhaps transposed, placed at
some positions of the axis.  Operations tie axes (`_Unifier`), and ties identify atoms, define one by others, or restrict
them: to diagonal, skew or zero matrices.  Where two axes are cut into strands in different ways the unification gives up and
takes both for zero: it may miss symmetries, and invents none that the proof in `neuroalg_cli.symmetry.derivations` would let
pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from neuroalg_cli.symmetry.derivations import matrix_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from neuroalg_cli.network import Network, Node

ClassKind = Literal["full", "diagonal", "skew"]
Occurrence = tuple[int, Literal["left", "right"], Fraction, bool, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True, slots=True)
class AxisClass:
    """Axes with a common free matrix: its kind and size, and where it acts on parameter tensors (fields of ``Move``)."""

    kind: ClassKind
    size: int
    occurrences: tuple[Occurrence, ...]


@dataclass(eq=False, slots=True)
class _Atom:
    """A free matrix; ``image`` once it is defined by other atoms."""

    size: int
    is_diagonal: bool = False
    is_skew: bool = False
    is_zero: bool = False
    image: tuple[_Strand, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Strand:
    """factor * D (transposed) of an atom at positions of an axis; position -1: this entry is not on the axis."""

    atom: _Atom
    factor: Fraction
    is_transposed: bool
    positions: tuple[int, ...]

    def times(self, factor: Fraction | int) -> _Strand:
        return _Strand(self.atom, self.factor * factor, self.is_transposed, self.positions)

    def transposed(self) -> _Strand:
        return _Strand(self.atom, self.factor, not self.is_transposed, self.positions)

    def placed(self, place: Callable[[int], int]) -> _Strand:
        positions = tuple(place(position) if position >= 0 else -1 for position in self.positions)
        return _Strand(self.atom, self.factor, self.is_transposed, positions)


_Axis = tuple[_Strand, ...]


@dataclass(slots=True)
class _Unifier:
    """The axes of all nodes so far, as (row axis, column axis)."""

    network: Network
    axes: list[tuple[_Axis, _Axis]] = field(default_factory=list)
    atoms: list[_Atom] = field(default_factory=list)

    def run(self) -> None:
        """Computes the axes of every node and ties them as its operation wants."""
        for node in self.network.nodes[: self.network.output + 1]:
            self.axes.append(self._axes_of(node))
        for axis in self.axes[self.network.output]:
            self.forbid(axis)

    def _axes_of(self, node: Node) -> tuple[_Axis, _Axis]:
        below = [self.axes[operand] for operand in node.operands]
        match node.operation:
            case "input":
                return (), ()
            case "parameter":
                rows, columns = matrix_shape(node)
                return self._fresh(rows), self._fresh(columns) if len(node.shape) == 2 else ()
            case "matmul":
                (left, middle), (other, right) = below
                self.tie(other, tuple(strand.times(-1) for strand in middle))
                return left, right
            case "sum":
                for left, right in below[1:]:
                    self.tie(below[0][0], left)
                    self.tie(below[0][1], right)
                return below[0]
            case "product":
                for axis in (*below[0], *below[1]):
                    self._restrict_to_diagonal(axis)
                return below[0][0] + below[1][0], below[0][1] + below[1][1]
            case "gather":
                return self._gathered(node, below)
            case _:
                return self._entrywise(node, below[0])

    def _entrywise(self, node: Node, below: tuple[_Axis, _Axis]) -> tuple[_Axis, _Axis]:
        degree = homogeneity(node)
        if degree is None:
            for axis in below:
                self.forbid(axis)
            return (), ()
        if degree == 0:
            return (), ()
        if degree != 1 or node.operation != "polynomial":
            for axis in below:
                self._restrict_to_diagonal(axis)
        left, right = (tuple(strand.times(degree) for strand in axis) for axis in below)
        return left, right

    def _gathered(self, node: Node, below: list[tuple[_Axis, _Axis]]) -> tuple[_Axis, _Axis]:
        """Returns the axes that a gather's rows and columns inherit; what is not inherited is forbidden."""
        rows, columns = matrix_shape(node)
        places: list[tuple[int, int, int]] = []
        for number, operand in enumerate(node.operands):
            height, width = matrix_shape(self.network.nodes[operand])
            places += [(number, i, j) for i in range(height) for j in range(width)]
        table = [
            [places[index] if index >= 0 else None for index in node.indices[i * columns : (i + 1) * columns]]
            for i in range(rows)
        ]
        flipped = [[line[j] for line in table] for j in range(columns)]
        left: list[_Axis] = []
        right: list[_Axis] = []
        for operand, pair in enumerate(below):
            for side, axis in enumerate(pair):
                strands = self.resolved(axis)
                if not strands:
                    continue
                as_rows = self._inherited(table, operand, side, strands)
                as_columns = None if as_rows is not None else self._inherited(flipped, operand, side, strands)
                # rows that become columns, or columns that become rows, act from the other side
                if as_rows is not None:
                    left.append(as_rows if side == 0 else tuple(strand.transposed() for strand in as_rows))
                elif as_columns is not None:
                    right.append(as_columns if side == 1 else tuple(strand.transposed() for strand in as_columns))
                else:
                    self.forbid(strands)
        return self._joined(left), self._joined(right)

    def _inherited(
        self, table: list[list[tuple[int, int, int] | None]], operand: int, side: int, strands: _Axis
    ) -> _Axis | None:
        """Returns the strands of an operand's axis on the rows of a table of picks, None if a row picks from several lines."""
        groups: dict[frozenset[tuple[int, int]], dict[int, int]] = {}
        for i, line in enumerate(table):
            own = {(j, pick[1 + side], pick[2 - side]) for j, pick in enumerate(line) if pick and pick[0] == operand}
            lines = {along for _, along, _ in own}
            if len(lines) > 1:
                return None
            if lines:
                key = frozenset((j, across) for j, _, across in own)
                groups.setdefault(key, {})[lines.pop()] = i
        result: list[_Strand] = []
        for places in groups.values():
            for strand in strands:
                moved = strand.placed(lambda position, places=places: places.get(position, -1))  # type: ignore[misc]
                found = [position for position in moved.positions if position >= 0]
                if found and len(found) < len(moved.positions):
                    self._restrict_to_diagonal((strand,))
                if found:
                    result.append(moved)
        return tuple(result)

    def _joined(self, parts: list[_Axis]) -> _Axis:
        """Returns the common axis of what operands contribute: side by side where they are disjoint, tied where they overlap."""
        result: _Axis = ()
        used: set[int] = set()
        for part in parts:
            positions = {position for strand in part for position in strand.positions if position >= 0}
            if used & positions:
                self.tie(result, part)
            else:
                result += part
                used |= positions
        return result

    def _fresh(self, size: int) -> _Axis:
        atom = _Atom(size)
        self.atoms.append(atom)
        return (_Strand(atom, Fraction(1), False, tuple(range(size))),)

    def resolved(self, axis: Iterable[_Strand]) -> _Axis:
        """Returns the axis in terms of atoms that are free."""
        result: list[_Strand] = []
        for strand in axis:
            if strand.atom.is_zero:
                continue
            if strand.atom.image is None:
                result.append(strand)
                continue
            for part in self.resolved(strand.atom.image):
                inner = part.transposed() if strand.is_transposed else part
                result.append(inner.times(strand.factor).placed(lambda i, s=strand: s.positions[i]))  # type: ignore[misc]
        return tuple(strand for strand in result if any(position >= 0 for position in strand.positions))

    def forbid(self, axis: Iterable[_Strand]) -> None:
        """Restricts the axis to D = 0."""
        for strand in self.resolved(axis):
            strand.atom.is_zero = True

    def _restrict_to_diagonal(self, axis: Iterable[_Strand]) -> None:
        for strand in self.resolved(axis):
            strand.atom.is_diagonal = True
            if strand.atom.is_skew:
                strand.atom.is_zero = True

    def tie(self, first: Iterable[_Strand], second: Iterable[_Strand]) -> None:
        """Restricts both axes to the same D."""
        a, b = self.resolved(first), self.resolved(second)
        if not a or not b:
            self.forbid(a or b)
            return
        partner = {frozenset(strand.positions): strand for strand in b}
        if len(partner) == len(b) == len(a) and all(frozenset(strand.positions) in partner for strand in a):
            for strand in a:
                self._tie_strands(strand, partner[frozenset(strand.positions)])
        elif not (len(a) == 1 and self._define(a[0], b)) and not (len(b) == 1 and self._define(b[0], a)):
            self.forbid(a)
            self.forbid(b)

    def _define(self, strand: _Strand, axis: _Axis) -> bool:
        """Defines the atom of a strand that covers a whole axis by the strands of that axis, unless it occurs among them."""
        atom = strand.atom
        covered = {position for other in axis for position in other.positions if position >= 0}
        if any(other.atom is atom for other in axis) or not covered <= set(strand.positions):
            return False
        place = {position: index for index, position in enumerate(strand.positions)}
        image = [other.times(1 / strand.factor).placed(lambda position: place[position]) for other in axis]
        atom.image = tuple(part.transposed() if strand.is_transposed else part for part in image)
        if atom.is_skew:
            self.forbid(atom.image)
        elif atom.is_diagonal:
            self._restrict_to_diagonal(atom.image)
        return True

    def _tie_strands(self, a: _Strand, b: _Strand) -> None:
        """Ties two strands at the same positions: D_a = c D_b, perhaps transposed."""
        if a.positions != b.positions or -1 in a.positions:
            if a.atom is not b.atom and -1 not in a.positions and -1 not in b.positions:
                self._define(a, (b,))
            elif a != b:
                self.forbid((a, b))
            return
        c, is_transposed = b.factor / a.factor, a.is_transposed != b.is_transposed
        if a.atom is not b.atom:
            self._define(a, (b,))
            return
        if not is_transposed or a.atom.is_diagonal:
            if c != 1:
                a.atom.is_zero = True
        elif c == -1:
            a.atom.is_skew = True
        else:
            a.atom.is_diagonal = True
            a.atom.is_zero |= c != 1


def homogeneity(node: Node) -> int | None:
    """Returns e if an entrywise operation maps t z to t^e times its value, 0 for a constant, None if there is no such e."""
    if node.operation == "reciprocal":
        return -1
    if node.operation == "function":
        return 1 if node.name == "relu" else None
    exponents = [exponent for exponent, _ in node.terms]
    if len(exponents) == 1:
        return exponents[0]
    return None if exponents else 0


def axis_classes(network: Network) -> list[AxisClass]:
    """Returns the classes of axes on which a matrix is free, from the input to the output."""
    unifier = _Unifier(network)
    unifier.run()
    found: dict[int, list[Occurrence]] = {}
    atoms: dict[int, _Atom] = {}
    for tensor in network.offsets:
        if tensor > network.output:
            continue
        for side, axis in zip(("left", "right"), unifier.axes[tensor], strict=True):
            by_atom: dict[tuple[int, Fraction, bool], list[tuple[int, ...]]] = {}
            for strand in unifier.resolved(axis):
                atoms[id(strand.atom)] = strand.atom
                key = (id(strand.atom), strand.factor, strand.is_transposed)
                by_atom.setdefault(key, []).append(strand.positions)
            for (atom, factor, is_transposed), copies in by_atom.items():
                occurrence: Occurrence = (tensor, side, factor, is_transposed, tuple(copies))  # type: ignore[assignment]
                found.setdefault(atom, []).append(occurrence)
    return [AxisClass(_kind(atoms[atom]), atoms[atom].size, tuple(occurrences)) for atom, occurrences in found.items()]


def _kind(atom: _Atom) -> ClassKind:
    if atom.is_skew:
        return "skew"
    return "diagonal" if atom.is_diagonal else "full"


def tensor_factors(network: Network) -> list[dict[int, Fraction]]:
    """Returns a basis of the numbers by which parameter tensors may be multiplied: nonzero ones by node.

    Every node has a weight, linear in those of the tensors: products add them, summands and entries of a gather agree, z^e
    multiplies by e, and the input and the output have weight 0.
    """
    tensors = [tensor for tensor in network.offsets if tensor <= network.output]
    position = {tensor: i for i, tensor in enumerate(tensors)}
    weights: list[list[Fraction]] = []
    conditions: list[list[Fraction]] = []
    nothing = [Fraction(0)] * len(tensors)
    for index, node in enumerate(network.nodes[: network.output + 1]):
        below = [weights[operand] for operand in node.operands]
        match node.operation:
            case "input":
                weight = nothing
            case "parameter":
                weight = [Fraction(i == position[index]) for i in range(len(tensors))]
            case "matmul" | "product":
                weight = [a + b for a, b in zip(*below, strict=True)]
            case "sum" | "gather":
                weight = below[0]
                conditions += [[a - b for a, b in zip(weight, other, strict=True)] for other in below[1:]]
            case _:
                degree = homogeneity(node)
                if degree is None:
                    conditions.append(below[0])
                weight = [(degree or 0) * a for a in below[0]]
        weights.append(weight)
    conditions.append(weights[network.output])
    return [
        {tensor: value for tensor, value in zip(tensors, vector, strict=True) if value}
        for vector in _kernel(conditions, len(tensors))
    ]


def _kernel(conditions: list[list[Fraction]], size: int) -> list[list[Fraction]]:
    """Returns a basis of the vectors that satisfy linear conditions over Q."""
    from flint import fmpq, fmpq_mat  # noqa: PLC0415

    rows = [row for row in conditions if any(row)]
    if not rows:
        return [[Fraction(i == j) for j in range(size)] for i in range(size)]
    entries = [fmpq(value.numerator, value.denominator) for row in rows for value in row]
    reduced, rank = fmpq_mat(len(rows), size, entries).rref()
    pivots = [next(j for j in range(size) if reduced[i, j]) for i in range(rank)]
    basis = []
    for free in (j for j in range(size) if j not in pivots):
        vector = [Fraction(0)] * size
        vector[free] = Fraction(1)
        for i, pivot in enumerate(pivots):
            value = reduced[i, free]
            vector[pivot] = -Fraction(int(value.p), int(value.q))
        basis.append(vector)
    return basis
