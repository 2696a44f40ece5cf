"""Models of PyTorch: `torch.export` gives the graph of operations, this module writes it with the operations of ours.

Parameters that require gradients become parameters; buffers, frozen parameters and numbers in the code are constants.
"""

from __future__ import annotations

import operator
from typing import Any

from neuroalg_cli.errors import NeuroalgError, SpecError, shown
from neuroalg_cli.lowering.lowering import Lowering
from neuroalg_cli.lowering.tensors import Tensor, Value
from neuroalg_cli.lowering.torch_operations import OPERATIONS, Call, has_tensor, tensors_in
from neuroalg_cli.recognizing.importing import ImportedModel, imported

_UNINITIALISED = frozenset({"empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided"})
#: operations that only move entries: they are run on tensors of positions
_MOVES = frozenset(
    """
    alias cat chunk clone contiguous concat concatenate detach diagonal expand expand_as flatten flip gather getitem
    im2col index index_select movedim moveaxis narrow pad permute pixel_shuffle pixel_unshuffle ravel repeat
    repeat_interleave reshape roll rot90 select slice split split_with_sizes squeeze stack swapaxes t take transpose tril
    triu unbind unflatten unfold unsqueeze unsafe_chunk unsafe_split view view_as hstack vstack hsplit vsplit channel_shuffle
    broadcast_to reshape_as as_strided numpy_T mT column_stack tile
    """.split()  # noqa: SIM905
)
#: operations that change nothing
_IDENTITIES = frozenset({"lift_fresh_copy", "to", "_to_copy", "type_as", "contiguous", "clone", "alias", "detach"})


def from_torch(module: Any, example_input: Any) -> ImportedModel:
    """Returns the architecture and the weights of a model of PyTorch, which is traced on an example input.

    The first axis of the example is the batch and must have size 1.  Trainable parameters become parameters, tied ones once;
    buffers, frozen parameters and numbers are constants.  The model is read in evaluation mode: call ``module.eval()``.
    Raises `SpecError` that names the operation or module which is not supported.
    """
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise SpecError("models of PyTorch need the package torch; try: pip install 'neuroalg[torch]'") from None
    _check(torch, module, example_input)
    program = _exported(torch, module, example_input)
    return _Import(torch, module, program).run(example_input)


def supported_operations() -> tuple[str, ...]:
    """Returns the names of the supported operations of ATen."""
    return tuple(sorted({*OPERATIONS, *_MOVES, *_IDENTITIES}))


def _check(torch: Any, module: Any, example: Any) -> None:
    if not isinstance(module, torch.nn.Module):
        raise SpecError(f"{shown(module)} is no model of PyTorch; give a torch.nn.Module and an example input")
    if not isinstance(example, torch.Tensor):
        raise SpecError(f"the example input is {shown(type(example).__name__)}; it must be one torch.Tensor")
    if not example.is_floating_point():
        raise SpecError(f"the example input has the type {example.dtype}; it must be floating point")
    if example.dim() < 2 or example.shape[0] != 1:
        raise SpecError(
            f"the example input has the shape {tuple(example.shape)}; its first axis is the batch and must have size 1, as "
            "in x[:1] or x.unsqueeze(0)"
        )
    if module.training and any(
        isinstance(part, torch.nn.modules.batchnorm._BatchNorm | torch.nn.modules.dropout._DropoutNd)  # noqa: SLF001
        for part in module.modules()
    ):
        raise SpecError(
            "the model is in training mode, where it is random or depends on the batch; call model.eval() first"
        )


def _exported(torch: Any, module: Any, example: Any) -> Any:
    import warnings  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch says about its own future is not the user's business
        try:
            with torch.no_grad():
                module(example)
        except Exception as error:  # noqa: BLE001  # whatever a model or its tracing raises
            raise SpecError(f"the model does not run on the example input ({_reason(error)})") from None
        try:
            return torch.export.export(module, (example,))
        except Exception as error:  # noqa: BLE001  # whatever a model or its tracing raises
            raise SpecError(
                f"torch.export cannot trace the model ({_reason(error)}); its operations may not depend on values of its input"
            ) from None


def _reason(error: Exception) -> str:
    """Returns the first line of an error of torch."""
    text = (str(error).strip() or "no reason given").splitlines()[0]
    return f"{type(error).__name__}: {text[:160]}"


class _Import:
    """The walk over the nodes of an exported program."""

    def __init__(self, torch: Any, module: Any, program: Any) -> None:
        self.torch = torch
        self.program = program
        self.lowering = Lowering()
        self.values: dict[Any, Any] = {}
        self.pending: dict[Any, str] = {}
        self.module_parameters = dict(module.named_parameters(remove_duplicate=False))
        self.made: dict[int, Tensor] = {}

    def run(self, example: Any) -> ImportedModel:
        signature = self.program.graph_signature
        self._placeholders(signature, example)
        for node in self.program.graph.nodes:
            if node.op in ("placeholder", "output"):
                continue
            if node.op == "get_attr":
                found = getattr(self.program.graph_module, node.target)
                if not isinstance(found, self.torch.Tensor):
                    raise SpecError(
                        "the model has a part with a mode of its own, such as torch.no_grad() inside of forward, which is not "
                        "supported; take it out, or bring the model into evaluation mode with .eval()"
                    )
                self.values[node] = self._constant(found)
                continue
            try:
                self.values[node] = self._call(node)
            except NeuroalgError as error:
                raise type(error)(f"{_where(node)} cannot be imported: {error}") from None
        output = self._output(signature)
        used = set(self.made)
        unused = [
            name for name, value in self.module_parameters.items() if value.requires_grad and id(value) not in used
        ]
        network = self.lowering.finish(output)
        return imported(network, self.lowering.weights, self.lowering.tensors, unused)

    def _placeholders(self, signature: Any, example: Any) -> None:
        inputs = set(signature.user_inputs)
        if len(inputs) != 1:
            raise SpecError(f"the model has {len(inputs)} inputs; models of one input are supported")
        for node in self.program.graph.nodes:
            if node.op != "placeholder":
                continue
            name = signature.inputs_to_parameters.get(node.name)
            if node.name in inputs:
                self.values[node] = self.lowering.input(tuple(example.shape))
            elif name is not None and self.module_parameters[name].requires_grad:
                self.pending[node] = name
            elif name is not None:
                self.values[node] = self._constant(self.module_parameters[name].detach())
            elif node.name in signature.inputs_to_buffers:
                buffer = signature.inputs_to_buffers[node.name]
                found = self.program.state_dict.get(buffer, self.program.constants.get(buffer))
                self.values[node] = self._constant(found)
            else:
                constant = signature.inputs_to_lifted_tensor_constants.get(node.name)
                self.values[node] = self._constant(self.program.constants[constant])

    def _output(self, signature: Any) -> Value:
        if len(signature.user_outputs) != 1 or getattr(signature, "buffers_to_mutate", None):
            raise SpecError(
                f"the model has {len(signature.user_outputs)} outputs and changes "
                f"{len(signature.buffers_to_mutate)} buffers; models of one output that change none are supported"
            )
        (node,) = (node for node in self.program.graph.nodes if node.op == "output")
        result = self._value(node.args[0][0])
        if not isinstance(result, Tensor):
            raise SpecError("the output of the model depends neither on its input nor on its parameters")
        return result

    def _constant(self, tensor: Any) -> Any:
        return tensor.detach()

    def _value(self, argument: Any) -> Any:
        """Returns an argument: a tensor of ours, a tensor of torch that is constant, or a plain Python value."""
        if isinstance(argument, self.torch.fx.Node):
            if argument in self.pending:
                self.values[argument] = self._parameter(self.pending.pop(argument))
            return self.values[argument]
        if isinstance(argument, list | tuple):
            return type(argument)(self._value(entry) for entry in argument)
        return argument

    def _parameter(self, name: str) -> Tensor:
        """Returns the parameter tensor of a name; tied parameters are one tensor."""
        value = self.module_parameters[name]
        if id(value) not in self.made:
            if not value.is_floating_point():
                raise SpecError(f"the weights '{name}' have the type {value.dtype}; weights must be floating point")
            array = value.detach().to(device="cpu", dtype=self.torch.float64).numpy()
            self.made[id(value)] = self.lowering.parameter(name, array)
        return self.made[id(value)]

    def _call(self, node: Any) -> Any:
        arguments = [self._value(argument) for argument in node.args]
        named = {key: self._value(argument) for key, argument in node.kwargs.items()}
        if node.target is operator.getitem:
            return arguments[0][arguments[1]]
        if not isinstance(node.target, self.torch._ops.OpOverload):  # noqa: SLF001
            raise SpecError(f"it calls {shown(str(node.target))}, which is no operation on tensors")
        name = node.target.overloadpacket.__name__
        # executed once, a random or uninitialised constant would be another network at every import
        is_random = self.torch.Tag.nondeterministic_seeded in node.target.tags and name not in OPERATIONS
        if is_random or name in _UNINITIALISED:
            raise SpecError("it is random or uninitialised; a network is one function: make the value a buffer")
        if not has_tensor([arguments, named]):
            return node.target(*arguments, **named)
        if name in _IDENTITIES:
            return arguments[0]
        if name in _MOVES:
            if name == "pad" and named.get("value", arguments[3] if len(arguments) > 3 else None):
                raise SpecError("it pads with a number that is not 0")
            return self._move(node.target, arguments, named)
        handler = OPERATIONS.get(name)
        if handler is None:
            raise SpecError("this operation is not supported; see 'neuroalg list operators'")
        schema = node.target._schema.arguments  # noqa: SLF001
        defaults = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
        plain = [self._plain(argument) for argument in arguments]
        extra = {key: self._plain(argument) for key, argument in named.items()}
        return handler(self.lowering, Call(plain, [argument.name for argument in schema], {**defaults, **extra}))

    def _plain(self, argument: Any) -> Any:
        """Returns constant tensors of torch as arrays."""
        if isinstance(argument, self.torch.Tensor):
            tensor = argument.detach().cpu()
            return (tensor.float() if tensor.dtype == self.torch.bfloat16 else tensor).numpy()
        if isinstance(argument, list | tuple):
            return [self._plain(entry) for entry in argument]
        return argument

    def _move(self, target: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        """Runs an operation that only moves entries on tensors of positions, counted from 1: 0 is what it fills in."""
        tensors: list[Tensor] = []
        total = 1

        def positions(argument: Any) -> Any:
            nonlocal total
            if isinstance(argument, self.torch.Tensor) and argument.is_floating_point():
                argument = self.lowering.tensor(self._plain(argument), next(tensors_in([arguments, named])))
            if isinstance(argument, Tensor):
                start, total = total, total + argument.size
                tensors.append(argument)
                # doubles are exact up to 2^53, and some of these operations know no integers
                return self.torch.arange(start, total, dtype=self.torch.float64).reshape(argument.shape)
            if isinstance(argument, list | tuple):
                return type(argument)(positions(entry) for entry in argument)
            return argument

        moved = target(*[positions(a) for a in arguments], **{key: positions(a) for key, a in named.items()})
        if isinstance(moved, self.torch.Tensor):
            return self._picked(tensors, moved)
        return [self._picked(tensors, each) for each in moved]

    def _picked(self, tensors: list[Tensor], positions: Any) -> Tensor:
        return self.lowering.picked(tensors, positions.to(self.torch.int64).numpy() - 1)


def _where(node: Any) -> str:
    """Returns the module and the operation of a node in words."""
    stack = node.meta.get("nn_module_stack") or {}
    path, kind = list(stack.values())[-1] if stack else ("", "")
    name = f"{getattr(node.target, '__name__', node.target)}"
    kind = str(kind).rsplit(".", 1)[-1].strip("'>")
    return f"the operation '{name}'" + (f" in the module '{path}' ({kind})" if path else " of the model")
