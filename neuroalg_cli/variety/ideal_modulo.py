"""The vanishing ideal of V modulo one prime, degree by degree: Buchberger and Möller's algorithm, split by multidegree.

In degree e only monomials all of whose divisors of degree e-1 are standard are *candidates*.  They are evaluated at random
points of V; a candidate that is a combination of smaller ones there is a leading monomial, the others are standard (H. M. Möller,
B. Buchberger, The construction of multivariate polynomials with preassigned zeros, 1982).  The relations found are the elements
of degree e of the reduced Gröbner basis, for the graded reverse lexicographic order with y_1 > ... > y_n (> y_0).

*Blocks.*  I(V) is homogeneous for the weights of the model, so that each weight is a block of its own.  Where the model is mixed,
permutations of inputs and of outputs map V to itself and blocks to blocks: the rank of a block is that of its representative.
Ideals of leading monomials are not invariant under permutations, so standard monomials are never carried from one block to
another, except that a block with no more candidates than its representative has standard monomials has no equations.  For
representatives alone, the standard monomials of the blocks below them, of whatever orbit, are found as they are needed.

*What is certain.*  A rank modulo p at points of V is a lower bound for the Hilbert function of V over Q: HF(e) is at most that
over Q for every prime and all points, since a minor that is not zero modulo p is not zero.  The equations are evidence only.

*What may go wrong.*  (a) Bad points, or too few: the rank is too small, and there are equations too many.  Points are added until
there are s = MARGIN more than the rank.  With m points something that is no equation modulo p remains only if s times a further
point did not make the kernel smaller although it could; each time this has a probability of at most q = e d/p, with d the degree
of phi (J. T. Schwartz 1980, R. Zippel 1979), so all in all at most C(m, s) q^s per block with equations (`miss_probability`).
(b) A bad prime: the ideal modulo p is larger than the reduction of that over Q.  There are finitely many such primes; a second
random prime tells.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import MemoryLimitError, TimeLimitError
from neuroalg_cli.linear_algebra.exact_linear_algebra import reduce_modulo
from neuroalg_cli.linear_algebra.reduced_echelon import reduced_echelon
from neuroalg_cli.variety.monomials import Monomials, exponents, require_degree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.variety.model import ProjectiveModel

    Array = NDArray[np.float64]

#: points beyond the rank
MARGIN = 10
#: points with which a large block is tried first, since its rank may be far below the number of its candidates
_FIRST_POINTS = 300
#: bytes of a monomial in a list, and operations per second of an elimination, for estimates
_MONOMIAL_BYTES = 400
_OPERATIONS_PER_SECOND = 1e10

#: a monomial: its key, by which it is compared, and the places of its variables, ascending
_Monomial = tuple[int, tuple[int, ...]]


@dataclass
class Block:
    """What is known about one weight of one degree.

    For every i, ``monomials[leading[i]] - sum_j kernel[i, j] * monomials[standard[j]]`` lies in I modulo p, fully reduced.
    ``monomials`` are the candidates, in falling order: all other monomials of this weight are multiples of leading monomials of
    lower degree.
    """

    weight: tuple[int, ...]
    #: the number of blocks that this one stands for
    multiplicity: int
    standard: list[int]
    leading: list[int]
    kernel: Array
    #: the variables of the candidates, and their number N
    variables: list[tuple[int, ...]] = field(repr=False)
    variable_count: int = field(repr=False)

    @property
    def rank(self) -> int:
        """The dimension of (R/I) in this weight."""
        return len(self.standard)

    @functools.cached_property
    def monomials(self) -> list[tuple[int, ...]]:
        """The candidates as exponent vectors, in falling order."""
        return [exponents(variables, self.variable_count) for variables in self.variables]


@dataclass
class DegreePart:
    """One degree of the ideal."""

    degree: int
    #: C(N-1+e, e)
    monomials: int
    #: HF(e)
    hilbert: int
    #: dim I_e
    equations: int
    #: all blocks, or one for every orbit under permutations with its multiplicity
    blocks: list[Block] = field(repr=False)
    #: whether all blocks are there
    is_expanded: bool

    @functools.cached_property
    def new_leading(self) -> list[tuple[int, ...]]:
        """The monomials of in(I)_e that are not multiples of in(I)_{e-1}, in falling order of each block.

        Raises `ValueError` if blocks were left out: leading monomials are not the same up to permutations.
        """
        if not self.is_expanded:
            raise ValueError("leading monomials need all blocks; compute the ideal with expand=True")
        return [block.monomials[i] for block in self.blocks for i in block.leading]


@dataclass
class _Found:
    """The standard monomials of a block, as list and as set of keys, and the block."""

    standard: list[_Monomial]
    keys: set[int]
    block: Block | None


class IdealModulo:
    """The vanishing ideal modulo a prime, from degree 1 upwards: each `next` computes a degree and appends it to ``parts``.

    ``expand``: whether every block is wanted, which listing equations needs; else one of every orbit is enough.  ``memory`` is in
    bytes.  ``ValueError`` for primes that divide a numerator or denominator of an activation; `model.usable_prime` draws others.
    """

    def __init__(
        self,
        model: ProjectiveModel,
        prime: int,
        seed: int,
        *,
        expand: bool = False,
        deadline: Deadline | None = None,
        memory: int | None = None,
    ) -> None:
        if model.phi.activation_numbers % prime == 0:
            raise ValueError(f"{prime} divides a numerator or denominator of an activation; take another prime")
        self.model = model
        self.prime = prime
        self.seed = seed
        self.deadline = deadline or Deadline()
        self.memory = memory
        self.parts: list[DegreePart] = []
        self.is_expanded = expand or not model.is_mixed
        self._monomials = Monomials(model)
        #: for every degree, the blocks known by the keys of their weights
        self._found: list[dict[int, _Found]] = [{0: _Found([(0, ())], {0}, None)}]
        self._candidates: dict[int, list[_Monomial]] = {}
        self._has_equations = False
        #: a bound for the probability that the rank of some block is too small for this prime, because of bad points
        self.miss_probability = 0.0
        self._points: Array = np.zeros((0, model.N))

    def next(self) -> DegreePart:
        """Returns the next degree.

        Raises `TimeLimitError` or `MemoryLimitError` within the degree; what is there stays, and `next` may be called again.
        """
        degree = len(self.parts) + 1
        require_degree(degree)
        if len(self._found) == degree:
            self._found.append({})
        if self.is_expanded:
            if not self._found[degree]:
                self._candidates = self._all_candidates(degree)
            weights = sorted({*self._found[degree], *self._candidates})
        else:
            weights = self._representatives(degree)
        blocks = []
        for weight in weights:
            found = self._block(degree, weight)
            if found.block is not None and (not self.is_expanded or found.block.variables):
                blocks.append(found.block)
        count = math.comb(self.model.N - 1 + degree, degree)
        hilbert = sum(block.multiplicity * block.rank for block in blocks)
        part = DegreePart(degree, count, hilbert, count - hilbert, blocks, self.is_expanded)
        self.parts.append(part)
        self._has_equations |= any(block.leading for block in blocks)
        if self.is_expanded and degree >= 2:
            self._found[degree - 2].clear()  # no more needed
        return part

    def _representatives(self, degree: int) -> list[int]:
        """Returns the weights of one block of every orbit: each is a step above one of the degree below, up to permutations."""
        monomials = self._monomials
        below = [self._key(block.weight) for block in self.parts[-1].blocks] if degree > 1 else [0]
        above = {monomials.weight(key + step) for key in below for step in set(monomials.weights)}
        return [self._key(weight) for weight in sorted({monomials.representative(weight) for weight in above})]

    def _key(self, weight: tuple[int, ...]) -> int:
        return self._monomials.weight_key(weight)

    def _all_candidates(self, degree: int) -> dict[int, list[_Monomial]]:
        """Returns the candidates of a degree by weight, from all standard monomials of the degree below."""
        units, weights = self._monomials.units, self._monomials.weights
        below = self._found[degree - 1]
        number = sum(len(units) - v[-1] if v else len(units) for found in below.values() for _, v in found.standard)
        self._require_memory(number * _MONOMIAL_BYTES, degree)
        known = set().union(*(found.keys for found in below.values())) if self._has_equations else None
        result: dict[int, list[_Monomial]] = {}
        for weight, found in below.items():
            self.deadline.require(f"the equations of degree {degree}")
            for place, unit in enumerate(units):
                monomials = [(key + unit, (*v, place)) for key, v in found.standard if not v or v[-1] <= place]
                if known is not None:
                    monomials = [
                        (key, v) for key, v in monomials if all(key - units[other] in known for other in set(v[:-1]))
                    ]
                if monomials:
                    result.setdefault(weight + weights[place], []).extend(monomials)
        return result

    def _candidates_below(self, degree: int, weight: int) -> list[_Monomial]:
        """Returns the candidates of one block, from the blocks of the degree below that have a variable less."""
        units, weights = self._monomials.units, self._monomials.weights
        below = [self._block(degree - 1, weight - step) for step in weights]
        result: list[_Monomial] = []
        for place, unit in enumerate(units):
            for key, v in below[place].standard:
                if v and v[-1] > place:
                    continue
                monomial = key + unit
                if not self._has_equations or all(monomial - units[o] in below[o].keys for o in set(v)):
                    result.append((monomial, (*v, place)))
        return result

    def _block(self, degree: int, weight: int) -> _Found:
        """Returns a block, computed if it is not known; an empty one where there is no such weight."""
        known = self._found[degree].get(weight)
        if known is not None:
            return known
        if self.is_expanded:
            candidates = self._candidates[weight]
        elif degree == 0 or min(self._monomials.weight(weight)) < 0:
            candidates = []  # the weights of a mixed model are not negative
        else:
            candidates = self._candidates_below(degree, weight)
        found = self._computed(degree, weight, candidates) if candidates else _NOTHING
        self._found[degree][weight] = found
        self._candidates.pop(weight, None)
        return found

    def _computed(self, degree: int, weight: int, candidates: list[_Monomial]) -> _Found:
        """Returns a block that has candidates: which of them are standard, and what the others are."""
        candidates.sort()  # falling order of monomials
        count = len(candidates)
        vector = self._monomials.weight(weight)
        multiplicity, rank = 1, None
        if self.model.is_mixed:
            representative = self._monomials.representative(vector)
            if representative != vector:
                rank = len(self._block(degree, self._key(representative)).standard)
            elif not self.is_expanded:
                multiplicity = self._monomials.orbit_size(vector)
        # no single monomial vanishes on V, which is irreducible and lies in no coordinate hyperplane
        if rank == count or (count == 1 and degree > 1):
            standard, leading, kernel = list(range(count)), list[int](), np.zeros((0, count))
        else:
            standard, leading, kernel = self._eliminated(degree, [v for _, v in candidates], rank)
        kept = [candidates[i] for i in standard]
        places = self._monomials.variables
        block = Block(
            vector,
            multiplicity,
            standard,
            leading,
            kernel,
            [tuple(sorted(places[place] for place in v)) for _, v in candidates],
            self.model.N,
        )
        return _Found(kept, {key for key, _ in kept}, block)

    def _eliminated(
        self, degree: int, candidates: list[tuple[int, ...]], rank: int | None
    ) -> tuple[list[int], list[int], Array]:
        """Returns which candidates, in falling order, are standard and which are leading, and the latter by the former."""
        count = len(candidates)
        # pivots come first: columns from the smallest monomial to the largest
        factors = np.array(candidates[::-1], dtype=np.intp)
        rows = min(count, _FIRST_POINTS) + MARGIN if rank is None else rank + MARGIN
        while True:
            self._require_time(2 * rows * min(rows, count) * count / _OPERATIONS_PER_SECOND, degree)
            self._require_memory(40 * rows * count + 16 * rows * self.model.N, degree)
            points = self._values(rows)
            matrix = points[:, factors[:, 0]]
            for position in range(1, degree):
                matrix = reduce_modulo(matrix * points[:, factors[:, position]], self.prime)
            pivots, kernel = reduced_echelon(matrix, self.prime)
            if rows - len(pivots) >= MARGIN:
                break
            rows = min(3 * rows, count + MARGIN)
        if len(pivots) < count:
            self.miss_probability = min(1.0, self.miss_probability + self._miss_probability(degree, rows))
        is_pivot = np.zeros(count, dtype=bool)
        is_pivot[pivots] = True
        ascending = np.arange(count)[::-1]
        standard, leading = ascending[is_pivot][::-1], ascending[~is_pivot][::-1]
        return standard.tolist(), leading.tolist(), np.ascontiguousarray(kernel.T[::-1, ::-1])

    def _miss_probability(self, degree: int, rows: int) -> float:
        """Returns a bound for the probability that so many points, MARGIN more than the rank, do not separate a block."""
        phi = self.model.phi
        q = degree * phi.total_degree / max(1, self.prime - phi.pole_degree)
        if not 0 < q < 1:
            return float(q > 0)
        return math.exp(min(0.0, math.log(math.comb(rows, MARGIN)) + MARGIN * math.log(q)))

    def _values(self, count: int) -> Array:
        """Returns the coordinates, by their places, at so many random points of V."""
        if len(self._points) < count:
            number = max(2 * len(self._points), count, 4 * MARGIN)
            points = self.model.points(number, self.prime, self.seed, f"variety/{self.prime}")
            self._points = np.ascontiguousarray(points[:, self._monomials.variables])
        return self._points[:count]

    def _require_time(self, seconds: float, degree: int) -> None:
        what = f"the equations of degree {degree}"
        self.deadline.require(what)
        if seconds > self.deadline.remaining():
            raise TimeLimitError(
                f"{what} would take about {math.ceil(seconds)} s more, beyond the time limit of {self.deadline.seconds:.3g} s; "
                "raise --timeout"
            )

    def _require_memory(self, needed: int, degree: int) -> None:
        if self.memory is not None and needed > self.memory:
            raise MemoryLimitError(
                f"the equations of degree {degree} need about {needed / 2**30:.1f} GiB, "
                f"more than the limit of {self.memory / 2**30:.1f} GiB; raise --memory"
            )


_NOTHING = _Found([], set(), None)
