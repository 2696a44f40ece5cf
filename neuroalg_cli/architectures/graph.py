"""Networks that are no known family: a graph of operations, imported from a model or read from its JSON form.

Two graphs that differ only in names, in the layout of tensors or in the order of independent nodes are one architecture; see
`neuroalg_cli.recognizing.canonical_graph`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, InstanceOf

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import Network
from neuroalg_cli.recognizing.graph_from_json import checked, network_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping


class Graph(Architecture):
    """A network given by its graph, in normal form: parameters are W_1, W_2, ..."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    family: ClassVar[str] = "graph"
    summary: ClassVar[str] = "any network, as a graph of operations: what imported models are that are no other family"
    options: ClassVar[tuple[FamilyOption, ...]] = ()
    #: keys that stand in files only
    file_keys: ClassVar[tuple[str, ...]] = ("network",)
    references: ClassVar[tuple[str, ...]] = ()

    graph: InstanceOf[Network]

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the field: the normal form of the graph that ``network`` describes."""
        if "network" not in specification:
            raise SpecError(
                "the key 'network' is missing; a graph is described in a file, as reports print it under "
                "'specification', or imported with --onnx FILE"
            )
        given = specification.pop("network")
        network = given if isinstance(given, Network) else network_from_json(given)
        return {**specification, "graph": _normalized(network)}

    def canonical(self) -> dict[str, Any]:
        """Returns the family and the graph as plain JSON values."""
        return {"family": self.family, "network": self.graph.as_json()}

    @property
    def label(self) -> str:
        """``graph-`` and eight digits of the hash of the canonical form."""
        return f"{self.family}-{self.digest()[:8]}"

    def network(self) -> Network:
        """Returns the graph itself."""
        return self.graph

    def conventions(self) -> tuple[str, ...]:
        """Returns how the ambient space is counted."""
        return (
            "the network is given by its graph; parameters are numbered from the output to the input",
            "ambient space: one coordinate per entry of the output and monomial in the inputs that is not identically zero",
        )


ARCHITECTURE = Graph


def graph(network: Network | Mapping[str, Any]) -> Graph:
    """Returns the architecture of a graph, a `Network` or its JSON form.

    Raises `SpecError` for what is no graph, has no parameters, or whose output does not depend on the input.
    """
    given = checked(network) if isinstance(network, Network) else dict(network)
    result = Graph.from_specification({"network": given})
    assert isinstance(result, Graph)
    return result


def _normalized(network: Network) -> Network:
    from neuroalg_cli.recognizing.canonical_graph import normal_form  # noqa: PLC0415  # numpy

    found = normal_form(network).network
    if all(node.operation != "input" for node in found.nodes):  # a gather may pick nothing from what depends on it
        raise SpecError("the output of the network does not depend on its input")
    return found
