"""Turns an engine run that gave no answer into the one error that it was.

Who stopped the run and what the engine said are two facts, and ours wins: a run over its time limit is a time limit,
whatever it printed while it was being stopped.
"""

from __future__ import annotations

import signal as signals
from typing import TYPE_CHECKING

from neuroalg_cli.engine import first_match
from neuroalg_cli.errors import (
    EngineCrashError,
    EngineUnusableError,
    InterruptedRunError,
    MemoryLimitError,
    NeuroalgError,
    NoResultError,
    ScriptError,
    TimeLimitError,
)

if TYPE_CHECKING:
    from neuroalg_cli.engine import Engine
    from neuroalg_cli.running import EngineRun, Limits

#: bytes of each output that are read; both ends, since an engine complains first or last
_READ = 2**16


def diagnose(engine: Engine, run: EngineRun, *, finished: bool = False) -> NeuroalgError | None:
    """Returns why a run cannot be trusted, or None if it can.

    ``finished`` says whether the script wrote its result; without a result there is always a reason.  A result does not
    make a run trustworthy that was stopped, met a signal or did not exit with 0.
    """
    stdout, stderr = _texts(run)
    details = _details(stdout, stderr)
    if run.stopped_by is not None:
        return _stopped(engine, run, details)
    if _is_illegal_instruction(run):
        return EngineUnusableError(
            f"{engine.title} stopped at an instruction that this processor lacks: the build at '{run.request.command[0]}' "
            f"is for another processor; get another one: {engine.how_to_get_it}",
            details=details,
        )
    crash = first_match(engine.signs.crash, stderr)
    if finished and run.exit_code == 0 and crash is None:
        return None
    memory = first_match(engine.signs.memory, stderr) or first_match(engine.signs.memory, stdout)
    if memory is not None or run.exit_code in engine.signs.memory_exit_codes or _is_memory_signal(engine, run):
        return MemoryLimitError(
            f"{engine.title} ran out of memory ({_evidence(run, memory)}) {_within(run.request.limits)}; raise --memory, "
            "or take a smaller network",
            details=details,
        )
    if crash is not None or run.signal is not None:
        return _crash(engine, run, crash, details)
    complaint = engine.complaint(stdout, stderr)
    if complaint is not None:
        return ScriptError(
            f"{engine.title} refused its script: {_shortened(str(complaint))}; this is a bug in neuroalg or a version of "
            f"{engine.title} that its template does not fit, please report it with the kept folder",
            details=details,
        )
    if run.exit_code != 0:
        last = (stderr.strip() or stdout.strip() or "nothing").splitlines()[-1]
        return EngineCrashError(
            f"{engine.title} ended with exit code {run.exit_code} in the middle of its work; the last that it printed is: "
            f"{_shortened(last)}; try again, and look at the kept folder if it happens twice",
            details=details,
        )
    return NoResultError(
        f"{engine.title} ended after {run.wall_seconds:.1f} s with exit code 0, but its script did not reach its end and "
        "wrote no result; try again, and report it with the kept folder if it happens twice",
        details=details,
    )


def _stopped(engine: Engine, run: EngineRun, details: str) -> NeuroalgError:
    limits = run.request.limits
    match run.stopped_by:
        case "wall":
            return TimeLimitError(
                f"{engine.title} reached the time limit of {limits.wall_seconds:g} s without an answer; raise --timeout, "
                "or take a smaller network",
                details=details,
            )
        case "cpu":
            return TimeLimitError(
                f"{engine.title} reached the limit of {limits.cpu_seconds or 0:g} s of processor time without an answer; "
                "raise it, or take a smaller network",
                details=details,
            )
        case "memory":
            return MemoryLimitError(
                f"{engine.title} had taken {run.peak_memory_bytes / 2**30:.2f} GiB and was stopped {_within(limits)}; "
                "raise --memory, or take a smaller network",
                details=details,
            )
        case "output":
            return NoResultError(
                f"{engine.title} was stopped because it printed more than {limits.output_bytes / 2**20:g} MiB; this is a bug "
                "in the script or in the engine, please report it with the kept folder",
                details=details,
            )
        case _:
            return InterruptedRunError(
                f"the run of {engine.title} was interrupted after {run.wall_seconds:.1f} s; start it again",
                details=details,
            )


def _crash(engine: Engine, run: EngineRun, crash: str | None, details: str) -> NeuroalgError:
    if run.signal is None:
        how = f"met a fault ('{_shortened(crash or '')}') and ended with exit code {run.exit_code}"
    else:
        how = f"ended by signal {_signal_name(run.signal)}"
    advice = "its answer, if there is one, cannot be trusted; try again, or take another version of the engine"
    if run.signal in {signals.SIGKILL, signals.SIGTERM}:
        advice = (
            "neuroalg did not send it; the system does when memory runs out: close other programs, or lower --memory"
        )
    return EngineCrashError(f"{engine.title} {how} after {run.wall_seconds:.1f} s; {advice}", details=details)


def _is_memory_signal(engine: Engine, run: EngineRun) -> bool:
    limit = run.request.limits.memory_bytes
    is_large = limit is not None and run.peak_memory_bytes >= limit / 16
    return run.signal in engine.signs.memory_signals and is_large


def _is_illegal_instruction(run: EngineRun) -> bool:
    # 128 + 4: a shell that started the engine says it so
    return run.signal == signals.SIGILL or run.exit_code == 128 + signals.SIGILL


def _evidence(run: EngineRun, line: str | None) -> str:
    if line is not None:
        return f"it said '{_shortened(line)}'"
    if run.signal is not None:
        return f"{_signal_name(run.signal)} with {run.peak_memory_bytes / 2**30:.2f} GiB in use"
    return f"exit code {run.exit_code}"


def _within(limits: Limits) -> str:
    if limits.memory_bytes is None:
        return "without a memory limit"
    return f"under the memory limit of {limits.memory_bytes / 2**30:.4g} GiB"


def _signal_name(number: int) -> str:
    try:
        return signals.Signals(number).name
    except ValueError:
        return str(number)


def _shortened(line: str, length: int = 200) -> str:
    printable = "".join(character if character.isprintable() else " " for character in line).strip()
    return printable if len(printable) <= length else f"{printable[:length]} ..."


def _texts(run: EngineRun) -> tuple[str, str]:
    """Returns both outputs, with paths relative to the run directory; of long ones the beginning and the end."""
    texts = []
    for path, tail in ((run.stdout, run.stdout_tail), (run.stderr, run.stderr_tail)):
        end = tail(2 * _READ)
        if len(end.encode()) >= 2 * _READ:
            with path.open("rb") as file:
                end = file.read(_READ).decode("utf-8", errors="replace") + "\n...\n" + tail(_READ)
        for directory in (run.request.directory.resolve(), run.request.directory):
            end = end.replace(f"{directory}/", "")
        texts.append(end)
    return texts[0], texts[1]


def _details(stdout: str, stderr: str) -> str:
    """Returns the last lines that the engine printed."""
    parts = []
    for name, text in (("standard error", stderr), ("standard output", stdout)):
        lines = text.strip().splitlines()[-20:]
        if lines:
            parts.append(f"last lines of its {name}:\n" + "\n".join(line[:500] for line in lines))
    return "\n".join(parts)
