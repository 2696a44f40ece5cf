"""What every family of networks is: validated fields, a canonical form, a label, a graph, and what theory knows."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.network import Network
    from neuroalg_cli.parametrization import PolynomialMap

OptionKind = Literal["integers", "texts", "integer", "text", "flag"]


@dataclass(frozen=True, slots=True)
class FamilyOption:
    """A key of a family's specification, which is also a flag of the command line."""

    key: str
    kind: OptionKind
    metavar: str
    description: str

    @property
    def flag(self) -> str:
        """The flag on the command line."""
        return "--" + self.key.replace("_", "-")


class Architecture(BaseModel, ABC):
    """A validated description of a network; equal descriptions have equal canonical forms, labels and hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    family: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[tuple[FamilyOption, ...]]
    references: ClassVar[tuple[str, ...]]

    @classmethod
    def from_specification(cls, specification: Mapping[str, Any]) -> Architecture:
        """Returns the architecture that the keys of a specification describe.

        Raises `SpecError` in one sentence that names the offending key.
        """
        try:
            return cls.model_validate(cls.prepare(dict(specification)))
        except ValidationError as error:
            raise SpecError(_first_sentence(error)) from None

    @classmethod
    @abstractmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the model's fields from a specification in which shorthands are allowed."""

    def canonical(self) -> dict[str, Any]:
        """Returns the canonical form: plain JSON values, itself a valid specification."""
        return {"family": self.family, **self.model_dump(mode="json")}

    def digest(self) -> str:
        """Returns the SHA-256 of the canonical form, in hexadecimal: the same on every machine."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name that is also a file name, such as ``mlp-3.2.3-r1``."""

    @abstractmethod
    def network(self) -> Network:
        """Returns the graph of the network."""

    @classmethod
    def recognize(cls, network: Network) -> Architecture | None:
        """Returns the architecture of this family that has this graph, names of parameters aside, or None.

        An imported model that is recognized is that architecture: it has the same label, theorems and claims.
        """
        del network
        return None

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns the dimension that the count of parameters and known symmetries suggests, at most the ambient one.

        Unless a family knows better: the number of parameters less the generic rank of the known vector fields.
        """
        from neuroalg_cli.symmetry.known_symmetries import generic_orbit_dimension  # noqa: PLC0415  # numpy

        count = phi.parameter_count - generic_orbit_dimension(phi.network)
        return count if phi.ambient_dimension is None else min(count, phi.ambient_dimension)

    def linear_span_dimension(self, phi: PolynomialMap) -> int | None:
        """Returns the dimension of the linear span of the neuromanifold in the ambient space; None if it was not computed.

        Unless a family knows better: the rank of values at random points, see `neuroalg_cli.linear_algebra.linear_span`.
        """
        from neuroalg_cli.linear_algebra.linear_span import linear_span_dimension  # noqa: PLC0415  # numpy

        return linear_span_dimension(phi)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the known finite groups that act on the fibres, in words."""
        return ()

    def conventions(self) -> tuple[str, ...]:
        """Returns the sentences that a reader needs to compare values with a paper."""
        return ()

    def remarks(self) -> tuple[str, ...]:
        """Returns sentences that a user should hear before the answer."""
        return ()


def _first_sentence(error: ValidationError) -> str:
    """Returns one sentence for the first of pydantic's complaints."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])[:40] or "specification"
    if first["type"] == "extra_forbidden":
        return f"the key '{key}' is unknown to this family of networks"
    if first["type"] == "missing":
        return f"the key '{key}' is missing"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"'{key}' is {shown(first.get('input'))}, but it {message}"
