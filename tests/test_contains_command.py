"""``neuroalg contains`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from neuroalg_cli.cli import command_line, run

if TYPE_CHECKING:
    from pathlib import Path

QUADRATIC = ["--arch", "mlp", "--widths", "2,1,1", "--activation-degree", "2"]


def called(*arguments: str) -> Any:
    return CliRunner().invoke(command_line, ["contains", *arguments], catch_exceptions=False)


def claim(*arguments: str) -> dict[str, Any]:
    result = called(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["claims"][0]
    return found


@pytest.mark.parametrize(("text", "verdict"), [("x_1*x_2", "not in V"), ("x_1^2 - 2*x_1*x_2 + x_2^2", "in V")])
def test_the_verdict_is_printed(text: str, verdict: str) -> None:
    result = called(*QUADRATIC, "--function", text)
    assert result.exit_code == 0
    assert verdict in result.stdout


def test_polynomials_may_be_given_one_by_one() -> None:
    network = ["--arch", "mlp", "--widths", "3,2,2", "--activation-degree", "2"]
    one = claim(*network, "--function", "x_1^2", "--function", "x_2^2")
    assert one["value"] == claim(*network, "--function", "x_1^2; x_2^2")["value"]
    assert one["value"]["contains"] is True


def test_another_network_and_its_weights(tmp_path: Path) -> None:
    network = ["--arch", "mlp", "--widths", "3,1,1", "--activation-degree", "2"]
    assert claim(*network, "--other", "mlp-3.2.1-r2")["value"]["contains"] is False
    path = tmp_path / "weights.npz"
    np.savez(path, W_1=np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]]), W_2=np.array([[1.0, 0.5]]))
    found = claim(*network, "--other", "mlp-3.2.1-r2", "--weights", str(path))
    assert found["value"]["contains"] is True  # two parallel neurons are one
    assert found["evidence"]["candidate"]["function"] == ["3*x_1^2+12*x_1*x_2+12*x_2^2"]


def test_the_report_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert called(*QUADRATIC, "--function", "x_1*x_2", "--method", "equations", "-o", str(path)).exit_code == 0
    result = CliRunner().invoke(command_line, ["report", "show", str(path)])
    assert result.exit_code == 0
    assert "not in V" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([*QUADRATIC], 2, "neither is given"),
        ([*QUADRATIC, "--function", "x_1", "--other", "mlp-2.1.1-r2"], 2, "both are given"),
        ([*QUADRATIC, "--function", "x_1^2", "--weights", "w.npz"], 2, "other network"),
        ([*QUADRATIC, "--function", "x_3"], 3, "no input"),
        ([*QUADRATIC, "--other", "mlp-3.1.1-r2"], 3, "same inputs and outputs"),
        ([*QUADRATIC, "--function", "x_1^2", "--method", "nope"], 2, "no method"),
        ([*QUADRATIC, "--other", "missing.toml"], 3, "neither a file"),
        (
            ["--arch", "rational", "--widths", "2,2,1", "--activation", "1/(z+1)", "--function", "x_1"],
            2,
            "no coefficients",
        ),
    ],
)
def test_mistakes(arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contains", *arguments]) == code
    assert words in capsys.readouterr().err


def test_methods_agree() -> None:
    result = called(*QUADRATIC, "--function", "x_1*x_2", "--cross-check", "--json")
    report = json.loads(result.stdout)
    assert report["agreement"] == "agree"
    assert {c["value"]["contains"] for c in report["claims"]} <= {False, None}


def test_a_short_time_is_enough_to_say_that_nothing_is_decided() -> None:
    found = claim(
        "--arch", "mlp", "--widths", "4,3,4", "--activation-degree", "2",
        "--function", "x_1^2; x_2^2; x_3^2; x_4*x_1", "--timeout", "0.05",
    )  # fmt: skip
    assert found["value"]["contains"] in (None, False)


@pytest.mark.parametrize(
    "arguments",
    [
        [*QUADRATIC, "--function", "x_1*x_2", "--method", "equations"],
        ["--arch", "mlp", "--widths", "3,2,2", "--activation-degree", "2", "--function", "x_1^2; x_2^2"],
        [*QUADRATIC, "--function", "x_1^3"],
    ],
)
def test_proofs_can_be_verified_and_changed_ones_are_refused(arguments: list[str]) -> None:
    text = called(*arguments, "--json").stdout
    assert json.loads(text)["claims"][0]["certainty"] == "proved"
    assert verified(text) == (0, True)
    changes = (
        ("value", "contains", not json.loads(text)["claims"][0]["value"]["contains"]),
        ("value", "verdict", "not decided"),
        ("value", "decided_by", "filling"),
        ("evidence", "candidate", {"function": ["x_1^2-x_2^2"] * 2}),
    )
    for part, key, changed in changes:
        report = json.loads(text)
        assert report["claims"][0][part][key] != changed
        report["claims"][0][part][key] = changed
        assert verified(json.dumps(report)) == (12, False), (part, key)


def verified(text: str) -> tuple[int, bool]:
    """Returns the exit code of ``verify`` and whether a proof holds."""
    result = CliRunner().invoke(command_line, ["verify", "-"], input=text)
    code = getattr(result.exception, "exit_code", result.exit_code)
    return code, "claim 1: holds" in result.stdout
