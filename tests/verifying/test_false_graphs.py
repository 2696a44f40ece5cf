"""Graphs on which an argument fails, and graphs and evidence of absurd size: refused with the reason."""

from __future__ import annotations

from fractions import Fraction

import pytest

from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.verifying import ReportError, verify
from neuroalg_cli.verifying.blocks import sums

SQUARE = ((2, Fraction(1)),)


def assert_refused(report, reason):
    (finding,) = verify(report)
    assert not finding.accepted
    assert reason in finding.statement


def with_fields(reports, network, kind, count, **names):
    """Returns a report on a graph that claims symmetry fields and the dimension that they would prove."""
    report, size = reports.handmade(network), network.parameter_count
    evidence = {**reports.parameters(reports.tree(report)["from"], reports.tree(report)["to"], size), "rank": count}
    evidence["symmetries"] = [{"kind": kind, "fields": count, **names}]
    report["claims"][0]["evidence"]["upper_bound"] = evidence
    reports.claim_dimension(report, size - count)
    return report


def two_layers(activation, *, first_bias=False, second_bias=False, again=False, twice=False):
    """Returns x -> V s(W x + b) + b', with some of the biases; again: W x is used again; twice: V is used twice."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    linear = h = builder.matmul(builder.parameter("W", (2, 2)), x)
    if first_bias:
        h = builder.sum(h, builder.parameter("b", (2,)))
    second = builder.parameter("V", (2, 2))
    value = builder.matmul(second, builder.polynomial(h, activation))
    if second_bias:
        value = builder.sum(value, builder.parameter("c", (2,)))
    if again:
        value = builder.sum(value, linear)
    return builder.finish(builder.matmul(second, value) if twice else value)


def test_an_honest_graph_is_accepted(reports):
    network = two_layers(SQUARE, first_bias=True)
    report = with_fields(reports, network, "scaling", 2, first="W", first_bias="b", second="V")
    evidence = reports.handmade(network)["claims"][0]["evidence"]
    report["claims"][0]["evidence"]["lower_bound"] = evidence["lower_bound"]
    (finding,) = verify(report)
    assert finding.accepted, finding.statement


def test_scalings_of_a_second_matrix_used_twice(reports):
    report = with_fields(reports, two_layers(SQUARE, twice=True), "scaling", 2, first="W", second="V")
    assert_refused(report, "there is no symmetry 'scaling'")


def test_scalings_of_a_first_matrix_used_twice(reports):
    report = with_fields(reports, reports.chain([2, 2, 2, 2], shared=True), "scaling", 2, first="W_1", second="W_3")
    assert_refused(report, "there is no symmetry 'scaling'")


@pytest.mark.parametrize("names", [{}, {"first_bias": "b"}])
def test_scalings_of_values_used_again_without_their_bias(reports, names):
    network = two_layers(SQUARE, first_bias=True, again=True)
    report = with_fields(reports, network, "scaling", 2, first="W", second="V", **names)
    assert_refused(report, "there is no symmetry 'scaling'")


@pytest.mark.parametrize("biases", [{"first_bias": "b"}, {"second_bias": "c"}])
def test_translations_with_one_bias(reports, biases):
    network = two_layers(((1, Fraction(2)),), **dict.fromkeys(biases, True))
    report = with_fields(reports, network, "translation", 2, first="W", second="V", **biases)
    assert_refused(report, "there is no symmetry 'translation'")


def test_determinants_beside_a_path_past_the_middle(reports):
    # W_2 W_1 x + S x has any rank, not only that of the middle.
    report = reports.handmade(reports.chain([2, 1, 2], skip=True, terms=()))
    reports.tree(report)["bound"] = "determinantal"
    reports.claim_dimension(report, 3)
    assert_refused(report, "is no matrix times")


def test_a_cut_that_a_path_avoids(reports):
    report = reports.handmade(reports.chain([2, 2, 2], skip=True))
    end = reports.tree(report)["to"]
    reports.compose(report, reports.coordinates(report, 0, 2), reports.parameters(2, end, 4), 0)
    assert_refused(report, "no function of node 2")


def test_a_matrix_on_both_sides_of_a_cut(reports):
    report = reports.handmade(reports.chain([2, 2, 2, 2], shared=True))
    end = reports.tree(report)["to"]
    reports.compose(report, reports.coordinates(report, 0, 2), reports.parameters(2, end, 4), 0)
    assert_refused(report, "share parameters")


def test_two_matrices_of_one_name(reports):
    report = reports.handmade(reports.chain([3, 2, 2]))
    for node in report["parametrization"]["network"]["nodes"]:
        if node["operation"] == "parameter":
            node["name"] = "W"
    assert_refused(report, "one name")


@pytest.mark.parametrize(
    "node",
    [
        {"operation": "matmul", "operands": [3, 4], "shape": [2, 2, 2]},
        {"operation": "matmul", "operands": [3, 5], "shape": [2]},
        {"operation": "sum", "operands": [3, 3], "shape": [4]},
        {"operation": "sum", "operands": [3, 3], "shape": [2]},
        {"operation": "sum", "operands": [3, 5], "shape": [2, 2]},
        {"operation": "product", "operands": [5, 5], "shape": [4]},
        {"operation": "polynomial", "operands": [5], "shape": [2], "terms": [[2, "1"]]},
        {"operation": "polynomial", "operands": [5, 5], "shape": [3], "terms": [[2, "1"]]},
        {"operation": "gather", "operands": [5], "indices": [0, 3], "shape": [2]},
        {"operation": "gather", "operands": [5], "indices": [0, 1], "shape": [3]},
        {"operation": "sum", "operands": [5, 5], "shape": [3], "terms": [[2, "1"]]},
    ],
    ids=str,
)
def test_operations_whose_shapes_do_not_fit(reports, node):
    report = reports.handmade(reports.chain([2, 2]))
    nodes = report["parametrization"]["network"]["nodes"]
    for name, shape in {"A": [2, 2], "B": [2, 2, 2], "C": [3]}.items():
        nodes.append({"operation": "parameter", "name": name, "shape": shape})
    assert len(nodes) == 6
    nodes.append(node)
    assert_refused(report, "node 6")


# absurd sizes


def tower(reports, widths, degrees, layers):
    """Returns a graph of powers on top of each other: little text, many degrees or monomials."""
    report = reports.handmade(reports.chain(widths))
    nodes = report["parametrization"]["network"]["nodes"]
    terms = [[degree, "1"] for degree in degrees]
    for _ in range(layers):
        nodes.append({"operation": "polynomial", "shape": [widths[-1]], "operands": [len(nodes) - 1], "terms": terms})
    report["parametrization"]["network"]["output"] = reports.tree(report)["to"] = len(nodes) - 1
    return report


def test_more_monomials_than_can_be_counted(reports):
    assert_refused(tower(reports, [5000, 1], [1000], 5), "monomials")


def test_more_degrees_than_can_be_added(reports):
    assert_refused(tower(reports, [2, 2], [1000, 999], 4), "degrees")


def test_a_degree_of_many_digits():
    with pytest.raises(ReportError, match="degrees"):
        sums({2**15_000}, {1})


def test_a_product_of_long_vectors(reports):
    report = reports.handmade(reports.chain([2, 2]))
    nodes = report["parametrization"]["network"]["nodes"]
    for name, shape in {"column": [10**5, 1], "row": [1, 10**5]}.items():
        nodes.append({"operation": "parameter", "name": name, "shape": shape})
    nodes.append({"operation": "matmul", "operands": [3, 4], "shape": [10**5, 10**5]})
    assert_refused(report, "too large")


def test_a_gather_of_the_same_many_times(reports):
    report = reports.handmade(reports.chain([2, 2]))
    nodes = report["parametrization"]["network"]["nodes"]
    nodes.append({"operation": "parameter", "name": "long", "shape": [10**5]})
    nodes.append({"operation": "gather", "operands": [3] * 1000, "indices": [0], "shape": [1]})
    assert_refused(report, "too large")


def test_the_same_symmetry_many_times(reports):
    report = reports.proved(10, 10, 10, 1, activation_degree=2)
    reports.tree(report)["symmetries"] = [reports.tree(report)["symmetries"][0]] * 10**5
    assert_refused(report, "too many symmetries")


def test_a_tree_that_nests_without_end(reports):
    report = reports.proved(3, 2, 3)
    evidence = reports.tree(report)
    evidence |= {"bound": "composition", "cut": 2, "gain": 0, "left": evidence, "right": evidence}
    assert_refused(report, "")
