"""Finds engines: what was named first, then the wheels of this Python, then PATH; and asks each for its version.

Four outcomes are kept apart: not found (and where it was looked for), found but too old, found but it does not say its
version or lacks a part, and found.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroalg_cli import engine as engines
from neuroalg_cli.diagnosis import diagnose
from neuroalg_cli.engine import Candidate, Engine, Installation, Origin
from neuroalg_cli.errors import EngineMissingError, EngineUnusableError, NeuroalgError
from neuroalg_cli.run_directory import RunDirectory
from neuroalg_cli.running import Limits, RunRequest, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: a cold start from a slow disk takes long; an engine that hangs at this is unusable
_VERSION_LIMITS = Limits(wall_seconds=120.0, memory_bytes=4 * 2**30)
_NAMED: dict[Origin, str] = {"option": "the option", "environment": "the environment variable"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one engine: an installation, or the error that says why there is none."""

    engine: Engine
    installation: Installation | None
    error: NeuroalgError | None


def find(engine_name: str, configured: str | None = None) -> Installation:
    """Returns the installation of an engine that a run will use.

    ``configured``: a program, a folder that has it, or the name of a program on PATH; what is named by it, or else by the
    engine's environment variable, is the only thing that counts.  Raises `EngineMissingError` with the places that were
    looked at, `EngineUnusableError` with the reason against every program that was found.
    """
    engine = engines.load(engine_name)
    objections: list[str] = []
    for candidate in candidates(engine, configured):
        try:
            return _examine(engine, candidate)
        except EngineUnusableError as error:
            if str(error) not in objections:  # what is wrong with the disk is wrong for every program
                objections.append(str(error))
    if not objections:
        raise EngineMissingError(_missing(engine))
    if len(objections) == 1:
        raise EngineUnusableError(objections[0])
    raise EngineUnusableError(f"no {engine.title} that was found can be used: {'; '.join(objections)}")


def find_all(configured: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Returns what was found of every engine, by name; raises nothing for an engine that is missing or unusable."""
    findings = []
    for engine in engines.load_all():
        try:
            findings.append(Finding(engine, find(engine.name, (configured or {}).get(engine.name)), None))
        except NeuroalgError as error:
            findings.append(Finding(engine, None, error))
    return tuple(findings)


def candidates(engine: Engine, configured: str | None = None) -> Iterator[Candidate]:
    """Yields the programs that may be the engine, in the order in which they count.

    Raises `EngineMissingError` if a program is named and is not there.
    """
    if configured is not None:
        yield Candidate(_named(engine, configured, "option"), "option")
        return
    from_environment = os.environ.get(engine.environment_variable, "")
    if from_environment:
        yield Candidate(_named(engine, from_environment, "environment"), "environment")
        return
    wheel = engine.wheel_program()
    if wheel is not None:
        yield Candidate(wheel, "wheel")
    for program in engine.programs:
        on_path = shutil.which(program)
        if on_path is not None:
            # not resolved: a launcher may find its files by the name that it was called by
            yield Candidate(Path(on_path).absolute(), "path")


def _named(engine: Engine, configured: str, origin: Origin) -> Path:
    """Returns the program that an option or the environment names."""
    source = f"{_NAMED[origin]} {engine.environment_variable if origin == 'environment' else f'--{engine.name}'}"
    shown = repr(configured[:200])
    if not configured.strip() or "\0" in configured:
        raise EngineMissingError(f"{source} names no program for {engine.title}: {shown}; give the path of its program")
    if os.sep not in configured and not configured.startswith("~"):
        on_path = shutil.which(configured)
        if on_path is not None:
            return Path(on_path).absolute()
    path = Path(os.path.expanduser(configured)).absolute()  # noqa: PTH111  # Path.expanduser raises for unknown users
    try:
        if path.is_dir():
            for inside in (path / folder / program for folder in (".", "bin") for program in engine.programs):
                if inside.is_file():
                    return inside
            raise EngineMissingError(
                f"{source} names the folder {shown} for {engine.title}, which holds no program "
                f"'{engine.programs[0]}'; give the path of the program"
            )
        is_there = path.exists()
    except OSError:  # a name that no file can have
        is_there = False
    if not is_there:
        raise EngineMissingError(
            f"{source} names {shown} for {engine.title}, and there is no such file; correct it, or leave it out to use an "
            f"installed one, or get one: {engine.how_to_get_it}"
        )
    return path


def _missing(engine: Engine) -> str:
    programs = " or ".join(f"'{program}'" for program in engine.programs)
    return (
        f"{engine.title} was not found: the wheel {engine.distribution} is not installed in this Python, and there is no program "
        f"{programs} on the path '{os.environ.get('PATH', '')}'; get it with {engine.how_to_get_it}; or name it with "
        f"--{engine.name} or {engine.environment_variable}"
    )


#: programs that were examined, by what would change with another version; the files may be replaced while we run
_examined: dict[tuple[str, str, Origin, int, int], Installation] = {}


def _examine(engine: Engine, candidate: Candidate) -> Installation:
    """Returns the installation behind a candidate; raises `EngineUnusableError` with the reason against it."""
    path = str(candidate.path)
    try:
        state = candidate.path.stat()
    except OSError as error:
        raise EngineUnusableError(f"{engine.title} at '{path}' cannot be read: {error.strerror}") from error
    if not os.access(candidate.path, os.X_OK):
        raise EngineUnusableError(
            f"{engine.title} at '{path}' is not executable for you; run 'chmod +x' on it, or name another one"
        )
    key = (engine.name, path, candidate.origin, state.st_mtime_ns, state.st_size)
    if key not in _examined:
        output = _version_output(engine, candidate)
        version = engine.read_version(output)
        if version is None:
            said = output.strip().splitlines()[-1][:200] if output.strip() else "nothing"
            raise EngineUnusableError(
                f"'{path}' was taken for {engine.title}, but it does not say its version: it printed {said!r}; name another "
                f"one with --{engine.name}, or get one: {engine.how_to_get_it}"
            )
        if not engine.is_new_enough(version):
            raise EngineUnusableError(
                f"{engine.title} {version} at '{path}' is too old: at least {engine.minimum_version} is needed; get one: "
                f"{engine.how_to_get_it}"
            )
        missing = engine.missing_part(output)
        if missing is not None:
            raise EngineUnusableError(
                f"{engine.title} {version} at '{path}' lacks {missing}; get a complete one: {engine.how_to_get_it}"
            )
        _examined[key] = Installation(
            engine=engine.name,
            command=engine.command_prefix(candidate.path),
            version=version,
            sha256=_sha256(engine.binary(candidate.path, output)),
            path=path,
            origin=candidate.origin,
        )
    return _examined[key]


def _version_output(engine: Engine, candidate: Candidate) -> str:
    """Returns what the program prints when it is asked for its version."""
    with RunDirectory.create(f"{engine.name}-version") as directory:
        environment = engine.environment(candidate.origin)
        request = RunRequest(engine.version_command(candidate.path), directory.path, environment, _VERSION_LIMITS)
        done = run(request)
        output = done.stdout_tail(2**16)
        if engine.read_version(output) is not None:
            return output
        # An exit code after a version means little; without one it says why.
        failure = diagnose(engine, done) if done.signal is not None or done.exit_code != 0 or done.stopped_by else None
        complaint = engine.complaint(done.stdout_tail(2**16), done.stderr_tail(2**16))
        output = output or done.stderr_tail(2**16)
    if complaint is not None:
        raise EngineUnusableError(
            f"'{candidate.path}' was taken for {engine.title}, but it says '{complaint}'; name another one with "
            f"--{engine.name}, or get one: {engine.how_to_get_it}"
        )
    if failure is not None:
        raise EngineUnusableError(
            f"{engine.title} at '{candidate.path}' does not start: {failure.sentence}", details=failure.details
        )
    return output


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineUnusableError(f"'{path}' cannot be read: {error.strerror}; reinstall the engine") from error
