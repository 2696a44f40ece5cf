"""Symmetries that are linear in the parameters: every stated field is followed through the graph of a block, entry by entry.

A field moves each parameter matrix by w' = L w + w R, L and R constant.  A node *follows* if its matrix v moves by v' = L v + v R
with constant L and R for all values of what it is made of; (L + s, R - s) is the same motion.  A B: R of A plus L of B must be a
number s, and (L + s of A, R of B) results.  Sums: all summands alike.  Entrywise products and powers c z^e, e > 0, or 1/z: both
matrices diagonal, added up or multiplied by e or -1.  Polynomials with several terms: no motion; constants never move.
Gathers: a row is taken to move as the row that it picks, a column likewise, and whether every entry then moves as the entry does
that it picks is checked one by one.  The end of the block must not move: then d phi annihilates the field at every w.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from neuroalg_cli.verifying.refusing import ReportError, integers, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flint import nmod

    from neuroalg_cli.verifying.blocks import Block
    from neuroalg_cli.verifying.network import Network, Node

#: {(i, j): c}: adds c times line j to line i, of the rows or of the columns of a matrix
_Lines = dict[tuple[int, int], Fraction]
_Motion = tuple[_Lines, _Lines]
_FULL = "full"


def linear_fields(stated: Mapping[str, Any], network: Network, block: Block) -> Iterator[dict[int, nmod]]:
    """Yields the fields of a class at w, by parameter entry, each after it was followed to the end of the block."""
    tensors = {block.nodes[index].name: index for index in block.parameters}
    gathers: dict[int, _Gather] = {}
    for motions in _stated_motions(stated, block, tensors):
        _follow(motions, network, block, gathers)
        field: dict[int, nmod] = {}
        for index, (left, right) in motions.items():
            entries, (rows, columns) = block.nodes[index].entries, _shape(block.nodes[index])
            for (i, j), c in left.items():
                for k in range(columns):
                    moved, source = entries[i * columns + k], entries[j * columns + k]
                    field[moved] = field.get(moved, network.w[source] * 0) + network.residue(c) * network.w[source]
            for (i, j), c in right.items():
                for k in range(rows):
                    moved, source = entries[k * columns + i], entries[k * columns + j]
                    field[moved] = field.get(moved, network.w[source] * 0) + network.residue(c) * network.w[source]
        yield field


def count(stated: Mapping[str, Any]) -> int:
    """Returns the number of fields of a class."""
    (n,) = integers([stated["size"]], "the size of a class", 1, 10**4)
    numbers = {_FULL: n * n, "diagonal": n, "skew": n * (n - 1) // 2, "factors": int(n == 1)}
    require(
        isinstance(stated["kind"], str) and numbers.get(stated["kind"]), f"the class {stated['kind']!r:.20} is unknown"
    )
    return numbers[stated["kind"]]


def _stated_motions(stated: Mapping[str, Any], block: Block, tensors: dict[str, int]) -> Iterator[dict[int, _Motion]]:
    """Yields, for every matrix D of the class, how it moves the parameter tensors of the block."""
    kind, size, moves = stated["kind"], stated["size"], []
    for move in stated["moves"]:
        name, side, text = move["tensor"], move["side"], move["factor"]
        require(name in tensors, f"the block has no parameter tensor {name!r:.30}")
        require(side in ("left", "right") and type(move["transposed"]) is bool, "a move of a class is malformed")
        require(re.fullmatch(r"-?[1-9][0-9]{0,99}(/[1-9][0-9]{0,99})?", text), f"{text!r:.30} is no factor")
        lines = _shape(block.nodes[tensors[name]])[side == "right"]
        copies = [integers(copy, "the places of a class", -1, lines, size) for copy in move["copies"]]
        moves.append((tensors[name], side, Fraction(text), move["transposed"], copies))
    pairs = {_FULL: product(range(size), repeat=2), "skew": combinations(range(size), 2)}
    for a, b in pairs.get(kind, ((i, i) for i in range(size))):
        matrix = {(a, b): 1} | ({(b, a): -1} if kind == "skew" else {})
        motions: dict[int, _Motion] = {}
        for (index, side, factor, is_transposed, copies), ((i, j), sign) in product(moves, matrix.items()):
            lines_of = motions.setdefault(index, ({}, {}))[side == "right"]
            # v R moves column j by R[i, j] times column i: a right factor acts on columns by its transpose
            first, second = (j, i) if is_transposed != (side == "right") else (i, j)
            for places in copies:
                key = places[first], places[second]
                if -1 not in key:
                    lines_of[key] = lines_of.get(key, Fraction(0)) + sign * factor
        yield {index: (_nonzero(left), _nonzero(right)) for index, (left, right) in motions.items()}


def _follow(motions: Mapping[int, _Motion], network: Network, block: Block, gathers: dict[int, _Gather]) -> None:
    """Raises `ReportError` unless every node of the block follows the field and the last one does not move."""
    found: dict[int, _Motion] = {block.start: ({}, {})}
    for index in block.inside:
        node = block.nodes[index]
        below = [found[operand] for operand in node.operands]
        if index in block.parameters:
            found[index] = motions.get(index, ({}, {}))
        elif not any(left or right for left, right in below):
            found[index] = ({}, {})
        elif node.operation == "gather":
            gathers[index] = gathers.get(index) or _Gather(node, network)
            found[index] = gathers[index].motion(below)
        else:
            found[index] = _motion(node, below, [block.nodes[operand] for operand in node.operands])
    require(
        not any(_normal(found[block.end], _shape(block.nodes[block.end]))),
        "a stated field moves the functions of the network",
    )


def _motion(node: Node, below: list[_Motion], operands: list[Node]) -> _Motion:
    refusal = ReportError(f"a node with the operation {node.operation!r} does not follow a stated field")
    is_diagonal = all(i == j for motion in below for lines in motion for i, j in lines)
    match node.operation:
        case "matmul":
            (left, middle), (other, right) = below
            between = _added({(j, i): c for (i, j), c in middle.items()}, other)  # both act on rows of the right factor
            s, inner = between.get((0, 0), Fraction(0)), _shape(operands[0])[1]
            if between != _nonzero({(i, i): s for i in range(inner)}):
                raise refusal
            return _added(left, _nonzero({(i, i): s for i in range(_shape(node)[0])})), right
        case "sum":
            first, *rest = [_normal(motion, _shape(operand)) for motion, operand in zip(below, operands, strict=True)]
            if any(other != first for other in rest):
                raise refusal
            return first
        case "product" if is_diagonal:
            return _added(below[0][0], below[1][0]), _added(below[0][1], below[1][1])
        case "polynomial" | "reciprocal":
            e = -1 if node.operation == "reciprocal" else max(node.terms)
            if e == 0:
                return {}, {}
            if len(node.terms) <= 1 and (e == 1 or is_diagonal):
                left, right = ({key: e * c for key, c in lines.items()} for lines in below[0])
                return left, right
            if not any(_normal(below[0], _shape(operands[0]))):
                return {}, {}
    raise refusal


class _Gather:
    """What a gather picks: for every entry the number of an operand and the row and column there, or None for zero."""

    def __init__(self, node: Node, network: Network) -> None:
        self.rows, self.columns = _shape(node)
        place: dict[int, tuple[int, int, int]] = {}
        for number, operand in reversed([*enumerate(node.operands)]):
            below = network.nodes[operand]
            place |= {entry: (number, *divmod(i, _shape(below)[1])) for i, entry in enumerate(below.entries)}
        picks = [place[pairs[0][0]] if pairs else None for _, pairs in (network.steps[entry] for entry in node.entries)]
        across = [picks[j :: self.columns] for j in range(self.columns)]
        self.tables = ([picks[i * self.columns :][: self.columns] for i in range(self.rows)], across)
        self.known: dict[tuple[int, int], tuple[list[Any], dict[Any, int]]] = {}

    def motion(self, below: list[_Motion]) -> _Motion:
        """Returns the motion of the rows and columns, checked at every entry."""
        result: _Motion = ({}, {})
        for operand, motion in enumerate(below):
            own: list[_Lines] = [{}, {}]
            for side in (0, 1):
                options = [(axis, self._moved(axis, operand, side, motion[side])) for axis in (0, 1)]
                axis, lines = next(((axis, lines) for axis, lines in options if lines is not None), (0, None))
                require(lines is not None, "a gather does not follow a stated field")
                own[axis] = _added(own[axis], lines or {})
            for axis in (0, 1):  # rows that several operands share move once
                result[axis].update(own[axis])
        moving = [[_by_first(lines) for lines in motion] for motion in (result, *below)]
        for i, j in product(range(self.rows), range(self.columns)):
            pick = self.tables[0][i][j]
            found, wanted = dict[Any, Fraction](), dict[Any, Fraction]()
            for k, c in moving[0][0].get(i, ()):
                _accumulate(found, self.tables[0][k][j], c)
            for k, c in moving[0][1].get(j, ()):
                _accumulate(found, self.tables[0][i][k], c)
            if pick is not None:
                number, row, column = pick
                for k, c in moving[number + 1][0].get(row, ()):
                    _accumulate(wanted, (number, k, column), c)
                for k, c in moving[number + 1][1].get(column, ()):
                    _accumulate(wanted, (number, row, k), c)
            require(found == wanted, "an entry of a gather does not move as the entry that it picks")
        return result

    def _lines(self, axis: int, operand: int) -> tuple[list[Any], dict[Any, int]]:
        """Returns the lines along an axis with the picks from one operand alone, if it comes first in them, and their places."""
        if (axis, operand) not in self.known:
            table = []
            for line in self.tables[axis]:
                first = min((pick[0] for pick in line if pick), default=None)
                table.append(tuple(pick if pick and pick[0] == operand == first else None for pick in line))
            places = {line: i for i, line in reversed([*enumerate(table)])}
            self.known[axis, operand] = table, places
        return self.known[axis, operand]

    def _moved(self, axis: int, operand: int, side: int, moves: _Lines) -> _Lines | None:
        """Returns the motion of lines along an axis if lines of an operand (side 0: rows) move; None if there is none."""
        result: _Lines = {}
        by_first = _by_first(moves)
        table, places = self._lines(axis, operand)
        for i, line in enumerate(table if moves else ()):
            picked = {pick[1 + side] for pick in line if pick}
            for source in picked & by_first.keys():
                for target, c in by_first[source]:
                    goal = tuple(
                        (pick[0], *(target if s == side else pick[1 + s] for s in (0, 1))) if pick else None
                        for pick in line
                    )
                    k = i if target == source else places.get(goal)
                    if k is None or len(picked) > 1:
                        return None
                    result[i, k] = result.get((i, k), Fraction(0)) + c
        return result


def _shape(node: Node) -> tuple[int, int]:
    return (node.shape[0], node.shape[1]) if len(node.shape) == 2 else (len(node.entries), 1)


def _normal(motion: _Motion, shape: tuple[int, int]) -> _Motion:
    """Returns the same motion with nothing at the first place of the columns."""
    left, right = motion
    s = right.get((0, 0), Fraction(0))
    shifted = _added(left, _nonzero({(i, i): s for i in range(shape[0])}))
    return shifted, _added(right, _nonzero({(i, i): -s for i in range(shape[1])}))


def _nonzero(lines: _Lines) -> _Lines:
    return {key: c for key, c in lines.items() if c}


def _added(a: _Lines, b: _Lines) -> _Lines:
    return _nonzero({key: a.get(key, Fraction(0)) + b.get(key, Fraction(0)) for key in {**a, **b}})


def _by_first(lines: _Lines) -> dict[int, list[tuple[int, Fraction]]]:
    result: dict[int, list[tuple[int, Fraction]]] = {}
    for (i, j), c in lines.items():
        result.setdefault(i, []).append((j, c))
    return result


def _accumulate(total: dict[Any, Fraction], pick: Any, c: Fraction) -> None:
    if pick is not None:
        total[pick] = total.get(pick, Fraction(0)) + c
        if not total[pick]:
            del total[pick]
