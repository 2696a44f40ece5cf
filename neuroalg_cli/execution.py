"""Runs a script on an engine: run directory, supervised run, result file, typed answer or the right error."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroalg_cli import engine as engines
from neuroalg_cli import parsing
from neuroalg_cli.diagnosis import diagnose
from neuroalg_cli.errors import EngineUnusableError, MemoryLimitError, NoResultError
from neuroalg_cli.run_directory import SO_FAR_NAME, RunDirectory, open_regular
from neuroalg_cli.running import EngineRun, Limits, RunRequest, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.engine import Installation
    from neuroalg_cli.rendering import Script


_LITTLE_SPACE = 2**14


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script answered, and the run that answered it."""

    #: the result, with the types that the template's header promises
    values: dict[str, Any]
    run: EngineRun


def execute(
    script: Script,
    installation: Installation,
    limits: Limits,
    *,
    keep: bool = False,
    is_cancelled: Callable[[], bool] | None = None,
) -> Answer:
    """Returns the answer of a script.  ``is_cancelled``: asked twice a second whether to stop the run.

    Success is proved by the result file, an exit code of 0 and the absence of faults together; each alone proves nothing.
    Raises a `NeuroalgError` that says what happened (time, memory, script, crash, no result); the folder of a failed run
    is kept and named in ``error.directory``, that of a good one only with ``keep``.  What a script had written by then with
    the library's ``writeSoFar`` is in ``error.so_far``.
    """
    engine = engines.load(installation.engine)
    if script.engine != installation.engine:
        raise ValueError(f"a script for {script.engine} cannot run on {installation.engine}")
    if limits.memory_bytes is not None and limits.memory_bytes < engine.minimal_memory:
        raise MemoryLimitError(
            f"the memory limit of {limits.memory_bytes / 2**20:.3g} MiB is too small for {engine.title} to start; "
            f"raise --memory to at least {engine.minimal_memory // 2**20}M"
        )
    with RunDirectory.create(script.template.replace("/", "-"), keep=keep) as directory:
        directory.write(script.file_name, script.text)
        for file in script.files:
            directory.copy_in(file)
        done = run(
            RunRequest(
                command=engine.command(installation, script.file_name),
                directory=directory.path,
                environment=engine.environment(installation.origin),
                limits=limits,
                is_cancelled=is_cancelled,
            )
        )
        # First who stopped it: a result of the wrong kind is no reason to forget that it was stopped.
        failure = diagnose(engine, done, finished=(directory.path / engine.result_name).is_file())
        if failure is not None:
            _refuse_full_disk(directory, engine.title)
            failure.so_far = _so_far(directory, script)
            raise failure
        result = engine.result(directory)
        assert result is not None
        return Answer(parsing.parse(result, script.value), done)


def _so_far(directory: RunDirectory, script: Script) -> dict[str, Any] | None:
    """Returns what a script had answered before it was stopped, if it wrote that down; None for anything unreadable."""
    file = open_regular(directory.path / SO_FAR_NAME)
    if file is None:
        return None
    with file:
        content = file.read(parsing.MAXIMAL_BYTES + 1)
    try:
        values: dict[str, Any] = parsing.parse(content, script.value)
    except NoResultError:
        return None
    return values


def _refuse_full_disk(directory: RunDirectory, title: str) -> None:
    """Names the disk where a run failed because it is full: engines do not."""
    disk = os.statvfs(directory.path)
    free = disk.f_bavail * disk.f_frsize
    if free < _LITTLE_SPACE:
        raise EngineUnusableError(
            f"{title} failed and the disk of '{directory.path.parent}' is full ({free} bytes are left); "
            "free some space there, or set NEUROALG_RUNS to another folder"
        )
