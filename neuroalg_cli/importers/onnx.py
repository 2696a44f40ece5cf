"""Models in the format ONNX, of the operators of the domain ai.onnx, opset 7 or later.

Nothing in a file says which tensors are trained.  The rule: floating point initializers with at least one axis are parameters,
wherever they are used as tensors; the running statistics of BatchNormalization, exponents and bounds, `Constant` nodes,
integers, Booleans and scalars are constants.  Operators that only move entries are run by the reference implementation of
the package onnx on arrays of positions, so that every opset has its own meaning.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.errors import NeuroalgError, SpecError, shown
from neuroalg_cli.lowering.lowering import Lowering
from neuroalg_cli.lowering.onnx_operators import CONSTANT_INPUTS, OPERATORS, Call
from neuroalg_cli.lowering.tensors import MAXIMAL_ENTRIES, Tensor, Value
from neuroalg_cli.recognizing.importing import ImportedModel, imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: a protocol buffer cannot be larger
MAXIMAL_FILE_BYTES = 2 * 2**30
LOWEST_OPSET = 7
#: operators that only move entries: they are run on arrays of positions
_MOVES = frozenset(
    """
    Concat DepthToSpace Expand Flatten Gather GatherElements Pad Reshape Slice SpaceToDepth Split Squeeze Tile Transpose
    Trilu Unsqueeze
    """.split()  # noqa: SIM905
)
#: operators that change nothing here: dropout acts in training only, and floats of all sizes are one kind of number
_IDENTITIES = frozenset({"Identity", "Dropout", "Cast", "CastLike"})
#: operators that may act on constants alone, beside those above and those of `OPERATORS`
_ON_CONSTANTS = frozenset(
    """
    And Constant ConstantOfShape Cos Equal Floor Ceil Greater GreaterOrEqual Less LessOrEqual Mod Not Or Range ReduceProd
    ScatterND Shape Sign Sin Size
    """.split()  # noqa: SIM905
)


def from_onnx(path: Any) -> ImportedModel:
    """Returns the architecture and the weights of a model in a file of the format ONNX.

    The model must have one input, whose first axis is the batch (of size 1 or unnamed), and one output.  Floating point
    initializers with at least one axis are parameters, `Constant` nodes and scalars are numbers.  No other file is opened.
    Raises `SpecError` that names what is not supported.
    """
    name = shown(str(path), 80)
    data = _read(path, name)
    try:
        import onnx  # noqa: PLC0415
        import onnx.reference  # noqa: PLC0415
    except ImportError:
        raise SpecError("models in the format ONNX need the package onnx; try: pip install 'neuroalg[onnx]'") from None
    model = _parsed(onnx, data, name)
    return _Import(onnx, model, name).run()


def supported_operators() -> tuple[str, ...]:
    """Returns the names of the supported operators of ai.onnx."""
    return tuple(sorted({*OPERATORS, *_MOVES, *_IDENTITIES, "Constant", "Shape", "Where"}))


def _read(path: Any, name: str) -> bytes:
    """Returns the bytes of a file; raises `SpecError` for what cannot be a model."""
    try:
        file = Path(path)
        if file.is_dir():
            raise SpecError(f"{name} is a folder; name a file in the format ONNX")
        with file.open("rb") as stream:
            data = stream.read(MAXIMAL_FILE_BYTES + 1)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecError(f"{name} cannot be read ({reason}); name a file in the format ONNX") from None
    if len(data) > MAXIMAL_FILE_BYTES:
        raise SpecError(f"{name} has more than 2 GiB; models of at most 2 GiB are read")
    if data.startswith(b"PK\x03\x04") or (data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")):
        raise SpecError(
            f"{name} is a pickle or an archive of pickles; neuroalg reads no pickles, export the model with torch.onnx.export"
        )
    if not data:
        raise SpecError(f"{name} is empty; name a file in the format ONNX")
    return data


def _parsed(onnx: Any, data: bytes, name: str) -> Any:
    """Returns the model; raises `SpecError` for what is none, for external data and for opsets that are not known."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception:  # noqa: BLE001  # the error of protobuf has no public home
        raise SpecError(f"{name} is no model in the format ONNX, or is damaged: it cannot be parsed") from None
    if not model.HasField("graph") or not model.graph.node:
        raise SpecError(f"{name} is no model in the format ONNX: it has no graph with nodes")
    for tensor in _all_tensors(model.graph):
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise SpecError(
                f"the tensor {shown(tensor.name)} of {name} is stored in another file, which is not opened; save the model in "
                "one file, for example with onnx.save(model, path, save_as_external_data=False)"
            )
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    version = opsets.get("", opsets.get("ai.onnx"))
    highest = onnx.defs.onnx_opset_version()
    if version is None or not LOWEST_OPSET <= version <= highest:
        raise SpecError(f"{name} has the opset {version}; opsets {LOWEST_OPSET} to {highest} are supported")
    if len(model.functions):
        model = onnx.inliner.inline_local_functions(model)
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in {*supported_operators(), *_ON_CONSTANTS}:
            domain = f" of the domain {shown(node.domain)}" if node.domain not in ("", "ai.onnx") else ""
            raise SpecError(
                f"{_where(node)}{domain} cannot be imported: this operator is not supported; see 'neuroalg list operators'"
            )
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # noqa: BLE001  # whatever the checker says, the file is not valid
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SpecError(f"{name} is no valid model in the format ONNX: {reason[:160]}") from None
    return model


def _all_tensors(graph: Any) -> Iterator[Any]:
    """Yields all tensors of a graph, those in attributes and subgraphs included."""
    pending = [graph]
    while pending:
        current = pending.pop()
        yield from current.initializer
        for sparse in current.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in current.node:
            for attribute in node.attribute:
                yield from (attribute.t, *attribute.tensors)
                pending.extend(([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs))


def _where(node: Any) -> str:
    name = node.name or (node.output[0] if node.output else "")
    return f"the node {shown(name)} ({node.op_type[:40]})"


class _Import:
    """The walk over the nodes of a model, which stand in topological order."""

    def __init__(self, onnx: Any, model: Any, name: str) -> None:
        self.onnx = onnx
        self.graph = model.graph
        self.name = name
        self.opsets = list(model.opset_import)
        self.version = next(entry.version for entry in self.opsets if entry.domain in ("", "ai.onnx"))
        self.lowering = Lowering()
        self.initializers = {tensor.name: tensor for tensor in self.graph.initializer}
        self.values: dict[str, Value] = {}
        self.read: set[str] = set()

    def run(self) -> ImportedModel:
        self._input()
        if self.graph.sparse_initializer:
            raise SpecError(f"{self.name} has sparse tensors; dense ones are supported")
        if len(self.graph.output) != 1:
            listed = ", ".join(output.name for output in self.graph.output)
            raise SpecError(f"{self.name} has the outputs {listed[:120]}; models of one output are supported")
        for node in self.graph.node:
            try:
                results = self._node(node)
            except NeuroalgError as error:
                raise type(error)(f"{_where(node)} cannot be imported: {error}") from None
            for output, value in zip(node.output, results, strict=False):
                if output:
                    self.values[output] = value
        name = self.graph.output[0].name
        output = self._value(name) if name else None
        if not isinstance(output, Tensor):
            raise SpecError(
                f"the output {shown(name)} of {self.name} depends neither on its input nor on its parameters"
            )
        floating = [name for name in self.initializers if self._is_parameter(name)]
        unused = [name for name in floating if name not in self.read]
        return imported(self.lowering.finish(output), self.lowering.weights, self.lowering.tensors, unused)

    def _input(self) -> None:
        inputs = [entry for entry in self.graph.input if entry.name not in self.initializers]
        if len(inputs) != 1:
            listed = ", ".join(entry.name for entry in inputs) or "none"
            raise SpecError(f"{self.name} has {len(inputs)} inputs ({listed[:120]}); models of one input are supported")
        entry = inputs[0]
        kind = entry.type.tensor_type
        if not entry.type.HasField("tensor_type") or kind.elem_type not in self._floating():
            raise SpecError(f"the input {shown(entry.name)} of {self.name} is no tensor of floating point numbers")
        if not kind.HasField("shape") or len(kind.shape.dim) < 2:
            raise SpecError(
                f"the input {shown(entry.name)} of {self.name} needs a shape of at least two axes, the first for the batch"
            )
        shape = []
        for axis, dimension in enumerate(kind.shape.dim):
            size = dimension.dim_value if dimension.HasField("dim_value") else 1 if axis == 0 else None
            if size is None or size < 1:
                label = shown(dimension.dim_param or "?")
                raise SpecError(
                    f"axis {axis} of the input {shown(entry.name)} of {self.name} has no fixed size ({label}); export the "
                    "model with fixed sizes"
                )
            shape.append(size)
        if shape[0] != 1:
            raise SpecError(
                f"the input {shown(entry.name)} of {self.name} has the shape {tuple(shape)}; its first axis is the batch and "
                "must have size 1"
            )
        if math.prod(shape) > MAXIMAL_ENTRIES:
            raise SpecError(
                f"the input of {self.name} has {math.prod(shape)} entries; at most {MAXIMAL_ENTRIES} are read"
            )
        self.values[entry.name] = self.lowering.input(shape)

    def _floating(self) -> tuple[int, ...]:
        kinds = self.onnx.TensorProto
        return kinds.FLOAT, kinds.DOUBLE, kinds.FLOAT16, kinds.BFLOAT16

    def _is_parameter(self, name: str) -> bool:
        tensor = self.initializers.get(name)
        return tensor is not None and tensor.data_type in self._floating() and len(tensor.dims) > 0

    def _value(self, name: str, *, as_constant: bool = False) -> Value:
        """Returns the value of a name; an initializer becomes a parameter when it is first used as a tensor."""
        if name in self.values:
            return self.values[name]
        if name not in self.initializers:
            raise SpecError(f"its input {shown(name)} is defined nowhere before it")
        array = self._array(name)
        self.read.add(name)
        if as_constant or not self._is_parameter(name):
            return array
        self.values[name] = self.lowering.parameter(name, array.astype(np.float64))
        return self.values[name]

    def _array(self, name: str) -> np.ndarray[Any, Any]:
        tensor = self.initializers[name]
        try:
            array = np.asarray(self.onnx.numpy_helper.to_array(tensor))
        except Exception:  # noqa: BLE001  # sizes that do not fit, unknown types
            raise SpecError(
                f"the tensor {shown(name)} of {self.name} is damaged: its data do not fit its shape"
            ) from None
        return array.astype(np.float32) if tensor.data_type == self.onnx.TensorProto.BFLOAT16 else array

    def _node(self, node: Any) -> Sequence[Value]:
        roles = CONSTANT_INPUTS.get(node.op_type, ())
        inputs = [
            None if not name else self._value(name, as_constant=number in roles)
            for number, name in enumerate(node.input)
        ]
        if node.op_type == "Shape":  # the shape of a tensor is a constant
            inputs = [np.empty(value.shape) if isinstance(value, Tensor) else value for value in inputs]
        if not any(isinstance(value, Tensor) for value in inputs):
            return self._evaluated(node, inputs)
        if node.op_type in _IDENTITIES:
            return self._unchanged(node, inputs)
        if node.op_type in _MOVES:
            return self._moved(node, inputs)
        operator = OPERATORS.get(node.op_type)
        if operator is None:
            raise SpecError("it acts on values that depend on the input or on parameters; this is not supported")
        if len(node.output) > 1 and any(node.output[1:]):
            raise SpecError(f"only its first output is supported, and it has {len(node.output)}")
        attributes = {attribute.name: self._attribute(attribute) for attribute in node.attribute}
        return [operator(self.lowering, Call(inputs, attributes, self.version))]

    def _attribute(self, attribute: Any) -> Any:
        """Returns the value of an attribute; floats have 32 bits."""
        value = self.onnx.helper.get_attribute_value(attribute)
        if isinstance(value, float):
            return np.float32(value)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def _unchanged(self, node: Any, inputs: Sequence[Any]) -> Sequence[Value]:
        kinds = [attribute.i for attribute in node.attribute if attribute.name == "to"]
        if kinds and kinds[0] not in self._floating():
            raise SpecError("it casts to numbers that are not floating point")
        if node.op_type == "Dropout" and len(inputs) > 2 and inputs[2] is not None and np.any(inputs[2]):
            raise SpecError("it drops out; export the model in evaluation mode")
        return [inputs[0]]

    def _evaluated(self, node: Any, inputs: Sequence[Any]) -> Sequence[Value]:
        """Returns the values of an operator of constants."""
        self._require_small(node, inputs)
        return self._run(node, inputs)

    def _moved(self, node: Any, inputs: Sequence[Any]) -> Sequence[Value]:
        """Runs an operator on arrays of positions, counted from 1: 0 is what it fills in."""
        self._require_small(node, inputs)
        if node.op_type == "Pad":
            mode = next((attribute.s for attribute in node.attribute if attribute.name == "mode"), b"constant")
            old = [attribute.f for attribute in node.attribute if attribute.name == "value"]
            filler = inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.asarray(old or 0)
            if isinstance(filler, Tensor) or (mode == b"constant" and np.any(filler)):
                raise SpecError("it pads with a number that is not 0")
            inputs = [inputs[0], *inputs[1:2], *([None] if len(inputs) > 2 else []), *inputs[3:]]
        first = next(value for value in inputs if isinstance(value, Tensor))
        total = 1
        tensors, arguments = [], []
        for number, value in enumerate(inputs):
            tensor = value
            if node.op_type == "Concat" and isinstance(value, np.ndarray):
                tensor = self.lowering.tensor(value, first)
            if isinstance(tensor, Tensor):
                if number and node.op_type != "Concat":
                    raise SpecError("positions or sizes that the model computes are not supported")
                tensors.append(tensor)
                arguments.append(np.arange(total, total + tensor.size, dtype=np.int64).reshape(tensor.shape))
                total += tensor.size
            else:
                arguments.append(tensor)
        return [self.lowering.picked(tensors, np.asarray(result) - 1) for result in self._run(node, arguments)]

    def _require_small(self, node: Any, inputs: Sequence[Any]) -> None:
        """Raises `SpecError` where a small node could ask for a large array."""
        sizes = 1.0
        arrays = [value for value in inputs if isinstance(value, np.ndarray)]
        if node.op_type in ("ConstantOfShape", "Expand", "Tile") and arrays:
            sizes = math.prod(float(n) for n in np.asarray(arrays[-1]).reshape(-1)[:100])
            if node.op_type == "Tile":
                sizes *= math.prod(next(value.shape for value in inputs if value is not None))
        elif node.op_type == "Range" and len(arrays) == 3 and np.asarray(arrays[2]).any():
            start, limit, step = (float(np.asarray(value).reshape(-1)[0]) for value in arrays)
            sizes = (limit - start) / step
        elif node.op_type == "Pad":
            pads = arrays[-1] if arrays and len(inputs) > 1 else np.zeros(1)
            before = math.prod(next(value.shape for value in inputs if value is not None))
            sizes = before * (1.0 + float(np.abs(np.asarray(pads, dtype=np.float64)).sum()))
        if not sizes <= MAXIMAL_ENTRIES:
            raise SpecError(f"it would make a tensor of more than {MAXIMAL_ENTRIES} entries")

    def _run(self, node: Any, inputs: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
        """Returns what the reference implementation of one operator says."""
        helper = self.onnx.helper
        given = {name: value for name, value in zip(node.input, inputs, strict=False) if name and value is not None}
        single = self.onnx.NodeProto()
        single.CopyFrom(node)
        del single.input[:]
        single.input.extend(
            name if name and value is not None else "" for name, value in zip(node.input, inputs, strict=False)
        )
        infos = [helper.make_tensor_value_info(name, self.onnx.TensorProto.UNDEFINED, None) for name in given]
        outputs = [
            helper.make_tensor_value_info(name, self.onnx.TensorProto.UNDEFINED, None) for name in node.output if name
        ]
        graph = helper.make_graph([single], "one", infos, outputs)
        model = helper.make_model(graph, opset_imports=self.opsets)
        try:
            with np.errstate(all="ignore"):
                results = self.onnx.reference.ReferenceEvaluator(model).run(None, given)
        except Exception as error:  # noqa: BLE001  # whatever goes wrong there, the operator cannot be evaluated
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise SpecError(f"it cannot be evaluated ({reason[:120]})") from None
        named = iter(results)
        return [np.asarray(next(named)) if name else np.zeros(0) for name in node.output]
