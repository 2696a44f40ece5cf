"""Proof that a vector field, linear in the parameters, leaves the functions of a network fixed: propagation through the graph.

Every tensor is a matrix (a vector has one column).  A field moves every parameter matrix by w' = L w + w R with constant
matrices L and R.  Claim: every node v then moves by v' = L v + v R with constant L and R, its *derivation*, found node by node:

``input``               L = R = 0
``matmul`` A B          if R_A + L_B = s*1 for a number s: (L_A + s, R_B)
``sum``                 the derivation of the summands, if they agree
``product``             the sum of both, if both are diagonal
``polynomial`` c z^e    e times the derivation, if it is diagonal and e > 0; a constant does not move
other ``polynomial``    0, if the argument does not move
``reciprocal``          minus the derivation, if it is diagonal
``function`` relu       the derivation, if it is diagonal (relu(tz) = t relu(z), t > 0); of others 0, if the argument rests
``gather``              rows of the result that pick one row of an operand move as that row does, if the other rows that this
                        mixes in are in the result, picked at the same columns; columns likewise, and rows as columns

(L + s, R - s) and (L, R) are the same derivation.  The field is a symmetry if the output does not move: L = s*1, R = -s*1.

These are identities of polynomials in (w, x), so that the field is tangent to the fibres of phi at every w.  What may go wrong:
nothing on the side of validity; a symmetry for which a rule fails is not recognized.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.network import Network, Node

Sparse = dict[tuple[int, int], Fraction]
"""A matrix of numbers by the positions of its nonzero entries."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """v' = left v + v right."""

    left: Sparse = field(default_factory=dict)
    right: Sparse = field(default_factory=dict)

    @property
    def is_zero(self) -> bool:
        """Whether nothing moves, as written."""
        return not self.left and not self.right

    @property
    def is_diagonal(self) -> bool:
        """Whether every entry is moved by a multiple of itself."""
        return all(i == j for part in (self.left, self.right) for i, j in part)

    def times(self, factor: Fraction | int) -> Derivation:
        """Returns a multiple."""
        return Derivation(*({key: factor * c for key, c in part.items()} for part in (self.left, self.right)))


NOTHING = Derivation()


class Prover:
    """Proves fields of one network; what is known of its gathers is kept from one field to the next."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._picks: dict[int, _Picks] = {}

    def is_symmetry(self, moves: Mapping[int, Derivation]) -> bool:
        """Returns whether the field that moves the given parameter nodes is proved to leave f_w fixed for every w."""
        network = self.network
        derivations: list[Derivation] = []
        for index, node in enumerate(network.nodes[: network.output + 1]):
            below = [derivations[operand] for operand in node.operands]
            if node.operation == "parameter":
                found: Derivation | None = moves.get(index, NOTHING)
            elif all(derivation.is_zero for derivation in below):
                found = NOTHING
            elif node.operation == "gather":
                if index not in self._picks:
                    self._picks[index] = _Picks(network, node)
                found = self._picks[index].derivation(below)
            else:
                found = _derivation(network, node, below)
            if found is None:
                return False
            derivations.append(found)
        normal = _normal(derivations[network.output], network.nodes[network.output])
        return normal.is_zero


def matrix_shape(node: Node) -> tuple[int, int]:
    """Returns the shape as that of a matrix: a vector, or a tensor of more than two axes, is one column."""
    return (node.shape[0], node.shape[1]) if len(node.shape) == 2 else (node.size, 1)


def _derivation(network: Network, node: Node, below: list[Derivation]) -> Derivation | None:
    """Returns the derivation of a node some of whose operands move, or None where no rule applies."""
    match node.operation:
        case "matmul":
            inner = matrix_shape(network.nodes[node.operands[0]])[1]
            middle = _scalar(_plus(below[0].right, below[1].left), inner)
            if middle is None:
                return None
            return Derivation(_plus(below[0].left, _multiple(middle, node.shape[0])), below[1].right)
        case "sum":
            normal = [_normal(derivation, node) for derivation in below]
            return normal[0] if all(other == normal[0] for other in normal) else None
        case "product":
            if not all(derivation.is_diagonal for derivation in below):
                return None
            return Derivation(_plus(below[0].left, below[1].left), _plus(below[0].right, below[1].right))
        case _:
            return _entrywise(node, below[0])


def _entrywise(node: Node, argument: Derivation) -> Derivation | None:
    if node.operation == "polynomial" and all(exponent == 0 for exponent, _ in node.terms):
        return NOTHING
    degree = None
    if node.operation == "polynomial" and len(node.terms) == 1:
        degree = node.terms[0][0]
    elif node.operation == "reciprocal":
        degree = -1
    elif node.name == "relu":
        degree = 1
    if degree == 1 and node.operation == "polynomial":
        return argument
    if degree is not None and argument.is_diagonal:
        return argument.times(degree)
    return NOTHING if _normal(argument, node).is_zero else None


Pick = tuple[int, int, int] | None
"""The operand, row and column that an entry of a gather picks, None for zero."""


class _Picks:
    """What a gather picks, as a table of its rows and one of its columns."""

    def __init__(self, network: Network, node: Node) -> None:
        self.rows, self.columns = matrix_shape(node)
        places: list[Pick] = []
        for number, operand in enumerate(node.operands):
            height, width = matrix_shape(network.nodes[operand])
            places += [(number, i, j) for i in range(height) for j in range(width)]
        flat = [places[index] if index >= 0 else None for index in node.indices]
        table = [flat[i * self.columns : (i + 1) * self.columns] for i in range(self.rows)]
        self.tables = table, [[line[j] for line in table] for j in range(self.columns)]
        #: the entries that pick from a line (operand, 1 for rows and 2 for columns, number)
        self.pickers: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for i, line in enumerate(table):
            for j, pick in enumerate(line):
                if pick is not None:
                    for axis in (1, 2):
                        self.pickers.setdefault((pick[0], axis, pick[axis]), []).append((i, j))
        self._own: dict[tuple[int, int], tuple[list[dict[int, Pick]], dict[frozenset[tuple[int, Pick]], int]]] = {}

    def derivation(self, below: list[Derivation]) -> Derivation | None:
        """Returns the sum of what the derivations of the operands do to the rows and columns, None where no rule applies."""
        left: Sparse = {}
        right: Sparse = {}
        for operand, derivation in enumerate(below):
            # w' = R as a right factor moves column k by the entries (c, k); as a left factor row r by (r, c)
            for axis, moves in ((1, derivation.left), (2, _flipped(derivation.right))):
                by_rows = self._carried(0, operand, axis, moves)
                if by_rows is not None:
                    left = _plus(left, by_rows)
                    continue
                by_columns = self._carried(1, operand, axis, moves)
                if by_columns is None:
                    return None
                right = _plus(right, _flipped(by_columns))
        return Derivation(left, right) if self._moves_all_alike(below, left, right) else None

    def _lines(self, table: int, operand: int) -> tuple[list[dict[int, Pick]], dict[frozenset[tuple[int, Pick]], int]]:
        """Returns the picks from one operand in every line in which it comes first, and where each set of picks stands."""
        if (table, operand) not in self._own:
            own: list[dict[int, Pick]] = []
            for line in self.tables[table]:
                first = min((pick[0] for pick in line if pick is not None), default=None)
                own.append({j: pick for j, pick in enumerate(line) if pick is not None and pick[0] == operand == first})
            places = {frozenset(picks.items()): i for i, picks in reversed(list(enumerate(own))) if picks}
            self._own[table, operand] = own, places
        return self._own[table, operand]

    def _carried(self, table: int, operand: int, axis: int, moves: Sparse) -> Sparse | None:
        """Returns the action on the lines of a table that moves of one operand's axis induce, or None if there is none.

        ``moves``: the entry (r, c) adds value times line c of the operand to line r, along the axis (1: rows, 2: columns).  A
        line that picks from several operands is taken to move as the first of them does; whether that is right is checked
        afterwards.
        """
        if not moves:
            return {}
        touched = _by_first(moves)
        own, places = self._lines(table, operand)
        affected = {entry[table] for r in touched for entry in self.pickers.get((operand, axis, r), ())}
        result: Sparse = {}
        for i in sorted(affected):
            picks = own[i]
            positions = {pick[axis] for pick in picks.values() if pick is not None}
            if not positions & touched.keys():
                continue
            if len(positions) != 1:
                return None
            (r,) = positions
            for c, value in touched[r]:
                target: int | None = i
                if c != r:
                    target = places.get(frozenset((j, _moved(pick, axis, c)) for j, pick in picks.items()))
                    if target is None:
                        return None
                assert target is not None
                result[i, target] = result.get((i, target), Fraction(0)) + value
        return result

    def _moves_all_alike(self, below: list[Derivation], left: Sparse, right: Sparse) -> bool:
        """Returns whether the action found is that of the operands on every entry, also where several share a row or column."""
        rows_moved, columns_moved = _by_first(left), _by_first(_flipped(right))
        parts = [(_by_first(derivation.left), _by_first(_flipped(derivation.right))) for derivation in below]
        affected = {(i, j) for i in rows_moved for j in range(self.columns)}
        affected |= {(i, j) for j in columns_moved for i in range(self.rows)}
        for operand, part in enumerate(parts):
            for axis, lines in enumerate(part, start=1):
                for line in lines:
                    affected.update(self.pickers.get((operand, axis, line), ()))
        table = self.tables[0]
        for i, j in affected:
            found: dict[Pick, Fraction] = {}
            for source, value in rows_moved.get(i, ()):
                _add(found, table[source][j], value)
            for source, value in columns_moved.get(j, ()):
                _add(found, table[i][source], value)
            wanted: dict[Pick, Fraction] = {}
            pick = table[i][j]
            if pick is not None:
                operand, r, c = pick
                for source, value in parts[operand][0].get(r, ()):
                    _add(wanted, (operand, source, c), value)
                for source, value in parts[operand][1].get(c, ()):
                    _add(wanted, (operand, r, source), value)
            if found != wanted:
                return False
        return True


def _moved(pick: Pick, axis: int, line: int) -> Pick:
    if pick is None:
        return None
    return (pick[0], line, pick[2]) if axis == 1 else (pick[0], pick[1], line)


def _flipped(matrix: Sparse) -> Sparse:
    return {(j, i): value for (i, j), value in matrix.items()}


def _by_first(matrix: Sparse) -> dict[int, list[tuple[int, Fraction]]]:
    result: dict[int, list[tuple[int, Fraction]]] = {}
    for (a, b), value in matrix.items():
        result.setdefault(a, []).append((b, value))
    return result


def _add(total: dict[Pick, Fraction], pick: Pick, value: Fraction) -> None:
    if pick is None:
        return
    total[pick] = total.get(pick, Fraction(0)) + value
    if not total[pick]:
        del total[pick]


def _plus(a: Sparse, b: Sparse) -> Sparse:
    if not a or not b:
        return dict(a or b)
    result = dict(a)
    for key, value in b.items():
        total = result.get(key, Fraction(0)) + value
        if total:
            result[key] = total
        else:
            result.pop(key, None)
    return result


def _multiple(scalar: Fraction, size: int) -> Sparse:
    return {(i, i): scalar for i in range(size)} if scalar else {}


def _scalar(matrix: Sparse, size: int) -> Fraction | None:
    """Returns s if the matrix is s times the identity, else None."""
    scalar = matrix.get((0, 0), Fraction(0))
    return scalar if matrix == _multiple(scalar, size) else None


def _normal(derivation: Derivation, node: Node) -> Derivation:
    """Returns the same derivation with nothing at the first place of the right factor."""
    scalar = derivation.right.get((0, 0), Fraction(0))
    if not scalar:
        return derivation
    rows, columns = matrix_shape(node)
    left = _plus(derivation.left, _multiple(scalar, rows))
    return Derivation(left, _plus(derivation.right, _multiple(-scalar, columns)))
