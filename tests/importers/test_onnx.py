"""Models in the format ONNX: operators against the reference implementation of the package onnx, and hostile files."""

from __future__ import annotations

import contextlib
import pickle
import re
import warnings
import zipfile
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.cli import run
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.importers import onnx as importer
from neuroalg_cli.importers.onnx import from_onnx

onnx = pytest.importorskip("onnx")
helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto


def random(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


def model_of(nodes, shape, weights=(), *, opset=20, kind=TensorProto.DOUBLE, output="y", inputs=None):
    """Returns a model with the input x, named initializers and the output y."""
    if inputs is None:
        inputs = [helper.make_tensor_value_info("x", kind, shape)]
    outputs = [helper.make_tensor_value_info(name, kind, ("d",)) for name in output.split()]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in dict(weights).items()]
    graph = helper.make_graph(nodes, "model", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def saved(model, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def one(operator, *inputs, **attributes):
    return [helper.make_node(operator, ["x", *inputs], ["y"], name="only", **attributes)]


def integers(*values):
    return np.array(values, dtype=np.int64)


W23, B2 = random(2, 3), random(2)
CASES = {
    "gemm": ((1, 3), one("Gemm", "w", "b", transB=1), {"w": W23, "b": B2}),
    "gemm, plain weight": ((1, 2), one("Gemm", "w"), {"w": W23}),
    "gemm, alpha and beta": ((1, 3), one("Gemm", "w", "b", transB=1, alpha=0.5, beta=-2.0), {"w": W23, "b": B2}),
    "gemm, transposed input": ((1, 3), [helper.make_node("Gemm", ["w", "x"], ["y"], transB=1)], {"w": W23}),
    "gemm, scalar bias": ((1, 3), one("Gemm", "w", "b", transB=1), {"w": W23, "b": random(1)}),
    "matmul": ((1, 4, 2), one("MatMul", "w"), {"w": W23}),
    "matmul, weight left": ((1, 3, 4), [helper.make_node("MatMul", ["w", "x"], ["y"])], {"w": W23}),
    "matmul, batched weight": ((1, 4, 5, 2), one("MatMul", "w"), {"w": random(4, 2, 3)}),
    "add with broadcasting": ((1, 2, 3), one("Add", "w"), {"w": random(4, 1, 1)}),
    "sub, reversed": ((1, 2), [helper.make_node("Sub", ["w", "x"], ["y"])], {"w": B2}),
    "mul": ((1, 3), one("Mul", "w"), {"w": W23}),
    "div": ((1, 2), [helper.make_node("Div", ["w", "x"], ["y"])], {"w": B2}),
    "conv": ((1, 2, 5, 6), one("Conv", "w", "b"), {"w": random(4, 2, 2, 3), "b": random(4)}),
    "conv, all": (
        (1, 4, 6, 7),
        one("Conv", "w", strides=[2, 1], dilations=[1, 2], pads=[0, 1, 2, 3], group=2),
        {"w": random(6, 2, 3, 2)},
    ),
    "conv, same upper": ((1, 1, 6), one("Conv", "w", auto_pad="SAME_UPPER", strides=[2]), {"w": random(1, 1, 3)}),
    "conv, same lower": ((1, 1, 6), one("Conv", "w", auto_pad="SAME_LOWER", strides=[2]), {"w": random(1, 1, 3)}),
    "prelu": ((1, 2, 5), one("PRelu", "w"), {"w": random(2, 1)}),
    "batch norm": (
        (1, 2, 3),
        one("BatchNormalization", "s", "b", "m", "v", epsilon=0.125),
        {"s": B2, "b": random(2, seed=2), "m": random(2, seed=3), "v": np.array([0.5, 1.5])},
    ),
    "instance norm": ((1, 2, 5), one("InstanceNormalization", "s", "b"), {"s": B2, "b": random(2, seed=2)}),
    "layer norm": ((1, 3, 2), one("LayerNormalization", "s", "b"), {"s": B2, "b": random(2, seed=2)}),
    "layer norm, axis": ((1, 3, 2), one("LayerNormalization", "s", axis=1), {"s": random(3, 2)}),
    "einsum": ((1, 3, 2), one("Einsum", "w", equation="bij,jk->bki"), {"w": W23}),
    "sum of several": ((1, 2), one("Sum", "w", "v"), {"w": B2, "v": random(3, 1)}),
    "mean of several": ((1, 2), one("Mean", "w", "v"), {"w": B2, "v": B2}),
    "max, min": (
        (1, 2),
        [*one("Max", "w")[:0], helper.make_node("Max", ["x", "w"], ["m"]), helper.make_node("Min", ["m", "v"], ["y"])],
        {"w": B2, "v": random(2, seed=5)},
    ),
    "concat": ((1, 2), [helper.make_node("Concat", ["w", "x"], ["y"], axis=0)], {"w": W23[:, :2]}),
    "gather of weights": (
        (1, 2),
        [helper.make_node("Gather", ["w", "i"], ["r"], axis=1), *one("Add", "r")],
        {"w": W23, "i": integers(2, 0)},
    ),
}
#: operators on x times weights
BEHIND = {
    "reshape": ((1, 2, 6), "Reshape", [integers(1, 4, -1)], {}),
    "reshape, 0": ((1, 2, 6), "Reshape", [integers(0, 3, -1)], {}),
    "transpose": ((1, 2, 3), "Transpose", [], {"perm": [0, 2, 1]}),
    "transpose, default": ((1, 2, 3), "Transpose", [], {}),
    "flatten": ((1, 2, 3), "Flatten", [], {}),
    "flatten, axis": ((1, 2, 3), "Flatten", [], {"axis": 2}),
    "squeeze": ((1, 1, 3), "Squeeze", [integers(1)], {}),
    "unsqueeze": ((1, 3), "Unsqueeze", [integers(1, 3)], {}),
    "slice": ((1, 5, 4), "Slice", [integers(-2, 1), integers(-100, 4), integers(1, 2), integers(-1, 2)], {}),
    "pad": ((1, 2, 3), "Pad", [integers(0, 1, 0, 0, 0, 2)], {}),
    "pad, reflect": ((1, 2, 4), "Pad", [integers(0, 0, 1, 0, 0, 2)], {"mode": "reflect"}),
    "pad, edge": ((1, 2, 4), "Pad", [integers(0, 0, 1, 0, 0, 2)], {"mode": "edge"}),
    "pad, wrap": ((1, 2, 4), "Pad", [integers(0, 0, 1, 0, 0, 2)], {"mode": "wrap"}),
    "expand": ((1, 1, 3), "Expand", [integers(2, 1)], {}),
    "tile": ((1, 2), "Tile", [integers(2, 3)], {}),
    "depth to space": ((1, 4, 2, 3), "DepthToSpace", [], {"blocksize": 2, "mode": "CRD"}),
    "space to depth": ((1, 1, 4, 2), "SpaceToDepth", [], {"blocksize": 2}),
    "trilu": ((1, 3, 3), "Trilu", [], {"upper": 0}),
    "gather": ((1, 4, 2), "Gather", [integers(3, 1)], {"axis": 1}),
    "reduce sum": ((1, 3, 4), "ReduceSum", [integers(1)], {"keepdims": 0}),
    "reduce sum, all": ((1, 3, 4), "ReduceSum", [], {}),
    "reduce sum, none": ((1, 3, 4), "ReduceSum", [], {"noop_with_empty_axes": 1}),
    "reduce mean": ((1, 3, 4), "ReduceMean", [integers(-1, 1)], {}),
    "reduce max": ((1, 3, 4), "ReduceMax", [integers(2)], {}),
    "reduce squares": ((1, 3, 4), "ReduceSumSquare", [integers(2)], {}),
    "reduce l2": ((1, 3, 4), "ReduceL2", [integers(2)], {}),
    "average pool": (
        (1, 2, 5, 5),
        "AveragePool",
        [],
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]},
    ),
    "average pool, with padding": (
        (1, 2, 5),
        "AveragePool",
        [],
        {"kernel_shape": [3], "pads": [1, 1], "count_include_pad": 1},
    ),
    "max pool": ((1, 2, 5, 5), "MaxPool", [], {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}),
    "global pools": ((1, 2, 3, 4), "GlobalAveragePool", [], {}),
    "global max": ((1, 2, 3, 4), "GlobalMaxPool", [], {}),
    "pow": ((1, 4), "Pow", [np.array(3.0)], {}),
    "pow, integer exponent of rank 1": ((1, 4), "Pow", [integers(2)], {}),
    "softmax": ((1, 3, 4), "Softmax", [], {"axis": 1}),
    "log softmax": ((1, 3, 4), "LogSoftmax", [], {}),
    "clip": ((1, 9), "Clip", [np.array(-0.25), np.array(0.5)], {}),
    "hard sigmoid": ((1, 9), "HardSigmoid", [], {}),
    "leaky relu": ((1, 9), "LeakyRelu", [], {}),
    "elu": ((1, 9), "Elu", [], {}),
    "gelu": ((1, 5), "Gelu", [], {}),
    "gelu, tanh": ((1, 5), "Gelu", [], {"approximate": "tanh"}),
    **{
        name: ((1, 5), name, [], {})
        for name in ("Relu", "Exp", "Tanh", "Erf", "Abs", "Neg", "Sigmoid", "Softplus", "Reciprocal", "Identity")
    },
}
for name, (shape, operator, constants, attributes) in BEHIND.items():
    names = [f"c{i}" for i in range(len(constants))]
    nodes = [
        helper.make_node("Mul", ["x", "w"], ["h"]),
        *(
            helper.make_node("Constant", [], [n], value=numpy_helper.from_array(c))
            for n, c in zip(names, constants, strict=True)
        ),
        helper.make_node(operator, ["h", *names], ["y"], **attributes),
    ]
    CASES[name] = shape, nodes, {"w": random(*shape[1:], seed=4)}


def raw(monkeypatch, path):
    found = []
    monkeypatch.setattr(importer, "imported", lambda network, weights, *_: found.append((network, weights)))
    importer.from_onnx(path)
    return found[0]


def agree(model, shape, tmp_path, monkeypatch, evaluate):
    x = random(*shape, seed=11)
    expected = onnx.reference.ReferenceEvaluator(model).run(None, {"x": x})[0].reshape(-1)
    network, weights = raw(monkeypatch, saved(model, tmp_path))
    np.testing.assert_allclose(evaluate(network, weights, x.reshape(-1)), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_every_operator_has_the_value_of_the_reference_implementation(name, tmp_path, monkeypatch, evaluate):
    import onnx.reference  # noqa: F401

    shape, nodes, weights = CASES[name]
    agree(model_of(nodes, shape, weights), shape, tmp_path, monkeypatch, evaluate)


@pytest.mark.parametrize(
    ("opset", "shape", "nodes"),
    [
        (12, (1, 2, 3), one("LogSoftmax", axis=2)),
        (12, (1, 1, 3), one("Squeeze", axes=[1])),
        (12, (1, 3), one("Unsqueeze", axes=[0, 3])),
        (12, (1, 4, 3), one("ReduceSum", axes=[1], keepdims=0)),
        (17, (1, 4, 3), one("ReduceMean", axes=[1, 2])),
        (9, (1, 5), one("Slice", starts=[1], ends=[-1], axes=[1])),
        (10, (1, 5), one("Pad", pads=[0, 1, 0, 2])),
        (10, (1, 5), one("Clip", min=-0.5)),
        (7, (1, 5), one("Dropout")),
        (8, (1, 2, 3), one("Flatten")),
        (12, (1, 5), [helper.make_node("Split", ["x"], ["a", "y"], axis=1, split=[2, 3])]),
        (
            13,
            (1, 5),
            [
                helper.make_node("Constant", [], ["s"], value_ints=[4, 1]),
                helper.make_node("Split", ["x", "s"], ["y", "b"], axis=1),
            ],
        ),
    ],
)
def test_early_opsets_have_their_own_meaning(opset, shape, nodes, tmp_path, monkeypatch, evaluate):
    import onnx.reference  # noqa: F401

    first = helper.make_node("Mul", ["x", "w"], ["h"])
    for node in nodes:
        for number, name in enumerate(node.input):
            if name == "x":
                node.input[number] = "h"
    agree(
        model_of([first, *nodes], shape, {"w": random(*shape[1:])}, opset=opset), shape, tmp_path, monkeypatch, evaluate
    )


def test_softmax_before_opset_13_acts_on_all_axes_behind_its_own(tmp_path, monkeypatch, evaluate):
    # "the input is coerced into a 2D tensor", axis 1 by default: operators' changelog of ONNX, Softmax-11
    w, x = random(2, 3), random(1, 2, 3, seed=11)
    nodes = [helper.make_node("Mul", ["x", "w"], ["h"]), helper.make_node("Softmax", ["h"], ["y"])]
    network, weights = raw(monkeypatch, saved(model_of(nodes, (1, 2, 3), {"w": w}, opset=12), tmp_path))
    powers = np.exp(w * x).reshape(-1)
    np.testing.assert_allclose(evaluate(network, weights, x.reshape(-1)), powers / powers.sum())


def perceptron(**options):
    nodes = [
        helper.make_node("Gemm", ["x", "a"], ["h"], transB=1),
        helper.make_node("Mul", ["h", "h"], ["s"]),
        helper.make_node("MatMul", ["s", "b"], ["y"]),
    ]
    return model_of(nodes, (1, 3), {"a": W23, "b": random(2, 4)}, **options)


def test_a_perceptron_is_recognized_whatever_the_layout_of_its_weights(tmp_path):
    found = from_onnx(saved(perceptron(), tmp_path))
    assert found.architecture == na.mlp([3, 2, 4], 2)
    assert found.point == tuple(map(Fraction, [*W23.reshape(-1), *random(2, 4).T.reshape(-1)]))


@pytest.mark.parametrize("shape", [("batch", 3), (None, 3), (1, 3)])
def test_a_batch_without_size_has_size_1(shape, tmp_path):
    info = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, shape)]
    assert from_onnx(saved(perceptron(inputs=info), tmp_path)).architecture == na.mlp([3, 2, 4], 2)


def test_sizes_read_off_the_model_are_constants(tmp_path):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "zeros"], ["first"]),
        helper.make_node("Concat", ["first", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w"], ["y"], transB=1),
    ]
    weights = {"zero": np.array(0), "zeros": integers(0), "rest": integers(-1), "w": random(2, 6)}
    assert from_onnx(saved(model_of(nodes, ("n", 2, 3), weights), tmp_path)).architecture == na.mlp([6, 2])


def test_one_initializer_used_twice_is_one_parameter(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    found = from_onnx(saved(model_of(nodes, (1, 3), {"w": random(3, 3)}), tmp_path))
    assert found.architecture.network().parameter_count == 9


def test_constant_nodes_and_scalars_are_numbers(tmp_path):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array([[0.1]], dtype=np.float32))),
        helper.make_node("Mul", ["h", "c"], ["k"]),
        helper.make_node("Add", ["k", "one"], ["s"]),
        helper.make_node("Mul", ["s", "h"], ["t"]),
        helper.make_node("MatMul", ["t", "v"], ["y"]),
    ]
    weights = {"w": random(3, 2).astype(np.float32), "v": random(2, 2).astype(np.float32), "one": np.float32(1)}
    found = from_onnx(saved(model_of(nodes, (1, 3), weights, kind=TensorProto.FLOAT), tmp_path))
    assert found.architecture == na.mlp(
        [3, 2, 2], activation="1/10*z^2+z"
    )  # 0.1 is the shortest decimal of its float32
    assert found.tensors == ("w", "v")


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_weights_are_the_rational_numbers_that_their_floats_are(kind, tmp_path):
    weights = W23.astype(kind)
    number = {np.float16: TensorProto.FLOAT16, np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}[kind]
    found = from_onnx(saved(model_of(one("Gemm", "w", transB=1), (1, 3), {"w": weights}, kind=number), tmp_path))
    assert found.point == tuple(Fraction(float(value)) for value in weights.reshape(-1))


# -- hostile and unsupported files


def with_external_data():
    model = perceptron()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return model


def with_bad_sizes():
    model = perceptron()
    model.graph.initializer[0].dims[:] = [5, 3]
    return model


def with_nan():
    return model_of(one("MatMul", "w"), (1, 3), {"w": np.full((3, 2), np.nan)})


def information(name, shape, kind=TensorProto.DOUBLE):
    return helper.make_tensor_value_info(name, kind, shape)


def of_domain(domain):
    node = helper.make_node("Mystery", ["x"], ["y"], name="only", domain=domain)
    model = model_of([node], (1, 3))
    model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


HOSTILE = [
    (b"", "is empty"),
    (b"hello, world\n" * 9, "cannot be parsed"),
    (b"\x00\xff" * 100, "cannot be parsed"),
    (perceptron().SerializeToString()[:-40], "no model in the format ONNX"),
    (pickle.dumps({"weight": [1.0]}), "neuroalg reads no pickles"),
    (onnx.ModelProto(ir_version=8).SerializeToString(), "no graph with nodes"),
    (with_external_data(), "stored in another file, which is not opened"),
    (with_bad_sizes(), "model.onnx"),
    (with_nan(), "the weights 'w' are not all finite"),
    (perceptron(opset=6), "opset 6; opsets 7 to"),
    (perceptron(opset=1000), "opset 1000; opsets 7 to"),
    (
        model_of(one("LSTM", "w", "r", hidden_size=2), (1, 1, 3), {"w": random(1, 8, 3), "r": random(1, 8, 2)}),
        "the node 'only' (LSTM)",
    ),
    (of_domain("com.microsoft"), "of the domain 'com.microsoft' cannot be imported"),
    (perceptron(inputs=[information("x", (1, 3)), information("z", (1, 3))]), "2 inputs (x, z)"),
    (perceptron(output="y h"), "outputs y, h"),
    (perceptron(inputs=[information("x", (4, 3))]), "first axis is the batch and must have size 1"),
    (perceptron(inputs=[information("x", (1, "n"))]), "axis 1 of the input 'x' of"),
    (perceptron(inputs=[information("x", (3,))]), "at least two axes"),
    (perceptron(inputs=[information("x", (1, 3), TensorProto.INT64)]), "no tensor of floating point numbers"),
    (perceptron(inputs=[information("x", (1, 4))]), "cannot be imported"),
    (model_of(one("Relu"), (1, 3)), "depends on no parameters"),
    (model_of([helper.make_node("Relu", ["w"], ["y"])], (1, 3), {"w": W23}), "does not depend on its input"),
    (model_of([helper.make_node("Constant", [], ["y"], value_float=1.0)], (1, 3)), "depends neither"),
    (
        model_of(
            [helper.make_node("ConstantOfShape", ["s"], ["c"]), *one("Add", "c")], (1, 3), {"s": integers(10**6, 10**6)}
        ),
        "more than",
    ),
    (model_of(one("Expand", "s"), (1, 3), {"s": integers(10**9, 3)}), "more than"),
    (model_of(one("Tile", "s"), (1, 3), {"s": integers(10**9, 3)}), "more than"),
    (model_of(one("Pad", "s"), (1, 3), {"s": integers(0, 10**12, 0, 0)}), "more than"),
    (
        model_of(
            [helper.make_node("Range", ["a", "b", "a"], ["r"]), *one("Add", "r")],
            (1, 3),
            {"a": np.array(1.0), "b": np.array(1e15)},
        ),
        "more than",
    ),
    (model_of(one("Pow", "e"), (1, 3), {"e": np.array(0.3)}), "its exponent is 0.3"),
    (model_of([helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2])], (1, 2, 5)), "only its first output"),
    (model_of(one("Cast", to=TensorProto.INT64), (1, 3)), "casts to numbers that are not floating point"),
]


@pytest.mark.parametrize(("model", "sentence"), HOSTILE, ids=lambda value: value if isinstance(value, str) else "")
def test_files_that_are_not_supported_are_refused_in_one_sentence(model, sentence, tmp_path):
    path = saved(model, tmp_path)
    with pytest.raises(SpecError) as caught:
        from_onnx(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_pytorch_is_refused_without_opening_it(tmp_path):
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(SpecError, match="neuroalg reads no pickles"):
        from_onnx(path)


def test_a_damaged_file_never_ends_in_a_traceback(tmp_path):
    data = perceptron().SerializeToString()
    generator = np.random.default_rng(5)
    for _ in range(150):
        broken = bytearray(data)
        for place in generator.integers(0, len(data), 3):
            broken[place] = generator.integers(0, 256)
        with contextlib.suppress(SpecError):
            from_onnx(saved(bytes(broken), tmp_path))


@pytest.mark.parametrize("path", [".", "no such file.onnx", "nul\0byte", 7])
def test_what_is_no_file_is_refused(path):
    with pytest.raises(SpecError):
        from_onnx(path)


def test_a_small_file_cannot_ask_for_much_memory(tmp_path):
    # every node doubles its operand: 3 * 2^60 entries in the end
    nodes = [helper.make_node("Mul", ["x", "w"], ["t0"])]
    nodes += [helper.make_node("Concat", [f"t{i}", f"t{i}"], [f"t{i + 1}"], axis=1) for i in range(60)]
    with pytest.raises(MemoryLimitError, match="entries are supported"):
        from_onnx(saved(model_of(nodes, (1, 3), {"w": random(3)}, output="t60"), tmp_path))


def test_a_missing_package_is_named_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(SpecError, match=re.escape("pip install 'neuroalg[onnx]'")):
        from_onnx(saved(perceptron(), tmp_path))


def test_the_command_line_reads_models(tmp_path, capsys):
    path = str(saved(perceptron(), tmp_path))
    assert run(["dim", "--onnx", path, "--json"]) == 0
    told = capsys.readouterr()
    assert '"label": "mlp-3.2.4-r2"' in told.out
    assert "the model is mlp-3.2.4-r2; its parameters are a, b" in told.err
    assert run(["-q", "dim", "--onnx", path]) == 0
    assert not capsys.readouterr().err
    assert run(["dim", "--onnx", path, "--arch", "mlp"]) == 3
    assert "described by --onnx and by --arch" in capsys.readouterr().err
    assert run(["dim", "--onnx", ""]) == 2


# -- one network, three descriptions


def square(torch):
    class Square(torch.nn.Module):
        def forward(self, x):
            return x * x

    return Square()


def perceptron_of_torch(torch):
    nn = torch.nn
    return nn.Sequential(nn.Linear(3, 4), square(torch), nn.Linear(4, 2)), (1, 3)


def plain_perceptron_of_torch(torch):
    nn = torch.nn
    layers = nn.Linear(3, 2, bias=False), square(torch), nn.Linear(2, 2, bias=False), square(torch)
    return nn.Sequential(*layers, nn.Linear(2, 1, bias=False)), (1, 3)


def convolutions_on_a_line(torch):
    nn = torch.nn
    return nn.Sequential(nn.Conv1d(1, 1, 3, bias=False), square(torch), nn.Conv1d(1, 1, 2, bias=False)), (1, 1, 6)


def convolutions_on_an_image(torch):
    nn = torch.nn
    layers = nn.Conv2d(2, 3, 2, stride=2, bias=False), square(torch), nn.Conv2d(3, 2, (2, 1), bias=False)
    return nn.Sequential(*layers), (1, 2, 4, 4)


def lightning_attention(torch):
    class Attention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key, self.value = (torch.nn.Linear(3, n, bias=False) for n in (2, 2, 4))

        def forward(self, x):
            return self.query(x) @ self.key(x).transpose(1, 2) @ self.value(x)

    return Attention(), (1, 5, 3)


def specification(**fields):
    return na.from_mapping(fields)


DESCRIPTIONS = [
    (perceptron_of_torch, {"family": "mlp", "widths": [3, 4, 2], "activation_degree": 2, "biases": True}),
    (plain_perceptron_of_torch, {"family": "mlp", "widths": [3, 2, 2, 1], "activation_degree": 2}),
    (convolutions_on_a_line, {"family": "cnn", "filters": ["3", "2"], "input": "6", "activation_degree": 2}),
    (
        convolutions_on_an_image,
        {
            "family": "cnn",
            "filters": ["2x2", "2x1"],
            "stride": ["2", "1"],
            "channels": [2, 3, 2],
            "input": "4x4",
            "activation_degree": 2,
        },
    ),
    (lightning_attention, {"family": "attention", "dims": [3, 4], "attention_dim": 2, "tokens": 5}),
]


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize(("make", "fields"), DESCRIPTIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_model_its_export_and_a_specification_have_identical_claims(make, fields, dynamo, tmp_path):
    torch = pytest.importorskip("torch")
    if dynamo:
        pytest.importorskip("onnxscript")
    model, shape = make(torch)
    x = torch.randn(shape)
    path = tmp_path / "exported.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters announce their successors
        if dynamo:
            torch.onnx.export(model, (x,), dynamo=True, verbose=False).save(str(path))
        else:
            torch.onnx.export(model, (x,), str(path), dynamo=False)
    described = na.from_mapping(fields)
    from_a_module, from_a_file = na.from_torch(model, x), na.from_onnx(path)
    assert from_a_module.architecture == from_a_file.architecture == described
    assert from_a_module.point == from_a_file.point
    expected = na.dimension(described)
    assert na.dimension(from_a_module) == expected
    assert na.dimension(from_a_file) == expected
