"""The checker accepts proved equations, and refuses what somebody changed."""

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
from neuroalg_cli.spec import from_mapping
from neuroalg_cli.verifying import verify


@functools.cache
def _text(name, max_degree):
    architecture = {
        "quadric": mlp([2, 1, 1], 2),
        "cubics": mlp([3, 2, 2], 2),
        "closure": polynomial("a*x + a^2*y + b", "a, b", "x, y"),
        "quartic": polynomial("s^4, s^3*t, s*t^3, t^4", "s, t"),
        "filling": mlp([2, 2, 1], 2),
        "mixed": from_mapping({"family": "cnn", "filters": [2, 2], "activation_degree": 2}),
    }[name]
    return report_text(pipeline.answer(Question("ideal", architecture, method="interpolation", max_degree=max_degree)))


def report(name, max_degree=None):
    return json.loads(_text(name, max_degree))


def refused(changed):
    (finding,) = verify(changed)
    return not finding.accepted


@pytest.mark.parametrize(
    ("name", "degree"),
    [
        ("quadric", None),
        ("cubics", None),
        ("cubics", 2),
        ("closure", None),
        ("filling", 3),
        ("mixed", 3),
        ("mixed", 5),
        ("quartic", 4),
    ],
)
def test_proved_equations_are_accepted(name, degree):
    (finding,) = verify(report(name, degree))
    assert finding.accepted, finding.statement


def test_what_was_not_replayed_is_said():
    (finding,) = verify(report("mixed", 3))
    assert "nothing about higher degrees" in finding.statement


@pytest.mark.parametrize("name", ["quadric", "cubics", "closure", "mixed"])
def test_a_changed_coefficient_is_refused(name):
    changed = report(name, 3)
    texts = changed["claims"][0]["value"]["equations"]
    texts[0] = texts[0].replace("4*", "5*", 1) if "4*" in texts[0] else f"3*{texts[0]}"
    assert refused(changed)


@pytest.mark.parametrize("name", ["cubics", "mixed", "closure"])
@pytest.mark.parametrize("position", [0, -1])
def test_a_missing_equation_is_refused_with_all_counts_adapted(name, position):
    changed = report(name, 3)
    value = changed["claims"][0]["value"]
    gone = value["equations"].pop(position)
    degree = "2" if name != "cubics" and len(gone.split("*")) < 5 and position == 0 else None
    for key in [degree] if degree else list(value["generators_by_degree"]):
        trial = copy.deepcopy(changed)
        counts = trial["claims"][0]["value"]["generators_by_degree"]
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
        trial["claims"][0]["value"]["minimal_generators"] -= 1
        assert refused(trial)


def test_an_equation_that_follows_from_others_is_refused():
    changed = report("mixed", 3)
    value = changed["claims"][0]["value"]
    value["equations"].append("y_1*y_2*y_4 - 4*y_1^2*y_5")
    value["generators_by_degree"]["3"] += 1
    value["minimal_generators"] += 1
    (finding,) = verify(changed)
    assert not finding.accepted
    assert "follows" in finding.statement


def test_the_same_equation_twice_is_refused():
    changed = report("cubics")
    value = changed["claims"][0]["value"]
    value["equations"][1] = value["equations"][0]
    assert refused(changed)


def _set(path, value):
    def change(changed):
        target = changed["claims"][0]
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value

    return change


CHANGES = {
    "generators": _set(("value", "generators_by_degree"), {"3": 21}),
    "generators as text": _set(("value", "generators_by_degree"), {"3": "20"}),
    "generators as truth": _set(("value", "generators_by_degree"), {"3": True}),
    "no dictionary": _set(("value", "generators_by_degree"), [20]),
    "number": _set(("value", "minimal_generators"), 19),
    "degree": _set(("value", "max_degree"), 4),
    "lower degree": _set(("value", "max_degree"), 2),
    "huge degree": _set(("value", "max_degree"), 10**9),
    "hilbert function": _set(("value", "hilbert_function", 3), 345),
    "longer hilbert function": _set(("value", "hilbert_function"), [1, 12, 78, 344, 1]),
    "closure": _set(("value", "projective_closure"), True),
    "coordinate": _set(("value", "coordinates", 0), "coefficient of x_1*x_2 in output 1"),
    "coordinates": _set(("value", "coordinates"), []),
    "no equations": _set(("value", "equations"), None),
    "further entry": _set(("value", "prime"), True),
    "incomplete and proved": _set(("completeness", "is_complete"), False),
    "undecided and proved": _set(("completeness", "is_complete"), None),
    "one for true": _set(("completeness", "is_complete"), 1),
    "an upper bound": _set(("kind",), "upper_bound"),
    "another invariant": _set(("invariant",), "hilbert"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_entries_are_refused(change):
    changed = report("cubics")
    change(changed)
    assert refused(changed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1",
        "y_1",
        "y_1^999999999*y_2",
        "y_1^99999 - y_2^99999",
        "y_1*y_3 + 4*y_2^2 +",
        "y_1*y_3 - 4*y_2**2",
        "y_1*y_3 -4*y_2^2",
        "-y_1*y_3 + 4*y_2^2",
        "y_01*y_3 - 4*y_2^2",
        "z_1*z_3 - 4*z_2^2",
        "y_1*y_4 - 4*y_2^2",
        "y_0*y_1 - y_0*y_1",
        "y_2^2 - 4*y_1*y_3 - 4*y_1*y_3",
        "y_2^2 - 4*y_1*y_3 + y_1*y_2",
        "__import__('os')",
        "y_2^2 - 4*y_1*y_3\n",
        "9" * 5000 + "*y_2^2",
        "\u0662*y_2^2",
        None,
        7,
        ["y_2^2 - 4*y_1*y_3"],
    ],
)
def test_malformed_or_false_texts_are_refused(text):
    changed = report("quadric")
    changed["claims"][0]["value"]["equations"] = [text]
    assert refused(changed)


def test_another_network_is_refused():
    changed, other = report("cubics"), report("quadric")
    changed["parametrization"], changed["architecture"] = other["parametrization"], other["architecture"]
    assert refused(changed)


def test_a_false_claim_of_completeness_is_refused():
    # one quadric of the four generators, called complete
    changed = report("mixed", 2)
    changed["claims"][0]["completeness"] = {
        "is_complete": True,
        "certainty": "proved",
        "statement": "the equations generate the ideal",
        "checks": [],
    }
    assert refused(changed)


def test_completeness_of_what_is_not_cohen_macaulay_cannot_be_forged():
    # complete indeed, but sections prove no such thing: exactly what was proved is accepted
    changed = report("mixed", 3)
    changed["claims"][0]["completeness"] |= {"is_complete": True, "certainty": "proved"}
    assert refused(changed)


def test_an_empty_list_for_a_variety_with_equations_is_refused():
    changed = report("quadric")
    value = changed["claims"][0]["value"]
    value |= {"equations": [], "generators_by_degree": {}, "minimal_generators": 0}
    value["hilbert_function"] = [1, 3, 6]
    assert refused(changed)
