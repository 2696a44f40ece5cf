"""``neuroalg dim``: the dimension of the neurovariety."""

from __future__ import annotations

from typing import Any

import click

from neuroalg_cli.command_options import ArchitectureCommand, make_question, output_options, question_options


@click.command(cls=ArchitectureCommand, name="dim")
@question_options
@click.option(
    "--weights",
    metavar="FILE",
    help="Weights (.npz, .safetensors, .onnx) at which to look: the local dimension, critical or not.",
)
@click.option("--cross-check", is_flag=True, help="Also answer by every other method and engine, and compare.")
@output_options
@click.pass_context
def COMMAND(  # noqa: N802
    ctx: click.Context, /, as_json: bool, output: str | None, weights: str | None, **options: Any
) -> int:
    """Dimension of the function space of a network.

    SPEC is a TOML or JSON file that describes the network, or - for standard input; without it, give the flags.

    \b
    Examples:
      neuroalg dim --arch mlp --widths 3,2,3
      neuroalg dim --arch mlp --widths 3,2,2,1 --activation-degree 2 --cross-check
      neuroalg dim --arch mlp --widths 2,3,1 --activation '1/2*z^2+z' --biases --json
      neuroalg dim --arch mlp --widths 3,2,3 --weights weights.npz
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask, at_weights  # noqa: PLC0415

    quiet, onnx = ctx.obj["quiet"], options.get("onnx")
    question = at_weights(make_question("dimension", options), weights, onnx, quiet=quiet)
    return ask(question, as_json=as_json, output=output, quiet=quiet)
