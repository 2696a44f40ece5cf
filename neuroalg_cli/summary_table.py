"""The summary of a network as a table: for a terminal of any width, for text and for notebooks."""

from __future__ import annotations

from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from neuroalg_cli.summarizing import Row, Summary

_COLOURS = {"theorem": "green", "proved": "green", "exact": "cyan", "modular": "yellow", "certified_numeric": "cyan"}
_HEADINGS = {
    "layer": "Layer",
    "output": "Output",
    "parameters": "Params",
    "dimension": "Dimension",
    "redundant": "Redundant",
    "symmetries": "Symmetries",
    "defect": "Defect",
    "certainty": "Certainty",
    "note": "",
}
#: columns that say least, left out first where the terminal is narrow
_DISPENSABLE = ("symmetries", "output", "redundant", "defect", "note")
#: two blanks between columns, a rule below the headings and one above the total
_RULES = box.Box("    \n    \n ── \n    \n    \n ── \n    \n    \n")
#: names of layers that are longer may be folded where the terminal is narrow
_FOLDED = 24
_LISTED_NAMES = 4
_LISTED_SYMMETRIES = 12


def cells(row: Row) -> dict[str, str]:
    """Returns the texts of a row, by column."""
    names = row.names + tuple(f"({name})" for name in row.shared_names)
    shown = ", ".join(names[:_LISTED_NAMES]) + (f", ... ({len(names)})" if len(names) > _LISTED_NAMES else "")
    unknown = "?" if row.reason is not None else ""

    def number(value: int | None) -> str:
        return unknown if value is None else f"{value:,}"

    least = "≥ " if row.is_lower_bound else ""
    most = "≤ " if row.is_lower_bound else ""
    return {
        "layer": " ".join(part for part in (row.kind, shown or row.text) if part),
        "output": " x ".join(map(str, row.shape)),
        "parameters": f"{row.parameters:,}" if row.parameters else "",
        "dimension": least + number(row.dimension) if row.dimension is not None else unknown,
        "redundant": most + number(row.redundant) if row.redundant is not None else unknown,
        "symmetries": number(row.symmetries),
        "defect": number(row.defect),
        "certainty": (row.certainty or "").replace("_", " "),
        "note": _note(row),
    }


def _note(row: Row) -> str:
    notes = []
    if row.lost:
        notes.append(f"loses {row.lost:,}")
    if row.filling:
        notes.append("fills")
    return ", ".join(notes)


def render(summary: Summary, width: int) -> list[RenderableType]:
    """Returns the parts of the table for a place of so many columns."""
    return [_title(summary), _table(summary, width), *_footer(summary)]


def _title(summary: Summary) -> Text:
    return Text(summary.architecture.label, style="bold")


def _table(summary: Summary, width: int) -> Table:
    texts = [cells(row) for row in summary.rows]
    total = _total(summary)
    columns = _columns(summary, texts)
    for dispensable in _DISPENSABLE:
        if dispensable in columns and _width(columns, [*texts, total]) > width:
            columns.remove(dispensable)
    table = Table(
        box=_RULES, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True, show_edge=False, header_style="bold"
    )
    for key in columns:
        is_number = key in ("parameters", "dimension", "redundant", "symmetries", "defect")
        table.add_column(
            _HEADINGS[key],
            footer=Text(total.get(key, ""), style="bold"),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number,
            min_width=max(map(len, _HEADINGS[key].split()), default=0),
        )
    for row, text in zip(summary.rows, texts, strict=True):
        table.add_row(*(_styled(key, text[key], row) for key in columns))
    return table


def _columns(summary: Summary, texts: list[dict[str, str]]) -> list[str]:
    """Returns the columns that say something."""
    is_local = summary.claim is not None and summary.claim.invariant != "dimension"
    used = [key for key in _HEADINGS if key in ("layer", "parameters", "dimension") or any(t[key] for t in texts)]
    return [key for key in used if not (is_local and key == "defect")]


def _total(summary: Summary) -> dict[str, str]:
    """Returns the texts of the last line."""
    result = {"layer": "total", "parameters": f"{summary.parameters:,}"}
    claim = summary.claim
    if claim is None:
        return {**result, "dimension": "?"}
    found = claim.numbers[claim.invariant] or 0
    is_bound = claim.kind == "lower_bound"
    result["dimension"] = f"{'≥ ' if is_bound else ''}{found:,}"
    result["redundant"] = f"{'≤ ' if is_bound else ''}{summary.parameters - found:,}"
    result["certainty"] = claim.certainty.replace("_", " ")
    defect = claim.value.get("defect")
    if defect is not None:
        result["defect"] = f"{defect:,}"
    return result


def _width(columns: list[str], texts: list[dict[str, str]]) -> int:
    """Returns how many columns of a terminal the table takes; long names of layers can be folded."""
    widths = {key: max(len(_HEADINGS[key]), *(len(text.get(key, "")) for text in texts)) for key in columns}
    widths["layer"] = min(widths["layer"], _FOLDED)
    return sum(widths.values()) + 2 * (len(columns) - 1)


def _styled(key: str, text: str, row: Row) -> Text:
    if text == "?":
        return Text(text, style="red")
    match key:
        case "layer":
            kind, _, rest = text.partition(" ")
            return Text.assemble(
                (kind, "dim" if not row.parameters else ""), " ", (rest, "dim" if not row.names else "bold")
            )
        case "certainty":
            return Text(text, style=_COLOURS.get(row.certainty or "", "red"))
        case "note":
            return Text(text, style="yellow" if row.lost else "green")
        case "output":
            return Text(text, style="dim")
        case "redundant" | "symmetries" | "defect":
            return Text(text, style="dim" if text in ("0", "") else "")
        case _:
            return Text(text)


def _footer(summary: Summary) -> list[RenderableType]:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    previous = None
    for label, text in _facts(summary):
        table.add_row(label if label != previous else "", Text(text))
        previous = label
    return [Text(""), table]


def _facts(summary: Summary) -> list[tuple[str, str]]:
    """Returns what stands below the table, as pairs of a word and a sentence."""
    result: list[tuple[str, str]] = []
    claim = summary.claim
    if claim is not None:
        result += _values(claim)
    losing = [row for row in summary.rows if row.lost]
    for row in losing:
        expected = (
            "" if row.expected_dimension is None else f": {row.expected_dimension:,} expected, {row.dimension:,} found"
        )
        result.append(("loses dimension", f"up to {_name(row)}{expected}"))
    symmetries = list(summary.known_symmetries)
    more = len(symmetries) - _LISTED_SYMMETRIES
    result += [("symmetries", text) for text in symmetries[:_LISTED_SYMMETRIES]]
    if more > 0:
        result.append(("symmetries", f"and {more} more"))
    reasons: list[tuple[str, str | None]] = [
        (f"? {_name(row)}", row.reason) for row in summary.rows if row.reason is not None
    ]
    if summary.reason is not None:
        reasons.append(("? total", summary.reason))
    result += _merged(reasons)
    result.append(("time", f"{summary.seconds:.2g} s" if summary.seconds < 10 else f"{summary.seconds:.0f} s"))
    return result


def _values(claim: Any) -> list[tuple[str, str]]:
    value = claim.value
    result = []
    sure = claim.certainty.replace("_", " ")
    if claim.error_probability is not None:
        sure += f", wrong with probability below {claim.error_probability}"
    name = claim.invariant.replace("_", " ")
    bound = "at least " if claim.kind == "lower_bound" else ""
    result.append((name, f"{bound}{value[claim.invariant]:,} ({sure})"))
    for key, word in (("expected_dimension", "expected"), ("ambient_dimension", "ambient"), ("upper_bound", "at most")):
        if value.get(key) is not None:
            number = value[key]
            text = f"{number:,}" if number < 10**18 else f"about 10^{len(str(number)) - 1}"
            result.append((word, text + (", filled" if key == "ambient_dimension" and value.get("filling") else "")))
    if claim.invariant == "functional_dimension":
        result += [("assuming", text) for text in claim.assumptions]
    return result


def _name(row: Row) -> str:
    return " ".join([row.kind, ", ".join(row.names[:_LISTED_NAMES]) or row.text]).strip()


def _merged(reasons: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Returns reasons, each once: the rows behind the first that is too large have much the same."""
    result: list[tuple[str, str]] = []
    for label, reason in reasons[:3]:
        result.append((label, reason or ""))
    if len(reasons) > 3:
        result.append(("?", f"{len(reasons) - 3} more rows for such reasons; --json has them all"))
    return result


def as_text(summary: Summary, width: int) -> str:
    """Returns the table as text without colours, with no blanks at the ends of lines."""
    buffer = StringIO()
    console = Console(file=buffer, width=width, highlight=False, color_system=None, force_terminal=False)
    for part in render(summary, width):
        console.print(part)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def as_html(summary: Summary) -> str:
    """Returns the table as HTML without style sheets."""
    texts = [cells(row) for row in summary.rows]
    columns = _columns(summary, texts)
    head = "".join(f"<th style='text-align:left'>{escape(_HEADINGS[key])}</th>" for key in columns)
    rows = ["".join(f"<td style='text-align:left'>{escape(text[key])}</td>" for key in columns) for text in texts]
    total = _total(summary)
    foot = "".join(f"<th style='text-align:left'>{escape(total.get(key, ''))}</th>" for key in columns)
    facts = "".join(
        f"<tr><th style='text-align:left'>{escape(word)}</th><td style='text-align:left'>{escape(sentence)}</td></tr>"
        for word, sentence in _facts(summary)
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f"<p><b>{escape(summary.architecture.label)}</b></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody><tfoot><tr>{foot}</tr></tfoot></table><table>{facts}</table>"
    )
