"""What is counted: the blocks of phi, and for a slice the systems of the fibre and of every pattern of linear spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flint import fmpz

from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, TimeLimitError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.random_points import generator
from neuroalg_cli.slicing.blocks import Block, Pattern, blocks, merged, patterns
from neuroalg_cli.slicing.expansion import Expansion
from neuroalg_cli.slicing.slices import Slice, choose_slice
from neuroalg_cli.slicing.systems import System, fibre_system, slicing_system

if TYPE_CHECKING:
    from neuroalg_cli.network import Network

#: terms of an intermediate polynomial: no Gröbner basis of larger systems ends
MAXIMAL_TERMS = 300_000
_PRIMES_TRIED = 5
_JELONEK = "Z. Jelonek, The set of points at which a polynomial map is not proper, Ann. Polon. Math. 58 (1993)"
_MILLER_STURMFELS = "E. Miller, B. Sturmfels, Combinatorial Commutative Algebra, 2005, section 8.5"


@dataclass(frozen=True)
class SlicePlan:
    """One slice, and the systems on it."""

    slice: Slice
    blocks: tuple[Block, ...]
    patterns: tuple[Pattern, ...]
    #: that of the fibre first, then those of the patterns
    systems: tuple[System, ...]
    #: a bound for the degrees of the minors on which the choice of the patterns rests, summed up
    rank_degree: int
    #: of the coordinates that the blocks number, among all coordinates
    positions: tuple[int, ...]

    @property
    def prime(self) -> int:
        """The prime of the slice."""
        return self.slice.prime

    @property
    def references(self) -> tuple[str, ...]:
        """The sources of what is done."""
        return (_JELONEK,) if len(self.blocks) == 1 else (_MILLER_STURMFELS, _JELONEK)

    def blocks_as_json(self) -> list[dict[str, Any]]:
        """Returns the blocks, their coordinates numbered from 1 among all; those that equal another one are left out."""
        return [{"coordinates": [self.positions[k] + 1 for k in b.coordinates], "cone": b.is_cone} for b in self.blocks]


@dataclass(frozen=True)
class Plan:
    """phi, expanded and split into blocks."""

    expansion: Expansion
    blocks: tuple[Block, ...]
    dimension: int
    seed: int

    @classmethod
    def of(cls, network: Network, dimension: int, seed: int) -> Plan:
        """Returns the plan for a polynomial network with dim V = dimension > 0; raises `MemoryLimitError` for too large ones."""
        expansion = Expansion.of(network, coordinates(network, MAXIMAL_TERMS))
        return cls(expansion, blocks(expansion), dimension, seed)

    def on_slice(self, label: str, bits: int) -> SlicePlan:
        """Returns a slice with its systems, all randomness determined by the label; the prime has so many bits.

        Raises `NeuroalgError` if several primes in a row are bad: they divide a denominator, or the rank of d phi is too small.
        """
        error: Exception | None = None
        for number in range(_PRIMES_TRIED):
            own = f"{label}/{number}"
            prime = _prime(self.seed, f"{own}/prime", bits)
            try:
                return self._systems(choose_slice(self.expansion, self.dimension, prime, self.seed, own), own)
            except (TimeLimitError, MemoryLimitError):  # no other prime helps
                raise
            except (NeuroalgError, ValueError) as bad:
                error = bad
        raise NeuroalgError(f"no slice of dimension {self.dimension} was found: {error}") from error

    def _systems(self, found: Slice, label: str) -> SlicePlan:
        parts = self.blocks
        chosen = patterns(parts, found.jacobian, found.prime, self.dimension)
        if chosen is None:
            parts, chosen = merged(parts), (Pattern((self.dimension,), 1),)
        if not chosen:
            raise NeuroalgError(f"no linear spaces meet V by the ranks at a random point modulo {found.prime}")
        systems = [fibre_system(found, self.seed, f"{label}/fibre")]
        systems += [slicing_system(found, parts, p, self.seed, f"{label}/space {p.equations}") for p in chosen]
        # every subset of the blocks has a rank, that of a matrix of derivatives with m columns
        degree = int(self.expansion.exponents.sum(axis=1).max())
        rank_degree = 2 ** len(parts) * self.dimension * degree
        return SlicePlan(found, parts, chosen, tuple(systems), rank_degree, self.expansion.positions)


def _prime(seed: int, label: str, bits: int) -> int:
    """Returns a random prime with so many bits."""
    random = generator(seed, label)
    while True:
        number = random.randrange(2 ** (bits - 1) + 1, 2**bits, 2)
        if fmpz(number).is_prime():
            return number
