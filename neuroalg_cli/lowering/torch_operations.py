"""The operations of ATen that compute: how each is written with the operations of a graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import SpecError
from neuroalg_cli.lowering import composites
from neuroalg_cli.lowering.pooling import pooled
from neuroalg_cli.lowering.tensors import Tensor, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from neuroalg_cli.lowering.lowering import Lowering

    Operation = Callable[[Lowering, "Call"], Value]


class Call:
    """One call of an operation: its arguments by position or name."""

    def __init__(self, arguments: Sequence[Any], names: Sequence[str], defaults: dict[str, Any]) -> None:
        self._values = {**defaults, **dict(zip(names, arguments, strict=False))}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Returns an argument, or the default where there is none."""
        value = self._values.get(name)
        return default if value is None else value


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yields the tensors of ours in nested arguments."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from tensors_in(entry)


def has_tensor(value: Any) -> bool:
    """Returns whether there is a tensor of ours in nested arguments."""
    return next(tensors_in(value), None) is not None


def _array(value: Any) -> Value:
    """Returns a number as an array; doubles stay doubles, so that they are read as they were typed."""
    return value if isinstance(value, Tensor | np.ndarray) else np.asarray(value)


def _scaled(value: Value, lowering: Lowering, alpha: Any) -> Value:
    return value if alpha in (None, 1) else lowering.multiply(value, np.asarray(alpha))


def _add(lowering: Lowering, call: Call) -> Value:
    return lowering.add(_array(call["self"]), _scaled(_array(call["other"]), lowering, call.get("alpha")))


def _subtract(lowering: Lowering, call: Call) -> Value:
    return lowering.subtract(_array(call["self"]), _scaled(_array(call["other"]), lowering, call.get("alpha")))


def _reverse_subtract(lowering: Lowering, call: Call) -> Value:
    return lowering.subtract(_array(call["other"]), _scaled(_array(call["self"]), lowering, call.get("alpha")))


def _divide(lowering: Lowering, call: Call) -> Value:
    if call.get("rounding_mode") is not None:
        raise SpecError("it rounds")
    return lowering.divide(_array(call["self"]), _array(call["other"]))


def _addmm(lowering: Lowering, call: Call) -> Value:
    left, right = (call["mat1"], call["mat2"]) if call.get("mat1") is not None else (call["batch1"], call["batch2"])
    product = _scaled(lowering.matmul(left, right), lowering, call.get("alpha"))
    return lowering.add(_scaled(call["self"], lowering, call.get("beta")), product)


def _product(first: str, second: str) -> Operation:
    return lambda lowering, call: lowering.matmul(call[first], call[second])


def _axis_list(axes: Any) -> list[int] | None:
    return None if axes is None or axes == [] else [axes] if isinstance(axes, int) else list(axes)


def _reduction(name: str) -> Operation:
    def operation(lowering: Lowering, call: Call) -> Value:
        result: Value = getattr(lowering, name)(
            call["self"], _axis_list(call.get("dim")), keep=bool(call.get("keepdim"))
        )
        return result

    return operation


def _pairs(values: Sequence[int], axes: int) -> list[tuple[int, int]]:
    numbers = list(values) * axes if len(values) == 1 else list(values)
    return [(n, n) for n in numbers]


def _repeated(values: Any, axes: int) -> list[int]:
    numbers = [values] if isinstance(values, int) else list(values)
    return numbers * axes if len(numbers) == 1 else numbers


def _convolution(lowering: Lowering, call: Call) -> Value:
    if call.get("transposed"):
        raise SpecError("transposed convolutions are not supported")
    x, weight = call["input"], call["weight"]
    axes = len(weight.shape) - 2
    kernel, dilation = weight.shape[2:], _repeated(call["dilation"], axes)
    padding = call["padding"]
    if padding == "same":  # torch puts the odd one behind
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        pads = [(total // 2, total - total // 2) for total in totals]
    else:
        pads = [(0, 0)] * axes if padding == "valid" else _pairs(padding, axes)
    return lowering.convolution(
        x, weight, call.get("bias"), _repeated(call["stride"], axes), dilation, pads, call["groups"]
    )


def _pooling(how: str, axes: int) -> Operation:
    def operation(lowering: Lowering, call: Call) -> Value:
        kernel = _repeated(call["kernel_size"], axes)
        stride = _repeated(call.get("stride") or kernel, axes)
        if call.get("ceil_mode"):
            raise SpecError("ceil_mode is not supported")
        if call.get("divisor_override") is not None:
            raise SpecError("divisor_override is not supported")
        pads = _pairs(_repeated(call["padding"], axes), axes)
        dilation = _repeated(call.get("dilation", 1), axes)
        kind = how if how == "max" or call.get("count_include_pad", False) else "inside"
        return pooled(lowering, call["self"], kernel, stride, dilation, pads, kind)

    return operation


def _adaptive_mean(axes: int) -> Operation:
    def operation(lowering: Lowering, call: Call) -> Value:
        x, sizes = call["self"], _repeated(call["output_size"], axes)
        spatial = x.shape[-axes:]
        if any(n % size for n, size in zip(spatial, sizes, strict=True)):
            raise SpecError(f"its output size {tuple(sizes)} does not divide the size {spatial} of its input")
        kernel = [n // size for n, size in zip(spatial, sizes, strict=True)]
        return pooled(lowering, x, kernel, kernel, [1] * axes, [(0, 0)] * axes, "padded")

    return operation


def _batch_norm(lowering: Lowering, call: Call) -> Value:
    if call.get("training") or call.get("running_mean") is None or call.get("use_input_stats"):
        raise SpecError("it uses the statistics of the batch; call model.eval(), and keep running statistics")
    return composites.batch_norm(
        lowering,
        call["input"],
        call.get("weight"),
        call.get("bias"),
        call["running_mean"],
        call["running_var"],
        call["eps"],
    )


def _layer_norm(lowering: Lowering, call: Call) -> Value:
    axes = range(-len(call["normalized_shape"]), 0)
    result = composites.normalized(lowering, call["input"], axes, call["eps"])
    return composites.affine(lowering, result, call.get("weight"), call.get("bias"))


def _rms_norm(lowering: Lowering, call: Call) -> Value:
    eps = call.get("eps")
    if eps is None:
        eps = float(np.finfo(np.float32).eps)
    axes = range(-len(call["normalized_shape"]), 0)
    result = composites.normalized(lowering, call["input"], axes, eps, centered=False)
    return composites.affine(lowering, result, call.get("weight"), None)


def _group_norm(lowering: Lowering, call: Call) -> Value:
    return composites.group_norm(
        lowering, call["input"], call["num_groups"], call.get("weight"), call.get("bias"), call["eps"]
    )


def _attention(lowering: Lowering, call: Call) -> Value:
    if call.get("dropout_p"):
        raise SpecError("it drops out; call model.eval()")
    q, k, v = call["query"], call["key"], call["value"]
    scale = call.get("scale")
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1])
    if call.get("enable_gqa"):
        raise SpecError("grouped queries are not supported")
    return composites.softmax_attention(
        lowering, q, k, v, float(scale), call.get("attn_mask"), is_causal=bool(call.get("is_causal"))
    )


def _einsum(lowering: Lowering, call: Call) -> Value:
    return composites.einsum(lowering, call["equation"], call["tensors"])


def _variance(lowering: Lowering, call: Call) -> Value:
    correction = call.get("correction")
    if correction is None:
        correction = 0 if call.get("unbiased") is False else 1
    return composites.variance(
        lowering, call["self"], _axis_list(call.get("dim")), correction, keep=bool(call.get("keepdim"))
    )


def _clamp(lowering: Lowering, call: Call) -> Value:
    low, high = call.get("min", call.get("min_val")), call.get("max", call.get("max_val"))
    return composites.clamp(lowering, call["self"], low, high)


def _dropout(lowering: Lowering, call: Call) -> Value:
    del lowering
    if call["train"] and call["p"]:
        raise SpecError("it drops out; call model.eval()")
    result: Value = call["input"]
    return result


def _masked_fill(lowering: Lowering, call: Call) -> Value:
    if isinstance(call["mask"], Tensor):
        raise SpecError("its mask is computed by the model; masks must be constants")
    return composites.masked(lowering, call["self"], call["mask"], call["value"])


def _where_operation(lowering: Lowering, call: Call) -> Value:
    if isinstance(call["condition"], Tensor):
        raise SpecError("its condition is computed by the model; conditions must be constants")
    return composites.chosen(lowering, call["condition"], _array(call["self"]), _array(call["other"]))


def _softmax(lowering: Lowering, call: Call) -> Value:
    return composites.softmax(lowering, call["self"], call["dim"])


def _log_softmax(lowering: Lowering, call: Call) -> Value:
    return composites.log_softmax(lowering, call["self"], call["dim"])


def _entrywise(name: str, *, options: Sequence[str] = ()) -> Operation:
    def operation(lowering: Lowering, call: Call) -> Value:
        x = call.get("self", call.get("input"))
        result: Value = getattr(composites, name)(lowering, x, *(call[option] for option in options))
        return result

    return operation


def _function(name: str) -> Operation:
    return lambda lowering, call: lowering.function(name, call["self"])


def _gelu(lowering: Lowering, call: Call) -> Value:
    return composites.gelu(lowering, call["self"], call["approximate"])


def _softplus(lowering: Lowering, call: Call) -> Value:
    return composites.softplus(lowering, call["self"], call["beta"])


OPERATIONS: dict[str, Operation] = {
    "add": _add,
    "sub": _subtract,
    "rsub": _reverse_subtract,
    "mul": lambda lowering, call: lowering.multiply(_array(call["self"]), _array(call["other"])),
    "div": _divide,
    "true_divide": _divide,
    "neg": lambda lowering, call: lowering.negative(call["self"]),
    "pow": lambda lowering, call: lowering.power(_array(call["self"]), call["exponent"]),
    "square": lambda lowering, call: lowering.power(call["self"], 2),
    "reciprocal": lambda lowering, call: lowering.reciprocal(call["self"]),
    "rsqrt": lambda lowering, call: lowering.power(call["self"], -0.5),
    "linear": lambda lowering, call: lowering.linear(
        _tensor_of(lowering, call["input"], call), call["weight"], call.get("bias")
    ),
    "matmul": _product("self", "other"),
    "mm": _product("self", "mat2"),
    "bmm": _product("self", "mat2"),
    "mv": _product("self", "vec"),
    "dot": _product("self", "tensor"),
    "addmm": _addmm,
    "baddbmm": _addmm,
    "bilinear": lambda lowering, call: composites.bilinear(
        lowering, call["input1"], call["input2"], call["weight"], call.get("bias")
    ),
    "einsum": _einsum,
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "amax": _reduction("maximum"),
    "var": _variance,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "convolution": _convolution,
    "max_pool1d": _pooling("max", 1),
    "max_pool2d": _pooling("max", 2),
    "avg_pool1d": _pooling("padded", 1),
    "avg_pool2d": _pooling("padded", 2),
    "adaptive_avg_pool1d": _adaptive_mean(1),
    "adaptive_avg_pool2d": _adaptive_mean(2),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "dropout": _dropout,
    "dropout_": _dropout,
    "feature_dropout": _dropout,
    "alpha_dropout": _dropout,
    "softmax": _softmax,
    "_softmax": _softmax,
    "log_softmax": _log_softmax,
    "scaled_dot_product_attention": _attention,
    "masked_fill": _masked_fill,
    "where": _where_operation,
    "relu": _function("relu"),
    "relu_": _function("relu"),
    "exp": _function("exp"),
    "log": _function("log"),
    "sqrt": _function("sqrt"),
    "tanh": _function("tanh"),
    "erf": _function("erf"),
    "sigmoid": _entrywise("sigmoid"),
    "silu": _entrywise("silu"),
    "silu_": _entrywise("silu"),
    "gelu": _gelu,
    "softplus": _softplus,
    "abs": _entrywise("absolute"),
    "relu6": _entrywise("relu6"),
    "leaky_relu": _entrywise("leaky_relu", options=("negative_slope",)),
    "leaky_relu_": _entrywise("leaky_relu", options=("negative_slope",)),
    "elu": _entrywise("elu", options=("alpha",)),
    "prelu": lambda lowering, call: composites.prelu(lowering, call["self"], call["weight"]),
    "clamp": _clamp,
    "hardtanh": _clamp,
    "maximum": lambda lowering, call: lowering.larger(_array(call["self"]), _array(call["other"])),
    "minimum": lambda lowering, call: composites.smaller(lowering, _array(call["self"]), _array(call["other"])),
}


def _tensor_of(lowering: Lowering, value: Value, call: Call) -> Tensor:
    return lowering.tensor(value, next(tensors_in([call.get("input"), call.get("weight"), call.get("bias")])))
