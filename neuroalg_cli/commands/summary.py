"""``neuroalg summary``: the layers of a network with the dimension of the functions up to each of them."""

from __future__ import annotations

import json
from typing import Any

import click

from neuroalg_cli.command_options import ArchitectureCommand, make_question, question_options


@click.command(cls=ArchitectureCommand, name="summary")
@question_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document instead of a table.")
@click.pass_context
def COMMAND(ctx: click.Context, /, as_json: bool, **options: Any) -> int:  # noqa: N802
    """Layers of a network: parameters, dimension of the functions so far, and where dimension is lost.

    SPEC is a TOML or JSON file that describes the network, or - for standard input; without it, give the flags.
    What does not fit in --timeout (80 % of it for the whole network, the rest for its layers) or in --memory shows a
    question mark, with the reason below.

    \b
    Columns:
      Dimension   of the space of functions from the input to this layer
      Redundant   parameters so far less that dimension
      Symmetries  the part of it that known symmetries explain
      Defect      expected less actual dimension

    \b
    Examples:
      neuroalg summary --arch mlp --widths 3,4,4,2 --activation-degree 2
      neuroalg summary --arch mlp --widths 3,2,3 --json
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli import terminal  # noqa: PLC0415
    from neuroalg_cli.asking import at_weights  # noqa: PLC0415
    from neuroalg_cli.summarizing import summarize  # noqa: PLC0415

    quiet, onnx = ctx.obj["quiet"], options.get("onnx")
    question = at_weights(make_question("dimension", options), None, onnx, quiet=quiet)
    if not quiet:
        for remark in question.architecture.remarks():
            terminal.talk(remark)
    with terminal.progress(quiet=quiet) as announce:
        summary = summarize(question, announce)
    if as_json:
        click.echo(json.dumps(summary.as_json(), indent=2, ensure_ascii=False))
    else:
        terminal.show_summary(summary)
    return 0
