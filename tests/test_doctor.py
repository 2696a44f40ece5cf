"""The doctor: every state is reported, none is raised."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from neuroalg_cli import doctor, finding
from neuroalg_cli import engine as engines
from neuroalg_cli.engines import macaulay2, msolve, sage
from neuroalg_cli.errors import CheckFailedError


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in engines.names():
        monkeypatch.delenv(f"NEUROALG_{name.upper()}", raising=False)
    monkeypatch.setattr(macaulay2.Macaulay2, "wheel_program", lambda _: None)
    monkeypatch.setattr(sage.Sage, "wheel_program", lambda _: None)
    monkeypatch.setattr(msolve.Msolve, "wheel_program", lambda _: None)


def states(configured=None):
    return {state["name"]: state for state in doctor.examine(configured)["engines"]}


@pytest.mark.usefixtures("nothing_installed")
def test_it_works_with_no_engine_installed():
    found = states()
    assert found["builtin"]["works"]
    for name in engines.names():
        state = found[name]
        assert (state["state"], state["found"], state["works"], state["exit_code"]) == ("missing", False, False, 4)
        assert state["known_answer"] == "not run"
        assert "pip install" in state["cure"]
        assert "was not found" in state["reason"]
    json.dumps(doctor.examine())


@pytest.mark.usefixtures("nothing_installed")
def test_rows_for_a_list_of_engines():
    rows = doctor.engine_rows()
    assert [row["engine"] for row in rows] == ["builtin", *engines.names()]
    assert {row["state"] for row in rows[1:]} == {"missing"}
    assert all(isinstance(value, str) for row in rows for value in row.values())


@pytest.fixture
def fake(tmp_path):
    """Returns a function that makes a Macaulay2 out of a line of shell that answers a script."""

    def make(body: str) -> str:
        path = tmp_path / "M2"
        path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo 1.25; exit; fi\n{body}\n')
        path.chmod(0o755)
        return str(path)

    return make


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("body", "state", "known_answer", "exit_code", "reason"),
    [
        ("""printf '{"dimension": "2", "degree": "3", "rank": "8"}' > result.json""", "works", "passed", 0, ""),
        (
            """printf '{"dimension": "2", "degree": "4", "rank": "8"}' > result.json""",
            "fails its test",
            "failed",
            12,
            "degree",
        ),
        ("""printf '{"dimension": "2"}' > result.json""", "fails its test", "failed", 10, "keys"),
        ("true", "fails its test", "failed", 10, "no result"),
        ("kill -SEGV $$", "fails its test", "failed", 9, "SIGSEGV"),
        ("kill -ILL $$", "fails its test", "failed", 5, "processor"),
    ],
)
def test_an_engine_is_asked_a_question_with_a_known_answer(fake, body, state, known_answer, exit_code, reason):
    found = states({"macaulay2": fake(body)})["macaulay2"]
    assert (found["state"], found["known_answer"], found["exit_code"]) == (state, known_answer, exit_code)
    assert found["version"] == "1.25"
    assert found["origin"] == "option"
    assert reason in found["reason"]
    assert bool(found["cure"]) == (state != "works")


@pytest.mark.usefixtures("nothing_installed")
def test_an_unusable_engine_is_found_and_does_not_work(tmp_path):
    path = tmp_path / "old"
    path.write_text("#!/bin/sh\necho 1.2\n")
    path.chmod(0o755)
    found = states({"macaulay2": str(path)})["macaulay2"]
    assert (found["state"], found["found"], found["works"], found["exit_code"]) == ("unusable", True, False, 5)
    assert "too old" in found["reason"]


@pytest.mark.parametrize("error", [RuntimeError("surprise"), OSError(28, "no space"), MemoryError(), RecursionError()])
def test_a_bug_is_reported_and_not_raised(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(finding, "find", fail)
    for name in engines.names():
        state = states()[name]
        assert not state["works"]
        assert type(error).__name__ in state["reason"]
        assert state["exit_code"] == 1


@pytest.mark.parametrize(("lacking", "code"), [("msolve", 0), ("macaulay2", 4)])
def test_only_an_optional_engine_may_be_missing(monkeypatch, lacking, code):
    from click.testing import CliRunner

    from neuroalg_cli.commands.doctor import COMMAND

    state = {
        "program_version": "0",
        "python": "3",
        "engines": [
            {"title": name, "optional": engines.load(name).is_optional, "state": "missing", "exit_code": 4}
            if name == lacking
            else {"title": name, "optional": engines.load(name).is_optional, "state": "works", "exit_code": 0}
            for name in engines.names()
        ],
    }
    monkeypatch.setattr(doctor, "examine", lambda _: state)
    found = CliRunner().invoke(COMMAND, ["--json", "--require-engines"], standalone_mode=False)
    assert found.return_value == code


def test_an_optional_engine_that_does_not_work_is_no_excuse(tmp_path):
    broken = tmp_path / "msolve"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = -h ] && echo "msolve library for polynomial system solving, version 0.9.0" && exit\n'
        'echo "[1]:" > basis.txt\n'
    )
    broken.chmod(0o755)
    state = states({"msolve": str(broken)})["msolve"]
    assert state["optional"]
    assert (state["state"], state["known_answer"]) == ("fails its test", "failed")
    assert state["exit_code"] == 10


def test_real_engines_pass(each_installation):
    doctor.check_known_answer(each_installation)
    assert len(each_installation.sha256) == 64
    assert engines.load(each_installation.engine).is_new_enough(each_installation.version)


def test_a_wrong_answer_of_the_builtin_engine_is_noticed(monkeypatch):
    import flint

    class Broken:
        def __init__(self, *_):
            pass

        def rank(self):
            return 1

    monkeypatch.setattr(flint, "nmod_mat", Broken)
    with pytest.raises(CheckFailedError):
        doctor._check_builtin()
    assert states()["builtin"]["exit_code"] == 12


def test_it_imports_nothing_large_before_it_is_asked():
    code = (
        "import sys; import neuroalg_cli.doctor, neuroalg_cli.finding, neuroalg_cli.catalogue, neuroalg_cli.engine as e; "
        "e.load_all(); print(sorted({'numpy', 'jinja2', 'pydantic', 'flint', 'sage'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
