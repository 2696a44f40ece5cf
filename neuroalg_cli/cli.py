"""The command line: a group of commands, one thin file each in ``commands/``; exceptions become exit codes here."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import click

from neuroalg_cli import registry
from neuroalg_cli.errors import NeuroalgError


class CommandFolder(click.Group):
    """A group whose commands are the modules of ``neuroalg_cli.commands``; a module defines ``COMMAND``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of the commands."""
        del ctx
        return [name.removesuffix("_") for name in registry.names("commands")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns a command by name; a broken module is a bug and shows its traceback."""
        del ctx
        for name in registry.names("commands"):
            if name.removesuffix("_") == cmd_name:
                command: click.Command = registry.load("commands", name).COMMAND
                return command
        return None


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from neuroalg_cli.version import program_version  # noqa: PLC0415

        click.echo(f"neuroalg {program_version()}")
        ctx.exit()


@click.group(
    cls=CommandFolder,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "NEUROALG",
        "max_content_width": 100,
    },
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
@click.option("-q", "--quiet", is_flag=True, help="No remarks and no progress on stderr.")
@click.option("--no-color", is_flag=True, help="No colours (NO_COLOR has the same effect).")
@click.pass_context
def command_line(ctx: click.Context, quiet: bool, no_color: bool) -> None:
    r"""The algebraic geometry of a neural network's function space.

    \b
    Try:  neuroalg dim --arch mlp --widths 3,2,3
    """
    if no_color:
        os.environ["NO_COLOR"] = "1"
    ctx.obj = {"quiet": quiet}


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: see `neuroalg_cli.errors` for the exit codes."""
    # A plain SIGTERM would leave the folder of an engine run behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code; one sentence on stderr where it is not 0."""
    try:
        result: Any = command_line.main(args=arguments, prog_name="neuroalg", standalone_mode=False)
    except NeuroalgError as error:
        return _complain(error.sentence, error.exit_code, error.directory, error.details)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see '{context.command_path} --help')" if context else ""
        return _complain(error.format_message().rstrip(".") + hint, 2)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", 130)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _complain(sentence: str, code: int, directory: str | None = None, details: str | None = None) -> int:
    click.echo(f"neuroalg: {sentence}", err=True)
    if details:
        click.echo(details.rstrip(), err=True)
    if directory:
        click.echo(f"neuroalg: the run is kept in {directory}", err=True)
    return code
