"""Symmetries that are linear in the parameters, on every kind of graph.

Every field that is called proved is held against the Jacobian modulo a prime, which knows nothing of the proof: d phi must
annihilate it.  Counts have a citation or are derived by hand in the test.
"""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import modular_product, rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.symmetry.axes import axis_classes, tensor_factors
from neuroalg_cli.symmetry.derivations import Derivation, Prover
from neuroalg_cli.symmetry.known_symmetries import describe, generic_orbit_dimension, known_symmetries
from neuroalg_cli.symmetry.linear_symmetries import LinearSymmetry, Move, linear_symmetries
from neuroalg_cli.symmetry.symmetry_fields import fields

PRIME = 8388593
SQUARE = [(2, Fraction(1))]


def convolutions(channels, positions, width, degree):
    """Returns one-dimensional convolutions with activations z^degree between them."""
    builder = NetworkBuilder()
    value = builder.input((channels[0], positions))
    for layer, (below, above) in enumerate(itertools.pairwise(channels), start=1):
        left = positions - width + 1
        picks = [c * positions + o + q for c, q in itertools.product(range(below), range(width)) for o in range(left)]
        patches = builder.gather([value], picks, (below * width, left))
        value = builder.matmul(builder.parameter(f"W_{layer}", (above, below * width)), patches)
        positions = left
        if layer < len(channels) - 1:
            value = builder.polynomial(value, [(degree, Fraction(1))])
    return builder.finish(value)


def attention(dims, a, tokens, *, heads=1, residual=False, tied=False, causal=False):
    """Returns layers X -> X (if residual) + sum over heads of V X (K X)^T Q X."""
    builder = NetworkBuilder()
    value = builder.input((dims[0], tokens))
    for layer, (below, above) in enumerate(itertools.pairwise(dims), start=1):
        terms = [value] if residual else []
        for head in range(1, heads + 1):
            q = builder.parameter(f"Q_{layer}_{head}", (a, below))
            k = q if tied else builder.parameter(f"K_{layer}_{head}", (a, below))
            v = builder.parameter(f"V_{layer}_{head}", (above, below))
            scores = builder.matmul(builder.transpose(builder.matmul(k, value)), builder.matmul(q, value))
            if causal:
                mask = [i * tokens + j if i <= j else -1 for i in range(tokens) for j in range(tokens)]
                scores = builder.gather([scores], mask, (tokens, tokens))
            terms.append(builder.matmul(builder.matmul(v, value), scores))
        value = builder.sum(*terms)
    return builder.finish(value)


def recurrence(state, inputs, outputs, length):
    """Returns h -> A h + B x unrolled, read out by C after every step."""
    builder = NetworkBuilder()
    x = builder.input((inputs, length))
    a, b = builder.parameter("A", (state, state)), builder.parameter("B", (state, inputs))
    c = builder.parameter("C", (outputs, state))
    hidden, read = None, []
    for step in range(length):
        column = builder.gather([x], [i * length + step for i in range(inputs)], (inputs,))
        driven = builder.matmul(b, column)
        hidden = driven if hidden is None else builder.sum(builder.matmul(a, hidden), driven)
        read.append(builder.matmul(c, hidden))
    return builder.finish(builder.gather(read, range(outputs * length), (outputs * length,)))


def two_heads_concatenated():
    """Returns W [A x; B x]: a concatenation of rows before a common matrix."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a, b = (builder.matmul(builder.parameter(name, (2, 2)), x) for name in "AB")
    joined = builder.gather([a, b], range(4), (4,))
    return builder.finish(builder.matmul(builder.parameter("W", (3, 4)), joined))


def side_by_side():
    """Returns W [A X | A X X]: columns of two operands that share their rows' action."""
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    first = builder.matmul(builder.parameter("A", (3, 2)), x)
    second = builder.matmul(first, x)
    picks = [*range(2), *range(6, 8), *range(2, 4), *range(8, 10), *range(4, 6), *range(10, 12)]
    joined = builder.gather([first, second], picks, (3, 4))
    return builder.finish(builder.matmul(builder.parameter("W", (2, 3)), joined))


def gated():
    """Returns W (u o v) with u = A x and v = B x."""
    builder = NetworkBuilder()
    x = builder.input((3,))
    a, b = (builder.matmul(builder.parameter(name, (2, 3)), x) for name in "AB")
    return builder.finish(builder.matmul(builder.parameter("W", (2, 2)), builder.product(a, b)))


def reciprocals():
    """Returns W (1 / A x)."""
    builder = NetworkBuilder()
    hidden = builder.reciprocal(builder.matmul(builder.parameter("A", (2, 3)), builder.input((3,))))
    return builder.finish(builder.matmul(builder.parameter("W", (2, 2)), hidden))


def with_head(channels=2):
    """Returns a convolution, a square, and a dense layer on the flattened result."""
    builder = NetworkBuilder()
    x = builder.input((1, 4))
    patches = builder.gather([x], [q + o for q in range(2) for o in range(3)], (2, 3))
    hidden = builder.polynomial(builder.matmul(builder.parameter("W_1", (channels, 2)), patches), SQUARE)
    flat = builder.reshape(hidden, (3 * channels,))
    return builder.finish(builder.matmul(builder.parameter("W_2", (2, 3 * channels)), flat))


NETWORKS = {
    "mlp": mlp([3, 2, 2], 2).network(),
    "linear mlp with biases": mlp([3, 2, 3], biases=True).network(),
    "mixed mlp": mlp([2, 3, 2, 2], [1, 3]).network(),
    "general activation": mlp([2, 3, 2], activation="z^2+z").network(),
    "convolutions": convolutions([2, 3, 2], 4, 2, 2),
    "linear convolutions": convolutions([2, 2, 2], 4, 2, 1),
    "deep convolutions": convolutions([1, 2, 2, 1], 5, 2, 3),
    "attention": attention([3, 3], 2, 2),
    "two layers of attention": attention([3, 2, 3], 2, 2),
    "two heads": attention([2, 2, 2], 1, 2, heads=2),
    "residual attention": attention([2, 2, 2], 2, 2, residual=True),
    "tied attention": attention([3, 2], 3, 2, tied=True),
    "causal attention": attention([2, 2, 2], 2, 3, causal=True),
    "recurrence": recurrence(2, 1, 2, 4),
    "concatenation": two_heads_concatenated(),
    "side by side": side_by_side(),
    "gated": gated(),
    "reciprocals": reciprocals(),
    "convolution with head": with_head(),
}
by_name = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def point_of(network, seed=0):
    source = random.Random(seed)
    return balanced(np.array([source.randrange(PRIME) for _ in range(network.parameter_count)]), PRIME)


def jacobian_at(network, point, seed=1):
    source = random.Random(seed)
    count = network.parameter_count + 2
    inputs = np.array([[source.randrange(PRIME) for _ in range(network.input_size)] for _ in range(count)])
    return modular.jacobian(network, point, balanced(inputs, PRIME), PRIME)


def is_annihilated(network, found):
    point = point_of(network)
    moved = fields(network, found, point, PRIME)
    return not modular_product(jacobian_at(network, point), moved.T.copy(), PRIME).any()


@by_name
def test_d_phi_annihilates_every_field_that_is_called_proved(network):
    assert is_annihilated(network, linear_symmetries(network))


def orbit_and_rank(network):
    point = point_of(network)
    return generic_orbit_dimension(network), rank_modulo(jacobian_at(network, point), PRIME).rank


#: filled or bounded for other reasons: translations of biases, coordinates, matrices of bounded rank
OTHERWISE = {"linear mlp with biases", "mixed mlp", "general activation", "concatenation"}


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - OTHERWISE))
def test_parameters_less_symmetries_is_the_dimension(name):
    """The symmetries found explain the whole generic fibre; the rank of the Jacobian is computed without them."""
    network = NETWORKS[name]
    orbit, rank = orbit_and_rank(network)
    assert network.parameter_count - orbit == rank


@pytest.mark.parametrize("a", [1, 2, 3])
def test_an_attention_layer_has_gl_a_and_a_factor(a):
    # N. W. Henry, G. L. Marchetti, K. Kohn, arXiv:2408.17221: dimension 2ad + dd' - a^2 - 1 for a <= d, t >= 2
    network = attention([3, 2], a, 2)
    assert network.parameter_count - generic_orbit_dimension(network) == 2 * a * 3 + 3 * 2 - a * a - 1
    found = linear_symmetries(network)
    # GL(1) is a factor between K and Q
    assert [(symmetry.kind, symmetry.size) for symmetry in found] == [
        ("full", a) if a > 1 else ("factors", 1),
        ("factors", 1),
    ]


def test_hidden_layers_of_attention_have_gl_d_unless_a_skip_connection_fixes_them():
    plain, residual = (attention([3, 3, 3], 2, 2, residual=skip) for skip in (False, True))
    sizes = [symmetry.size for symmetry in linear_symmetries(plain) if symmetry.kind == "full"]
    assert sorted(sizes) == [2, 2, 3]
    assert sorted(symmetry.size for symmetry in linear_symmetries(residual) if symmetry.kind == "full") == [2, 2]


def test_tied_keys_leave_the_rotations():
    # X^T Q^T Q X is fixed by Q -> g Q for g in O(3)
    found = [symmetry for symmetry in linear_symmetries(NETWORKS["tied attention"]) if symmetry.kind != "factors"]
    assert [(symmetry.kind, symmetry.size, symmetry.count) for symmetry in found] == [("skew", 3, 3)]
    assert "SO(3) of Q_1_1" in found[0].describe(NETWORKS["tied attention"])


def test_a_recurrence_is_fixed_by_changes_of_the_state():
    # (A, B, C) -> (g A g^-1, g B, C g^-1): R. E. Kalman, 'Mathematical description of linear dynamical systems' (1963)
    (found,) = linear_symmetries(NETWORKS["recurrence"])
    assert (found.kind, found.size) == ("full", 2)
    sides = {(NETWORKS["recurrence"].nodes[m.tensor].name, m.side, m.factor) for m in found.moves}
    assert sides in ({("A", "left", f), ("A", "right", -f), ("B", "left", f), ("C", "right", -f)} for f in (1, -1))


def test_channels_of_a_convolution_are_mixed_or_scaled_as_wholes():
    # one number per hidden channel and not per neuron: filters are shared by all positions
    kinds = [(s.kind, s.size) for s in linear_symmetries(NETWORKS["convolutions"])]
    assert kinds == [("diagonal", 3)]
    assert [(s.kind, s.size) for s in linear_symmetries(NETWORKS["linear convolutions"])] == [("full", 2)]


def test_dense_chains_are_described_once():
    for name in ("mlp", "linear mlp with biases", "mixed mlp", "general activation"):
        assert not any(isinstance(symmetry, LinearSymmetry) for symmetry in known_symmetries(NETWORKS[name]))


def test_words_name_the_tensors_in_order():
    assert describe(NETWORKS["attention"])[0] == "GL(2) between Q_1_1 and K_1_1"
    assert describe(NETWORKS["convolutions"]) == ("scalings of 3 channels between W_1 and W_2",)


def test_nothing_moves_where_everything_is_fixed():
    assert linear_symmetries(mlp([2, 2]).network()) == ()
    assert linear_symmetries(NETWORKS["general activation"]) == ()
    builder = NetworkBuilder()
    assert linear_symmetries(builder.finish(builder.input((2,)))) == ()


def test_parameters_that_do_not_reach_the_output_do_not_disturb():
    builder = NetworkBuilder()
    x = builder.input((2,))
    builder.parameter("unused", (2, 2))
    hidden = builder.matmul(builder.parameter("W_1", (2, 2)), x)
    network = builder.finish(builder.matmul(builder.parameter("W_2", (2, 2)), hidden))
    assert is_annihilated(network, linear_symmetries(network))


@by_name
def test_false_moves_are_refused(network):
    """A field changed in one place passes only if d phi annihilates it as well."""
    source = random.Random(7)
    for symmetry in linear_symmetries(network):
        for _ in range(4):
            position = source.randrange(len(symmetry.moves))
            move = symmetry.moves[position]
            factor = move.factor * source.choice([-1, 2, Fraction(1, 3)])
            changed = [*symmetry.moves]
            changed[position] = Move(move.tensor, move.side, factor, move.is_transposed, move.copies)
            if source.random() < 0.3:
                del changed[position]
            candidate = LinearSymmetry(symmetry.kind, symmetry.size, tuple(changed))
            if all(Prover(network).is_symmetry(moves) for moves in candidate.fields()):
                assert is_annihilated(network, [candidate])


def random_field(network: Network, source: random.Random) -> dict[int, Derivation]:
    """Returns small random matrices on both sides of one or two tensors."""
    result = {}
    for tensor in source.sample(list(network.offsets), min(len(network.offsets), 2)):
        rows, columns = (*network.nodes[tensor].shape, 1)[:2]
        left = {(source.randrange(rows), source.randrange(rows)): Fraction(source.choice([-2, -1, 1, 2]))}
        right = {(source.randrange(columns), source.randrange(columns)): Fraction(source.choice([-2, -1, 1, 2]))}
        result[tensor] = Derivation(left if source.random() < 0.7 else {}, right if source.random() < 0.7 else {})
    return result


@by_name
def test_random_fields_pass_only_if_d_phi_annihilates_them(network):
    source = random.Random(11)
    jacobian = jacobian_at(network, point_of(network))
    for _ in range(60):
        moves = random_field(network, source)
        if Prover(network).is_symmetry(moves):
            vector = np.zeros(network.parameter_count)
            point = point_of(network)
            for tensor, derivation in moves.items():
                node, offset = network.nodes[tensor], network.offsets[tensor]
                value = point[offset : offset + node.size].reshape((*node.shape, 1)[:2])
                moved = np.zeros_like(value)
                for (i, j), c in derivation.left.items():
                    moved[i] += int(c) * value[j]
                for (i, j), c in derivation.right.items():
                    moved[:, j] += int(c) * value[:, i]
                vector[offset : offset + node.size] = moved.reshape(-1) % PRIME
            assert not modular_product(jacobian, balanced(vector, PRIME)[:, None], PRIME).any()


def test_repeated_entries_of_a_gather_are_no_obstacle_and_no_loophole():
    """Rows (x_1, x_2, x_1): mixing the first two moves the copy as well, which the gather must see."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    hidden = builder.matmul(builder.parameter("A", (2, 2)), x)
    copied = builder.gather([hidden], [0, 1, 0], (3,))
    network = builder.finish(builder.matmul(builder.parameter("W", (2, 3)), copied))
    found = linear_symmetries(network)
    assert is_annihilated(network, found)
    a = next(tensor for tensor in network.offsets if network.nodes[tensor].name == "A")
    w = next(tensor for tensor in network.offsets if network.nodes[tensor].name == "W")
    # h_1' = h_2 moves both copies of h_1; W must give back both
    half = {a: Derivation({(0, 1): Fraction(1)}), w: Derivation({}, {(0, 1): Fraction(-1)})}
    whole = {a: Derivation({(0, 1): Fraction(1)}), w: Derivation({}, {(0, 1): Fraction(-1), (2, 1): Fraction(-1)})}
    assert not Prover(network).is_symmetry(half)
    assert Prover(network).is_symmetry(whole)


def test_zeros_of_a_gather_do_not_move():
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    hidden = builder.matmul(builder.parameter("A", (2, 2)), x)
    masked = builder.gather([hidden], [0, -1, 2, 3], (2, 2))
    network = builder.finish(builder.matmul(builder.parameter("W", (2, 2)), masked))
    # the rows have zeros in different places, so that they cannot be mixed, only scaled
    assert {symmetry.kind for symmetry in linear_symmetries(network)} <= {"diagonal", "factors"}
    assert is_annihilated(network, linear_symmetries(network))
    orbit, rank = orbit_and_rank(network)
    assert network.parameter_count - orbit >= rank


def test_relu_has_scalings_and_other_functions_have_none():
    for name, kinds in (("relu", ["diagonal"]), ("tanh", [])):
        builder = NetworkBuilder()
        hidden = builder.function(name, builder.matmul(builder.parameter("A", (3, 2)), builder.input((2,))))
        network = builder.finish(builder.matmul(builder.parameter("W", (1, 3)), hidden))
        assert [symmetry.kind for symmetry in linear_symmetries(network)] == kinds


def test_factors_form_a_lattice_of_weights():
    # x -> c (b (a x)^2)^3: a, b, c may be multiplied by s, t, u with u t^3 s^6 = 1, two numbers free
    builder = NetworkBuilder()
    value = builder.input((1,))
    for name, exponent in (("a", 2), ("b", 3), ("c", 1)):
        value = builder.matmul(builder.parameter(name, (1, 1)), value)
        value = builder.polynomial(value, [(exponent, Fraction(1))])
    network = builder.finish(value)
    a, b, c = sorted(network.offsets)
    weights = tensor_factors(network)
    assert len(weights) == 2
    assert all(6 * w.get(a, 0) + 3 * w.get(b, 0) + w.get(c, 0) == 0 for w in weights)


def test_classes_say_where_they_act():
    network = NETWORKS["convolutions"]
    (found,) = [c for c in axis_classes(network) if c.occurrences]
    by_tensor = {
        network.nodes[tensor].name: (side, factor, copies) for tensor, side, factor, _, copies in found.occurrences
    }
    assert by_tensor["W_1"][0] == "left"
    assert len(by_tensor["W_1"][2]) == 1
    # the second filters see every channel at both offsets, and undo the square
    assert by_tensor["W_2"][0] == "right"
    assert by_tensor["W_2"][1] == -2 * by_tensor["W_1"][1]
    assert sorted(by_tensor["W_2"][2]) == [(0, 2, 4), (1, 3, 5)]
