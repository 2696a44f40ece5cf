"""The number of independent polynomials in the values of a node, against ranks of evaluations at random points."""

from __future__ import annotations

import itertools

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.spans import Spans, composed, is_everything_up_to, multiples
from neuroalg_cli.degrees import DegreeSet
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.random_points import balanced, residues

PRIME = 8388593


def degree_set(degrees):
    return DegreeSet(0, sum(1 << degree for degree in degrees))


@pytest.mark.parametrize("outer", [(), (0,), (1,), (2,), (0, 1), (1, 3), (0, 2, 4), (0, 1, 2, 3)])
@pytest.mark.parametrize("inner", [(0,), (1,), (2,), (0, 1), (1, 3), (0, 1, 2)])
def test_degrees_of_a_composition(outer, inner):
    # sums of e elements, one by one
    expected = {sum(chosen) for e in outer for chosen in itertools.combinations_with_replacement(inner, e)}
    assert set(composed(degree_set(outer), degree_set(inner))) == expected


def test_degrees_of_a_composition_with_zero():
    assert set(composed(degree_set((1, 2)), DegreeSet(0, 0))) == set()
    assert set(composed(degree_set((0, 2)), DegreeSet(0, 0))) == {0}


def test_too_many_degrees_are_refused():
    with pytest.raises(SpecError):
        composed(degree_set((0, 30_000)), degree_set((0, 1)))


def test_everything_up_to():
    assert [is_everything_up_to(degree_set(d)) for d in [(0,), (0, 1, 2), (1, 2), (0, 2), ()]] == [True, True] + [
        False
    ] * 3


def test_multiples_of_an_equation():
    # a conic in the plane: forms of degree e on it are forms of degree 2e on the line, 2e + 1 of them
    for e in range(6):
        forms = (e + 1) * (e + 2) // 2
        assert forms - multiples(degree_set((e,)), 3, 2) == 2 * e + 1
    assert multiples(degree_set(range(4)), 2, 2) == 1 + 2


def span_of_values(network, node, degrees):
    """Returns the rank of all monomials of these degrees in the values of a node at random inputs."""
    left = network.between(network.input, node)
    n = network.nodes[node].size
    exponents = [e for e in itertools.product(range(max(degrees) + 1), repeat=n) if sum(e) in degrees]
    w = balanced(residues(3, "w", left.parameter_count, PRIME), PRIME)
    x = balanced(residues(3, "x", (len(exponents) + 5) * left.input_size, PRIME), PRIME)
    values = modular.evaluate(left, w, x.reshape(-1, left.input_size), PRIME).astype(int).tolist()
    rows = []
    for value in values:
        row = []
        for exponent in exponents:
            monomial = 1
            for base, e in zip(value, exponent, strict=True):
                monomial = monomial * pow(base, e, PRIME) % PRIME
            row.append(monomial)
        rows.append(row)
    return nmod_mat(rows, PRIME).rank()


CASES = [
    (([2, 3, 3, 1], 2, False), [(1,), (2,), (3,), (4,)]),
    (([3, 4, 1], 2, False), [(1,), (3,), (4,), (5,)]),
    (([2, 2, 3, 1], 3, False), [(2,), (3,), (4,)]),
    (([2, 5, 4, 3, 1], 2, False), [(1,), (2,)]),
    (([1, 2, 3, 1], 2, True), [range(2), range(3), range(5)]),
    (([2, 3, 1], 2, True), [range(2), range(3), range(5)]),
    (([2, 1, 3, 1], 2, False), [(1,), (2,)]),
]


@pytest.mark.parametrize(("arguments", "sets"), CASES)
def test_spans_are_not_below_the_rank_of_evaluations(arguments, sets):
    widths, r, biases = arguments
    network = mlp(widths, r, biases=biases).network()
    nodes = [i for i, node in enumerate(network.nodes) if node.operation in ("polynomial", "input")]
    spans = Spans(network, nodes)
    for node in nodes[1:]:
        for degrees in sets:
            bound = spans.bound(node, degree_set(degrees))
            assert bound.value >= span_of_values(network, node, set(degrees))


@pytest.mark.parametrize(("arguments", "sets"), [CASES[0], CASES[1], CASES[5]])
def test_equations_make_spans_exact(arguments, sets):
    # plane curves, a surface in space, and an affine surface have one equation and its multiples
    widths, r, biases = arguments
    network = mlp(widths, r, biases=biases).network()
    node = max(i for i, node in enumerate(network.nodes) if node.operation == "polynomial")
    spans = Spans(network, [i for i, node in enumerate(network.nodes) if node.operation == "polynomial"])
    found = [spans.bound(node, degree_set(degrees)) for degrees in sets]
    assert [bound.value for bound in found] == [span_of_values(network, node, set(degrees)) for degrees in sets]
    assert any(bound.over is not None for bound in found)
