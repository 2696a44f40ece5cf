"""``neuroalg doctor``: which engines there are and whether they work."""

from __future__ import annotations

import json
from typing import Any

import click

from neuroalg_cli import registry


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option(
    "--require-engines",
    is_flag=True,
    help="Exit with 4, 5 or 12 if an engine is missing or does not work; an optional one may be missing.",
)
def COMMAND(as_json: bool, require_engines: bool, **engine_paths: Any) -> int:  # noqa: N802
    """Show the engines, their versions and paths, test each on a known answer, and say what is missing.

    Works with no engine installed: 'dim' does not need one.
    """
    from neuroalg_cli.command_options import named_engines  # noqa: PLC0415
    from neuroalg_cli.doctor import examine  # noqa: PLC0415
    from neuroalg_cli.terminal import show_examination  # noqa: PLC0415

    paths = named_engines(engine_paths)
    state = examine(paths)
    if as_json:
        click.echo(json.dumps(state, indent=2, ensure_ascii=False))
    else:
        show_examination(state)
    needed = [engine for engine in state["engines"] if not (engine["optional"] and engine["state"] == "missing")]
    return max((int(engine["exit_code"]) for engine in needed), default=0) if require_engines else 0


for _engine in registry.names("engines"):
    COMMAND = click.option(
        f"--{_engine}",
        f"engine_{_engine}",
        metavar="PATH",
        envvar=f"NEUROALG_{_engine.upper()}",
        help=f"The {_engine} to use.",
    )(COMMAND)
