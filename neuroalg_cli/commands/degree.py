"""``neuroalg degree``: the degree of the neurovariety."""

from __future__ import annotations

from typing import Any

import click

from neuroalg_cli.command_options import (
    ArchitectureCommand,
    MaximalDegree,
    make_question,
    output_options,
    question_options,
)


@click.command(cls=ArchitectureCommand, name="degree")
@question_options
@click.option("--max-degree", type=MaximalDegree(), metavar="E", help="Look at equations up to degree E only.")
@click.option("--cross-check", is_flag=True, help="Also answer by every other method and engine, and compare.")
@output_options
@click.pass_context
def COMMAND(ctx: click.Context, /, as_json: bool, output: str | None, **options: Any) -> int:  # noqa: N802
    """Degree of the variety of the functions of a network.

    The number of points in which a general affine-linear space of complementary dimension meets it.  The first method that
    answers exactly within --timeout counts; if none does, the best lower bound is told, and the exit code is 6.

    \b
    Examples:
      neuroalg degree --arch mlp --widths 2,2,2,2 --activation-degree 2
      neuroalg degree --arch cnn --filters 3,2 --activation-degree 2 --cross-check
      neuroalg degree --arch mlp --widths 3,3,3 --activation-degree 2 --method slicing --engine macaulay2
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask  # noqa: PLC0415

    return ask(make_question("degree", options), as_json=as_json, output=output, quiet=ctx.obj["quiet"])
