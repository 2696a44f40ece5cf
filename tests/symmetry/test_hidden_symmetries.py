"""Fields found by linear algebra: they are symmetries, and they explain the defects whose reason is known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.bounds import refined_upper_bound, upper_bound
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.symmetry.hidden_symmetries import PRIME, Field, hidden_fields, is_symmetry, search_point
from neuroalg_cli.symmetry.multidegrees import multidegrees
from neuroalg_cli.symmetry.symmetries import symmetries
from neuroalg_cli.symmetry.symmetry_fields import fields
from neuroalg_cli.verifying.bounds import bound as replayed
from neuroalg_cli.verifying.network import Network as Program


def known_rows(network, kinds):
    """Returns the known fields of some kinds at the point of the search."""
    found = [symmetry for symmetry in symmetries(network) if symmetry.kind in kinds]
    if not found:
        return []
    point = balanced(np.array(search_point(network)), PRIME)
    return (fields(network, found, point, PRIME) % PRIME).astype(np.int64).tolist()


def test_the_rotation_of_a_sum_of_two_squares_is_found_without_being_known():
    # (3,2,1) with squares: Alexander and Hirschowitz's defect 1; 8 parameters, dimension 5, two scalings
    network = mlp([3, 2, 1], 2).network()
    found = hidden_fields(network, known=known_rows(network, ["scaling"]))
    assert len(found) == 1
    words = found[0].describe(network)
    assert "W_1[1,1]' = W_1[2,1] W_2[1,2]" in words
    assert "W_1[2,3]' = -W_1[1,3] W_2[1,1]" in words


@pytest.mark.parametrize(
    ("widths", "activation", "biases"),
    [
        ([3, 2, 1], "z^2", False),
        ([3, 3, 1], "z^2", False),
        ([2, 2, 1], "z^3", False),
        ([3, 2, 1], "z^2", True),
        ([2, 2, 2], "z", False),
        ([2, 2, 2], "3*z+1", True),
        ([2, 2, 1], "(z+1)^2", True),
    ],
)
def test_all_known_symmetries_are_found_again(widths, activation, biases):
    # the built-in fields are the second computation; together with them nothing new is found, alone as much
    network = mlp(widths, activation=activation, biases=biases).network()
    known = known_rows(network, ["scaling", "general-linear", "translation", "rotation"])
    alone = hidden_fields(network)
    point = search_point(network)
    rank = generic_rank(PolynomialMap(network), 0).rank
    assert len(alone) == network.parameter_count - rank
    assert hidden_fields(network, known=known) == []
    assert all(is_symmetry(network, field) for field in alone)
    assert len({tuple(field.at(point, PRIME)) for field in alone}) == len(alone)


@pytest.mark.parametrize(
    ("widths", "activation"),
    [([2, 3, 1], "z^2+z"), ([2, 2, 1], "1/3*z^2+1/5"), ([3, 2, 2], "2*z+1"), ([1, 2, 2, 1], "(z+1)^2")],
)
def test_fields_lie_in_the_kernel_of_the_jacobian(widths, activation):
    # d phi . X = 0 by the interpreter `modular`, at points and modulo a prime that the search did not use
    prime = 8388571
    network = mlp(widths, activation=activation).network()
    found = hidden_fields(network)
    assert found
    count, n = network.parameter_count, network.input_size
    w, x = residues(7, "w", count, prime), residues(7, "x", 20 * n, prime).reshape(20, n)
    jacobian = modular.jacobian(network, balanced(w, prime), balanced(x, prime), prime).astype(int).tolist()
    for field in found:
        values = field.at([int(v) for v in w], prime)
        assert any(values)
        assert all(sum(a * b for a, b in zip(row, values, strict=True)) % prime == 0 for row in jacobian)


def test_what_is_no_symmetry_is_none():
    network = mlp([2, 2, 1], 2).network()
    scaling = Field(
        (
            (0, (((0,), Fraction(1)),)),
            (1, (((1,), Fraction(1)),)),
            (4, (((4,), Fraction(-2)),)),
        )
    )
    assert is_symmetry(network, scaling)
    assert not is_symmetry(network, Field(scaling.components[:2]))
    assert not is_symmetry(network, Field((*scaling.components[:2], (4, (((4,), Fraction(-3)),)))))


def test_identifiable_networks_have_none():
    # W_2 z^3 + z: no scalings, the dimension is the number of parameters
    network = mlp([2, 2, 2], activation="z^3+z").network()
    assert generic_rank(PolynomialMap(network), 0).rank == network.parameter_count
    assert hidden_fields(network) == []


def test_parameters_that_do_nothing_may_move_as_they_like():
    builder = NetworkBuilder()
    nothing = builder.gather([builder.input((1,))], [-1], (1,))
    network = builder.finish(builder.matmul(builder.parameter("W", (2, 1)), nothing))
    assert len(hidden_fields(network)) == 2


def test_large_networks_and_networks_that_divide_are_not_searched():
    assert hidden_fields(mlp([10, 10, 1], 2).network()) == []
    builder = NetworkBuilder()
    x = builder.input((2,))
    y = builder.matmul(builder.parameter("W", (1, 2)), builder.reciprocal(x))
    assert hidden_fields(builder.finish(y)) == []


def test_multidegrees_make_the_output_homogeneous():
    # scaling all parameters by t^degree scales each output by one power of t, for inputs scaled as well or of degree 0
    network = mlp([2, 3, 2, 1], [2, 3]).network()
    degrees = multidegrees(network)
    # rescalings of the two inputs, five hidden neurons and the output, but one that inputs and neurons undo together
    assert np.linalg.matrix_rank(degrees.astype(float)) == 2 + 5 + 1 - 1
    general = multidegrees(mlp([2, 3, 1], activation="z^2+z").network())
    # neurons cannot be rescaled under z^2 + z, nor inputs behind them, but the output can
    assert np.linalg.matrix_rank(general.astype(float)) <= 3


@pytest.mark.parametrize("widths", [[2, 2, 1], [3, 2, 1], [3, 3, 1], [3, 2, 2, 1]])
def test_hidden_fields_prove_what_simple_bounds_do_not(widths):
    # u_1 (l_1 + 1)^2 + u_2 (l_2 + 1)^2 without biases: neurons cannot be rescaled or rotated one by one, but a combination can;
    # the rank is the second opinion, and the checker replays the fields
    network = mlp(widths, activation="(z+1)^2").network()
    point = balanced(residues(0, "w", network.parameter_count, PRIME), PRIME)
    found = generic_rank(PolynomialMap(network), 0)
    assert upper_bound(network, point, PRIME).value > found.rank
    assert refined_upper_bound(network, point, PRIME, found.rank).value == found.rank == found.upper.value
    assert "'bound': 'fields'" in str(found.upper.evidence)
    program = Program(network.as_json(), found.lower_evidence)
    assert replayed(found.upper.evidence, program, program.input, program.output) == found.rank
