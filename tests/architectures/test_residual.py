"""Residual networks: both forms, the graph against plain fractions, ranks in degenerate cases, and what is refused."""

from __future__ import annotations

import json
import random
import re
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.residual import MAXIMAL_NESTING, residual
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
GRAPH_BLOCK = {"family": "gnn", "graph": "path:3", "features": [2, 2, 2], "activation_degree": 2}
DENSE = [
    residual([2, 2], 3, 2),
    residual([1, 1], 1, 3),
    residual([2], [1, 2], [2, 3], blocks=2),
    residual([2, 3, 2], 1, 2, projection=True),
    residual([2, 2], 2, 2, input_width=3, output_width=1),
    residual([2, 2], 1, activation="z^2-1/3*z+2", biases=True, output_width=2),
    residual([2, 3], [2], activation="2*z", biases=True, projection=True, input_width=1),
]
NESTED = [
    residual(block=mlp([2, 3, 2], 2)),
    residual(block=mlp([2, 1, 2], activation="z^2+z", biases=True), blocks=2, output_width=1),
    residual(block=mlp([2, 2, 3], 2), projection=True),
    residual(block=GRAPH_BLOCK),
    residual(block=GRAPH_BLOCK, input_width=1, output_width=1, biases=True),
    residual(block=residual([2, 2], 1, 2), blocks=2),
    residual(block=[mlp([2, 2]), mlp([2, 1, 2], 3)]),
]
VARIETY = [*DENSE, *NESTED]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label[:60])


def rank_of(architecture):
    return generic_rank(PolynomialMap(architecture.network()), 0).rank


def expected(architecture):
    return architecture.expected_dimension(PolynomialMap(architecture.network()))


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


def times(matrix, vector):
    return [sum((a * b for a, b in zip(row, vector, strict=True)), Fraction(0)) for row in matrix]


def plus(*vectors):
    return [sum(entries) for entries in zip(*vectors, strict=True)]


class Weights:
    """Hands out the vector w as matrices and vectors, in order."""

    def __init__(self, w):
        self.w = iter(w)

    def matrix(self, rows, columns):
        return [[next(self.w) for _ in range(columns)] for _ in range(rows)]

    def affine(self, rows, x, has_bias):
        value = times(self.matrix(rows, len(x)), x)
        return plus(value, [next(self.w) for _ in range(rows)]) if has_bias else value

    def end(self):
        assert next(self.w, None) is None


def by_hand(architecture, w, x):
    """Returns the outputs of the dense form from its fields alone, in fractions."""
    weights = Weights(w)
    if architecture.input_width:
        x = weights.affine(architecture.widths[0], x, architecture.biases)
    layers = zip(architecture.widths[1:], architecture.hidden, architecture.activation, strict=True)
    for width, hidden, text in layers:
        skip = times(weights.matrix(width, len(x)), x) if width != len(x) else x
        neurons = weights.affine(hidden, x, architecture.biases)
        polynomial = text.replace("^", "**")
        activated = [
            eval(re.sub(r"(\d+)/(\d+)", r"Fraction(\1,\2)", polynomial), {"z": z, "Fraction": Fraction}) + Fraction(0)
            for z in neurons
        ]
        x = plus(skip, weights.affine(width, activated, architecture.biases))
    if architecture.output_width:
        x = weights.affine(architecture.output_width, x, architecture.biases)
    weights.end()
    return x


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("architecture", DENSE, ids=lambda architecture: architecture.label)
def test_the_graph_of_the_dense_form_is_its_definition(architecture, seed):
    network = architecture.network()
    w, x = points(network, seed)
    assert modular_outputs(network, w, x) == [residue(value) for value in by_hand(architecture, w, x)]


def test_other_blocks_are_their_networks_plus_the_input():
    inner = from_mapping(GRAPH_BLOCK).network()
    network = residual(block=GRAPH_BLOCK, blocks=2).network()
    w, x = points(network, 1)
    half = inner.parameter_count
    between = [(a + residue(b)) % PRIME for a, b in zip(modular_outputs(inner, w[:half], x), x, strict=True)]
    behind = modular_outputs(inner, w[half:], [Fraction(value) for value in between])
    expected_values = [(a + b) % PRIME for a, b in zip(behind, between, strict=True)]
    assert modular_outputs(network, w, x) == expected_values


def test_attention_with_a_skip_path_is_the_family_attention_with_its_own():
    layer = {"family": "attention", "attention_dim": [2], "tokens": 2}
    network = residual(block={**layer, "dims": [2, 2]}, blocks=2).network()
    other = from_mapping({**layer, "dims": [2, 2, 2], "residual": True}).network()
    w, x = points(network, 4)
    assert modular_outputs(network, w, x) == modular_outputs(other, w, x)


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
    canonical = json.loads(json.dumps(architecture.canonical()))
    again = from_mapping(canonical)
    assert (again, again.digest(), again.label) == (architecture, architecture.digest(), architecture.label)
    assert re.fullmatch(r"[a-z0-9.-]{1,120}", architecture.label)


def test_different_networks_have_different_labels_and_hashes():
    assert len({architecture.label for architecture in VARIETY}) == len(VARIETY)
    assert len({architecture.digest() for architecture in VARIETY}) == len(VARIETY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (residual([3, 3, 3], 2, 2), residual([3], 2, 2, blocks=2)),
        (residual([3, 3, 3], 2, 2), residual([3], [2, 2], 2)),
        (residual([3, 3, 3], [2, 2], [2, 2], blocks=2), residual([3], 2, activation="1*z^2", blocks=2)),
        (residual(block=mlp([2, 1, 2], 2), blocks=2), residual(block=[mlp([2, 1, 2], 2)] * 2)),
        (
            residual(block=mlp([2, 1, 2], 2)),
            residual(block='{"family": "mlp", "widths": [2, 1, 2], "activation_degree": 2}'),
        ),
    ],
)
def test_equal_networks_have_equal_forms(one, other):
    assert (one, one.digest(), one.label) == (other, other.digest(), other.label)


def test_a_block_of_one_hidden_layer_is_the_dense_form():
    # the same parameters in the same order, so the same values
    for biases in (False, True):
        dense = residual([2, 2, 2], 3, 2, biases=biases).network()
        nested = residual(block=mlp([2, 3, 2], 2, biases=biases), blocks=2).network()
        w, x = points(dense, 3)
        assert modular_outputs(dense, w, x) == modular_outputs(nested, w, x)


def test_a_numpy_description_is_one():
    assert residual(np.array([2, 2]), np.array([3]), 2) == residual([2, 2], 3, 2)


# ranks


@pytest.mark.parametrize("h", [1, 2, 3, 5])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_quadratic_block_has_the_dimension_of_the_block(d, h):
    # adding the identity is a translation of the coefficients: mlp (d, h, d) with z^2 has the same dimension
    assert rank_of(residual([d, d], h, 2)) == rank_of(mlp([d, h, d], 2))


@pytest.mark.parametrize(
    "block", [mlp([2, 2, 2], activation="z^3+z"), mlp([3, 1, 3], 2, biases=True), from_mapping(GRAPH_BLOCK)]
)
def test_one_block_has_the_dimension_of_its_network(block):
    assert rank_of(residual(block=block)) == rank_of(block)


def test_linear_blocks_make_an_output_layer_no_larger():
    # the closure for W_out (1 + V U) W_in is that of W_out W_in
    assert rank_of(residual([2, 2], 1, input_width=4, output_width=3)) == rank_of(mlp([4, 2, 3]))


def test_linear_convolutions_absorb_the_identity():
    # 1 + w is any filter of size 3 (the identity is its middle), and two of them make any product of two trinomials, 3 + 3 - 1
    layer = {"family": "cnn", "filters": ["3"], "padding": "circular", "input": "7"}
    assert [rank_of(residual(block=layer, blocks=blocks)) for blocks in (1, 2)] == [3, 5]


def test_width_one_by_hand():
    # x + v (u x)^r has the one coefficient v u^r that moves; two blocks with r = 2 have the coefficients of x^2, x^3, x^4,
    # which are a + b, 2ab, a^2 b for a = v u^2 and b likewise
    assert [rank_of(residual([1, 1], h, r)) for h, r in ((1, 2), (3, 2), (1, 5))] == [1, 1, 1]
    assert rank_of(residual([1, 1, 1], 1, 2)) == 2
    assert rank_of(residual([1, 1], 1)) == 1


def test_a_projection_between_different_widths_adds_all_matrices():
    # P x has all 6 coefficients of degree 1, apart from the quadratic part of (3, 2, 2)
    assert rank_of(residual([3, 2], 2, 2, projection=True)) == 6 + rank_of(mlp([3, 2, 2], 2))


def test_expected_dimension_where_the_linear_part_is_fixed():
    # x + V (U x)^2 with many neurons: all quadratic parts, 2 * 3 coefficients, and the identity
    architecture = residual([2, 2], 4, 2)
    phi = PolynomialMap(architecture.network())
    assert phi.ambient_dimension == 2 + 6
    assert architecture.linear_span_dimension(phi) == 1 + 6  # the two coefficients of the identity are equal
    assert expected(architecture) == rank_of(architecture) == 6
    # with biases all coefficients of degree 0, 1, 2 of both outputs move
    assert expected(residual([2, 2], 9, 2, biases=True)) == rank_of(residual([2, 2], 9, 2, biases=True)) == 12


def test_expected_dimension_counts_scalings_and_the_stream():
    # P less the hidden neurons; with an embedding and an output layer also less GL(3) of the stream
    assert expected(residual([3, 3, 3], 2, 3)) == 24 - 4
    assert expected(residual([3, 3], 2, 3, input_width=4, output_width=4)) == 36 - 2 - 9
    assert rank_of(residual([3, 3], 2, 3, input_width=4, output_width=4)) == 36 - 2 - 9
    assert expected(residual([3, 3, 3], [1, 1])) == 2 * (6 - 2)


def test_finite_symmetries_are_the_blocks_own():
    assert residual([2, 2], 3, 2).finite_symmetries() == ("permutations of the 3 neurons of residual block 1",)
    assert residual([2, 2], [3]).finite_symmetries() == ()
    found = residual(block=mlp([2, 3, 2], 2), blocks=2).finite_symmetries()
    assert found[1] == "in residual block 2: permutations of the 3 neurons of hidden layer 1"


def test_claims_of_the_ladder():
    assert na.dimension(residual([3, 3], 2)).certainty == "theorem"
    claim = na.dimension(residual([2, 2, 2], 1, 3))
    assert claim.value["dimension"] == 8 - 2  # two cubes of linear forms with directions, 3 each
    assert claim.value["projective_dimension"] is None


# what is refused


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ({}, "'widths' and 'block' are missing"),
        ({"widths": [3, 3]}, "'hidden' is missing"),
        ({"widths": 3, "hidden": [2]}, "'widths' is 3"),
        ({"widths": [], "hidden": [2]}, "'widths' is []"),
        ({"widths": [3, 3], "hidden": 2}, "'hidden' is 2"),
        ({"widths": [3, 3], "hidden": []}, "'hidden' is []"),
        ({"widths": [3, 3], "hidden": [0]}, "greater than or equal to 1"),
        ({"widths": [3, -3], "hidden": [1]}, "greater than or equal to 1"),
        ({"widths": [3, 3], "hidden": [2, 2]}, "'hidden' has 2 entries"),
        ({"widths": [3, 3], "hidden": [2], "blocks": 2}, "'blocks' is 2"),
        ({"widths": [3], "hidden": [2], "blocks": 0}, "'blocks' is 0"),
        ({"widths": [3], "hidden": [2], "blocks": 10**9}, "'blocks' is 1000000000"),
        ({"widths": [3], "hidden": [2], "blocks": True}, "'blocks' is True"),
        ({"widths": [3, 2], "hidden": [2]}, "'projection'"),
        ({"widths": [3, 3], "hidden": [2], "projection": True}, "leave it out"),
        ({"widths": [3, 3], "hidden": [2], "input_width": 0}, "'input_width'"),
        ({"widths": [3, 3], "hidden": [2], "activation": ["5"]}, "a constant"),
        ({"widths": [3, 3], "hidden": [2], "activation": ["z"], "activation_degree": [2]}, "both given"),
        ({"block": {"family": "mlp", "widths": [3, 3]}, "widths": [3, 3]}, "'block' and by 'widths'"),
        ({"block": {"family": "mlp", "widths": [3, 2]}}, "cannot be added"),
        ({"block": {"family": "mlp", "widths": [3, 2]}, "projection": True, "blocks": 2}, "block 2 takes"),
        ({"block": {"family": "mlp", "widths": [3, 3]}, "biases": True}, "inside 'block'"),
        ({"block": {"family": "nope"}}, "'nope' is unknown"),
        ({"block": {"widths": [3, 3]}}, "'family' is missing"),
        ({"block": []}, "'block' has 0 entries"),
        ({"block": 3}, "must be a table"),
        ({"block": "{"}, "no valid JSON"),
        ({"block": "ü" * 90}, "no valid JSON"),
        ({"block": "[" * 10**5}, "no valid JSON"),
        ({"block": [{"family": "mlp", "widths": [3, 3]}] * 2, "blocks": 3}, "no multiple"),
        ({"block": {"family": "mlp", "widths": [2] * 200}, "blocks": 1000}, "operations"),
        ({"block": {**GRAPH_BLOCK, "pooling": "sum"}, "projection": True}, "no matrix on the skip path"),
    ],
)
def test_impossible_networks_are_refused_in_one_sentence(specification, words):
    with pytest.raises(SpecError) as caught:
        from_mapping({"family": "residual", **specification})
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_blocks_of_blocks_are_refused_beyond_a_depth():
    def nested(depth):
        block = {"family": "mlp", "widths": [2, 2]}
        for _ in range(depth):
            block = {"family": "residual", "block": block}
        return block

    assert from_mapping(nested(MAXIMAL_NESTING)).network().parameter_count == 4
    with pytest.raises(SpecError, match="nested deeper"):
        from_mapping(nested(MAXIMAL_NESTING + 1))
    with pytest.raises(SpecError, match="nested deeper"):
        from_mapping(nested(200))


def test_many_copies_of_copies_are_refused_before_they_are_built():
    block = {"family": "mlp", "widths": [2, 2]}
    for _ in range(5):
        block = {"family": "residual", "block": block, "blocks": 100}
    with pytest.raises(SpecError, match="operations"):
        from_mapping(block)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("--widths 3,3 --hidden 2 --activation-degree 2", 0, "dimension"),
        ("--widths 3 --hidden 2 --blocks 2 --input-width 2 --output-width 1", 0, "theorem"),
        ("--block {} --blocks 2", 3, "'family' is missing"),
        ("--widths 3,3", 3, "'hidden' is missing"),
        ("--widths 3,3 --hidden -2", 3, "greater than or equal to 1"),
    ],
)
def test_the_command_line(capsys, arguments, code, words):
    assert run(["dim", "--arch", "residual", *arguments.split()]) == code
    output = capsys.readouterr()
    assert words in output.out + output.err


def test_a_file_describes_any_block(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(
        'family = "residual"\nblocks = 2\ninput_width = 3\n[block]\nfamily = "mlp"\nwidths = [2, 2, 2]\nactivation_degree = 2\n'
    )
    from neuroalg_cli.spec import read

    assert read(str(path), {}) == residual(block=mlp([2, 2, 2], 2), blocks=2, input_width=3)


# engines


SMALL = [
    residual([2, 2], 2, 2),
    residual([1, 1, 1], 1, 2),
    residual([2, 2], 1, 2, biases=True, output_width=1),
    residual([2, 3], 1, 2, projection=True, input_width=1),
    residual(block=GRAPH_BLOCK),
]


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
)
def test_engines_agree(engine):
    networks = [architecture.network().as_json() for architecture in SMALL]
    script = render(f"{engine}/dimension-jacobian", networks=networks, seed=11)
    answer = execute(script, find(engine), Limits(wall_seconds=300))
    assert [int(found["rank"]) for found in answer.values["networks"]] == [rank_of(a) for a in SMALL]
    network = SMALL[1].network()
    script = render(
        f"{engine}/dimension-groebner",
        coordinates=[coordinate.polynomial for coordinate in coordinates(network)],
        parameters=network.parameter_count,
        characteristic=0,
    )
    assert int(execute(script, find(engine), Limits(wall_seconds=120)).values["dimension"]) == rank_of(SMALL[1])
