"""Runs engines as subprocesses: nothing outlives its run, and every way to end is told apart.

``run`` starts a small guardian process, ``warden.py``, which starts the engine, enforces the limits on all that the
engine starts, and ends all of it: after a normal end, a time-out, Ctrl-C, and when the calling process dies, even by
SIGKILL.  Threads of the caller do not matter: any thread may call ``run``, several may at once.  If the warden itself
is killed, the kernel kills the engine, and ``run`` kills everything that bears the run's mark in its environment or
belongs to its session; what also cleared its environment and left the session escapes in that one case.

On systems without ``prctl`` and ``/proc`` (macOS) only the process group can be ended, see ``warden.py``.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli import warden
from neuroalg_cli.errors import EngineUnusableError, NeuroalgError
from neuroalg_cli.run_directory import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: holds a random value, different for every run, in the environment of everything that the run starts
MARK_VARIABLE = "NEUROALG_RUN"
#: an import, and not the file as a script, so that it is compiled once and not for every run
_START_WARDEN = "import sys; sys.path.append(sys.argv[1]); import warden; warden.serve()"
#: seconds beyond the wall limit after which the warden is taken for dead
_GRACE = 60.0
#: seconds that the warden may take to end a run; it gives up earlier by itself
_FAREWELL = 30.0

StopReason = Literal["wall", "cpu", "memory", "output", "interrupt"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; None means no limit.  Raises ``ValueError`` unless every limit is positive."""

    #: from the start to the end of the engine
    wall_seconds: float = 600.0
    #: user and system time of all processes of the run together
    cpu_seconds: float | None = None
    #: data segment of each process (RLIMIT_DATA), and resident memory of all processes of the run together
    memory_bytes: int | None = 8 * 1024**3
    #: both output files together, looked at every 50 ms
    output_bytes: int = 64 * 1024**2
    #: every file that the run writes (RLIMIT_FSIZE)
    file_bytes: int = 1024**3

    def __post_init__(self) -> None:
        for name, value in self.as_numbers().items():
            if not value > 0:
                raise ValueError(f"the limit {name} must be positive, not {value}")

    def as_numbers(self) -> dict[str, float]:
        """Returns the limits by name, infinity for None."""
        values = {limit.name: getattr(self, limit.name) for limit in fields(self)}
        return {name: math.inf if value is None else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A command for ``run``.

    ``command``: program and arguments; a program without a slash is looked up in PATH of ``environment``, a relative
    path starts at the run directory.  ``directory``: an existing folder, the engine's working directory.
    ``environment``: all of the engine's environment, except HOME, TMPDIR, TMP and NEUROALG_RUN, which ``run`` sets.
    ``is_cancelled``: asked about twice a second; the run is stopped once it says so.
    """

    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)
    is_cancelled: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class EngineRun:
    """One supervised run.  What the engine said (``exit_code`` or ``signal``) and who stopped it are two facts."""

    request: RunRequest
    #: exit code of the engine; None if a signal ended it
    exit_code: int | None
    #: number of the signal that ended the engine; None if it exited
    signal: int | None
    #: the limit for which it was stopped; ``interrupt`` if its supervisor was asked to stop or was killed; None if
    #: nobody stopped it
    stopped_by: StopReason | None
    #: from the start of the engine to its end
    wall_seconds: float
    #: user and system time of all processes of the run
    cpu_seconds: float
    #: the larger of: the peak of one process (never below some 10 MB, the warden's share), and of all of them together
    #: as seen by looking every 50 ms, shared pages counted once
    peak_memory_bytes: int
    stdout: Path
    stderr: Path

    def stdout_tail(self, n_bytes: int = 4096) -> str:
        """Returns the last bytes of the standard output, undecodable ones replaced; empty if the file is gone."""
        return _tail(self.stdout, n_bytes)

    def stderr_tail(self, n_bytes: int = 4096) -> str:
        """Returns the last bytes of the standard error, undecodable ones replaced; empty if the file is gone."""
        return _tail(self.stderr, n_bytes)


def run(request: RunRequest) -> EngineRun:
    """Returns how the command ended, after everything that it started has ended.

    The command gets an empty standard input, its output goes to ``stdout.txt`` and ``stderr.txt`` in the run
    directory, and it has a session of its own.  To stop it, INT, TERM and KILL are sent, a quarter of a second apart;
    over the memory or output limit KILL at once, and then the output files are cut to the limit.

    Raises ``EngineUnusableError`` if the command cannot be started (missing, not executable, made for another
    processor, run directory not writable); nothing for what it does afterwards.  ``KeyboardInterrupt`` passes through
    after everything has ended.  Raises ``NeuroalgError`` if the warden has a bug.
    """
    mark = os.urandom(16).hex()
    directory = request.directory.absolute()
    line = _request_line(request, directory, mark)
    _prepare(directory)
    guardian = _Guardian(mark, directory)
    try:
        guardian.follow(line, request.limits.wall_seconds + _GRACE, request.is_cancelled)
    finally:
        guardian.dismiss()
    return _engine_run(request, directory, guardian)


class _Guardian:
    """The caller's end of one warden process, and the account that the warden has given so far."""

    def __init__(self, mark: str, directory: Path) -> None:
        self.mark = mark
        self.account: dict[str, Any] = {}
        self.is_overdue = False
        self.started = time.monotonic()
        self._unread = b""
        try:
            # No engine runs before the request is sent, so an interruption in here leaves nothing behind.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START_WARDEN, str(Path(warden.__file__).absolute().parent)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineUnusableError(
                f"cannot start the supervisor of engine runs with the Python at '{sys.executable}': "
                f"{_reason(error.errno)}; close other programs, or reinstall neuroalg with a working Python"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._accounts = self._process.stdin, self._process.stdout

    def follow(self, line: bytes, patience: float, is_cancelled: Callable[[], bool] | None = None) -> None:
        """Sends the request and returns when the account is final, the warden is gone, it is cancelled, or patience has ended."""
        remaining = memoryview(line)
        with contextlib.suppress(BrokenPipeError):  # a warden that died says so below
            while remaining:
                remaining = remaining[self._requests.write(remaining) :]
        self.is_overdue = not self._listen(patience, is_cancelled)

    def _listen(self, patience: float, is_cancelled: Callable[[], bool] | None = None) -> bool:
        """Reads the account; returns False if patience ended before the warden did."""
        deadline = time.monotonic() + patience
        poll = select.poll()
        poll.register(self._accounts, select.POLLIN)
        while not self.account.get("final"):
            if is_cancelled is not None and is_cancelled():
                return True
            if poll.poll(500):
                chunk = os.read(self._accounts.fileno(), 65536)
                if not chunk:
                    return True
                *lines, self._unread = (self._unread + chunk).split(b"\n")
                for line in lines:
                    self.account.update(json.loads(line))
            elif self._process.poll() is not None:
                return True  # a fork of another thread may hold the other end of the pipe open
            elif time.monotonic() > deadline:
                return False
        return True

    def dismiss(self) -> None:
        """Returns when nothing of the run is left; an interruption waits until then."""
        interruption = None
        deadline = time.monotonic() + _FAREWELL
        while True:
            try:
                self._end(deadline)
                break
            except KeyboardInterrupt as error:
                interruption = error
        if interruption is not None:
            raise interruption

    def _end(self, deadline: float) -> None:
        """Ends the warden, and what is left of the run if the warden could not; may be called again."""
        self._requests.close()
        if not self._accounts.closed and not self.is_overdue:
            self._listen(deadline - time.monotonic())
        try:
            self._process.wait(1.0 if self.is_overdue else max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._accounts.close()
        if "bug" in self.account or not (self.account.get("final") and self.account.get("is_subreaper", True)):
            _kill_marked(self.mark, self.account.get("leader"), deadline)


def _kill_marked(mark: str, session: int | None, deadline: float) -> None:
    """Kills what bears the mark or belongs to the session, until none is seen twice in a row."""
    unseen = 0
    while unseen < 2 and time.monotonic() < deadline:
        found = marked_processes(mark, session)
        for pid in found:
            warden.send(pid, signal.SIGKILL)
        unseen = 0 if found else unseen + 1
        time.sleep(0.02)  # a process in the middle of exec shows no environment for a moment
    if session is not None and not warden.numbered("/proc"):
        warden.send(-session, signal.SIGKILL)


def marked_processes(mark: str, session: int | None) -> list[int]:
    """Returns the living processes with ``NEUROALG_RUN=mark`` in their environment, or of the given session.

    Serves where the tree of processes is lost because the warden was killed.  Empty without ``/proc``.
    """
    entry = f"{MARK_VARIABLE}={mark}".encode()
    found = []
    for pid in warden.numbered("/proc"):
        state = warden.process_state(pid)
        if state is None or state.is_zombie:
            continue
        if state.session == session or entry in warden.read_proc(f"/proc/{pid}/environ").split(b"\0"):
            found.append(pid)
    return found


def _request_line(request: RunRequest, directory: Path, mark: str) -> bytes:
    """Returns the request as the warden reads it."""
    environment = {
        **request.environment,
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "tmp"),
        "TMP": str(directory / "tmp"),
        MARK_VARIABLE: mark,
    }
    if not request.command or not request.command[0]:
        raise EngineUnusableError("cannot start an engine: its command is empty; check the path given for the engine")
    words = [*request.command, *environment, *environment.values()]
    if any("\0" in word for word in words) or any("=" in name or not name for name in environment):
        raise EngineUnusableError(
            f"cannot start {request.command[0]!r}: its arguments or its environment contain a zero byte, or a variable "
            "without a proper name; check the options given for the engine"
        )
    message = {
        "caller": os.getpid(),
        "argv": [_latin(word) for word in request.command],
        "environment": {_latin(name): _latin(value) for name, value in environment.items()},
        "limits": request.limits.as_numbers(),
    }
    return json.dumps(message).encode() + b"\n"


def _latin(word: str) -> str:
    """Returns the bytes that the file system knows the word by, one character each."""
    return os.fsencode(word).decode("latin-1")


def _prepare(directory: Path) -> None:
    """Makes the output files and the engine's folders for HOME and TMPDIR."""
    try:
        for name in ("home", "tmp"):
            (directory / name).mkdir(mode=0o700, exist_ok=True)
        for name in warden.OUTPUT_NAMES:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
            os.close(os.open(directory / name, flags, 0o600))
    except OSError as error:
        raise EngineUnusableError(
            f"cannot prepare the run directory '{directory}': {_reason(error.errno)}; free some space there, or set "
            "NEUROALG_RUNS to a folder that you can write"
        ) from error


def _engine_run(request: RunRequest, directory: Path, guardian: _Guardian) -> EngineRun:
    """Returns the run that the account describes, or raises what it says instead."""
    account = guardian.account
    if "bug" in account:
        raise NeuroalgError(
            f"the supervisor of engine runs failed while it ran '{request.command[0]}': "
            f"{account['bug'].strip().splitlines()[-1]}; this is a bug in neuroalg, please report it",
            details=account["bug"],
        )
    if "refused" in account:
        raise EngineUnusableError(_refusal(request, directory, account["refused"]))
    if "leader" not in account:
        raise EngineUnusableError(
            f"the supervisor of engine runs ended before it started '{request.command[0]}'; check that "
            f"'{sys.executable} -I -S -c pass' works and that memory is not exhausted, and try again"
        )
    is_final = bool(account.get("final"))
    return EngineRun(
        request=request,
        exit_code=account.get("exit_code"),
        # Without a warden the engine was killed, and its use is what the warden last said.
        signal=account.get("signal") if is_final else int(signal.SIGKILL),
        stopped_by=account.get("stopped_by") if is_final else "wall" if guardian.is_overdue else "interrupt",
        wall_seconds=account.get("wall_seconds", time.monotonic() - guardian.started),
        cpu_seconds=account.get("cpu_seconds", 0.0),
        peak_memory_bytes=account.get("peak_memory_bytes", 0),
        stdout=directory / warden.OUTPUT_NAMES[0],
        stderr=directory / warden.OUTPUT_NAMES[1],
    )


def _refusal(request: RunRequest, directory: Path, number: int) -> str:
    """Returns the sentence for a command that the kernel did not start."""
    name = request.command[0]
    start = f"cannot start '{name}'"
    if "/" not in name and number in {errno.ENOENT, errno.EACCES}:
        path = request.environment.get("PATH", os.defpath)
        return f"{start}: no program of that name on the path '{path}'; install it, or give the full path of the engine"
    program = directory / name
    if number == errno.ENOENT and program.exists():
        return f"{start}: the interpreter that its first line names, or its loader, is missing; reinstall the engine"
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return f"{start}: there is no such file; install the engine, or give the path of another one"
    if number == errno.EACCES and program.is_dir():
        return f"{start}: it is a folder, not a program; give the path of the program in it"
    if number == errno.EACCES:
        return f"{start}: it is not executable for you; run 'chmod +x' on it, or give the path of another one"
    if number == errno.ENOEXEC:
        return (
            f"{start}: it is neither a program for this processor nor a script whose first line starts with '#!'; "
            "install the engine for this machine, or give the path of another one"
        )
    return f"{start}: {_reason(number)}; check the engine with 'neuroalg doctor'"


def _reason(number: int | None) -> str:
    return os.strerror(number).lower() if number else "unknown reason"


def _tail(path: Path, n_bytes: int) -> str:
    file = open_regular(path)
    if file is None:
        return ""
    with file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - n_bytes))
        return file.read(n_bytes).decode("utf-8", errors="replace")
