"""Puts one network inside another: a residual block, a part of a larger model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from neuroalg_cli.network import Network, NetworkBuilder


def splice(builder: NetworkBuilder, network: Network, x: int, prefix: str) -> int:
    """Copies the nodes of a network behind node ``x``, which takes the place of its input; returns the copy of its output.

    Parameter tensors get ``prefix`` in front of their names.  Raises `SpecError` if ``x`` has not the shape of the input.
    """
    expected = network.nodes[network.input].shape
    if builder.shape(x) != expected:
        raise SpecError(f"a network on the shape {expected} cannot stand behind the shape {builder.shape(x)}")
    copies: list[int] = []
    for node in network.nodes:
        operands = [copies[operand] for operand in node.operands]
        match node.operation:
            case "input":
                copy = x
            case "parameter":
                copy = builder.parameter(prefix + node.name, node.shape)
            case "matmul":
                copy = builder.matmul(*operands)
            case "sum":
                copy = builder.sum(*operands)
            case "product":
                copy = builder.product(*operands)
            case "polynomial":
                copy = builder.polynomial(operands[0], node.terms)
            case "gather":
                copy = builder.gather(operands, node.indices, node.shape)
            case "reciprocal":
                copy = builder.reciprocal(operands[0])
            case "function":
                copy = builder.function(node.name, operands[0])
        copies.append(copy)
    return copies[network.output]
