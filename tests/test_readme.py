"""The README's answer is what the program prints."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from neuroalg_cli.cli import run

if TYPE_CHECKING:
    import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")


def test_the_answer_in_the_readme_is_real(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    block = README.split("## One answer")[1].split("```")[1].removeprefix("console\n")
    command, _, shown = block.partition("\n")
    assert run(shlex.split(command.removeprefix("$ neuroalg "))) == 0
    printed = capsys.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()] == [line.rstrip() for line in shown.splitlines()]


def test_the_summary_in_the_readme_is_real(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    block = README.split("## Every architecture")[1].split("```")[1].removeprefix("console\n")
    command, _, shown = block.partition("\n")
    assert run(shlex.split(command.removeprefix("$ neuroalg "))) == 0

    def comparable(text: str) -> list[str]:
        return [line.rstrip() for line in text.splitlines() if not line.startswith("time ")]

    assert comparable(capsys.readouterr().out) == comparable(shown)
