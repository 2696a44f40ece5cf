"""The warden of one engine run: a small process of its own that lets nothing outlive the run.

``running.run`` starts it with ``python -I -S``; it imports the standard library only and is ready in 20 ms.  It reads
its request, one line of JSON, from its standard input.  That pipe stays open: its end means that the caller is gone, or
wants the run to stop.  It makes itself the subreaper of its descendants (``prctl``, Linux): what loses its parent,
after a double fork or in a session of its own, becomes a child of the warden.  It starts the engine in a new session,
with the kernel's limits and the order to die with the warden, watches the whole tree, and sends INT, TERM and KILL to
all of it, also after a normal end.  It is done when the kernel says that it has no children left.

It answers in lines of JSON on its standard output; their union is the account of the run: ``leader`` (process id) and
``is_subreaper``; now and then ``cpu_seconds`` and ``peak_memory_bytes``; at the end ``exit_code`` or ``signal``,
``stopped_by``, ``wall_seconds`` and ``final``; or ``refused``, the errno of a command that did not start; or ``bug``.

Without ``prctl`` and ``/proc`` (macOS) there is the process group only: a process that left it survives its run, and
memory and CPU limits hold for each process as far as that kernel enforces them, not for the tree.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import select
import signal
import sys
import time

try:
    import ctypes
except ImportError:  # a Python without libffi: do without prctl
    ctypes = None  # type: ignore[assignment]

#: standard output and standard error of the engine, in the run directory
OUTPUT_NAMES = ("stdout.txt", "stderr.txt")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FIRST_INTERVAL = 0.005
_LONGEST_INTERVAL = 0.05
_REPORT_INTERVAL = 0.5
#: seconds between INT and TERM, and between TERM and KILL
_PATIENCE = 0.25
#: seconds after KILL; only a process that hangs inside the kernel lasts longer, and it dies when it returns
_LAST_PATIENCE = 10.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_HAS_PROC = os.path.exists("/proc/self/stat")  # noqa: PTH110
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class ProcessState:
    """What the kernel says about one process: CPU seconds (its waited children's included), resident bytes."""

    __slots__ = ("cpu_seconds", "is_zombie", "parent", "resident_bytes", "session")

    def __init__(self, stat: bytes) -> None:
        # The name in parentheses may hold blanks and parentheses; numbers start after the last one.
        fields = stat[stat.rindex(b")") + 2 :].split()
        self.is_zombie = fields[0] == b"Z"
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.cpu_seconds = sum(map(int, fields[11:15])) / _TICKS_PER_SECOND
        self.resident_bytes = int(fields[21]) * _PAGE_BYTES


def read_proc(path: str) -> bytes:
    """Returns the content of a file in ``/proc``, empty if the process is gone or is not ours."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  importing pathlib would double the start-up time
            return file.read()
    except OSError:
        return b""


def process_state(pid: int) -> ProcessState | None:
    """Returns the state of a process, or None if there is no such process (or no ``/proc``)."""
    stat = read_proc(f"/proc/{pid}/stat")
    return ProcessState(stat) if stat else None


def numbered(folder: str) -> list[int]:
    """Returns the process or thread ids that a folder in ``/proc`` lists; empty if there is no such folder."""
    try:
        return [int(name) for name in os.listdir(folder) if name.isdecimal()]  # noqa: PTH208
    except OSError:
        return []


def descendants(root: int) -> list[int]:
    """Returns the ids of the living and dead-but-unwaited descendants of a process, parents before children."""
    if os.path.exists(f"/proc/{root}/task/{root}/children"):  # noqa: PTH110
        parents = [root]
        for parent in parents:
            for thread in numbered(f"/proc/{parent}/task"):
                parents += map(int, read_proc(f"/proc/{parent}/task/{thread}/children").split())
        return list(dict.fromkeys(parents[1:]))  # an orphan that changes hands meanwhile is seen twice
    states = {pid: state for pid in numbered("/proc") if (state := process_state(pid)) is not None}
    family = [root]
    for parent in family:
        family += [pid for pid, state in states.items() if state.parent == parent]
    return family[1:]


def send(pid: int, number: int) -> None:
    """Sends a signal to a process, or for negative ``pid`` to a group; one that is gone or not ours is left alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _proportional_bytes(pid: int) -> int | None:
    """Returns the memory of a process with shared pages divided among their users, or None if unknown."""
    for line in read_proc(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return None


def _prctl(option: int, value: int) -> bool:
    """Calls ``prctl(option, value)``; returns whether it was there and succeeded."""
    if ctypes is None or not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _limit(kind: int, soft: float, margin: int = 0) -> None:
    """Sets a limit of this process, the hard one ``margin`` above, as far as the one it was born with allows."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling == resource.RLIM_INFINITY:
        ceiling = sys.maxsize
    if soft < ceiling:
        resource.setrlimit(kind, (int(soft), min(int(soft) + margin, ceiling)))


class Warden:
    """One run: starts the engine, watches it, ends whatever it left, and knows what it used."""

    def __init__(self, *, caller: int, argv: list[str], environment: dict[str, str], limits: dict[str, float]) -> None:
        # Bytes travel through JSON as Latin-1, so that no locale can change a path.
        self.argv = [word.encode("latin-1") for word in argv]
        self.environment = {key.encode("latin-1"): value.encode("latin-1") for key, value in environment.items()}
        self.caller = caller
        self.limits = limits
        self.output = [os.open(name, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW) for name in OUTPUT_NAMES]

        self.leader = 0
        self.status: int | None = None
        self.stopped_by: str | None = None
        self.wall_seconds = self.cpu_seconds = self.dead_cpu_seconds = 0.0
        self.peak_memory_bytes = self.last_memory = 0
        self.is_childless = self.is_dismissed = False
        self.is_subreaper = _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._listen()

    def _listen(self) -> None:
        """Makes the end of a child, a signal to the warden and the caller's farewell wake ``pause``."""
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        # The caller may ignore or block signals, and both are inherited; an ignored CHLD would lose the exit status.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: setattr(self, "is_dismissed", True))
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._poll.register(self._wake_read, select.POLLIN)

    def start(self) -> int:
        """Starts the engine; returns 0, or the errno with which the kernel refused the command."""
        warden = os.getpid()
        refusal_read, refusal_write = os.pipe()
        self.started = time.monotonic()
        try:
            self.leader = os.fork()
        except OSError as error:
            return error.errno or errno.EAGAIN
        if self.leader == 0:
            number = errno.EINVAL
            try:
                self._become_engine(warden)
            except MemoryError:
                number = errno.ENOMEM
            except OSError as error:
                number = error.errno or number
            finally:
                os.write(refusal_write, str(number).encode())
                os._exit(127)
        os.close(refusal_write)
        refusal = os.read(refusal_read, 16)
        os.close(refusal_read)
        return int(refusal or b"0")

    def _become_engine(self, warden: int) -> None:
        """Turns the forked child into the engine; returns only by an exception."""
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != warden:
            os._exit(127)
        os.setsid()
        for number in signal.valid_signals():
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        # If the machine runs out of memory, the engine goes and not its user's session.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:  # noqa: PTH123
            file.write(b"500")
        for target, source in enumerate((os.open("/dev/null", os.O_RDONLY), *self.output)):
            os.dup2(source, target)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, self.limits["file_bytes"])
        # The warden's own clock comes first; this one holds if the warden is kept from running.
        _limit(resource.RLIMIT_CPU, self.limits["cpu_seconds"] + 2, margin=2)
        # Not RLIMIT_AS: engines reserve gigabytes of addresses that they never touch.
        _limit(resource.RLIMIT_DATA, self.limits["memory_bytes"])
        os.execvpe(self.argv[0], self.argv, self.environment)  # noqa: S606  no shell is the point

    def reap(self) -> None:
        """Waits for every child that has ended, and adds up what they used."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self.is_childless = True
                return
            self.is_childless = False
            if pid == 0:
                return
            if pid == self.leader:
                self.status = status
                self.wall_seconds = time.monotonic() - self.started
            self.dead_cpu_seconds += usage.ru_utime + usage.ru_stime
            self.cpu_seconds = max(self.cpu_seconds, self.dead_cpu_seconds)
            self.peak_memory_bytes = max(self.peak_memory_bytes, usage.ru_maxrss * _MAXRSS_BYTES)

    def _measure(self) -> int:
        """Returns the memory of the whole tree, in bytes, that lasted since the last look; updates the CPU seconds."""
        alive = [(pid, state) for pid in descendants(os.getpid()) if (state := process_state(pid)) is not None]
        self.cpu_seconds = max(self.cpu_seconds, self.dead_cpu_seconds + sum(state.cpu_seconds for _, state in alive))
        memory = sum(state.resident_bytes for _, state in alive)
        if len(alive) > 1 and memory > min(self.peak_memory_bytes, self.limits["memory_bytes"]):
            # Pages that forked processes share were counted for each; the exact figure is dear: ask when it matters.
            memory = sum(_proportional_bytes(pid) or state.resident_bytes for pid, state in alive)
        # For a moment, between vfork and exec, a child shows its parent's memory as its own.
        lasting, self.last_memory = min(memory, self.last_memory), memory
        self.peak_memory_bytes = max(self.peak_memory_bytes, lasting)
        return lasting

    def reason_to_stop(self) -> str | None:
        """Returns which limit is exceeded, ``interrupt`` if somebody wants an end, or None."""
        # The caller's process id tells of its death even if a fork of the caller holds the pipe open.
        if self.is_dismissed or os.getppid() != self.caller:
            return "interrupt"
        if time.monotonic() - self.started > self.limits["wall_seconds"]:
            return "wall"
        if sum(os.fstat(file).st_size for file in self.output) > self.limits["output_bytes"]:
            return "output"
        if self._measure() > self.limits["memory_bytes"]:
            return "memory"
        if self.cpu_seconds > self.limits["cpu_seconds"]:
            return "cpu"
        return None

    def pause(self, seconds: float) -> None:
        """Sleeps, but not past the end of a child, a signal, or the caller's farewell."""
        for file, _ in self._poll.poll(max(0.0, seconds) * 1000):
            if not os.read(file, 4096) and file == 0:
                self.is_dismissed = True
                self._poll.unregister(0)

    def watch(self) -> None:
        """Returns when the engine has ended, or when ``stopped_by`` says why it has to."""
        interval = _FIRST_INTERVAL
        next_look = time.monotonic() + interval
        next_report = self.started + _REPORT_INTERVAL
        while True:
            self.pause(next_look - time.monotonic())
            self.reap()
            if self.status is not None:
                return
            look = time.monotonic()
            if look < next_look and not self.is_dismissed:
                continue
            self.stopped_by = self.reason_to_stop()
            if self.stopped_by is not None:
                return
            if look > next_report:
                tell(cpu_seconds=self.cpu_seconds, peak_memory_bytes=self.peak_memory_bytes)
                next_report = look + _REPORT_INTERVAL
            # Looking may be slow, with many processes or much memory; it never takes more than a tenth of the time.
            interval = max(min(1.5 * interval, _LONGEST_INTERVAL), 10 * (time.monotonic() - look))
            next_look = time.monotonic() + interval

    def _is_over(self) -> bool:
        """Returns whether nothing of the run is left; with a subreaper that is the kernel's own word."""
        if self.is_subreaper or not self.is_childless:
            return self.is_childless
        try:
            os.killpg(self.leader, 0)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            return True
        return False

    def end_everything(self) -> None:
        """Returns when nothing of the run is left: INT, TERM and KILL to the group and to all descendants."""
        # What eats memory or disk goes on eating while it is asked politely.
        polite = () if self.stopped_by in {"memory", "output"} else (signal.SIGINT, signal.SIGTERM)
        for number in (*polite, signal.SIGKILL):
            is_last = number == signal.SIGKILL
            deadline = time.monotonic() + (_LAST_PATIENCE if is_last else _PATIENCE)
            told: set[int] = set()
            while True:
                self.reap()
                if self._is_over():
                    return
                if time.monotonic() > deadline:
                    break
                self._signal_all(number, told)
                self.pause(0.001 if is_last else 0.01)

    def _signal_all(self, number: int, told: set[int]) -> None:
        """Sends a signal to what is left: KILL again and again, others once to each process."""
        targets = descendants(os.getpid())
        # A group is killed in one go, no fork can slip between; its id is surely ours until its leader is waited for.
        if not _HAS_PROC or (number == signal.SIGKILL and self.status is None):
            targets.insert(0, -self.leader)
        for target in targets:
            if number == signal.SIGKILL or target not in told:
                send(target, number)
                told.add(target)

    def conclude(self) -> None:
        """Tells the caller how the run ended and what it used; after a flood, cuts the output files to the limit."""
        if self.stopped_by == "output":
            half = int(self.limits["output_bytes"]) // 2
            for file in self.output:
                os.ftruncate(file, min(half, os.fstat(file).st_size))
        status = int(signal.SIGKILL) if self.status is None else self.status
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        is_cpu_signal = number in {signal.SIGXCPU, signal.SIGKILL} and self.cpu_seconds >= self.limits["cpu_seconds"]
        if self.stopped_by is None and is_cpu_signal:
            self.stopped_by = "cpu"  # the kernel's limit is ours, too
        os.set_blocking(1, True)
        tell(
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            signal=number,
            stopped_by=self.stopped_by,
            wall_seconds=self.wall_seconds or time.monotonic() - self.started,
            cpu_seconds=self.cpu_seconds,
            peak_memory_bytes=self.peak_memory_bytes,
            final=True,
        )


def tell(**facts: object) -> None:
    """Writes one line of the account; if nobody reads, or not now, the line is lost and the watch goes on."""
    with contextlib.suppress(BrokenPipeError, BlockingIOError):
        os.write(1, json.dumps(facts).encode() + b"\n")


def main() -> None:
    """Supervises one run, from the request to the account."""
    line = b""
    while not line.endswith(b"\n"):
        if not (chunk := os.read(0, 65536)):
            return  # the caller left before the request was complete
        line += chunk
    warden = Warden(**json.loads(line))
    os.set_blocking(1, False)
    refusal = warden.start()
    if refusal:
        warden.end_everything()
        tell(refused=refusal, final=True)
        return
    tell(leader=warden.leader, is_subreaper=warden.is_subreaper)
    try:
        warden.watch()
    finally:
        warden.end_everything()
    warden.conclude()


def serve() -> None:
    """Is the whole life of the process; a bug becomes part of the account."""
    try:
        main()
    except Exception:  # noqa: BLE001  the caller reports it
        import traceback  # noqa: PLC0415  seldom needed

        tell(bug=traceback.format_exc(), final=True)
    finally:
        os._exit(0)  # spares the milliseconds that an orderly end of Python takes
