"""Networks with rational activations: partial fractions, Moebius transformations, values in fractions, and what is refused."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli import spec
from neuroalg_cli.architectures.rational import rational
from neuroalg_cli.errors import NeuroalgError, SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.question import Question

PRIME = 8388593
VARIETY = [
    rational([3, 2], []),
    rational([3, 2, 1], "1/z"),
    rational([2, 3, 3, 1], ["1/z^2", "z/(z^2+1)"]),
    rational([2, 3, 1], "(z^2+1)/(2*z-6)", biases=True),
    rational([2, 3, 1], "z^2"),
    rational([2] * 80, "1/z"),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label[:40])


def dimension(*arguments, **options):
    return na.dimension(rational(*arguments, **options)).value["dimension"]


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    canonical = json.loads(json.dumps(architecture.canonical()))
    again = spec.from_mapping(canonical)
    assert (again, again.label, again.digest()) == (architecture, architecture.label, architecture.digest())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rational([2, 2, 1], "1/z"), rational([2, 2, 1], "3*x/(3*x^2)")),
        (rational([2, 2, 1], "z/(z^2+1)"), rational([2, 2, 1], "1/(z + 1/z)")),
        (rational([2, 2, 1], "(z^2-1)/(z-1)"), rational([2, 2, 1], "z+1")),
        (rational([2, 2, 1], "1/(2*z-6)"), rational([2, 2, 1], "-0.5/(3-z)")),
        (rational([2, 2, 2, 1], "1/z"), rational([2, 2, 2, 1], ["1/z", "1/z"])),
    ],
)
def test_equal_activations_have_one_canonical_form(one, other):
    assert (one, one.label, one.digest()) == (other, other.label, other.digest())


def test_different_networks_have_different_labels():
    assert len({architecture.label for architecture in VARIETY}) == len(VARIETY)


ACTIVATIONS = {
    "1/z": lambda z: 1 / z,
    "2/z^3": lambda z: 2 / z**3,
    "z/(z^2+1)": lambda z: z / (z**2 + 1),
    "1/2/(z-3)": lambda z: Fraction(1, 2) / (z - 3),
    "(z^3-z+1/3)/(2*z+1)": lambda z: (z**3 - z + Fraction(1, 3)) / (2 * z + 1),
    "z^2-1/5": lambda z: z**2 - Fraction(1, 5),
}


@pytest.mark.parametrize("seed", range(20))
def test_the_graph_computes_the_network(seed):
    source = random.Random(seed)
    widths = [source.randint(1, 3) for _ in range(source.randint(2, 4))]
    names = [source.choice(list(ACTIVATIONS)) for _ in widths[2:]]
    biases = source.random() < 0.5
    network = rational(widths, names, biases=biases).network()
    while True:
        w = [Fraction(source.randint(-9, 9), 4) for _ in range(network.parameter_count)]
        x = [Fraction(source.randint(-9, 9), 2) for _ in range(widths[0])]
        entries, value = iter(w), list(x)
        try:
            for layer, (m, n) in enumerate(itertools.pairwise(widths)):
                rows = [[next(entries) for _ in range(m)] for _ in range(n)]
                value = [sum(a * b for a, b in zip(row, value, strict=True)) for row in rows]
                if biases:
                    value = [z + next(entries) for z in value]
                if layer < len(names):
                    value = [ACTIVATIONS[names[layer]](z) for z in value]
        except ZeroDivisionError:
            continue
        break

    def residues(values):
        found = [v.numerator * pow(v.denominator, -1, PRIME) % PRIME for v in values]
        return np.array([float(r - PRIME if r > PRIME // 2 else r) for r in found])

    found = modular.evaluate(network, residues(w), residues(x).reshape(1, -1), PRIME)
    assert found[0].tolist() == residues(map(Fraction, value)).tolist()


@pytest.mark.parametrize(("n", "k", "m"), [(2, 1, 1), (2, 2, 1), (3, 4, 1), (4, 3, 2), (2, 5, 3), (5, 6, 1)])
@pytest.mark.parametrize("activation", ["1/z", "1/z^2", "7/2/z^3"])
def test_sums_of_reciprocal_linear_forms(n, k, m, activation):
    # f_j = sum_i V_ji / (W_i x)^r: the hyperplanes W_i x = 0 are the poles of f, and f determines what stands above them, since
    # partial fractions are unique; W_i and V_i are determined up to one scalar, and k (n + m) - k remains
    assert dimension([n, k, m], activation) == k * (n + m - 1)


@pytest.mark.parametrize(("n", "k", "m"), [(1, 1, 1), (1, 3, 2), (2, 2, 1), (3, 3, 2)])
def test_sums_of_reciprocal_affine_forms(n, k, m):
    # the same with biases, for one input as well: k (n + 1 + m) - k, and m for the constant
    assert dimension([n, k, m], "1/z", biases=True) == k * (n + m) + m


@pytest.mark.parametrize(("n", "k", "m"), [(1, 1, 1), (1, 3, 2), (2, 3, 2), (3, 4, 1)])
def test_an_activation_with_two_poles_determines_its_weights(n, k, m):
    # z/(z^2+1) has poles at +-i: the poles W_i x = +-i of f determine W_i up to sign, the residues V_i
    assert dimension([n, k, m], "z/(z^2+1)") == k * (n + m)


def test_one_input_and_reciprocals_have_only_multiples_of_one_function():
    # sum_i V_ji / (W_i x) = (sum_i V_ji / W_i) / x
    for k, m in ((1, 1), (3, 1), (4, 2)):
        assert dimension([1, k, m], "1/z") == m


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("activation", ["1/z", "(z+1)/(z-1)", "2*z/(z+5)"])
def test_networks_of_width_one_are_moebius_transformations(depth, activation):
    # compositions of Moebius transformations are a group of dimension 3
    assert dimension([1] * (depth + 2), activation, biases=True) == 3


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_reciprocals_of_width_one_without_biases_are_multiples_of_a_power(depth):
    # v/(w x) and then its reciprocal: c/x or c x
    assert dimension([1] * (depth + 2), "1/z") == 1


@pytest.mark.parametrize("activation", ["z^2", "z^3-z", "z", "(z^2-1)/(z-1)", "z^3/(2*z)"])
@pytest.mark.parametrize("biases", [False, True])
def test_networks_that_divide_nowhere_are_those_of_the_family_mlp(activation, biases):
    texts = {"(z^2-1)/(z-1)": "z+1", "z^3/(2*z)": "z^2/2"}
    for widths in ([2, 2, 1], [3, 2, 2], [2, 2, 2, 1]):
        found = na.dimension(rational(widths, activation, biases=biases)).value
        expected = na.dimension(na.mlp(widths, activation=texts.get(activation, activation), biases=biases)).value
        keys = ("dimension", "projective_dimension", "parameters", "ambient_dimension", "filling")
        assert [found[key] for key in keys] == [expected[key] for key in keys]
    assert "family mlp" in rational([2, 2, 1], activation).remarks()[0]


def test_mixed_layers():
    # 1/(sum of squares): determined by a quadratic form of rank at most k in n variables, n = 3, k = 2: five dimensions
    assert dimension([3, 2, 1, 1], ["z^2", "1/z"]) == 5
    # squares of reciprocals of linear forms are squared reciprocals
    assert dimension([3, 1, 1, 1], ["1/z", "z^2"]) == 3


def test_there_are_no_coordinates():
    claim = na.dimension(rational([3, 2, 1], "1/z"))
    keys = ("ambient_dimension", "linear_span_dimension", "filling")
    assert [claim.value[key] for key in keys] == [None, None, None]
    assert claim.value["parameters"] == 8
    assert claim.value["generic_fiber_dimension"] == 2
    assert any("no coefficients" in sentence for sentence in rational([3, 2, 1], "1/z").conventions())
    assert rational([3, 2, 1], "1/z").remarks() == ()


@pytest.mark.parametrize("engine", ["macaulay2", "sage"])
def test_the_elimination_says_that_it_needs_polynomials(engine):
    with pytest.raises(NeuroalgError, match="polynomials"):
        na.dimension(rational([2, 2, 1], "1/z"), method="groebner", engine=engine)


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("1/(z-z)", "divides by zero"),
        ("1/0", "divides by zero"),
        ("z/z", "a constant"),
        ("3", "a constant"),
        ("1/z - 1/z", "a constant"),
        ("1/(z", "no polynomial"),
        ("1/", "no polynomial"),
        ("z^-1", "no polynomial"),
        ("1/(x+y)", "2 variables"),
        ("1/relu", "neither a number nor a letter"),
        ("exp(z)", "no polynomial"),
        ("1/z^1001", "exponent above 1000"),
        ("1/(z+1)^1000", "a power above 100"),
        ("(1/(z+1/(z+1)))^99", "at most 10000 are allowed"),
        (["1/z", "1/z"], "2 entries for 1 hidden layers"),
        (None, "'activation' is missing"),
        ("", "no polynomial"),
    ],
)
def test_activations_that_mean_nothing_are_refused(activation, words):
    with pytest.raises(SpecError, match=words) as caught:
        rational([2, 2, 1], activation)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("widths", [[], [3], [2, 0, 1], [2, -1, 1], "2,2,1", None, [2, 2.5, 1], [2] * 1002])
def test_impossible_widths_are_refused(widths):
    with pytest.raises(SpecError, match="widths"):
        spec.from_mapping({"family": "rational", "widths": widths, "activation": "1/z"})


@pytest.mark.engine("macaulay2")
@pytest.mark.engine("sage")
@pytest.mark.parametrize(
    ("widths", "activation", "biases", "expected"),
    [
        ([3, 2, 1], "1/z", False, 6),
        ([2, 2, 2], "1/z^2", False, 6),
        ([1, 2, 1], "z/(z^2+1)", False, 4),
        ([1, 1, 1, 1], "(z+1)/(z-1)", True, 3),
        ([2, 1, 1], "(z^2+1)/(2*z-6)", True, 5),
    ],
)
def test_engines_agree(widths, activation, biases, expected):
    # the last: V (W x + b)^2 + 1) / (2 (W x + b) - 6) + c: the quotient has a simple pole and a linear part, W and b do not scale
    architecture = rational(widths, activation, biases=biases)
    assert JacobianMethod().answer(Question("dimension", architecture)).claim.value["dimension"] == expected
    for engine in ("macaulay2", "sage"):
        assert na.dimension(architecture, method="jacobian", engine=engine).value["dimension"] == expected
