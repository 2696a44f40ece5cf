"""Reads the sizes of a convolutional network off its graph; that the network has this graph remains to be checked."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.building.activations import IDENTITY
from neuroalg_cli.building.layers import same_padding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neuroalg_cli.network import Network, Node, Terms


@dataclass(frozen=True, slots=True)
class Axis:
    """A convolution along one axis of size n; positions of the filter before 0 and from n on are padding."""

    size: int
    kernel: int
    stride: int
    dilation: int
    padding: tuple[int, int]
    positions: int

    def place(self, offset: int, position: int, padding: str) -> int:
        """Returns the entry that an offset of the filter meets at an output position, -1 for a zero."""
        found = self.stride * position + self.dilation * offset - self.padding[0]
        return found % self.size if padding == "circular" else found if 0 <= found < self.size else -1


@dataclass(frozen=True, slots=True)
class Layer:
    """A matrix of parameters and what follows it; ``axes`` is empty for a dense layer."""

    width: int
    axes: tuple[Axis, ...]
    terms: Terms
    has_bias: bool


def spatial_shapes(network: Network) -> Iterator[tuple[int, ...]]:
    """Yields the sizes that the input may have: a line, then images, the squarest first."""
    shape = network.nodes[network.input].shape
    if len(shape) == 2:
        yield (shape[1],)
        yield from sorted(_pairs(shape[1]), key=lambda pair: (abs(pair[0] - pair[1]), pair))


def read(network: Network, spatial: tuple[int, ...], padding: str) -> list[Layer] | None:
    """Returns the layers of a chain of convolutions and dense layers on an input of this size, None if it is no such chain.

    ``padding`` is none, zero or circular, for all layers.
    """
    layers: list[Layer] = []
    for product, terms, has_bias in reversed(list(_products(network))):
        weight, patches = (network.nodes[operand] for operand in product.operands)
        if len(product.shape) == 1:
            layers.append(Layer(product.shape[0], (), terms, has_bias))
            continue
        axes = _convolution(network, weight, patches, spatial, padding)
        if axes is None:
            return None
        spatial = tuple(axis.positions for axis in axes)
        layers.append(Layer(product.shape[0], axes, terms, has_bias))
    return layers if layers and layers[0].axes else None


def _products(network: Network) -> Iterator[tuple[Node, Terms, bool]]:
    """Yields the products with parameters from the output to the input, with activation and bias; stops where there is none."""
    dependent = network.depends_on_input()
    at = network.output
    while at != network.input:
        node = network.nodes[at]
        terms, has_bias = IDENTITY, False
        if node.operation == "polynomial":
            terms = node.terms
            node = network.nodes[node.operands[0]]
        if node.operation == "sum":
            has_bias = True
            node = network.nodes[node.operands[0]]
        if node.operation != "matmul" or network.nodes[node.operands[0]].operation != "parameter":
            return
        yield node, terms, has_bias
        at = node.operands[1]
        if not dependent[at]:
            return
        if network.nodes[at].operation == "gather":  # patches, or the flattening before a dense layer
            at = network.nodes[at].operands[0]


def _convolution(
    network: Network, weight: Node, patches: Node, spatial: tuple[int, ...], padding: str
) -> tuple[Axis, ...] | None:
    """Returns the convolution by axes that takes these patches, None if there is none."""
    if patches.operation != "gather":
        return tuple(Axis(n, 1, 1, 1, (0, 0), n) for n in spatial)
    channels, *rest = network.nodes[patches.operands[0]].shape
    offsets, positions = weight.shape[1] // channels, patches.shape[1]
    if rest != [math.prod(spatial)] or weight.shape[1] != offsets * channels:
        return None
    kernels = [(offsets,)] if len(spatial) == 1 else _pairs(offsets)
    shapes = [(positions,)] if len(spatial) == 1 else _pairs(positions)
    for kernel, shape in itertools.product(kernels, shapes):
        along = (_along(n, k, m, padding) for n, k, m in zip(spatial, kernel, shape, strict=True))
        for axes in itertools.product(*along):
            if _takes(axes, padding, patches.indices):
                return axes
    return None


def _along(n: int, k: int, m: int, padding: str) -> Iterator[Axis]:
    """Yields the convolutions of filters of size k along an axis of size n that have m positions."""
    for dilation in range(1, 2 if k == 1 else 2 * n // (k - 1) + 2):
        free = n - 1 if padding != "none" else n - 1 - dilation * (k - 1)
        if free < 0:
            return
        # free // stride is m - 1, and where one position is left every longer stride is the same
        strides = range(free // m + 1, (free // (m - 1) if m > 1 else free // m + 1) + 1)
        for stride in strides:
            pads = (0, 0) if padding == "none" else same_padding(n, k, stride, dilation)
            yield Axis(n, k, stride, dilation, pads, m)


def _takes(axes: Sequence[Axis], padding: str, indices: Sequence[int]) -> bool:
    """Returns whether the convolution takes the patches that begin with the first channel's."""
    found = iter(indices)
    if len(axes) == 1:
        (axis,) = axes
        places = itertools.product(range(axis.kernel), range(axis.positions))
        return all(axis.place(i, q, padding) == next(found) for i, q in places)
    upper, lower = axes
    ranges = (upper.kernel, lower.kernel, upper.positions, lower.positions)
    for i, j, p, q in itertools.product(*map(range, ranges)):
        a, b = upper.place(i, p, padding), lower.place(j, q, padding)
        if (-1 if a < 0 or b < 0 else a * lower.size + b) != next(found):
            return False
    return True


def _pairs(n: int) -> list[tuple[int, int]]:
    """Returns the pairs of positive integers with product n."""
    small = [a for a in range(1, math.isqrt(n) + 1) if n % a == 0]
    return sorted({(a, n // a) for a in small} | {(n // a, a) for a in small})
