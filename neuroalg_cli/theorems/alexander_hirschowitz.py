"""Two layers, one output, activation z^r: secant varieties of Veronese varieties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

#: (n_0, r, n_1) for which the secant variety is a hypersurface although it is expected to fill its space
_EXCEPTIONS = frozenset({(3, 4, 5), (4, 4, 9), (5, 3, 7), (5, 4, 14)})


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the affine dimension of the closure of sums of n_1 powers l^r of linear forms in n_0 variables."""
    if not isinstance(architecture, MultilayerPerceptron) or architecture.biases:
        return None
    degrees = architecture.activation_degrees
    if len(architecture.widths) != 3 or architecture.widths[2] != 1 or degrees is None or degrees[0] < 2:
        return None
    (variables, summands, _), r = architecture.widths, degrees[0]
    hypotheses = [
        f"f is a sum of {summands} powers of degree {r} of linear forms in {variables} variables, without biases"
    ]
    if r == 2:
        rank = min(variables, summands)
        hypotheses.append(f"degree 2: symmetric {variables} x {variables} matrices of rank at most {rank}")
        return Conclusion(rank * variables - rank * (rank - 1) // 2, tuple(hypotheses))
    ambient = math.comb(variables - 1 + r, r)
    if (variables, r, summands) in _EXCEPTIONS:
        hypotheses.append(
            f"(n_0, r, n_1) = ({variables}, {r}, {summands}) is one of the four exceptions: a hypersurface"
        )
        return Conclusion(ambient - 1, tuple(hypotheses))
    hypotheses.append(f"(n_0, r, n_1) = ({variables}, {r}, {summands}) is no exception")
    return Conclusion(min(variables * summands, ambient), tuple(hypotheses))


THEOREM = Theorem(
    name="Alexander-Hirschowitz theorem",
    invariant="dimension",
    statement=(
        "the k-th secant variety of the r-th Veronese variety of P^(n-1) has the expected dimension min(kn, C(n-1+r, r)), "
        "except for r = 2 with 2 <= k <= n - 1 and for (n, r, k) = (3,4,5), (4,4,9), (5,3,7), (5,4,14)"
    ),
    references=(
        "J. Alexander, A. Hirschowitz, 'Polynomial interpolation in several variables', J. Algebraic Geom. 4 (1995) 201-222",
        "J. Kileel, M. Trager, J. Bruna, arXiv:1905.12207",
    ),
    apply=_apply,
)
