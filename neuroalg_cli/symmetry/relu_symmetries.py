"""Positive scalings of hidden relu neurons, and the upper bound for the functional dimension at given weights that follows.

At an interface y -> U relu(W y + b) with W, b and U used nowhere else (b may be absent), multiply row i of (W, b) by t > 0 and
divide column i of U by t: relu(t z) = t relu(z), so the function stays, whatever stands before and behind.  Hence the field X_i,
that is (W_i, b_i) on row i and -u_i on column i of U, lies in the kernel of d f_w(x) at every x where f is smooth, *at these w*.

The fields of neurons whose row W_i is not zero are linearly independent at w: of the fields at the first interface each has its
own row, on which fields of later interfaces are zero, so a linear relation has zero coefficients there; go on with the next.
The same holds for the scalings of polynomial neurons (`neuroalg_cli.symmetry.symmetries`), and for all of them together.
So the rank of d f_w at any inputs is at most P - (number of such neurons).  For a relu network with general weights this is the
number of parameters less the number of hidden neurons (J. E. Grigsby, K. Lindsey, R. Meyerhoff, C. Wu, arXiv:2209.04036).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import symmetries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from neuroalg_cli.network import Network


@dataclass(frozen=True, slots=True)
class Scalings:
    """The scalings of so many neurons, by the node of their matrix W."""

    first: int
    width: int


def relu_scalings(network: Network) -> list[Scalings]:
    """Returns the interfaces W, relu, U of a network with private parameters, from the input to the output."""
    consumers = network.consumers()

    def is_private(index: int) -> bool:
        return network.nodes[index].operation == "parameter" and len(consumers[index]) == 1

    result = []
    for index, node in enumerate(network.nodes[: network.output + 1]):
        if node.operation != "function" or node.name != "relu" or len(node.shape) != 1 or index == network.output:
            continue
        before = node.operands[0]
        if len(consumers[index]) != 1 or len(consumers[before]) != 1:
            continue
        behind = network.nodes[consumers[index][0]]
        if behind.operation != "matmul" or behind.operands[1] != index or not is_private(behind.operands[0]):
            continue
        core = network.nodes[before]
        if core.operation == "sum" and len(core.operands) == 2:
            rest = [operand for operand in core.operands if not is_private(operand)]
            if len(rest) != 1 or len(consumers[rest[0]]) != 1:
                continue
            core = network.nodes[rest[0]]
        if core.operation != "matmul" or not is_private(core.operands[0]):
            continue
        result.append(Scalings(core.operands[0], node.size))
    return result


def free_scalings(network: Network, point: Sequence[Fraction], columns: frozenset[int] | None = None) -> int:
    """Returns the number of neurons with a scaling, of relu or polynomial, whose row of weights is not zero at the point.

    With ``columns``, on these parameters: the fields restricted to them are independent by the same argument.
    """
    firsts = [(found.first, found.width) for found in relu_scalings(network)]
    firsts += [(s.interface.first, s.interface.width) for s in symmetries(network) if s.kind == "scaling"]
    result = 0
    for first, width in firsts:
        size = network.nodes[first].size // width
        start = network.offsets[first]
        for i in range(width):
            row = range(start + i * size, start + (i + 1) * size)
            result += any(point[k] and (columns is None or k in columns) for k in row)
    return result
