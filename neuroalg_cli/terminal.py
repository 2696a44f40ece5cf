"""What a person sees: tables on stdout, remarks and progress on stderr."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuroalg_cli.claim_tables import claim_parts, headline, in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neuroalg_cli.report.model import Report
    from neuroalg_cli.summarizing import Summary

#: columns of what is no terminal: nothing is wrapped or cut there
_WIDE = 4096


def talk(sentence: str) -> None:
    """Prints a remark on stderr."""
    # A remark that nobody can read is no reason to lose the answer.
    with contextlib.suppress(OSError):
        click.echo(f"neuroalg: {sentence}", err=True)


@contextlib.contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yields a function that shows what is being computed, on a terminal only."""
    console = Console(stderr=True)
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with console.status("starting") as status:
        yield lambda stage: status.update(f"{stage} ...")


def _console() -> Console:
    """Returns where tables go: as wide as the terminal, or as wide as they are in a pipe or a file."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_WIDE)


def show(report: Report) -> None:
    """Prints a report as tables."""
    console = _console()
    best = report.claims[0]
    specification = report.architecture.specification
    title = Text(report.architecture.label, style="bold")
    details = ", ".join(f"{key} {_plain(value)}" for key, value in specification.items() if value not in (False, []))
    title.append(f"   {details}", style="dim")
    # All of it is made before any of it is printed: a damaged report shows nothing.
    parts: list[Any] = [title, *claim_parts(best)]
    for claim in report.claims:
        if claim.invariant != best.invariant:
            parts += ["", *claim_parts(claim)]
    is_cross_check = report.provenance.question.get("cross_check") is True
    if is_cross_check and sum(claim.invariant == best.invariant for claim in report.claims) > 1:
        parts += ["", _comparison(report)]
    for part in parts:
        console.print(part)


def _comparison(report: Report) -> Table:
    table = Table(title=f"cross-check: {report.agreement}", title_justify="left", title_style="bold")
    key = headline(report.claims[0])
    for column in ("method", "engine", key.replace("_", " "), "certainty"):
        table.add_column(column)
    for claim in report.claims:
        if claim.invariant != report.claims[0].invariant:
            continue
        engine = f"{claim.engine.name} {claim.engine.version}"
        least = "at least " if claim.kind == "lower_bound" else ""
        table.add_row(claim.method, engine, f"{least}{in_one_line(claim.value[key])}", claim.certainty)
    return table


def _plain(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("nodes"), list):
        return f"of {len(value['nodes'])} nodes"
    if isinstance(value, dict):  # a network within a network: the label has its details
        return str(value.get("family", "a table"))
    text = ",".join(map(_plain, value)) if isinstance(value, list) else str(value)
    if isinstance(value, list) and len(value) > 1 and all(entry == value[0] for entry in value):
        text = f"{value[0]} ({len(value)} times)" if len(text) > 40 else text
    return text if len(text) <= 60 else text[:57] + "..."


def show_summary(summary: Summary) -> None:
    """Prints the summary of a network as a table."""
    from neuroalg_cli.summary_table import render  # noqa: PLC0415

    console = _console()
    for part in render(summary, console.width):
        console.print(part)


def show_rows(rows: list[dict[str, str]]) -> None:
    """Prints rows with the same keys as a table."""
    console = _console()
    table = Table(box=None, pad_edge=False)
    for key in rows[0] if rows else ():
        # Folded and not cut: a path with its end missing is of no use.
        table.add_column(key.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(value) for value in row.values()))
    console.print(table)


def show_examination(state: dict[str, Any]) -> None:
    """Prints what the doctor found."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text.assemble(("neuroalg ", "bold"), state["program_version"], f" on Python {state['python']}"))
    for engine in state["engines"]:
        style, mark = (
            ("green", "works") if engine["works"] else ("red" if engine["found"] else "yellow", engine["state"])
        )
        console.print(Text.assemble((engine["title"], "bold"), "  ", (mark, style)))
        for key in ("version", "path", "origin", "known_answer"):
            if engine.get(key):
                console.print(Text(f"  {key.replace('_', ' '):13} {engine[key]}"))
        if not engine["works"]:
            console.print(Text(f"  {'reason':13} {engine['reason']}"))
            console.print(Text(f"  {'cure':13} {engine['cure']}"))
            if engine["kept"]:
                console.print(Text(f"  {'run kept in':13} {engine['kept']}"))
