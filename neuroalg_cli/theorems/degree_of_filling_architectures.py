"""Architectures whose neurovariety is the whole ambient space, by a theorem about the dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorem import Conclusion, Theorem, theorems

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns 1 if a theorem gives V the dimension of an upper bound for the number of coordinates.

    V is irreducible and closed in A; if dim V is at least dim A, V = A.  The number of coordinates may have been
    counted at a random point, and be too small; an upper bound from the graph cannot.
    """
    found = next(((t, c) for t in theorems("dimension") if (c := t.apply(architecture)) is not None), None)
    if found is None:
        return None
    theorem, conclusion = found
    network = architecture.network()
    if not network.is_polynomial or not network.is_rational:
        return None
    if conclusion.value != _coordinates(PolynomialMap(network)):
        return None
    return Conclusion(
        1, (f"dim V = {conclusion.value} = dim A ({theorem.name}); V is irreducible", *conclusion.hypotheses)
    )


def _coordinates(phi: PolynomialMap) -> int | None:
    """Returns the number of coordinates where it is certain, else an upper bound; None beyond the budget."""
    from neuroalg_cli.counting_coordinates import is_certain, mixes, monomial_bound  # noqa: PLC0415

    if is_certain(phi.network):
        return phi.ambient_dimension
    return phi.coordinate_bound if mixes(phi.network) else monomial_bound(phi.network)


THEOREM = Theorem(
    name="filling architecture",
    invariant="degree",
    statement="an irreducible closed subvariety of an affine space of the same dimension is the whole space, of degree 1",
    references=("R. Hartshorne, 'Algebraic Geometry' (1977), Exercise I.1.10",),
    apply=_apply,
)
