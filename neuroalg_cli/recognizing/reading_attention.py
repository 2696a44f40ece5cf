"""Proposes a stack of attention layers from the normal form of its graph: sizes from shapes, heads from sums.

Only a proposal: whether the network is the one proposed is for a comparison of normal forms to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroalg_cli.network import Network


def proposal(network: Network) -> dict[str, Any] | None:
    """Returns a specification of an attention network with untied weights and all tokens as outputs, or None.

    In the normal form the parameters of a head stand in the order Q (a x d), K transposed (d x a), V (d' x d).
    """
    source = network.nodes[network.input].shape
    shapes = [network.nodes[index].shape for index in network.offsets]
    if len(source) != 2 or not shapes or len(shapes) % 3 or any(len(shape) != 2 for shape in shapes):
        return None
    if {node.operation for node in network.nodes} - {"input", "parameter", "matmul", "sum", "gather"}:
        return None
    total = len(shapes) // 3
    summands = [len(node.operands) for node in network.nodes if node.operation == "sum"]
    is_residual = bool(summands) and sum(summands) == total + len(summands)
    heads = [count - 1 for count in summands] if is_residual else summands or [1] * total
    if sum(heads) != total:
        return None
    dims, sizes, start = [source[0]], [], 0
    for count in heads:
        query, _, value = shapes[start : start + 3]
        dims.append(value[0])
        sizes.append(query[0])
        start += 3 * count
    return {
        "dims": dims,
        "attention_dim": sizes,
        "tokens": source[1],
        "heads": heads,
        "causal": any(-1 in node.indices for node in network.nodes),
        "residual": is_residual,
    }
