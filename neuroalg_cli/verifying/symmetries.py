"""The vector fields of the known symmetries at an interface, at a point modulo a prime."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from flint import nmod

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from neuroalg_cli.verifying.network import Network


def fields(kind: str, interface: tuple[Any, ...], at: Network) -> Iterator[dict[int, nmod]]:
    """Yields the vector fields of one kind at an interface, at w: their nonzero coordinates by parameter entry."""
    _, (W, b, V, b_), (r, *rest), _ = interface
    (n, m), (a, c, d) = W.shape, map(at.residue, rest)
    rows = [[*W.entries[i * m :][:m], *(b.entries[i : i + 1] if b else ())] for i in range(n)]
    columns, last = [V.entries[i::n] for i in range(n)], b_.entries if b_ else ()
    shift = dict.fromkeys(b.entries if b else (), c)
    x, y = ([[at.w[e] + shift.get(e, 0) for e in line] for line in lines] for lines in (rows, columns))
    if kind == "translation":  # moves: entries that change, by a factor times values
        moves: Iterable[Any] = (((rows[i][-1:], 1, [nmod(1, at.p)]), (last, -a, y[i])) for i in range(n))
    elif kind == "rotation":
        moves = (((rows[i], y[j][0], x[j]), (rows[j], -y[i][0], x[i])) for i, j in combinations(range(n), 2))
    else:
        pairs = [(i, j) for i, j in product(range(n), repeat=2) if i == j or kind == "general-linear"]
        moves = (((rows[i], 1, x[j]), (columns[j], -r, y[i]), (last, r * d, y[i])) for i, j in pairs)
    for move in moves:
        yield {e: factor * v for entries, factor, values in move for e, v in zip(entries, values, strict=False)}
