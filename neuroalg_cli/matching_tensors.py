"""Which tensor of a file belongs to which parameter of a network: by name and exact shape, else by order where that is clear."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Shape = tuple[int, ...]

_LISTED = 6
#: how PyTorch calls the parameters of a layer, in the order of the graph
_ROLES = {"weight": 0, "bias": 1}


def match(
    parameters: Mapping[str, Shape], tensors: Mapping[str, Shape], title: str, label: str, *, is_ordered: bool
) -> tuple[list[str], tuple[str, ...]]:
    """Returns the tensor of every parameter, and remarks.

    ``is_ordered``: the tensors come in the order in which they were given.  Raises `SpecError` for what is missing, unknown or of
    another shape, and where no name matches and the order leaves a doubt.
    """
    if not tensors:
        raise SpecError(f"{title} has no tensor; the parameters of {label} are {_listed(parameters)}")
    if parameters.keys().isdisjoint(tensors):
        return _by_order(parameters, tensors, title, label, is_ordered=is_ordered)
    missing = [name for name in parameters if name not in tensors]
    if missing:
        raise SpecError(f"the parameter '{missing[0]}' is missing in {title}; its tensors are {_listed(tensors)}")
    unknown = [name for name in tensors if name not in parameters]
    if unknown:
        raise SpecError(
            f"the tensor {shown(unknown[0])} in {title} is no parameter of {label}; they are {_listed(parameters)}"
        )
    for name, shape in parameters.items():
        if tensors[name] != shape:
            raise SpecError(
                f"the tensor '{name}' in {title} has the shape {tensors[name]}; {label} needs the shape {shape}"
            )
    return list(parameters), ()


def _by_order(
    parameters: Mapping[str, Shape], tensors: Mapping[str, Shape], title: str, label: str, *, is_ordered: bool
) -> tuple[list[str], tuple[str, ...]]:
    """Returns the match of tensors with foreign names, such as PyTorch's 0.weight, 0.bias, 2.weight."""
    foreign = f"no tensor in {title} bears the name of a parameter of {label} ({_listed(parameters)})"
    if len(parameters) != len(tensors):
        raise SpecError(
            f"{foreign}, and there are {len(tensors)} tensors for {len(parameters)} parameters; rename them"
        )
    wanted = list(parameters.values())
    orders = [list(tensors)] if is_ordered else []
    if _is_numbered(tensors):
        orders.append(sorted(tensors, key=_natural))
    fitting = [order for order in orders if [tensors[name] for name in order] == wanted]
    if fitting and fitting[0] == fitting[-1]:
        return fitting[0], (_remark(foreign, parameters, fitting[0], "order and shape"),)
    if max(Counter(wanted).values()) == 1 and Counter(wanted) == Counter(tensors.values()):
        by_shape = {shape: name for name, shape in tensors.items()}
        order = [by_shape[shape] for shape in wanted]
        return order, (_remark(foreign, parameters, order, "shape, since no two shapes are equal"),)
    reason = "their shapes differ from those of the parameters in this order"
    if Counter(wanted) == Counter(tensors.values()):
        reason = "their order leaves a doubt"
    raise SpecError(f"{foreign}, and {reason}; rename the tensors {_listed(tensors)}")


def _is_numbered(names: Iterable[str]) -> bool:
    """Returns whether the layers are called alike but for numbers, as fc1, fc2 are and query, key are not."""
    return len({re.sub(r"\d+", "#", name.rpartition(".")[0]) for name in names}) == 1 and all(
        name.rpartition(".")[2] in _ROLES for name in names
    )


def _natural(name: str) -> tuple[list[int], int]:
    """Returns what puts layer 10 behind layer 9, and a weight before its bias."""
    layer, _, role = name.rpartition(".")
    return [int(number) for number in re.findall(r"\d+", layer)], _ROLES[role]


def _remark(foreign: str, parameters: Iterable[str], order: Sequence[str], how: str) -> str:
    pairs = [f"{tensor} is {parameter}" for tensor, parameter in zip(order, parameters, strict=True)]
    return f"{foreign}; they are matched by {how}: {_listed(pairs)}"


def _listed(names: Iterable[str]) -> str:
    found = [name if len(name) <= 60 else name[:57] + "..." for name in names]
    rest = len(found) - _LISTED
    return ", ".join(found[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
