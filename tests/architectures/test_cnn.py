"""Convolutional networks: canonical form, label, graph, literature, recognition of graphs, and what is refused."""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.cnn import ConvolutionalNetwork, cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.building.activations import terms_of
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters import floating, modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import Question

PRIME = 8388593

VARIETY = [
    cnn([3]),
    cnn([3, 2]),
    cnn([3, 2], 2),
    cnn([2, 2, 2], [2, 3], stride=[2, 3, 1]),
    cnn(["2x2", "2x1"], 2, channels=[2, 3, 1]),
    cnn(["2x2", "2x2"], 2, stride="1x2", dilation=["2x1", "1x1"]),
    cnn([3, 3], 2, padding="zero", input=5, biases=True),
    cnn([3, 2], 2, padding="circular", input=4, stride=2),
    cnn([2, 2], 2, input=5, head=[2, 1]),
    cnn([2, 1], activation="1/2*z^2-z", channels=[1, 2, 2], biases=True),
    cnn(["2x2"], padding="zero", input="2x3", head=[2], activation="z^2+1", biases=True),
    cnn([1, 1], 2, channels=[2, 2, 1], input=2),
    cnn([5], padding="circular", input=3),
    cnn([5, 2], 2, padding="zero", input=2, channels=[1, 2, 1]),
]
by_label = pytest.mark.parametrize("architecture", VARIETY, ids=lambda architecture: architecture.label)


def by_jacobian(architecture):
    return JacobianMethod().answer(Question("dimension", architecture)).claim.value


def reference(architecture, w, x):
    """Returns the outputs by the definition in the module's docstring, from the canonical form alone, in fractions."""
    given = architecture.canonical()

    def parsed(text):
        return [int(part) for part in text.split("x")]

    numbers = iter(w)
    spatial, channels = parsed(given["input"]), given["channels"]
    entries = iter(x)
    value = [{p: next(entries) for p in itertools.product(*map(range, spatial))} for _ in range(channels[0])]
    polynomials = [*terms_of(tuple(given["activation"])), ((1, Fraction(1)),)]
    layers = zip(
        map(parsed, given["filters"]), map(parsed, given["stride"]), map(parsed, given["dilation"]), strict=True
    )
    for layer, (kernel, stride, dilation) in enumerate(layers):
        sizes, before = [], []
        for n, k, s, d in zip(spatial, kernel, stride, dilation, strict=True):
            sizes.append(math.ceil((n - d * (k - 1)) / s) if given["padding"] == "none" else math.ceil(n / s))
            missing = (sizes[-1] - 1) * s + d * (k - 1) + 1 - n
            before.append(0 if given["padding"] == "none" else max(missing, 0) // 2)
        offsets = list(itertools.product(*map(range, kernel)))
        filters = [
            [{i: next(numbers) for i in offsets} for _ in range(channels[layer])] for _ in range(channels[layer + 1])
        ]
        biases = [next(numbers) if given["biases"] else 0 for _ in range(channels[layer + 1])]
        following = []
        for own, bias in zip(filters, biases, strict=True):
            image = {}
            for q in itertools.product(*map(range, sizes)):
                total = Fraction(bias)
                for channel, entry in itertools.product(range(channels[layer]), offsets):
                    place = [
                        s * a + d * i - b for s, a, d, i, b in zip(stride, q, dilation, entry, before, strict=True)
                    ]
                    if given["padding"] == "circular":
                        place = [p % n for p, n in zip(place, spatial, strict=True)]
                    total += own[channel][entry] * value[channel].get(tuple(place), 0)
                image[q] = sum(c * total**e for e, c in polynomials[layer])
            following.append(image)
        value, spatial = following, sizes
    flat = [entry for image in value for entry in image.values()]
    for layer, width in enumerate(given["head"], start=len(given["filters"])):
        rows = [[next(numbers) for _ in flat] for _ in range(width)]
        biases = [next(numbers) if given["biases"] else 0 for _ in range(width)]
        sums = [sum(a * b for a, b in zip(row, flat, strict=True)) + c for row, c in zip(rows, biases, strict=True)]
        flat = [sum(c * z**e for e, c in polynomials[layer]) for z in sums]
    assert next(numbers, None) is None
    return flat


def random_architecture(seed):
    source = random.Random(seed)
    axes = source.choice([1, 1, 2])
    layers = source.randint(1, 3)
    padding = source.choice(["none", "none", "zero", "circular"])
    largest = 2 if axes == 2 else 3

    def sizes(top):
        return [tuple(source.randint(1, top) for _ in range(axes)) for _ in range(layers)]

    filters, stride, dilation = sizes(largest), sizes(2), sizes(source.choice([1, 2]))
    size = None if padding == "none" else tuple(source.randint(2, 4) for _ in range(axes))
    head = [source.randint(1, 2) for _ in range(source.choice([0, 0, 1, 2]))]
    hidden = layers - 1 + len(head)
    return cnn(
        filters,
        channels=[source.randint(1, 2) for _ in range(layers + 1)],
        stride=stride,
        dilation=dilation,
        padding=padding,
        input=size,
        head=head,
        activation=[source.choice(["z", "z^2", "z^3", "z^2-1/3*z", "(z+1)^2"]) for _ in range(hidden)] or None,
        biases=source.random() < 0.3,
    )


SEVERAL = [*VARIETY, *map(random_architecture, range(60))]


@pytest.mark.parametrize("architecture", SEVERAL, ids=lambda architecture: architecture.label)
def test_the_graph_computes_what_the_definition_says(architecture):
    network = architecture.network()
    source = random.Random(7)
    w = [source.randint(-5, 5) for _ in range(network.parameter_count)]
    x = [source.randint(-5, 5) for _ in range(network.input_size)]
    expected = reference(architecture, w, x)
    values = np.array(w, float), np.array([x], float)
    found = modular.evaluate(network, *values, PRIME)[0]
    residues = [value.numerator * pow(value.denominator, -1, PRIME) % PRIME for value in map(Fraction, expected)]
    assert [int(value) % PRIME for value in found] == residues
    assert floating.evaluate(network, *values)[0] == pytest.approx([float(value) for value in expected], rel=1e-9)


@by_label
def test_the_expansion_agrees_with_the_definition(architecture):
    network = architecture.network()
    source = random.Random(11)
    w = [source.randint(-5, 5) for _ in range(network.parameter_count)]
    x = [source.randint(-5, 5) for _ in range(network.input_size)]
    values = [Fraction(0)] * network.output_size
    expanded = coordinates(network)
    for coordinate in expanded:
        monomial = math.prod(a**e for a, e in zip(x, coordinate.monomial, strict=True))
        coefficient = sum(
            c * math.prod(a**e for a, e in zip(w, exps, strict=True)) for exps, c in coordinate.polynomial.items()
        )
        values[coordinate.output] += coefficient * monomial
    assert values == reference(architecture, w, x)
    assert len(expanded) == PolynomialMap(network).ambient_dimension


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_network(architecture):
    canonical = json.loads(json.dumps(architecture.canonical()))
    assert canonical.pop("family") == "cnn"
    again = ConvolutionalNetwork.from_specification(canonical)
    assert (again, again.digest(), again.label) == (architecture, architecture.digest(), architecture.label)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (cnn([3, 2], 2), cnn(["3", "2"], [2], input="4", channels=[1, 1, 1], stride=1, dilation=[1, 1])),
        (cnn([(3, 3), (2, 1)]), cnn(["3x3", "2x1"], stride=[1, (1, 1)])),
        (cnn([2, 2], activation="z^2"), cnn(np.array([2, 2]), 2)),
        (cnn(["2x2", "2x2"], stride=2), cnn(["2x2", "2x2"], stride="2x2", input=(4, 4))),
        (cnn(["02"]), cnn([2])),
    ],
)
def test_equal_networks_have_equal_forms_labels_and_hashes(one, other):
    assert (one, one.label, one.digest()) == (other, other.label, other.digest())


@pytest.mark.parametrize(
    ("architecture", "label"),
    [
        (cnn([3, 2], 2), "cnn-3.2-r2"),
        (cnn([3]), "cnn-3-r1"),
        (cnn([2, 2], 2, stride=[2, 1]), "cnn-2.2-s2.1-r2"),
        (cnn(["3x3", "3x3"], 2, channels=[1, 8, 8], padding="zero", input="16x16", head=[10], biases=True),
         "cnn-3x3.3x3-c1.8.8-n16x16-zero-h10-r2-b"),
    ],
)  # fmt: skip
def test_labels(architecture, label):
    assert architecture.label == label


def test_different_networks_have_different_labels_that_are_file_names():
    several = [*SEVERAL, cnn([2] * 900, 2), cnn([2] * 900, 3), cnn([2] * 900, 3, biases=True)]
    distinct = {architecture.digest(): architecture for architecture in several}
    assert len({architecture.label for architecture in distinct.values()}) == len(distinct)
    assert all(re.fullmatch(r"[a-z0-9.-]{1,100}", architecture.label) for architecture in several)


def test_without_an_input_size_there_is_one_output_on_its_receptive_field():
    # 3 + (2 - 1) * 2 = 5 for stride 2; with dilation 3 in front 1 + 3 * 2 + 2 = 9
    assert cnn([3, 2], stride=[2, 1]).spatial_shapes == ((5,), (2,), (1,))
    assert cnn([3, 2], stride=[2, 1], dilation=[3, 1]).spatial_shapes == ((9,), (2,), (1,))
    assert cnn(["3x2", "2x2"], stride=["2x1", "1x1"]).input == "5x3"


def test_parameters_are_named_by_layer():
    network = cnn([2, 2], 2, channels=[1, 3, 2], head=[4], biases=True).network()
    named = [(network.nodes[index].name, network.nodes[index].shape) for index in network.offsets]
    assert named == [("W_1", (3, 2)), ("b_1", (3,)), ("W_2", (2, 6)), ("b_2", (2,)), ("W_3", (4, 2)), ("b_3", (4,))]


MLP_WIDTHS = [(3, 2, 3), (3, 2, 1), (2, 3, 1), (2, 2, 2, 2), (1, 1, 1), (2, 1, 3)]


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("widths", MLP_WIDTHS, ids=str)
def test_a_filter_as_long_as_its_input_makes_a_multilayer_perceptron(widths, degree, biases):
    # the first filter covers the line, the others have one entry; or every neuron is a channel of a line of one position
    dense = by_jacobian(mlp(list(widths), degree, biases=biases))
    sizes = [1] * (len(widths) - 2)
    keys = ("dimension", "parameters", "ambient_dimension")
    for architecture in (
        cnn([widths[0], *sizes], degree, channels=[1, *widths[1:]], biases=biases),
        cnn([1, *sizes], degree, channels=list(widths), biases=biases),
        cnn([1], degree, channels=list(widths[:2]), head=list(widths[2:]), biases=biases),
    ):
        found = by_jacobian(architecture)
        assert {key: found[key] for key in keys} == {key: dense[key] for key in keys}


@pytest.mark.parametrize("seed", range(12))
def test_more_positions_do_not_change_the_dimension_without_padding(seed):
    # the outputs are translates of one function
    source = random.Random(seed)
    filters = [source.randint(1, 3) for _ in range(source.randint(1, 3))]
    options = {
        "channels": [source.randint(1, 2) for _ in range(len(filters) + 1)],
        "biases": source.random() < 0.5,
        "stride": source.randint(1, 2),
    }
    smallest = cnn(filters, 2, **options)
    larger = cnn(filters, 2, input=int(smallest.input) + source.randint(1, 4), **options)
    assert by_jacobian(smallest)["dimension"] == by_jacobian(larger)["dimension"]


def test_padding_by_zeros_hides_entries_of_filters_that_never_meet_the_input():
    # a line of one entry: only the middle of a filter of three entries acts, y = b x
    assert by_jacobian(cnn([3], padding="zero", input=1))["dimension"] == 1
    # and circular padding adds all three up, y = (a + b + c) x; on a line of two y_1 = b x_1 + (a + c) x_2
    assert by_jacobian(cnn([3], padding="circular", input=1))["dimension"] == 1
    assert by_jacobian(cnn([3], padding="circular", input=2))["dimension"] == 2


def test_translates_have_equal_coordinates_which_the_span_tells():
    # y_q = a x_q + b x_{q+1}, q = 1, 2, 3: six coordinates, two of them different
    value = na.dimension(cnn([2], input=4)).value
    assert (value["ambient_dimension"], value["linear_span_dimension"], value["dimension"]) == (6, 2, 2)
    assert any("translates" in sentence for sentence in cnn([2], input=4).conventions())
    assert not any("translates" in sentence for sentence in cnn([2]).conventions())


def expected(architecture):
    return architecture.expected_dimension(PolynomialMap(architecture.network()))


def test_expected_dimension():
    # parameters less one scaling for every hidden channel
    assert expected(cnn(["3x3", "2x2"], 2, channels=[1, 2, 1])) == 18 + 8 - 2
    assert expected(cnn([3, 3], 3, channels=[1, 2, 1], padding="zero", input=5)) == 6 + 6 - 2
    assert expected(cnn([2, 2], 2, channels=[1, 2, 1], head=[3, 1])) == 4 + 4 + 3 + 3 - 2 - 1 - 3
    # a general polynomial has none; biases absorb shifts, and constants where no zeros are padded
    assert expected(cnn([3, 2], activation="z^2+z")) == 5
    assert expected(cnn([3, 2], activation="(z+1)^2", biases=True)) == 7 - 1
    assert expected(cnn([3, 3], activation="z^2+1", input=6, padding="circular", biases=True)) == 8 - 1
    assert expected(cnn([3, 3], activation="z^2+1", input=6, padding="zero", biases=True)) == 8
    # linear: GL(2) between two matrices, and ambient space
    assert expected(cnn([2, 2], channels=[2, 2, 2], stride=2)) == 16 - 4
    assert expected(cnn([2, 2], channels=[1, 3, 1])) == 3


@pytest.mark.parametrize(
    "architecture",
    [
        cnn([3, 3], activation="(z+1)^2", biases=True),
        cnn([3, 3], activation="z^2+1", input=6, padding="circular", biases=True),
        cnn([3, 3], activation="z^2+1", input=6, padding="zero", biases=True),
        cnn([3, 3], 3, channels=[1, 2, 1], padding="zero", input=5),
    ],
    ids=lambda architecture: architecture.label,
)
def test_these_networks_have_the_expected_dimension(architecture):
    assert by_jacobian(architecture)["dimension"] == expected(architecture)


def test_what_is_said_in_words():
    architecture = cnn([2, 2], [2, 1], channels=[1, 3, 2], head=[1])
    assert architecture.finite_symmetries() == ("permutations of the 3 channels of convolution 1",)
    architecture = cnn([2], [2, 2], channels=[1, 1], head=[4, 1])
    assert architecture.finite_symmetries() == ("permutations of the 4 neurons of layer 2",)
    assert "linear" in cnn([2, 2]).remarks()[0]
    assert cnn([2, 2], 2).remarks() == cnn([2]).remarks() == ()


@pytest.mark.parametrize(
    ("specification", "key"),
    [
        ({}, "filters"),
        ({"filters": []}, "filters"),
        ({"filters": "3,2"}, "filters"),
        ({"filters": [0]}, "filters"),
        ({"filters": [-3]}, "filters"),
        ({"filters": ["3*3"]}, "filters"),
        ({"filters": ["٣"]}, "filters"),
        ({"filters": ["3×3"]}, "filters"),
        ({"filters": [True]}, "filters"),
        ({"filters": [2.0]}, "filters"),
        ({"filters": ["3x3x3"]}, "filters"),
        ({"filters": [[3, 3, 3]]}, "filters"),
        ({"filters": ["3x3", "3"]}, "filters"),
        ({"filters": [10**5000]}, "filters"),
        ({"filters": [2] * 1_001}, "filters"),
        ({"filters": [4], "input": 3}, "filters"),
        ({"filters": [2, 2], "input": 2}, "filters"),
        ({"filters": ["2x3"], "input": "3x2"}, "filters"),
        ({"filters": [2] * 60, "stride": [2]}, "filters"),
        ({"filters": [3], "input": "3x3"}, "input"),
        ({"filters": [3], "input": "abc"}, "input"),
        ({"filters": [3], "input": 0}, "input"),
        ({"filters": [3], "padding": "zero"}, "input"),
        ({"filters": [3], "padding": "same"}, "padding"),
        ({"filters": [3], "padding": 1, "input": 3}, "padding"),
        ({"filters": [3], "stride": [1, 2]}, "stride"),
        ({"filters": [3], "stride": ["2x2"]}, "stride"),
        ({"filters": [3], "stride": 0}, "stride"),
        ({"filters": [3], "dilation": "-1"}, "dilation"),
        ({"filters": [3], "channels": [1]}, "channels"),
        ({"filters": [3], "channels": [1, 0]}, "channels.1"),
        ({"filters": [3], "channels": [1, "2"]}, "channels.1"),
        ({"filters": [3], "channels": 2}, "channels"),
        ({"filters": [3], "head": 2}, "head"),
        ({"filters": [3], "head": [0]}, "head.0"),
        ({"filters": [3], "head": [2] * 1_000}, "filters' and 'head"),
        ({"filters": [3, 2], "activation_degree": [2, 2]}, "activation_degree"),
        ({"filters": [3, 2], "activation_degree": 2, "activation": "z"}, "activation_degree"),
        ({"filters": [3, 2], "activation": "5"}, "activation"),
        ({"filters": [3, 2], "biases": 1}, "biases"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_network_is_refused_in_one_sentence_that_names_the_key(specification, key):
    with pytest.raises(SpecError) as caught:
        ConvolutionalNetwork.from_specification(specification)
    sentence = str(caught.value)
    assert f"'{key}" in sentence
    assert len(sentence) < 250
    assert "\n" not in sentence


def test_large_networks_can_be_described_and_are_refused_before_they_are_built():
    architecture = cnn(["3x3", "3x3"], 2, input="100000x100000")
    assert architecture.label == "cnn-3x3.3x3-n100000x100000-r2"
    with pytest.raises((MemoryLimitError, SpecError)):
        architecture.network()
    assert cnn([2] * 1_000, 2).input == "1001"
