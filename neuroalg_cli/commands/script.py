"""``neuroalg script``: the script that an engine would run."""

from __future__ import annotations

from typing import Any

import click

from neuroalg_cli import registry
from neuroalg_cli.command_options import ArchitectureCommand, make_question, question_options


@click.command(cls=ArchitectureCommand, name="script")
@question_options
@click.option(
    "--invariant",
    default="dimension",
    show_default=True,
    type=click.Choice(registry.names("invariants")),
    help="What to compute.",
)
def COMMAND(invariant: str, **options: Any) -> int:  # noqa: N802
    """Print the script that an engine would run, and run nothing.

    The library files that it loads are in m2_scripts/ and sage_scripts/.

    \b
    Example:
      neuroalg script --arch mlp --widths 2,2,1 --activation-degree 2 --engine macaulay2 --method groebner
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.errors import UsageError  # noqa: PLC0415
    from neuroalg_cli.pipeline import choose  # noqa: PLC0415

    question = make_question(invariant, options)
    scripted = [method for method in choose(question) if hasattr(method, "script")]
    if not scripted:
        raise UsageError("this method runs no script; choose an engine, for example --engine macaulay2")
    click.echo(scripted[0].script(question).text, nl=False)
    return 0
