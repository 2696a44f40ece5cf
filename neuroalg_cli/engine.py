"""What an engine is to the program: where it may be, how it is called, how its failures look, how it is written.

One file per engine in `neuroalg_cli.engines` holds a subclass of `Engine` as ``ENGINE``; nothing else needs an edit.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroalg_cli import registry
from neuroalg_cli.errors import NeuroalgError, UsageError
from neuroalg_cli.run_directory import RESULT_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from neuroalg_cli.run_directory import RunDirectory

Origin = Literal["option", "environment", "wheel", "path"]
"""How an installation was found: named by an option, by an environment variable, a wheel of this Python, on PATH."""

#: below so many bytes of data Macaulay2 1.26 and Sage 10.8 hang or crash at their start, and do not say why
MINIMAL_MEMORY = 200 * 2**20
#: the engines' own programs must not shadow the system's, so their folders are never put on this path
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that may be an engine; nobody has asked it for its version yet."""

    path: Path
    origin: Origin


@dataclass(frozen=True, slots=True)
class Installation:
    """An engine that was found, is new enough and said its version."""

    engine: str
    #: program and arguments that stand before the name of a script
    command: tuple[str, ...]
    version: str
    #: of the file that computes (`Engine.binary`), not of a launcher; 64 hexadecimal digits
    sha256: str
    path: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Signs:
    """How failures look in what an engine prints; regular expressions for one line each."""

    #: out of memory, whether the limit or the machine refused it
    memory: tuple[re.Pattern[str], ...]
    #: the engine met a signal; a run that shows one of these is not trusted even if it went on to its end with exit code 0,
    #: as Macaulay2 can after a SIGSEGV
    crash: tuple[re.Pattern[str], ...]
    #: exit codes that mean out of memory
    memory_exit_codes: frozenset[int] = frozenset()
    #: signals that mean out of memory, under a memory limit, once a sixteenth of it is in use
    memory_signals: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an engine says about a script: the message, and the place in a file of the run directory if it is known."""

    message: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f" (line {self.line} of {self.file})" if self.file and self.line is not None else ""
        return f"{self.message}{place}"


class Dialect(ABC):
    """How an engine writes numbers, lists and polynomials; `neuroalg_cli.rendering` does the rest."""

    #: starts a comment that ends with the line
    comment: str
    #: brackets of a list
    opening: str
    closing: str
    #: between a variable and its exponent
    power: str
    #: whether it reads sums of monomials with integer coefficients only, each on one line: no parentheses, fractions or zero
    sums_only: bool = False

    @abstractmethod
    def rational(self, value: Fraction) -> str:
        """Returns a rational number that is no integer, as an expression that stays exact."""

    @abstractmethod
    def field(self, characteristic: int) -> str:
        """Returns the rational numbers for 0, the prime field for a prime."""

    def integer(self, value: int) -> str:
        """Returns an integer, in parentheses if it is negative."""
        return str(value) if value >= 0 else f"({value})"

    def number(self, value: Fraction) -> str:
        """Returns an integer or a rational number as an exact expression."""
        return self.integer(value.numerator) if value.denominator == 1 else self.rational(value)

    def list(self, items: Sequence[str]) -> str:
        """Returns a list of expressions."""
        return f"{self.opening}{', '.join(items)}{self.closing}"


class Engine(ABC):
    """A computer algebra system that runs a script in a process of its own and leaves a result file."""

    #: the name of its file, of its folder of templates and of its command line option
    name: str
    #: the name that people know it by
    title: str
    minimum_version: str
    #: of a script, with the dot
    script_suffix: str
    #: the folder of the library that its scripts load; empty if they load nothing
    library_folder: str
    #: False: it computes the dimension, in two ways; True: it serves some methods only, and other engines can take its place
    is_optional: bool = False
    #: below so many bytes it is not started
    minimal_memory: int = MINIMAL_MEMORY
    #: the file by which a script says that it has reached its end
    result_name: str = RESULT_NAME
    #: the answer of its template ``known-answer``, if it is not the one in `neuroalg_cli.doctor`
    known_answer: Mapping[str, object] | None = None
    #: names of the program on PATH, best first
    programs: tuple[str, ...]
    #: the distribution on the package index that brings it
    distribution: str
    #: half a sentence: the command that gets it, and what else brings it
    how_to_get_it: str
    signs: Signs
    dialect: Dialect

    @property
    def environment_variable(self) -> str:
        """The environment variable that names the program to use."""
        return f"NEUROALG_{self.name.upper()}"

    @abstractmethod
    def wheel_program(self) -> Path | None:
        """Returns the program that came with a wheel of this Python, or None."""

    @abstractmethod
    def command_prefix(self, program: Path) -> tuple[str, ...]:
        """Returns program and arguments that stand before the name of a script."""

    @abstractmethod
    def version_command(self, program: Path) -> tuple[str, ...]:
        """Returns the command that prints the version."""

    @abstractmethod
    def read_version(self, output: str) -> str | None:
        """Returns the version (digits and dots) from what `version_command` printed, or None."""

    @abstractmethod
    def binary(self, program: Path, output: str) -> Path:
        """Returns the file whose hash identifies the engine; ``output`` is what `version_command` printed."""

    @abstractmethod
    def complaint(self, stdout: str, stderr: str) -> Complaint | None:
        """Returns what the engine says about its script, or None if it does not complain."""

    def environment(self, origin: Origin) -> dict[str, str]:
        """Returns the environment of a run, built from nothing; the supervisor adds HOME and TMPDIR."""
        del origin
        # More threads would cost the comparability of times and gain little; the collector's markers likewise.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "GC_MARKERS": "1"}
        return {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", **threads}

    def result(self, directory: RunDirectory) -> bytes | None:
        """Returns what a script left as its result, in the grammar of `neuroalg_cli.parsing`, or None if it left nothing.

        Raises `NoResultError` if it cannot be read.
        """
        return directory.result()

    def command(self, installation: Installation, script: str) -> tuple[str, ...]:
        """Returns the command that runs a script of the run directory, given by its name."""
        return (*installation.command, script)

    def is_new_enough(self, version: str) -> bool:
        """Returns whether a version is at least the minimum version."""
        return version_key(version) >= version_key(self.minimum_version)

    def missing_part(self, output: str) -> str | None:
        """Returns what an installation lacks, from what `version_command` printed, or None if it is complete."""
        del output
        return None


def version_key(version: str) -> tuple[int, ...]:
    """Returns the numbers of a version, for comparison; 1.21 comes before 1.24.11 and 1.26.06."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))


def first_match(patterns: Sequence[re.Pattern[str]], text: str) -> str | None:
    """Returns the first line of a text that one of the patterns matches, or None."""
    for line in text.splitlines():
        if any(pattern.search(line) for pattern in patterns):
            return line.strip()
    return None


def wheel_file(distribution: str, ending: str) -> Path | None:
    """Returns the file of an installed distribution whose path ends so, or None."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if str(file).endswith(ending):
            path = Path(str(file.locate()))
            return path if path.is_file() else None
    return None


def this_python() -> Path | None:
    """Returns the Python that runs this program, or None inside another program."""
    return Path(sys.executable) if sys.executable else None


def names() -> tuple[str, ...]:
    """Returns the names of all engines."""
    return registry.names("engines")


def load(name: str) -> Engine:
    """Returns an engine by name.

    Raises `UsageError` with the known names, `NeuroalgError` with the path of a file that holds no engine.
    """
    if name not in names():
        raise UsageError(f"the engine '{name}' is unknown; known are {', '.join(names())}")
    module = registry.load("engines", name)
    engine = getattr(module, "ENGINE", None)
    if not isinstance(engine, Engine) or engine.name != name:
        raise NeuroalgError(f"'{module.__file__}' holds no ENGINE called '{name}'; correct it, or reinstall neuroalg")
    return engine


def load_all() -> tuple[Engine, ...]:
    """Returns every engine, by name."""
    return tuple(load(name) for name in names())
