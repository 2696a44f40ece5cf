"""``neuroalg report``: looks at reports that were written before."""

from __future__ import annotations

from typing import Any

import click


@click.group(name="report")
def COMMAND() -> None:  # noqa: N802
    """Show a report, or compare two."""


@COMMAND.command(name="show")
@click.argument("report", metavar="REPORT")
def show(report: str) -> int:
    """Show a report (a file, or - for standard input) as tables."""
    from neuroalg_cli import terminal  # noqa: PLC0415
    from neuroalg_cli.errors import UsageError, shown  # noqa: PLC0415
    from neuroalg_cli.report.writing import read_report  # noqa: PLC0415

    found = read_report(report)
    try:
        terminal.show(found)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # The schema leaves the evidence open, so it may lack what the tables show.
        name = "standard input" if report == "-" else shown(report, 80)
        raise UsageError(
            f"{name} is a damaged report: a part of a claim is missing or has the wrong type ({shown(error)}); "
            "make it anew with 'neuroalg dim'"
        ) from None
    return 0


@COMMAND.command(name="diff")
@click.argument("first", metavar="REPORT")
@click.argument("second", metavar="REPORT")
def diff(first: str, second: str) -> int:
    """Compare two reports outside the part that holds times, paths and host.

    Exit code 0: the same; 12: different, and every difference is listed.
    """
    from neuroalg_cli.errors import UsageError  # noqa: PLC0415
    from neuroalg_cli.report.comparing import differences  # noqa: PLC0415
    from neuroalg_cli.report.writing import read_report  # noqa: PLC0415

    if first == second == "-":
        raise UsageError("both reports are '-'; standard input can hold one of them")
    found: list[tuple[str, Any, Any]] = differences(read_report(first), read_report(second))
    for path, one, other in found:
        click.echo(f"{path}: {one} -> {other}")
    if not found:
        click.echo("the reports agree in everything but times, paths and host")
    return 12 if found else 0
