"""The coordinates of phi as arrays, each function of the parameters once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroalg_cli.interpreters.symbolic import Coordinate
    from neuroalg_cli.network import Network


@dataclass(frozen=True)
class Expansion:
    """The coordinates of phi that differ, with one row for every term.

    A coordinate that equals an earlier one, such as those of a convolution's translates, is left out: the projection along it is
    an isomorphism on V.
    """

    network: Network
    coordinates: tuple[Coordinate, ...]
    #: their positions among all coordinates
    positions: tuple[int, ...]
    #: (terms, P)
    exponents: NDArray[np.int64]
    #: of every term, the coordinate that it belongs to
    owners: NDArray[np.int64]

    @classmethod
    def of(cls, network: Network, coordinates: Sequence[Coordinate]) -> Expansion:
        """Returns the arrays of coordinates, of which there must be some."""
        first: dict[frozenset[object], int] = {}
        for position, coordinate in enumerate(coordinates):
            first.setdefault(frozenset(coordinate.polynomial.items()), position)
        kept = [coordinates[position] for position in first.values()]
        exponents = [e for c in kept for e in c.polynomial]
        owners = [i for i, c in enumerate(kept) for _ in c.polynomial]
        arrays = np.array(exponents, dtype=np.int64), np.array(owners, dtype=np.int64)
        return cls(network, tuple(kept), tuple(first.values()), *arrays)

    def coefficients(self, prime: int) -> NDArray[np.int64]:
        """Returns the residues of all coefficients; raises ``ValueError`` where the prime divides a denominator."""
        values = [v for c in self.coordinates for v in c.polynomial.values()]
        inverse = {d: pow(d, -1, prime) for d in {v.denominator for v in values}}
        return np.array([v.numerator * inverse[v.denominator] % prime for v in values], dtype=np.int64)
