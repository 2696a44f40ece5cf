"""``neuroalg schema``: the JSON Schema of reports."""

from __future__ import annotations

import click


@click.command(name="schema")
def COMMAND() -> int:  # noqa: N802
    """Print the JSON Schema of reports, version 1."""
    from importlib.resources import files  # noqa: PLC0415

    click.echo(files("neuroalg_cli.report").joinpath("schema", "report-1.json").read_text("utf-8"), nl=False)
    return 0
