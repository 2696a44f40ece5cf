"""Multilayer perceptrons: canonical form, label, graph, expected dimension, and what is refused."""

from __future__ import annotations

import itertools
import json
import re
from fractions import Fraction

import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import MultilayerPerceptron, mlp
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.parametrization import PolynomialMap

VARIETY = [
    mlp([3, 2]),
    mlp([3, 2, 3]),
    mlp([3, 2, 1], 2),
    mlp([2, 3, 3, 1], [2, 3]),
    mlp([2, 3, 3, 1], [1, 3]),
    mlp([2, 3, 1], activation="z + 1/2 * z^2"),
    mlp([2, 3, 1], activation="z^2", biases=True),
    mlp([2, 3, 1, 1], activation=["2*z", "z^2-1"], biases=True),
    mlp([7] * 120, 2),
    mlp([2] * 80, [2, 3] * 39),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label[:40])


def expected(*arguments, **options):
    architecture = mlp(*arguments, **options)
    return architecture.expected_dimension(PolynomialMap(architecture.network()))


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    canonical = json.loads(json.dumps(architecture.canonical()))
    assert canonical.pop("family") == "mlp"
    again = MultilayerPerceptron.from_specification(canonical)
    assert again == architecture
    assert again.digest() == architecture.digest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (mlp([2, 2, 1], 2), mlp([2, 2, 1], activation="1*z*z")),
        (mlp([2, 2, 2, 1], 2), mlp([2, 2, 2, 1], [2, 2])),
        (mlp([2, 2, 1]), mlp([2, 2, 1], 1)),
        (mlp([2, 2, 1]), mlp([2, 2, 1], activation="(z+1)-1")),
        (mlp([2, 2, 1], activation="x^2+x"), mlp([2, 2, 1], activation="z + z^2")),
        (mlp([2, 1], 5), mlp([2, 1])),
        (mlp([2, 2, 1], activation="0.5*z"), mlp([2, 2, 1], activation="z/2")),
    ],
)
def test_equal_networks_have_equal_forms_labels_and_hashes(one, other):
    assert (one, one.label, one.digest()) == (other, other.label, other.digest())


def test_different_networks_have_different_hashes_and_labels():
    several = [*VARIETY, mlp([3, 2, 2], 2), mlp([32, 1], 2), mlp([3, 2, 1], 3), mlp([3, 2, 1], 2, biases=True)]
    several += [mlp([3, 2, 1], activation=text) for text in ("z^2+z", "z^2+2*z", "2*z^2", "z^2-z")]
    assert len({architecture.digest() for architecture in several}) == len(several)
    assert len({architecture.label for architecture in several}) == len(several)


def test_the_hash_is_the_same_on_every_machine():
    # sha256 of {"activation":["z^2"],"biases":false,"family":"mlp","widths":[3,2,1]} by coreutils' sha256sum
    assert mlp([3, 2, 1], 2).digest() == "4334058214e33652728c055e77ac0f78e0b88c970a58390a2fabdbb202420aed"


@pytest.mark.parametrize(
    ("architecture", "label"),
    [
        (mlp([3, 2, 3]), "mlp-3.2.3-r1"),
        (mlp([3, 2]), "mlp-3.2-r1"),
        (mlp([2, 3, 3, 1], [2, 3]), "mlp-2.3.3.1-r2.3"),
        (mlp([2, 3, 3, 1], 2), "mlp-2.3.3.1-r2"),
        (mlp([2, 3, 3, 1], 2, biases=True), "mlp-2.3.3.1-r2-b"),
    ],
)
def test_labels_of_monomial_networks(architecture, label):
    assert architecture.label == label


@by_label
def test_labels_are_file_names_of_bounded_length(architecture):
    assert re.fullmatch(r"[a-z0-9.-]{1,100}", architecture.label)


@by_label
def test_the_graph_has_one_output_per_output_neuron(architecture):
    network = architecture.network()
    widths = architecture.widths
    assert (network.input_size, network.output_size) == (widths[0], widths[-1])
    weights = sum(a * b for a, b in itertools.pairwise(widths))
    assert network.parameter_count == weights + (sum(widths[1:]) if architecture.biases else 0)


def test_no_activation_follows_the_last_layer():
    # x -> W_2 (W_1 x + b_1)^2 + b_2 on one neuron each: v u^2 x^2 + 2 v u b x + v b^2 + c
    found = {
        coordinate.monomial: coordinate.polynomial
        for coordinate in coordinates(mlp([1, 1, 1], 2, biases=True).network())
    }
    assert found == {
        (2,): {(2, 0, 1, 0): 1},
        (1,): {(1, 1, 1, 0): 2},
        (0,): {(0, 2, 1, 0): 1, (0, 0, 0, 1): 1},
    }


def test_expected_dimension_of_monomial_networks():
    # Kileel, Trager, Bruna, arXiv:1905.12207: min(n_L + sum of (n_{i-1} - 1) n_i over all layers, ambient), which is
    # P - sum of the hidden widths; (5,5,3,1), (4,5,5,3,1), (5,4,3,1), r = 2: 35, 50, 28 in K. Dao, J.I. Rodriguez,
    # arXiv:2605.09609
    assert expected([5, 5, 3, 1], 2) == 35
    assert expected([4, 5, 5, 3, 1], 2) == 50
    assert expected([5, 4, 3, 1], 2) == 28
    assert expected([2, 3, 1], 2) == 3  # fills
    for widths in ((3, 2, 1), (2, 2, 2, 2), (1, 1, 1), (4, 1, 3)):
        count = widths[-1] + sum((a - 1) * b for a, b in itertools.pairwise(widths))
        phi = PolynomialMap(mlp(list(widths), 3).network())
        assert expected(list(widths), 3) == min(count, phi.ambient_dimension)


def test_expected_dimension_of_linear_networks_is_that_of_bounded_rank():
    assert expected([3, 2, 3]) == 2 * (3 + 3 - 2)
    assert expected([3, 5, 2, 4, 3]) == 2 * (3 + 3 - 2)
    assert expected([3, 5, 3]) == 9
    assert expected([3, 2]) == 6
    assert expected([3, 2, 3], activation="5*z") == 8
    assert expected([3, 2, 3], biases=True) == 8 + 3
    assert expected([3, 2, 3], activation="5*z+1", biases=True) == 8 + 3


def test_expected_dimension_where_linear_layers_merge_into_their_neighbours():
    # layers (4, 2, 4) form one matrix of rank 2, with 2 (4 + 4 - 2) = 12 parameters, then 4 quadratic neurons
    assert expected([4, 2, 4, 3], [1, 2]) == 12 + 4 * 3 - 4


def test_a_general_activation_has_no_scalings():
    # 'razor' in the dictionary of arXiv:2501.18915: the sum of n_i n_{i-1} for activations of large degree
    assert expected([2, 3, 2], activation="z^5+z^4+z") == 12
    assert expected([2, 2, 1], activation="z^3+z^2") == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(z+1)^2", "z^2"),
        ("2*z^3-6*z^2+6*z+7", "z^3"),
        ("z^2+5", "z^2"),
    ],
)
def test_with_biases_a_shifted_power_is_expected_to_be_what_the_power_is(one, other):
    # the biases absorb shift and constant: both networks have the same functions
    for widths in ([3, 2, 2], [2, 2, 2, 2]):
        assert expected(widths, activation=one, biases=True) == expected(widths, activation=other, biases=True)


SPANS = [
    mlp([3, 2, 3]),
    mlp([3, 1, 2]),
    mlp([2, 1, 2], 2),
    mlp([3, 2, 1], 2),
    mlp([2, 2, 1, 2], [2, 2]),
    mlp([2, 1, 1, 1], activation=["z+2*z^2-2*z^3", "z^2"]),
    mlp([2, 2, 1], activation="z^2-z", biases=True),
    mlp([1, 2, 2], 3, biases=True),
]


@pytest.mark.parametrize("architecture", SPANS, ids=lambda architecture: architecture.label)
def test_the_linear_span_is_the_ambient_space(architecture):
    # the docstring argues with representations; here the coordinates are linearly independent polynomials in w: the
    # matrix of their coefficients has full rank modulo a large prime
    expanded = coordinates(architecture.network())
    monomials = sorted({exponents for coordinate in expanded for exponents in coordinate.polynomial})
    prime = 2**61 - 1
    rows = [
        [
            int(c.numerator * pow(c.denominator, -1, prime)) % prime
            for c in (coordinate.polynomial.get(m, Fraction(0)) for m in monomials)
        ]
        for coordinate in expanded
    ]
    phi = PolynomialMap(architecture.network())
    assert architecture.linear_span_dimension(phi) == nmod_mat(rows, prime).rank() == len(expanded)


def test_linear_networks_say_so():
    assert "linear" in mlp([3, 2, 3]).remarks()[0]
    assert "linear" in mlp([3, 2, 3], activation="2*z").remarks()[0]
    assert mlp([3, 2, 3], 2).remarks() == ()
    assert mlp([3, 3]).remarks() == ()  # no hidden layer: nothing could have been forgotten


def test_finite_symmetries_name_the_layers_that_permute():
    assert mlp([3, 4, 5, 1], [1, 2]).finite_symmetries() == ("permutations of the 5 neurons of hidden layer 2",)
    assert mlp([3, 2]).finite_symmetries() == ()


@pytest.mark.parametrize(
    ("specification", "key"),
    [
        ({}, "widths"),
        ({"widths": None}, "widths"),
        ({"widths": "3,2,3"}, "widths"),
        ({"widths": 3}, "widths"),
        ({"widths": []}, "widths"),
        ({"widths": [3]}, "widths"),
        ({"widths": [3, 0, 3]}, "widths.1"),
        ({"widths": [3, -2, 3]}, "widths.1"),
        ({"widths": [3, 2.0, 3]}, "widths.1"),
        ({"widths": [3, "2", 3]}, "widths.1"),
        ({"widths": [3, True, 3]}, "widths.1"),
        ({"widths": [3, None, 3]}, "widths.1"),
        ({"widths": [3, [2], 3]}, "widths.1"),
        ({"widths": [3, float("nan"), 3]}, "widths.1"),
        ({"widths": [3, 10**9 + 1, 3]}, "widths.1"),
        ({"widths": [3, 10**5000, 3]}, "widths.1"),
        ({"widths": [2] * 1_002}, "widths"),
        ({"widths": [2, 2, 1], "activation_degree": 0}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": -1}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": 1_001}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": 10**5000}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": 2.0}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": True}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": "2"}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": [2, 2]}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": []}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation_degree": 2, "activation": "z^2"}, "activation_degree"),
        ({"widths": [2, 2, 1], "activation": "5"}, "activation"),
        ({"widths": [2, 2, 1], "activation": "z-z"}, "activation"),
        ({"widths": [2, 2, 1], "activation": "2z"}, "activation"),
        ({"widths": [2, 2, 1], "activation": ""}, "activation"),
        ({"widths": [2, 2, 1], "activation": 5}, "activation"),
        ({"widths": [2, 2, 1], "activation": ["z", "z"]}, "activation"),
        ({"widths": [2, 2, 1], "activation": {"z": 1}}, "activation"),
        ({"widths": [2, 2, 1], "activation": "(z+1)^100*(z+1)^100*(z+1)^100"}, "activation"),
        ({"widths": [2, 2, 1], "biases": 1}, "biases"),
        ({"widths": [2, 2, 1], "biases": "no"}, "biases"),
        ({"widths": [2, 2, 1], "bias": True}, "bias"),
        ({"widths": [2, 2, 1], "x" * 10_000: True}, "xxx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_network_is_refused_in_one_sentence_that_names_the_key(specification, key):
    with pytest.raises(SpecError) as caught:
        MultilayerPerceptron.from_specification(specification)
    sentence = str(caught.value)
    assert f"'{key}" in sentence
    assert len(sentence) < 250
    assert "\n" not in sentence


def test_what_is_given_is_left_alone():
    specification = {"widths": [2, 2, 1], "activation_degree": 2}
    MultilayerPerceptron.from_specification(specification)
    assert specification == {"widths": [2, 2, 1], "activation_degree": 2}


def test_large_networks_can_be_described_at_once():
    architecture = mlp([10**9, 10**9, 1], 2)
    phi = PolynomialMap(architecture.network())
    assert phi.parameter_count == 10**18 + 10**9
    assert architecture.expected_dimension(phi) == (10**9 + 1) * 10**9 // 2
    assert architecture.label == "mlp-1000000000.1000000000.1-r2"


def test_deep_networks_can_be_described_at_once():
    architecture = mlp([2] * 1_001, 2)
    phi = PolynomialMap(architecture.network())
    assert phi.total_degree > 2**999
    assert architecture.expected_dimension(phi) == 4 * 1_000 - 2 * 999
