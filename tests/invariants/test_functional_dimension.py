"""The functional dimension: exact for relu networks, certified for others, local to the weights, honest where bounds do not meet.

Sources: J. E. Grigsby, K. Lindsey, R. Meyerhoff, C. Wu, arXiv:2209.04036 (definition; parameters less hidden neurons is a bound);
Y. Alexandr, G. Montufar, arXiv:2508.03867 (outputs of relu networks on data); H. J. Sussmann, Neural Networks 5 (1992) 589-593
(tanh networks have finitely many parameters for one function); and second computations that the tests name.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner
from flint import fmpq, fmpq_mat

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.cli import command_line
from neuroalg_cli.errors import MemoryLimitError, SpecError, TimeLimitError, UsageError
from neuroalg_cli.interpreters import balls, modular, piecewise
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.part_of_network import PartOfNetwork
from neuroalg_cli.question import Question
from neuroalg_cli.symmetry.relu_symmetries import free_scalings, relu_scalings

if TYPE_CHECKING:
    from pathlib import Path


def perceptron(widths: list[int], name: str = "relu", *, biases: bool = False) -> Network:
    builder = NetworkBuilder()
    value = builder.input((widths[0],))
    for layer in range(1, len(widths)):
        value = builder.matmul(builder.parameter(f"W_{layer}", (widths[layer], widths[layer - 1])), value)
        if biases:
            value = builder.sum(value, builder.parameter(f"b_{layer}", (widths[layer],)))
        if layer < len(widths) - 1:
            value = builder.function(name, value)
    return builder.finish(value)


def architecture(network: Network) -> PartOfNetwork:
    return PartOfNetwork(graph=network, whole="test")


def attention(d: int, n: int, a: int, depth: int) -> Network:
    """Layers X -> V X softmax(X^T K^T Q X), the softmax taken over every column."""
    builder = NetworkBuilder()
    x = builder.input((d, n))
    for layer in range(1, depth + 1):
        q, k = (builder.parameter(f"{letter}_{layer}", (a, d)) for letter in "QK")
        v = builder.parameter(f"V_{layer}", (d, d))
        scores = builder.matmul(builder.transpose(builder.matmul(k, x)), builder.matmul(q, x))
        powers = builder.function("exp", scores)
        sums = builder.sum(*(builder.gather([powers], range(i * n, (i + 1) * n), (n,)) for i in range(n)))
        shares = builder.gather([builder.reciprocal(sums)], [j for _ in range(n) for j in range(n)], (n, n))
        x = builder.matmul(builder.matmul(v, x), builder.product(powers, shares))
    return builder.finish(x)


def reference_rank(network: Network, w: list[Fraction], inputs: list[list[Fraction]]) -> int:
    """A second computation for relu perceptrons without biases: gradients by hand in Fractions, ranked over Q by FLINT."""
    matrices = [network.nodes[index].shape for index in network.offsets]
    weights, position = [], 0
    for m, n in matrices:
        weights.append([w[position + i * n : position + (i + 1) * n] for i in range(m)])
        position += m * n
    rows = []
    for x in inputs:
        values, masks = [x], []
        for layer, matrix in enumerate(weights):
            z = [sum((a * b for a, b in zip(row, values[-1], strict=True)), Fraction(0)) for row in matrix]
            if layer < len(weights) - 1:
                masks.append([entry > 0 for entry in z])
                z = [max(entry, Fraction(0)) for entry in z]
            values.append(z)
        for output in range(matrices[-1][0]):
            gradient: list[list[Fraction]] = [[]] * len(weights)
            adjoint = [Fraction(int(i == output)) for i in range(matrices[-1][0])]
            for layer in range(len(weights) - 1, -1, -1):
                gradient[layer] = [a * b for a in adjoint for b in values[layer]]
                back = [
                    sum((adjoint[i] * weights[layer][i][j] for i in range(len(adjoint))), Fraction(0))
                    for j in range(matrices[layer][1])
                ]
                adjoint = [b * int(masks[layer - 1][j]) for j, b in enumerate(back)] if layer else back
            rows.append([fmpq(v.numerator, v.denominator) for block in gradient for v in block])
    return int(fmpq_mat(rows).rank())


def test_the_published_outputs_of_a_relu_network_on_data() -> None:
    # record relu-out-b (arXiv:2508.03867, deep example; the rank recomputed over ZZ/32003): widths 3,3,2,3,3, all neurons active,
    # data (1,2,3), (5,6,11), (8,9,10), (7,12,13): the output variety has dimension 8, in 12 coordinates
    network = piecewise.masked(perceptron([3, 3, 2, 3, 3]))
    data = [(1, 2, 3), (5, 6, 11), (8, 9, 10), (7, 12, 13)]
    prime = 8388593
    w = np.random.default_rng(3).integers(-1000, 1000, network.parameter_count).astype(float)
    from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo

    inputs = np.array([[*x, *[1] * 8] for x in data], dtype=float)
    matrix = modular.jacobian(network, w, inputs, prime)
    assert matrix.shape[0] == 12
    assert rank_modulo(matrix, prime).rank == 8


@pytest.mark.parametrize("widths", [[1, 1, 1], [2, 3, 1], [3, 2, 2], [4, 3, 2, 1], [3, 3, 3, 2]])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_relu_networks_stay_within_parameters_less_hidden_neurons(widths: list[int], biases: bool, seed: int) -> None:
    # record relu-fd (arXiv:2209.04036)
    claim = na.functional_dimension(architecture(perceptron(widths, biases=biases)), seed=seed)
    bound = claim.value["parameters"] - sum(widths[1:-1])
    assert claim.value["upper_bound"] == bound
    assert claim.value["functional_dimension"] <= bound
    assert (claim.kind == "exact") == (claim.value["functional_dimension"] == bound)
    assert claim.certainty == ("exact" if claim.kind == "exact" else "modular")


def test_one_hidden_layer_reaches_the_bound() -> None:
    # all neurons of a first layer with general biases have a kink in some region; see Theorem 1.1 of arXiv:2209.04036
    claim = na.functional_dimension(architecture(perceptron([2, 4, 2], biases=True)))
    assert (claim.value["functional_dimension"], claim.kind, claim.certainty) == (22 - 4, "exact", "exact")
    assert claim.value["activation_regions"] > 1


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_is_that_of_a_second_computation(seed: int) -> None:
    source = random.Random(seed)
    network = perceptron([2, source.randint(1, 3), source.randint(1, 3), source.randint(1, 2)])
    w = [Fraction(source.randint(-9, 9), source.randint(1, 5)) for _ in range(network.parameter_count)]
    inputs = [[Fraction(source.randint(-99, 99), 7) for _ in range(2)] for _ in range(120)]
    claim = na.functional_dimension(architecture(network), point=w)
    assert claim.value["functional_dimension"] == reference_rank(network, w, inputs)


def test_the_answer_is_local_to_the_weights() -> None:
    # relu(w_2 relu(w_1 x)) u: with w_1, w_2 > 0 the function is u w_2 w_1 relu(x), of dimension 1; with w_2 < 0 it is zero nearby
    network = architecture(perceptron([1, 1, 1, 1]))
    assert na.functional_dimension(network, point=[1, 1, 1]).value["functional_dimension"] == 1
    dead = na.functional_dimension(network, point=[1, -1, 1])
    assert dead.value["functional_dimension"] == 0
    assert dead.kind == "lower_bound"
    assert any("at least 0 for certain" in sentence for sentence in dead.assumptions)
    assert any("the given weights" in sentence for sentence in dead.assumptions)


def test_scalings_that_vanish_at_the_weights_lower_no_bound() -> None:
    # the row of neuron 1 is zero: its scaling field is zero on the row, and the count must not take it
    network = perceptron([2, 2, 1])
    assert free_scalings(network, [Fraction(v) for v in (0, 0, 1, 2, 3, 4)]) == 1
    assert free_scalings(network, [Fraction(1)] * 6) == 2
    assert free_scalings(network, [Fraction(0)] * 6) == 0


def test_scalings_are_found_only_where_parameters_are_private() -> None:
    assert [found.width for found in relu_scalings(perceptron([3, 4, 2, 1], biases=True))] == [4, 2]
    assert relu_scalings(perceptron([3, 4, 1], "tanh")) == []
    builder = NetworkBuilder()
    x = builder.input((2,))
    shared = builder.parameter("W", (2, 2))
    tied = builder.finish(builder.matmul(shared, builder.function("relu", builder.matmul(shared, x))))
    assert relu_scalings(tied) == []
    builder = NetworkBuilder()
    x = builder.input((2,))
    hidden = builder.function("relu", builder.matmul(builder.parameter("W", (2, 2)), x))
    skip = builder.sum(builder.matmul(builder.parameter("U", (2, 2)), hidden), hidden)
    assert relu_scalings(builder.finish(skip)) == []


def test_tied_weights_have_no_scaling_and_the_bound_holds() -> None:
    builder = NetworkBuilder()
    x = builder.input((2,))
    shared = builder.parameter("W", (2, 2))
    network = builder.finish(builder.matmul(shared, builder.function("relu", builder.matmul(shared, x))))
    claim = na.functional_dimension(architecture(network))
    assert claim.value["upper_bound"] == 4
    assert claim.value["functional_dimension"] <= 4


def test_tanh_networks_have_no_continuous_symmetry() -> None:
    # Sussmann 1992: one hidden layer of tanh, the weights determined up to signs and permutations, so all P directions count
    claim = na.functional_dimension(architecture(perceptron([2, 3, 2], "tanh", biases=True)))
    assert claim.value["functional_dimension"] == claim.value["parameters"] == 17
    assert (claim.kind, claim.certainty) == ("exact", "certified_numeric")


def test_exponentials_absorb_their_biases() -> None:
    # U exp(W x + b) + e = U diag(exp b) exp(W x) + e: the bias of a neuron says nothing new: 17 - 3, a bound that the graph's
    # symmetries do not know, so that the claim is a lower bound
    claim = na.functional_dimension(architecture(perceptron([2, 3, 2], "exp", biases=True)))
    assert (claim.value["functional_dimension"], claim.value["upper_bound"]) == (14, 17)
    assert (claim.kind, claim.certainty) == ("lower_bound", "certified_numeric")


def test_softmax_attention_where_float64_sees_less() -> None:
    # record rank-trap-52 (a preprint of 2026 on softmax attention near collapse): three layers, n = d = 4, rank 2, a Jacobian
    # of 96 columns, exact rank 52, rank 40 in float64.  The exact rank is 96 - 3 * 2^2 - 2 * 4^2: GL(2) between Q and K in each
    # layer and GL(4) between neighbouring layers.
    network = attention(4, 4, 2, 3)
    source = random.Random(1)
    point = [Fraction(source.randint(-32, 32), 16 * 64) for _ in range(96)]
    claim = na.functional_dimension(architecture(network), point=point)
    assert claim.value["parameters"] == 96
    assert claim.value["functional_dimension"] == claim.value["upper_bound"] == 52
    assert (claim.kind, claim.certainty) == ("exact", "certified_numeric")
    with balls.precision(128):
        inputs = [[Fraction(source.randint(-16, 16), 16) for _ in range(16)] for _ in range(8)]
        matrix = np.concatenate([balls.jacobian(network, point, x) for x in inputs])
    floats = np.array([float(ball.mid()) for ball in matrix.reshape(-1)]).reshape(matrix.shape)
    assert np.linalg.matrix_rank(floats) < 52


def test_softmax_attention_of_one_layer_reaches_its_symmetries() -> None:
    # d = n = 3, a = 2: V and the matrix K^T Q of rank at most 2: 9 + 2(3 + 3 - 2) = 17
    claim = na.functional_dimension(architecture(attention(3, 3, 2, 1)))
    assert (claim.value["functional_dimension"], claim.kind) == (17, "exact")


def test_relu_with_division_and_powers_is_piecewise_rational() -> None:
    # w relu(v x) / (1 + c x^2): for x > 0 and v > 0 it is w v x / (1 + c x^2): parameters w v and c
    builder = NetworkBuilder()
    x = builder.input((1,))
    w, v, c = (builder.parameter(name, (1,)) for name in "wvc")
    top = builder.product(w, builder.function("relu", builder.product(v, x)))
    square = builder.polynomial(x, [(2, Fraction(1))])
    bottom = builder.polynomial(builder.product(c, square), [(1, Fraction(1)), (0, Fraction(1))])
    network = builder.finish(builder.product(top, builder.reciprocal(bottom)))
    claim = na.functional_dimension(architecture(network), point=[2, 3, 5])
    assert claim.value["functional_dimension"] == 2


def test_networks_that_are_smooth_nowhere_are_refused() -> None:
    builder = NetworkBuilder()
    x = builder.input((1,))
    negative = builder.polynomial(x, [(2, Fraction(-1)), (0, Fraction(-1))])
    product = builder.product(builder.parameter("w", (1,)), builder.function("sqrt", negative))
    with pytest.raises(SpecError, match="a value is not defined at 50 random inputs in a row"):
        na.functional_dimension(architecture(builder.finish(product)))
    # relu of b, which is 0 at the weights: a kink for every input
    builder = NetworkBuilder()
    x = builder.input((1,))
    kink = builder.function("relu", builder.parameter("b", (1,)))
    with pytest.raises(SpecError, match="a relu has a kink at 50 random inputs"):
        na.functional_dimension(architecture(builder.finish(builder.product(kink, x))), point=[0])


def test_rational_networks_have_a_dimension_instead() -> None:
    with pytest.raises(UsageError, match="is rational: it has a dimension"):
        na.functional_dimension(mlp([2, 2, 1], 2))


def test_limits_hold() -> None:
    with pytest.raises(TimeLimitError):
        na.functional_dimension(architecture(perceptron([20, 20, 20])), seconds=1e-9)
    with pytest.raises(TimeLimitError, match="ball arithmetic needs about"):
        na.functional_dimension(architecture(perceptron([20, 20, 20], "tanh")), seconds=1e-3)
    with pytest.raises(MemoryLimitError, match="ball arithmetic needs about"):
        na.functional_dimension(architecture(perceptron([20, 20, 20], "tanh")), memory=10**6)


def test_the_same_seed_gives_the_same_claim_and_another_one_other_weights() -> None:
    network = architecture(perceptron([2, 3, 1], biases=True))
    first, again, other = (na.functional_dimension(network, seed=seed) for seed in (4, 4, 5))
    assert first == again
    assert first.evidence["weights"] != other.evidence["weights"]


def test_dim_tells_the_functional_dimension_of_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps({"family": "graph", "network": perceptron([2, 3, 1], biases=True).as_json()}))
    result = CliRunner().invoke(command_line, ["-q", "dim", str(path)], catch_exceptions=False)
    assert "functional dimension  10  exact" in result.output  # 13 parameters less 3 neurons
    assert "local to random weights" in result.output
    report = tmp_path / "report.json"
    weights = {f"W_{i}": shape for i, shape in ((1, (3, 2)), (2, (3,)), (3, (1, 3)), (4, (1,)))}
    np.savez(tmp_path / "w.npz", **{name: np.zeros(shape) + 0.5 for name, shape in weights.items()})
    arguments = ["-q", "dim", str(path), "--weights", str(tmp_path / "w.npz"), "-o", str(report)]
    result = CliRunner().invoke(command_line, arguments, catch_exceptions=False)
    # three equal neurons: relu(x_1/2 + x_2/2 + 1/2), its derivatives by (w, b), and its value and 1 by U and the last bias:
    # x_1, x_2 and 1 on the half plane, and 1 everywhere
    assert "at least 4" in result.output
    claim = json.loads(report.read_text())["claims"][0]
    assert (claim["invariant"], claim["kind"]) == ("functional_dimension", "lower_bound")


def test_a_question_with_weights_of_the_wrong_number_is_refused() -> None:
    with pytest.raises(SpecError, match="2 weights were given"):
        Question("functional_dimension", architecture(perceptron([2, 3, 1])), point=(Fraction(1), Fraction(2)))


def test_a_model_brings_its_own_weights() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    with torch.no_grad():  # two dead neurons: relu(-1) everywhere
        model[0].weight[:2] = 0
        model[0].bias[:2] = -1
    imported = na.from_torch(model, torch.zeros(1, 2))
    claim = na.functional_dimension(imported, point=imported.point)
    # the third neuron has 3 + 1 parameters less its scaling, and there is the last bias; the dead ones say nothing
    assert claim.value["functional_dimension"] == 4
    assert [row.dimension for row in na.summary(imported).rows if row.dimension is not None] == [9, 4]


def test_an_onnx_file_brings_its_own_weights(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, numbers = onnx.helper, onnx.TensorProto.FLOAT
    # relu(x W) U with the columns (1, 0) and (-2, 0) of W: u_1 relu(x_1) + 2 u_2 relu(-x_1); the derivatives by the columns
    # are x_1 and x_2 on a half plane each: 2 * 2, which contain those by u_1 and u_2
    tensors = [
        helper.make_tensor("W", numbers, (2, 2), [1.0, -2.0, 0.0, 0.0]),
        helper.make_tensor("U", numbers, (2, 1), [1.0, 3.0]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "U"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(name, numbers, (1, size)) for name, size in (("x", 2), ("y", 1))]
    graph = helper.make_graph(nodes, "relu", values[:1], values[1:], tensors)
    path = str(tmp_path / "model.onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    result = CliRunner().invoke(command_line, ["-q", "dim", "--onnx", path], catch_exceptions=False)
    assert "functional dimension  4  exact" in result.output
    assert "local to the given weights" in result.output
    again = CliRunner().invoke(command_line, ["-q", "dim", "--onnx", path, "--weights", path], catch_exceptions=False)
    assert again.output == result.output
    other = CliRunner().invoke(
        command_line, ["-q", "dim", "--arch", "mlp", "--widths", "2,1", "--weights", path], standalone_mode=False
    )
    assert isinstance(other.exception, SpecError)
    assert "and not mlp-2.1-r1; name the weights of this network" in str(other.exception)
