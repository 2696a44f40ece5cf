"""The known continuous symmetries of a network's functions, of whatever kind: in words, and the dimension of their orbits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.symmetries import symmetries

if TYPE_CHECKING:
    from neuroalg_cli.network import Network


def describe(network: Network) -> tuple[str, ...]:
    """Returns the known symmetries in words, from the input to the output."""
    return tuple(symmetry.describe(network) for symmetry in symmetries(network))


def generic_orbit_dimension(network: Network) -> int:
    """Returns the rank of all known vector fields at a random point modulo a prime: at most the generic one."""
    from neuroalg_cli.bounds import usable_symmetries  # noqa: PLC0415  # numpy
    from neuroalg_cli.exact_linear_algebra import random_prime, rank_modulo  # noqa: PLC0415
    from neuroalg_cli.random_points import balanced, generator, residues  # noqa: PLC0415
    from neuroalg_cli.symmetry_fields import fields  # noqa: PLC0415

    prime = random_prime(generator(0, "orbit/prime"))
    point = balanced(residues(0, "orbit/point", network.parameter_count, prime), prime)
    found = usable_symmetries(network)
    return rank_modulo(fields(network, found, point, prime), prime, overwrite=True).rank if found else 0
