"""Monomials in y and their weights as single integers, so that multiplying is adding and comparing is comparing.

A monomial's key has a digit for every variable, the least significant for y_1 and the most significant for the smallest variable,
y_n or y_0.  Among monomials of one degree a *smaller* key is a *larger* monomial in the graded reverse lexicographic order: they
differ at the smallest variable where their exponents do, and the larger monomial has the smaller exponent there.
The *place* of a variable is the position of its digit.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from neuroalg_cli.errors import MemoryLimitError

if TYPE_CHECKING:
    from neuroalg_cli.variety.model import ProjectiveModel

_DIGIT_BITS = 10
MAXIMAL_DEGREE = 2**_DIGIT_BITS - 1


class Monomials:
    """Keys of the variables of a model and of their weights."""

    def __init__(self, model: ProjectiveModel) -> None:
        count = model.N
        #: the variable at each place: y_0, at position 0 if it is there, is the smallest
        self.variables = list(range(count)) if model.is_cone else [*range(1, count), 0]
        self.units = [1 << _DIGIT_BITS * place for place in range(count)]
        rows = model.weights[self.variables]
        self.factors = rows.shape[1]
        bound = int(abs(rows).max(initial=0)) * MAXIMAL_DEGREE
        self._weight_bits = (2 * bound + 1).bit_length()
        #: the keys of the weights of the variables
        self.weights = [self.weight_key(tuple(row)) for row in rows.tolist()]
        self._output_size = model.phi.network.output_size if model.is_mixed else 0

    def weight_key(self, weight: tuple[int, ...]) -> int:
        """Returns the integer of a weight; the sum of weights has the sum of their integers."""
        return sum(entry << self._weight_bits * position for position, entry in enumerate(weight))

    def weight(self, key: int) -> tuple[int, ...]:
        """Returns the weight of an integer."""
        base, half = 1 << self._weight_bits, 1 << self._weight_bits - 1
        result = []
        for _ in range(self.factors):
            digit = (key + half) % base - half
            result.append(digit)
            key = (key - digit) // base
        return tuple(result)

    def representative(self, weight: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the weight of the orbit, under permutations of outputs and of inputs, with falling degrees in both."""
        outputs, inputs = weight[: self._output_size], weight[self._output_size :]
        return (*sorted(outputs, reverse=True), *sorted(inputs, reverse=True))

    def orbit_size(self, weight: tuple[int, ...]) -> int:
        """Returns the number of weights that permutations of outputs and of inputs make of one."""
        return _arrangements(weight[: self._output_size]) * _arrangements(weight[self._output_size :])


def require_degree(degree: int) -> None:
    """Raises `MemoryLimitError` for degrees whose monomials have no keys."""
    if degree > MAXIMAL_DEGREE:
        raise MemoryLimitError(f"equations of degree {degree} are beyond the limit of {MAXIMAL_DEGREE}")


def exponents(variables: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Returns the exponent vector of a product of variables."""
    result = [0] * count
    for variable in variables:
        result[variable] += 1
    return tuple(result)


def _arrangements(entries: tuple[int, ...]) -> int:
    """Returns the number of distinct permutations of a vector."""
    result = math.factorial(len(entries))
    for number in Counter(entries).values():
        result //= math.factorial(number)
    return result
