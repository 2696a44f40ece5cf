"""Message passing: the graph of operations against plain fractions, equivariance, linear networks, degenerate graphs."""

from __future__ import annotations

import json
import random
import re
import sys
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.gnn import gnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.cli import run
from neuroalg_cli.errors import SpecError
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters import floating, modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits
from neuroalg_cli.spec import from_mapping

PRIME = 8388593
VARIETY = [
    gnn("path:3", [2, 2, 1], 2),
    gnn("cycle:4", [1, 2, 1], 2, self_weights=True),
    gnn("0-1,1-2,2-0,2-3", [1, 2, 2], [2], biases=True, self_weights=True, nodes=5),
    gnn("0-1,1-2", [2, 1, 2], 3, directed=True, self_loops=True),
    gnn("star:4", [1, 2, 2], activation="z^2-1/2*z+1", pooling="sum", biases=True),
    gnn("complete:3", [2, 1, 1], 2, pooling="sum", output_width=2, biases=True),
    gnn("path:2", [1, 2, 2, 1], [2, 1], output_width=2, self_weights=True),
    gnn("path:1", [2, 2, 1], 2),
    gnn("path:1", [2, 2, 1], 2, self_loops=True, self_weights=True),
    gnn("empty:2", [1, 2, 1], 2, self_weights=True, biases=True),
    gnn("cycle:3", [2, 1], directed=True),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label)


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


def points(network, seed):
    source = random.Random(seed)
    w = [Fraction(source.randint(-6, 6), 2) for _ in range(network.parameter_count)]
    x = [Fraction(source.randint(-6, 6), 2) for _ in range(network.input_size)]
    return w, x


def residue(value):
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def residues(values):
    return balanced(np.array([residue(value) for value in values], dtype=np.int64), PRIME)


def modular_outputs(network, w, x):
    return [int(v) % PRIME for v in modular.evaluate(network, residues(w), residues(x)[None, :], PRIME)[0]]


def times(a, b):
    return [
        [sum((p * q for p, q in zip(row, column, strict=True)), Fraction(0)) for column in zip(*b, strict=True)]
        for row in a
    ]


def plus(a, b):
    return [[p + q for p, q in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]


def adjacency(architecture):
    """Returns A with A[u][v] = 1 for an edge from u to v, from the canonical edge list."""
    result = [[Fraction(0)] * architecture.nodes for _ in range(architecture.nodes)]
    for edge in filter(None, architecture.graph.split(",")):
        u, v = map(int, edge.split("-"))
        result[u][v] = Fraction(1)
        if not architecture.directed:
            result[v][u] = Fraction(1)
    return result


def by_hand(architecture, w, x):
    """Returns the outputs from the formula, with the whole adjacency matrix, in fractions."""
    w, nodes = iter(w), architecture.nodes
    A = adjacency(architecture)
    H = [x[row * nodes : (row + 1) * nodes] for row in range(architecture.features[0])]

    def matrix(rows, columns):
        return [[next(w) for _ in range(columns)] for _ in range(rows)]

    for layer, rows in enumerate(architecture.features[1:]):
        value = times(matrix(rows, len(H)), times(H, A))
        if architecture.self_weights:
            value = plus(value, times(matrix(rows, len(H)), H))
        if architecture.biases:
            value = plus(value, times(matrix(rows, 1), [[Fraction(1)] * nodes]))
        if layer < len(architecture.activation):
            terms = architecture.activation_terms[layer]
            value = [[sum((c * z**e for e, c in terms), Fraction(0)) for z in row] for row in value]
        H = value
    if architecture.pooling == "sum":
        H = [[sum(row, Fraction(0))] for row in H]
    if architecture.output_width:
        H = times(matrix(architecture.output_width, len(H)), H)
        if architecture.biases:
            H = plus(H, times(matrix(architecture.output_width, 1), [[Fraction(1)] * len(H[0])]))
    assert next(w, None) is None
    return [entry for row in H for entry in row]


@pytest.mark.parametrize("seed", range(3))
@by_label
def test_the_graph_is_the_formula(architecture, seed):
    network = architecture.network()
    w, x = points(network, seed)
    assert modular_outputs(network, w, x) == [residue(value) for value in by_hand(architecture, w, x)]


@by_label
def test_the_three_interpreters_agree(architecture):
    network = architecture.network()
    w, x = points(network, 7)
    exact = [Fraction(0)] * network.output_size
    for coordinate in coordinates(network):
        value = sum(
            c * np.prod([a**e for a, e in zip(w, powers, strict=True)]) for powers, c in coordinate.polynomial.items()
        )
        exact[coordinate.output] += value * np.prod([a**e for a, e in zip(x, coordinate.monomial, strict=True)])
    assert modular_outputs(network, w, x) == [residue(value) for value in exact]
    numbers = floating.evaluate(network, np.array(w, dtype=float), np.array([x], dtype=float))[0]
    assert numbers == pytest.approx([float(value) for value in exact], rel=1e-9, abs=1e-9)


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    again = from_mapping(json.loads(json.dumps(architecture.canonical())))
    assert (again, again.digest(), again.label) == (architecture, architecture.digest(), architecture.label)
    assert re.fullmatch(r"[a-z0-9.-]{1,120}", architecture.label)


def test_different_networks_have_different_labels_and_hashes():
    assert len({architecture.label for architecture in VARIETY}) == len(VARIETY)
    assert len({architecture.digest() for architecture in VARIETY}) == len(VARIETY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gnn("path:3", [2, 1]), gnn("2-1,0-1", [2, 1])),
        (gnn("cycle:3", [2, 1]), gnn([[0, 1], [1, 2], [2, 0]], [2, 1], nodes=3)),
        (gnn("path:2", [2, 1], self_loops=True), gnn("0-0,1-1,0-1", [2, 1])),
        (gnn("0-1,1-0", [2, 1], directed=True), gnn("0-1", [2, 1])),
        (gnn("empty:2", [2, 1], directed=True), gnn("", [2, 1], nodes=2)),
        (gnn("path:2", [2, 1, 1]), gnn("path:2", [2, 1, 1], activation="z")),
        (gnn(np.array([[0, 1]]), np.array([2, 1])), gnn("0-1", [2, 1])),
    ],
)
def test_equal_networks_have_equal_forms(one, other):
    assert (one, one.digest(), one.label) == (other, other.digest(), other.label)


def test_functions_commute_with_automorphisms():
    # the rotation of a cycle, and the reflection of a path
    for graph, permutation in (("cycle:4", [1, 2, 3, 0]), ("path:3", [2, 1, 0])):
        nodes = len(permutation)
        network = gnn(graph, [2, 2, 2], 2, self_weights=True, biases=True).network()
        w, x = points(network, 2)
        moved = [x[row * nodes + v] for row in range(2) for v in permutation]
        values = modular_outputs(network, w, x)
        assert modular_outputs(network, w, moved) == [values[row * nodes + v] for row in range(2) for v in permutation]
        pooled = gnn(graph, [2, 2, 2], 2, self_weights=True, biases=True, pooling="sum").network()
        assert modular_outputs(pooled, w, x) == modular_outputs(pooled, w, moved)


# linear networks: f(X) = W_L ... W_1 X A^L depends on the product of bounded rank only, if A^L is not 0


def determinantal(features):
    k = min(features)
    return k * (features[0] + features[-1] - k)


@pytest.mark.parametrize("seed", range(25))
def test_linear_networks_without_self_weights(seed):
    source = random.Random(seed)
    nodes, layers = source.randint(1, 4), source.randint(1, 3)
    directed = source.random() < 0.6
    pairs = [(u, v) for u in range(nodes) for v in range(nodes) if directed or u <= v]
    chosen = [pair for pair in pairs if source.random() < 0.4]
    features = [source.randint(1, 3) for _ in range(layers + 1)]
    output = source.choice([None, None, 2])
    pooling = source.choice(["none", "sum"])
    architecture = gnn(chosen, features, nodes=nodes, directed=directed, pooling=pooling, output_width=output)
    A = np.zeros((nodes, nodes), dtype=int)
    for u, v in chosen:
        A[u, v] = 1
        if not directed:
            A[v, u] = 1
    is_zero = not np.linalg.matrix_power(A, layers).any()
    widths = features if output is None else [*features, output]
    assert rank_of(architecture) == (0 if is_zero else determinantal(widths))


def test_a_directed_path_forgets_everything_after_as_many_layers_as_nodes():
    assert [rank_of(gnn("path:3", [2] * (layers + 1), directed=True)) for layers in (1, 2, 3)] == [4, 4, 0]
    assert na.dimension(gnn("path:3", [2] * 4, directed=True)).value["projective_dimension"] == -1


def test_linear_networks_with_self_weights_by_hand():
    # one feature: (w_2 A + u_2)(w_1 A + u_1) = a A^2 + b A + c on a path of 3 nodes, where 1, A, A^2 are independent; on an edge
    # A^2 = 1, and the coefficients are w_2 u_1 + u_2 w_1 and w_2 w_1 + u_2 u_1
    assert rank_of(gnn("path:3", [1, 1, 1], self_weights=True)) == 3
    assert rank_of(gnn("path:2", [1, 1, 1], self_weights=True)) == 2


# degenerate graphs


def test_without_edges_a_network_is_a_perceptron_at_every_node():
    for features, r, biases in (([2, 2, 1], 2, False), ([1, 2, 1], 3, True), ([3, 2, 2], 2, False)):
        architecture = gnn("empty:2", features, r, self_weights=True, biases=biases)
        assert rank_of(architecture) == rank_of(mlp(features, r, biases=biases))
    assert rank_of(gnn("empty:3", [2, 2, 1], 2)) == 0
    # biases alone: constants, the same at every node
    assert rank_of(gnn("empty:3", [2, 2, 2], 2, biases=True)) == 2


def test_one_node_with_a_loop_is_a_perceptron():
    assert rank_of(gnn("0-0", [3, 2, 1], 2)) == rank_of(mlp([3, 2, 1], 2)) == 5
    # W and U of the same node only occur as their sum
    assert rank_of(gnn("0-0", [3, 2, 1], 2, self_weights=True)) == 5
    assert gnn("0-0", [3, 2, 1], 2).network().output_size == 1


def test_a_permutation_of_the_nodes_as_graph_is_a_perceptron():
    # a directed cycle only moves the columns
    assert rank_of(gnn("cycle:3", [2, 2, 2], 2, directed=True)) == rank_of(mlp([2, 2, 2], 2))


def test_one_feature_by_hand():
    # w_2 (w_1 a + u_1 b)^2 with a neighbours' sum a and own b, then summed over the neighbours, plus u_2 (...)^2 of the node
    # itself: w_2 and u_2 times the square of (w_1, u_1), which is 4 parameters less one scaling
    assert rank_of(gnn("path:3", [1, 1, 1], 2, self_weights=True)) == 3
    assert rank_of(gnn("path:3", [1, 1, 1], 2)) == 1


def test_hidden_features_scale_and_permute():
    architecture = gnn("path:3", [2, 3, 2], 3, self_weights=True, biases=True)
    phi = PolynomialMap(architecture.network())
    assert architecture.expected_dimension(phi) == phi.parameter_count - 3
    assert architecture.finite_symmetries() == ("permutations of the 3 features of hidden layer 1",)
    assert gnn("path:3", [2, 3, 2]).finite_symmetries() == ()
    assert gnn("path:3", [2, 1, 2], 2).finite_symmetries() == ()


def test_remarks():
    assert "no edges" in gnn("empty:2", [1, 1]).remarks()[0]
    assert "linear" in gnn("path:2", [1, 1, 1]).remarks()[0]
    assert gnn("path:2", [1, 1, 1], 2).remarks() == ()


# what is refused


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ({}, "'features' is missing"),
        ({"features": [2, 1]}, "'graph' is missing"),
        ({"features": 2, "graph": "path:2"}, "'features' is 2"),
        ({"features": [2], "graph": "path:2"}, "'features' has 1 entries"),
        ({"features": [2] * 2000, "graph": "path:2"}, "'features' has 2000 entries"),
        ({"features": [2, 0], "graph": "path:2"}, "greater than or equal to 1"),
        ({"features": [2, 1], "graph": "path:2", "nodes": 0}, "'nodes' is 0"),
        ({"features": [2, 1], "graph": "path:2", "nodes": "3"}, "'nodes' is '3'"),
        ({"features": [2, 1], "graph": "path:2", "directed": "yes"}, "'directed' is 'yes'"),
        ({"features": [2, 1], "graph": "path:2", "self_weights": 1}, "'self_weights'"),
        ({"features": [2, 1], "graph": "path:2", "pooling": "mean"}, "'pooling' is 'mean'"),
        ({"features": [2, 1], "graph": "path:2", "output_width": 0}, "'output_width'"),
        ({"features": [2, 1, 1], "graph": "path:2", "activation": ["1"]}, "a constant"),
        ({"features": [2, 1], "graph": "0-1,1-0"}, "given twice"),
        ({"features": [10**9, 1], "graph": "path:2"}, "messages"),
        ({"features": [9, 9], "graph": "star:10000"}, "messages"),
        ({"features": [2, 1], "graph": "path:2", "width": 3}, "'width' is unknown"),
    ],
)
def test_impossible_networks_are_refused_in_one_sentence(specification, words):
    with pytest.raises(SpecError) as caught:
        from_mapping({"family": "gnn", **specification})
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--graph path:3 --features 2,2,1 --activation-degree 2", 0, "dimension"),
        ("--graph 0-1,1-2 --features 1,1 --directed --self-loops --pooling sum --output-width 2", 0, "dimension"),
        ("--graph blob --features 1,1", 3, "'blob' is unknown"),
        ("--graph path:3", 3, "'features' is missing"),
    ],
)
def test_the_command_line(capsys, arguments, code, words):
    assert run(["dim", "--arch", "gnn", *arguments.split()]) == code
    output = capsys.readouterr()
    assert words in output.out + output.err


def test_networkx_is_imported_for_named_graphs_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    assert rank_of(gnn("cycle:5", [1, 1, 1], 2)) == 1
    with pytest.raises(SpecError, match="networkx"):
        gnn("petersen", [1, 1])


# engines


SMALL = [
    gnn("path:3", [1, 1, 1], 2, self_weights=True),
    gnn("path:3", [1, 2, 1], 2, pooling="sum", biases=True),
    gnn("cycle:4", [1, 2, 2], activation="z^2+z"),
    gnn("0-1,1-2", [2, 2, 2], 2, directed=True, self_loops=True),
    gnn("empty:2", [2, 1, 1], 2, self_weights=True),
]


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
)
def test_engines_agree(engine):
    networks = [architecture.network().as_json() for architecture in SMALL]
    script = render(f"{engine}/dimension-jacobian", networks=networks, seed=11)
    answer = execute(script, find(engine), Limits(wall_seconds=300))
    assert [int(found["rank"]) for found in answer.values["networks"]] == [rank_of(a) for a in SMALL]
    network = SMALL[0].network()
    script = render(
        f"{engine}/dimension-groebner",
        coordinates=[coordinate.polynomial for coordinate in coordinates(network)],
        parameters=network.parameter_count,
        characteristic=0,
    )
    assert int(execute(script, find(engine), Limits(wall_seconds=120)).values["dimension"]) == 3
