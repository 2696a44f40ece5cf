"""The command line and the Python interface where something around them is broken: streams, disks, reports, options."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.cli import run
from neuroalg_cli.engine import MINIMAL_MEMORY, Installation
from neuroalg_cli.engines.macaulay2 import Macaulay2
from neuroalg_cli.errors import EngineUnusableError, MemoryLimitError, SpecError, UsageError
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINEAR = ("dim", "--arch", "mlp", "--widths", "3,2,3")
PROGRAM = f"'{sys.executable}' -m neuroalg_cli"
#: of every kind of output: a rich table, JSON, click's text, help that ends early
SPEAKERS = (" ".join(LINEAR), " ".join(LINEAR) + " --json", "schema", "list methods", "dim --help", "--version")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def complaints(text: str) -> list[str]:
    return [line for line in text.splitlines() if "the network is linear" not in line]


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_full_disk_behind_standard_output_is_one_sentence(speaker: str) -> None:
    result = shell(f"{PROGRAM} {speaker} >/dev/full")
    assert result.returncode == 2
    (sentence,) = complaints(result.stderr)
    assert "standard output cannot be written" in sentence


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_closed_standard_output_is_one_sentence(speaker: str) -> None:
    result = shell(f"{PROGRAM} {speaker} >&-")
    assert result.returncode == 2
    (sentence,) = complaints(result.stderr)
    assert "standard output cannot be written" in sentence


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_a_reader_that_goes_away_is_no_failure(speaker: str) -> None:
    result = shell(f"{PROGRAM} {speaker} | true; echo ${{PIPESTATUS[0]}}")
    assert result.stdout.split() == ["0"]
    assert complaints(result.stderr) == []


@pytest.mark.parametrize("broken", ["2>/dev/full", "2>&-"])
def test_an_answer_survives_a_standard_error_that_cannot_be_written(broken: str) -> None:
    result = shell(f"{PROGRAM} {' '.join(LINEAR)} {broken}")
    assert result.returncode == 0
    assert "dimension                 8  theorem" in result.stdout
    assert shell(f"{PROGRAM} dim {broken}").returncode == 3


@pytest.mark.parametrize(("command", "code"), [("dim -", 3), ("verify -", 2), ("report show -", 2)])
def test_a_closed_standard_input_is_empty(command: str, code: int) -> None:
    result = shell(f"{PROGRAM} {command} <&-")
    assert result.returncode == code
    (sentence,) = complaints(result.stderr)
    assert "standard input is empty" in sentence


def test_a_place_that_takes_no_report_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def worked(*_: object, **__: object) -> None:
        pytest.fail("hours of work, and no place for the report")

    monkeypatch.setattr("neuroalg_cli.asking.answer", worked)
    for place in ("", " ", str(tmp_path), str(tmp_path / "no" / "report.json"), "a\0b"):
        assert run([*LINEAR, "-o", place]) == 2
        assert "the report cannot be written" in capsys.readouterr().err


def test_a_disk_that_is_full_after_the_work_does_not_cost_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*LINEAR, "-o", "/dev/full"]) == 2
    output = capsys.readouterr()
    assert "dimension                 8  theorem" in output.out
    assert "the report cannot be written to '/dev/full'" in output.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--timeout", "999999999h"),  # beyond what a timer of the system takes
        ("--memory", "999999999999T"),  # beyond 64 bits
        ("--memory", "0.000001"),  # a part of a byte
        ("--seed", "１"),  # a digit that is not ASCII
        ("--seed", "1_000"),
        ("--seed", "9223372036854775808"),
        ("--engine", "x" * 5000),
        ("--method", "x" * 5000),
        ("--method", "\x1b]0;title\x07"),
        ("--no\x1b[2J", "x"),
    ],
)
def test_wild_values_are_one_short_sentence(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", *LINEAR, option, value]) == 2
    output = capsys.readouterr()
    assert len(output.err.splitlines()) == 1
    assert len(output.err) < 600
    assert "\x1b" not in output.err
    assert output.out == ""


@pytest.mark.parametrize("memory", ["1", "1K", "20M", "50M"])
def test_a_tiny_memory_limit_is_reached_and_does_not_crash(memory: str) -> None:
    result = shell(f"{PROGRAM} -q {' '.join(LINEAR)} --method jacobian --memory {memory}")
    assert result.returncode == 7
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("memory", [1, 50 * 2**20, MINIMAL_MEMORY - 1])
def test_no_engine_is_started_with_less_memory_than_it_needs_to_start(memory: int) -> None:
    script = render("macaulay2/known-answer")
    installation = Installation("macaulay2", ("/no/such/program",), "1.25", "", "/no/such/program", "option")
    with pytest.raises(MemoryLimitError, match="too small for Macaulay2 to start"):
        execute(script, installation, Limits(memory_bytes=memory))


def test_help_keeps_the_lines_of_its_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["dim"], ["script"], ["verify"]):
        assert run([*command, "--help"]) == 0
        output = capsys.readouterr().out
        assert "\\b" not in output
        assert any(line.strip().removeprefix("Try:  ").startswith("neuroalg ") for line in output.splitlines())


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("Usage: neuroalg")


def test_tables_in_a_pipe_are_not_cut(tmp_path: Path) -> None:
    engine = tmp_path / ("long-" * 20) / "M2"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\necho 1.25.06\n")
    engine.chmod(0o755)
    result = shell(f"{PROGRAM} list engines", NEUROALG_MACAULAY2=str(engine), COLUMNS="20")
    assert str(engine) in result.stdout


def _without_claims(report: Any) -> None:
    report["claims"] = []


def _with_evidence(**evidence: Any) -> Callable[[Any], None]:
    def damage(report: Any) -> None:
        report["claims"][0]["evidence"] = evidence

    return damage


def _with_odd_specification(report: Any) -> None:
    report["architecture"]["specification"] = {"widths": [3, [1], {}]}


def _too_deep(report: Any) -> None:
    bound: Any = {}
    for _ in range(400):
        bound = {"bound": "composition", "left": bound, "right": {}, "value": 1, "gain": 1}
    report["claims"][0]["evidence"] = {"lower_bound": {"value": 1, "prime": 2}, "upper_bound": bound}


@pytest.fixture(scope="module")
def report() -> Any:
    found = na.ask(na.mlp([3, 2, 3]), method="jacobian")
    return found.model_dump(mode="json", by_alias=True)


@pytest.mark.parametrize(
    "damage",
    [
        _without_claims,
        _with_evidence(lower_bound={}, upper_bound={}),
        _with_evidence(lower_bound=3, upper_bound=[]),
        _with_evidence(theorem=3),
        _with_evidence(lower_bound={"value": 1, "prime": 2}, upper_bound={"bound": "composition", "value": 1}),
        _too_deep,
    ],
)
def test_a_damaged_report_is_named_and_nothing_of_it_shown(
    damage: Callable[[Any], None], report: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = copy.deepcopy(report)
    damage(damaged)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(damaged), "utf-8")
    assert run(["report", "show", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "damaged report" in output.err
    assert len(output.err.splitlines()) == 1


def test_a_report_does_not_command_the_terminal(
    report: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = copy.deepcopy(report)
    hostile["architecture"]["label"] = "\x1b]0;title\x07 \x9b2J [bold]label"
    hostile["claims"][0]["value"]["\x1b[2J"] = 5
    _with_odd_specification(hostile)
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(report), "utf-8")
    bad.write_text(json.dumps(hostile), "utf-8")
    assert run(["report", "show", str(bad)]) == 0
    assert run(["report", "diff", str(good), str(bad)]) == 12
    output = capsys.readouterr().out
    assert "[bold]label" in output
    assert not set(output) & set("\x1b\x07\x9b")


def test_what_is_wrong_with_the_disk_is_said_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        program = tmp_path / folder / "M2"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setattr(Macaulay2, "wheel_program", lambda _: tmp_path / "one" / "M2")
    monkeypatch.setenv("PATH", str(tmp_path / "two"))
    monkeypatch.setenv("NEUROALG_RUNS", "/dev/null")
    with pytest.raises(EngineUnusableError) as caught:
        find("macaulay2")
    assert str(caught.value).count("cannot create a run directory") == 1


@pytest.mark.parametrize("value", [None, 3, "mlp", [3, 2, 3], {"family": "mlp"}])
def test_what_is_no_network_is_said_to_be_none(value: Any) -> None:
    for ask in (na.dimension, na.ask):
        with pytest.raises(SpecError, match="is no network"):
            ask(value)


@pytest.mark.parametrize(
    "widths", [None, 3, "3,2,3", [3, 2.0, 3], [3, "2"], [3, None], [True, 1], {3, 2}, {3: 1, 2: 1}]
)
def test_widths_of_the_wrong_type(widths: Any) -> None:
    with pytest.raises(SpecError, match="widths"):
        na.mlp(widths)


def test_integers_of_numpy_are_integers() -> None:
    plain = na.mlp([3, 2, 1], [2])
    assert na.mlp(np.array([3, 2, 1]), np.int64(2)) == plain  # type: ignore[arg-type]
    assert na.mlp([np.int64(3), np.int32(2), 1], np.array([2])) == plain  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="widths"):
        na.mlp(np.array([3.0, 2.0]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"seed": -1},
        {"seed": 1.5},
        {"seed": None},
        {"seed": "x"},
        {"seconds": 0},
        {"seconds": "x"},
        {"seconds": float("nan")},
        {"memory": -1},
        {"memory": "8G"},
        {"memory": float("nan")},
        {"engine_paths": None},
        {"engine_paths": "x"},
        {"engine_paths": {"sage": 3}},
        {"method": 3},
        {"engine": None},
    ],
)
def test_options_of_the_wrong_type(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        na.dimension(na.mlp([3, 2, 3]), **options)


def test_threads_may_ask() -> None:
    # Every map is a polynomial of degree 2 with 2 outputs in 3 inputs; 4 hidden neurons: 12 + 8 - 4 scalings fill 12.
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(na.dimension(na.mlp([3, 4, 2], 2), method="jacobian").value["dimension"])
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [12] * 4


def test_doctor_refuses_an_empty_engine_as_dim_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--macaulay2", ""]) == 2
    assert "--macaulay2 is empty" in capsys.readouterr().err
