"""Pooling: maxima and means over windows of one or two axes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.building import layers
from neuroalg_cli.errors import SpecError
from neuroalg_cli.lowering.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.lowering.lowering import Lowering


def pooled(
    lowering: Lowering,
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[tuple[int, int]],
    how: str,
) -> Tensor:
    """Returns the maxima (``how`` is max) or means over windows; means count padding (padded) or do not (inside)."""
    axes = len(kernel)
    if axes not in (1, 2) or len(x.shape) < axes + 1:
        raise SpecError(f"it pools over {axes} axes of a tensor of shape {x.shape}; one or two are supported")
    spatial = x.shape[-axes:]
    out = layers.output_shape(spatial, kernel, stride, dilation, padding)
    patch = layers.patch_indices(spatial, kernel, stride, dilation, padding, "zero", out)
    windows = np.asarray(patch, dtype=np.int64).reshape(math.prod(kernel), -1)
    counts = (windows >= 0).sum(axis=0)
    if not counts.all():
        raise SpecError("some of its windows contain nothing but padding")
    if how == "max":  # an entry of the window in place of padding does not change its maximum
        filler = windows[np.argmax(windows >= 0, axis=0), np.arange(windows.shape[1])]
        windows = np.where(windows >= 0, windows, filler)
    size = math.prod(spatial)
    channels = x.size // size
    offsets = np.arange(channels)[:, None] * size
    parts = [lowering.picked([x], np.where(row < 0, -1, row + offsets)).node for row in windows]
    shape = (*x.shape[:-axes], *out)
    if how == "max":
        return Tensor(lowering.largest(parts), shape)
    total = Tensor(lowering.builder.sum(*parts) if len(parts) > 1 else parts[0], (channels, len(counts)))
    divisor = counts if how == "inside" else np.full_like(counts, len(windows))
    result = _divided_columns(lowering, total, divisor)
    return lowering.reshaped(result, shape)


def _divided_columns(lowering: Lowering, value: Tensor, divisor: np.ndarray[Any, Any]) -> Tensor:
    """Returns a matrix whose columns are divided by integers, exactly."""
    distinct = np.unique(divisor)
    scaled = [lowering.polynomial(value, [(1, Fraction(1, int(number)))]) for number in distinct]
    parts = [part for part in scaled if isinstance(part, Tensor)]
    if len(parts) == 1:
        return parts[0]
    which = np.searchsorted(distinct, divisor)
    positions = np.arange(value.size).reshape(value.shape) + which[None, :] * value.size
    return lowering.picked(parts, positions)
