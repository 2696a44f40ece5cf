"""Activation patterns decided over Q, and the masked network, against a hand-written evaluation in Fractions."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from neuroalg_cli.interpreters import entrywise, modular, piecewise
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.network import Network, NetworkBuilder

PRIME = 8388593


def relu_network(widths: list[int], *, biases: bool) -> Network:
    builder = NetworkBuilder()
    value = builder.input((widths[0],))
    for layer in range(1, len(widths)):
        value = builder.matmul(builder.parameter(f"W_{layer}", (widths[layer], widths[layer - 1])), value)
        if biases:
            value = builder.sum(value, builder.parameter(f"b_{layer}", (widths[layer],)))
        if layer < len(widths) - 1:
            value = builder.function("relu", value)
    return builder.finish(value)


def by_hand(widths: list[int], biases: bool, w: list[Fraction], x: list[Fraction]) -> tuple[list[Fraction], list[int]]:
    """Values and masks, layer by layer, in plain Python."""
    position, masks, value = 0, [], x
    for layer in range(1, len(widths)):
        rows = [w[position + i * len(value) : position + (i + 1) * len(value)] for i in range(widths[layer])]
        position += widths[layer] * len(value)
        value = [sum((a * b for a, b in zip(row, value, strict=True)), Fraction(0)) for row in rows]
        if biases:
            value = [a + b for a, b in zip(value, w[position : position + widths[layer]], strict=True)]
            position += widths[layer]
        if layer < len(widths) - 1:
            masks += [int(entry > 0) for entry in value]
            value = [max(entry, Fraction(0)) for entry in value]
    return value, masks


@pytest.mark.parametrize("seed", range(12))
def test_patterns_and_masked_values_are_those_by_hand(seed: int) -> None:
    source = random.Random(seed)
    widths = [source.randint(1, 4) for _ in range(source.randint(2, 5))]
    biases = source.random() < 0.5
    network = relu_network(widths, biases=biases)
    w = [Fraction(source.randint(-50, 50) or 1, source.randint(1, 9)) for _ in range(network.parameter_count)]
    x = [Fraction(source.randint(-50, 50) or 1, source.randint(1, 9)) for _ in range(widths[0])]
    values, masks = by_hand(widths, biases, w, x)
    found = piecewise.pattern(network, piecewise.rationals(w), piecewise.rationals(x))
    assert found.tolist() == masks

    def residues(numbers: list[Fraction]) -> np.ndarray:
        return balanced(np.array([n.numerator * pow(n.denominator, -1, PRIME) % PRIME for n in numbers]), PRIME)

    inputs = residues([*x, *map(Fraction, masks)])[None, :]
    output = modular.evaluate(piecewise.masked(network), residues(w), inputs, PRIME)
    assert output[0].tolist() == residues(values).tolist()


def test_the_derivative_of_the_masked_network_is_the_difference_quotient() -> None:
    # inside of an activation region f is polynomial in w; a change of one weight small enough stays inside, and f is then
    # affine in this weight, so that the quotient of exact differences is the derivative
    widths = [3, 4, 3, 2]
    network = relu_network(widths, biases=True)
    source = random.Random(7)
    w = [Fraction(source.randint(-20, 20) or 1, 7) for _ in range(network.parameter_count)]
    x = [Fraction(source.randint(-20, 20) or 1, 3) for _ in range(3)]
    masks = piecewise.pattern(network, piecewise.rationals(w), piecewise.rationals(x))
    masked = piecewise.masked(network)
    extended = piecewise.rationals([*x, *map(Fraction, masks.tolist())])
    derivatives, _ = entrywise.jacobian(masked, piecewise.rationals(w), extended, piecewise._Rationals(masked))
    direct, _ = entrywise.jacobian(
        network, piecewise.rationals(w), piecewise.rationals(x), piecewise._Rationals(network)
    )
    assert (derivatives == direct).all()
    values, _ = by_hand(widths, True, w, x)
    step = Fraction(1, 10**9)
    for k in range(len(w)):
        moved = [value + step * (i == k) for i, value in enumerate(w)]
        after, same = by_hand(widths, True, moved, x)
        assert same == masks.tolist()
        for output in range(2):
            quotient = (after[output] - values[output]) / step
            assert Fraction(int(derivatives[output, k].p), int(derivatives[output, k].q)) == quotient


def test_signs_are_exact_where_floats_are_not() -> None:
    # 3 * 0.1 - 0.3 is 5.55e-17 in floats and negative, -1.1e-17..., over Q: 0.1 and 0.3 are not the decimals
    network = relu_network([2, 1, 1], biases=False)
    exact = 3 * Fraction(0.1) - Fraction(0.3)
    assert (exact > 0) == (
        piecewise.pattern(
            network,
            piecewise.rationals([Fraction(3), Fraction(-1), Fraction(1)]),
            piecewise.rationals([Fraction(0.1), Fraction(0.3)]),
        ).tolist()
        == [1]
    )
    tiny = Fraction(1, 10**400)  # no float at all
    for sign in (1, -1):
        masks = piecewise.pattern(
            network,
            piecewise.rationals([Fraction(1), Fraction(1), Fraction(1)]),
            piecewise.rationals([1 + sign * tiny, Fraction(-1)]),
        )
        assert masks.tolist() == [int(sign > 0)]


def test_a_kink_has_no_pattern() -> None:
    network = relu_network([1, 1, 1], biases=True)
    with pytest.raises(piecewise.KinkError):
        piecewise.pattern(
            network, piecewise.rationals([Fraction(v) for v in (1, -2, 1, 0)]), piecewise.rationals([Fraction(2)])
        )


def test_zero_behind_dead_neurons_is_no_kink_without_biases_and_one_with() -> None:
    # all neurons of the first layer are off, so that the second one sees 0 for all weights nearby
    x = piecewise.rationals([Fraction(1)])
    plain = relu_network([1, 2, 2, 1], biases=False)
    w = piecewise.rationals([Fraction(v) for v in (-1, -2, 3, 4, 5, 6, 1, 1)])
    assert piecewise.pattern(plain, w, x).tolist() == [0, 0, 0, 0]
    # a bias that is 0 here is not 0 nearby
    biased = relu_network([1, 1, 1, 1], biases=True)
    w = piecewise.rationals([Fraction(v) for v in (-1, 0, 3, 0, 1, 1)])
    with pytest.raises(piecewise.KinkError):
        piecewise.pattern(biased, w, x)


def test_masks_reach_matrices_gathers_products_and_divisions() -> None:
    # x (2 x 2) -> relu(W x), transposed, times its own entries, plus a squared relu behind a division by c
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    hidden = builder.function("relu", builder.matmul(builder.parameter("W", (2, 2)), x))
    turned = builder.transpose(hidden)
    squared = builder.polynomial(builder.product(turned, hidden), [(2, Fraction(1))])
    divided = builder.product(
        squared, builder.reciprocal(builder.gather([builder.parameter("c", (1,))], [0] * 4, (2, 2)))
    )
    network = builder.finish(builder.function("relu", divided))
    w = [Fraction(v) for v in (1, -1, 2, 1, -3)]
    x_values = [Fraction(v) for v in (3, -1, 1, 4)]
    # W x = ((2, -5), (7, 2)); relu: ((2, 0), (7, 2)); transposed product: (4, 0, 0, 4); squares over -3: negative or 0
    found = piecewise.pattern(network, piecewise.rationals(w), piecewise.rationals(x_values))
    assert found.tolist() == [1, 0, 1, 1, 0, 0, 0, 0]
    masked = piecewise.masked(network)
    assert masked.is_rational
    assert masked.input_size == 4 + 8
    assert [masked.nodes[i].name for i in masked.offsets] == ["W", "c"]
