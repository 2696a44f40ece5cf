"""The multiples of equations, weight by weight: whether they are all forms that vanish at points; whether each is needed."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING

from flint import fmpz_mat, nmod_mat

from neuroalg_cli.verifying.refusing import require, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Exponents = tuple[int, ...]
    Weight = tuple[int, ...]
    Terms = Mapping[Exponents, int]

_MAXIMAL_MONOMIALS = 300_000
_MAXIMAL_STEPS = 10**8
_MAXIMAL_ENTRIES = 10**8
#: entries of a matrix whose rank over Q is computed
_MAXIMAL_RATIONAL_ENTRIES = 2 * 10**6
#: points beyond the number of monomials of a weight
_FURTHER = 3


class Multiples:
    """Equations, homogeneous for weights of the variables of which the first is the total degree."""

    def __init__(self, equations: Sequence[Terms], weights: Sequence[Weight], p: int) -> None:
        self.weights, self.p = weights, p
        self.equations = [(self._weight(next(iter(terms))), terms) for terms in equations]
        self._by_weight: dict[int, dict[Weight, list[Exponents]]] = {}

    def _weight(self, exponents: Exponents) -> Weight:
        used = [(e, self.weights[i]) for i, e in enumerate(exponents) if e]
        return tuple(sum(e * row[k] for e, row in used) for k in range(len(self.weights[0])))

    def monomials(self, degree: int) -> dict[Weight, list[Exponents]]:
        """Returns the monomials of a degree by weight."""
        if degree not in self._by_weight:
            variables = len(self.weights)
            number = comb(variables - 1 + degree, degree)
            require(number <= _MAXIMAL_MONOMIALS, f"there are too many monomials of degree {degree} to replay")
            found: dict[Weight, list[Exponents]] = {}
            for factors in combinations_with_replacement(range(variables), degree):
                exponents = [0] * variables
                for i in factors:
                    exponents[i] += 1
                found.setdefault(self._weight(tuple(exponents)), []).append(tuple(exponents))
            self._by_weight[degree] = found
        return self._by_weight[degree]

    def _multiples(self, weight: Weight, equations: Sequence[tuple[Weight, Terms]]) -> Iterator[dict[Exponents, int]]:
        """Yields the multiples of one weight of equations of lower or equal degree by monomials."""
        for own, terms in equations:
            if own[0] <= weight[0]:
                rest = tuple(a - b for a, b in zip(weight, own, strict=True))
                for factor in self.monomials(rest[0]).get(rest, ()):
                    yield {tuple(a + b for a, b in zip(factor, m, strict=True)): c for m, c in terms.items()}

    def require_minimal(self) -> None:
        """Refuses equations one of which follows from the others."""
        by_weight: dict[Weight, list[Terms]] = {}
        for weight, terms in self.equations:
            by_weight.setdefault(weight, []).append(terms)
        for weight, new in by_weight.items():
            lower = [(own, terms) for own, terms in self.equations if own[0] < weight[0]]
            known = list(self._multiples(weight, lower))
            columns = {m: k for k, m in enumerate({m: None for row in [*known, *new] for m in row})}
            size = (len(known) + len(new)) * len(columns)
            require(size <= _MAXIMAL_RATIONAL_ENTRIES, "the multiples of the equations are too many to replay")
            before = _rank(known, columns)
            if _rank([*known, *new], columns) != before + len(new):
                require(False, f"an equation of degree {weight[0]} follows from the others")

    def hilbert(self, degree: int, draw: Callable[[], list[int]]) -> int:
        """Returns the dimension of the forms of a degree on V, if those that vanish there are multiples of the equations."""
        blocks = self.monomials(degree)
        steps = sum(len(block) ** 2 for block in blocks.values()) * degree
        require(steps <= _MAXIMAL_STEPS, f"the forms of degree {degree} are too many to replay")
        points = [draw() for _ in range(max(map(len, blocks.values())) + _FURTHER)]
        total = entries = 0
        for weight, block in blocks.items():
            factors = [[i for i, e in enumerate(m) for _ in range(e)] for m in block]
            values = [_value(point, used, self.p) for point in points[: len(block) + _FURTHER] for used in factors]
            rank = int(nmod_mat(len(block) + _FURTHER, len(block), values, self.p).rank())
            total += rank
            missing = len(block) - rank
            if not missing:
                continue
            rows = list(self._multiples(weight, self.equations))
            entries += len(rows) * len(block)
            require(entries <= _MAXIMAL_ENTRIES, "the multiples of the equations are too many to replay")
            place = {m: k for k, m in enumerate(block)}
            matrix = nmod_mat(len(rows), len(block), self.p)
            for i, row in enumerate(rows):
                for m, c in row.items():
                    matrix[i, place[m]] = c % self.p
            same(f"the dimension of the multiples of degree {degree} of some weight", int(matrix.rank()), missing)
        return total


def _value(point: Sequence[int], factors: Sequence[int], p: int) -> int:
    result = 1
    for i in factors:
        result = result * point[i] % p
    return result


def _rank(rows: Sequence[Mapping[Exponents, int]], columns: Mapping[Exponents, int]) -> int:
    """Returns the rank over Q."""
    if not rows:
        return 0
    matrix = fmpz_mat(len(rows), len(columns))
    for i, row in enumerate(rows):
        for m, c in row.items():
            matrix[i, columns[m]] = c
    return int(matrix.rank())
