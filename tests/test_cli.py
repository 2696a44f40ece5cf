"""The command line as a user meets it: data on stdout, talk on stderr, one sentence and an exit code for what is wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from neuroalg_cli.cli import run

if TYPE_CHECKING:
    from pathlib import Path

LINEAR = ("dim", "--arch", "mlp", "--widths", "3,2,3")


def neuroalg(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "neuroalg_cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=cwd)


def test_the_first_command_that_everybody_tries(capsys: pytest.CaptureFixture[str]) -> None:
    # Matrices of rank at most 2 of size 3 x 3: dimension 2 (3 + 3 - 2) = 8, arXiv:2501.18915, appendix.
    assert run([*LINEAR]) == 0
    output = capsys.readouterr()
    assert "dimension                 8  theorem" in output.out
    assert "the network is linear" in output.err


def test_json_is_nothing_but_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*LINEAR, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    claim = report["claims"][0]
    assert (claim["invariant"], claim["certainty"], claim["kind"]) == ("dimension", "theorem", "exact")
    assert claim["value"]["dimension"] == 8
    assert claim["value"]["projective_dimension"] == 7
    assert claim["value"]["parameters"] == 12
    assert report["architecture"]["label"] == "mlp-3.2.3-r1"


def test_quiet_says_nothing_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--quiet", *LINEAR]) == 0
    assert capsys.readouterr().err == ""


def test_two_runs_give_the_same_report_outside_the_volatile_part(tmp_path: Path) -> None:
    question = (
        "dim",
        "--arch",
        "mlp",
        "--widths",
        "3,4,2,1",
        "--activation-degree",
        "2",
        "--method",
        "jacobian",
        "--seed",
        "5",
    )
    paths = [tmp_path / "first.json", tmp_path / "second.json"]
    for path in paths:
        assert neuroalg(*question, "-o", str(path)).returncode == 0
    assert neuroalg("report", "diff", *map(str, paths)).returncode == 0
    first, second = (json.loads(path.read_text("utf-8")) for path in paths)
    assert first.pop("volatile") is not second.pop("volatile")
    assert first == second


def test_another_seed_is_another_report(tmp_path: Path) -> None:
    paths = []
    for seed in ("1", "2"):
        paths.append(str(tmp_path / seed))
        assert neuroalg(*LINEAR, "--method", "jacobian", "--seed", seed, "-o", paths[-1]).returncode == 0
    result = neuroalg("report", "diff", *paths)
    assert result.returncode == 12
    assert b"seed" in result.stdout


def test_a_report_is_verified_and_a_tampered_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert neuroalg(*LINEAR, "--method", "jacobian", "-o", str(path)).returncode == 0
    assert neuroalg("verify", str(path)).returncode == 0
    report = json.loads(path.read_text("utf-8"))
    report["claims"][0]["value"]["dimension"] = 9
    result = neuroalg("verify", "-", stdin=json.dumps(report).encode())
    assert result.returncode == 12
    assert b"REFUSED" in result.stdout


def test_a_report_without_proofs_is_not_said_to_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert neuroalg(*LINEAR, "-o", str(path)).returncode == 0
    result = neuroalg("verify", str(path))
    assert result.returncode == 12
    assert b"nothing to replay" in result.stderr


def test_a_specification_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    toml = b'family = "mlp"\nwidths = [3, 2, 1]\nactivation_degree = 2\n'
    path = tmp_path / "network.toml"
    path.write_bytes(toml)
    # Symmetric 3 x 3 matrices of rank at most 2: 3*2 - 1 = 5 (Alexander-Hirschowitz, degree 2).
    for result in (neuroalg("dim", str(path), "--json"), neuroalg("dim", "-", "--json", stdin=toml)):
        assert json.loads(result.stdout)["claims"][0]["value"]["dimension"] == 5


BAD = [
    (("dim",), 3, "no network"),
    (("dim", "--arch", "mlp"), 3, "widths"),
    (("dim", "--arch", "nothing", "--widths", "3,2"), 3, "nothing"),
    (("dim", "--widths", "3,2"), 3, "--arch"),
    (("dim", "--arch", "mlp", "--widths", ""), 3, "--widths"),
    (("dim", "--arch", "mlp", "--widths", "3"), 3, "widths"),
    (("dim", "--arch", "mlp", "--widths", "3,0,1"), 3, "widths"),
    (("dim", "--arch", "mlp", "--widths", "3,-2,1"), 3, "widths"),
    (("dim", "--arch", "mlp", "--widths", "3,2.5,1"), 3, "2.5"),
    (("dim", "--arch", "mlp", "--widths", "3,٣,1"), 3, "--widths"),
    (("dim", "--arch", "mlp", "--widths", "9" * 5000), 3, "--widths"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation-degree", "0"), 3, "activation_degree"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation", "1/z"), 3, "activation"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation", 'z; run "touch x"'), 3, "activation"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation", "__import__('os')"), 3, "activation"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation", "$(touch x)"), 3, "activation"),
    (("dim", "--arch", "mlp", "--widths", "3,2,1", "--activation-degree", "2", "--activation", "z^2"), 3, "activation"),
    (("dim", "."), 3, "folder"),
    (("dim", "does-not-exist.toml"), 3, "does-not-exist"),
    (("dim", sys.executable), 3, "network"),
    (("dim", "x.toml", "--widths", "3,2"), 3, "give one of them"),
    ((*LINEAR, "--engine", "magma"), 2, "magma"),
    ((*LINEAR, "--method", "magic"), 2, "magic"),
    ((*LINEAR, "--seed", "-1"), 2, "seed"),
    ((*LINEAR, "--timeout", "soon"), 2, "soon"),
    ((*LINEAR, "--memory", "much"), 2, "much"),
    ((*LINEAR, "--memory", "0"), 2, "no size"),
    ((*LINEAR, "-o", "."), 2, "folder"),
    ((*LINEAR, "-o", "no/such/folder/report.json"), 2, "cannot be written"),
    ((*LINEAR, "--no-such-option"), 2, "--no-such-option"),
    (("dimension",), 2, "dimension"),
    (("verify", "."), 2, "folder"),
    (("verify", "no-such-report.json"), 2, "cannot be read"),
    (("report", "show", "-"), 2, "no JSON"),
    (("dim", "--arch", "mlp", "--widths", "3,4,2", "--activation-degree", "2", "--method", "theorem"), 2, "theorem"),
]


@pytest.mark.parametrize(("arguments", "code", "culprit"), BAD)
def test_bad_input_is_one_sentence_with_its_exit_code(
    arguments: tuple[str, ...],
    code: int,
    culprit: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert run(list(arguments)) == code
    output = capsys.readouterr()
    lines = [line for line in output.err.splitlines() if "the network is linear" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("neuroalg: ")
    assert culprit in lines[0]
    assert len(lines[0]) < 600
    assert "dimension" not in output.out
    assert list(tmp_path.iterdir()) == []


def test_a_network_too_large_is_refused_before_it_starts_with_the_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "dim",
        "--arch",
        "mlp",
        "--widths",
        "500,3000,500,2",
        "--activation-degree",
        "2",
        "--method",
        "jacobian",
    ]
    assert run(arguments) == 7
    assert "GiB" in capsys.readouterr().err
    assert run([*arguments, "--memory", "none", "--timeout", "10"]) == 6
    assert "about" in capsys.readouterr().err


def test_interruption_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("neuroalg_cli.asking.answer", interrupted)
    assert run([*LINEAR]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_list_reads_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, known in (
        ("families", "mlp"),
        ("invariants", "dimension"),
        ("engines", "macaulay2"),
        ("methods", "groebner"),
    ):
        assert run(["list", kind]) == 0
        assert known in capsys.readouterr().out
        assert run(["list", kind, "--json"]) == 0
        assert known in json.dumps(json.loads(capsys.readouterr().out))


def test_every_command_has_help_with_an_example_or_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    from neuroalg_cli import registry

    for name in registry.names("commands"):
        assert run([name, "--help"]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 3
