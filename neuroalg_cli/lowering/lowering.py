"""Tensor operations of other libraries, written with the operations of a graph.

A value is either an array of numbers, known while importing, or a `Tensor`: a node of the graph together with the shape that
the tensor has in the model, the batch of size 1 included.  Entries stand row by row in both, so that a reshaping costs
nothing, and whatever only moves entries is computed on an array of their positions.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.building import layers
from neuroalg_cli.errors import MemoryLimitError, SpecError, shown
from neuroalg_cli.lowering.tensors import (
    Tensor,
    Value,
    first_tensor,
    rational,
    reduced_axes,
    require_size,
    shape_after_reduction,
    two_axes,
    uniform,
    without_batch,
)
from neuroalg_cli.network import NetworkBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroalg_cli.network import Network

MAXIMAL_EXPONENT = 1_000
#: entries of all tensors together that are written down entry by entry
MAXIMAL_LISTED_ENTRIES = 5 * 10**7


class Lowering:
    """Builds the graph of a model, operation by operation."""

    def __init__(self) -> None:
        self.builder = NetworkBuilder()
        self.weights: list[float] = []
        self.tensors: list[str] = []
        self.listed = 0

    def input(self, shape: Sequence[int]) -> Tensor:
        """Adds the input; its first axis is the batch."""
        return Tensor(self.builder.input(without_batch(shape)), tuple(shape))

    def parameter(self, name: str, values: np.ndarray[Any, Any]) -> Tensor:
        """Adds a parameter tensor with its weights; raises `SpecError` for what is no finite floating point number."""
        if not np.isfinite(values).all():
            raise SpecError(f"the weights '{name}' are not all finite: there is a NaN or an infinity among them")
        if not values.size:
            raise SpecError(f"the weights '{name}' have the shape {values.shape}, which has no entries")
        shape = values.shape or (1,)
        node = self.builder.parameter(f"W_{len(self.tensors) + 1}", two_axes(shape))
        self.weights.extend(values.astype(np.float64).reshape(-1).tolist())
        self.tensors.append(name)
        return Tensor(node, tuple(values.shape))

    def finish(self, output: Value) -> Network:
        """Returns the graph."""
        if not isinstance(output, Tensor):
            raise SpecError("the output of the model depends neither on its input nor on its parameters")
        return self.builder.finish(output.node)

    # -- moving entries

    def moved(self, operands: Sequence[Value], move: Callable[..., Any]) -> Tensor:
        """Returns what ``move`` does with the operands, given arrays of positions, where 0 stands for the number zero."""
        tensors = [self.tensor(operand, first_tensor(operands)) for operand in operands]
        starts = list(itertools.accumulate((tensor.size for tensor in tensors), initial=1))
        positions = [
            np.arange(start, start + tensor.size, dtype=np.int64).reshape(tensor.shape)
            for start, tensor in zip(starts, tensors, strict=False)
        ]
        return self.picked(tensors, np.asarray(move(*positions)) - 1)

    def picked(self, tensors: Sequence[Tensor], indices: np.ndarray[Any, Any]) -> Tensor:
        """Returns the tensor of entries picked from the concatenated tensors; -1 for zero."""
        require_size(indices.shape)
        self.listed += indices.size
        if self.listed > MAXIMAL_LISTED_ENTRIES:
            raise MemoryLimitError(
                f"the tensors that are written down entry by entry have more than {MAXIMAL_LISTED_ENTRIES} entries; take a "
                "smaller model"
            )
        flat = indices.reshape(-1)
        if len(tensors) == 1 and len(flat) == tensors[0].size and (flat == np.arange(len(flat))).all():
            return Tensor(tensors[0].node, indices.shape)
        nodes = [tensor.node for tensor in tensors]
        return Tensor(self.builder.gather(nodes, flat.tolist(), without_batch(indices.shape)), indices.shape)

    def expanded(self, value: Value, shape: Sequence[int]) -> Value:
        """Returns a value broadcast to a shape."""
        if value.shape == tuple(shape):
            return value
        require_size(shape)
        if not isinstance(value, Tensor):
            return np.broadcast_to(value, tuple(shape))
        return self.moved([value], lambda positions: np.broadcast_to(positions, tuple(shape)))

    def transposed(self, value: Tensor, axes: Sequence[int]) -> Tensor:
        """Returns the tensor with its axes in another order."""
        return self.moved([value], lambda positions: positions.transpose(tuple(axes)))

    def reshaped(self, value: Tensor, shape: Sequence[int]) -> Tensor:
        """Returns the same entries in another shape."""
        return Tensor(value.node, tuple(shape))

    def tensor(self, value: Value, near: Tensor) -> Tensor:
        """Returns a value as a tensor; numbers become polynomials without a variable, of a tensor nearby."""
        if isinstance(value, Tensor):
            return value
        array = np.asarray(value)
        require_size(array.shape)
        numbers, which = np.unique(array, return_inverse=True)
        zero = self.builder.gather([near.node], [-1], (1,))
        nodes = [self.builder.polynomial(zero, [(0, rational(number))]) for number in numbers]
        return Tensor(self.builder.gather(nodes, which.reshape(-1).tolist(), two_axes(array.shape)), array.shape)

    def _node(self, value: Tensor, shape: tuple[int, ...]) -> int:
        """Returns the node of a tensor in a shape of at most two axes."""
        return self.builder.reshape(value.node, shape)

    # -- entrywise operations

    def add(self, left: Value, right: Value) -> Value:
        """Returns the sum."""
        if not isinstance(left, Tensor):
            left, right = right, left
        if not isinstance(left, Tensor):
            return np.asarray(np.add(left, np.asarray(right)))
        if not isinstance(right, Tensor):
            number = uniform(right)
            if number is not None:
                left = self._broadcast(left, right.shape)
                return self.polynomial(left, [(1, Fraction(1)), (0, number)])
        left, right = self._same_shape(left, right)
        return Tensor(self.builder.sum(left.node, right.node), left.shape)

    def multiply(self, left: Value, right: Value) -> Value:
        """Returns the entrywise product; a mask of zeros and ones leaves entries out."""
        if not isinstance(left, Tensor):
            left, right = right, left
        if not isinstance(left, Tensor):
            return np.asarray(np.multiply(left, np.asarray(right)))
        if not isinstance(right, Tensor):
            number = uniform(right)
            if number is not None:
                return self.polynomial(self._broadcast(left, right.shape), [(1, number)])
            if np.isin(right, (0, 1)).all():
                mask = right
                return self.moved([left], lambda positions: np.where(mask != 0, positions, 0))
        left, right = self._same_shape(left, right)
        return Tensor(self.builder.product(left.node, right.node), left.shape)

    def negative(self, value: Value) -> Value:
        """Returns the value with the other sign."""
        return self.multiply(value, np.array(-1))

    def subtract(self, left: Value, right: Value) -> Value:
        """Returns the difference."""
        return self.add(left, self.negative(right))

    def divide(self, left: Value, right: Value) -> Value:
        """Returns the quotient; a number is divided by exactly."""
        if isinstance(right, Tensor):
            return self.multiply(left, self.reciprocal(right))
        if not isinstance(left, Tensor):
            return np.asarray(np.divide(left, right))
        if not np.all(right):
            raise SpecError("it divides by the constant 0")
        number = uniform(right)
        if number is None:
            return self.multiply(left, np.asarray(1 / right))
        return self.polynomial(self._broadcast(left, right.shape), [(1, 1 / number)])

    def reciprocal(self, value: Value) -> Value:
        """Returns 1/z for every entry."""
        if not isinstance(value, Tensor):
            return np.asarray(1 / value)
        return Tensor(self.builder.reciprocal(value.node), value.shape)

    def polynomial(self, value: Value, terms: Sequence[tuple[int, Fraction]]) -> Value:
        """Returns a polynomial of every entry."""
        if not isinstance(value, Tensor):
            return np.asarray(sum(float(c) * value**e for e, c in terms))
        return Tensor(self.builder.polynomial(value.node, terms), value.shape)

    def power(self, value: Value, exponent: Any) -> Value:
        """Returns z^exponent, for integers and halves of integers."""
        if isinstance(exponent, Tensor):
            raise SpecError("its exponent is computed by the model; exponents must be constants")
        number = uniform(np.asarray(exponent))
        if number is None or number.denominator > 2 or abs(number) > MAXIMAL_EXPONENT:
            raise SpecError(
                f"its exponent is {shown(np.asarray(exponent).tolist())}; exponents are integers or halves of integers "
                f"of size at most {MAXIMAL_EXPONENT}, one for all entries"
            )
        if not isinstance(value, Tensor):
            return np.asarray(np.power(value, float(number)))
        size = abs(number)
        if size.denominator == 2:
            value = self.function("sqrt", value)
        result = self.polynomial(value, [(size.numerator, Fraction(1))])
        return self.reciprocal(result) if number < 0 else result

    def function(self, name: str, value: Value) -> Tensor:
        """Returns a function of the catalogue of every entry."""
        assert isinstance(value, Tensor)
        return Tensor(self.builder.function(name, value.node), value.shape)

    def _broadcast(self, value: Tensor, shape: Sequence[int]) -> Tensor:
        result = self.expanded(value, np.broadcast_shapes(value.shape, tuple(shape)))
        assert isinstance(result, Tensor)
        return result

    def _same_shape(self, left: Tensor, right: Value) -> tuple[Tensor, Tensor]:
        """Returns both as tensors of one shape, and nodes of one shape."""
        try:
            shape = np.broadcast_shapes(left.shape, right.shape)
        except ValueError:
            raise SpecError(f"tensors of shapes {left.shape} and {right.shape} cannot be broadcast to one") from None
        near = left
        one, two = self.tensor(self.expanded(left, shape), near), self.tensor(self.expanded(right, shape), near)
        # the shape of a node without broadcasting is kept: a bias then is a repeated column of a matrix
        kept = self.builder.shape((two if left.shape != shape else one).node)
        return Tensor(self._node(one, kept), shape), Tensor(self._node(two, kept), shape)

    # -- linear maps

    def linear(self, x: Tensor, weight: Value, bias: Value | None) -> Tensor:
        """Returns x W^T + b along the last axis of x, W of shape (out, in)."""
        matrix = self.tensor(weight, x)
        size_in, size_out = x.shape[-1], matrix.shape[0]
        rows = x.size // size_in
        w = self._node(matrix, (size_out, matrix.shape[1]))
        b = None if bias is None else self._node(self.tensor(bias, x), (size_out,))
        if rows == 1:
            node = layers.dense(self.builder, w, self._node(x, (size_in,)), b)
        else:
            columns = self.builder.transpose(self._node(x, (rows, size_in)))
            node = self.builder.transpose(layers.dense(self.builder, w, columns, b))
        return Tensor(node, (*x.shape[:-1], size_out))

    def matmul(self, left: Value, right: Value) -> Value:
        """Returns the matrix product with the broadcasting of numpy."""
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return np.asarray(np.matmul(left, right))
        near = first_tensor([left, right])
        a, b = self.tensor(left, near), self.tensor(right, near)
        if not a.shape or not b.shape:
            raise SpecError("a matrix product needs tensors with at least one axis")
        shape_a = a.shape if len(a.shape) > 1 else (1, *a.shape)
        shape_b = b.shape if len(b.shape) > 1 else (*b.shape, 1)
        (m, k), (k2, n) = shape_a[-2:], shape_b[-2:]
        if k != k2:
            raise SpecError(f"a matrix product of shapes {a.shape} and {b.shape} does not exist")
        batch = np.broadcast_shapes(shape_a[:-2], shape_b[:-2])
        kept = (*batch, *((m,) if len(a.shape) > 1 else ()), *((n,) if len(b.shape) > 1 else ()))
        count = math.prod(batch)
        if math.prod(shape_b[:-2]) == 1:  # one matrix on the right: all rows at once
            return Tensor(self._product(a.node, b.node, (count * m, k, n)), kept)
        a = self._broadcast(self.reshaped(a, shape_a), (*batch, m, k))
        b = self._broadcast(self.reshaped(b, shape_b), (*batch, k, n))
        parts = []
        for number in range(count):
            one = self.picked([a], np.arange(number * m * k, (number + 1) * m * k).reshape(m, k))
            two = self.picked([b], np.arange(number * k * n, (number + 1) * k * n).reshape(k, n))
            parts.append(Tensor(self._product(one.node, two.node, (m, k, n)), (m, n)))
        return self.picked(parts, np.arange(count * m * n).reshape(kept))

    def _product(self, left: int, right: int, sizes: tuple[int, int, int]) -> int:
        """Returns the node of a product of an m x k and a k x n matrix; a vector, if m or n is 1."""
        m, k, n = sizes
        a, b = self.builder.reshape(left, (m, k)), self.builder.reshape(right, (k, n))
        if m == 1:  # a weight of one output is a matrix of one row, as everywhere else
            return self.builder.matmul(self.builder.transpose(b), self.builder.reshape(a, (k,)))
        if n == 1:
            return self.builder.matmul(a, self.builder.reshape(b, (k,)))
        return self.builder.matmul(a, b)

    def convolution(
        self,
        x: Tensor,
        weight: Value,
        bias: Value | None,
        stride: Sequence[int],
        dilation: Sequence[int],
        padding: Sequence[tuple[int, int]],
        groups: int,
    ) -> Tensor:
        """Returns a convolution with zero padding; x of shape (1, channels, ...) and W of shape (out, in/groups, ...)."""
        filters = self.tensor(weight, x)
        axes = len(filters.shape) - 2
        spatial, kernel = x.shape[2:], filters.shape[2:]
        if axes not in (1, 2) or len(x.shape) != axes + 2 or x.shape[0] != 1:
            raise SpecError(
                f"it convolves an input of shape {x.shape} with filters of shape {filters.shape}; "
                "there are convolutions over one and two axes, with a batch of size 1"
            )
        c_out = filters.shape[0]
        node, spatial_out = layers.convolution(
            self.builder,
            self._node(filters, (c_out, filters.size // c_out)),
            self._node(x, (x.shape[1], math.prod(spatial))),
            spatial,
            kernel,
            stride,
            dilation,
            padding,
            "zero",
            groups,
            None if bias is None else self._node(self.tensor(bias, x), (c_out,)),
        )
        return Tensor(node, (1, c_out, *spatial_out))

    # -- reductions

    def sum(self, value: Value, axes: Sequence[int] | None, *, keep: bool) -> Value:
        """Returns the sum over axes; over all of them for None."""
        if not isinstance(value, Tensor):
            return np.asarray(np.sum(value, axis=None if axes is None else tuple(axes), keepdims=keep))
        return self._slices(value, axes, keep=keep, combine=lambda parts: self.builder.sum(*parts))

    def mean(self, value: Value, axes: Sequence[int] | None, *, keep: bool) -> Value:
        """Returns the mean over axes; over all of them for None."""
        total = self.sum(value, axes, keep=True)
        count = math.prod(value.shape) // max(math.prod(total.shape), 1)
        result = self.divide(total, np.array(count))
        if keep or not isinstance(result, Tensor):
            return result if keep else np.asarray(result).reshape(shape_after_reduction(value.shape, axes, keep=False))
        return self.reshaped(result, shape_after_reduction(value.shape, axes, keep=False))

    def maximum(self, value: Value, axes: Sequence[int] | None, *, keep: bool) -> Value:
        """Returns the maximum over axes."""
        assert isinstance(value, Tensor)
        return self._slices(value, axes, keep=keep, combine=self.largest)

    def _slices(
        self, value: Tensor, axes: Sequence[int] | None, *, keep: bool, combine: Callable[[list[int]], int]
    ) -> Tensor:
        reduced = reduced_axes(value.shape, axes)
        order = [axis for axis in range(len(value.shape)) if axis not in reduced] + list(reduced)
        shape = shape_after_reduction(value.shape, axes, keep=keep)
        rows = math.prod(shape)
        positions = np.arange(value.size).reshape(value.shape).transpose(order).reshape(rows, -1)
        if positions.shape[1] == 1:
            return self.reshaped(value, shape)
        parts = [self.picked([value], positions[:, column]).node for column in range(positions.shape[1])]
        return Tensor(combine(parts), shape)

    def largest(self, parts: list[int]) -> int:
        """Returns the entrywise maximum, by max(a, b) = a + relu(b - a)."""
        result = parts[0]
        for part in parts[1:]:
            difference = self.builder.sum(part, self.builder.polynomial(result, [(1, Fraction(-1))]))
            result = self.builder.sum(result, self.builder.function("relu", difference))
        return result

    def larger(self, left: Value, right: Value) -> Value:
        """Returns the entrywise maximum of two values."""
        if not isinstance(left, Tensor):
            left, right = right, left
        return self.add(left, self.function("relu", self.subtract(right, left)))
