"""The diagnosis of real failures, from recordings, without any engine; record.py renews them."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest

from neuroalg_cli import engine, errors
from neuroalg_cli.diagnosis import diagnose
from neuroalg_cli.running import EngineRun, Limits, RunRequest

HERE = Path(__file__).parent
KINDS = tomllib.loads((HERE / "failures" / "kinds.toml").read_text(encoding="utf-8"))
RECORDINGS = sorted((HERE / "recordings").glob("*/*.json"))
BY_NAME = {f"{path.parent.name}/{path.stem}": path for path in RECORDINGS}


def replay(path: Path, directory: Path) -> tuple[dict, EngineRun]:
    """Returns a recording and the run that it describes, as if it had happened in the given directory."""
    seen = json.loads(path.read_text(encoding="utf-8"))
    files = {}
    for name in ("stdout", "stderr"):
        files[name] = directory / f"{name}.txt"
        files[name].write_text(seen[name].replace("{directory}", str(directory)), encoding="utf-8")
    request = RunRequest(("engine",), directory, {}, Limits(**seen["limits"]))
    facts = {
        field.name: seen[field.name]
        for field in dataclasses.fields(EngineRun)
        if field.name in seen and field.name not in files
    }
    return seen, EngineRun(request=request, **facts, **files)


def test_every_engine_has_recordings_of_every_kind():
    recorded = {(path.parent.name.rpartition("-")[0], path.stem) for path in RECORDINGS}
    expected = {(name, kind) for kind, about in KINDS.items() for name in about.get("engines", engine.names())}
    assert recorded == expected


def test_the_floor_and_a_newer_version_of_every_engine_are_recorded():
    for loaded in engine.load_all():
        versions = {
            path.parent.name.rpartition("-")[2] for path in RECORDINGS if path.parent.name.startswith(loaded.name)
        }
        assert loaded.minimum_version in versions
        assert len(versions) >= 2


@pytest.mark.parametrize("name", BY_NAME)
def test_a_recorded_failure_is_told_apart(name, tmp_path):
    seen, run = replay(BY_NAME[name], tmp_path)
    error = diagnose(engine.load(seen["engine"]), run, finished=seen["result"] is not None)
    assert type(error) is getattr(errors, KINDS[seen["kind"]]["error"])


@pytest.mark.parametrize("name", BY_NAME)
def test_the_sentence_names_the_engine_and_a_next_step_on_one_line(name, tmp_path):
    seen, run = replay(BY_NAME[name], tmp_path)
    loaded = engine.load(seen["engine"])
    error = diagnose(loaded, run, finished=seen["result"] is not None)
    assert str(error).startswith(loaded.title)
    assert "; " in str(error)
    assert str(error).isprintable()
    assert str(tmp_path) not in str(error)


def line_of(script: str, text: str) -> int:
    return next(number for number, line in enumerate(script.splitlines(), start=1) if text in line)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name.endswith(("script-error", "missing-library"))])
def test_a_script_error_names_the_line_of_the_script(name, tmp_path):
    seen, run = replay(BY_NAME[name], tmp_path)
    loaded = engine.load(seen["engine"])
    script = (HERE / "failures" / loaded.name / f"{seen['kind']}{loaded.script_suffix}.txt").read_text(encoding="utf-8")
    # Macaulay2 leaves calls of functions in tail position out of its back trace, and names the line of the call.
    cause = {
        ("script-error", "macaulay2"): "f 4",
        ("script-error", "sage"): "undefined_function",
        ("missing-library", "macaulay2"): "NoSuchLibrary",
        ("missing-library", "sage"): "no_such_library",
    }[seen["kind"], loaded.name]
    place = f"(line {line_of(script, cause)} of script{loaded.script_suffix})"
    assert place in str(diagnose(loaded, run))


@pytest.mark.parametrize("name", [name for name in BY_NAME if name.endswith("library-error")])
def test_an_error_in_a_library_names_the_file_of_the_library(name, tmp_path):
    seen, run = replay(BY_NAME[name], tmp_path)
    message = str(diagnose(engine.load(seen["engine"]), run))
    assert "unknown operation nonsense" in message
    assert f" of {'Network.m2' if seen['engine'] == 'macaulay2' else 'network.py'})" in message


def test_macaulay2_goes_on_after_a_fault_and_is_not_trusted(tmp_path):
    faults = [path for name, path in BY_NAME.items() if name.startswith("macaulay2") and name.endswith("/fault")]
    for path in faults:
        seen, run = replay(path, tmp_path)
        # What makes it dangerous: exit code 0 and a result.
        assert seen["exit_code"] == 0
        assert seen["result"] is not None
        assert isinstance(diagnose(engine.load("macaulay2"), run, finished=True), errors.EngineCrashError)


@pytest.mark.parametrize(
    ("stopped_by", "expected"),
    [
        ("wall", errors.TimeLimitError),
        ("cpu", errors.TimeLimitError),
        ("memory", errors.MemoryLimitError),
        ("output", errors.NoResultError),
        ("interrupt", errors.InterruptedRunError),
    ],
)
@pytest.mark.parametrize("name", ["macaulay2-1.21/fault", "sage-9.5/memory-numbers", "macaulay2-1.21/script-error"])
def test_who_stopped_a_run_wins_over_what_the_engine_said(name, stopped_by, expected, tmp_path):
    seen, run = replay(BY_NAME[name], tmp_path)
    stopped = dataclasses.replace(run, stopped_by=stopped_by)
    for finished in (False, True):
        assert type(diagnose(engine.load(seen["engine"]), stopped, finished=finished)) is expected


@pytest.mark.parametrize("name", KINDS["silence"]["engines"])
def test_chatter_on_stderr_is_no_failure(name, tmp_path):
    path = next(path for key, path in BY_NAME.items() if key.startswith(name) and key.endswith("/silence"))
    seen, run = replay(path, tmp_path)
    run.stderr.write_text("-- warning: out of patience\nUserWarning: deprecated\n")
    assert seen["exit_code"] == 0
    assert diagnose(engine.load(name), run, finished=True) is None
    assert isinstance(diagnose(engine.load(name), run, finished=False), errors.NoResultError)


def test_a_shell_that_reports_an_illegal_instruction_is_understood(tmp_path):
    _, run = replay(BY_NAME["macaulay2-1.21/illegal-instruction"], tmp_path)
    told_by_a_shell = dataclasses.replace(run, signal=None, exit_code=132)
    assert isinstance(diagnose(engine.load("macaulay2"), told_by_a_shell), errors.EngineUnusableError)


def test_the_cause_is_found_at_both_ends_of_a_long_output(tmp_path):
    seen, run = replay(BY_NAME["macaulay2-1.21/memory-heap"], tmp_path)
    chatter = "nothing of interest\n" * 100_000
    for text in (seen["stderr"] + chatter, chatter + seen["stderr"]):
        run.stderr.write_text(text)
        assert isinstance(diagnose(engine.load("macaulay2"), run), errors.MemoryLimitError)
