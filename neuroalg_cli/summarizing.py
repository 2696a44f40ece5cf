"""The summary of a network: one row per layer with the dimension of the functions up to it, and what is lost on the way.

The functions up to a layer are those of the network whose output is that layer's last node, so that every number of a row is one
of a network of its own: its dimension, the parameters so far less that dimension (redundant), the part of these that known
symmetries explain, and the defect against the count of parameters and symmetries.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, SpecError, TimeLimitError, shown
from neuroalg_cli.recognizing.reading_layers import Layer, layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Network, Node
    from neuroalg_cli.question import Question
    from neuroalg_cli.report.model import Claim

SCHEMA = "neuroalg/summary"
VERSION = 1
#: the share of the time limit that the whole network may take; the rest is for its layers
_SHARE_OF_THE_WHOLE = 0.8


@dataclass(frozen=True, slots=True)
class Row:
    """One layer.  None: there is no such number, or it was not computed, and ``reason`` says why."""

    kind: str
    names: tuple[str, ...]
    #: parameters that an earlier layer has counted
    shared_names: tuple[str, ...]
    text: str
    shape: tuple[int, ...]
    parameters: int
    #: parameters up to this layer
    total_parameters: int
    dimension: int | None = None
    is_lower_bound: bool = False
    redundant: int | None = None
    #: dimension of the orbits of the known symmetries
    symmetries: int | None = None
    expected_dimension: int | None = None
    defect: int | None = None
    #: by how much the defect grows at this layer
    lost: int | None = None
    filling: bool | None = None
    certainty: str | None = None
    error_probability: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Summary:
    """The rows of a network, and the claim about all of it; prints itself as a table, in a terminal and in a notebook."""

    architecture: Architecture
    rows: tuple[Row, ...]
    parameters: int
    #: the claim about the whole network; None if it was not obtained, and ``reason`` says why
    claim: Claim | None
    reason: str | None
    known_symmetries: tuple[str, ...]
    seed: int
    seconds: float

    def __str__(self) -> str:
        """Returns the table as text of at most 100 columns without colours."""
        from neuroalg_cli.summary_table import as_text  # noqa: PLC0415  # rich

        return as_text(self, 100)

    def _repr_html_(self) -> str:
        """Returns the table for notebooks."""
        from neuroalg_cli.summary_table import as_html  # noqa: PLC0415

        return as_html(self)

    def as_json(self) -> dict[str, Any]:
        """Returns the summary as plain JSON values; all outside ``volatile`` is the same for the same versions and seed."""
        from neuroalg_cli.version import program_version  # noqa: PLC0415

        architecture = self.architecture
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "architecture": {
                "family": architecture.family,
                "label": architecture.label,
                "sha256": architecture.digest(),
                "specification": architecture.canonical(),
            },
            "rows": [asdict(row) for row in self.rows],
            "parameters": self.parameters,
            "claim": None if self.claim is None else self.claim.model_dump(mode="json", exclude={"evidence"}),
            "reason": self.reason,
            "known_symmetries": list(self.known_symmetries),
            "provenance": {"program": "neuroalg", "program_version": program_version(), "seed": self.seed},
            "volatile": {"seconds": round(self.seconds, 3)},
        }


def summary(architecture: Architecture, **options: Any) -> Summary:
    """Returns the summary of a network; options as for `neuroalg_cli.ask`.

    What does not fit in the limits is None in its row, with the reason.  Raises `SpecError` for what is no network.
    """
    from neuroalg_cli.architecture import Architecture  # noqa: PLC0415
    from neuroalg_cli.question import Question  # noqa: PLC0415

    model = getattr(architecture, "architecture", architecture)
    if not isinstance(model, Architecture):
        raise SpecError(
            f"{shown(architecture)} is no network; make one, for example with neuroalg_cli.mlp([3, 2, 3]) or from_mapping"
        )
    if "point" not in options and not model.network().is_rational:
        options["point"] = getattr(architecture, "point", None)  # an imported model brings its weights
    return summarize(Question("dimension", model, **options))


def summarize(question: Question, announce: Callable[[str], None] = lambda _: None) -> Summary:
    """Returns the summary; the limits of the question hold for all of it together, the whole network first (80 % of the time)."""
    from neuroalg_cli.pipeline import answer  # noqa: PLC0415
    from neuroalg_cli.symmetry.known_symmetries import describe  # noqa: PLC0415  # numpy

    start = time.monotonic()
    network = question.architecture.network()
    claim: Claim | None = None
    reason = None
    announce("the whole network")
    invariant = "dimension" if network.is_rational else "functional_dimension"
    try:
        share = None if question.seconds is None else _SHARE_OF_THE_WHOLE * question.seconds
        claim = answer(replace(question, invariant=invariant, seconds=share)).claims[0]
    except (TimeLimitError, MemoryLimitError, SpecError) as error:
        reason = str(error)
    rows: list[Row] = []
    total = 0
    for layer in layers(network):
        total += sum(network.nodes[index].size for index in layer.parameters)
        announce(" ".join([layer.kind, *(network.nodes[index].name for index in layer.parameters)]))
        row = _named(network, layer, total)
        left = None if question.seconds is None else question.seconds - (time.monotonic() - start)
        if layer.node == network.output and reason is not None:
            row = replace(row, reason=reason)
        elif layer.node == network.output or not layer.is_activation:
            # a fixed activation in between changes no dimension: it is finite-to-one on functions
            row = _measured(row, question, network, layer, claim, left)
        rows.append(row)
    symmetries = describe(network) + question.architecture.finite_symmetries()
    return Summary(
        question.architecture,
        tuple(_with_losses(rows)),
        network.parameter_count,
        claim,
        reason,
        symmetries,
        question.seed,
        time.monotonic() - start,
    )


def _named(network: Network, layer: Layer, total: int) -> Row:
    names = [tuple(network.nodes[index].name for index in group) for group in (layer.parameters, layer.shared)]
    return Row(
        kind=layer.kind,
        names=names[0],
        shared_names=names[1],
        text=layer.text,
        shape=network.nodes[layer.node].shape,
        parameters=sum(network.nodes[index].size for index in layer.parameters),
        total_parameters=total,
    )


def _measured(
    row: Row, question: Question, network: Network, layer: Layer, claim: Claim | None, left: float | None
) -> Row:
    """Returns the row with the numbers of the network that ends there."""
    prefix = network.between(network.input, layer.node)
    try:
        with _limits(question, left):
            if layer.node == network.output and claim is not None:
                return _from_claim(row, prefix, claim)
            return _of_prefix(row, question, network, prefix, left)
    except (TimeLimitError, MemoryLimitError, SpecError) as error:
        return replace(row, reason=str(error))


@contextlib.contextmanager
def _limits(question: Question, left: float | None) -> Iterator[None]:
    """Keeps what is left of the limits, by force on the command line."""
    from neuroalg_cli.limiting import limits  # noqa: PLC0415

    if left is not None and left <= 0:
        raise TimeLimitError("the time limit was reached before this layer; raise --timeout")
    if not question.enforce_limits:
        yield
        return
    with limits(left, question.memory):
        yield


def _of_prefix(row: Row, question: Question, network: Network, prefix: Network, left: float | None) -> Row:
    from neuroalg_cli.part_of_network import PartOfNetwork  # noqa: PLC0415  # pydantic

    if not prefix.parameter_count:
        return row
    part = PartOfNetwork(graph=prefix, whole=question.architecture.label)
    seconds = question.seconds if left is None else left
    if not prefix.is_rational:
        from neuroalg_cli.invariants.functional_dimension import JacobianMethod  # noqa: PLC0415

        point = None if question.point is None else _restricted(question.point, network, prefix)
        asked = replace(question, invariant="functional_dimension", architecture=part, seconds=seconds, point=point)
        return _from_claim(row, prefix, JacobianMethod().answer(asked).claim)
    from neuroalg_cli.invariants import dimension  # noqa: PLC0415

    known = _recognized(prefix)
    asked = replace(question, architecture=part if known is None else known, seconds=seconds, point=None)
    theorem = dimension.TheoremMethod()
    is_theorem = known is not None and theorem.obstacle(asked) is None
    return _from_claim(row, prefix, (theorem if is_theorem else dimension.JacobianMethod()).answer(asked).claim)


def _recognized(prefix: Network) -> Architecture | None:
    """Returns the architecture of a known family that has this very graph, names aside; its theorems hold then."""
    from neuroalg_cli.spec import families  # noqa: PLC0415

    for family in families().values():
        try:
            proposal = family.recognize(prefix)
            graph = None if proposal is None else proposal.network()
        except NeuroalgError:
            continue
        if graph is not None and graph.output == prefix.output and _nameless(graph) == _nameless(prefix):
            return proposal
    return None


def _nameless(network: Network) -> list[Node]:
    return [replace(node, name="") if node.operation == "parameter" else node for node in network.nodes]


def _from_claim(row: Row, prefix: Network, claim: Claim) -> Row:
    value = claim.numbers
    found = value[claim.invariant]
    assert found is not None
    is_generic = claim.invariant == "dimension"
    return replace(
        row,
        dimension=found,
        is_lower_bound=claim.kind == "lower_bound",
        redundant=row.total_parameters - found,
        symmetries=_orbit_dimension(prefix) if is_generic else prefix.parameter_count - (value["upper_bound"] or 0),
        expected_dimension=value.get("expected_dimension"),
        defect=value.get("defect"),
        filling=None if value.get("filling") is None else bool(value["filling"]),
        certainty=claim.certainty,
        error_probability=claim.error_probability,
    )


def _orbit_dimension(network: Network) -> int | None:
    """Returns how many parameters the known symmetries explain; None where there are too many of them to write down."""
    from neuroalg_cli.symmetry.known_symmetries import (  # noqa: PLC0415
        generic_orbit_dimension,
        known_symmetries,
        usable_symmetries,
    )

    if len(usable_symmetries(network)) < len(known_symmetries(network)):
        return None
    return generic_orbit_dimension(network)


def _with_losses(rows: list[Row]) -> Iterator[Row]:
    """Yields the rows with the growth of the defect since the last row that has one."""
    before = 0
    for row in rows:
        if row.defect is None:
            yield row
            continue
        yield replace(row, lost=max(0, row.defect - before))
        before = row.defect


def _restricted(point: Any, network: Network, prefix: Network) -> Any:
    """Returns the weights of the parameters of a prefix."""
    offsets = {network.nodes[index].name: offset for index, offset in network.offsets.items()}
    result: list[Any] = []
    for index in prefix.offsets:
        node = prefix.nodes[index]
        result += point[offsets[node.name] : offsets[node.name] + node.size]
    return tuple(result)
