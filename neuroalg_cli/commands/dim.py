"""``neuroalg dim``: the dimension of the neurovariety."""

from __future__ import annotations

from typing import Any

import click

from neuroalg_cli.command_options import ArchitectureCommand, make_question, output_options, question_options


@click.command(cls=ArchitectureCommand, name="dim")
@question_options
@click.option("--cross-check", is_flag=True, help="Also answer by every other method and engine, and compare.")
@output_options
@click.pass_context
def COMMAND(ctx: click.Context, /, as_json: bool, output: str | None, **options: Any) -> int:  # noqa: N802
    """Dimension of the function space of a network.

    SPEC is a TOML or JSON file that describes the network, or - for standard input; without it, give the flags.

    \b
    Examples:
      neuroalg dim --arch mlp --widths 3,2,3
      neuroalg dim --arch mlp --widths 3,2,2,1 --activation-degree 2 --cross-check
      neuroalg dim --arch mlp --widths 2,3,1 --activation '1/2*z^2+z' --biases --json
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask  # noqa: PLC0415

    return ask(make_question("dimension", options), as_json=as_json, output=output, quiet=ctx.obj["quiet"])
