"""Tensors while they are imported: a node and the model's shape, or an array of numbers, and the shapes of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import MemoryLimitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: entries of one tensor that is written down entry by entry
MAXIMAL_ENTRIES = 10**7


@dataclass(frozen=True, slots=True)
class Tensor:
    """A node, and the shape of the tensor in the model; both have the same entries in the same order."""

    node: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


Value = Tensor | np.ndarray[Any, Any]


def rational(number: Any) -> Fraction:
    """Returns the shortest decimal that gives a float, as a fraction, or an integer itself; refuses what is not finite."""
    if isinstance(number, bool | np.bool_):
        return Fraction(int(number))
    if isinstance(number, int | np.integer):
        return Fraction(int(number))
    if not math.isfinite(number):
        raise SpecError(f"a constant is {number}; numbers must be finite")
    return Fraction(str(number if isinstance(number, np.floating) else float(number)))


def first_tensor(values: Sequence[Value]) -> Tensor:
    """Returns the first of several values that is a tensor."""
    return next(value for value in values if isinstance(value, Tensor))


def two_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Returns the shape of a node: the first axis, and all others together."""
    if any(n < 1 for n in shape):
        raise SpecError(f"a tensor has the shape {tuple(shape)}, which has no entries")
    return (shape[0], math.prod(shape[1:])) if len(shape) > 1 else (*shape, 1)[:1]


def without_batch(shape: Sequence[int]) -> tuple[int, ...]:
    """Returns the shape of a node for a tensor whose first axis may be the batch, of size 1."""
    return two_axes(shape[1:] if len(shape) > 1 and shape[0] == 1 else shape)


def uniform(array: np.ndarray[Any, Any]) -> Fraction | None:
    """Returns the number that all entries of an array are, or None."""
    flat = np.asarray(array).reshape(-1)
    return rational(flat[0]) if len(flat) and (flat == flat[0]).all() else None


def reduced_axes(shape: tuple[int, ...], axes: Sequence[int] | None) -> tuple[int, ...]:
    """Returns axes as nonnegative numbers, all of them for None."""
    given = range(len(shape)) if axes is None else axes
    if any(not -len(shape) <= axis < len(shape) for axis in given):
        raise SpecError(f"it reduces over the axes {tuple(given)} of a tensor of shape {shape}")
    return tuple(sorted({axis % len(shape) for axis in given}))


def shape_after_reduction(shape: tuple[int, ...], axes: Sequence[int] | None, *, keep: bool) -> tuple[int, ...]:
    """Returns the shape of a tensor reduced over axes, with size 1 there or without them."""
    reduced = reduced_axes(shape, axes)
    return tuple(1 if axis in reduced else n for axis, n in enumerate(shape) if keep or axis not in reduced)


def require_size(shape: Sequence[int]) -> None:
    """Raises `MemoryLimitError` for a tensor that is too large to be written down entry by entry."""
    if math.prod(shape) > MAXIMAL_ENTRIES:
        raise MemoryLimitError(
            f"a tensor of shape {tuple(shape)} would be written down entry by entry; at most {MAXIMAL_ENTRIES} entries are "
            "supported"
        )
