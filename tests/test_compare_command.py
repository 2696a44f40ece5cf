"""``neuroalg compare`` on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.cli import command_line, run


def called(*arguments: str, width: int = 100) -> Any:
    environment = {"COLUMNS": str(width)}
    return CliRunner(env=environment).invoke(command_line, ["compare", *arguments], catch_exceptions=False)


def compared(first: str, second: str, *arguments: str) -> dict[str, Any]:
    result = called(first, second, "--json", "--max-degree", "2", *(arguments or ("--timeout", "10")))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(
    ("first", "second", "inside", "outside"),
    [
        ("mlp-3.2.3-r1", "mlp-3.2.2.3-r1", True, True),
        ("mlp-3.1.1-r2", "mlp-3.2.1-r2", True, False),
        ("mlp-3.2.1-r2", "mlp-3.1.1-r2", False, True),
        ("cnn-3.2-r2", "cnn-2.3-r2", False, False),
    ],
)
def test_containment_both_ways(first: str, second: str, inside: bool, outside: bool) -> None:
    found = compared(first, second)
    assert (found["schema"], found["version"]) == ("neuroalg/comparison", 1)
    assert (found["first_in_second"], found["second_in_first"]) == (inside, outside)


def test_both_reports_are_inside() -> None:
    found = compared("mlp-3.2.1-r2", "mlp-3.1.1-r2")
    for key, network in (("first", mlp([3, 2, 1], 2)), ("second", mlp([3, 1, 1], 2))):
        report = found[key]
        assert report["schema"] == "neuroalg/report"
        assert report["architecture"]["sha256"] == network.digest()
        claims = {claim["invariant"]: claim for claim in report["claims"]}
        assert claims["dimension"]["value"] == json.loads(na.dimension(network).model_dump_json())["value"]
        # symmetric 3 x 3 matrices of rank at most 2: a cubic hypersurface; of rank 1: the Veronese surface of degree 4
        assert claims["degree"]["value"]["degree"] == {"first": 3, "second": 4}[key]


def test_the_table_names_both_networks_and_the_relation() -> None:
    result = called("mlp-3.2.1-r2", "mlp-3.1.1-r2")
    assert "V(mlp-3.1.1-r2) is properly contained in V(mlp-3.2.1-r2)" in result.stdout
    assert "ambient dimension" in result.stdout


def test_networks_with_other_inputs_are_compared_in_numbers_alone() -> None:
    result = called("mlp-2.1.1-r2", "mlp-3.1.1-r2")
    assert result.exit_code == 0
    assert "not comparable" in result.stdout
    assert compared("mlp-2.1.1-r2", "mlp-3.1.1-r2")["first_in_second"] is None


def test_what_does_not_fit_into_the_time_says_so() -> None:
    found = compared("mlp-4.4.4-r3", "mlp-4.3.4-r3", "--timeout", "0.5")
    kinds = {failure["kind"] for side in ("first", "second") for failure in found[side]["failures"]}
    assert "time-limit" in kinds


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-", "-"], 2, "standard input"),
        (["mlp-3.2.1-r2"], 2, "Missing argument"),
        (["mlp-3.2.1-r2", "nothing"], 3, "neither a file"),
        (["mlp-3.2.1-r2", "mlp-3.1.1-r2", "-o", "/no/such/folder/x.json"], 2, "folder does not exist"),
    ],
)
def test_mistakes(arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *arguments]) == code
    assert words in capsys.readouterr().err
