"""Nothing outlives its run: not after a normal end, a time-out, Ctrl-C, or the death of the caller or of the warden."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from neuroalg_cli import running, warden
from neuroalg_cli.running import EngineRun, Limits, RunRequest, run

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs prctl and /proc")

# Each script gets a token as its last argument, by which the test finds all processes that run it.
# Two names in the run directory say that a script is as far as the test needs it.

STUBBORN_FAMILY = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writing, b"grandchild")
        time.sleep(600)
    time.sleep(600)
os.read(reading, 10)
open("ready", "w").close()
"""

# Without a mark in its environment, in a session of its own, its parent gone, its output closed.
DAEMON = """
import os, sys, time
if len(sys.argv) == 3:
    open("ready", "w").close()
    time.sleep(600)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        code = open("daemon.py").read()
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", code, "again", sys.argv[1]], {})
    os._exit(0)
while not os.path.exists("ready"):
    time.sleep(0.01)
"""

# Lives at most 60 seconds under any id: each process does nothing but start the next one, in a new session.
WALKER = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + 60
if os.fork():
    while not os.path.exists("ready"):
        time.sleep(0.01)
    os._exit(0)
steps = 0
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    steps += 1
    if steps == 20:
        open("ready", "w").close()
"""

CALLER = """
import sys
from pathlib import Path
from neuroalg_cli.running import Limits, RunRequest, run
directory = Path(sys.argv[1])
try:
    run(RunRequest(tuple(sys.argv[2:]), directory, {}, Limits()))
except KeyboardInterrupt:
    (directory / "interrupted").touch()
    raise
"""


def python(code: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code, *map(str, arguments))


def execute(directory: Path, command: tuple[str, ...], wall_seconds: float = 120.0) -> EngineRun:
    return run(RunRequest(command, directory, {"PATH": "/usr/bin:/bin"}, Limits(wall_seconds)))


def survivors(token: object) -> list[int]:
    """Returns the living processes with the token as their last argument."""
    ending = f"\0{token}\0".encode()
    living = (pid for pid in warden.numbered("/proc") if not getattr(warden.process_state(pid), "is_zombie", True))
    return [pid for pid in living if warden.read_proc(f"/proc/{pid}/cmdline").endswith(ending)]


def wait_until(condition, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _clean_up(tmp_path):
    yield
    for pid in survivors(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start_caller(tmp_path):
    """Starts a Python process that calls ``run`` with the given script, and waits until the script is ready."""
    callers = []

    def start(code: str, preamble: str = "") -> subprocess.Popen[bytes]:
        root = Path(running.__file__).parent.parent
        command = [sys.executable, "-c", preamble + CALLER, tmp_path, *python(code, tmp_path)]
        caller = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(root)}, stderr=subprocess.DEVNULL, start_new_session=True
        )
        callers.append(caller)
        wait_until((tmp_path / "ready").exists, "the start of the engine")
        assert len(survivors(tmp_path)) >= 3
        return caller

    yield start
    for caller in callers:
        caller.kill()
        caller.wait()


def test_sleeping_grandchild_of_a_shell_dies_after_a_normal_end(tmp_path):
    engine_run = execute(tmp_path, ("/bin/sh", "-c", "sleep 600 & echo $!"))
    assert engine_run.exit_code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(engine_run.stdout_tail()), 0)


@linux_only
@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), signal.SIGSEGV)", "os._exit(4)"])
def test_stubborn_family_dies_after_the_end_of_the_engine(tmp_path, ending):
    engine_run = execute(tmp_path, python(STUBBORN_FAMILY + ending, tmp_path))
    assert (tmp_path / "ready").exists()
    assert engine_run.stopped_by is None
    assert survivors(tmp_path) == []


@linux_only
def test_stubborn_family_dies_at_the_wall_limit(tmp_path):
    code = STUBBORN_FAMILY + "time.sleep(600)"
    engine_run = execute(tmp_path, python(code, tmp_path), wall_seconds=3.0)
    assert (engine_run.stopped_by, engine_run.signal) == ("wall", signal.SIGKILL)
    assert survivors(tmp_path) == []


@linux_only
def test_daemon_without_a_mark_dies(tmp_path):
    (tmp_path / "daemon.py").write_text(DAEMON)
    assert execute(tmp_path, python(DAEMON, tmp_path)).exit_code == 0
    assert (tmp_path / "ready").exists()
    assert survivors(tmp_path) == []


@linux_only
def test_process_that_walks_from_id_to_id_is_caught(tmp_path):
    assert execute(tmp_path, python(WALKER, tmp_path)).exit_code == 0
    assert (tmp_path / "ready").exists()
    assert survivors(tmp_path) == []


@linux_only
def test_run_inside_a_run_dies(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "caller.py").write_text(CALLER)
    root = Path(running.__file__).parent.parent
    script = f"PYTHONPATH='{root}' \"$@\" & while [ ! -e inner/ready ]; do sleep 0.05; done"
    family = python(STUBBORN_FAMILY + "time.sleep(600)", tmp_path)
    inner = (sys.executable, "caller.py", str(tmp_path / "inner"), *family)
    assert execute(tmp_path, ("/bin/sh", "-c", script, "sh", *inner)).exit_code == 0
    assert survivors(tmp_path) == []


@linux_only
@pytest.mark.parametrize("signals", [1, 5])
def test_ctrl_c_ends_everything_before_the_caller_hears_of_it(tmp_path, start_caller, signals):
    caller = start_caller(STUBBORN_FAMILY + "time.sleep(600)")
    for _ in range(signals):
        os.killpg(caller.pid, signal.SIGINT)
        time.sleep(0.05)
    wait_until((tmp_path / "interrupted").exists, "KeyboardInterrupt")
    assert set(survivors(tmp_path)) <= {caller.pid}
    assert caller.wait(60) == -signal.SIGINT


@linux_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_death_of_the_caller_ends_everything(tmp_path, start_caller, number):
    caller = start_caller(STUBBORN_FAMILY + "time.sleep(600)")
    caller.send_signal(number)
    assert caller.wait(60) == -number
    wait_until(lambda: not survivors(tmp_path), "the end of all processes")


@linux_only
def test_death_of_a_caller_whose_fork_holds_the_pipe_open(tmp_path, start_caller):
    preamble = f"""
import os, threading, time
def fork_when_ready():
    while not os.path.exists({str(tmp_path / "ready")!r}):
        time.sleep(0.01)
    fork = os.fork()
    if fork == 0:
        time.sleep(600)
        os._exit(0)
    with open({str(tmp_path / "writing")!r}, "w") as file:
        file.write(str(fork))
    os.rename({str(tmp_path / "writing")!r}, {str(tmp_path / "forked")!r})
threading.Thread(target=fork_when_ready, daemon=True).start()
"""
    caller = start_caller(STUBBORN_FAMILY + "time.sleep(600)", preamble)
    wait_until((tmp_path / "forked").exists, "the fork of the caller")
    caller.kill()
    caller.wait()
    # The fork belongs to the caller, not to the run: it alone has to stay.
    fork = int((tmp_path / "forked").read_text())
    wait_until(lambda: survivors(tmp_path) == [fork], "the end of all other processes")


@linux_only
def test_engine_that_kills_its_warden_dies_with_its_family(tmp_path):
    code = STUBBORN_FAMILY + "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)"
    engine_run = execute(tmp_path, python(code, tmp_path))
    assert (engine_run.exit_code, engine_run.signal, engine_run.stopped_by) == (None, signal.SIGKILL, "interrupt")
    assert survivors(tmp_path) == []


@linux_only
def test_warden_that_is_asked_to_stop_tells_what_it_did(tmp_path):
    code = STUBBORN_FAMILY + "os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"
    engine_run = execute(tmp_path, python(code, tmp_path))
    assert (engine_run.signal, engine_run.stopped_by) == (signal.SIGKILL, "interrupt")
    assert engine_run.cpu_seconds > 0
    assert survivors(tmp_path) == []


@linux_only
def test_warden_that_hangs_is_replaced_by_the_caller(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_GRACE", 0.5)
    code = STUBBORN_FAMILY + "os.kill(os.getppid(), signal.SIGSTOP); time.sleep(600)"
    engine_run = execute(tmp_path, python(code, tmp_path), wall_seconds=2.0)
    assert (engine_run.signal, engine_run.stopped_by) == (signal.SIGKILL, "wall")
    assert survivors(tmp_path) == []


@linux_only
def test_kernel_stops_a_busy_engine_when_the_warden_cannot(tmp_path):
    code = """
import os, signal, time
leader, guardian = os.getpid(), os.getppid()
if os.fork() == 0:
    os.setsid()
    while open(f"/proc/{leader}/stat").read().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.05)
    os.kill(guardian, signal.SIGCONT)
    os._exit(0)
os.kill(guardian, signal.SIGSTOP)
while True: pass
"""
    engine_run = run(RunRequest(python(code, tmp_path), tmp_path, {}, Limits(cpu_seconds=0.1)))
    assert (engine_run.signal, engine_run.stopped_by) == (signal.SIGXCPU, "cpu")


WITHOUT_SUBREAPER = "warden._prctl = lambda *_: False"
WITHOUT_PROC = WITHOUT_SUBREAPER + "; warden._HAS_PROC = False; warden.descendants = lambda _: []"


def change_warden(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Makes wardens from here on execute a statement before they serve."""
    start = running._START_WARDEN.replace("warden.serve()", f"{change}; warden.serve()")
    monkeypatch.setattr(running, "_START_WARDEN", start)


@linux_only
def test_without_a_subreaper_the_mark_finds_what_left_the_tree(tmp_path, monkeypatch):
    change_warden(monkeypatch, WITHOUT_SUBREAPER)
    assert execute(tmp_path, python(STUBBORN_FAMILY, tmp_path)).exit_code == 0
    assert (tmp_path / "ready").exists()
    assert survivors(tmp_path) == []


def test_without_prctl_and_proc_the_group_dies(tmp_path, monkeypatch):
    change_warden(monkeypatch, WITHOUT_PROC)
    monkeypatch.setattr(running, "_kill_marked", lambda *_: None)
    engine_run = execute(tmp_path, ("/bin/sh", "-c", "trap '' INT TERM; sleep 600 & echo $!; wait; sleep 600"), 1.0)
    assert (engine_run.signal, engine_run.stopped_by) == (signal.SIGKILL, "wall")
    sleeper = int(engine_run.stdout_tail())
    wait_until(lambda: getattr(warden.process_state(sleeper), "is_zombie", True), "the end of the group")


@linux_only
def test_run_in_a_thread_is_not_tied_to_it(tmp_path):
    runs = []
    code = STUBBORN_FAMILY + "time.sleep(600)"
    thread = threading.Thread(target=lambda: runs.append(execute(tmp_path, python(code, tmp_path), wall_seconds=3.0)))
    thread.start()
    thread.join(120)
    assert [engine_run.stopped_by for engine_run in runs] == ["wall"]
    assert survivors(tmp_path) == []


@linux_only
def test_both_ways_to_list_descendants_agree(monkeypatch):
    with subprocess.Popen(("/bin/sh", "-c", "sleep 600 & sleep 600 & echo; wait"), stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        from_lists = warden.descendants(shell.pid)
        monkeypatch.setattr(warden.os.path, "exists", lambda _: False)
        from_parents = warden.descendants(shell.pid)
        for pid in (*from_lists, shell.pid):
            os.kill(pid, signal.SIGKILL)
    assert len(from_lists) == 2
    assert sorted(from_lists) == sorted(from_parents)


@linux_only
def test_process_name_cannot_forge_its_state():
    stat = warden.read_proc("/proc/self/stat")
    name = stat[stat.index(b"(") : stat.rindex(b")") + 1]
    forged = warden.ProcessState(stat.replace(name, b"(x) Z 1 1 (1)"))
    assert (forged.is_zombie, forged.parent, forged.session) == (False, os.getppid(), os.getsid(0))
