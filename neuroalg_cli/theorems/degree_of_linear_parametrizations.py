"""Parametrizations that are linear in the parameters: V is an affine space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Network


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns 1 if every coordinate of phi is a polynomial of degree at most 1 in the parameters.

    The image of an affine-linear map is an affine space, and closed.
    """
    network = architecture.network()
    degree = _degree_in_parameters(network)
    if degree is None or degree > 1:
        return None
    return Conclusion(1, ("the outputs are polynomials of degree at most 1 in the parameters",))


def _degree_in_parameters(network: Network) -> int | None:
    """Returns an upper bound for the degree of the outputs in the parameters; None if they are no polynomials."""
    degrees: list[int] = []
    for node in network.nodes[: network.output + 1]:
        below = [degrees[operand] for operand in node.operands]
        match node.operation:
            case "input":
                degrees.append(0)
            case "parameter":
                degrees.append(1)
            case "matmul" | "product":
                degrees.append(sum(below))
            case "sum" | "gather":
                degrees.append(max(below))
            case "polynomial":
                degrees.append(below[0] * max((exponent for exponent, _ in node.terms), default=0))
            case _:
                return None
    return degrees[network.output]


THEOREM = Theorem(
    name="linear parametrization",
    invariant="degree",
    statement="the image of an affine-linear map is an affine space, of degree 1",
    references=("elementary: in neuroalg_cli/theorems/degree_of_linear_parametrizations.py",),
    apply=_apply,
)
