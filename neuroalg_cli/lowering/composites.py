"""Operations of other libraries that are several of ours: normalizations, softmax, attention, contractions, activations.

Sigmoid is (1 + tanh(z/2))/2, the absolute value relu(z) + relu(-z), max(a, b) = a + relu(b - a).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.lowering.tensors import Tensor, Value, rational

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.lowering.lowering import Lowering

_HALF = Fraction(1, 2)


def scaled(lowering: Lowering, value: Value, number: Any) -> Value:
    """Returns a multiple of a value."""
    return lowering.polynomial(value, [(1, rational(number) if not isinstance(number, Fraction) else number)])


def sigmoid(lowering: Lowering, x: Tensor) -> Value:
    """Returns (1 + tanh(x/2))/2."""
    return lowering.polynomial(lowering.function("tanh", scaled(lowering, x, _HALF)), [(1, _HALF), (0, _HALF)])


def silu(lowering: Lowering, x: Tensor) -> Value:
    """Returns x sigmoid(x)."""
    return lowering.multiply(x, sigmoid(lowering, x))


def gelu(lowering: Lowering, x: Tensor, approximate: str) -> Value:
    """Returns x (1 + erf(x/sqrt 2))/2, or the approximation by tanh."""
    if approximate == "tanh":
        inner = lowering.polynomial(x, [(3, rational(0.044715)), (1, Fraction(1))])
        curve = lowering.function("tanh", scaled(lowering, inner, math.sqrt(2 / math.pi)))
    else:
        curve = lowering.function("erf", scaled(lowering, x, math.sqrt(0.5)))
    return lowering.multiply(x, lowering.polynomial(curve, [(1, _HALF), (0, _HALF)]))


def softplus(lowering: Lowering, x: Tensor, beta: Any) -> Value:
    """Returns log(1 + exp(beta x))/beta."""
    inner = lowering.polynomial(
        lowering.function("exp", scaled(lowering, x, beta)), [(1, Fraction(1)), (0, Fraction(1))]
    )
    return scaled(lowering, lowering.function("log", inner), 1 / rational(beta))


def absolute(lowering: Lowering, x: Tensor) -> Value:
    """Returns relu(x) + relu(-x)."""
    return lowering.add(lowering.function("relu", x), _negative_part(lowering, x))


def leaky_relu(lowering: Lowering, x: Tensor, slope: Any) -> Value:
    """Returns relu(x) - slope relu(-x)."""
    return lowering.subtract(lowering.function("relu", x), scaled(lowering, _negative_part(lowering, x), slope))


def prelu(lowering: Lowering, x: Tensor, slope: Value) -> Value:
    """Returns relu(x) - slope relu(-x), with one slope, or one for every channel."""
    if len(x.shape) > 2 and math.prod(slope.shape) > 1:
        slope = _shaped(lowering, slope, (math.prod(slope.shape), *(1 for _ in x.shape[2:])))
    return lowering.subtract(lowering.function("relu", x), lowering.multiply(_negative_part(lowering, x), slope))


def elu(lowering: Lowering, x: Tensor, alpha: Any) -> Value:
    """Returns relu(x) + alpha (exp(-relu(-x)) - 1)."""
    decay = lowering.function("exp", lowering.negative(_negative_part(lowering, x)))
    number = rational(alpha)
    return lowering.add(lowering.function("relu", x), lowering.polynomial(decay, [(1, number), (0, -number)]))


def relu6(lowering: Lowering, x: Tensor) -> Value:
    """Returns min(relu(x), 6)."""
    return clamp(lowering, x, 0, 6)


def clamp(lowering: Lowering, x: Tensor, low: Any, high: Any) -> Value:
    """Returns min(max(x, low), high); a bound may be missing."""
    result: Value = x
    if low is not None:
        result = lowering.larger(result, np.asarray(low))
    return result if high is None else smaller(lowering, result, np.asarray(high))


def smaller(lowering: Lowering, left: Value, right: Value) -> Value:
    """Returns the entrywise minimum, a - relu(a - b)."""
    if not isinstance(left, Tensor):
        left, right = right, left
    return lowering.subtract(left, lowering.function("relu", lowering.subtract(left, right)))


def _negative_part(lowering: Lowering, x: Tensor) -> Tensor:
    return lowering.function("relu", lowering.negative(x))


def softmax(lowering: Lowering, x: Tensor, axis: int, mask: np.ndarray[Any, Any] | None = None) -> Value:
    """Returns exp(x) divided by its sum over an axis; entries that a constant mask leaves out are 0."""
    powers: Value = lowering.function("exp", x)
    if mask is not None:
        powers = lowering.multiply(powers, np.broadcast_to(mask, x.shape).astype(np.int64))
    return lowering.divide(powers, lowering.sum(powers, [axis], keep=True))


def log_softmax(lowering: Lowering, x: Tensor, axis: int) -> Value:
    """Returns x less the logarithm of the sum of exp(x) over an axis."""
    total = lowering.sum(lowering.function("exp", x), [axis], keep=True)
    return lowering.subtract(x, lowering.function("log", total))


def softmax_attention(
    lowering: Lowering, query: Tensor, key: Tensor, value: Tensor, scale: float, mask: Any, *, is_causal: bool
) -> Value:
    """Returns softmax(scale Q K^T) V, the tokens in the last axis but one."""
    axes = list(range(len(key.shape)))
    scores = lowering.matmul(query, lowering.transposed(key, [*axes[:-2], axes[-1], axes[-2]]))
    scores = scaled(lowering, scores, scale)
    assert isinstance(scores, Tensor)
    kept = np.tril(np.ones(scores.shape[-2:], dtype=bool)) if is_causal else None
    if isinstance(mask, np.ndarray) and mask.dtype == np.bool_:
        kept = mask
    elif isinstance(mask, np.ndarray) and not np.isfinite(mask).all():
        kept = np.isfinite(mask)
        scores = lowering.add(scores, np.where(kept, mask, 0))
    elif mask is not None:
        scores = lowering.add(scores, mask)
    assert isinstance(scores, Tensor)
    return lowering.matmul(softmax(lowering, scores, -1, kept), value)


def masked(lowering: Lowering, x: Tensor, mask: np.ndarray[Any, Any], number: Any) -> Value:
    """Returns x with a finite number where a constant mask is true."""
    return chosen(lowering, mask, np.asarray(number), x)


def chosen(lowering: Lowering, condition: np.ndarray[Any, Any], yes: Value, no: Value) -> Value:
    """Returns the entries of one value where a constant condition holds, and of another elsewhere."""
    if not isinstance(yes, Tensor) and not isinstance(no, Tensor):
        return np.where(condition, yes, no)
    shape = np.broadcast_shapes(condition.shape, yes.shape, no.shape)
    return lowering.moved(
        [lowering.expanded(yes, shape), lowering.expanded(no, shape)], lambda a, b: np.where(condition, a, b)
    )


def variance(lowering: Lowering, x: Value, axes: Sequence[int] | None, correction: float, *, keep: bool) -> Value:
    """Returns the sum of squared distances from the mean, divided by their number less the correction."""
    centered = lowering.subtract(x, lowering.mean(x, axes, keep=True))
    total = lowering.sum(lowering.power(centered, 2), axes, keep=keep)
    count = math.prod(x.shape) // max(math.prod(total.shape), 1)
    return lowering.divide(total, np.asarray(rational(count) - rational(correction)).astype(np.float64))


def normalized(lowering: Lowering, x: Value, axes: Sequence[int], eps: Any, *, centered: bool = True) -> Value:
    """Returns (x - mean)/sqrt(variance + eps) over axes; without centering x/sqrt(mean square + eps)."""
    if centered:
        x = lowering.subtract(x, lowering.mean(x, axes, keep=True))
    square = lowering.mean(lowering.power(x, 2), axes, keep=True)
    return lowering.divide(x, lowering.power(lowering.add(square, np.asarray(eps)), _HALF_POWER))


_HALF_POWER = np.asarray(0.5)


def affine(lowering: Lowering, x: Value, weight: Value | None, bias: Value | None) -> Value:
    """Returns x weight + bias, entrywise; each may be missing."""
    if weight is not None:
        x = lowering.multiply(x, weight)
    return x if bias is None else lowering.add(x, bias)


def group_norm(lowering: Lowering, x: Tensor, groups: int, weight: Value | None, bias: Value | None, eps: Any) -> Value:
    """Returns the normalization over groups of channels, the second axis."""
    shape = (x.shape[0], groups, x.size // (groups * x.shape[0]))
    result = normalized(lowering, lowering.reshaped(x, shape), [-1], eps)
    assert isinstance(result, Tensor)
    return affine(lowering, lowering.reshaped(result, x.shape), *_by_channel(lowering, x, weight, bias))


def batch_norm(
    lowering: Lowering,
    x: Tensor,
    weight: Value | None,
    bias: Value | None,
    mean: Any,
    variance_: Any,
    eps: Any,
) -> Value:
    """Returns (x - mean)/sqrt(variance + eps) weight + bias by channel, the second axis; mean and variance are numbers."""
    if isinstance(mean, Tensor) or isinstance(variance_, Tensor):
        raise SpecError("its running statistics are computed by the model; they must be constants")
    factor = 1 / np.sqrt(np.asarray(variance_, dtype=np.float64) + float(eps))
    center, factor = _by_channel(lowering, x, np.asarray(mean), factor)
    assert center is not None
    assert factor is not None
    result = lowering.multiply(lowering.subtract(x, center), factor)
    return affine(lowering, result, *_by_channel(lowering, x, weight, bias))


def _by_channel(lowering: Lowering, x: Tensor, *values: Value | None) -> list[Any]:
    """Returns vectors as tensors that broadcast along the second axis of x."""
    shape = (x.shape[1], *(1 for _ in x.shape[2:]))
    return [None if value is None else _shaped(lowering, value, shape) for value in values]


def _shaped(lowering: Lowering, value: Value, shape: tuple[int, ...]) -> Value:
    return lowering.reshaped(value, shape) if isinstance(value, Tensor) else np.reshape(value, shape)


def bilinear(lowering: Lowering, left: Tensor, right: Tensor, weight: Value, bias: Value | None) -> Value:
    """Returns x^T W_k y + b_k for every output k."""
    result = einsum(lowering, "...i,kij,...j->...k", [left, weight, right])
    return result if bias is None else lowering.add(result, bias)


def einsum(lowering: Lowering, equation: str, operands: Sequence[Value]) -> Value:
    """Returns a contraction in Einstein's notation; several operands are contracted from left to right."""
    inputs, output = _parse_einsum(equation, [value.shape for value in operands])
    labels, value = inputs[0], operands[0]
    labels, value = _without_repetition(lowering, labels, value)
    for number in range(1, len(operands)):
        other_labels, other = _without_repetition(lowering, inputs[number], operands[number])
        later = set(output).union(*inputs[number + 1 :]) if number + 1 < len(inputs) else set(output)
        labels, value = _contract(lowering, (labels, value), (other_labels, other), later)
    spare = [axis for axis, label in enumerate(labels) if label not in output]
    if spare:
        value = lowering.sum(value, spare, keep=False)
        labels = [label for label in labels if label in output]
    return _permuted(lowering, value, [labels.index(label) for label in output])


def _parse_einsum(equation: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[list[str]], list[str]]:
    """Returns the labels of every operand and of the result; the axes of an ellipsis get labels of their own."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    inputs = []
    longest = 0
    for text, shape in zip(left.split(","), shapes, strict=True):
        before, dots, after = text.partition("...")
        hidden = len(shape) - len(before) - len(after)
        if hidden < 0 or (hidden and not dots):
            raise SpecError(f"its equation {shown(equation)} does not fit an operand of shape {shape}")
        longest = max(longest, hidden)
        inputs.append([*before, *(f"...{i}" for i in range(hidden, 0, -1)), *after])
    dots_labels = [f"...{i}" for i in range(longest, 0, -1)]
    if not arrow:
        every = [label for labels in inputs for label in labels if not label.startswith("...")]
        return inputs, [*dots_labels, *sorted(label for label in set(every) if every.count(label) == 1)]
    before, dots, after = right.partition("...")
    return inputs, [*before, *(dots_labels if dots else []), *after]


def _without_repetition(lowering: Lowering, labels: list[str], value: Value) -> tuple[list[str], Value]:
    """Returns the diagonal where a label stands twice."""
    distinct = list(dict.fromkeys(labels))
    if len(distinct) == len(labels):
        return labels, value
    numbers = [distinct.index(label) for label in labels]
    names = "abcdefghijklmnopqrstuvwxyz"
    pattern = "".join(names[n] for n in numbers) + "->" + "".join(names[: len(distinct)])
    if not isinstance(value, Tensor):
        return distinct, np.einsum(pattern, value)
    return distinct, lowering.moved([value], lambda positions: np.einsum(pattern, positions))


def _contract(
    lowering: Lowering, left: tuple[list[str], Value], right: tuple[list[str], Value], later: set[str]
) -> tuple[list[str], Value]:
    """Returns the contraction of two operands over the labels that nothing later needs, as a batched matrix product."""
    (a, x), (b, y) = left, right
    batch = [label for label in a if label in b and label in later]
    inner = [label for label in a if label in b and label not in later]
    rows = [label for label in a if label not in b]
    columns = [label for label in b if label not in a]
    sizes = {**dict(zip(b, y.shape, strict=True)), **dict(zip(a, x.shape, strict=True))}

    def grouped(value: Value, labels: list[str], *groups: list[str]) -> Value:
        value = _permuted(lowering, value, [labels.index(label) for group in groups for label in group])
        return _shaped(lowering, value, tuple(math.prod(sizes[label] for label in group) for group in groups))

    product = lowering.matmul(grouped(x, a, batch, rows, inner), grouped(y, b, batch, inner, columns))
    order = [*batch, *rows, *columns]
    return order, _shaped(lowering, product, tuple(sizes[label] for label in order))


def _permuted(lowering: Lowering, value: Value, axes: list[int]) -> Value:
    return lowering.transposed(value, axes) if isinstance(value, Tensor) else np.transpose(value, axes)
