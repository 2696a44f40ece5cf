"""The operators of ai.onnx that compute: how each is written with the operations of a graph, for every opset from 7 on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import SpecError
from neuroalg_cli.lowering import composites
from neuroalg_cli.lowering.lowering import Lowering
from neuroalg_cli.lowering.pooling import pooled
from neuroalg_cli.lowering.tensors import Tensor, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Operator = Callable[[Lowering, "Call"], Value]

#: inputs by position that are constants whatever they are stored as
CONSTANT_INPUTS: dict[str, tuple[int, ...]] = {
    "BatchNormalization": (3, 4),
    "Clip": (1, 2),
    "Dropout": (1, 2),
    "Expand": (1,),
    "Pad": (1, 2, 3),
    "Pow": (1,),
    "Reshape": (1,),
    "Tile": (1,),
    "Where": (0,),
}


class Call:
    """The inputs and attributes of a node, and the opset that gives them a meaning."""

    def __init__(self, inputs: Sequence[Any], attributes: dict[str, Any], version: int) -> None:
        self.inputs = inputs
        self.attributes = attributes
        self.version = version

    def __getitem__(self, number: int) -> Any:
        value = self.get(number)
        if value is None:
            raise SpecError(f"its input {number + 1} is missing")
        return value

    def get(self, number: int) -> Any:
        """Returns an input, None where there is none."""
        return self.inputs[number] if number < len(self.inputs) else None

    def tensor(self, lowering: Lowering, number: int) -> Tensor:
        """Returns an input as a tensor."""
        near = next(value for value in self.inputs if isinstance(value, Tensor))
        return lowering.tensor(self[number], near)

    def attribute(self, name: str, default: Any) -> Any:
        """Returns an attribute, or its default."""
        return self.attributes.get(name, default)


def _gemm(lowering: Lowering, call: Call) -> Value:
    a, b = call.tensor(lowering, 0), call.tensor(lowering, 1)
    if call.attribute("transA", 0):
        a = lowering.transposed(a, (1, 0))
    if call.attribute("transB", 0):
        b = lowering.transposed(b, (1, 0))
    product = _times(lowering, lowering.matmul(a, b), call.attribute("alpha", np.float32(1)))
    return (
        product
        if call.get(2) is None
        else lowering.add(product, _times(lowering, call[2], call.attribute("beta", np.float32(1))))
    )


def _times(lowering: Lowering, value: Value, number: Any) -> Value:
    return value if number == 1 else lowering.multiply(value, np.asarray(number))


def _spatial(
    call: Call, axes: int, spatial: Sequence[int], kernel: Sequence[int]
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Returns strides, dilations and paddings (before, after) of a convolution or pooling."""
    strides = list(call.attribute("strides", [1] * axes))
    dilations = list(call.attribute("dilations", [1] * axes))
    automatic = call.attribute("auto_pad", "NOTSET")
    if call.attribute("ceil_mode", 0):
        raise SpecError("ceil_mode is not supported")
    if automatic == "VALID":
        return strides, dilations, [(0, 0)] * axes
    if automatic == "NOTSET":
        pads = list(call.attribute("pads", [0] * (2 * axes)))
        return strides, dilations, list(zip(pads[:axes], pads[axes:], strict=True))
    pairs = []
    for n, k, s, d in zip(spatial, kernel, strides, dilations, strict=True):
        total = max(0, (math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n)
        small, large = total // 2, total - total // 2
        pairs.append((small, large) if automatic == "SAME_UPPER" else (large, small))
    return strides, dilations, pairs


def _convolution(lowering: Lowering, call: Call) -> Value:
    x, weight = call.tensor(lowering, 0), call.tensor(lowering, 1)
    axes = len(weight.shape) - 2
    strides, dilations, pads = _spatial(call, axes, x.shape[2:], weight.shape[2:])
    return lowering.convolution(x, weight, call.get(2), strides, dilations, pads, call.attribute("group", 1))


def _pooling(lowering: Lowering, call: Call, how: str) -> Value:
    x, kernel = call.tensor(lowering, 0), list(call.attribute("kernel_shape", []))
    if len(x.shape) != len(kernel) + 2:
        raise SpecError(f"it pools a tensor of shape {x.shape} over windows of shape {tuple(kernel)}")
    strides, dilations, pads = _spatial(call, len(kernel), x.shape[2:], kernel)
    return pooled(lowering, x, kernel, strides, dilations, pads, how)


def _average(lowering: Lowering, call: Call) -> Value:
    return _pooling(lowering, call, "padded" if call.attribute("count_include_pad", 0) else "inside")


def _reduced_axes(call: Call) -> list[int] | None:
    """Returns the axes of a reduction, an attribute in early opsets and an input in later ones; None for all axes."""
    axes = call.attribute("axes", None)
    if axes is None and call.get(1) is not None:
        axes = np.asarray(call[1]).reshape(-1).tolist()
    return [int(axis) for axis in axes] if axes is not None and len(axes) else None


def _reduction(name: str) -> Operator:
    def operator(lowering: Lowering, call: Call) -> Value:
        axes = _reduced_axes(call)
        if axes is None and call.attribute("noop_with_empty_axes", 0):
            value: Value = call[0]
            return value
        result: Value = getattr(lowering, name)(call[0], axes, keep=bool(call.attribute("keepdims", 1)))
        return result

    return operator


def _sum_of_squares(lowering: Lowering, call: Call) -> Value:
    return _reduction("sum")(
        lowering, Call([lowering.power(call[0], 2), *call.inputs[1:]], call.attributes, call.version)
    )


def _global(how: str) -> Operator:
    def operator(lowering: Lowering, call: Call) -> Value:
        axes = list(range(2, len(call[0].shape)))
        result: Value = getattr(lowering, how)(call[0], axes, keep=True)
        return result

    return operator


def _batch_norm(lowering: Lowering, call: Call) -> Value:
    if call.attribute("training_mode", 0) or not call.attribute("spatial", 1):
        raise SpecError(
            "it is in training mode, or normalizes every entry by itself; export the model in evaluation mode"
        )
    eps = call.attribute("epsilon", np.float32(1e-5))
    return composites.batch_norm(lowering, call.tensor(lowering, 0), call[1], call[2], call[3], call[4], eps)


def _layer_norm(lowering: Lowering, call: Call) -> Value:
    x = call[0]
    axis = call.attribute("axis", -1) % len(x.shape)
    eps = call.attribute("epsilon", np.float32(1e-5))
    result = composites.normalized(lowering, x, range(axis, len(x.shape)), eps)
    return composites.affine(lowering, result, call[1], call.get(2))


def _rms_norm(lowering: Lowering, call: Call) -> Value:
    x = call[0]
    axis = call.attribute("axis", -1) % len(x.shape)
    eps = call.attribute("epsilon", np.float32(1e-5))
    return lowering.multiply(
        composites.normalized(lowering, x, range(axis, len(x.shape)), eps, centered=False), call[1]
    )


def _instance_norm(lowering: Lowering, call: Call) -> Value:
    x = call.tensor(lowering, 0)
    eps = call.attribute("epsilon", np.float32(1e-5))
    return composites.group_norm(lowering, x, x.shape[1], call[1], call[2], eps)


def _group_norm(lowering: Lowering, call: Call) -> Value:
    x, groups = call.tensor(lowering, 0), call.attribute("num_groups", 1)
    eps = call.attribute("epsilon", np.float32(1e-5))
    if call.version >= 21:
        return composites.group_norm(lowering, x, groups, call[1], call[2], eps)
    result = composites.group_norm(lowering, x, groups, None, None, eps)  # before opset 21: one scale per group
    scale, shift = (
        lowering.moved(
            [call.tensor(lowering, i)],
            lambda p: np.repeat(p, x.shape[1] // groups).reshape(-1, *(1 for _ in x.shape[2:])),
        )
        for i in (1, 2)
    )
    return composites.affine(lowering, result, scale, shift)


def _softmax_with(function: Callable[..., Value]) -> Operator:
    def operator(lowering: Lowering, call: Call) -> Value:
        x = call.tensor(lowering, 0)
        if call.version >= 13:
            return function(lowering, x, call.attribute("axis", -1))
        axis = call.attribute("axis", 1) % len(x.shape)  # before opset 13: over this axis and all behind it
        result = function(lowering, lowering.reshaped(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))), -1)
        assert isinstance(result, Tensor)
        return lowering.reshaped(result, x.shape)

    return operator


def _clip(lowering: Lowering, call: Call) -> Value:
    low, high = call.attribute("min", None), call.attribute("max", None)
    low = low if call.get(1) is None else call[1]
    high = high if call.get(2) is None else call[2]
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        raise SpecError("its bounds are computed by the model; they must be constants")
    return composites.clamp(lowering, call.tensor(lowering, 0), _finite_bound(low), _finite_bound(high))


def _finite_bound(bound: Any) -> Any:
    """Returns a bound, or None for the largest numbers of 32 bits: before opset 11 they stand for no bound."""
    return None if bound is None or np.abs(np.float64(bound)).min() >= 3.4e38 else bound


def _hard_sigmoid(lowering: Lowering, call: Call) -> Value:
    inner = _times(lowering, call[0], call.attribute("alpha", np.float32(0.2)))
    shifted = lowering.add(inner, np.asarray(call.attribute("beta", np.float32(0.5))))
    assert isinstance(shifted, Tensor)
    return composites.clamp(lowering, shifted, 0, 1)


def _folded(combine: Callable[[Lowering, Value, Value], Value]) -> Operator:
    def operator(lowering: Lowering, call: Call) -> Value:
        result: Value = call[0]
        for number in range(1, len(call.inputs)):
            result = combine(lowering, result, call[number])
        return result

    return operator


def _mean_of_inputs(lowering: Lowering, call: Call) -> Value:
    return lowering.divide(_folded(Lowering.add)(lowering, call), np.asarray(len(call.inputs)))


def _where(lowering: Lowering, call: Call) -> Value:
    if isinstance(call[0], Tensor):
        raise SpecError("its condition is computed by the model; conditions must be constants")
    return composites.chosen(lowering, call[0], call[1], call[2])


def _einsum(lowering: Lowering, call: Call) -> Value:
    return composites.einsum(lowering, call.attribute("equation", ""), list(call.inputs))


def _entrywise(function: Callable[..., Value], **options: Any) -> Operator:
    def operator(lowering: Lowering, call: Call) -> Value:
        values = (call.attribute(name, default) for name, default in options.items())
        return function(lowering, call.tensor(lowering, 0), *values)

    return operator


def _function(name: str) -> Operator:
    return lambda lowering, call: lowering.function(name, call.tensor(lowering, 0))


OPERATORS: dict[str, Operator] = {
    "Add": _folded(Lowering.add),
    "Sum": _folded(Lowering.add),
    "Sub": lambda lowering, call: lowering.subtract(call[0], call[1]),
    "Mul": lambda lowering, call: lowering.multiply(call[0], call[1]),
    "Div": lambda lowering, call: lowering.divide(call[0], call[1]),
    "Neg": lambda lowering, call: lowering.negative(call[0]),
    "Pow": lambda lowering, call: lowering.power(call[0], call[1]),
    "Reciprocal": lambda lowering, call: lowering.reciprocal(call[0]),
    "Gemm": _gemm,
    "MatMul": lambda lowering, call: lowering.matmul(call[0], call[1]),
    "Einsum": _einsum,
    "Conv": _convolution,
    "AveragePool": _average,
    "MaxPool": lambda lowering, call: _pooling(lowering, call, "max"),
    "GlobalAveragePool": _global("mean"),
    "GlobalMaxPool": _global("maximum"),
    "ReduceSum": _reduction("sum"),
    "ReduceMean": _reduction("mean"),
    "ReduceMax": _reduction("maximum"),
    "ReduceSumSquare": _sum_of_squares,
    "ReduceL2": lambda lowering, call: lowering.power(_sum_of_squares(lowering, call), 0.5),
    "Mean": _mean_of_inputs,
    "Max": _folded(Lowering.larger),
    "Min": _folded(composites.smaller),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _rms_norm,
    "InstanceNormalization": _instance_norm,
    "GroupNormalization": _group_norm,
    "Softmax": _softmax_with(composites.softmax),
    "LogSoftmax": _softmax_with(composites.log_softmax),
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "Where": _where,
    "Relu": _function("relu"),
    "Exp": _function("exp"),
    "Log": _function("log"),
    "Sqrt": _function("sqrt"),
    "Tanh": _function("tanh"),
    "Erf": _function("erf"),
    "Abs": _entrywise(composites.absolute),
    "Sigmoid": _entrywise(composites.sigmoid),
    "Gelu": _entrywise(composites.gelu, approximate="none"),
    "Softplus": _entrywise(lambda lowering, x: composites.softplus(lowering, x, 1)),
    "LeakyRelu": _entrywise(composites.leaky_relu, alpha=np.float32(0.01)),
    "Elu": _entrywise(composites.elu, alpha=np.float32(1)),
    "PRelu": lambda lowering, call: lowering.subtract(
        lowering.function("relu", call.tensor(lowering, 0)),
        lowering.multiply(lowering.function("relu", lowering.negative(call.tensor(lowering, 0))), call[1]),
    ),
}
