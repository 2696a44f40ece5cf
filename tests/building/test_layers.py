"""Dense maps and convolutions as graph fragments, against sums written out by hand over dictionaries of positions."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from neuroalg_cli.building.layers import convolution, dense, same_graph, same_padding
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.network import NetworkBuilder

PRIME = 8388593


def reference(weights, biases, x, spatial, kernel, stride, dilation, padding, mode, groups):
    """Returns {(o, q): value}; ``weights[o][c][offset]``, ``x[c][position]`` with tuples as offsets and positions."""
    channels, outputs = len(x), len(weights)
    sizes = [
        len(range(0, n + a + b - d * (k - 1), s))
        for n, k, s, d, (a, b) in zip(spatial, kernel, stride, dilation, padding, strict=True)
    ]
    result = {}
    for o in range(outputs):
        group = o // (outputs // groups)
        for q in itertools.product(*map(range, sizes)):
            total = biases[o]
            for c in range(channels // groups):
                for i in itertools.product(*map(range, kernel)):
                    place = [
                        s * b - a[0] + d * e for s, b, a, d, e in zip(stride, q, padding, dilation, i, strict=True)
                    ]
                    if mode == "circular":
                        place = [p % n for p, n in zip(place, spatial, strict=True)]
                    if all(0 <= p < n for p, n in zip(place, spatial, strict=True)):
                        total += weights[o][c][i] * x[group * (channels // groups) + c][tuple(place)]
            result[o, q] = total
    return result


def random_case(seed):
    source = random.Random(seed)
    axes = source.choice([1, 2])
    groups = source.choice([1, 1, 2])
    kernel = [source.randint(1, 3) for _ in range(axes)]
    stride = [source.randint(1, 3) for _ in range(axes)]
    dilation = [source.randint(1, 2) for _ in range(axes)]
    spatial = [d * (k - 1) + 1 + source.randint(0, 3) for k, d in zip(kernel, dilation, strict=True)]
    padding = [(source.randint(0, 2), source.randint(0, 2)) for _ in range(axes)]
    return axes, groups, kernel, stride, dilation, spatial, padding, source


@pytest.mark.parametrize("mode", ["zero", "circular"])
@pytest.mark.parametrize("seed", range(60))
def test_a_convolution_is_the_sum_of_its_definition(seed, mode):
    _, groups, kernel, stride, dilation, spatial, padding, source = random_case(seed)
    c_in, c_out = groups * source.randint(1, 2), groups * source.randint(1, 2)
    builder = NetworkBuilder()
    x = builder.input((c_in, math.prod(spatial)))
    weight = builder.parameter("W", (c_out, c_in // groups * math.prod(kernel)))
    bias = builder.parameter("b", (c_out,))
    node, shape = convolution(
        builder, weight, x, spatial, kernel, stride, dilation, padding, mode, groups=groups, bias=bias
    )
    network = builder.finish(node)
    w = [source.randint(-9, 9) for _ in range(network.parameter_count)]
    values = [source.randint(-9, 9) for _ in range(network.input_size)]
    found = modular.evaluate(network, np.array(w, float), np.array([values], float), PRIME)[0]
    offsets, positions = (list(itertools.product(*map(range, sizes))) for sizes in (kernel, spatial))
    numbers, entries = iter(w), iter(values)
    weights = [[{i: next(numbers) for i in offsets} for _ in range(c_in // groups)] for _ in range(c_out)]
    biases = [next(numbers) for _ in range(c_out)]
    image = [{p: next(entries) for p in positions} for _ in range(c_in)]
    expected = reference(weights, biases, image, spatial, kernel, stride, dilation, padding, mode, groups)
    assert builder.shape(node) == (c_out, math.prod(shape))
    assert list(found) == [expected[o, q] for o in range(c_out) for q in itertools.product(*map(range, shape))]
    assert len(expected) == len(found)


def test_a_convolution_by_hand():
    # filters (1, 2) and (3, 4) on two channels (1, 2, 3), (4, 5, 6): 1*1+2*2+3*4+4*5 = 37 and 1*2+2*3+3*5+4*6 = 47
    builder = NetworkBuilder()
    x = builder.input((2, 3))
    node, shape = convolution(builder, builder.parameter("W", (1, 4)), x, (3,), (2,))
    found = modular.evaluate(builder.finish(node), np.array([1.0, 2, 3, 4]), np.array([[1.0, 2, 3, 4, 5, 6]]), PRIME)
    assert shape == (2,)
    assert found.tolist() == [[37, 47]]


def test_filters_of_one_entry_take_the_input_as_it_is():
    builder = NetworkBuilder()
    x = builder.input((2, 6))
    node, shape = convolution(builder, builder.parameter("W", (3, 2)), x, (2, 3), (1, 1))
    assert shape == (2, 3)
    assert [entry.operation for entry in builder.finish(node).nodes] == ["input", "parameter", "matmul"]


@pytest.mark.parametrize("columns", [None, 2])
def test_a_dense_map_of_a_vector_and_of_every_column(columns):
    builder = NetworkBuilder()
    x = builder.input((3,) if columns is None else (3, columns))
    node = dense(builder, builder.parameter("W", (2, 3)), x, builder.parameter("b", (2,)))
    w = np.array([1.0, 2, 3, 4, 5, 6, 10, 20])
    vectors = [(1, 0, 2), (0, 1, 1)][: columns or 1]
    inputs = np.array([[v[i] for i in range(3) for v in vectors]], float)
    found = modular.evaluate(builder.finish(node), w, inputs, PRIME)[0]
    # 1*1 + 3*2 + 10 = 17, 4*1 + 6*2 + 20 = 36; 2 + 3 + 10 = 15, 5 + 6 + 20 = 31
    assert found.tolist() == ([17, 36] if columns is None else [17, 15, 36, 31])


@pytest.mark.parametrize(("n", "k", "s", "d"), [*itertools.product(range(1, 9), range(1, 5), range(1, 4), range(1, 3))])
def test_same_padding_keeps_the_quotient(n, k, s, d):
    before, after = same_padding(n, k, s, d)
    assert 0 <= after - before <= 1 or before == after == 0
    assert (n + before + after - d * (k - 1) - 1) // s + 1 == math.ceil(n / s)
    # what the layers of TensorFlow document for padding 'SAME': the total below
    assert before + after == max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)


@pytest.mark.parametrize(
    ("spatial", "options", "words"),
    [
        ((3,), {"kernel": (4,)}, "longer than its input"),
        ((3,), {"kernel": (2,), "dilation": (3,)}, "4 with its dilation"),
        ((3,), {"kernel": (5,), "padding": [(0, 1)]}, "of size 4 with its padding"),
        ((3, 1), {"kernel": (2,)}, "two axes"),
        ((3,), {"kernel": (2,), "stride": (0,)}, "positive"),
        ((3,), {"kernel": (2,), "padding": [(-1, 0)]}, "not negative"),
        ((3,), {"kernel": (2,), "padding_mode": "reflect"}, "'reflect' is unknown"),
        ((4,), {"kernel": (2,)}, "no image of 4"),
        ((3,), {"kernel": (3,)}, "do not fit"),
        ((3,), {"kernel": (2,), "groups": 2}, "2 groups"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(spatial, options, words):
    builder = NetworkBuilder()
    x = builder.input((1, 3))
    weight = builder.parameter("W", (1, 5 if options["kernel"] == (5,) else 4 if options["kernel"] == (4,) else 2))
    with pytest.raises(SpecError, match=words):
        convolution(builder, weight, x, spatial, **options)


def test_more_patches_than_can_be_listed_are_refused_before_they_are():
    builder = NetworkBuilder()
    x = builder.input((1, 10**9))
    with pytest.raises(MemoryLimitError, match="patches"):
        convolution(builder, builder.parameter("W", (1, 3)), x, (10**9,), (3,))


def affine(order, names=("W", "b", "V"), square=2):
    """Returns V (W x + b)^square with its nodes in one of two orders; the parameters stand in the same order."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    w = builder.parameter(names[0], (2, 2))
    if order == "late":
        y = builder.matmul(w, x)
        b = builder.parameter(names[1], (2,))
    else:
        b = builder.parameter(names[1], (2,))
        y = builder.matmul(w, x)
    v = builder.parameter(names[2], (1, 2))
    return builder.finish(builder.matmul(v, builder.polynomial(builder.sum(y, b), [(square, 1)])))


def test_equal_graphs():
    assert same_graph(affine("late"), affine("early"))
    assert same_graph(affine("late"), affine("late", names=("p", "q", "r")))
    assert not same_graph(affine("late"), affine("late", square=3))


def test_graphs_whose_parameters_stand_in_another_order_differ():
    def product(is_swapped):
        builder = NetworkBuilder()
        x = builder.input((2,))
        names = [builder.parameter(name, (2, 2)) for name in "ab"]
        first, second = names[::-1] if is_swapped else names
        return builder.finish(builder.matmul(second, builder.matmul(first, x)))

    assert same_graph(product(False), product(False))
    assert not same_graph(product(False), product(True))


def test_graphs_that_share_a_parameter_differ_from_those_that_do_not():
    def product(is_tied):
        builder = NetworkBuilder()
        x = builder.input((2,))
        a, b = builder.parameter("a", (2, 2)), builder.parameter("b", (2, 2))
        return builder.finish(builder.matmul(a if is_tied else b, builder.matmul(a, x)))

    assert not same_graph(product(True), product(False))
    assert not same_graph(product(False), product(True))
