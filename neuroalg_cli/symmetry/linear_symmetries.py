"""Symmetries that are linear in the parameters, found on any graph: where they may come from, and the proof that they are some.

Tensors are matrices, and each has a row and a column axis.  A candidate moves every tensor v by v' = D_row v + v D_column;
the graph ties the matrices D of all axes to each other: a product A B is fixed if the D of the column axis of A is minus that of
the row axis of B; summands share their D; transposition swaps and transposes them; patches repeat them; an activation z^r
multiplies a diagonal D by r; the axes of the input and of the output have D = 0.  Axes that are tied to each other form a class,
on which D is free:

``full``      any matrix: hidden channels between linear maps, the attention dimension between K and Q
``diagonal``  hidden channels around an activation z^r, 1/z or relu
``skew``      an axis tied to itself by a transposition, such as K = Q

and ``factors`` are numbers t_W by which whole tensors may be multiplied.  The classes are read off by unification, which
errs on the side of fewer; every field is then proved by `neuroalg_cli.symmetry.derivations`, and only what is proved is returned.

Sources: J. Kileel, M. Trager, J. Bruna, arXiv:1905.12207, section 2 (scalings); G. L. Marchetti et al., arXiv:2501.18915 (GL);
N. W. Henry, G. L. Marchetti, K. Kohn, arXiv:2408.17221 (attention); V. Shahverdi, G. L. Marchetti, K. Kohn, arXiv:2410.00722
(convolutions).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli.symmetry.axes import axis_classes, tensor_factors
from neuroalg_cli.symmetry.derivations import Derivation, Prover, matrix_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.network import Network
    from neuroalg_cli.symmetry.derivations import Sparse

#: larger classes are left out: every field is proved one by one, node by node
MAXIMAL_FIELDS = 50 * 50
MAXIMAL_STEPS = 200_000
#: in larger networks nothing is looked for: entries of gathers, and rows or columns of a tensor
MAXIMAL_ENTRIES = 10**6
MAXIMAL_LINES = 10**5

Kind = Literal["full", "diagonal", "skew", "factors"]


@dataclass(frozen=True, slots=True)
class Move:
    """How a class acts on one parameter tensor: D at the given rows (or columns), times a factor, perhaps transposed."""

    tensor: int
    side: Literal["left", "right"]
    factor: Fraction
    is_transposed: bool
    #: for every copy of the class along the axis, the positions of its entries 0, 1, ...; -1 where one is missing
    copies: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class LinearSymmetry:
    """All symmetries of one class."""

    kind: Kind
    size: int
    moves: tuple[Move, ...]

    @property
    def count(self) -> int:
        """Number of vector fields; they may be dependent."""
        n = self.size
        return {"full": n * n, "diagonal": n, "skew": n * (n - 1) // 2, "factors": 1}[self.kind]

    def basis(self) -> Iterator[dict[tuple[int, int], int]]:
        """Yields the matrices D of the class."""
        for i in range(self.size):
            match self.kind:
                case "full":
                    yield from ({(i, j): 1} for j in range(self.size))
                case "diagonal":
                    yield {(i, i): 1}
                case "skew":
                    yield from ({(i, j): 1, (j, i): -1} for j in range(i + 1, self.size))
                case "factors":
                    yield {(0, 0): 1}

    def fields(self) -> Iterator[dict[int, Derivation]]:
        """Yields the vector fields: for every parameter tensor that moves, its derivation."""
        for matrix in self.basis():
            parts: dict[tuple[int, str], Sparse] = {}
            for move in self.moves:
                part = parts.setdefault((move.tensor, move.side), {})
                for positions in move.copies:
                    for (a, b), value in matrix.items():
                        i, j = (positions[b], positions[a]) if move.is_transposed else (positions[a], positions[b])
                        if i >= 0 and j >= 0:
                            part[i, j] = part.get((i, j), Fraction(0)) + move.factor * value
            nonzero = {key: {k: c for k, c in part.items() if c} for key, part in parts.items()}
            yield {
                tensor: Derivation(nonzero.get((tensor, "left"), {}), nonzero.get((tensor, "right"), {}))
                for tensor, _ in parts
            }

    def as_json(self, network: Network) -> dict[str, Any]:
        """Returns the class as plain JSON values: kind, size, number of fields and, for every tensor that moves, how."""
        moves = [
            {
                "tensor": network.nodes[move.tensor].name,
                "side": move.side,
                "factor": str(move.factor),
                "transposed": move.is_transposed,
                "copies": [list(positions) for positions in move.copies],
            }
            for move in self.moves
        ]
        return {"kind": self.kind, "size": self.size, "fields": self.count, "moves": moves}

    def describe(self, network: Network) -> str:
        """Returns the symmetry in words, such as ``GL(2) between Q_1 and K_1``."""
        tensors = sorted({move.tensor for move in self.moves})
        names = [network.nodes[tensor].name for tensor in tensors]
        shown = names if len(names) <= 6 else [*names[:3], f"{len(names) - 4} more", names[-1]]
        where = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
        n = self.size
        words = {
            "full": f"GL({n}) between {where}",
            "diagonal": f"scalings of {n} channel{'' if n == 1 else 's'} between {where}",
            "skew": f"rotations SO({n}) of {where}",
            "factors": f"a factor that moves between {where}",
        }
        return words[self.kind]


@functools.lru_cache(maxsize=16)  # a bound, the words and the expected dimension of one network all ask
def linear_symmetries(network: Network) -> tuple[LinearSymmetry, ...]:
    """Returns the symmetries of a network that are linear in its parameters and proved to be some."""
    entries = sum(node.size for node in network.nodes if node.operation == "gather")
    lines = max((max(node.shape, default=1) for node in network.nodes), default=1)
    if entries > MAXIMAL_ENTRIES or lines > MAXIMAL_LINES:
        return ()
    prover = Prover(network)
    found: list[LinearSymmetry] = []
    for axis_class in axis_classes(network):
        moves = tuple(Move(*occurrence) for occurrence in axis_class.occurrences)
        kinds: tuple[Kind, ...] = ("full", "diagonal") if axis_class.kind == "full" else (axis_class.kind,)
        candidates = [LinearSymmetry(kind, axis_class.size, moves) for kind in kinds]
        found += next(
            ([candidate] for candidate in candidates if candidate.count and _is_proved(prover, candidate)), []
        )
    known = [vector for symmetry in found if (vector := _common_factors(network, symmetry))]
    tensors = list(network.offsets)
    rank = _rank(known, tensors)
    for factors in tensor_factors(network):
        if _rank([*known, factors], tensors) == rank:
            continue  # the classes move these factors already
        moves = tuple(
            Move(tensor, "left", factor, False, tuple((i,) for i in range(network.nodes[tensor].shape[0])))
            for tensor, factor in sorted(factors.items())
        )
        candidate = LinearSymmetry("factors", 1, moves)
        if _is_proved(prover, candidate):
            found.append(candidate)
            known.append(factors)
            rank += 1
    return tuple(found)


def _is_proved(prover: Prover, symmetry: LinearSymmetry) -> bool:
    """Returns whether every field of a class, of which there must be some and not too many, is proved."""
    steps = symmetry.count * len(prover.network.nodes)
    if not 0 < symmetry.count <= MAXIMAL_FIELDS or steps > MAXIMAL_STEPS:
        return False
    return all(prover.is_symmetry(moves) for moves in symmetry.fields())


def _common_factors(network: Network, symmetry: LinearSymmetry) -> dict[int, Fraction] | None:
    """Returns the number by which D = 1 multiplies every tensor, None if it does not multiply whole tensors."""
    if symmetry.kind == "skew":
        return None
    result: dict[int, Fraction] = {}
    for move in symmetry.moves:
        size = matrix_shape(network.nodes[move.tensor])[0 if move.side == "left" else 1]
        if sorted(position for copy in move.copies for position in copy) != list(range(size)):
            return None
        result[move.tensor] = result.get(move.tensor, Fraction(0)) + move.factor
    return result


def _rank(vectors: list[dict[int, Fraction]], tensors: list[int]) -> int:
    from flint import fmpq, fmpq_mat  # noqa: PLC0415

    if not vectors or not tensors:
        return 0
    entries = [vector.get(tensor, Fraction(0)) for vector in vectors for tensor in tensors]
    return fmpq_mat(len(vectors), len(tensors), [fmpq(c.numerator, c.denominator) for c in entries]).rank()
