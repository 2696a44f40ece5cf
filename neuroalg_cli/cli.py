"""The command line: a group of commands, one thin file each in ``commands/``; exceptions become exit codes here."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from typing import Any

import click

from neuroalg_cli import registry
from neuroalg_cli.errors import NeuroalgError

#: what writing to a full disk, a closed or a broken stream fails with
_NOT_WRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_SENTENCE = 500


class ReaderGone(Exception):  # noqa: N818
    """The reader of our output went away, as `head` does."""


class CommandFolder(click.Group):
    """A group whose commands are the modules of ``neuroalg_cli.commands``; a module defines ``COMMAND``."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Returns the context; raises `ReaderGone` for a broken pipe, which click would turn into exit code 1."""
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError:
            raise ReaderGone from None

    def invoke(self, ctx: click.Context) -> Any:
        """Returns what the command returns; raises `ReaderGone` for a broken pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None

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
    """The algebraic geometry of a neural network's function space.

    \b
    Try:  neuroalg dim --arch mlp --widths 3,2,3
    """  # noqa: D301  # click wants the backspace itself
    if no_color:
        os.environ["NO_COLOR"] = "1"
    ctx.obj = {"quiet": quiet}


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: see `neuroalg_cli.errors` for the exit codes."""
    # A plain end by SIGTERM, or by SIGHUP when the terminal is closed, would leave the folder of an engine run behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, lambda received, _: sys.exit(128 + received))
    _open_closed_streams()
    sys.exit(run(arguments))


def _open_closed_streams() -> None:
    """Gives closed standard streams a place; otherwise the next file that is opened would become one of them."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            # Output that goes nowhere must fail and not vanish: what is only readable refuses it.
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            place = os.open(os.devnull, flags)
            if place != number:
                os.dup2(place, number)
                os.close(place)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def run(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code; one sentence on stderr where it is not 0."""
    try:
        result: Any = command_line.main(args=arguments, prog_name="neuroalg", standalone_mode=False)
    except NeuroalgError as error:
        return _complain(error.sentence, error.exit_code, error.directory, error.details)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
            return 2
        hint = f" (see '{context.command_path} --help')" if context else ""
        return _complain(_one_line(error.format_message()).rstrip(".") + hint, 2)
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", 130)
    except ReaderGone:
        _discard_output()
        return 0
    except SystemExit as end:
        # rich ends with 1 when the reader of our output goes away; nothing is wrong.
        if end.code == 1 and isinstance(end.__context__, BrokenPipeError):
            _discard_output()
            return 0
        raise
    except OSError as error:
        if error.filename is not None or error.errno not in _NOT_WRITTEN:
            raise
        _discard_output()
        return _complain(
            f"standard output cannot be written ({error.strerror}); free some space, or send the output elsewhere", 2
        )
    return result if isinstance(result, int) else 0


def _discard_output() -> None:
    """Sends what is still buffered for standard output nowhere, so that Python does not fail on it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())


def _one_line(text: str) -> str:
    """Returns a text of click on one line, the middle of what a user wrote at length left out."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SENTENCE else f"{line[:200]} ... {line[-200:]}"


def _complain(sentence: str, code: int, directory: str | None = None, details: str | None = None) -> int:
    lines = [f"neuroalg: {sentence}"]
    if details:
        lines.append(details.rstrip())
    if directory:
        lines.append(f"neuroalg: the run is kept in {directory}")
    try:
        # An engine or a file may hold what moves the cursor or names the window.
        click.echo(_CONTROL.sub("?", "\n".join(lines)), err=True)
    except OSError:
        _discard_output()
    return code
