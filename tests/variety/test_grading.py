"""The torus that acts on V, against the expanded coordinates: each must be homogeneous for the weights of the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.symmetry.multidegrees import multidegrees, weights_of_nodes
from neuroalg_cli.variety import grading as module
from neuroalg_cli.variety.grading import are_in_span, grading, independent_columns, natural_weights, torus
from neuroalg_cli.variety.model import projective_model


def acting_on(network):
    found = coordinates(network)
    outputs = np.array([c.output for c in found], dtype=np.int64)
    monomials = np.array([c.monomial for c in found], dtype=np.int64).reshape(len(found), network.input_size)
    return found, torus(network, outputs, monomials)


NETWORKS = [
    (mlp([3, 2, 3], 2).network(), 5),  # rescalings of three inputs and three outputs, one of them twice
    (mlp([2, 2, 2]).network(), 3),
    (mlp([2, 2, 2], 2, biases=True).network(), 4),  # terms of several degrees: nothing is counted twice
    (mlp([2, 2, 1], activation="z^2+z").network(), 3),
    (cnn([2, 2], 2).network(), 2),  # a factor and, for filters, x_i -> t^i x_i
    (attention([2, 2], 2, tokens=2).network(), None),
    (residual([2, 2], 1, 2).network(), None),
    (polynomial("s^3, s^2*t, s*t^2, t^3", "s, t").network(), 2),
    (polynomial("t^2+t, t^3+1, s*t", "s, t").network(), 1),  # s alone can be rescaled
    (polynomial("t^2+t, t^3+1", "t").network(), 0),
]


@pytest.mark.parametrize(("network", "dimension"), NETWORKS)
def test_coordinates_are_homogeneous_with_the_weights_of_the_torus(network, dimension):
    found, acting = acting_on(network)
    assert dimension is None or acting.coordinates.shape[1] == dimension
    assert np.linalg.matrix_rank(acting.coordinates) == acting.coordinates.shape[1]
    for coordinate, weight in zip(found, acting.coordinates, strict=True):
        for exponents in coordinate.polynomial:
            assert (np.array(exponents, dtype=np.int64) @ acting.parameters == weight).all()


@pytest.mark.parametrize(("network", "dimension"), NETWORKS)
def test_the_total_degree_is_among_the_weights(network, dimension):
    model = projective_model(PolynomialMap(network))
    ones = np.ones((model.N, 1), dtype=np.int64)
    rank = np.linalg.matrix_rank(model.weights)
    assert np.linalg.matrix_rank(np.concatenate([model.weights, ones], axis=1)) == rank
    if dimension is not None:
        assert rank == dimension + (not model.is_cone)
    if not model.is_cone:
        assert (model.weights[0] == [0] * (model.weights.shape[1] - 1) + [1]).all()


def test_a_mixed_model_has_the_degrees_in_outputs_and_inputs():
    model = projective_model(PolynomialMap(mlp([2, 2, 3], 2).network()))
    assert model.is_mixed
    for coordinate, weight in zip(model.coordinates, model.weights.tolist(), strict=True):
        assert weight == [int(o == coordinate.output) for o in range(3)] + list(coordinate.monomial)


def divides():
    """x_1 a/b and x_2 a/b: degrees 1 and -1."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, b = builder.parameter("a", (1,)), builder.parameter("b", (1,))
    factor = builder.gather([builder.product(a, builder.reciprocal(b))], [0, 0], (2,))
    return builder.finish(builder.product(factor, x))


def test_a_reciprocal_has_the_opposite_degree():
    network = divides()
    nodes = weights_of_nodes(network)
    reciprocal = next(i for i, node in enumerate(network.nodes) if node.operation == "reciprocal")
    below = network.nodes[reciprocal].operands[0]
    assert (nodes[reciprocal] == -nodes[below]).all()
    assert nodes[below].any()
    model = projective_model(PolynomialMap(network))  # checks phi(t.w) = t.phi(w)
    assert model.is_cone
    assert model.N == 2


def test_what_goes_into_a_function_cannot_be_rescaled():
    builder = NetworkBuilder()
    a = builder.parameter("a", (1,))
    network = builder.finish(builder.product(builder.function("exp", a), builder.input((1,))))
    assert not multidegrees(network).any()


def test_a_wrong_torus_is_noticed(monkeypatch):
    right = weights_of_nodes

    def wrong(network):
        nodes = right(network)
        nodes[network.output] = nodes[network.output] + 1
        return nodes

    monkeypatch.setattr(module, "weights_of_nodes", wrong)
    with pytest.raises(AssertionError, match="does not act"):
        projective_model(PolynomialMap(mlp([2, 2, 1], 2).network()))


def test_spans_of_weights_are_rational():
    basis = np.array([[2, 0], [0, 3], [2, 3]])
    columns = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [1, 2, 0, 1]])
    assert are_in_span(basis, columns).tolist() == [True, True, True, False]
    assert are_in_span(basis[:, :0], columns).tolist() == [False, False, True, False]
    assert independent_columns(np.concatenate([columns, basis], axis=1)) == [0, 1, 3]
    assert independent_columns(np.zeros((3, 2), dtype=np.int64)) == []


def test_the_total_degree_is_added_where_the_torus_lacks_it():
    # a cone by another argument than the torus: the column of ones is added, nothing else
    outputs, monomials = np.array([0, 0]), np.array([[1], [2]])
    weights, is_natural = grading(
        np.zeros((2, 0), dtype=np.int64), natural_weights(outputs, monomials, 1), is_cone=True
    )
    assert weights.tolist() == [[1], [1]]
    assert not is_natural
    weights, _ = grading(np.array([[1], [2]]), natural_weights(outputs, monomials, 1), is_cone=False)
    assert weights.tolist() == [[0, 1], [1, 1], [2, 1]]
