"""The bound by monomials: of convolutions whose coordinates are fewer than their degrees allow."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import pytest

import neuroalg_cli as na
from neuroalg_cli.counting_coordinates import monomial_bound
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question
from neuroalg_cli.report.writing import report_text
from neuroalg_cli.verifying import verify


def report_on(architecture):
    return json.loads(report_text(answer(Question("dimension", architecture, method="jacobian"))))


#: quadratic forms in x_1, x_2, x_3 without x_1 x_3, which no filter of width two sees together; many channels fill them
WIDE = na.cnn([2, 2], 2, channels=[1, 4, 1])


def test_convolutions_fill_the_monomials_that_occur():
    report = report_on(WIDE)
    (claim,) = report["claims"]
    assert claim["certainty"] == "proved"
    assert claim["value"]["dimension"] == claim["value"]["ambient_dimension"] == 5
    assert claim["evidence"]["upper_bound"]["bound"] == "monomials"
    (finding,) = verify(report)
    assert finding.accepted, finding.statement


@pytest.mark.parametrize(("key", "value"), [("value", 4), ("value", 6), ("to", 0), ("from", 1)])
def test_a_false_number_is_refused(key, value):
    report = report_on(WIDE)
    report["claims"][0]["evidence"]["upper_bound"][key] = value
    (finding,) = verify(report)
    assert not finding.accepted


ARCHITECTURES = [
    WIDE,
    na.cnn([2, 2], activation="z^2-z"),
    na.cnn([3, 2], 3, biases=True),
    na.cnn(["2x2"], input="3x3"),
    na.attention([2, 2], 1, tokens=2),
    na.attention([2, 1], 2, tokens=2, causal=True, residual=False),
    na.residual(widths=[2], hidden=[1], activation_degree=2),
    na.gnn(graph="path:3", features=[1, 2, 1], activation_degree=2),
    na.ssm(state=2, inputs=1, outputs=1, length=3, bilinear=True),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.label)
def test_the_bound_is_the_number_of_coordinates_where_nothing_cancels(architecture):
    # the symbolic interpreter expands phi with all its parameters
    network = architecture.network()
    assert monomial_bound(network) == len(coordinates(network))


def test_what_cancels_is_counted_all_the_same():
    builder = NetworkBuilder()
    x = builder.input((2,))
    h = builder.matmul(builder.parameter("W", (2, 2)), x)
    zero = builder.sum(h, builder.polynomial(h, [(1, Fraction(-1))]))
    network = builder.finish(builder.sum(builder.product(x, x), zero))
    assert len(coordinates(network)) == 2
    assert monomial_bound(network) == 6  # x_i^2, and x_1, x_2 in both outputs


def test_the_bound_is_never_below_the_rank():
    for filters, channels, r in itertools.product(
        ([2, 2], [1, 2], [2, 1], [3, 2]), ([1, 1, 1], [1, 3, 2], [2, 2, 1]), (1, 2)
    ):
        architecture = na.cnn(filters, r, channels=channels)
        assert (
            monomial_bound(architecture.network()) >= na.dimension(architecture, method="jacobian").value["dimension"]
        )
