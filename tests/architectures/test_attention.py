"""Lightning self-attention: canonical form, graph against a plain evaluation, expected dimension, published dimensions."""

from __future__ import annotations

import json
import random
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.attention import LightningSelfAttention, attention
from neuroalg_cli.errors import SpecError
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters import floating, modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import Question
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

PRIME = 8388593
RECORDS = tomllib.loads((Path(__file__).parent.parent / "literature" / "attention_dimensions.toml").read_text("utf-8"))[
    "record"
]
ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]

VARIETY = [
    attention([3, 2], 1, tokens=2),
    attention([2, 2], 2, tokens=1),
    attention([1, 1], 1, tokens=1),
    attention([2, 3], 3, tokens=2, heads=2),
    attention([2, 2], 1, tokens=3, causal=True),
    attention([2, 2], 2, tokens=3, causal=True, readout="last"),
    attention([2, 1], 2, tokens=3, causal=True, readout="first"),
    attention([3, 2], 2, tokens=2, readout="first"),
    attention([3, 2], 2, tokens=2, readout="last", tied="qk"),
    attention([3, 2], tokens=2, tied="kv"),
    attention([3, 2], tokens=2, tied="qv", heads=2),
    attention([2, 3], tokens=2, tied="qkv"),
    attention([2, 2], 1, tokens=2, residual=True),
    attention([2, 2], 1, tokens=2, residual=True, readout="last", causal=True),
    attention([2, 1, 2], [1, 2], tokens=2, heads=[2, 1]),
    attention([2, 2, 2], 1, tokens=2, shared_layers=True, heads=2),
    attention([1, 1, 1], 1, tokens=2, residual=True, causal=True),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label)


def plain_output(architecture, w, x):
    """Returns the output tokens by the definition, token by token: the sum over heads and i of V x_i (K x_i).(Q x_j)."""
    weights = iter(w)

    def matrix(rows, columns):
        return [[next(weights) for _ in range(columns)] for _ in range(rows)]

    def times(m, v):
        return [sum((a * b for a, b in zip(row, v, strict=True)), Fraction(0)) for row in m]

    def dot(u, v):
        return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))

    t, tied = architecture.tokens, architecture.tied
    tokens = [list(x[j::t]) for j in range(t)]
    weights_of_layers = []
    for layer, heads in enumerate(architecture.heads):
        d, outputs, a = architecture.dims[layer], architecture.dims[layer + 1], architecture.attention_dim[layer]
        if layer and architecture.shared_layers:
            weights_of_layers.append(weights_of_layers[0])
            continue
        drawn = []
        for _ in range(heads):
            q = matrix(a, d)
            k = q if tied in ("qk", "qkv") else matrix(a, d)
            v = {"none": None, "qk": None, "kv": k, "qv": q, "qkv": q}[tied] or matrix(outputs, d)
            drawn.append((q, k, v))
        weights_of_layers.append(drawn)
    for drawn in weights_of_layers:
        following = []
        for j in range(t):
            token = list(tokens[j]) if architecture.residual else [Fraction(0)] * len(times(drawn[0][2], tokens[0]))
            for q, k, v in drawn:
                for i in range(t):
                    if i > j and architecture.causal:
                        continue
                    score = dot(times(k, tokens[i]), times(q, tokens[j]))
                    token = [entry + value * score for entry, value in zip(token, times(v, tokens[i]), strict=True)]
            following.append(token)
        tokens = following
    assert next(weights, None) is None
    if architecture.readout == "all":
        return [token[row] for row in range(len(tokens[0])) for token in tokens]
    return tokens[0 if architecture.readout == "first" else -1]


def points(network):
    source = random.Random(5)
    w = [Fraction(source.randint(-9, 9), 4) for _ in range(network.parameter_count)]
    return w, [[Fraction(source.randint(-9, 9), 2) for _ in range(network.input_size)] for _ in range(3)]


def residues(values):
    return balanced(np.array([v.numerator * pow(v.denominator, -1, PRIME) % PRIME for v in values]), PRIME)


def rank_of(architecture):
    """Returns the rank of d phi at a random point modulo one prime, from as many random inputs as there are parameters."""
    network = architecture.network()
    source = np.random.default_rng(1)
    w = source.integers(-PRIME // 2 + 1, PRIME // 2, network.parameter_count).astype(float)
    x = source.integers(-PRIME // 2 + 1, PRIME // 2, (network.parameter_count + 3, network.input_size)).astype(float)
    return rank_modulo(modular.jacobian(network, w, x, PRIME), PRIME).rank


@by_label
def test_the_three_interpreters_agree_with_the_definition(architecture):
    network = architecture.network()
    w, xs = points(network)
    expected = [plain_output(architecture, w, x) for x in xs]
    exact = modular.evaluate(network, residues(w), np.stack([residues(x) for x in xs]), PRIME)
    assert np.array_equal(exact, np.stack([residues(row) for row in expected]))
    floats = floating.evaluate(network, np.array(w, dtype=float), np.array(xs, dtype=float))
    assert floats == pytest.approx(np.array(expected, dtype=float), rel=1e-9, abs=1e-6)
    if PolynomialMap(network).total_degree > 8:  # two layers have too many terms to expand
        return
    for x, row in zip(xs, expected, strict=True):
        values = [Fraction(0)] * network.output_size
        for coordinate in coordinates(network):
            weight = sum(c * product(w, exponents) for exponents, c in coordinate.polynomial.items())
            values[coordinate.output] += weight * product(x, coordinate.monomial)
        assert values == row


def product(values, exponents):
    result = Fraction(1)
    for value, exponent in zip(values, exponents, strict=True):
        result *= value**exponent
    return result


def test_one_head_by_hand():
    # d = d' = a = 1, two tokens: f_j = V K Q (x_1^2 + x_2^2) x_j; causal: f_1 = V K Q x_1^3
    found = {(c.output, c.monomial): c.polynomial for c in coordinates(attention([1, 1], 1, tokens=2).network())}
    one = {(1, 1, 1): 1}
    assert found == {(0, (3, 0)): one, (0, (1, 2)): one, (1, (2, 1)): one, (1, (0, 3)): one}
    masked = coordinates(attention([1, 1], 1, tokens=2, causal=True).network())
    assert {(c.output, c.monomial) for c in masked} == {(0, (3, 0)), (1, (2, 1)), (1, (0, 3))}


def test_the_names_of_the_parameters():
    def names(architecture):
        return [node.name for node in architecture.network().nodes if node.operation == "parameter"]

    assert names(attention([2, 2, 2], 1, tokens=1)) == ["Q_1", "K_1", "V_1", "Q_2", "K_2", "V_2"]
    assert names(attention([2, 2], 1, tokens=1, heads=2)) == ["Q_1_1", "K_1_1", "V_1_1", "Q_1_2", "K_1_2", "V_1_2"]
    assert names(attention([2, 2], 1, tokens=1, tied="qk")) == ["Q_1", "V_1"]
    assert names(attention([2, 2], tokens=1, tied="kv")) == ["Q_1", "K_1"]
    assert names(attention([2, 2], tokens=1, tied="qv")) == ["Q_1", "K_1"]
    assert names(attention([2, 2, 2], tokens=1, tied="qkv")) == ["Q_1", "Q_2"]
    assert names(attention([2, 2, 2], 1, tokens=1, shared_layers=True)) == ["Q_1", "K_1", "V_1"]


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    canonical = json.loads(json.dumps(architecture.canonical()))
    assert na.from_mapping(canonical) == architecture
    assert re.fullmatch(r"[a-z0-9.-]{1,100}", architecture.label)


def test_different_networks_have_different_labels_and_hashes():
    several = [
        *VARIETY,
        attention([3, 2], 2, tokens=2),
        attention([30, 2], 2, tokens=2),
        attention([3] * 60, 2, tokens=2),
    ]
    assert len({architecture.label for architecture in several}) == len(several)
    assert len({architecture.digest() for architecture in several}) == len(several)
    assert all(re.fullmatch(r"[a-z0-9.-]{1,100}", architecture.label) for architecture in several)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (attention([2, 2, 2], 1, tokens=2), attention([2, 2, 2], [1, 1], tokens=2, heads=[1, 1])),
        (attention([2, 2], tokens=2, tied="vk"), attention([2, 2], 2, tokens=2, tied="KV")),
        (attention([2, 3], tokens=2, tied="vqk"), attention((2, 3), [3], tokens=2, tied="qkv")),
        (attention(np.array([2, 3]), np.int64(1), tokens=np.int64(2)), attention([2, 3], 1, tokens=2)),
    ],
)
def test_equal_networks_have_equal_forms(one, other):
    assert (one, one.label, one.digest()) == (other, other.label, other.digest())


def test_labels():
    assert attention([3, 3], 2, tokens=2).label == "attention-3.3-a2-t2"
    architecture = attention(
        [4, 4, 4], [1, 2], tokens=3, heads=2, causal=True, tied="qk", residual=True, readout="first"
    )
    assert architecture.label == "attention-4.4.4-a1.2-t3-h2-causal-residual-qk-first"


BAD = [
    ({}, "the key 'dims' is missing"),
    ({"dims": [3, 3]}, "the key 'tokens' is missing"),
    ({"dims": [3, 3], "tokens": 2}, "the key 'attention_dim' is missing"),
    ({"dims": 3, "tokens": 2, "attention_dim": 1}, "must be a list"),
    ({"dims": [3], "tokens": 2, "attention_dim": 1}, "needs two"),
    ({"dims": [3] * 102, "tokens": 2, "attention_dim": 1}, "at most 101"),
    ({"dims": [3, 0], "tokens": 2, "attention_dim": 1}, "greater than or equal to 1"),
    ({"dims": [3, -1], "tokens": 2, "attention_dim": 1}, "greater than or equal to 1"),
    ({"dims": [3, True], "tokens": 2, "attention_dim": 1}, "valid integer"),
    ({"dims": [3, "x"], "tokens": 2, "attention_dim": 1}, "valid integer"),
    ({"dims": [3, 3], "tokens": 0, "attention_dim": 1}, "'tokens' is 0"),
    ({"dims": [3, 3], "tokens": [2], "attention_dim": 1}, "'tokens' is"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 0}, "greater than or equal to 1"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": [1, 2]}, "'attention_dim' has 2 entries for 1 layers"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "heads": [1, 2]}, "'heads' has 2 entries"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "heads": 0}, "greater than or equal to 1"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "tied": "q"}, "it must be qk, kv, qv, qkv or none"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "tied": "qqk"}, "it must be qk"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "tied": 7}, "'tied' is 7"),
    ({"dims": [3, 2], "tokens": 2, "attention_dim": 3, "tied": "kv"}, "'attention_dim' must be 2"),
    ({"dims": [3, 2], "tokens": 2, "attention_dim": 3, "residual": True}, "'residual' needs"),
    ({"dims": [3, 2, 3], "tokens": 2, "attention_dim": 3, "shared_layers": True}, "'shared_layers' needs"),
    ({"dims": [3, 3, 3], "tokens": 2, "attention_dim": [1, 2], "shared_layers": True}, "'shared_layers' needs one"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "readout": "mean"}, "'readout' is 'mean'"),
    ({"dims": [3, 3], "tokens": 10**6, "attention_dim": 100}, "100000000 entries"),
    ({"dims": [3, 3], "tokens": 10**4, "attention_dim": 1, "causal": True}, "masked scores"),
    ({"dims": [3, 3], "tokens": 10**30, "attention_dim": 1}, "less than or equal to"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "causal": "yes"}, "valid boolean"),
    ({"dims": [3, 3], "tokens": 2, "attention_dim": 1, "biases": True}, "unknown to the family 'attention'"),
]


@pytest.mark.parametrize(("specification", "sentence"), BAD, ids=[sentence[:40] for _, sentence in BAD])
def test_bad_descriptions_are_refused_in_one_sentence(specification, sentence):
    with pytest.raises(SpecError, match=re.escape(sentence)) as caught:
        na.from_mapping({"family": "attention", **specification})
    assert "\n" not in str(caught.value)


def random_architecture(seed):
    """Returns a stack of up to three small layers with random options."""
    source = random.Random(seed)
    layers = source.choice((1, 2, 2, 3))
    equal = source.random() < 0.35
    dims = [source.randint(1, 3)] * (layers + 1) if equal else [source.randint(1, 4) for _ in range(layers + 1)]
    tied = source.choice(("none", "none", "qk", "kv", "qv", "qkv"))
    return attention(
        dims,
        None if "v" in tied else source.randint(1, 3),
        tokens=source.randint(1, 3),
        heads=source.choice((1, 1, 1, 2, 3)),
        causal=source.random() < 0.3,
        tied=tied,
        residual=equal and source.random() < 0.5,
        shared_layers=equal and source.random() < 0.4,
        readout=source.choice(("all", "first", "last")),
    )


@pytest.mark.parametrize("seed", range(120))
def test_the_expected_dimension_is_at_least_the_rank(seed):
    # the count takes away known symmetries only: a negative defect would be one that is none
    architecture = random_architecture(seed)
    assert architecture.expected_dimension(PolynomialMap(architecture.network())) >= rank_of(architecture)


@pytest.mark.parametrize(
    ("architecture", "count"),
    [
        (attention([3, 3], 1, tokens=2), 15 - 1 - 1),  # P less GL(a) less a scaling
        (attention([3, 3], 2, tokens=2), 21 - 4 - 1),
        (attention([3, 3], 5, tokens=2), 9 + 9 - 1),  # K^T Q is any matrix
        (attention([3, 3], 2, tokens=1), 9 + 6 - 1),  # V x times any quadratic form
        (attention([4, 3, 2], 2, tokens=3), 46 - 4 - 4 - 9 - 2),  # GL(a) twice, GL(3) between the layers, two scalings
        (attention([3, 4, 3], 2, tokens=2), (9 + 8 - 1) + (9 + 8 - 1) - 9),  # four dimensions of which three are filled
        (attention([5, 4, 1], 1, tokens=2), (15 + 9 - 1) + (3 + 5 - 1) - 9),  # layer 2 reads three linear forms
        (attention([2, 2], 1, tokens=2, residual=True), 8 - 1 - 1),
        (attention([2, 2, 2], 1, tokens=2, residual=True), 2 * (8 - 1 - 1)),
        (attention([2, 2, 2], 1, tokens=2, shared_layers=True), 8 - 1 - 1),
        (attention([2, 2, 2], tokens=2, tied="qkv"), 8 - 2),  # orthogonal similitudes of the plane
    ],
    ids=lambda value: getattr(value, "label", str(value)),
)
def test_expected_dimensions_by_hand_are_the_rank(architecture, count):
    assert architecture.expected_dimension(PolynomialMap(architecture.network())) == count == rank_of(architecture)


def test_heads_of_full_rank_mix():
    # two heads on tokens in the plane: sums V_1 (x) A_1 + V_2 (x) A_2 are the 4 x 4 matrices of rank at most 2, of dimension 12,
    # and with d' = 2 all polynomials of the shape (quadratic in one token, linear in another) are 2 * 3 * 2 = 12
    architecture = attention([2, 2], 2, tokens=2, heads=2)
    assert architecture.expected_dimension(PolynomialMap(architecture.network())) == 12 == rank_of(architecture)


def test_many_heads_fill_what_the_layer_can_be():
    # d' d d(d+1)/2 polynomials that are quadratic in one token and linear in another determine the cubic part
    for d, outputs in ((1, 2), (2, 1), (2, 2)):
        assert rank_of(attention([d, outputs], d, tokens=2, heads=12)) == outputs * d * d * (d + 1) // 2


def test_one_token_in_disguise():
    # the first output under a causal mask is a function of the first token alone
    for heads, a in ((1, 1), (2, 2), (1, 3)):
        alone = rank_of(attention([3, 2], a, tokens=1, heads=heads))
        assert rank_of(attention([3, 2], a, tokens=3, heads=heads, causal=True, readout="first")) == alone


@pytest.mark.parametrize("heads", [1, 2])
def test_a_mask_changes_no_dimension_of_one_layer_with_two_tokens_or_more(heads):
    # every output token that sees another one determines the pairs (V, K^T Q) as far as any other
    for t in (2, 3):
        ranks = {
            rank_of(attention([3, 2], 2, tokens=t, heads=heads, causal=causal, readout=readout))
            for causal, readout in ((False, "all"), (True, "all"), (False, "first"), (False, "last"), (True, "last"))
        }
        assert len(ranks) == 1


def test_what_a_report_says():
    claim = na.dimension(attention([2, 2], 2, tokens=1, heads=2))
    assert any("permutations of the 2 heads" in text for text in claim.known_symmetries)
    assert "symmetric part" in attention([2, 2], 2, tokens=1).remarks()[0]
    assert not attention([2, 2], 2, tokens=2).remarks()
    assert "cube root" in attention([2, 2], tokens=2, tied="qkv").finite_symmetries()[0]
    assert "columns of the input are tokens" in attention([2, 2], 2, tokens=2).conventions()[0]


def test_large_networks_are_answered_by_the_theorem():
    # arXiv:2408.17221: 2 a d + d d' - a^2 - 1
    claim = na.dimension(attention([128, 128], 16, tokens=32))
    assert claim.certainty == "theorem"
    assert claim.value["dimension"] == 2 * 16 * 128 + 128**2 - 16**2 - 1


def architecture_of(record):
    keys = [option.key for option in LightningSelfAttention.options]
    return na.from_mapping({"family": "attention", **{key: record[key] for key in keys if key in record}})


def test_the_collection_of_published_values_is_complete():
    # nine records of stacks and six of one coordinate; the figure of arXiv:2408.17221 is about softmax, which is not algebraic
    assert len(RECORDS) == len({record["id"] for record in RECORDS}) == 15
    assert all(record["source"] and record["conventions"] and record["status"] for record in RECORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])
def test_the_ladder_and_the_rank_agree_with_the_literature(record):
    architecture = architecture_of(record)
    claims = [na.dimension(architecture), JacobianMethod().answer(Question("dimension", architecture)).claim]
    keys = [k for k in ("dimension", "ambient_dimension", "linear_span_dimension") if k in record]
    for claim in claims:
        assert {key: claim.value[key] for key in keys} == {key: record[key] for key in keys}
    if len(record["dims"]) == 2:
        assert claims[0].certainty == "theorem"


SMALL = [
    attention([2, 2], 1, tokens=2),
    attention([2, 1], 2, tokens=2, heads=2, readout="first"),
    attention([2, 2], 1, tokens=2, causal=True, residual=True),
    attention([2, 2], tokens=1, tied="qkv"),
    attention([2, 1, 2], 1, tokens=2),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_find_the_same_ranks(engine):
    script = render(f"{engine}/dimension-jacobian", networks=[a.network().as_json() for a in SMALL], seed=1)
    answer = execute(script, find(engine), Limits(wall_seconds=600))
    assert [int(found["rank"]) for found in answer.values["networks"]] == [rank_of(a) for a in SMALL]


@pytest.mark.parametrize("engine", ENGINES)
def test_elimination_agrees_on_a_tiny_network(engine):
    # v, q, k of size one and two: f = (v x)(k x)(q x), the cubics that are products of three linear forms, all of them
    network = attention([2, 1], 1, tokens=1).network()
    found = [coordinate.polynomial for coordinate in coordinates(network)]
    script = render(f"{engine}/dimension-groebner", coordinates=found, parameters=6, characteristic=0)
    assert int(execute(script, find(engine), Limits(wall_seconds=300)).values["dimension"]) == 4
