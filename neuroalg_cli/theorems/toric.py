"""Networks whose coordinates are monomials in the parameters: affine toric varieties, and Kushnirenko's theorem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

#: larger networks are not expanded to see whether their coordinates are monomials
_MAXIMAL_COORDINATES = 500
_MAXIMAL_PARAMETERS = 200
_MAXIMAL_TERMS = 20_000


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the normalized volume of the hull of 0 and the exponent vectors, in the lattice that these generate.

    Proof.  Let a_1, ..., a_n be the exponent vectors of the coordinates, Z A the lattice they generate, of rank m = dim V.
    Nonzero coefficients are a linear change of A, and so is leaving out a coordinate that is a multiple of another.  V is the
    closure of a torus T of dimension m with character lattice Z A, embedded by the characters a_i, which generate all of
    them, so that T -> V is injective.  A general affine-linear space of codimension m meets V inside T, and these are the zeros
    of m general combinations of the characters 0, a_1, ..., a_n.  Their number is the normalized volume (A. G. Kushnirenko
    1976, for systems with a common support).
    """
    network = architecture.network()
    if not network.is_polynomial or any(node.operation == "reciprocal" for node in network.nodes):
        return None
    phi = PolynomialMap(network)
    if (
        phi.parameter_count > _MAXIMAL_PARAMETERS
        or (phi.ambient_dimension or _MAXIMAL_COORDINATES + 1) > _MAXIMAL_COORDINATES
    ):
        return None
    from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415
    from neuroalg_cli.variety.lattice_volume import normalized_volume  # noqa: PLC0415

    try:
        found = [coordinate.polynomial for coordinate in coordinates(network, _MAXIMAL_TERMS)]
    except NeuroalgError:  # too large to expand
        return None
    if not found or any(len(polynomial) != 1 for polynomial in found):
        return None
    volume = normalized_volume([next(iter(polynomial)) for polynomial in found])
    if volume is None:
        return None
    value, rank = volume
    hypotheses = (
        f"each of the {len(found)} coordinates is one monomial in the parameters",
        f"their exponent vectors generate a lattice of rank {rank}",
    )
    return Conclusion(value, hypotheses)


THEOREM = Theorem(
    name="monomial parametrizations",
    invariant="degree",
    statement=(
        "the degree of an affine toric variety is the normalized volume of the convex hull of the origin and the exponent "
        "vectors of its parametrization, with respect to the lattice that they generate"
    ),
    references=(
        "A. G. Kushnirenko, 'Polyèdres de Newton et nombres de Milnor', Inventiones Math. 32 (1976) 1-31",
        "B. Sturmfels, 'Gröbner Bases and Convex Polytopes', University Lecture Series 8 (1996), Theorem 4.16",
    ),
    apply=_apply,
)
