"""Macaulay2 (D. Grayson, M. Stillman): run as ``M2 --script``, from 1.21 on."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from neuroalg_cli.engine import Complaint, Dialect, Engine, Signs, wheel_file

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

_LOCATION = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):\d+:\(\d+\):(\[\d+\]:)? ?(?P<rest>.*)$")


class Macaulay2Dialect(Dialect):
    """Lists in braces, powers with ``^``; ``1/3`` is exact."""

    comment = "--"
    opening, closing = "{", "}"
    power = "^"

    def rational(self, value: Fraction) -> str:
        """Returns ``(1/3)`` or ``(-1/3)``."""
        return f"({value.numerator}/{value.denominator})"

    def field(self, characteristic: int) -> str:
        """Returns ``QQ`` or ``ZZ/p``."""
        return f"ZZ/{characteristic}" if characteristic else "QQ"


class Macaulay2(Engine):
    """Macaulay2, from a wheel or a system package; the wheel's launcher must be called where it lies, not by a link."""

    name = "macaulay2"
    title = "Macaulay2"
    minimum_version = "1.21"
    script_suffix = ".m2"
    library_folder = "m2_scripts"
    programs = ("M2",)
    distribution = "passagemath-macaulay2"
    # Later 10.8 wheels are compiled for AVX-512 only.
    how_to_get_it = "'pip install passagemath-macaulay2==10.8.11' (no root needed), or your system's package macaulay2"
    dialect = Macaulay2Dialect()
    signs = Signs(
        memory=(
            re.compile(r"out of memory trying to allocate"),
            re.compile(r"GNU MP: Cannot (re)?allocate"),
            re.compile(r"std::bad_alloc"),
            re.compile(r"pthread_create(\(\))? failed|[Cc]reating mark thread failed"),
            re.compile(r"GC Warning: Out of Memory|Out of [Mm]emory"),
        ),
        crash=(
            re.compile(r"^-- SIG(SEGV|BUS|FPE|ILL|ABRT)"),
            re.compile(r"^-\* stack trace, pid"),
        ),
    )

    def wheel_program(self) -> Path | None:
        """Returns ``sage_wheels/bin/M2`` of the wheel."""
        return wheel_file(self.distribution, "sage_wheels/bin/M2")

    def command_prefix(self, program: Path) -> tuple[str, ...]:
        """Returns ``M2 --script``; unless it is the first option, the script is not run and the exit code is 0."""
        return (str(program), "--script")

    def version_command(self, program: Path) -> tuple[str, ...]:
        """Returns ``M2 --version``."""
        return (str(program), "--version")

    def read_version(self, output: str) -> str | None:
        """Returns the number that begins a line of the output."""
        found = re.search(r"^\s*([0-9]+(?:\.[0-9]+)+)\b", output, re.MULTILINE)
        return found[1] if found else None

    def binary(self, program: Path, output: str) -> Path:
        """Returns ``M2-binary`` beside the launcher, or the program itself if there is none."""
        del output
        binary = program.resolve().with_name("M2-binary")
        return binary if binary.is_file() else program

    def complaint(self, stdout: str, stderr: str) -> Complaint | None:
        """Returns the first line with 'error:', and the first place of the back trace that is a file of the run."""
        del stdout
        lines = stderr.splitlines()
        located = [(number, found) for number, line in enumerate(lines) if (found := _LOCATION.match(line))]
        errors = [(number, found) for number, found in located if found["rest"].startswith("error: ")]
        if not errors:
            return None
        number, error = errors[0]
        message = error["rest"].removeprefix("error: ").strip()
        if message.endswith(":"):  # the objects that it complains about stand on the next lines
            following = itertools.takewhile(lambda line: line and not _LOCATION.match(line), lines[number + 1 :])
            message = " ".join([message, *(" ".join(line.removeprefix("--").split()) for line in following)])
        # Files of the run directory have no folder; all others belong to Macaulay2 itself.
        for _, found in located[located.index((number, error)) :]:
            file = found["file"].removeprefix("./")
            if "/" not in file:
                return Complaint(message, file, int(found["line"]))
        return Complaint(message)


ENGINE = Macaulay2()
