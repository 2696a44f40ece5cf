"""Known symmetries: every field lies in the kernel of d phi, and each kind is found exactly where it holds."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import nmod_mpoly_ctx
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.interpreters import modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.polynomial_grammar import parse_univariate
from neuroalg_cli.symmetry.symmetries import interfaces, shifted_power, symmetries
from neuroalg_cli.symmetry.symmetry_fields import fields

PRIME = 8388593


def two_layers(text, *, first_bias=False, second_bias=False, widths=(2, 3, 2)):
    """Returns W_2 s(W_1 x + b_1) + b_2 with each bias as asked for."""
    builder = NetworkBuilder()
    value = builder.input((widths[0],))
    value = builder.matmul(builder.parameter("W_1", (widths[1], widths[0])), value)
    if first_bias:
        value = builder.sum(value, builder.parameter("b_1", (widths[1],)))
    value = builder.polynomial(value, parse_univariate(text, "activation"))
    value = builder.matmul(builder.parameter("W_2", (widths[2], widths[1])), value)
    if second_bias:
        value = builder.sum(builder.parameter("b_2", (widths[2],)), value)
    return builder.finish(value)


def inside_a_residual_block(text):
    """Returns y + V s(U y) for y = W x: only U and V face each other across the activation."""
    builder = NetworkBuilder()
    y = builder.matmul(builder.parameter("W", (2, 3)), builder.input((3,)))
    hidden = builder.polynomial(builder.matmul(builder.parameter("U", (3, 2)), y), parse_univariate(text, "activation"))
    return builder.finish(builder.sum(y, builder.matmul(builder.parameter("V", (2, 3)), hidden)))


def before_a_product(text):
    """Returns (V s(U x)) * (V s(U x)) entrywise: what follows the interface does not matter."""
    builder = NetworkBuilder()
    hidden = builder.matmul(builder.parameter("U", (3, 2)), builder.input((2,)))
    hidden = builder.polynomial(hidden, parse_univariate(text, "activation"))
    y = builder.matmul(builder.parameter("V", (1, 3)), hidden)
    return builder.finish(builder.product(y, y))


def read_twice(where):
    """Returns a network in which the node before or behind the activation has a second reader."""
    builder = NetworkBuilder()
    before = builder.matmul(builder.parameter("U", (2, 2)), builder.input((2,)))
    behind = builder.polynomial(before, parse_univariate("z^2", "activation"))
    y = builder.matmul(builder.parameter("V", (2, 2)), behind)
    return builder.finish(builder.sum(y, before if where == "before" else behind))


def tied(which):
    """Returns a network in which one of the parameters around the activation is used a second time."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    u, v, b = builder.parameter("U", (2, 2)), builder.parameter("V", (2, 2)), builder.parameter("b", (2,))
    hidden = builder.polynomial(builder.sum(builder.matmul(u, x), b), parse_univariate("(z+1)^2", "activation"))
    y = builder.matmul(v, hidden)
    return builder.finish(builder.sum(y, b) if which == "b" else builder.matmul({"U": u, "V": v}[which], y))


def output_in_the_middle():
    """Returns W x, although V (W x)^2 was built behind it."""
    builder = NetworkBuilder()
    y = builder.matmul(builder.parameter("W", (2, 2)), builder.input((2,)))
    builder.matmul(builder.parameter("V", (1, 2)), builder.polynomial(y, parse_univariate("z^2", "activation")))
    return builder.finish(y)


SCALING, LINEAR, TRANSLATION, ROTATION = "scaling", "general-linear", "translation", "rotation"
ONE = (2, 3, 1)
CASES = {
    "linear": (mlp([3, 2, 3]).network(), [LINEAR]),
    "linear, three layers": (mlp([2, 3, 2, 3]).network(), [LINEAR, LINEAR]),
    "linear with biases": (mlp([3, 2, 3], biases=True).network(), [LINEAR, TRANSLATION]),
    "3z": (mlp([3, 2, 3], activation="3*z").network(), [LINEAR]),
    "2z+1": (mlp([3, 2, 3], activation="2*z+1").network(), []),
    "2z+1 with biases": (mlp([3, 2, 3], activation="2*z+1", biases=True).network(), [LINEAR, TRANSLATION]),
    "2z+1, bias in front": (two_layers("2*z+1", first_bias=True), []),
    "2z+1, bias behind": (two_layers("2*z+1", second_bias=True), [LINEAR]),
    "z, bias in front": (two_layers("z", first_bias=True), [LINEAR]),
    "z^2": (mlp([2, 3, 2], 2).network(), [SCALING]),
    "z^2, one output": (mlp([2, 3, 1], 2).network(), [SCALING, ROTATION]),
    "z^2, one neuron": (mlp([2, 1, 1], 2).network(), [SCALING]),
    "z^2, one output, biases": (mlp([2, 3, 1], 2, biases=True).network(), [SCALING, ROTATION]),
    "z^2, two layers, one output": (mlp([2, 2, 2, 1], 2).network(), [SCALING, SCALING, ROTATION]),
    "z^2, a row in the middle": (mlp([2, 2, 1, 2], 2).network(), [SCALING, ROTATION, SCALING]),
    "z^3": (mlp([2, 3, 1], 3).network(), [SCALING]),
    "1/2 z^5, biases": (mlp([2, 2, 2], activation="1/2*z^5", biases=True).network(), [SCALING]),
    "z^2, then linear": (mlp([2, 3, 2, 1], [2, 1]).network(), [SCALING, LINEAR]),
    "linear, then z^2": (mlp([2, 3, 2, 2], [1, 2]).network(), [LINEAR, SCALING]),
    "z^2+z": (mlp([2, 3, 2], activation="z^2+z").network(), []),
    "z^2+z, one output": (mlp([2, 3, 1], activation="z^2+z").network(), []),
    "z^2+z with biases": (mlp([2, 3, 2], activation="z^2+z", biases=True).network(), [SCALING]),
    "z^2+z with biases, one output": (mlp([2, 3, 1], activation="z^2+z", biases=True).network(), [SCALING, ROTATION]),
    "z^2+1, one output": (mlp([2, 3, 1], activation="z^2+1").network(), [ROTATION]),
    "z^2+5": (two_layers("z^2+5"), []),
    "z^2+5, bias in front": (two_layers("z^2+5", first_bias=True), []),
    "z^2+5, bias behind": (two_layers("z^2+5", second_bias=True), [SCALING]),
    "2(z+3)^2": (two_layers("2*(z+3)^2"), []),
    "2(z+3)^2, bias in front": (two_layers("2*(z+3)^2", first_bias=True), [SCALING]),
    "2(z+3)^2, bias behind": (two_layers("2*(z+3)^2", second_bias=True), []),
    "(z+1)^2-1, one output, bias in front": (two_layers("z^2+2*z", first_bias=True, widths=ONE), [ROTATION]),
    "(z+1)^2-1, one output, bias behind": (two_layers("z^2+2*z", second_bias=True, widths=ONE), []),
    "z^3+z": (mlp([2, 3, 2], activation="z^3+z").network(), []),
    "z^3+z, two neurons": (mlp([2, 2, 2], activation="z^3+z").network(), []),
    "z^3+z with biases": (mlp([2, 3, 2], activation="z^3+z", biases=True).network(), []),
    "2(z-1/3)^3+1/7": (two_layers("2*(z-1/3)^3+1/7", first_bias=True, second_bias=True), [SCALING]),
    "no hidden layer": (mlp([3, 2], biases=True).network(), []),
    "inside a residual block": (inside_a_residual_block("z^2"), [SCALING]),
    "inside a linear residual block": (inside_a_residual_block("z"), [LINEAR]),
    "before a product": (before_a_product("z^2"), [SCALING, ROTATION]),
    "read twice before": (read_twice("before"), []),
    "read twice behind": (read_twice("behind"), []),
    "tied U": (tied("U"), []),
    "tied V": (tied("V"), []),
    "tied b": (tied("b"), []),
    "output in the middle": (output_in_the_middle(), []),
}
by_case = pytest.mark.parametrize(("network", "kinds"), CASES.values(), ids=CASES.keys())


def draw(label, count):
    return balanced(residues(11, label, count, PRIME), PRIME)


@by_case
def test_kinds_are_found_where_they_hold(network, kinds):
    assert [symmetry.kind for symmetry in symmetries(network)] == kinds


@by_case
def test_fields_are_in_the_kernel_at_random_points(network, kinds):
    found = symmetries(network)
    for number in range(2):
        w = draw(f"w{number}", network.parameter_count)
        x = draw(f"x{number}", 8 * network.input_size).reshape(8, -1)
        rows = fields(network, found, w, PRIME)
        assert rows.shape == (sum(symmetry.count for symmetry in found), network.parameter_count)
        jacobian = modular.jacobian(network, w, x, PRIME)
        assert not modular_product(jacobian, rows.T.copy(), PRIME).any()
        assert all(row.any() for row in rows)
    assert len(found) == len(kinds)


def interpolated(network, found, context):
    """Returns the fields as polynomials in w, of degree at most two in it, from their values at few points."""
    count = network.parameter_count
    variables = context.gens()

    def at(*places):
        w = np.zeros(count)
        for place in places:
            w[place] += 1
        return fields(network, found, w, PRIME).astype(int)

    constant = at()
    single = [at(j) - constant for j in range(count)]
    # q(e_j) and q(2 e_j) give the square's coefficient: q(2 e_j) - 2 q(e_j) + q(0) = 2 c_jj
    square = [(at(j, j) - 2 * at(j) + constant) * pow(2, -1, PRIME) for j in range(count)]
    mixed = {(i, j): at(i, j) - at(i) - at(j) + constant for i, j in itertools.combinations(range(count), 2)}
    result = []
    for row in range(len(constant)):
        entries = []
        for column in range(count):
            terms = context.constant(int(constant[row, column]) % PRIME)
            for j in range(count):
                terms += int(single[j][row, column] - square[j][row, column]) % PRIME * variables[j]
                terms += int(square[j][row, column]) % PRIME * variables[j] ** 2
            for (i, j), value in mixed.items():
                if value[row, column]:
                    terms += int(value[row, column]) % PRIME * variables[i] * variables[j]
            entries.append(terms)
        result.append(entries)
    return result


@by_case
def test_fields_are_in_the_kernel_identically(network, kinds):
    """The sum of X_j d phi/d w_j is the zero polynomial modulo the prime, for every coordinate of phi."""
    found = symmetries(network)
    if not kinds:
        assert not found
        return
    names = tuple(f"w_{j}" for j in range(network.parameter_count))
    context = nmod_mpoly_ctx.get(names, modulus=PRIME, ordering="lex")
    all_fields = interpolated(network, found, context)
    w = draw("somewhere", network.parameter_count)
    point = [int(value) % PRIME for value in w]
    values = fields(network, found, w, PRIME)
    for entries, row in zip(all_fields, values, strict=True):
        assert [int(entry(*point)) for entry in entries] == [int(value) % PRIME for value in row]
    for coordinate in coordinates(network):
        terms = {e: c.numerator * pow(c.denominator, -1, PRIME) for e, c in coordinate.polynomial.items()}
        phi = context.from_dict({e: c % PRIME for e, c in terms.items() if c % PRIME})
        gradient = [phi.derivative(j) for j in range(network.parameter_count)]
        for entries in all_fields:
            assert sum((a * b for a, b in zip(entries, gradient, strict=True)), context.constant(0)) == 0


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("linear", 8),  # 3 x 3 matrices of rank at most 2
        ("linear with biases", 11),
        ("2z+1", 8 + 2),  # W_2 (2 W_1 x + 1): a matrix of rank 2 and a vector in its image
        ("2z+1, bias behind", 2 * 2 + 2),  # all 2 x 2 matrices and all vectors
        ("z^2", 6),  # all pairs of binary quadratic forms
        ("z^2+5, bias in front", 12),  # all pairs of polynomials of degree at most 2
        ("2(z+3)^2, bias behind", 12),
        ("z^3", 4),  # all binary cubics
        ("1/2 z^5, biases", 12 - 2),  # two fifth powers are found back in their sum: only scalings remain
        ("z^3+z, two neurons", 8),  # the cubic part gives back v_i l_i^3, the linear part then the scale
    ],
)
def test_no_field_is_too_many(name, dimension):
    """Fields and image together never exceed the parameters; dimensions by hand."""
    network = CASES[name][0]
    w = draw("w", network.parameter_count)
    x = draw("x", 40 * network.input_size).reshape(40, -1)
    rank = rank_modulo(modular.jacobian(network, w, x, PRIME), PRIME).rank
    explained = rank_modulo(fields(network, symmetries(network), w, PRIME), PRIME).rank
    assert rank == dimension
    assert rank + explained <= network.parameter_count


def test_rotations_explain_the_defects_of_quadratic_forms():
    # symmetric n x n matrices of rank k: dimension k n - k (k - 1)/2
    for n, k in ((3, 2), (4, 2), (4, 3), (5, 3)):
        network = mlp([n, k, 1], 2).network()
        w = draw("w", network.parameter_count)
        explained = rank_modulo(fields(network, symmetries(network), w, PRIME), PRIME).rank
        assert network.parameter_count - explained == k * n - k * (k - 1) // 2


def test_the_general_linear_group_acts_freely_where_it_can():
    # k (m + n - k) for k = min of all widths at most both ends
    network = mlp([4, 3, 5]).network()
    rows = fields(network, symmetries(network), draw("w", network.parameter_count), PRIME)
    assert rank_modulo(rows, PRIME).rank == 9


def test_symmetries_in_words_and_in_json():
    network = mlp([2, 3, 1], 2, biases=True).network()
    scaling, rotation = symmetries(network)
    assert scaling.describe(network) == "scalings of 3 neurons between W_1 and W_2"
    assert rotation.describe(network) == (
        "rotations of 3 neurons between W_1 and W_2: W_1[i]' = W_2[1,j] W_1[j], W_1[j]' = -W_2[1,i] W_1[i]"
    )
    parts = {"first": "W_1", "second": "W_2", "first_bias": "b_1", "second_bias": "b_2"}
    assert scaling.as_json(network) == {"kind": "scaling", "fields": 3, **parts}
    assert rotation.as_json(network) == {"kind": "rotation", "fields": 3, **parts}
    assert (
        symmetries(mlp([2, 1, 1], 3).network())[0]
        .describe(mlp([2, 1, 1], 3).network())
        .startswith("scalings of 1 neuron ")
    )


def test_interfaces_come_from_input_to_output():
    network = mlp([2, 3, 4, 5], [2, 3]).network()
    assert [network.nodes[interface.first].name for interface in interfaces(network)] == ["W_1", "W_2"]
    assert [interface.width for interface in interfaces(network)] == [3, 4]


small = st.fractions(min_value=-5, max_value=5, max_denominator=6)


def power(degree, scale, centre, constant):
    """Returns a (z + c)^r + d by falling exponent, from the binomial theorem."""
    coefficients = {k: scale * math.comb(degree, k) * centre ** (degree - k) for k in range(degree + 1)}
    coefficients[0] += constant
    return {k: value for k, value in coefficients.items() if value}


def by_falling_exponent(coefficients):
    return tuple(sorted(coefficients.items(), reverse=True))


@given(st.integers(2, 9), small.filter(bool), small, small)
def test_shifted_powers_are_recognized(degree, scale, centre, constant):
    found = shifted_power(by_falling_exponent(power(degree, scale, centre, constant)))
    assert (found.degree, found.scale, found.centre, found.constant) == (degree, scale, centre, constant)


@given(st.integers(3, 9), small.filter(bool), small, small, st.data(), small.filter(bool))
def test_other_polynomials_are_no_shifted_powers(degree, scale, centre, constant, data, change):
    coefficients = power(degree, scale, centre, constant)
    # the two highest coefficients fix a and c; any other one but the constant betrays a change
    exponent = data.draw(st.integers(1, degree - 2))
    coefficients[exponent] = coefficients.get(exponent, Fraction(0)) + change
    assert shifted_power(by_falling_exponent({k: c for k, c in coefficients.items() if c})) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z", (1, 1, 0, 0)),
        ("2*z-3", (1, 2, 0, -3)),
        ("z^2-z", (2, 1, Fraction(-1, 2), Fraction(-1, 4))),
        ("z^3", (3, 1, 0, 0)),
        ("5", None),
        ("z-z", None),
        ("z^3+z", None),
        ("z^4+4*z^3+6*z^2+4*z", (4, 1, 1, -1)),
    ],
)
def test_shifted_powers_by_hand(text, expected):
    found = shifted_power(parse_univariate(text, "activation"))
    assert (None if found is None else (found.degree, found.scale, found.centre, found.constant)) == expected
