"""What an ideal claim says about completeness is replayed, or said to be an engine's word; false statements are refused."""

from __future__ import annotations

import copy
import functools
import json

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.question import Question
from neuroalg_cli.report.writing import report_text
from neuroalg_cli.verifying import estimate_seconds, verify


@functools.cache
def _text(name, max_degree):
    architecture = {
        "scroll": mlp([2, 1, 2], 2),
        # the smooth rational quartic in space: a quadric and three cubics, not Cohen-Macaulay (Macaulay 1916)
        "quartic": polynomial("s^4, s^3*t, s*t^3, t^4", "s, t"),
        "twisted cubic": polynomial("a, a^2, a^3", "a"),
    }[name]
    return report_text(pipeline.answer(Question("ideal", architecture, method="interpolation", max_degree=max_degree)))


def report(name, max_degree=None):
    return json.loads(_text(name, max_degree))


def verdict(changed):
    (finding,) = verify(changed)
    return finding


def by_engine():
    """Returns the report of the quartic with all equations, as one in which an engine found them to be all."""
    changed = report("quartic", 3)
    claim = changed["claims"][0]
    claim["completeness"] = {
        "is_complete": True,
        "certainty": "exact",
        "statement": "the equations generate the ideal, and V has degree 4",
        "checks": [],
    }
    claim["evidence"] |= {"degree": 4, "completeness": {"engine": "an engine", "dimension": 2, "degree": 4}}
    claim["assumptions"] = []
    return changed


@pytest.mark.parametrize(("name", "degree"), [("scroll", None), ("scroll", 1), ("quartic", 2), ("twisted cubic", None)])
def test_real_reports_are_accepted(name, degree):
    finding = verdict(report(name, degree))
    assert finding.accepted, finding.statement


def test_the_word_of_an_engine_is_called_so():
    finding = verdict(by_engine())
    assert finding.accepted, finding.statement
    assert (
        "nothing about higher degrees was replayed: that there are no more is the word of an engine"
        in finding.statement
    )


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        (("evidence", "completeness", "engine"), ""),
        (("evidence", "completeness", "engine"), None),
        (("evidence", "completeness", "dimension"), 3),
        (("evidence", "completeness", "degree"), 5),
        (("evidence", "completeness"), {}),
        (("evidence", "degree"), 5),
        (("completeness", "certainty"), "modular"),
        (("completeness", "certainty"), None),
        (("completeness", "certainty"), "theorem"),
        (("completeness", "certainty"), "surely"),
        (("completeness", "certainty"), "proved"),
        (("completeness", "is_complete"), False),
        (("completeness", "is_complete"), None),
        (("completeness", "is_complete"), 1),
        (("completeness", "statement"), "the equations generate the ideal, and V has degree 5"),
        (("error_probability",), "1e-3"),
    ],
    ids=str,
)
def test_changes_of_what_an_engine_found_are_refused(path, entry):
    changed = by_engine()
    place = functools.reduce(lambda part, key: part[key], path[:-1], changed["claims"][0])
    place[path[-1]] = entry
    assert not verdict(changed).accepted


@pytest.mark.parametrize("certainty", ["proved", "exact", "modular", None])
def test_fewer_equations_than_the_codimension_are_never_complete(certainty):
    changed = report("quartic", 2)  # one quadric, in codimension 2
    claim = changed["claims"][0]
    claim["completeness"] |= {"is_complete": True, "certainty": certainty, "statement": "complete", "checks": []}
    claim["evidence"]["completeness"] = {"engine": "an engine", "dimension": 2, "degree": 4}
    claim["assumptions"] = []
    assert not verdict(changed).accepted


@pytest.mark.parametrize("certainty", ["proved", "exact", "modular", "theorem", None])
@pytest.mark.parametrize("name", ["scroll", "twisted cubic"])
def test_complete_equations_are_not_called_incomplete(name, certainty):
    changed = report(name)
    claim = changed["claims"][0]
    claim["completeness"] |= {"is_complete": False, "certainty": certainty, "statement": "there are more", "checks": []}
    claim["assumptions"] += [f"nothing is said about equations of degree {claim['value']['max_degree'] + 1} and more"]
    for key in ("degree", "completeness"):
        del claim["evidence"][key]
    assert not verdict(changed).accepted


def integers_in(value, path=()):
    """Yields the paths to all integers in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if type(value) is int:
        yield path
    for key, entry in pairs:
        yield from integers_in(entry, (*path, key))


@pytest.mark.parametrize("name", ["scroll", "twisted cubic"])
def test_every_integer_in_the_evidence_is_replayed(name):
    original = report(name)
    checked = 0
    for path in integers_in(original["claims"][0]["evidence"]):
        if "prime" in path:
            continue
        changed = copy.deepcopy(original)
        place = functools.reduce(lambda part, key: part[key], path[:-1], changed["claims"][0]["evidence"])
        place[path[-1]] += 1
        assert not verdict(changed).accepted, path
        checked += 1
    assert checked >= 5


def test_numbers_in_sentences_are_those_replayed():
    # P^1 x P^1 embedded by O(1, 2): a scroll of minimal degree 4 in P^5, h-vector 1, 3 (Eisenbud, Harris 1987)
    for old, new in (
        ("degree 4", "degree 5"),
        ("length 4", "length 5"),
        ("1, 3", "1, 4"),
        ("by 3 linear", "by 2 linear"),
    ):
        changed = report("scroll")
        found = changed["claims"][0]["completeness"]
        before = json.dumps(found)
        assert old in before
        changed["claims"][0]["completeness"] = json.loads(before.replace(old, new))
        assert not verdict(changed).accepted, new


def test_the_assumptions_are_there_where_they_apply():
    for name, degree in (("twisted cubic", None), ("quartic", 2)):
        changed = report(name, degree)
        assert changed["claims"][0]["assumptions"]
        changed["claims"][0]["assumptions"] = []
        assert not verdict(changed).accepted
    changed = report("quartic", 2)
    changed["claims"][0]["assumptions"] = ["nothing is said about equations of degree 4 and more"]
    assert not verdict(changed).accepted
    changed = report("scroll")
    changed["claims"][0]["assumptions"] = report("twisted cubic")["claims"][0]["assumptions"]
    assert not verdict(changed).accepted


def test_a_degree_has_no_further_entries():
    answer = pipeline.answer(Question("degree", polynomial("a, a^2, a^3", "a"), method="equations"))
    changed = json.loads(report_text(answer))
    assert verdict(changed).accepted
    assert estimate_seconds(changed) > 0
    changed["claims"][0]["value"]["sectional_genus"] = 0
    assert not verdict(changed).accepted


def test_terms_and_scripts_and_primes_are_as_they_must_be():
    for change in (
        lambda r: r["parametrization"]["network"]["nodes"][3]["terms"][0].append("1"),
        lambda r: r["parametrization"]["network"]["nodes"][2]["operands"].append(1),
        lambda r: r["claims"][0].update(primes=[4]),
        lambda r: r["claims"][0].update(script={"template": "x", "template_sha256": "", "sha256": ""}),
    ):
        changed = report("scroll")
        change(changed)
        assert not verdict(changed).accepted
