"""Differences between reports: everything outside the volatile corner, and nothing of it."""

from __future__ import annotations

import neuroalg_cli as na
from neuroalg_cli.report.comparing import differences
from neuroalg_cli.report.model import Report
from neuroalg_cli.report.writing import report_text

REPORT = na.ask(na.mlp([2, 3, 2], 2), engine="builtin", method="jacobian")


def changed(**changes):
    return REPORT.model_copy(update=changes)


def with_value(**changes):
    claim = REPORT.claims[0]
    return changed(claims=(claim.model_copy(update={"value": claim.value | changes}),))


def test_a_report_does_not_differ_from_itself():
    assert differences(REPORT, REPORT) == []
    assert differences(REPORT, Report.model_validate_json(report_text(REPORT))) == []


def test_the_volatile_corner_does_not_count():
    assert differences(REPORT, changed(volatile={"host": "elsewhere"})) == []


def test_two_runs_with_one_seed_do_not_differ():
    again = na.ask(na.mlp([2, 3, 2], 2), engine="builtin", method="jacobian")
    assert differences(REPORT, again) == []


def test_a_value_that_differs_is_named_by_its_path():
    assert differences(REPORT, with_value(dimension=5)) == [("claims[0].value.dimension", "6", "5")]


def test_absent_entries_are_called_absent_on_either_side():
    other = with_value(extra=1)
    assert differences(REPORT, other) == [("claims[0].value.extra", "(absent)", "1")]
    assert differences(other, REPORT) == [("claims[0].value.extra", "1", "(absent)")]


def test_true_is_not_one():
    assert differences(with_value(filling=True), with_value(filling=1)) == [("claims[0].value.filling", "true", "1")]
    assert differences(with_value(filling=None), with_value(filling=False)) == [
        ("claims[0].value.filling", "null", "false")
    ]


def test_lists_of_different_lengths_are_shown_shortened():
    ((path, one, other),) = differences(REPORT, changed(claims=()))
    assert path == "claims"
    assert other == "[]"
    assert len(one) == 60
    assert one.endswith("...")


def test_other_seeds_differ_in_evidence_only():
    other = na.ask(na.mlp([2, 3, 2], 2), engine="builtin", method="jacobian", seed=1)
    paths = {path for path, _, _ in differences(REPORT, other)}
    assert paths
    assert all(
        path.startswith(("claims[0].evidence", "claims[0].primes", "claims[0].seed", "provenance.question.seed"))
        for path in paths
    )


def test_other_networks_differ_in_their_names():
    other = na.ask(na.mlp([2, 3, 3], 2), engine="builtin", method="jacobian")
    found = {path: (one, two) for path, one, two in differences(REPORT, other)}
    assert found["architecture.label"] == ('"mlp-2.3.2-r2"', '"mlp-2.3.3-r2"')
    assert found["claims[0].value.dimension"] == ("6", "9")
