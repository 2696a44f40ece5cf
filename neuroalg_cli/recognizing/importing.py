"""Imported models: an architecture and the model's weights as a point of its parameter space.

A model that is a network of a known family is that architecture, with its label, theorems and claims.  Families propose
(`Architecture.recognize`), and a proposal is accepted only if the normal forms of both graphs are equal; every other model is
of the family `graph`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.errors import NeuroalgError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Network

CONVENTIONS = (
    "the batch is the first axis and has size 1",
    "weights are the rational numbers that their floats are; other numbers are the shortest decimals that give their floats",
    "parameters are the trainable parameters of a model of PyTorch, and the floating point initializers of a model in ONNX",
)


@dataclass(frozen=True)
class ImportedModel:
    """A model from another library: wherever an architecture is asked for, this is its ``architecture``."""

    architecture: Architecture
    #: names in the model of the tensors that became parameters, and of weights that its output does not use
    tensors: tuple[str, ...]
    unused: tuple[str, ...]
    #: the weights in the order of the parameters of ``architecture.network()``; floats of at most 64 bits
    weights: tuple[float, ...] = field(repr=False)

    @functools.cached_property
    def point(self) -> tuple[Fraction, ...]:
        """The weights as exact rational numbers, in the order of the parameters of ``architecture.network()``."""
        return tuple(Fraction(weight) for weight in self.weights)

    @property
    def conventions(self) -> tuple[str, ...]:
        """The sentences that a reader needs to know what was made of the model."""
        return CONVENTIONS

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences that a user should hear before the answer."""
        what = f"the model is {self.architecture.label}; its parameters are {_listed(self.tensors)}"
        if not self.unused:
            return (what,)
        return what, f"the output does not use {_listed(self.unused)}, which are therefore no parameters"


def imported(
    network: Network, weights: Sequence[float], tensors: Sequence[str], unused: Sequence[str]
) -> ImportedModel:
    """Returns the imported model of a graph and its weights, recognized where a family has this graph.

    ``tensors``: the names of the graph's parameters in the model.  Raises `SpecError` for a model without parameters, or
    whose output does not depend on its input.
    """
    architecture, order = recognized(network)
    used = _used(network)
    names = [name for name, node in zip(tensors, network.offsets, strict=True) if node in used]
    idle = [name for name in tensors if name not in names]
    return ImportedModel(architecture, tuple(names), (*idle, *unused), tuple(weights[index] for index in order))


def recognized(network: Network) -> tuple[Architecture, tuple[int, ...]]:
    """Returns the architecture of a graph, and which entry of the graph's w each entry of the architecture's w is.

    Raises `SpecError` for a graph without parameters or whose output does not depend on its input.
    """
    from neuroalg_cli.architectures.graph import Graph  # noqa: PLC0415
    from neuroalg_cli.recognizing.canonical_graph import normal_form, tidied  # noqa: PLC0415  # numpy
    from neuroalg_cli.recognizing.graph_from_json import checked  # noqa: PLC0415

    checked(network)
    plain = normal_form(network)
    forms = [normal_form(network, for_comparison=True, transposed=turned) for turned in (False, True)]
    candidates = [tidied(network), plain.network, *(form.network for form in forms)]
    for proposal in _proposals(candidates):
        graph = proposal.network()
        if graph.parameter_count != len(plain.parameters):
            continue
        theirs = normal_form(graph, for_comparison=True)
        for form in forms:
            if form.network == theirs.network:
                entry = dict(zip(theirs.parameters, form.parameters, strict=True))
                return proposal, tuple(entry[index] for index in range(graph.parameter_count))
    return Graph.model_construct(graph=plain.network), plain.parameters


def _used(network: Network) -> set[int]:
    """Returns the nodes that the output uses."""
    used = {network.output}
    for index in range(network.output, -1, -1):
        if index in used:
            used.update(network.nodes[index].operands)
    return used


def _proposals(candidates: Sequence[Network]) -> Iterator[Architecture]:
    """Yields what the families propose for several forms of one graph; a family that cannot read a form proposes nothing."""
    from neuroalg_cli.spec import families  # noqa: PLC0415

    seen: list[Architecture] = []
    for family in families().values():
        for candidate in candidates:
            try:
                proposal = family.recognize(candidate)
            except NeuroalgError:
                continue
            if proposal is not None and proposal not in seen:
                seen.append(proposal)
                yield proposal


def _listed(names: Sequence[str]) -> str:
    """Returns at most eight names in one text."""
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
