"""Blocks of coordinates that can be rescaled one by one, and the multidegrees into which the degree of V splits.

Suppose that V is stable under multiplying the coordinates of each of the blocks A_1, ..., A_s by a number of its own.  Then its
image X in P(A_1) x ... x P(A_s) has dimension m - s, P(V) is birational to the bundle P(O(-1) + ... + O(-1)) over X, and the
hyperplane class of P(V) is that of the bundle, so that deg V is the Segre class of the bundle:

    deg V  =  sum over a_1 + ... + a_s = m - s of e(a),   e(a) = number of points of X on a_j generic hyperplanes of each P(A_j)

(E. Miller, B. Sturmfels, Combinatorial Commutative Algebra, 2005, section 8.5).  Each point of X gives one point of V with one
coordinate of each block given: q_j = a_j + 1 equations on block j.  Coordinates that are in no such block make one more, which
together with the homogenizing variable of the projective closure is a block as well: q_0 = a_0 equations.

e(q) > 0 if and only if the sum of q_j over J is at most the dimension of the projection of V to the blocks of J, for all J (F.
Castillo, Y. Cid-Ruiz, B. Li, J. Montaño, N. Zhang, When are multidegrees positive?, 2020, arXiv:2005.07808).  Blocks that a
permutation of parameters exchanges have the same multidegrees.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz_mat

from neuroalg_cli.slicing.residue_matrices import rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.slicing.expansion import Expansion

#: where there would be more systems than this, nothing is split
MAXIMAL_PATTERNS = 200
#: subsets of blocks, up to exchange, whose ranks are computed
MAXIMAL_SUBSETS = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """Coordinates that are rescaled together."""

    coordinates: tuple[int, ...]
    #: False: V need not be stable under rescaling them
    is_cone: bool
    #: blocks of one kind are exchanged by permutations of the parameters
    kind: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """How many equations each block gets, and how many patterns are alike."""

    equations: tuple[int, ...]
    multiplicity: int


def blocks(expansion: Expansion) -> tuple[Block, ...]:
    """Returns the blocks of the coordinates of phi: the finest partition of the outputs that the exponents prove.

    For rational u, t^u multiplies every term of block j by t^(c_j): the pairs (u, c) are the kernel of a matrix of exponents.
    """
    outputs = sorted({c.output for c in expansion.coordinates})
    position = {output: i for i, output in enumerate(outputs)}
    of_coordinate = np.array([position[c.output] for c in expansion.coordinates])
    indicators = np.zeros((len(expansion.owners), len(outputs)), dtype=np.int64)
    indicators[np.arange(len(expansion.owners)), of_coordinate[expansion.owners]] = -1
    wide = np.unique(np.hstack([expansion.exponents, indicators]), axis=0)
    gram = wide.T @ wide
    size = gram.shape[0]
    kernel, nullity = fmpz_mat(size, size, [int(v) for v in gram.ravel()]).nullspace()
    weights = [[int(kernel[size - len(outputs) + i, j]) for j in range(nullity)] for i in range(len(outputs))]
    free = _space([list(column) for column in zip(*weights, strict=True)]) if nullity else fmpz_mat(0, len(outputs))
    # outputs whose factors are always equal stand together; each class must have a factor of its own
    classes: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(weights):
        classes.setdefault(tuple(row), []).append(i)
    cones = [c for c in classes.values() if _contains(free, [int(i in c) for i in range(len(outputs))])]
    rest = sorted(set(range(len(outputs))) - {i for c in cones for i in c})
    groups = [(c, True) for c in cones]
    if rest:
        groups.append((rest, _contains(free, [int(i in rest) for i in range(len(outputs))])))
    of_groups = [(tuple(int(k) for k in np.flatnonzero(np.isin(of_coordinate, c))), cone) for c, cone in groups]
    kinds: list[int] = []
    for number, (members, cone) in enumerate(of_groups):
        alike = (
            k
            for k in range(number)
            if cone and of_groups[k][1] and _are_exchangeable(expansion, of_groups[k][0], members)
        )
        first = next(alike, None)
        kinds.append(number if first is None else kinds[first])
    return tuple(Block(members, cone, kind) for (members, cone), kind in zip(of_groups, kinds, strict=True))


def merged(parts: Sequence[Block]) -> tuple[Block, ...]:
    """Returns all coordinates as one block."""
    everything = tuple(sorted(k for part in parts for k in part.coordinates))
    return (Block(everything, all(part.is_cone for part in parts), 0),)


def patterns(
    parts: Sequence[Block], jacobian: NDArray[np.int64], prime: int, dimension: int
) -> tuple[Pattern, ...] | None:
    """Returns the patterns whose multidegree is not zero, one of each kind; None if they are too many.

    ``jacobian``: rows are parameters, columns coordinates, at a point that is not exceptional.
    """
    members: dict[int, list[int]] = {}
    for number, part in enumerate(parts):
        members.setdefault(part.kind, []).append(number)
    kinds = sorted(members)
    if math.prod(len(members[k]) + 1 for k in kinds) > MAXIMAL_SUBSETS:
        return None
    ranks = {}
    for counts in itertools.product(*(range(len(members[k]) + 1) for k in kinds)):
        columns = [
            j for k, c in zip(kinds, counts, strict=True) for part in members[k][:c] for j in parts[part].coordinates
        ]
        ranks[counts] = rank(jacobian[:, columns], prime)
    least = [int(parts[members[k][0]].is_cone) for k in kinds]
    found: list[Pattern] = []
    for choice in _choices([len(members[k]) for k in kinds], least, dimension, ranks):
        equations = [0] * len(parts)
        multiplicity = 1
        for k, values in zip(kinds, choice, strict=True):
            for number, value in zip(members[k], values, strict=True):
                equations[number] = value
            multiplicity *= math.factorial(len(values))
            for repeated in Counter(values).values():
                multiplicity //= math.factorial(repeated)
        found.append(Pattern(tuple(equations), multiplicity))
        if len(found) > MAXIMAL_PATTERNS:
            return None
    return tuple(found)


def _choices(
    counts: Sequence[int], least: Sequence[int], dimension: int, ranks: dict[tuple[int, ...], int]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yields, for every kind, falling numbers of equations that sum up to the dimension and obey all ranks."""

    def falling(length: int, low: int, high: int, total: int) -> Iterator[tuple[int, ...]]:
        if length == 0:
            yield ()
            return
        for value in range(min(high, total - low * (length - 1)), low - 1, -1):
            for tail in falling(length - 1, low, value, total - value):
                yield (value, *tail)

    def extend(kind: int, left: int, chosen: tuple[tuple[int, ...], ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
        if kind == len(counts):
            if left == 0:
                yield chosen
            return
        alone = tuple(int(k == kind) for k in range(len(counts)))
        for values in falling(counts[kind], least[kind], min(ranks[alone], left), left):
            now = (*chosen, values)
            if _obeys(now, len(counts), ranks):
                yield from extend(kind + 1, left - sum(values), now)

    yield from extend(0, dimension, ())


def _obeys(chosen: Sequence[Sequence[int]], kinds: int, ranks: dict[tuple[int, ...], int]) -> bool:
    """Returns whether the largest sums of every size are at most the ranks."""
    for counts in itertools.product(*(range(len(values) + 1) for values in chosen)):
        total = sum(sum(values[:count]) for values, count in zip(chosen, counts, strict=True))
        if total > ranks[(*counts, *[0] * (kinds - len(chosen)))]:
            return False
    return True


def _space(rows: Sequence[Sequence[int]]) -> fmpz_mat:
    return fmpz_mat(len(rows), len(rows[0]), [v for row in rows for v in row])


def _contains(space: fmpz_mat, vector: Sequence[int]) -> bool:
    """Returns whether a vector is a rational combination of rows."""
    larger = [*[int(space[i, j]) for i in range(space.nrows()) for j in range(space.ncols())], *vector]
    return bool(fmpz_mat(space.nrows() + 1, len(vector), larger).rank() == space.rank())


def _are_exchangeable(expansion: Expansion, first: Sequence[int], second: Sequence[int]) -> bool:
    """Returns whether swapping the parameters that only one of two blocks has, in order, swaps their coordinates, in order."""
    if len(first) != len(second):
        return False
    used = [_support(expansion, [k for k in range(len(expansion.coordinates)) if k not in {*first, *second}])]
    used += [_support(expansion, block) for block in (first, second)]
    own = [sorted(np.flatnonzero(used[1] & ~used[2])), sorted(np.flatnonzero(used[2] & ~used[1]))]
    if len(own[0]) != len(own[1]) or any(used[0][j] for side in own for j in side):
        return False
    order = np.arange(expansion.exponents.shape[1])
    order[own[0]], order[own[1]] = own[1], own[0]

    def swapped(polynomial: dict[tuple[int, ...], Fraction]) -> dict[tuple[int, ...], Fraction]:
        return {tuple(exponents[j] for j in order): value for exponents, value in polynomial.items()}

    return all(
        swapped(expansion.coordinates[a].polynomial) == expansion.coordinates[b].polynomial
        for a, b in zip(first, second, strict=True)
    )


def _support(expansion: Expansion, coordinates: Sequence[int]) -> NDArray[np.bool_]:
    rows = np.isin(expansion.owners, list(coordinates))
    return np.asarray(expansion.exponents[rows].any(axis=0))
