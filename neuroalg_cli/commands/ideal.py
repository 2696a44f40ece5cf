"""``neuroalg ideal``: equations of the neurovariety."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neuroalg_cli.command_options import (
    ArchitectureCommand,
    MaximalDegree,
    make_question,
    output_options,
    question_options,
)


@click.command(cls=ArchitectureCommand, name="ideal")
@question_options
@click.option("--max-degree", type=MaximalDegree(), metavar="E", help="Equations up to degree E.")
@click.option(
    "--export",
    metavar="FILE",
    help="Write the equations for Macaulay2 (.m2), Singular (.sing), Sage (.sage) or OSCAR (.mrdi).",
)
@click.option("--cross-check", is_flag=True, help="Also answer by every other method and engine, and compare.")
@output_options
@click.pass_context
def COMMAND(  # noqa: N802
    ctx: click.Context, /, as_json: bool, output: str | None, export: str | None, **options: Any
) -> int:
    """Equations of the variety of the functions of a network, degree by degree.

    Minimal generators of its ideal with integer coefficients, each proved by substitution where that is affordable.  Whether they
    are all equations is said separately.

    \b
    Examples:
      neuroalg ideal --arch mlp --widths 3,2,3 --activation-degree 2 --max-degree 3
      neuroalg ideal --arch cnn --filters 2,2 --activation-degree 2 --export equations.m2
      neuroalg ideal --arch mlp --widths 2,2,3 --activation-degree 2 --json | neuroalg verify -
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask  # noqa: PLC0415
    from neuroalg_cli.equations.export import exporter_for  # noqa: PLC0415
    from neuroalg_cli.errors import UsageError  # noqa: PLC0415

    if export is not None and output is not None and Path(export).resolve() == Path(output).resolve():
        raise UsageError("--export and -o name the same file; name two")
    write = None if export is None else exporter_for(export)
    return ask(make_question("ideal", options), as_json=as_json, output=output, quiet=ctx.obj["quiet"], then=write)
