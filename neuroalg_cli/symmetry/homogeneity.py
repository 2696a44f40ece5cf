"""Whether a neurovariety is a cone, by a grading of the parameters in which every output has weight 1.

Let every parameter tensor have a rational weight.  If the weights can be chosen so that the output has weight 1, then
f_{t.w} = t f_w for t.w = (t^weight w): phi(W) is stable under multiplication by every t that has the roots needed, which are
all nonzero numbers over C, and so its closure V is a cone.  The weights of the nodes obey linear equations: products add
them, summands have one weight, z^r multiplies by r, a polynomial with several terms needs weight 0, and the input has weight 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.network import Network, Node

#: the constant of an equation, beside its nodes
_ONE = -1
_Equation = dict[int, Fraction]


def is_cone(network: Network) -> bool:
    """Returns whether weights of the parameter tensors prove that V is a cone; False where there are no such weights.

    False is no proof: a neurovariety without a grading may be a cone, such as a linear space.
    """
    needed = _needed(network)
    is_zero: dict[int, bool] = {}
    solved: dict[int, _Equation] = {}
    for index in needed:
        node = network.nodes[index]
        used = _summands(network, node) if node.operation in ("sum", "gather") else list(node.operands)
        nonzero = [operand for operand in used if not is_zero[operand]]
        is_zero[index] = _vanishes(node, used, nonzero)
        if is_zero[index]:
            continue
        if not all(_add(solved, equation) for equation in _equations(index, node, nonzero)):
            return False
    output = {network.output: Fraction(1), _ONE: Fraction(-1)}
    return is_zero[network.output] or _add(solved, output)


def _needed(network: Network) -> list[int]:
    """Returns the nodes that the output is computed from, in order."""
    needed = {network.output}
    for index in range(network.output, -1, -1):
        if index in needed:
            needed.update(network.nodes[index].operands)
    return sorted(needed)


def _summands(network: Network, node: Node) -> list[int]:
    """Returns the operands that reach a sum or a gather."""
    if node.operation == "sum":
        return list(node.operands)
    picked = set(node.indices) - {-1}
    result = []
    start = 0
    for operand in node.operands:
        size = network.nodes[operand].size
        if any(start <= index < start + size for index in picked):
            result.append(operand)
        start += size
    return result


def _vanishes(node: Node, used: list[int], nonzero: list[int]) -> bool:
    """Returns whether a node is zero because of what it is made of; zero has every weight."""
    match node.operation:
        case "matmul" | "product":
            return len(nonzero) < len(used)
        case "sum" | "gather":
            return not nonzero
        case "polynomial":
            return not node.terms or (not nonzero and node.terms[-1][0] > 0)
        case _:
            return False


def _equations(index: int, node: Node, operands: list[int]) -> Iterator[_Equation]:
    """Yields the equations that the weight of a node, which is not known to be zero, obeys."""
    own = {index: Fraction(1)}
    match node.operation:
        case "parameter":
            return
        case "matmul" | "product":
            yield _combined(own, [(operand, Fraction(-1)) for operand in operands])
        case "sum" | "gather":
            for operand in operands:
                yield _combined(own, [(operand, Fraction(-1))])
        case "polynomial" if len(node.terms) == 1:
            yield _combined(own, [(operand, Fraction(-node.terms[0][0])) for operand in operands])
        case "reciprocal":
            yield _combined(own, [(operand, Fraction(1)) for operand in operands])
        case _:  # the input, polynomials with several terms, functions that are not rational
            yield own
            for operand in operands:
                yield {operand: Fraction(1)}


def _combined(equation: _Equation, summands: list[tuple[int, Fraction]]) -> _Equation:
    """Returns an equation with summands added; what cancels is left out."""
    result = dict(equation)
    for key, coefficient in summands:
        result[key] = result.get(key, Fraction(0)) + coefficient
    return {key: coefficient for key, coefficient in result.items() if coefficient}


def _add(solved: dict[int, _Equation], equation: _Equation) -> bool:
    """Adds an equation to a system in echelon form, by the latest node of each; returns whether it can still be solved."""
    while (latest := max(equation, default=_ONE)) != _ONE:
        if latest not in solved:
            solved[latest] = equation
            return True
        known = solved[latest]
        factor = -equation[latest] / known[latest]
        equation = _combined(equation, [(key, factor * coefficient) for key, coefficient in known.items()])
    return not equation
