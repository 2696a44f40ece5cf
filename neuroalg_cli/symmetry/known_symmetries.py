"""The known continuous symmetries of a network's functions, of whatever kind: in words, and the dimension of their orbits.

Two kinds exist: those of dense interfaces (`neuroalg_cli.symmetry.symmetries`), which know biases and rotations, and those that
are linear in the parameters (`neuroalg_cli.symmetry.linear_symmetries`), which know every graph.  Of a chain of dense layers the
first say all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import symmetries

if TYPE_CHECKING:
    from neuroalg_cli.network import Network
    from neuroalg_cli.symmetry.linear_symmetries import LinearSymmetry
    from neuroalg_cli.symmetry.symmetries import Symmetry

#: beyond so many entries (8 bytes each) a matrix of symmetry fields is not formed
MAXIMAL_FIELD_ENTRIES = 4 * 10**7


def known_symmetries(network: Network) -> list[Symmetry | LinearSymmetry]:
    """Returns the known symmetries, those that another one contains left out."""
    dense = symmetries(network)
    if _is_dense_chain(network):
        return list(dense)
    from neuroalg_cli.symmetry.linear_symmetries import linear_symmetries  # noqa: PLC0415

    linear = linear_symmetries(network)
    moved = [{move.tensor for move in symmetry.moves} for symmetry in linear if symmetry.kind != "factors"]

    def is_contained(symmetry: Symmetry) -> bool:
        interface = symmetry.interface
        if symmetry.kind not in ("scaling", "general-linear"):
            return False
        return any({interface.first, interface.second} <= tensors for tensors in moved)

    return [symmetry for symmetry in dense if not is_contained(symmetry)] + list(linear)


def usable_symmetries(network: Network) -> list[Symmetry | LinearSymmetry]:
    """Returns the known symmetries whose fields are small enough to be written down, kind by kind."""
    result: list[Symmetry | LinearSymmetry] = []
    entries = 0
    for symmetry in known_symmetries(network):
        entries += symmetry.count * network.parameter_count
        if entries > MAXIMAL_FIELD_ENTRIES:
            break
        result.append(symmetry)
    return result


def describe(network: Network) -> tuple[str, ...]:
    """Returns the known symmetries in words."""
    return tuple(symmetry.describe(network) for symmetry in known_symmetries(network))


def generic_orbit_dimension(network: Network) -> int:
    """Returns the rank of all known vector fields at a random point modulo a prime: at most the generic one."""
    from neuroalg_cli.linear_algebra.exact_linear_algebra import random_prime, rank_modulo  # noqa: PLC0415  # numpy
    from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues  # noqa: PLC0415
    from neuroalg_cli.symmetry.symmetry_fields import fields  # noqa: PLC0415

    found = usable_symmetries(network)
    if not found:
        return 0
    prime = random_prime(generator(0, "orbit/prime"))
    point = balanced(residues(0, "orbit/point", network.parameter_count, prime), prime)
    return rank_modulo(fields(network, found, point, prime), prime, overwrite=True).rank


def _is_dense_chain(network: Network) -> bool:
    """Returns whether the network is x -> W_j s(... W_i x + b_i ...) + b_j with parameters that are used once."""
    consumers = network.consumers()
    current = network.input
    while current != network.output:
        if len(network.nodes[current].shape) != 1 or len(consumers[current]) != 1:
            return False
        (current,) = consumers[current]
        node = network.nodes[current]
        own = [operand for operand in node.operands if network.nodes[operand].operation == "parameter"]
        if any(consumers[operand] != [current] for operand in own):
            return False
        if node.operation == "polynomial" or (node.operation == "sum" and len(node.operands) == 2 and len(own) == 1):
            continue
        if node.operation != "matmul" or own != [node.operands[0]]:
            return False
    return True
