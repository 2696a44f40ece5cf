"""Known continuous symmetries of a network, read off its graph: polynomial vector fields X on W with d phi . X = 0.

They live at an *interface*: two parameter matrices with nothing but a bias and an activation between them,
u -> W' s(W u + b) + b', where all four parameters are used nowhere else.  With s(z) = a (z + c)^r + d:

``scaling``         r >= 2: row i of (W, b + c) times t, column i of W' times t^-r; b' absorbs d.
``general-linear``  r = 1:  (W, b) -> g (W, b), W' -> W' g^-1 for g in GL(n); b' absorbs d.
``translation``     r = 1, both biases: b -> b + e, b' -> b' - a W' e.
``rotation``        r = 2, W' has one row v: f = sum_i a v_i (g_i + c)^2 + const is a quadratic form in the g_i, and the
                    rotation g_i' = v_j (g_j + c), g_j' = -v_i (g_i + c) leaves it fixed.

The rank of such fields at any point modulo any prime is a lower bound for the dimension of the generic fibre: the fields
are tangent to the fibre at every w.  Sources: J. Kileel, M. Trager, J. Bruna, arXiv:1905.12207, section 2 (scalings);
G. L. Marchetti et al., arXiv:2501.18915 (GL).  The rotations explain the defects of J. Alexander, A. Hirschowitz, 'Polynomial
interpolation in several variables', J. Algebraic Geom. 4 (1995), in degree 2.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.network import Network, Terms

Kind = Literal["scaling", "general-linear", "translation", "rotation"]


@dataclass(frozen=True, slots=True)
class ShiftedPower:
    """The polynomial a (z + c)^r + d."""

    degree: int
    scale: Fraction
    centre: Fraction
    constant: Fraction


@dataclass(frozen=True, slots=True)
class Interface:
    """Two parameter matrices around an activation; the numbers are nodes of the network, None where there is no bias."""

    first: int
    first_bias: int | None
    second: int
    second_bias: int | None
    #: the node before the activation
    cut: int
    width: int
    activation: ShiftedPower | None
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Symmetry:
    """All symmetries of one kind at one interface."""

    kind: Kind
    interface: Interface

    @property
    def count(self) -> int:
        """Number of vector fields."""
        n = self.interface.width
        return {"scaling": n, "general-linear": n * n, "translation": n, "rotation": n * (n - 1) // 2}[self.kind]

    def as_json(self, network: Network) -> dict[str, Any]:
        """Returns the kind and the names of the parameters it moves."""
        interface = self.interface
        result: dict[str, Any] = {
            "kind": self.kind,
            "first": network.nodes[interface.first].name,
            "second": network.nodes[interface.second].name,
            "fields": self.count,
        }
        if interface.first_bias is not None:
            result["first_bias"] = network.nodes[interface.first_bias].name
        if interface.second_bias is not None:
            result["second_bias"] = network.nodes[interface.second_bias].name
        return result

    def describe(self, network: Network) -> str:
        """Returns the symmetry in words."""
        first, second = (network.nodes[i].name for i in (self.interface.first, self.interface.second))
        n = self.interface.width
        words = {
            "scaling": f"scalings of {_neurons(n)} between {first} and {second}",
            "general-linear": f"GL({n}) between {first} and {second}",
            "translation": f"translations of the biases of {_neurons(n)} between {first} and {second}",
            "rotation": (
                f"rotations of {_neurons(n)} between {first} and {second}: "
                f"{first}[i]' = {second}[1,j] {first}[j], {first}[j]' = -{second}[1,i] {first}[i]"
            ),
        }
        return words[self.kind]


def _neurons(n: int) -> str:
    return "1 neuron" if n == 1 else f"{n} neurons"


def interfaces(network: Network) -> list[Interface]:
    """Returns the interfaces of a network, from the input to the output."""
    consumers = network.consumers()
    result = []
    for index, node in enumerate(network.nodes):
        if node.operation != "matmul" or len(node.shape) != 1:
            continue
        second, value = node.operands
        if not _is_private_parameter(network, consumers, second) or consumers[value] != [index]:
            continue
        terms: Terms = ((1, Fraction(1)),)
        cut = value
        if network.nodes[value].operation == "polynomial":
            terms = network.nodes[value].terms
            cut = network.nodes[value].operands[0]
            if consumers[cut] != [value]:
                continue
        first_bias, core = _split_bias(network, consumers, cut)
        core_node = network.nodes[core]
        if core_node.operation != "matmul" or (core != cut and consumers[core] != [cut]):
            continue
        first = core_node.operands[0]
        if not _is_private_parameter(network, consumers, first):
            continue
        second_bias = None
        if len(consumers[index]) == 1:
            after = consumers[index][0]
            bias, summand = _split_bias(network, consumers, after)
            second_bias = bias if summand == index else None
        activation = shifted_power(terms)
        kinds = tuple(_kinds(activation, first_bias, second_bias, network.nodes[second].shape))
        width = network.nodes[cut].size
        result.append(Interface(first, first_bias, second, second_bias, cut, width, activation, kinds))
    return result


def symmetries(network: Network) -> list[Symmetry]:
    """Returns the known continuous symmetries of a network."""
    return [Symmetry(kind, interface) for interface in interfaces(network) for kind in interface.kinds]


@functools.lru_cache(maxsize=256)  # a search for bounds asks for the same few activations thousands of times
def shifted_power(terms: Terms) -> ShiftedPower | None:
    """Returns a, c, r, d with the polynomial equal to a (z + c)^r + d, or None if there are none."""
    if not terms or terms[0][0] == 0:
        return None
    coefficients = dict(terms)
    degree, scale = terms[0]
    if degree == 1:
        return ShiftedPower(1, scale, Fraction(0), coefficients.get(0, Fraction(0)))
    centre = coefficients.get(degree - 1, Fraction(0)) / (degree * scale)
    binomial = scale
    for exponent in range(degree - 1, 0, -1):
        binomial = binomial * (exponent + 1) / (degree - exponent) * centre
        if coefficients.get(exponent, Fraction(0)) != binomial:
            return None
    return ShiftedPower(degree, scale, centre, coefficients.get(0, Fraction(0)) - scale * centre**degree)


def _kinds(
    activation: ShiftedPower | None, first_bias: int | None, second_bias: int | None, second_shape: tuple[int, ...]
) -> Iterator[Kind]:
    if activation is None:
        return
    constant_is_absorbed = not activation.constant or second_bias is not None
    centre_is_absorbed = not activation.centre or first_bias is not None
    if activation.degree == 1:
        if constant_is_absorbed:
            yield "general-linear"
        if first_bias is not None and second_bias is not None:
            yield "translation"
        return
    if constant_is_absorbed and centre_is_absorbed:
        yield "scaling"
    if activation.degree == 2 and centre_is_absorbed and second_shape[0] == 1 and second_shape[1] > 1:
        yield "rotation"


def _is_private_parameter(network: Network, consumers: list[list[int]], index: int) -> bool:
    return network.nodes[index].operation == "parameter" and len(consumers[index]) == 1


def _split_bias(network: Network, consumers: list[list[int]], index: int) -> tuple[int | None, int]:
    """Returns (bias, rest) for a node that is rest + bias with a private parameter, else (None, the node)."""
    node = network.nodes[index]
    if node.operation == "sum" and len(node.operands) == 2:
        for position in (1, 0):
            if _is_private_parameter(network, consumers, node.operands[position]):
                return node.operands[position], node.operands[1 - position]
    return None, index
