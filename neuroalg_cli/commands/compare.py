"""``neuroalg compare``: two networks side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from neuroalg_cli.command_options import MaximalDegree, MemorySize, Seconds, Seed


@click.command(name="compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--max-degree",
    default=3,
    show_default=True,
    type=MaximalDegree(least=1),
    metavar="E",
    help="Equations and Hilbert functions up to degree E.",
)
@click.option("--seed", default=0, show_default=True, type=Seed(), help="Seed of all randomness.")
@click.option("--timeout", default="1m", show_default=True, type=Seconds(), help="Time limit of the whole comparison.")
@click.option("--memory", default="8G", show_default=True, type=MemorySize(), help="Memory limit.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, with a report about each network.")
@click.option("-o", "--output", metavar="FILE", help="Write the JSON to a file.")
@click.pass_context
def COMMAND(  # noqa: N802
    ctx: click.Context,
    first: str,
    second: str,
    max_degree: int,
    seed: int,
    timeout: float | None,
    memory: int | None,
    as_json: bool,
    output: str | None,
) -> int:
    """Two networks side by side in all invariants, and whether the variety of one contains that of the other.

    A and B are TOML or JSON files, - for standard input, the family with its keys, or a label.  What cannot be had in the time
    shows a question mark, with the reason.

    \b
    Examples:
      neuroalg compare mlp-3.2.3-r2 mlp-3.1.3-r2
      neuroalg compare 'cnn filters=3,2 activation_degree=2' 'cnn filters=2,3 activation_degree=2'
      neuroalg compare a.toml b.toml --timeout 10m --json
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli import terminal  # noqa: PLC0415
    from neuroalg_cli.containment.comparison import compare  # noqa: PLC0415
    from neuroalg_cli.containment.comparison_table import render  # noqa: PLC0415
    from neuroalg_cli.containment.specifications import read_network  # noqa: PLC0415
    from neuroalg_cli.errors import UsageError, shown  # noqa: PLC0415
    from neuroalg_cli.question import Question  # noqa: PLC0415
    from neuroalg_cli.report.writing import require_writable  # noqa: PLC0415
    from neuroalg_cli.terminal import _console  # noqa: PLC0415

    if first == second == "-":
        raise UsageError("both networks are '-'; standard input can hold one of them")
    if output is not None:
        require_writable(output, "the comparison")
    questions = [
        Question(
            "dimension",
            read_network(text),
            seed=seed,
            seconds=timeout,
            memory=memory,
            max_degree=max_degree,
            enforce_limits=True,
        )
        for text in (first, second)
    ]
    with terminal.progress(quiet=ctx.obj["quiet"]) as announce:
        found = compare(questions[0], questions[1], announce)
    text = json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n"
    unwritten = None
    if output is not None:
        try:
            Path(output).write_text(text, encoding="utf-8")
        except OSError as error:  # said after the comparison is printed: nothing is lost
            unwritten = UsageError(f"{shown(output, 80)} cannot be written ({error.strerror}); name another file")
    if as_json:
        sys.stdout.write(text)
    else:
        console = _console()
        for part in render(found):
            console.print(part)
    if unwritten is not None:
        raise unwritten
    return 0
