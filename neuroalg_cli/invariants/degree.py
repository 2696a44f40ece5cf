"""The degree of the neurovariety V, as an affine variety: the points in which a general linear space of codimension dim V meets
it.

The ladder, best first, and why in this order:

1. *theorem* and *filling*: nothing is computed but the dimension;
2. *hypersurface* and *equations*: the computations that end in a proof; they give up early where equations are out of reach;
3. *hilbert-function*: modular, in this process, and the fastest where the equations have low degree and V a small codimension; it
   goes on where equations stopped, and gives up after a minute;
4. *slicing* on each engine, the fastest first: modular, with two primes and the divisibility by the fibre's degree as checks; it
   does not care about the codimension;
5. *groebner*: exact, on an engine's word, for small networks;
6. *monodromy*: floating point, but about linear in the degree, so that it is what is left for the largest ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.degree_methods.claim import degree_claim
from neuroalg_cli.invariant import Invariant

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.question import Method

__all__ = ["INVARIANT", "degree_claim"]


def _methods() -> tuple[Method, ...]:
    from neuroalg_cli.degree_methods.engines import engine_methods  # noqa: PLC0415
    from neuroalg_cli.degree_methods.equations import EquationsMethod  # noqa: PLC0415
    from neuroalg_cli.degree_methods.hilbert_function import HilbertFunctionMethod  # noqa: PLC0415
    from neuroalg_cli.degree_methods.hypersurface import HypersurfaceMethod  # noqa: PLC0415
    from neuroalg_cli.degree_methods.theorem import FillingMethod, TheoremMethod  # noqa: PLC0415
    from neuroalg_cli.slicing.method import slicing_methods  # noqa: PLC0415

    return (
        TheoremMethod(),
        FillingMethod(),
        HypersurfaceMethod(),
        EquationsMethod(),
        HilbertFunctionMethod(),
        *slicing_methods(),
        *engine_methods("groebner"),
        *engine_methods("monodromy"),
    )


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="degree",
    summary="degree of the neurovariety as an affine variety, which is that of its projective closure",
    key="degree",
    methods=_factory,
    descends=True,
)
