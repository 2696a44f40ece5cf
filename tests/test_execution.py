"""From a script to an answer or the right error; the shell stands for the engines, and real ones answer at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from fractions import Fraction
from pathlib import Path

import pytest

from neuroalg_cli import engine as engines
from neuroalg_cli.engine import Installation
from neuroalg_cli.errors import (
    EngineCrashError,
    EngineUnusableError,
    MemoryLimitError,
    NoResultError,
    ScriptError,
    TimeLimitError,
)
from neuroalg_cli.execution import execute
from neuroalg_cli.rendering import Script
from neuroalg_cli.running import Limits

SHELL = Installation("macaulay2", ("/bin/sh",), "1.21", "0" * 64, "/bin/sh", "option")
WRITE = """printf '{"n": "7"}' > result.json.partial; mv result.json.partial result.json"""


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """Returns the folder in which run directories are made."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("NEUROALG_RUNS", str(folder))
    return folder


def script(text: str, *, files: tuple[Path, ...] = (), value=None) -> Script:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Script("macaulay2/test", text, digest, digest, "macaulay2", files, value or {"n": "natural"})


def test_an_answer_has_values_of_the_promised_types_and_leaves_nothing_behind(runs):
    answer = execute(script(WRITE), SHELL, Limits(wall_seconds=30))
    assert answer.values == {"n": 7}
    assert answer.run.exit_code == 0
    assert list(runs.iterdir()) == []


def test_what_a_stopped_script_had_so_far_is_in_the_error():
    text = """printf '{"n": "5"}' > so-far.json; sleep 60"""
    with pytest.raises(TimeLimitError) as caught:
        execute(script(text), SHELL, Limits(wall_seconds=1))
    assert caught.value.so_far == {"n": 5}


@pytest.mark.parametrize("content", ["", '{"n": "five"}', '{"n": 5}', '{"m": "5"}'])
def test_an_unreadable_part_of_an_answer_is_none(content):
    with pytest.raises((ScriptError, EngineCrashError)) as caught:
        execute(script(f"printf '{content}' > so-far.json; exit 1"), SHELL, Limits(wall_seconds=30))
    assert caught.value.so_far is None


def test_a_part_of_an_answer_is_no_answer():
    with pytest.raises(NoResultError):
        execute(script("""printf '{"n": "5"}' > so-far.json"""), SHELL, Limits(wall_seconds=30))


def test_values_are_typed_by_the_shape():
    text = """printf '{"q": "-1/3", "none": null, "list": ["1"]}' > result.json"""
    answer = execute(script(text, value={"q": "rational", "none": "natural?", "list": ["integer"]}), SHELL, Limits())
    assert answer.values == {"q": Fraction(-1, 3), "none": None, "list": [1]}


def test_library_files_lie_beside_the_script_and_the_folder_can_be_kept(runs, tmp_path):
    library = tmp_path / "Library.m2"
    library.write_text("7")
    text = """test -f script.m2 && printf '{"n": "%s"}' $(cat Library.m2) > result.json"""
    answer = execute(script(text, files=(library,)), SHELL, Limits(wall_seconds=30), keep=True)
    assert answer.values == {"n": 7}
    (kept,) = runs.iterdir()
    assert {path.name for path in kept.iterdir()} >= {
        "script.m2",
        "Library.m2",
        "result.json",
        "stdout.txt",
        "stderr.txt",
    }


FAILURES = [
    ("true", Limits(wall_seconds=30), NoResultError, "did not reach its end"),
    ("exit 3", Limits(wall_seconds=30), EngineCrashError, "exit code 3"),
    (
        "echo 'script.m2:2:1:(3):[6]: error: no such thing' >&2; exit 1",
        Limits(wall_seconds=30),
        ScriptError,
        "no such thing",
    ),
    ("sleep 30", Limits(wall_seconds=0.3), TimeLimitError, "time limit of 0.3 s"),
    ("kill -SEGV $$", Limits(wall_seconds=30), EngineCrashError, "SIGSEGV"),
    ("kill -ILL $$", Limits(wall_seconds=30), EngineUnusableError, "processor lacks"),
    (
        "echo 'out of memory trying to allocate 8 bytes' >&2; exit 1",
        Limits(wall_seconds=30),
        MemoryLimitError,
        "out of memory",
    ),
    ("printf '{}' > result.json.partial", Limits(wall_seconds=30), NoResultError, "did not reach its end"),
    (f"{WRITE}; exit 1", Limits(wall_seconds=30), EngineCrashError, "exit code 1"),
    (f"{WRITE}; kill -SEGV $$", Limits(wall_seconds=30), EngineCrashError, "SIGSEGV"),
    (f"{WRITE}; echo '-- SIGSEGV' >&2", Limits(wall_seconds=30), EngineCrashError, "SIGSEGV"),
    (f"{WRITE}; sleep 30", Limits(wall_seconds=0.5), TimeLimitError, "time limit"),
    ("""printf '{"n": 7}' > result.json""", Limits(wall_seconds=30), NoResultError, "without quotes"),
    ("""printf '{"n": "7"' > result.json""", Limits(wall_seconds=30), NoResultError, "cannot be read"),
    ("""printf '{"m": "7"}' > result.json""", Limits(wall_seconds=30), NoResultError, "keys"),
    ("ln -s /etc/passwd result.json", Limits(wall_seconds=30), NoResultError, "link"),
    ("mkdir result.json", Limits(wall_seconds=30), NoResultError, "did not reach its end"),
]


@pytest.mark.parametrize(("text", "limits", "error", "reason"), FAILURES)
def test_every_failure_is_told_apart_and_its_folder_is_kept_and_named(text, limits, error, reason, runs):
    with pytest.raises(error, match=reason) as caught:
        execute(script(text), SHELL, limits)
    assert type(caught.value) is error
    (kept,) = runs.iterdir()
    assert caught.value.directory == str(kept)
    assert (kept / "script.m2").read_text() == text


def test_what_the_engine_printed_last_is_in_the_details():
    with pytest.raises(EngineCrashError) as caught:
        execute(
            script("for i in $(seq 100); do echo line $i; done; echo fault >&2; exit 3"), SHELL, Limits(wall_seconds=30)
        )
    assert "line 100\n" in caught.value.details + "\n"
    assert "line 10\n" not in caught.value.details
    assert "fault" in caught.value.details


def test_the_environment_is_built_from_nothing(monkeypatch):
    monkeypatch.setenv("SECRET", "of the caller")
    monkeypatch.setenv("M2_CONFIG", "of the caller")
    text = (
        """test -z "$SECRET" && test -z "$M2_CONFIG" && test "$LC_ALL" = C.UTF-8 && test "$OMP_NUM_THREADS" = 1 && """
        + WRITE
    )
    assert execute(script(text), SHELL, Limits(wall_seconds=30)).values == {"n": 7}


def test_a_script_of_another_engine_is_refused():
    with pytest.raises(ValueError, match="cannot run on macaulay2"):
        execute(dataclasses.replace(script(WRITE), engine="sage"), SHELL, Limits())


def test_an_engine_that_cannot_be_started_is_unusable():
    gone = dataclasses.replace(SHELL, command=("/no/such/engine",))
    with pytest.raises(EngineUnusableError, match="/no/such/engine"):
        execute(script(WRITE), gone, Limits())


LIVE = ["script-error", "syntax-error", "silence", "fault", "memory-numbers"]


@pytest.mark.parametrize("kind", LIVE)
def test_real_engines_fail_as_recorded(each_installation, kind):
    import tomllib

    from neuroalg_cli import assets, errors

    engine = engines.load(each_installation.engine)
    folder = Path(__file__).parent / "engines" / "failures"
    description = tomllib.loads((folder / "kinds.toml").read_text())[kind]
    text = (folder / engine.name / f"{kind}{engine.script_suffix}.txt").read_text()
    files = tuple(sorted(assets.folder(engine.library_folder).glob(f"*{engine.script_suffix}")))
    failing = dataclasses.replace(script(text, files=files, value={}), engine=engine.name)
    with pytest.raises(getattr(errors, description["error"])):
        execute(failing, each_installation, Limits(wall_seconds=120, **description.get("limits", {})))


def test_a_full_disk_is_named_where_the_engine_does_not(monkeypatch):
    real = os.statvfs

    def full(path):
        state = list(real(path))
        state[4] = 0  # f_bavail
        return os.statvfs_result(state)

    monkeypatch.setattr(os, "statvfs", full)
    with pytest.raises(EngineUnusableError, match="is full"):
        execute(script("exit 1"), SHELL, Limits(wall_seconds=30))
    monkeypatch.undo()


def test_a_failure_on_a_disk_with_room_is_not_blamed_on_the_disk():
    with pytest.raises((ScriptError, EngineCrashError)):
        execute(script("exit 1"), SHELL, Limits(wall_seconds=30))
