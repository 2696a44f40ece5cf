"""A network whose parameters are numbers or parameters of another network, as a network again.

All interpreters then say what they say about networks about the composition phi o psi, psi being the map of parameters.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.network import Network, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

Substitution = tuple["Fraction | int", ...]
"""For every parameter of a network a number (Fraction) or the position of a parameter of another network (int)."""


def numbers(point: Sequence[Fraction]) -> Substitution:
    """Returns the substitution of weights for all parameters."""
    return tuple(Fraction(value) for value in point)


def substituted(network: Network, entries: Substitution, other: Network | None = None) -> Network:
    """Returns the network with its parameters replaced; its own parameters are those of ``other``, or none.

    Numbers are constant polynomials of an input, since a graph has no other constants.
    """
    source = network.nodes[network.input]
    nodes: list[Node] = [source]
    operands: list[int] = []
    # A Fraction equals the integer of its value, so that numbers and parameters have tables of their own.
    place_of_parameter: dict[int, int] = {}
    place_of_number: dict[Fraction, int] = {Fraction(0): -1}
    total = 0
    for index in sorted(other.offsets) if other is not None else ():
        assert other is not None
        node = other.nodes[index]
        operands.append(len(nodes))
        nodes.append(node)
        place_of_parameter.update({other.offsets[index] + i: total + i for i in range(node.size)})
        total += node.size
    constants = sorted({entry for entry in entries if isinstance(entry, Fraction) and entry})
    if constants:
        nodes.append(Node("gather", (0,), (1,), indices=(0,)))
    one = len(nodes) - 1
    for number in constants:
        operands.append(len(nodes))
        nodes.append(Node("polynomial", (one,), (1,), terms=((0, number),)))
        place_of_number[number] = total
        total += 1
    moved: dict[int, int] = {}
    for index, node in enumerate(network.nodes[: network.output + 1]):
        if node.operation == "input":
            moved[index] = 0
            continue
        if node.operation == "parameter":
            offset = network.offsets[index]
            own = entries[offset : offset + node.size]
            picked = tuple(
                place_of_number[entry] if isinstance(entry, Fraction) else place_of_parameter[entry] for entry in own
            )
            new = Node("gather", tuple(operands) or (0,), node.shape, indices=picked)
        else:
            below = tuple(moved[operand] for operand in node.operands)
            new = Node(node.operation, below, node.shape, node.name, node.terms, node.indices)
        moved[index] = len(nodes)
        nodes.append(new)
    return Network(tuple(nodes), moved[network.output])
