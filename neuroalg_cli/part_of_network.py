"""A part of a network as an architecture, for methods that ask for one."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, InstanceOf

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.network import Network  # noqa: TC001  # pydantic reads it


class PartOfNetwork(Architecture):
    """A graph and nothing else: no family, no options, no theorem."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    family: ClassVar[str] = "part"
    summary: ClassVar[str] = "a part of another network"
    options: ClassVar[tuple[FamilyOption, ...]] = ()
    references: ClassVar[tuple[str, ...]] = ()

    graph: InstanceOf[Network]
    whole: str

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields as they are."""
        return specification

    def canonical(self) -> dict[str, Any]:
        """Returns the graph as plain JSON values."""
        return {"family": self.family, "network": self.graph.as_json()}

    @property
    def label(self) -> str:
        """The label of the whole."""
        return f"a part of {self.whole}"

    def network(self) -> Network:
        """Returns the graph."""
        return self.graph
