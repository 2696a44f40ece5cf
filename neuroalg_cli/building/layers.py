"""Layers as fragments of a graph, shared by families and importers: dense maps and convolutions, and when two graphs are equal.

A convolution is what the libraries of the field call one, a cross-correlation: entry q of output channel o is the sum over
input channels c and offsets i of W[o, (c, i)] x[c, stride q + dilation i - padding].
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from neuroalg_cli.errors import MemoryLimitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.network import Network, NetworkBuilder

PADDING_MODES = ("zero", "circular")
#: the patches of a convolution are listed one by one, here and in reports
MAXIMAL_PATCH_ENTRIES = 4 * 10**6


def dense(builder: NetworkBuilder, weight: int, x: int, bias: int | None = None) -> int:
    """Returns the node W x + b; a matrix x is mapped column by column.

    Raises `SpecError` if shapes do not fit.
    """
    value = builder.matmul(weight, x)
    if bias is None:
        return value
    shape = builder.shape(value)
    return builder.sum(value, bias if len(shape) == 1 else builder.repeat_columns(bias, shape[1]))


def convolution(
    builder: NetworkBuilder,
    weight: int,
    x: int,
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]] | None = None,
    padding_mode: str = "zero",
    groups: int = 1,
    bias: int | None = None,
) -> tuple[int, tuple[int, ...]]:
    """Returns the node of a convolution, of shape (c_out, positions), and the spatial shape of its positions.

    ``x`` has the shape (c_in, positions), its positions row by row of ``spatial``; ``weight`` has the shape (c_out, c_in/groups *
    product of kernel), its columns by channel, then offset.  ``padding`` has a pair (before, after) for every axis; 'circular'
    padding takes the entries modulo the size.  Omitted, stride and dilation are 1 and padding is none.
    Raises `SpecError` if sizes do not fit, and `MemoryLimitError` for more than `MAXIMAL_PATCH_ENTRIES` entries of patches.
    """
    axes = len(spatial)
    strides = tuple(stride) if stride is not None else (1,) * axes
    dilations = tuple(dilation) if dilation is not None else (1,) * axes
    pads = tuple(padding) if padding is not None else ((0, 0),) * axes
    channels, positions = builder.shape(x)
    _require_fitting(spatial, kernel, strides, dilations, pads, padding_mode)
    if positions != math.prod(spatial):
        raise SpecError(f"a tensor with {positions} positions is no image of {_times(spatial)}")
    c_out, columns = builder.shape(weight)
    offsets = math.prod(kernel)
    if groups < 1 or channels % groups or c_out % groups or columns * groups != channels * offsets:
        raise SpecError(
            f"filters of {columns} entries do not fit {channels} channels with {offsets} entries each in {groups} groups"
        )
    spatial_out = output_shape(spatial, kernel, strides, dilations, pads)
    patch = patch_indices(spatial, kernel, strides, dilations, pads, padding_mode, spatial_out)
    if channels * len(patch) > MAXIMAL_PATCH_ENTRIES:
        raise _too_many(channels * len(patch))
    size = math.prod(spatial_out)
    if groups == 1:
        value = builder.matmul(weight, _patches(builder, x, range(channels), patch, (offsets, size)))
    else:
        value = _grouped(builder, weight, x, groups, patch, (offsets, size))
    if bias is not None:
        value = builder.sum(value, builder.repeat_columns(bias, size))
    return value, spatial_out


def output_shape(
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[tuple[int, int]],
) -> tuple[int, ...]:
    """Returns how many positions a filter has along every axis; raises `SpecError` if it does not fit even once."""
    result = []
    for n, k, s, d, (before, after) in zip(spatial, kernel, stride, dilation, padding, strict=True):
        reach = d * (k - 1) + 1
        if reach > n + before + after:
            padded = " with its padding" if before + after else ""
            dilated = f", {reach} with its dilation," if d > 1 and k > 1 else ""
            raise SpecError(
                f"a filter of size {k}{dilated} is longer than its input, which is of size {n + before + after}{padded}; "
                "take a shorter filter or a larger input"
            )
        result.append((n + before + after - reach) // s + 1)
    return tuple(result)


def same_padding(n: int, k: int, s: int, d: int) -> tuple[int, int]:
    """Returns the padding before and after an axis of size n with which ceil(n/s) positions remain; the larger half is behind."""
    total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def patch_indices(
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[tuple[int, int]],
    padding_mode: str,
    spatial_out: Sequence[int],
) -> list[int]:
    """Returns which position of one channel meets every offset (rows) at every output position (columns); -1 for padding.

    Raises `MemoryLimitError` for more than `MAXIMAL_PATCH_ENTRIES` of them.
    """
    if math.prod(kernel) * math.prod(spatial_out) > MAXIMAL_PATCH_ENTRIES:
        raise _too_many(math.prod(kernel) * math.prod(spatial_out))
    tables = []
    for n, k, s, d, (before, _), m in zip(spatial, kernel, stride, dilation, padding, spatial_out, strict=True):
        places = [[s * q + d * i - before for q in range(m)] for i in range(k)]
        if padding_mode == "circular":
            tables.append([[place % n for place in row] for row in places])
        else:
            tables.append([[place if 0 <= place < n else -1 for place in row] for row in places])
    if len(spatial) == 1:
        return [place for row in tables[0] for place in row]
    width = spatial[1]
    return [
        -1 if a < 0 or b < 0 else a * width + b
        for upper, lower in itertools.product(*tables)
        for a, b in itertools.product(upper, lower)
    ]


def same_graph(one: Network, other: Network) -> bool:
    """Returns whether two networks are equal up to the names of parameters and the order in which independent nodes stand.

    The parameters stand in the same order in both, so that a vector of weights means the same function.
    """
    if one.input_size != other.input_size or len(one.offsets) != len(other.offsets):
        return False
    partner: dict[int, int] = {}
    pending = [(one.output, other.output)]
    while pending:
        a, b = pending.pop()
        if a in partner:
            if partner[a] != b:
                return False
            continue
        partner[a] = b
        first, second = one.nodes[a], other.nodes[b]
        named = first.operation == "function"
        if (
            first.operation != second.operation
            or first.shape != second.shape
            or first.terms != second.terms
            or (named and first.name != second.name)
            or len(first.operands) != len(second.operands)
            or first.indices != second.indices
        ):
            return False
        pending.extend(zip(first.operands, second.operands, strict=True))
    used = [partner[index] for index in one.offsets if index in partner]
    return len(set(partner.values())) == len(partner) and used == list(other.offsets)


def _patches(builder: NetworkBuilder, x: int, channels: range, patch: Sequence[int], shape: tuple[int, int]) -> int:
    """Returns the node of the patches of some channels: a row for every channel and offset, a column for every position."""
    total, positions = builder.shape(x)
    if len(channels) == total and shape == (1, positions) and all(i == place for i, place in enumerate(patch)):
        return x  # filters of size one at every position
    indices = [place + c * positions if place >= 0 else -1 for c in channels for place in patch]
    return builder.gather([x], indices, (len(channels) * shape[0], shape[1]))


def _grouped(
    builder: NetworkBuilder, weight: int, x: int, groups: int, patch: Sequence[int], shape: tuple[int, int]
) -> int:
    """Returns the concatenation of the convolutions of all groups of channels."""
    c_out, columns = builder.shape(weight)
    rows, inner = c_out // groups, builder.shape(x)[0] // groups
    parts = []
    for group in range(groups):
        own = range(group * rows * columns, (group + 1) * rows * columns)
        filters = builder.gather([weight], own, (rows, columns))
        patches = _patches(builder, x, range(group * inner, (group + 1) * inner), patch, shape)
        parts.append(builder.matmul(filters, patches))
    return builder.gather(parts, range(c_out * shape[1]), (c_out, shape[1]))


def _require_fitting(
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[tuple[int, int]],
    padding_mode: str,
) -> None:
    if padding_mode not in PADDING_MODES:
        raise SpecError(f"the padding mode '{padding_mode}' is unknown; there are {', '.join(PADDING_MODES)}")
    if not 1 <= len(spatial) <= 2 or any(len(v) != len(spatial) for v in (kernel, stride, dilation, padding)):
        raise SpecError(
            f"a convolution over {len(spatial)} axes with {len(kernel)} sizes of filters, {len(stride)} strides, {len(dilation)} "
            f"dilations and {len(padding)} paddings does not exist; there are convolutions over one and two axes"
        )
    if min(*spatial, *kernel, *stride, *dilation, 1) < 1 or any(min(pair) < 0 for pair in padding):
        raise SpecError("sizes, strides and dilations of a convolution must be positive, its padding not negative")


def _too_many(entries: int) -> MemoryLimitError:
    return MemoryLimitError(
        f"the patches of a convolution have {entries} entries; at most {MAXIMAL_PATCH_ENTRIES} are supported; "
        "take a smaller input or smaller filters"
    )


def _times(spatial: Sequence[int]) -> str:
    return "x".join(map(str, spatial))
