"""The checker accepts the proofs that were found; its arithmetic is held against the interpreters."""

from __future__ import annotations

import ast
import copy
import pathlib
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli import verifying
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.verifying import ReportError, estimate_seconds, verify
from neuroalg_cli.verifying.blocks import Block
from neuroalg_cli.verifying.network import Network
from neuroalg_cli.verifying.symmetries import fields

PRIME = 8388593

ACCEPTED = [
    ((1, 1), {}),
    ((4, 2), {"biases": True}),
    ((3, 2, 3), {}),
    ((3, 2, 4, 2, 3), {}),
    ((3, 2, 3), {"biases": True}),
    ((1, 1, 1), {"activation_degree": 2}),
    ((2, 2, 1), {"activation_degree": 2}),
    ((3, 2, 1), {"activation_degree": 2}),
    ((3, 2, 1), {"activation_degree": 2, "biases": True}),
    ((3, 3, 1), {"activation_degree": 3}),
    ((2, 2, 2, 2), {"activation_degree": 2}),
    ((3, 1, 3), {"activation_degree": 2}),
    ((3, 3, 1, 4), {"activation_degree": 3}),
    ((3, 1, 2, 1, 3), {"activation_degree": 2}),
    ((3, 1, 2, 1, 3), {"activation": "2*z^2+3", "biases": True}),
    ((3, 4, 2, 2), {"activation_degree": 2}),
    ((3, 4, 2, 1), {"activation_degree": 2}),
    ((3, 3, 4, 2, 1), {"activation_degree": 2}),
    ((2, 3, 2, 1), {"activation_degree": (2, 3)}),
    ((2, 3, 2, 1), {"activation_degree": (1, 3)}),
    ((3, 2, 3, 2), {"activation_degree": (2, 1)}),
    ((2, 2, 2, 2), {"activation": ("z", "z^2"), "biases": True}),
    ((3, 2, 2), {"activation": "(z+1)^2"}),
    ((3, 2, 2), {"activation": "(z+1)^2", "biases": True}),
    ((3, 2, 1), {"activation": "(z+1)^2", "biases": True}),
    ((3, 2, 2), {"activation": "(z-1/2)^3+2", "biases": True}),
    ((3, 2, 2), {"activation": "1/2*z^2-z"}),
    ((3, 2, 2), {"activation": "z^3-2*z", "biases": True}),
    ((2, 1, 2), {"activation": "-z^2"}),
    ((3, 2, 2), {"activation": "2*z+1", "biases": True}),
    ((10, 10, 10, 1), {"activation_degree": 2}),
]


@pytest.mark.parametrize(("widths", "options"), ACCEPTED, ids=str)
def test_proofs_that_were_found_hold(reports, widths, options):
    (finding,) = verify(reports.proved(*widths, **options))
    assert finding.accepted, finding.statement
    assert finding.claim == 0
    assert "taken as given" not in finding.statement


def test_every_kind_of_bound_is_among_the_accepted(reports):
    kinds = {reports.tree(reports.proved(*widths, **options))["bound"] for widths, options in ACCEPTED}
    assert kinds == {"coordinates", "determinantal", "symmetries", "composition"}


def test_cancelled_degrees_are_seen(reports):
    # (z^2 + z - 1/2)^2 = z^4 + 2z^3 - z + 1/4: with width one the degree 2 does not occur.
    report = reports.proved(1, 1, 1, 1, activation=("z^2+z-1/2", "z^2"))
    value = report["claims"][0]["value"]
    assert value["ambient_dimension"] == 4
    assert verify(report)[0].accepted
    value["ambient_dimension"] = value["linear_span_dimension"] = report["parametrization"]["coordinates"] = 3
    value["expected_dimension"] = min(value["expected_dimension"], 3)
    value["defect"] = value["expected_dimension"] - value["dimension"]
    value["filling"] = value["dimension"] == 3
    assert not verify(report)[0].accepted


def general_graph():
    """Returns a graph with every operation, matrices as inputs, repeated operands and a sum of three."""
    builder = NetworkBuilder()
    x = builder.input((2, 3))
    a = builder.parameter("A", (3, 2))
    product = builder.matmul(a, x)
    turned = builder.gather([product], [0, 3, 6, 1, 4, 7, 2, 5, -1], (3, 3))
    square = builder.matmul(turned, product)
    b = builder.parameter("B", (3, 3))
    bent = builder.polynomial(square, ((3, Fraction(1, 2)), (1, Fraction(-2)), (0, Fraction(5, 3))))
    total = builder.sum(bent, b, b)
    entries = builder.gather([total, a], [0, 4, 8, 9, 14, -1, 0], (7,))
    return builder.finish(builder.product(entries, entries))


def test_values_and_derivatives_agree_with_the_interpreter():
    # The interpreter `modular` is a second computation of the same: numpy arrays against a program of scalar steps.
    network = general_graph()
    point, x = residues(1, "w", network.parameter_count, PRIME), residues(1, "x", 6, PRIME)
    evidence = {"prime": PRIME, "point": [int(v) for v in point], "inputs": [[int(v) for v in x]]}
    program = Network(network.as_json(), evidence)
    values = program.values(program.input, program.inputs[0])
    outputs = program.nodes[program.output].entries
    w, inputs = balanced(point, PRIME), balanced(x, PRIME)[None]
    expected = modular.evaluate(network, w, inputs, PRIME)[0]
    assert [int(values[entry]) for entry in outputs] == [int(value) % PRIME for value in expected]
    jacobian = modular.jacobian(network, w, inputs, PRIME)
    for row, entry in zip(jacobian, outputs, strict=True):
        assert [int(value) for value in program.gradient(values, entry)] == [int(value) % PRIME for value in row]


@pytest.mark.parametrize(
    ("widths", "options"),
    [
        ((3, 2, 4), {"activation": "(z-2/3)^3+5", "biases": True}),
        ((3, 2, 4), {"activation": "2*z+7", "biases": True}),
        ((3, 4, 1), {"activation": "3*(z+1/2)^2-1", "biases": True}),
        ((3, 2, 4, 1), {"activation": ("z", "2*z^2")}),
    ],
)
def test_symmetry_fields_lie_in_the_kernel(widths, options):
    # d phi . X = 0 is tested with the Jacobian of the interpreter `modular`, at a random point.
    network = mlp(list(widths), **{k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}).network()
    count, n = network.parameter_count, network.input_size
    point, x = residues(2, "w", count, PRIME), residues(2, "x", 30 * n, PRIME).reshape(30, n)
    program = Network(
        network.as_json(),
        {"prime": PRIME, "point": [int(v) for v in point], "inputs": [[int(v) for v in row] for row in x]},
    )
    block = Block(program, program.input, program.output)
    jacobian = modular.jacobian(network, balanced(point, PRIME), balanced(x, PRIME), PRIME).astype(np.int64).tolist()
    seen = 0
    for interface in block.interfaces():
        for kind, count_of_kind in interface[3].items():
            found = list(fields(kind, interface, program)) if count_of_kind else []
            assert len(found) == count_of_kind
            for field in found:
                seen += 1
                for row in jacobian:
                    assert sum(row[block.column[entry]] * int(value) for entry, value in field.items()) % PRIME == 0
    assert seen


def test_a_graph_of_another_family_is_taken_as_given(reports):
    (finding,) = verify(reports.handmade(reports.chain([3, 2, 2])))
    assert finding.accepted
    assert "taken as given" in finding.statement


def test_a_graph_with_gathers_and_products(reports):
    # Products of two linear forms in two variables are all quadratic forms in them: 3 coefficients.
    builder = NetworkBuilder()
    x = builder.input((2,))
    factors = [builder.matmul(builder.parameter(name, (1, 2)), x) for name in "AB"]
    report = reports.handmade(builder.finish(builder.gather([builder.product(*factors)], [0], (1,))))
    (finding,) = verify(report)
    assert finding.accepted, finding.statement
    assert report["claims"][0]["value"]["dimension"] == 3


def test_only_proved_claims_are_replayed(reports):
    report = reports.proved(3, 2, 3)
    report["claims"].insert(0, {**report["claims"][0], "certainty": "theorem", "evidence": {}})
    report["claims"].append(copy.deepcopy(report["claims"][1]))
    report["claims"][2]["value"]["dimension"] = 7
    assert [(finding.claim, finding.accepted) for finding in verify(report)] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    ("widths", "options", "gain"),
    [((3, 2, 2), {"activation_degree": 2}, 2), ((3, 2, 3), {}, 4), ((3, 2, 1), {"activation_degree": 2}, 3)],
    ids=["scalings", "general-linear", "rotations"],
)
def test_compositions_gain_the_dimension_of_the_group(reports, widths, options, gain):
    report = reports.proved(*widths, **options)
    dimension, evidence = report["claims"][0]["value"]["dimension"], copy.deepcopy(reports.lower(report))
    reports.compose(
        report, reports.coordinates(report, 0, 2), reports.coordinates(report, 2, reports.tree(report)["to"]), gain
    )
    assert reports.tree(report)["value"] == dimension
    report["claims"][0]["evidence"]["lower_bound"] = evidence
    (finding,) = verify(report)
    assert finding.accepted, finding.statement


@pytest.mark.parametrize(
    "value",
    [None, [], "report", {}, {"schema": "neuroalg/report"}, {"schema": "neuroalg/report", "version": 1}],
    ids=str,
)
def test_what_is_no_report_is_an_error_of_one_sentence(value):
    assert_no_report(value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "other"),
        ("version", 2),
        ("version", True),
        ("version", 1.0),
        ("architecture", []),
        ("parametrization", {"network": 3}),
        ("claims", "proved"),
        ("claims", None),
        ("claims", [1]),
    ],
)
def test_a_report_with_an_unreadable_part_is_an_error(reports, key, value):
    assert_no_report({**reports.proved(3, 2, 3), key: value})


def assert_no_report(value):
    for function in (verify, estimate_seconds):
        with pytest.raises(ReportError) as caught:
            function(value)
        assert "\n" not in str(caught.value)


def test_the_estimate_grows_with_the_minor(reports):
    small, large = reports.proved(3, 2, 3), reports.proved(10, 10, 10, 1, activation_degree=2)
    assert 0 < estimate_seconds(small) < estimate_seconds(large)
    assert estimate_seconds({**small, "claims": []}) == 0
    without = copy.deepcopy(small)
    del without["claims"][0]["evidence"]["lower_bound"]
    assert estimate_seconds(without) == 0


def test_the_checker_shares_nothing_with_the_program():
    files = sorted(pathlib.Path(verifying.__file__).parent.glob("*.py"))
    assert len(files) > 1
    imported = set()
    for file in files:
        source = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                imported.add(node.module)
        assert len(source.splitlines()) < 400
    outside = {name.split(".")[0] for name in imported if not name.startswith("neuroalg_cli.verifying")}
    assert outside <= set(sys.stdlib_module_names) | {"flint"}
    code = "import sys, neuroalg_cli.verifying; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    own = {"neuroalg_cli.verifying", *(f"neuroalg_cli.verifying.{file.stem}" for file in files if file.stem[0] != "_")}
    assert {name for name in loaded if name.startswith("neuroalg_cli")} <= own | {"neuroalg_cli"}
    assert "numpy" not in loaded
