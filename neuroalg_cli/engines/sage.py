"""Sage with Singular: any Python that can import it, from wheels (passagemath) or as ``sage -python``, from 9.5 on."""

from __future__ import annotations

import importlib.metadata
import json
import re
import site
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroalg_cli.engine import Complaint, Dialect, Engine, Origin, Signs, this_python

if TYPE_CHECKING:
    from fractions import Fraction

#: run by the Python of an installation; imports nothing large
_PROBE = """\
import json
from importlib.util import find_spec
import sage.version
def origin(name):
    try:
        found = find_spec(name)
    except ImportError:
        found = None
    return found.origin if found else None
print(json.dumps({
    "version": sage.version.version,
    "singular": origin("sage.rings.polynomial.multi_polynomial_libsingular"),
    "linbox": origin("sage.matrix.matrix_modn_dense_double"),
}))
"""
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')


class SageDialect(Dialect):
    """Plain Python: scripts are not preparsed, so ``1/3`` would be a float and ``^`` is no power."""

    comment = "#"
    opening, closing = "[", "]"
    power = "**"

    def rational(self, value: Fraction) -> str:
        """Returns ``QQ((1, 3))``."""
        return f"QQ(({value.numerator}, {value.denominator}))"

    def field(self, characteristic: int) -> str:
        """Returns ``QQ`` or ``GF(p)``."""
        return f"GF({characteristic})" if characteristic else "QQ"


class Sage(Engine):
    """A Python that imports Sage: this one with the wheels, or one that an executable ``sage`` brings along."""

    name = "sage"
    title = "SageMath"
    minimum_version = "9.5"
    script_suffix = ".py"
    library_folder = "sage_scripts"
    programs = ("sage",)
    distribution = "passagemath-singular"
    how_to_get_it = (
        "'pip install passagemath-singular passagemath-linbox' (no root needed), or your system's package sagemath"
    )
    dialect = SageDialect()
    signs = Signs(
        memory=(
            re.compile(r"^MemoryError"),
            re.compile(r"Unable to allocate memory|[Cc]annot allocate memory|std::bad_alloc"),
            re.compile(r"PARI stack overflows|no more memory"),
        ),
        crash=(re.compile(r"^Unhandled SIG(SEGV|BUS|FPE|ILL|ABRT)"), re.compile(r"^Fatal Python error")),
        # Singular's code for 'no more memory'
        memory_exit_codes=frozenset({14}),
    )

    def wheel_program(self) -> Path | None:
        """Returns this Python if the wheel is installed in it."""
        try:
            importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return None
        return this_python()

    def command_prefix(self, program: Path) -> tuple[str, ...]:
        """Returns the program alone if it is called python..., else ``sage -python``."""
        return (str(program),) if program.name.startswith("python") else (str(program), "-python")

    def version_command(self, program: Path) -> tuple[str, ...]:
        """Returns the command that prints versions and places as JSON."""
        return (*self.command_prefix(program), "-c", _PROBE)

    def read_version(self, output: str) -> str | None:
        """Returns the version from the last line of the output."""
        version = str(_probed(output).get("version", ""))
        found = re.match(r"[0-9]+(?:\.[0-9]+)+", version)
        return found[0] if found else None

    def missing_part(self, output: str) -> str | None:
        """Returns the library that is not there."""
        found = _probed(output)
        if not found.get("singular"):
            return "its interface to Singular (passagemath-singular)"
        if not found.get("linbox"):
            return "its matrices modulo primes (passagemath-linbox)"
        return None

    def binary(self, program: Path, output: str) -> Path:
        """Returns Sage's interface to Singular, which changes with every build, and not the Python."""
        singular = _probed(output).get("singular")
        return Path(str(singular)) if singular else program

    def environment(self, origin: Origin) -> dict[str, str]:
        """Returns the environment; hashes of strings are fixed, so that nothing depends on their order."""
        variables = {**super().environment(origin), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        if origin == "wheel" and site.ENABLE_USER_SITE:
            # HOME is the run directory, and wheels may lie in the user's folder.
            variables["PYTHONUSERBASE"] = site.getuserbase()
        return variables

    def complaint(self, stdout: str, stderr: str) -> Complaint | None:
        """Returns the last exception of the traceback, and the deepest place in it that is a file of the run."""
        del stdout
        lines = stderr.splitlines()
        numbered = [(number, found) for number, line in enumerate(lines) if (found := _FRAME.match(line))]
        if not numbered:
            return None
        after = [line for line in lines[numbered[-1][0] + 1 :] if line and not line[0].isspace()]
        message = after[0].strip() if after else "an exception without a name"
        # Files of the run directory are named relative to it, Sage's own with their folder.
        own = [
            found for _, found in numbered if "/" not in found["file"].removeprefix("./") and found["file"][0] != "<"
        ]
        if not own:
            return Complaint(message)
        return Complaint(message, own[-1]["file"].removeprefix("./"), int(own[-1]["line"]))


def _probed(output: str) -> dict[str, Any]:
    """Returns what the probe printed on its last line, or nothing."""
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


ENGINE = Sage()
