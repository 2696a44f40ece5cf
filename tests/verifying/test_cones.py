"""The checker's own test for cones, against the program's on many graphs, and false statements about cones."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path

import pytest

from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.symmetry.homogeneity import is_cone
from neuroalg_cli.verifying import verify
from neuroalg_cli.verifying.cones import is_graded
from neuroalg_cli.verifying.network import Network

PRIME = 8388593


def random_networks():
    """Returns the random graphs on which the interpreters are compared."""
    path = Path(__file__).parents[1] / "interpreters" / "test_agreement.py"
    spec = importlib.util.spec_from_file_location("agreement", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [module.random_network(seed) for seed in range(300)]


def read(network):
    evidence = {"prime": PRIME, "point": [1] * network.parameter_count, "inputs": []}
    return Network(network.as_json(), evidence)


def test_both_tests_agree_on_random_graphs():
    verdicts = [(is_cone(network), is_graded(read(network))) for network in random_networks()]
    assert all(a == b for a, b in verdicts)
    assert {a for a, _ in verdicts} == {True, False}


def skip_connection():
    """x + V (U x)^2: no multiple of it but itself is another one."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    hidden = builder.polynomial(builder.matmul(builder.parameter("U", (2, 2)), x), [(2, Fraction(1))])
    return builder.finish(builder.sum(x, builder.matmul(builder.parameter("V", (2, 2)), hidden)))


@pytest.mark.parametrize("stated", ["cone", "no cone"])
def test_a_network_with_a_skip_connection_is_no_cone(reports, stated):
    report = reports.handmade(skip_connection())
    value = report["claims"][0]["value"]
    assert value["projective_dimension"] is None
    value["projective_dimension"] = value["dimension"] - 1 if stated == "cone" else None
    (finding,) = verify(report)
    assert finding.accepted == (stated == "no cone"), finding.statement


def test_the_projective_dimension_of_a_cone_may_be_left_out_and_not_be_wrong(reports):
    for stated, accepted in ((None, True), (4, True), (5, False)):
        builder = NetworkBuilder()
        hidden = builder.matmul(builder.parameter("A", (1, 3)), builder.input((3,)))
        report = reports.handmade(builder.finish(builder.matmul(builder.parameter("B", (3, 1)), hidden)))
        assert report["claims"][0]["value"]["dimension"] == 5  # 3 x 3 matrices of rank one
        report["claims"][0]["value"]["projective_dimension"] = stated
        (finding,) = verify(report)
        assert finding.accepted == accepted
