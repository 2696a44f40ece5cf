"""The Hilbert function of the neurovariety V, its series and its polynomial.

They are those of the homogeneous coordinate ring k[y]/I of P(V), or of the projective closure where V is no cone.  The ladder:

1. *theorem*: closed formulas, V = A, hypersurfaces of known degree;
2. *interpolation*: ranks modulo a prime, which need no engine; modular, and the end of the series is a proof modulo p only where
   the claim's completeness says so;
3. *groebner* on each engine: elimination over Q, exact, with the Betti table, for small networks;
4. *resolution* on each engine: the equations of the interpolation, with their Betti table modulo the prime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.invariant import Invariant

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.question import Method


def _methods() -> tuple[Method, ...]:
    from neuroalg_cli.hilbert_methods.engines import engine_methods  # noqa: PLC0415
    from neuroalg_cli.hilbert_methods.interpolation import InterpolationMethod  # noqa: PLC0415
    from neuroalg_cli.hilbert_methods.theorem import TheoremMethod  # noqa: PLC0415

    return (TheoremMethod(), InterpolationMethod(), *engine_methods())


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="hilbert",
    summary="Hilbert function, series and polynomial of the neurovariety, genus, regularity and Betti table",
    key="hilbert_polynomial",
    methods=_factory,
    descends=True,
)
