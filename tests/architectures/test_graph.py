"""Graphs as architectures: their JSON form, which is not trusted, and what they share with the families."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.graph import graph
from neuroalg_cli.cli import run
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.recognizing.graph_from_json import network_from_json
from neuroalg_cli.verifying import verify


def residual_network():
    builder = NetworkBuilder()
    x = builder.input((3,))
    h = builder.polynomial(builder.matmul(builder.parameter("A", (3, 3)), x), [(2, Fraction(1)), (1, Fraction(1, 2))])
    gathered = builder.gather([h], [2, 1, -1], (3,))
    return builder.finish(builder.sum(x, builder.matmul(builder.parameter("B", (3, 3)), gathered)))


def every_operation():
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    h = builder.matmul(builder.parameter("w", (2, 2)), x)
    p = builder.product(h, builder.reciprocal(builder.polynomial(h, [(2, Fraction(1)), (0, Fraction(1, 3))])))
    return builder.finish(builder.sum(builder.function("tanh", p), builder.gather([h], [3, -1, 0, 0], (2, 2))))


@pytest.mark.parametrize(
    "make", [residual_network, every_operation, lambda: na.mlp([2, 3, 1], 2, biases=True).network()]
)
def test_the_json_form_of_a_graph_is_that_graph(make):
    network = make()
    assert network_from_json(json.loads(json.dumps(network.as_json()))) == network


@pytest.mark.parametrize(
    "make", [residual_network, every_operation, lambda: na.cnn(["3", "2"], activation_degree=2).network()]
)
def test_the_canonical_form_is_a_specification_of_the_same_network(make):
    architecture = graph(make())
    again = na.from_mapping(json.loads(json.dumps(architecture.canonical())))
    assert again == architecture
    assert (again.label, again.digest()) == (architecture.label, architecture.digest())
    assert hash(again) == hash(architecture)
    assert architecture.label == f"graph-{architecture.digest()[:8]}"


def test_graphs_that_differ_in_names_and_in_the_order_of_nodes_are_equal():
    def build(first, second, names):
        builder = NetworkBuilder()
        x = builder.input((2,))
        nodes = {name: builder.parameter(name, (3, 2) if name == names[0] else (2, 3)) for name in (first, second)}
        h = builder.polynomial(builder.matmul(nodes[names[0]], x), [(2, Fraction(1))])
        return graph(builder.finish(builder.matmul(nodes[names[1]], h)))

    assert build("A", "B", ("A", "B")) == build("Z", "Y", ("Y", "Z"))


@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([3, 2, 3]),
        na.mlp([3, 2, 1], 2),
        na.mlp([2, 3, 2], 2, biases=True),
        na.cnn(["3", "2"], activation_degree=2),
        na.attention([2, 2], 2, tokens=2),
    ],
)
def test_the_graph_of_a_family_has_the_dimension_of_the_family(architecture):
    # the theorem or the rank of the family on one side, the rank of the bare graph on the other
    expected = na.dimension(architecture).value["dimension"]
    assert na.dimension(graph(architecture.network())).value["dimension"] == expected


def test_proofs_about_graphs_are_accepted_by_the_checker():
    report = na.ask(graph(na.mlp([2, 3, 2], 2).network()), method="jacobian")
    assert report.claims[0].certainty == "proved"
    assert all(finding.accepted for finding in verify(json.loads(report.model_dump_json(by_alias=True))))


def changed(change):
    data = copy.deepcopy(residual_network().as_json())
    change(data)
    return data


def node(index, **values):
    def change(data):
        data["nodes"][index].update(values)

    return change


def without(index, key):
    def change(data):
        del data["nodes"][index][key]

    return change


# nodes: 0 input, 1 parameter A, 2 matmul, 3 polynomial, 4 gather, 5 parameter B, 6 matmul, 7 sum
BROKEN = [
    (lambda d: d.update(output=8), "'output' is 8"),
    (lambda d: d.update(output=True), "'output' is True"),
    (lambda d: d.update(output=-1), "'output' is -1"),
    (lambda d: d.update(extra=1), "the keys 'nodes'"),
    (lambda d: d.pop("nodes"), "the keys 'nodes'"),
    (lambda d: d.update(nodes=[]), "'network' has no nodes"),
    (lambda d: d.update(output=0), "depends on no parameters"),
    (lambda d: d.update(output=1), "does not depend on its input"),
    (lambda d: d["nodes"].append({"operation": "input", "shape": [1], "name": "y"}), "2 input nodes"),
    (lambda d: d["nodes"].__setitem__(0, {"operation": "parameter", "shape": [3], "name": "c"}), "0 input nodes"),
    (lambda d: d["nodes"].__setitem__(2, 5), "node 2 of 'network' is 5"),
    (node(2, operation="conv"), "node 2 of 'network' has the operation 'conv'"),
    (node(2, operation=["matmul"]), "node 2 of 'network' has the operation"),
    (node(2, operands=[1, 2]), "indices of earlier nodes"),
    (node(2, operands=[1, -1]), "indices of earlier nodes"),
    (node(2, operands=[1, True]), "indices of earlier nodes"),
    (node(2, operands=[1]), "has 1 operands; it needs 2"),
    (node(2, operands=[0, 1]), "a matmul of input of shape (3,) and parameter of shape (3, 3), is impossible"),
    (node(2, shape=[4]), "says the shape (4,); its shape is (3,)"),
    (node(2, shape=[0]), "has the shape [0]"),
    (node(2, shape=[1, 1, 3]), "has the shape [1, 1, 3]"),
    (node(2, shape=[True]), "has the shape [True]"),
    (node(1, shape=[10**6, 10**6]), "product of at most"),
    (node(1, shape=[3, 4]), "is impossible"),
    (node(1, name="B"), "two parameter tensors are called 'B'"),
    (node(1, name="a b"), "has the name 'a b'"),
    (node(1, name="é"), "has the name 'é'"),
    (node(1, name=7), "has the name 7"),
    (without(1, "name"), "a parameter, needs the key 'name'"),
    (node(2, name="z"), "a matmul, cannot have the key 'name'"),
    (node(4, indices=[0, 1]), "it needs 3 integers"),
    (node(4, indices=[0, 1, 3]), "is impossible"),
    (node(4, indices=[0, 1, -2]), "is impossible"),
    (node(4, indices=[0, 1, 0.5]), "it needs 3 integers"),
    (node(3, terms=[[1, "1"]]), "is the polynomial z"),
    (node(3, terms=[[2, "1/0"]]), "pairs of an exponent"),
    (node(3, terms=[[2, 1]]), "pairs of an exponent"),
    (node(3, terms=[[-1, "1"]]), "pairs of an exponent"),
    (node(3, terms=[[10**9, "1"]]), "pairs of an exponent"),
    (node(3, terms=[[2, "0"]]), "exponents must fall"),
    (node(3, terms=[[1, "1"], [2, "1"]]), "exponents must fall"),
    (node(3, terms=[[2, "__import__('os')"]]), "pairs of an exponent"),
    (node(7, operands=[0, 1]), "a sum of input of shape (3,) and parameter of shape (3, 3), is impossible"),
]


@pytest.mark.parametrize(("change", "sentence"), BROKEN, ids=[sentence for _, sentence in BROKEN])
def test_what_is_no_graph_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(SpecError) as caught:
        na.from_mapping({"family": "graph", "network": changed(change)})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [None, 5, [], "text", {"nodes": {}, "output": 0}])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(SpecError):
        na.from_mapping({"family": "graph", "network": data})


def test_a_function_outside_the_catalogue_is_refused():
    data = every_operation().as_json()
    index = next(i for i, entry in enumerate(data["nodes"]) if entry["operation"] == "function")
    data["nodes"][index]["name"] = "system"
    with pytest.raises(SpecError, match="applies the function 'system'"):
        network_from_json(data)


def test_a_graph_that_no_parameter_reaches_is_refused_in_python_too():
    builder = NetworkBuilder()
    with pytest.raises(SpecError, match="depends on no parameters"):
        graph(builder.finish(builder.input((2,))))


def test_the_command_line_reads_graphs_from_files(tmp_path, capsys):
    path = tmp_path / "network.json"
    path.write_text(json.dumps({"family": "graph", "network": na.mlp([2, 2, 1], 2).network().as_json()}))
    assert run(["dim", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["architecture"]["family"] == "graph"
    assert report["claims"][0]["value"]["dimension"] == 3  # all quadratic forms in two variables
    assert run(["dim", "--arch", "graph"]) == 3
    assert "the key 'network' is missing" in capsys.readouterr().err
