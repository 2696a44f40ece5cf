"""Replayed containments: true ones hold, changed ones are refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.containment.candidates import generic_function, parse_function
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question
from neuroalg_cli.verifying.containment import replay
from neuroalg_cli.verifying.refusing import ReportError


def report(network: Any, candidate: Any, **options: Any) -> dict[str, Any]:
    candidate = (
        parse_function([candidate], network.network()) if isinstance(candidate, str) else generic_function(candidate)
    )
    found = answer(Question("contains", network, candidate=candidate, **options))
    assert found.claims[0].certainty == "proved"
    result: dict[str, Any] = json.loads(found.model_dump_json(by_alias=True))
    return result


REPORTS = {
    "coordinates": lambda: report(mlp([2, 1, 1], 2), "x_1^3 - 1/2*x_2"),
    "coordinates of a network": lambda: report(mlp([2, 2, 1], 2), mlp([2, 2, 1], 3)),
    "preimage": lambda: report(mlp([3, 2, 2], 2), "-1/2*x_1^2; x_1^2 + 3*x_2^2", method="preimage"),
    "embedding": lambda: report(mlp([3, 2, 3], 2), mlp([3, 1, 3], 2)),
    "embedding of a filter": lambda: report(
        na.cnn(filters=[3, 2], activation_degree=2), na.cnn(filters=[2, 2], dilation=[2, 1], activation_degree=2)
    ),
    "equation": lambda: report(mlp([3, 3, 1], 3), "x_1*x_2*x_3"),
    "equation of a closure": lambda: report(
        na.polynomial(parameters=["a"], inputs=["x"], outputs=["a*x^2 + (a^2 + 1)*x"]), "x_1^2", method="equations"
    ),
    "equation at a network": lambda: report(mlp([3, 1, 1], 2), mlp([3, 2, 1], 2), method="equations"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_true_proofs_hold(name: str) -> None:
    value = REPORTS[name]()
    sentence = replay(value, value["claims"][0])
    assert sentence.startswith(value["claims"][0]["value"]["verdict"])


def refused(value: dict[str, Any]) -> bool:
    try:
        replay(value, value["claims"][0])
    except (ReportError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return True
    return False


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("key", ["contains", "verdict", "in_image", "decided_by"])
def test_changed_values_are_refused(name: str, key: str) -> None:
    value = REPORTS[name]()
    stated = value["claims"][0]["value"]
    stated[key] = {
        "contains": not stated["contains"],
        "in_image": None,
        "verdict": "not decided",
        "decided_by": "theorem",
    }[key]
    assert refused(value)


def test_changed_evidence_is_refused() -> None:
    changes: list[tuple[str, Any]] = [
        ("preimage", lambda e: e["weights"].__setitem__(0, str(int(e["weights"][0].partition("/")[0]) + 1))),
        ("preimage", lambda e: e["weights"].pop()),
        ("preimage", lambda e: e["candidate"]["function"].__setitem__(0, "-1/2*x_1^2+x_2*x_3")),
        ("coordinates", lambda e: e["monomial"].update(exponents=[2, 0])),
        ("coordinates", lambda e: e["monomial"].update(exponents=[1, 2])),
        ("coordinates of a network", lambda e: e["monomial"].update(exponents=[2, 0])),
        ("embedding", lambda e: e["embedding"]["weights"].__setitem__(0, "1")),
        ("embedding", lambda e: e["embedding"]["weights"].__setitem__(0, 10**6)),
        ("embedding", lambda e: e["candidate"]["network"].update(widths=[3, 2, 3])),
        ("equation", lambda e: e["equation"]["terms"][0].__setitem__(1, "17")),
        ("equation", lambda e: e["equation"]["terms"].pop()),
        ("equation", lambda e: e["equation"].update(terms=[[[0] * 10, "1"]])),
        ("equation", lambda e: e["equation"].update(terms=[[[1] + [0] * 9, "0"]])),
        ("equation", lambda e: e["candidate"].update(function=["x_1^3"])),
        ("equation", lambda e: e["candidate"].update(function=["x_1^3*x_2"])),
        ("equation of a closure", lambda e: e["equation"].update(is_projective_closure=False)),
        ("equation at a network", lambda e: e["point"].update(weights=[0] * len(e["point"]["weights"]))),
        ("equation at a network", lambda e: e["point"].update(prime=15)),
    ]
    known = {name: REPORTS[name]() for name in {name for name, _ in changes}}
    for name, change in changes:
        value = copy.deepcopy(known[name])
        change(value["claims"][0]["evidence"])
        assert refused(value), (name, value["claims"][0]["evidence"])


def test_a_function_in_v_is_not_separated_by_a_polynomial_that_is_no_equation() -> None:
    value = REPORTS["equation"]()
    evidence = value["claims"][0]["evidence"]
    evidence["candidate"]["function"] = ["x_1^3"]
    evidence["equation"]["terms"] = [[[1, *[0] * 9], "1"]]
    assert refused(value)


@pytest.mark.parametrize(
    ("name", "key", "changed"),
    [
        ("equation", "equation", "y_1"),
        ("equation", "coordinates", ["y_1: coefficient of x_1^3 in output 1"]),
        ("equation of a closure", "equation", None),
        ("equation at a network", "equation", "y_1^2"),
        ("preimage", "weights", {"W_1": [["0", "0", "0"], ["0", "0", "0"]], "W_2": [["0", "0"], ["0", "0"]]}),
        ("coordinates", "equation", "y_1"),
        ("embedding", "weights", {}),
    ],
)
def test_what_is_shown_must_be_what_was_proved(name: str, key: str, changed: Any) -> None:
    value = REPORTS[name]()
    value["claims"][0]["value"][key] = changed
    assert refused(value)


def test_the_text_in_the_evidence_is_that_of_the_terms() -> None:
    value = REPORTS["equation"]()
    value["claims"][0]["value"]["equation"] = value["claims"][0]["evidence"]["equation"]["text"] = "y_1"
    assert refused(value)
