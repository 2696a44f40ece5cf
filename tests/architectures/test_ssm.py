"""State-space models: canonical form, graph against the recurrence, Markov parameters, expected dimension."""

from __future__ import annotations

import itertools
import json
import random
import re
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.ssm import ssm
from neuroalg_cli.errors import SpecError
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters import floating, modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits

PRIME = 8388593
ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]

VARIETY = [
    ssm(2, 1, 1, 4),
    ssm(2, 2, 1, 3, readout="last"),
    ssm(1, 1, 1, 1),
    ssm(2, 1, 2, 3, diagonal=True),
    ssm(2, 2, 1, 3, feedthrough=True),
    ssm(1, 2, 2, 2, feedthrough=True, readout="last"),
    ssm(2, 1, 1, 3, initial_state=True),
    ssm(2, 1, 1, 1, initial_state=True, diagonal=True, readout="last"),
    ssm(2, 2, 1, 3, bilinear=True),
    ssm(2, 2, 1, 2, bilinear=True, diagonal=True, initial_state=True, feedthrough=True),
    ssm(2, 1, 1, 2, activation_degree=2),
    ssm(1, 1, 2, 2, activation="z^2-1/2*z", bilinear=True, initial_state=True, readout="last"),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label)


def plain_output(architecture, w, x):
    """Returns the outputs by the recurrence, with the parameters A, N_1, ..., B, C, D, h_0 in this order."""
    n, m, p, length = architecture.state, architecture.inputs, architecture.outputs, architecture.length
    weights = iter(w)

    def matrix(rows, columns):
        return [[next(weights) for _ in range(columns)] for _ in range(rows)]

    def times(matrix, v):
        return [sum((a * b for a, b in zip(row, v, strict=True)), Fraction(0)) for row in matrix]

    a = [[Fraction(0)] * n for _ in range(n)]
    products = []
    if length > 1 or architecture.initial_state:
        if architecture.diagonal:
            for i in range(n):
                a[i][i] = next(weights)
        else:
            a = matrix(n, n)
        products = [matrix(n, n) for _ in range(m)] if architecture.bilinear else []
    b, c = matrix(n, m), matrix(p, n)
    d = matrix(p, m) if architecture.feedthrough else None
    h = [next(weights) for _ in range(n)] if architecture.initial_state else [Fraction(0)] * n
    assert next(weights, None) is None
    activation = {"z": lambda z: z, "z^2": lambda z: z**2, "z^2-1/2*z": lambda z: z**2 - z / 2}[
        architecture.activation[0]
    ]
    outputs = []
    for k in range(length):
        step = [x[j * length + k] for j in range(m)]
        update = [u + v for u, v in zip(times(a, h), times(b, step), strict=True)]
        for entry, product in zip(step, products, strict=False):
            update = [u + entry * v for u, v in zip(update, times(product, h), strict=True)]
        h = [activation(z) for z in update]
        y = times(c, h)
        outputs.append([u + v for u, v in zip(y, times(d, step), strict=True)] if d else y)
    if architecture.readout == "last":
        return outputs[-1]
    return [y[i] for i in range(p) for y in outputs]


def residues(values):
    return balanced(np.array([v.numerator * pow(v.denominator, -1, PRIME) % PRIME for v in values]), PRIME)


def product(values, exponents):
    result = Fraction(1)
    for value, exponent in zip(values, exponents, strict=True):
        result *= value**exponent
    return result


def rank_of(architecture):
    """Returns the rank of d phi at a random point modulo one prime, from as many random inputs as there are parameters."""
    network = architecture.network()
    source = np.random.default_rng(1)
    w = source.integers(-PRIME // 2 + 1, PRIME // 2, network.parameter_count).astype(float)
    x = source.integers(-PRIME // 2 + 1, PRIME // 2, (network.parameter_count + 3, network.input_size)).astype(float)
    return rank_modulo(modular.jacobian(network, w, x, PRIME), PRIME).rank


def expected(architecture):
    return architecture.expected_dimension(PolynomialMap(architecture.network()))


@by_label
def test_the_three_interpreters_agree_with_the_recurrence(architecture):
    network = architecture.network()
    source = random.Random(5)
    w = [Fraction(source.randint(-9, 9), 4) for _ in range(network.parameter_count)]
    xs = [[Fraction(source.randint(-9, 9), 2) for _ in range(network.input_size)] for _ in range(3)]
    rows = [plain_output(architecture, w, x) for x in xs]
    exact = modular.evaluate(network, residues(w), np.stack([residues(x) for x in xs]), PRIME)
    assert np.array_equal(exact, np.stack([residues(row) for row in rows]))
    floats = floating.evaluate(network, np.array(w, dtype=float), np.array(xs, dtype=float))
    assert floats == pytest.approx(np.array(rows, dtype=float), rel=1e-9, abs=1e-6)
    expanded = coordinates(network)
    for x, row in zip(xs, rows, strict=True):
        values = [Fraction(0)] * network.output_size
        for coordinate in expanded:
            weight = sum(c * product(w, exponents) for exponents, c in coordinate.polynomial.items())
            values[coordinate.output] += weight * product(x, coordinate.monomial)
        assert values == row


def test_the_markov_parameters_by_hand():
    # scalars A, B, C, D: y_1 = (CB + D) x_1, y_2 = CAB x_1 + (CB + D) x_2
    found = {(c.output, c.monomial): c.polynomial for c in coordinates(ssm(1, 1, 1, 2, feedthrough=True).network())}
    now = {(0, 1, 1, 0): 1, (0, 0, 0, 1): 1}
    assert found == {(0, (1, 0)): now, (1, (0, 1)): now, (1, (1, 0)): {(1, 1, 1, 0): 1}}


def test_the_names_of_the_parameters():
    network = ssm(2, 2, 1, 2, bilinear=True, feedthrough=True, initial_state=True, diagonal=True).network()
    shapes = {node.name: node.shape for node in network.nodes if node.operation == "parameter"}
    assert shapes == {
        "A": (2,),
        "N_1": (2, 2),
        "N_2": (2, 2),
        "B": (2, 2),
        "C": (1, 2),
        "D": (1, 2),
        "h_0": (2,),
    }


def test_without_a_past_the_state_matrix_is_no_parameter():
    # one step from the state zero: y = C B x
    for bilinear in (False, True):
        architecture = ssm(2, 3, 2, 1, bilinear=bilinear)
        assert architecture.network().parameter_count == 2 * 3 + 2 * 2
        assert "no parameter" in architecture.remarks()[0]
        # 2 x 3 matrices of rank at most 2
        assert rank_of(architecture) == expected(architecture) == 6
    assert not ssm(2, 3, 2, 1, initial_state=True).remarks()


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    canonical = json.loads(json.dumps(architecture.canonical()))
    assert na.from_mapping(canonical) == architecture
    assert re.fullmatch(r"[a-z0-9.-]{1,100}", architecture.label)


def test_different_networks_have_different_labels_and_hashes():
    several = [*VARIETY, ssm(2, 1, 1, 2), ssm(2, 1, 1, 2, activation_degree=3), ssm(2, 1, 1, 2, activation="2*z")]
    assert len({architecture.label for architecture in several}) == len(several)
    assert len({architecture.digest() for architecture in several}) == len(several)
    assert VARIETY[9].label == "ssm-n2-m2-p1-l2-r1-bilinear-diagonal-d-h0"


def test_equal_networks_have_equal_forms():
    assert ssm(2, 1, 1, 4) == ssm(np.int64(2), 1, 1, 4, activation="z") == ssm(2, 1, 1, 4, activation_degree=1)
    assert ssm(2, 1, 1, 4, activation_degree=2) == ssm(2, 1, 1, 4, activation="z*z")


GOOD = {"state": 2, "inputs": 1, "outputs": 1, "length": 3}
BAD = [
    ({"state": None}, "'state' is None"),
    ({"state": 0}, "'state' is 0"),
    ({"inputs": -1}, "'inputs' is -1"),
    ({"outputs": "two"}, "'outputs' is 'two'"),
    ({"length": 0}, "'length' is 0"),
    ({"length": True}, "'length' is True"),
    ({"length": 10**9}, "less than or equal to 1000"),
    ({"state": 10**5, "length": 1000}, "entries; at most 1000000"),
    ({"readout": "first"}, "sees one step"),
    ({"readout": "mean"}, "'readout' is 'mean'"),
    ({"activation_degree": 0}, "must be from 1"),
    ({"activation_degree": [2, 2]}, "'activation_degree' has 2 entries"),
    ({"activation": "5"}, "a constant"),
    ({"activation": "z^2", "activation_degree": 2}, "give one of them"),
    ({"bilinear": 1}, "'bilinear' is 1"),
    ({"widths": [2]}, "unknown to the family 'ssm'"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_bad_descriptions_are_refused_in_one_sentence(change, sentence):
    with pytest.raises(SpecError, match=re.escape(sentence)) as caught:
        na.from_mapping({"family": "ssm", **GOOD, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", GOOD)
def test_missing_sizes_are_named(key):
    with pytest.raises(SpecError, match=f"the key '{key}' is missing"):
        na.from_mapping({"family": "ssm", **{k: v for k, v in GOOD.items() if k != key}})


@pytest.mark.parametrize(("n", "m", "p"), list(itertools.product((1, 2), (1, 2), (1, 2, 3))))
def test_long_linear_models_have_the_dimension_of_minimal_systems(n, m, p):
    # n(m+p), and pm more with D: the space of minimal systems up to GL(n) (B. L. Ho, R. E. Kalman 1966; J. M. C. Clark 1976)
    for readout in ("all", "last"):
        assert rank_of(ssm(n, m, p, 2 * n + 1, readout=readout)) == n * (m + p)
        assert rank_of(ssm(n, m, p, 2 * n + 1, readout=readout, feedthrough=True)) == n * (m + p) + p * m
        assert rank_of(ssm(n, m, p, 2 * n + 1, readout=readout, diagonal=True)) == n * (m + p)


def test_short_linear_models_with_one_input_and_output_fill():
    # n numbers A and n more determine 2n Markov parameters: rational functions of order n
    for n, length in itertools.product((1, 2, 3), range(1, 8)):
        assert rank_of(ssm(n, 1, 1, length)) == expected(ssm(n, 1, 1, length)) == min(length, 2 * n)


@pytest.mark.parametrize(
    ("n", "m", "p", "length"), [(4, 2, 2, 2), (2, 1, 2, 2), (3, 1, 3, 3), (3, 3, 2, 1), (6, 2, 3, 2)]
)
def test_states_that_remember_all_inputs_fill(n, m, p, length):
    # a shift register of length * min(m, p) entries, or less, has any Markov parameters
    assert n >= min(m, p) * length or (n, m, p, length) == (6, 2, 3, 2)
    assert rank_of(ssm(n, m, p, length)) == expected(ssm(n, m, p, length)) == p * m * length


def test_markov_parameters_of_a_singular_hankel_matrix():
    # n = 3, m = p = 2, three steps: the 4 x 4 matrix (K_0 K_1; K_1 K_2) is singular, one equation on 12 coordinates, where n(m+p)
    # is 12 as well
    architecture = ssm(3, 2, 2, 3)
    assert rank_of(architecture) == 11
    assert expected(architecture) == 12


def test_one_step_is_a_matrix_of_bounded_rank():
    # C B: k(m + p - k) with k = min(n, m, p); C (A h_0 | B) has one column more
    for n, m, p in itertools.product((1, 2, 3), repeat=3):
        for extra, start in ((0, False), (1, True)):
            k = min(n, m + extra, p)
            assert rank_of(ssm(n, m, p, 1, initial_state=start)) == k * (m + extra + p - k)
        assert rank_of(ssm(n, m, p, 1, feedthrough=True)) == m * p


def test_an_initial_state_is_one_more_input():
    # h_0 and the impulse at a further input have the same responses C A^k A h_0 and C A^(k-1) b
    for n, m, p, length in itertools.product((1, 2, 3), (1, 2), (1, 2), (1, 2, 4)):
        assert rank_of(ssm(n, m, p, length, initial_state=True)) == rank_of(ssm(n, m + 1, p, length))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_bilinear_models_with_one_state(length):
    # n = m = p = 1: b c, a, and N from the second step on
    assert rank_of(ssm(1, 1, 1, length, bilinear=True)) == (1 if length == 1 else 3)


def test_activations():
    # one step is the network C (B x)^r, a sum of n powers: binary quadrics and cubics
    for degree in (2, 3):
        found = rank_of(ssm(2, 2, 1, 1, activation_degree=degree))
        assert found == na.dimension(na.mlp([2, 2, 1], degree)).value["dimension"]
    # one state, length 2: C (A (b x_1)^2 + b x_2)^2 has the factors C b^2, A b: two parameters
    assert rank_of(ssm(1, 1, 1, 2, activation_degree=2, readout="last")) == 2
    assert expected(ssm(1, 1, 1, 2, activation_degree=2, readout="last")) == 2
    assert expected(ssm(2, 1, 2, 2, activation="z^3+z")) == 4 + 2 + 4


@pytest.mark.parametrize("seed", range(100))
def test_the_expected_dimension_is_at_least_the_rank(seed):
    source = random.Random(seed)
    bilinear, degree = source.random() < 0.3, source.choice((None, None, 2))
    architecture = ssm(
        source.randint(1, 3),
        source.randint(1, 2),
        source.randint(1, 2),
        source.randint(1, 2 if degree else 3),
        bilinear=bilinear,
        diagonal=source.random() < 0.3,
        feedthrough=source.random() < 0.3,
        initial_state=source.random() < 0.3,
        readout=source.choice(("all", "last")),
        activation_degree=degree,
    )
    assert expected(architecture) >= rank_of(architecture)


def test_what_a_report_says():
    claim = na.dimension(ssm(2, 1, 1, 5, diagonal=True))
    assert claim.certainty == "theorem"
    assert any("permutations of the 2 entries" in text for text in claim.known_symmetries)
    assert not ssm(2, 1, 1, 5).finite_symmetries()
    assert "columns of the input are steps" in ssm(2, 1, 1, 5).conventions()[0]


SMALL = [
    ssm(2, 1, 1, 5),
    ssm(1, 2, 1, 3, feedthrough=True, readout="last"),
    ssm(2, 1, 1, 3, bilinear=True),
    ssm(2, 1, 1, 2, activation_degree=2, diagonal=True, initial_state=True),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_find_the_same_ranks(engine):
    script = render(f"{engine}/dimension-jacobian", networks=[a.network().as_json() for a in SMALL], seed=1)
    answer = execute(script, find(engine), Limits(wall_seconds=600))
    assert [int(found["rank"]) for found in answer.values["networks"]] == [rank_of(a) for a in SMALL]


@pytest.mark.parametrize("engine", ENGINES)
def test_elimination_agrees_on_a_tiny_network(engine):
    # C B, C A B, C A^2 B with scalars: a cone over the conic
    network = ssm(1, 1, 1, 3, readout="last").network()
    found = [coordinate.polynomial for coordinate in coordinates(network)]
    script = render(f"{engine}/dimension-groebner", coordinates=found, parameters=3, characteristic=0)
    assert int(execute(script, find(engine), Limits(wall_seconds=300)).values["dimension"]) == 2
