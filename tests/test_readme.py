"""The README's answers are what the program prints."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from neuroalg_cli.cli import run

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")


def answers(heading: str) -> list[tuple[str, str]]:
    """Returns commands and what they print, of the section with this heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = [block.removeprefix("console\n") for block in section.split("```")[1::2] if block.startswith("console\n")]
    return [(command.removeprefix("$ neuroalg "), shown) for command, _, shown in (b.partition("\n") for b in blocks)]


def comparable(text: str) -> list[str]:
    """Returns the lines without blanks at their ends and without times."""
    return [line.rstrip() for line in text.splitlines() if not line.startswith("time ")]


@pytest.mark.parametrize(
    ("command", "shown"),
    [answer for heading in ("One answer", "Degree and equations", "Every architecture") for answer in answers(heading)],
)
def test_the_answers_in_the_readme_are_real(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, shown: str
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(shlex.split(command)) == 0
    assert comparable(capsys.readouterr().out) == comparable(shown)


def test_every_section_with_answers_is_read() -> None:
    assert len(answers("Degree and equations")) == 2
    assert README.count("```console\n") == 4
