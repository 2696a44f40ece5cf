"""``neuroalg hilbert``: Hilbert function, series and polynomial of the neurovariety."""

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


@click.command(cls=ArchitectureCommand, name="hilbert")
@question_options
@click.option("--max-degree", type=MaximalDegree(most=1000), metavar="E", help="Hilbert function up to degree E.")
@click.option("--cross-check", is_flag=True, help="Also answer by every other method and engine, and compare.")
@output_options
@click.pass_context
def COMMAND(ctx: click.Context, /, as_json: bool, output: str | None, **options: Any) -> int:  # noqa: N802
    """Hilbert function, series and polynomial of the variety of the functions of a network.

    They are those of the cone over P(V), or, where V is no cone, of its projective closure; the report says which.

    \b
    Examples:
      neuroalg hilbert --arch mlp --widths 2,2,2,2 --activation-degree 2
      neuroalg hilbert --arch mlp --widths 4,4,4 --activation-degree 2 --max-degree 4
      neuroalg hilbert --arch cnn --filters 2,2 --activation-degree 2 --method groebner --engine macaulay2
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask  # noqa: PLC0415

    return ask(make_question("hilbert", options), as_json=as_json, output=output, quiet=ctx.obj["quiet"])
