"""The checker counts coordinates of any graph again, and knows what it cannot count."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.graph import graph
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.part_of_network import PartOfNetwork
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question
from neuroalg_cli.report.writing import report_text
from neuroalg_cli.verifying import verify


def report_on(architecture):
    return json.loads(report_text(answer(Question("dimension", architecture, method="jacobian"))))


def with_numbers(report, **numbers):
    report["claims"][0]["value"] |= numbers
    report["parametrization"]["coordinates"] = numbers.get(
        "ambient_dimension", report["parametrization"]["coordinates"]
    )
    return report


@pytest.mark.parametrize(
    "architecture", [na.cnn([2, 2], 2), na.residual([2, 2], [1], 2), na.gnn("path:2", [1, 1], 2)], ids=lambda a: a.label
)
def test_nobody_fills_a_space_by_calling_it_small(architecture):
    report = report_on(architecture)
    rank = report["claims"][0]["value"]["dimension"]
    assert verify(report)[0].accepted
    assert report["claims"][0]["value"]["ambient_dimension"] > rank
    spaces = dict.fromkeys(("ambient_dimension", "linear_span_dimension", "expected_dimension"), rank)
    false = with_numbers(report, **spaces, defect=0, filling=True, projective_dimension=rank - 1)
    (finding,) = verify(false)
    assert not finding.accepted
    assert "out of range" in finding.statement


@pytest.mark.parametrize("more", [-1, 1])
def test_the_number_of_coordinates_is_exact_where_nothing_cancels(more):
    report = report_on(na.cnn([2, 2], 2))
    value = report["claims"][0]["value"]
    false = with_numbers(report, ambient_dimension=value["ambient_dimension"] + more)
    assert not verify(false)[0].accepted


def test_where_coefficients_cancel_the_number_is_taken_as_given():
    """(1 + W x)(1 - W x) + x x has no linear terms, which positive coefficients would have."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    hidden = builder.matmul(builder.parameter("W", (2, 2)), x)
    plus = builder.polynomial(hidden, [(1, Fraction(1)), (0, Fraction(1))])
    minus = builder.polynomial(hidden, [(1, Fraction(-1)), (0, Fraction(1))])
    network = builder.finish(builder.sum(builder.product(plus, minus), builder.product(x, x)))
    report = report_on(PartOfNetwork(graph=network, whole="test"))
    assert report["claims"][0]["value"]["ambient_dimension"] == 2 * 4
    (finding,) = verify(report)
    assert finding.accepted, finding.statement
    assert "so is the number of coordinates" in finding.statement


def test_constants_satisfy_no_equation():
    """5 W_2 W_1 (1, 1)^T has dimension 1; an equation between constants would remove it."""
    builder = NetworkBuilder()
    constant = builder.polynomial(builder.input((2,)), [(0, Fraction(5))])
    hidden = builder.matmul(builder.parameter("W_1", (3, 2)), constant)
    report = report_on(graph(builder.finish(builder.matmul(builder.parameter("W_2", (1, 3)), hidden))))
    (claim,) = report["claims"]
    assert claim["value"]["dimension"] == 1
    nodes = report["parametrization"]["network"]["nodes"]
    start = next(i for i, node in enumerate(nodes) if node["operation"] == "input")
    cut = next(i for i, node in enumerate(nodes) if node["operation"] == "matmul")
    end = report["parametrization"]["network"]["output"]
    left = {"bound": "monomials", "from": start, "to": cut, "value": 3}
    claim["evidence"]["upper_bound"] = {
        "bound": "span",
        "from": start,
        "to": end,
        "cut": cut,
        "at": cut,
        "counted": cut,
        "over": start,
        "span": 0,
        "rank": 0,
        "gain": 3,
        "value": 0,
        "left": left,
    }
    claim["evidence"]["lower_bound"] |= {"value": 0, "pivot_rows": [], "pivot_columns": []}
    numbers = {"dimension": 0, "projective_dimension": -1, "generic_fiber_dimension": 9, "filling": False}
    claim["value"] |= {**numbers, "defect": claim["value"]["expected_dimension"]}
    (finding,) = verify(report)
    assert not finding.accepted
    assert "constants" in finding.statement


def test_proofs_about_constants_and_bare_parameters_are_replayed():
    builder = NetworkBuilder()
    constant = builder.polynomial(builder.input((1,)), [(0, Fraction(3))])
    network = builder.finish(builder.sum(constant, builder.parameter("b", (1,))))
    for architecture in (graph(network), na.polynomial("a", "a", "x"), na.polynomial("a", "a, b", "x", lets="h = b*x")):
        report = report_on(architecture)
        assert report["claims"][0]["value"]["dimension"] == 1
        if report["claims"][0]["certainty"] == "proved":
            assert verify(report)[0].accepted, verify(report)[0].statement


def test_a_graph_that_picks_nothing_from_its_input_is_refused():
    builder = NetworkBuilder()
    x, w = builder.input((2,)), builder.parameter("w", (2,))
    with pytest.raises(SpecError, match="does not depend on its input"):
        graph(builder.finish(builder.gather([x, w], [2, 3, 2], (3,))))
