"""A comparison as a table: a row per invariant, a column per network; cells without a number say why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from neuroalg_cli.containment.comparison import Comparison, Side
    from neuroalg_cli.errors import NeuroalgError
    from neuroalg_cli.report.model import Claim

_COLOURS = {"theorem": "green", "proved": "green", "exact": "cyan", "modular": "yellow", "certified_numeric": "cyan"}
_RULES = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
_SHORT = {
    "time-limit": "time limit",
    "memory-limit": "memory limit",
    "engine-missing": "engine missing",
    "engine-unusable": "engine unusable",
    "usage": "no method",
    "spec": "no polynomials",
}
_LISTED_VALUES = 7


def render(comparison: Comparison) -> list[RenderableType]:
    """Returns the parts of the table."""
    table = Table(box=_RULES, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("", overflow="fold")
    for side in comparison.sides:
        table.add_column(side.label, overflow="fold")
    for heading, cell in _ROWS:
        cells = [cell(side) for side in comparison.sides]
        if any(text.plain for text in cells):
            table.add_row(heading, *cells)
    return [table, Text(""), *_verdict(comparison), *_reasons(comparison)]


def _number(side: Side, invariant: str, key: str, *, is_headline: bool = False) -> Text:
    claim = side.claims.get(invariant)
    if claim is None:
        return _missing(side.reasons.get(invariant))
    value = claim.value.get(key)
    if value is None:
        return Text("unknown", style="dim")
    least = "≥ " if claim.kind == "lower_bound" and is_headline else ""
    text = Text(f"{least}{_plain(value)}")
    if is_headline:
        text.append(f"  {claim.certainty.replace('_', ' ')}", style=_COLOURS.get(claim.certainty, "red"))
    return text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _missing(error: NeuroalgError | None) -> Text:
    return Text("?" if error is None else f"? {_SHORT.get(error.kind, error.kind)}", style="red")


def _hilbert(side: Side) -> Text:
    claim = side.claims.get("hilbert")
    if claim is None:
        return _missing(side.reasons.get("hilbert"))
    function = claim.value.get("hilbert_function")
    values = function if isinstance(function, list) else []
    text = Text(", ".join(_plain(value) for value in values[:_LISTED_VALUES]))
    if len(values) > _LISTED_VALUES:
        text.append(", ...")
    text.append(f"  {claim.certainty}", style=_COLOURS.get(claim.certainty, "red"))
    return text


def generators_by_degree(claim: Claim) -> str:
    """Returns the numbers of minimal generators by degree, such as ``2: 3, 4: 1``, or ``none up to degree 3``."""
    numbers = claim.value.get("generators_by_degree")
    listed = (
        [f"{degree}: {number}" for degree, number in numbers.items() if number] if isinstance(numbers, dict) else []
    )
    highest = claim.value.get("max_degree")
    return ", ".join(listed) or ("none" if highest is None else f"none up to degree {highest}")


def _generators(side: Side) -> Text:
    claim = side.claims.get("ideal")
    if claim is None and side.generators is not None:
        listed = ", ".join(f"{degree}: {number}" for degree, number in side.generators.items() if number)
        text = Text(listed or f"none up to degree {len(side.generators)}")
        return text.append("  modulo one prime", style="yellow")
    if claim is None:
        return _missing(side.reasons.get("ideal"))
    text = Text(generators_by_degree(claim))
    text.append(f"  {claim.certainty}", style=_COLOURS.get(claim.certainty, "red"))
    if claim.completeness is not None and claim.completeness.is_complete:
        text.append(", complete")
    return text


def _symmetries(side: Side) -> Text:
    claim = side.claims.get("dimension")
    return Text("" if claim is None else "\n".join(claim.known_symmetries[:6]))


_ROWS = (
    ("parameters", lambda side: Text(f"{side.question.phi.parameter_count:,}")),
    ("ambient dimension", lambda side: _number(side, "dimension", "ambient_dimension")),
    ("dimension", lambda side: _number(side, "dimension", "dimension", is_headline=True)),
    ("expected", lambda side: _number(side, "dimension", "expected_dimension")),
    ("defect", lambda side: _number(side, "dimension", "defect")),
    ("generic fibre", lambda side: _number(side, "dimension", "generic_fiber_dimension")),
    ("degree", lambda side: _number(side, "degree", "degree", is_headline=True)),
    ("Hilbert function", _hilbert),
    ("equations", _generators),
    ("symmetries", _symmetries),
)


def _verdict(comparison: Comparison) -> list[RenderableType]:
    words, certainty = comparison.relation
    line = Text(words, style="bold")
    if certainty is not None:
        line.append(f"  {certainty.replace('_', ' ')}", style=_COLOURS.get(certainty, "red"))
    result: list[RenderableType] = [line]
    grid = Table.grid(padding=(0, 2))
    for number in (0, 1):
        claim = comparison.contained(number)
        if claim is None:
            continue
        inner, outer = comparison.sides[number].label, comparison.sides[1 - number].label
        sign = {True: "in", False: "not in", None: "in?"}[claim.value["contains"]]  # type: ignore[index]
        grid.add_row(Text(f"{inner} {sign} {outer}"), Text(str(claim.value["because"])))
    return [*result, grid] if grid.row_count else result


def _reasons(comparison: Comparison) -> list[RenderableType]:
    """Returns why numbers are missing, each reason once."""
    grid = Table.grid(padding=(0, 2))
    seen = set()
    for side in comparison.sides:
        for invariant, error in side.reasons.items():
            if invariant == "ideal" and side.generators is not None:
                continue
            if invariant != "contains" and (invariant, str(error)) not in seen:
                seen.add((invariant, str(error)))
                grid.add_row(Text(f"? {invariant}"), Text(f"{side.label}: {error}"))
    return [Text(""), grid] if grid.row_count else []
