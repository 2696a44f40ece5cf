"""Sizes of convolutional networks over one or two axes: how they are written, and how many positions a filter has.

A size is a tuple of one or two integers; as a text it is 3 or 3x2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from neuroalg_cli.building.layers import output_shape, same_padding
from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

Size = tuple[int, ...]

MAXIMAL_SIZE = 10**9
_SIZES = re.compile(r"[0-9]{1,10}(?:x[0-9]{1,10})?", re.ASCII)


def per_layer(value: Any, key: str, layers: int, axes: int) -> tuple[Size, ...]:
    """Returns one entry by axis for every convolution; a number alone holds for both axes."""
    entries = list(value) if isinstance(value, list | tuple) else [1 if value is None else value]
    entries = entries * layers if len(entries) == 1 else entries
    if len(entries) != layers:
        raise SpecError(f"'{key}' has {len(entries)} entries for {layers} convolutions; give one, or one for each")
    found = [size_of(entry, key) for entry in entries]
    if any(len(size) not in (1, axes) for size in found):
        raise SpecError(f"'{key}' has entries over two axes; the filters have one")
    return tuple(size if len(size) == axes else size * axes for size in found)


def size_of(value: Any, key: str) -> Size:
    """Returns a size by axis from an integer, a text such as 3 or 3x2, or a pair."""
    pair = list(value) if isinstance(value, list | tuple) and 1 <= len(value) <= 2 else [value]
    if isinstance(value, str) and _SIZES.fullmatch(value.strip()):
        pair = [int(part) for part in value.strip().split("x")]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in pair):
        raise SpecError(f"'{key}' has {shown(value)}; it must be a positive integer such as 3, or two such as 3x3")
    if not all(1 <= n <= MAXIMAL_SIZE for n in pair):
        raise SpecError(f"'{key}' has {shown(value)}; sizes must be from 1 to {MAXIMAL_SIZE}")
    return tuple(pair)


def size_texts(several: tuple[Size, ...]) -> list[str]:
    """Returns sizes as texts."""
    return list(map(size_text, several))


def size_text(size: Size) -> str:
    """Returns a size as a text such as 3 or 3x2."""
    return "x".join(map(str, size))


def parsed(written: str) -> Size:
    """Returns the size that `size_text` wrote."""
    return tuple(map(int, written.split("x")))


def positions(
    size: Size,
    kernels: tuple[Size, ...],
    strides: tuple[Size, ...],
    dilations: tuple[Size, ...],
    padding: str,
) -> Iterator[Size]:
    """Yields the sizes of the input and after every convolution; raises `SpecError` where a filter does not fit."""
    yield size
    for layer, (kernel, stride, dilation) in enumerate(zip(kernels, strides, dilations, strict=True), start=1):
        try:
            size = output_shape(size, kernel, stride, dilation, paddings(size, kernel, stride, dilation, padding))
        except SpecError as error:
            raise SpecError(f"'filters' does not fit 'input' in convolution {layer}: {error}") from None
        yield size


def paddings(size: Size, kernel: Size, stride: Size, dilation: Size, padding: str) -> tuple[tuple[int, int], ...]:
    """Returns how much padding goes before and after every axis, so that ceil(size/stride) positions remain."""
    if padding == "none":
        return ((0, 0),) * len(size)
    return tuple(map(same_padding, size, kernel, stride, dilation))


def receptive_field(kernels: tuple[Size, ...], strides: tuple[Size, ...], dilations: tuple[Size, ...]) -> Size:
    """Returns the size of the input on which one output position depends."""
    size = (1,) * len(kernels[0])
    for kernel, stride, dilation in zip(reversed(kernels), reversed(strides), reversed(dilations), strict=True):
        size = tuple(s * (n - 1) + d * (k - 1) + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True))
        if max(size) > MAXIMAL_SIZE:
            raise SpecError(
                f"the receptive field of 'filters' has more than {MAXIMAL_SIZE} entries; take shorter filters or strides"
            )
    return size
