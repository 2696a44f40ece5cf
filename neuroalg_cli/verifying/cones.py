"""Whether weights of the parameter tensors make the output of weight 1: then V is stable under multiplication, a cone.

Every node that is not zero has a weight: the input 0, products the sum, summands and picked operands all the same, c z^r r times
that of z, 1/z its negative; of a polynomial with several terms z and the result have weight 0.  f is then multiplied by t
where each tensor is multiplied by t to its weight.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from flint import fmpq, fmpq_mat

if TYPE_CHECKING:
    from neuroalg_cli.verifying.network import Network


def is_graded(network: Network) -> bool:
    """Returns whether there are such weights, or the output is zero."""
    nodes, last = network.nodes, network.output
    owner = {entry: index for index, node in enumerate(nodes) for entry in node.entries}
    zero, equations, needed = set[int](), list[dict[int, int]](), {last}
    for index in range(last, -1, -1):
        needed.update(nodes[index].operands if index in needed else ())
    for index, node in ((index, nodes[index]) for index in sorted(needed)):
        below = [*node.operands]
        if node.operation == "gather":
            below = sorted({owner[pairs[0][0]] for pairs in (network.steps[e][1] for e in node.entries) if pairs})
        known = [operand for operand in below if operand not in zero]
        vanishes = {
            "matmul": len(known) < len(below),
            "product": len(known) < len(below),
            "sum": not known,
            "gather": not known,
            "polynomial": not known and 0 not in node.terms,
        }
        if vanishes.get(node.operation, False):
            zero.add(index)
        elif node.operation in ("matmul", "product"):
            equation = {index: -1}
            for operand in known:
                equation[operand] = equation.get(operand, 0) + 1
            equations.append(equation)
        elif node.operation in ("sum", "gather"):
            equations += [{index: -1, operand: 1} for operand in known]
        elif node.operation == "reciprocal":
            equations += [{index: 1, operand: 1} for operand in known]
        elif node.operation == "polynomial" and len(node.terms) == 1:
            equations += [{index: -1} | {operand: max(node.terms) for operand in known}]
        elif node.operation != "parameter":
            equations += [{other: 1} for other in (index, *known)]
    if last in zero:
        return True
    rows = [[*(equation.get(index, 0) for index in range(last + 1)), 0] for equation in equations]
    rows.append([0] * last + [1, 1])
    whole = fmpq_mat(len(rows), last + 2, [fmpq(c) for c in chain(*rows)])
    plain = fmpq_mat(len(rows), last + 1, [fmpq(c) for row in rows for c in row[:-1]])
    return int(whole.rank()) == int(plain.rank())
