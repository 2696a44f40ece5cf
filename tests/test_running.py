"""Every way in which an engine can end, each with a real process; what survives a run is for test_warden.py."""

from __future__ import annotations

import math
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from neuroalg_cli import running
from neuroalg_cli.errors import EngineUnusableError, NeuroalgError
from neuroalg_cli.running import EngineRun, Limits, RunRequest, run

if TYPE_CHECKING:
    from pathlib import Path

MEBIBYTE = 1024**2
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def python(code: str, *arguments: str) -> tuple[str, ...]:
    """Returns a command that runs a piece of Python."""
    return (sys.executable, "-I", "-S", "-c", code, *arguments)


def shell(code: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", code)


def execute(directory: Path, command: tuple[str, ...], **limits: float) -> EngineRun:
    return run(RunRequest(command, directory, ENVIRONMENT, Limits(**{"wall_seconds": 120.0, **limits})))


def test_normal_end(tmp_path):
    engine_run = execute(tmp_path, shell("echo answer; echo remark >&2"))
    assert (engine_run.exit_code, engine_run.signal, engine_run.stopped_by) == (0, None, None)
    assert engine_run.stdout_tail() == "answer\n"
    assert engine_run.stderr_tail() == "remark\n"
    assert engine_run.stdout.parent == engine_run.stderr.parent == tmp_path


def test_exit_code(tmp_path):
    engine_run = execute(tmp_path, shell("exit 3"))
    assert (engine_run.exit_code, engine_run.signal, engine_run.stopped_by) == (3, None, None)


def test_silent_success_says_nothing_and_writes_nothing(tmp_path):
    engine_run = execute(tmp_path, python(""))
    assert engine_run.exit_code == 0
    assert engine_run.stdout_tail() == engine_run.stderr_tail() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "stderr.txt", "stdout.txt", "tmp"]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGKILL])
def test_signal_is_not_an_exit_code(tmp_path, number):
    engine_run = execute(tmp_path, shell(f"kill -{int(number)} $$"))
    assert (engine_run.exit_code, engine_run.signal, engine_run.stopped_by) == (None, number, None)
    assert not list(tmp_path.glob("core*"))


def test_second_run_in_the_same_folder_starts_with_empty_output(tmp_path):
    execute(tmp_path, shell("echo a long line of the first run"))
    assert execute(tmp_path, shell("echo second")).stdout_tail() == "second\n"


@pytest.mark.parametrize(("ignored", "exit_code", "number"), [("", 7, None), ("INT", 8, None), ("INT TERM", None, 9)])
def test_wall_limit_asks_twice_and_then_kills(tmp_path, ignored, exit_code, number):
    traps = f"trap 'exit 8' TERM; trap 'exit 7' INT; trap '' {ignored or 'HUP'}"
    engine_run = execute(tmp_path, shell(f"{traps}; while :; do sleep 0.05; done"), wall_seconds=1.0)
    assert (engine_run.stopped_by, engine_run.exit_code, engine_run.signal) == ("wall", exit_code, number)
    assert engine_run.wall_seconds >= 1.0


def test_cpu_limit_of_one_process(tmp_path):
    engine_run = execute(tmp_path, python("while True: pass"), cpu_seconds=0.3)
    assert (engine_run.stopped_by, engine_run.signal) == ("cpu", signal.SIGINT)
    assert engine_run.cpu_seconds >= 0.3


def test_cpu_limit_counts_children_that_have_ended(tmp_path):
    code = """
import os, time
while True:
    if os.fork() == 0:
        while time.process_time() < 0.05: pass
        os._exit(0)
    os.wait()
"""
    engine_run = execute(tmp_path, python(code), cpu_seconds=0.5)
    assert engine_run.stopped_by == "cpu"


def test_cpu_seconds_add_up_over_orphans(tmp_path):
    code = """
import os, time
for _ in range(3):
    reading, writing = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            while time.process_time() < 0.2: pass
        else:
            os._exit(0)
        os._exit(0)
    os.wait()
    os.close(writing)
    os.read(reading, 1)
"""
    assert execute(tmp_path, python(code)).cpu_seconds >= 0.6


def test_memory_limit_of_one_process_is_the_engines_own_error(tmp_path):
    engine_run = execute(tmp_path, python(f"b'x' * {400 * MEBIBYTE}"), memory_bytes=200 * MEBIBYTE)
    assert (engine_run.exit_code, engine_run.stopped_by) == (1, None)
    assert "MemoryError" in engine_run.stderr_tail()


def test_memory_limit_of_several_processes_together(tmp_path):
    code = f"""
import os, time
for _ in range(4):
    if os.fork() == 0: break
memory = b"x" * {60 * MEBIBYTE}
time.sleep(600)
"""
    engine_run = execute(tmp_path, python(code), memory_bytes=160 * MEBIBYTE)
    assert (engine_run.stopped_by, engine_run.signal) == ("memory", signal.SIGKILL)
    assert engine_run.peak_memory_bytes > 160 * MEBIBYTE


def test_memory_that_forked_processes_share_counts_once(tmp_path):
    code = f"""
import os, time
memory = b"x" * {100 * MEBIBYTE}
for _ in range(4):
    if os.fork() == 0: break
time.sleep(1)
"""
    engine_run = execute(tmp_path, python(code), memory_bytes=250 * MEBIBYTE)
    assert (engine_run.exit_code, engine_run.stopped_by) == (0, None)
    assert 100 * MEBIBYTE < engine_run.peak_memory_bytes < 250 * MEBIBYTE


def test_peak_memory_is_not_the_callers(tmp_path):
    memory = b"x" * (200 * MEBIBYTE)
    assert execute(tmp_path, python("")).peak_memory_bytes < len(memory)


@pytest.mark.parametrize("stream", [1, 2])
def test_flood_of_output(tmp_path, stream):
    engine_run = execute(tmp_path, shell(f"exec yes >&{stream}"), output_bytes=MEBIBYTE)
    assert (engine_run.stopped_by, engine_run.signal) == ("output", signal.SIGKILL)
    assert engine_run.stdout.stat().st_size + engine_run.stderr.stat().st_size <= MEBIBYTE
    assert (engine_run.stdout_tail if stream == 1 else engine_run.stderr_tail)().startswith("y\n")


def test_file_size_limit(tmp_path):
    engine_run = execute(tmp_path, shell("exec head -c 3000000 /dev/zero > big"), file_bytes=MEBIBYTE)
    assert (engine_run.signal, engine_run.stopped_by) == (signal.SIGXFSZ, None)
    assert (tmp_path / "big").stat().st_size == MEBIBYTE


def test_kernel_limits_of_the_engine(tmp_path):
    code = (
        "from resource import *; print(*(getrlimit(k) for k in (RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_CORE)))"
    )
    limits = {"memory_bytes": 300 * MEBIBYTE, "file_bytes": 5 * MEBIBYTE, "cpu_seconds": 40.0}
    data, size = 300 * MEBIBYTE, 5 * MEBIBYTE
    expected = f"({data}, {data}) ({size}, {size}) (42, 44) (0, 0)\n"
    assert execute(tmp_path, python(code), **limits).stdout_tail() == expected


def test_environment_is_from_scratch(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAK", "1")
    monkeypatch.setenv("NEUROALG_RUN", "of the caller")
    request = RunRequest(("/usr/bin/env",), tmp_path, {"GIVEN": "é = 1", "HOME": "/"}, Limits())
    engine_run = run(request)
    variables = dict(line.split("=", 1) for line in engine_run.stdout_tail().splitlines())
    mark = variables.pop("NEUROALG_RUN")
    assert len(mark) == 32
    temporary = str(tmp_path / "tmp")
    assert variables == {"GIVEN": "é = 1", "HOME": str(tmp_path / "home"), "TMPDIR": temporary, "TMP": temporary}
    assert mark not in run(request).stdout_tail()


def test_standard_input_is_at_its_end(tmp_path):
    engine_run = execute(tmp_path, ("/bin/cat",))
    assert (engine_run.exit_code, engine_run.stdout_tail()) == (0, "")


def test_session_folder_and_open_files(tmp_path):
    code = "import os; print(os.getcwd(), os.getsid(0) == os.getpid(), sorted(os.listdir('/dev/fd'))[:4])"
    # The fourth is the listing itself.
    assert execute(tmp_path, python(code)).stdout_tail() == f"{tmp_path} True ['0', '1', '2', '3']\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_signals_that_the_caller_ignores_or_blocks_are_not_inherited(tmp_path):
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGCHLD)}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    try:
        engine_run = execute(tmp_path, shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; exit 3"))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in previous.items():
            signal.signal(number, handler)
    assert engine_run.exit_code == 3
    assert [int(line.split()[1], 16) for line in engine_run.stdout_tail().splitlines()] == [0, 0]


def test_unicode_and_bytes_that_are_no_text(tmp_path):
    directory = tmp_path / "ünï ∂ 目录"
    directory.mkdir()
    program = directory / "программа"
    program.write_text("#!/bin/sh\npwd\nprintf '%s' \"$1\" > argument\n")
    program.chmod(0o700)
    engine_run = execute(directory, (str(program), os.fsdecode(b"\xff\xc3\xa9")))
    assert engine_run.stdout_tail() == f"{directory}\n"
    assert (directory / "argument").read_bytes() == b"\xff\xc3\xa9"


def test_relative_program_starts_at_the_run_directory(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "engine").write_text("#!/bin/sh\necho here\n")
    (tmp_path / "run" / "engine").chmod(0o700)
    monkeypatch.chdir(tmp_path)
    request = RunRequest(("./engine",), (tmp_path / "run").relative_to(tmp_path), ENVIRONMENT)
    assert run(request).stdout_tail() == "here\n"


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (None, 0o700, "there is no such file"),
        (b"#!/bin/sh\n", 0o600, "not executable"),
        (b"just a text\n", 0o700, "neither a program for this processor nor a script"),
        (b"", 0o700, "neither a program for this processor nor a script"),
        (b"\x7fELF\x02\x01\x01" + bytes(57), 0o700, "neither a program for this processor nor a script"),
        (b"#!/no/such/interpreter\n", 0o700, "the interpreter that its first line names"),
    ],
    ids=["missing", "not-executable", "text", "empty", "foreign-program", "no-interpreter"],
)
def test_command_that_cannot_be_started(tmp_path, content, mode, sentence):
    program = tmp_path / "engine"
    if content is not None:
        program.write_bytes(content)
        program.chmod(mode)
    with pytest.raises(EngineUnusableError, match=f"^cannot start '{program}': .*{sentence}"):
        execute(tmp_path, (str(program),))


def test_command_that_is_a_folder_or_below_a_file(tmp_path):
    with pytest.raises(EngineUnusableError, match="it is a folder"):
        execute(tmp_path, (str(tmp_path),))
    (tmp_path / "file").touch()
    with pytest.raises(EngineUnusableError, match="no such file"):
        execute(tmp_path, (str(tmp_path / "file" / "M2"),))


def test_name_that_is_not_on_the_path(tmp_path):
    assert execute(tmp_path, ("true",)).exit_code == 0
    with pytest.raises(EngineUnusableError, match="no program of that name on the path '/usr/bin:/bin'"):
        execute(tmp_path, ("no-such-engine",))


@pytest.mark.parametrize("command", [(), ("",), ("/bin/true", "a\0b"), ("/bin/echo", "x" * 4 * MEBIBYTE)])
def test_command_that_no_kernel_takes(tmp_path, command):
    with pytest.raises(EngineUnusableError, match=r"^cannot start"):
        execute(tmp_path, command)


def test_run_directory_that_is_missing_or_booby_trapped(tmp_path):
    with pytest.raises(EngineUnusableError, match=r"cannot prepare the run directory .*no such file"):
        execute(tmp_path / "missing", ("/bin/true",))
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (tmp_path / "stdout.txt").symlink_to(precious)
    with pytest.raises(EngineUnusableError, match="cannot prepare the run directory"):
        execute(tmp_path, ("/bin/true",))
    assert precious.read_text() == "keep me"


def test_output_file_replaced_by_a_pipe_does_not_block(tmp_path):
    engine_run = execute(tmp_path, shell("rm stdout.txt stderr.txt; mkfifo stdout.txt; ln -s /etc/passwd stderr.txt"))
    assert (engine_run.exit_code, engine_run.stdout_tail(), engine_run.stderr_tail()) == (0, "", "")


def test_tail_is_the_end_and_survives_cut_characters(tmp_path):
    engine_run = execute(tmp_path, shell("printf 'beginning é'"))
    assert engine_run.stdout_tail(2) == "é"
    assert engine_run.stdout_tail(1) == "\N{REPLACEMENT CHARACTER}"
    assert engine_run.stdout_tail(0) == ""


def test_several_threads_each_get_their_own_account(tmp_path):
    def exit_code(number: int) -> int | None:
        (tmp_path / str(number)).mkdir()
        return execute(tmp_path / str(number), shell(f"exit {number}")).exit_code

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(exit_code, range(8))) == list(range(8))


@pytest.mark.parametrize("name", ["wall_seconds", "cpu_seconds", "memory_bytes", "output_bytes", "file_bytes"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_limits_must_be_positive(name, value):
    with pytest.raises(ValueError, match=name):
        Limits(**{name: value})


def test_a_cancelled_run_ends_with_all_that_it_started(tmp_path):
    (tmp_path / "run").mkdir()
    asked = []

    def is_cancelled() -> bool:
        asked.append(True)
        return (tmp_path / "run" / "begun").exists()

    command = shell("sleep 600 & echo $! > pid; touch begun; wait")
    request = RunRequest(command, tmp_path / "run", ENVIRONMENT, Limits(wall_seconds=120.0), is_cancelled)
    engine_run = run(request)
    assert engine_run.stopped_by == "interrupt"
    assert engine_run.wall_seconds < 60
    assert asked
    child = int((tmp_path / "run" / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_run_that_nobody_cancels_ends_by_itself(tmp_path):
    request = RunRequest(shell("sleep 0.7; exit 3"), tmp_path, ENVIRONMENT, Limits(wall_seconds=120.0), lambda: False)
    assert run(request).exit_code == 3


def test_no_limits_at_all(tmp_path):
    limits = Limits(math.inf, None, None, 2**62, 2**62)
    assert run(RunRequest(("/bin/true",), tmp_path, {}, limits)).exit_code == 0


@pytest.mark.parametrize(
    ("executable", "sentence"), [("/no/python", "cannot start the supervisor"), ("/bin/false", "before it started")]
)
def test_python_that_cannot_run_the_warden(tmp_path, monkeypatch, executable, sentence):
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(EngineUnusableError, match=sentence):
        execute(tmp_path, ("/bin/true",))


def test_bug_in_the_warden_is_reported_and_the_engine_is_gone(tmp_path, monkeypatch):
    start = running._START_WARDEN.replace("warden.serve()", "warden.Warden.watch = None; warden.serve()")
    monkeypatch.setattr(running, "_START_WARDEN", start)
    with pytest.raises(NeuroalgError, match=r"TypeError.*this is a bug in neuroalg") as caught:
        execute(tmp_path, shell("sleep 600"))
    assert caught.value.exit_code == 1
    assert "Traceback" in (caught.value.details or "")
