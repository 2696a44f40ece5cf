"""The interpreter in balls: values and derivatives as real intervals, rigorous, at any precision; and certified ranks.

Every operation returns a ball that contains the true value (F. Johansson, 'Arb: efficient arbitrary-precision midpoint-radius
interval arithmetic', IEEE Trans. Comput. 66 (2017) 1281-1292).  So a minor whose ball does not contain 0 is not 0, and the rank
is at least its size: no rounding error can raise a rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq

from neuroalg_cli.interpreters import entrywise
from neuroalg_cli.interpreters.entrywise import mapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Objects = NDArray[np.object_]

#: pivots of the first, fast part are taken by floating point while they are larger than this share of the largest entry
_SAFE_PIVOT = 1e-6


class UndefinedError(ArithmeticError):
    """At this input a value is not defined, or its ball is too large to say so: a logarithm of 0, a kink, a pole."""


class Balls:
    """Real balls at the precision of the context."""

    def constant(self, value: Fraction | int) -> arb:
        """Returns a ball around a rational number."""
        return arb(fmpq(value.numerator, value.denominator))

    def reciprocal(self, value: arb) -> arb:
        """Returns 1/z; raises `UndefinedError` if the ball contains 0."""
        if value.contains(0):
            raise UndefinedError
        return 1 / value

    def function(self, name: str, index: int, values: Objects) -> Objects:
        """Returns a function of the catalogue at every entry."""
        del index
        return mapped(lambda value: _finite(_value(name, value)), values)

    def slope(self, name: str, index: int, arguments: Objects, values: Objects) -> Objects:
        """Returns its derivative at every entry."""
        del index
        pairs = zip(arguments.reshape(-1), values.reshape(-1), strict=True)
        result = np.empty(arguments.size, dtype=object)
        for position, (argument, value) in enumerate(pairs):
            result[position] = _finite(_slope(name, argument, value))
        return result.reshape(arguments.shape)


def _value(name: str, z: arb) -> arb:
    result: arb
    match name:
        case "relu":
            result = z if _is_positive(z) else arb(0)
        case "log" | "sqrt":
            if not z > 0:
                raise UndefinedError
            result = z.log() if name == "log" else z.sqrt()
        case _:
            result = getattr(z, name)()  # exp, tanh, erf
    return result


def _slope(name: str, z: arb, value: arb) -> arb:
    match name:
        case "relu":
            return arb(1 if _is_positive(z) else 0)
        case "exp":
            return value
        case "log":
            return 1 / z
        case "sqrt":
            return 1 / (2 * value)
        case "tanh":
            return 1 - value * value
        case _:  # erf
            return (-z * z).exp() * 2 / arb.pi().sqrt()


def _is_positive(z: arb) -> bool:
    if not (z > 0 or z < 0):
        raise UndefinedError
    return bool(z > 0)


def _finite(z: arb) -> arb:
    if not z.is_finite():
        raise UndefinedError
    return z


def ball_array(values: Sequence[Any]) -> Objects:
    """Returns rational numbers as an array of balls."""
    result = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        result[position] = arb(fmpq(value.numerator, value.denominator))
    return result


def jacobian(network: Network, parameters: Sequence[Any], x: Sequence[Any]) -> Objects:
    """Returns d f_w(x) / dw at rational w and x as balls, shape (m, P), at the precision of the context.

    Raises `UndefinedError` where the precision does not decide whether the network is smooth there.
    """
    return entrywise.jacobian(network, ball_array(parameters), ball_array(x), Balls())[0]


@dataclass(frozen=True, slots=True)
class CertifiedRank:
    """A lower bound for the rank of every matrix in the balls, the minor that shows it, and what is left behind it."""

    rank: int
    pivot_rows: tuple[int, ...]
    pivot_columns: tuple[int, ...]
    #: an upper bound for the absolute values of the entries that are left after the elimination; 0.0 for none
    remainder: float


def certified_rank(matrix: Objects, target: int | None = None) -> CertifiedRank:
    """Returns the size of a minor that is not zero, found by elimination with complete pivoting in balls.

    Every pivot is a ball that does not contain 0, and the minor is, up to its sign, the product of the pivots: so it is not
    zero in any of the matrices in the balls.  Most pivots are chosen in floating point first, and their block inverted in
    balls, which fails, and is then not used, where the inverse cannot be certified.  With ``target``, a minor of this size is
    enough, and it is certified in floating point with error bounds if its condition allows.
    """
    rows, columns, left = _eliminate_safe_part(matrix, min(matrix.shape) if target is None else target)
    rows, columns = list(rows), list(columns)
    free_rows = [i for i in range(matrix.shape[0]) if i not in set(rows)]
    free_columns = [j for j in range(matrix.shape[1]) if j not in set(columns)]
    while left.size:
        sizes = np.array([float(entry.abs_lower()) for entry in left.reshape(-1)]).reshape(left.shape)
        if not sizes.any():
            i, j = _certified_entry(left)
            if i < 0:
                break
        else:
            i, j = (int(position) for position in np.unravel_index(int(sizes.argmax()), sizes.shape))
        rows.append(free_rows.pop(i))
        columns.append(free_columns.pop(j))
        pivot = left[i, j]
        row = np.delete(left[i], j)
        factors = np.delete(left[:, j], i) / pivot
        left = np.delete(np.delete(left, i, axis=0), j, axis=1) - factors[:, None] * row[None, :]
    remainder = max((float(abs(entry).upper()) for entry in left.reshape(-1)), default=0.0)
    order_rows, order_columns = sorted(rows), sorted(columns)
    return CertifiedRank(len(rows), tuple(order_rows), tuple(order_columns), remainder)


def _certified_entry(left: Objects) -> tuple[int, int]:
    """Returns the place of an entry that is certainly not 0, however small; (-1, -1) if there is none."""
    for (i, j), entry in np.ndenumerate(left):
        if entry > 0 or entry < 0:
            return int(i), int(j)
    return -1, -1


def _eliminate_safe_part(matrix: Objects, target: int) -> tuple[list[int], list[int], Objects]:
    """Returns rows and columns of a block that is certainly invertible, and its Schur complement in balls.

    The complement is left out, as an empty matrix, where the block has the size that is asked for.
    """
    shape = matrix.shape
    floats = np.array([float(entry.mid()) for entry in matrix.reshape(-1)]).reshape(shape)
    rows, columns = _floating_pivots(floats, target)
    if not rows:
        return [], [], matrix
    block = np.ix_(rows, columns)
    if len(rows) >= min(target, *shape):
        radii = np.array([float(entry.rad()) for entry in matrix[block].reshape(-1)]).reshape(len(rows), len(rows))
        if is_certainly_invertible(floats[block], radii):
            return rows, columns, np.empty((0, 0), dtype=object)
    rest_rows = [i for i in range(shape[0]) if i not in set(rows)]
    rest_columns = [j for j in range(shape[1]) if j not in set(columns)]
    try:  # a system is only solved if its matrix is certainly invertible
        if not rest_rows or not rest_columns:
            _as_balls(matrix[block]).inv()
            return rows, columns, np.empty((0, 0), dtype=object)
        solved = _as_balls(matrix[block]).solve(_as_balls(matrix[np.ix_(rows, rest_columns)]))
    except ZeroDivisionError:
        return [], [], matrix
    rest, below = matrix[np.ix_(rest_rows, rest_columns)], matrix[np.ix_(rest_rows, columns)]
    return rows, columns, _as_objects(_as_balls(rest) - _as_balls(below) * solved)


def is_certainly_invertible(middle: NDArray[np.float64], radii: NDArray[np.float64]) -> bool:
    """Returns whether all matrices near ``middle`` are invertible, proved in floating point; False proves nothing.

    ``middle`` may have been rounded to float64, ``radii`` too.  With any matrix R, |1 - R A| < 1 in the norm of row sums shows
    that A is invertible.  A product of float64 matrices of inner size n, summed in any order, differs from the true one by at
    most n u / (1 - n u) times the product of the absolute values, u = 2^-53, and by underflow, for which 1e-290 is added (S. M.
    Rump, 'Verification methods', Acta Numerica 19 (2010) 287-449, sections 2 and 10).  Bounds are enlarged by 1 % on top.
    """
    n = len(middle)
    with np.errstate(all="ignore"):
        try:
            inverse = np.linalg.inv(middle)
        except np.linalg.LinAlgError:
            return False
        unit = (n + 2) * 2.0**-52
        spread = radii * 1.01 + np.abs(middle) * 2.0**-51 + 1e-290
        residual = np.abs(inverse @ middle - np.eye(n))
        errors = np.abs(inverse) @ (unit * np.abs(middle) + spread)
        norm = float(((residual * 1.01 + errors * 1.01) + 1e-290 * n).sum(axis=1).max())
    return bool(np.isfinite(inverse).all()) and norm < 0.9


def _floating_pivots(floats: NDArray[np.float64], target: int) -> tuple[list[int], list[int]]:
    """Returns rows and columns of at most so many pivots of an elimination in floating point that are not small."""
    left = floats.copy()
    if not np.isfinite(left).all() or not left.any():
        return [], []
    smallest = _SAFE_PIVOT * np.abs(left).max()
    rows, columns = np.arange(left.shape[0]), np.arange(left.shape[1])
    rank = 0
    while rank < min(target, *left.shape):
        rest = left[rank:, rank:]
        i, j = (int(position) for position in np.unravel_index(int(np.abs(rest).argmax()), rest.shape))
        if not abs(rest[i, j]) > smallest:
            break
        for order, axis, place in ((rows, 0, i), (columns, 1, j)):
            swap, back = [rank, rank + place], [rank + place, rank]
            order[swap] = order[back]
            if axis:
                left[:, swap] = left[:, back]
            else:
                left[swap] = left[back]
        factors = left[rank + 1 :, rank] / left[rank, rank]
        left[rank + 1 :, rank + 1 :] -= np.outer(factors, left[rank, rank + 1 :])
        rank += 1
    return rows[:rank].tolist(), columns[:rank].tolist()


def _as_balls(block: Objects) -> arb_mat:
    return arb_mat(block.tolist())


def _as_objects(matrix: arb_mat) -> Objects:
    result = np.empty((matrix.nrows(), matrix.ncols()), dtype=object)
    for position, entry in enumerate(matrix.entries()):
        result[divmod(position, matrix.ncols())] = entry
    return result


def precision(bits: int) -> Any:
    """Returns a context in which balls have so many bits."""
    return ctx.workprec(bits)
