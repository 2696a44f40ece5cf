"""The types of a report against the frozen JSON Schema: what one refuses the other does not let pass."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import get_args

import jsonschema
import pytest

import neuroalg_cli as na
from neuroalg_cli.errors import UsageError
from neuroalg_cli.question import Question
from neuroalg_cli.report.model import CERTAINTIES, Certainty, Claim, EngineIdentity, LimitsUsed, Report
from neuroalg_cli.report.writing import read_report, report_text

SCHEMA = json.loads(files("neuroalg_cli.report").joinpath("schema", "report-1.json").read_text("utf-8"))


def ask(architecture, **options):
    return na.ask(architecture, engine="builtin", **options)


REPORTS = {
    "theorem": ask(na.mlp([3, 2, 3])),
    "proved": ask(na.mlp([2, 3, 2], 2), method="jacobian", seed=3),
    "proved by a composition": ask(na.mlp([2, 2, 3, 1], 3), method="jacobian"),
    "biases": ask(na.mlp([2, 2, 2], activation="1/2*z^2-z", biases=True), method="jacobian"),
    "modular": ask(na.mlp([2, 3, 4, 5, 4, 6, 3, 1], 2), method="jacobian"),
    "cross-check": ask(na.mlp([3, 2, 2], 2), cross_check=True),
    "no limits": ask(na.mlp([1, 1]), seconds=None, memory=None, method="jacobian"),
    "large numbers": ask(na.mlp([10**9, 10**9, 1], 2)),
}


def as_json(report):
    return json.loads(report_text(report))


@pytest.fixture
def plain():
    return as_json(REPORTS["proved"])


def test_the_frozen_schema_is_that_of_the_types():
    """A difference is a new version of the schema, unless nothing was released: regenerate the file only then."""
    assert Report.model_json_schema(by_alias=True) == SCHEMA


def test_the_frozen_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
def test_reports_are_valid(report):
    jsonschema.validate(as_json(report), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
def test_values_are_plain_integers_by_name(report):
    for claim in as_json(report)["claims"]:
        assert claim["invariant"] == "dimension"
        value = claim["value"]
        assert type(value.pop("filling")) is bool
        assert all(type(number) is int for number in value.values())
        assert value["projective_dimension"] == value["dimension"] - 1
        assert value["defect"] == value["expected_dimension"] - value["dimension"]
        assert value["generic_fiber_dimension"] == value["parameters"] - value["dimension"]
        assert 0 <= value["dimension"] <= value["linear_span_dimension"] <= value["ambient_dimension"]


def test_certainties_are_described_best_first():
    assert tuple(CERTAINTIES) == get_args(Certainty)
    assert list(CERTAINTIES) == ["theorem", "proved", "exact", "modular", "certified_numeric", "numeric"]


def test_each_certainty_brings_what_it_promises():
    theorem = REPORTS["theorem"].claims[0]
    assert theorem.certainty == "theorem"
    assert theorem.references
    assert theorem.evidence["hypotheses"]
    assert theorem.error_probability is None
    proved = REPORTS["proved"].claims[0]
    assert proved.certainty == "proved"
    assert proved.evidence["lower_bound"]["value"] == proved.evidence["upper_bound"]["value"] == 6
    assert proved.primes == (proved.evidence["lower_bound"]["prime"],)
    modular = REPORTS["modular"].claims[0]
    if modular.certainty == "modular":
        assert 0 < float(modular.error_probability) < 1
        assert len(modular.primes) >= 2
        assert modular.assumptions


def test_a_cross_check_says_whether_methods_agree():
    report = REPORTS["cross-check"]
    assert report.agreement == "agree"
    assert len(report.claims) >= 2
    assert REPORTS["theorem"].agreement == "not checked"


DAMAGE = {
    "an unknown key": lambda report: report.update(extra=1),
    "an unknown key in a claim": lambda report: report["claims"][0].update(proof="trust me"),
    "an unknown key in an engine": lambda report: report["claims"][0]["engine"].update(path="/usr/bin"),
    "no claims": lambda report: report.pop("claims"),
    "no version": lambda report: report.pop("version"),
    "no certainty": lambda report: report["claims"][0].pop("certainty"),
    "no limits": lambda report: report["claims"][0].pop("limits"),
    "no provenance": lambda report: report.pop("provenance"),
    "another version": lambda report: report.update(version=2),
    "a version as text": lambda report: report.update(version="1"),
    "a version that is true": lambda report: report.update(version=True),
    "another schema": lambda report: report.update(schema="neuroalg/other"),
    "an unknown certainty": lambda report: report["claims"][0].update(certainty="certain"),
    "an unknown kind": lambda report: report["claims"][0].update(kind="guess"),
    "an unknown agreement": lambda report: report.update(agreement="yes"),
    "a dimension as text": lambda report: report["claims"][0]["value"].update(dimension="8"),
    "a dimension with a point": lambda report: report["claims"][0]["value"].update(dimension=8.5),
    "a probability as number": lambda report: report["claims"][0].update(error_probability=0.5),
    "a prime as text": lambda report: report["claims"][0].update(primes=["7"]),
    "claims as a table": lambda report: report.update(claims={}),
    "a claim as text": lambda report: report.update(claims=["dimension 8"]),
    "an exit code as text": lambda report: report.update(
        failures=[{"invariant": "", "method": "", "engine": "", "kind": "", "sentence": "", "exit_code": "0"}]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_reports_are_refused_by_the_schema_and_by_the_reader(plain, damage, tmp_path):
    damaged = copy.deepcopy(plain)
    damage(damaged)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(damaged, SCHEMA, jsonschema.Draft202012Validator)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(damaged))
    with pytest.raises(UsageError) as caught:
        read_report(str(path))
    assert "report.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_types_cannot_be_changed_after_the_fact():
    claim = REPORTS["theorem"].claims[0]
    with pytest.raises(ValueError, match="frozen"):
        claim.certainty = "proved"


def a_claim(**changes):
    fields = {
        "invariant": "dimension",
        "method": "m",
        "engine": EngineIdentity(name="e", version="1"),
        "certainty": "numeric",
        "kind": "exact",
        "value": {"dimension": 8},
        "limits": LimitsUsed(seconds=1, memory_bytes=1),
    }
    return Claim(**fields | changes)


def test_booleans_and_integers_stay_what_they_are():
    value = a_claim(value={"one": 1, "true": True, "none": None, "zero": 0, "false": False}).value
    assert [type(entry) for entry in value.values()] == [int, bool, type(None), int, bool]


def test_notebooks_see_a_table_with_everything_escaped():
    html = a_claim(
        method="<script>alert(1)</script>", references=("a & b",), known_symmetries=("<b>",), value={"<i>": None}
    )._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "a &amp; b" in html
    assert "unknown" in html
    assert html.startswith("<table>")


def test_a_claim_in_one_line():
    assert str(REPORTS["theorem"].claims[0]) == "dimension 8 (theorem, by theorem on builtin)"
    assert "wrong below 1.0e-9" in str(a_claim(error_probability="1.0e-9"))


def test_the_report_repeats_the_question():
    question = as_json(REPORTS["proved"])["provenance"]["question"]
    assert question["seed"] == 3
    assert question["method"] == "jacobian"
    assert Question("dimension", na.mlp([3, 2])).seed == 0


def test_two_runs_differ_in_the_volatile_corner_only():
    one, other = (as_json(ask(na.mlp([2, 3, 2], 2), method="jacobian", seed=3)) for _ in range(2))
    assert set(one) == set(SCHEMA["properties"])
    del one["volatile"], other["volatile"]
    assert one == other
