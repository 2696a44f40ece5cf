"""Linear networks: matrices of bounded rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns k(m + n - k) for m = n_0, n = n_L, k = min(n_i), plus n with biases: x -> Mx + c, rank M <= k, c free."""
    if not isinstance(architecture, MultilayerPerceptron) or not architecture.is_linear:
        return None
    widths = architecture.widths
    m, n, k = widths[0], widths[-1], min(widths)
    hypotheses = [f"all activations have degree 1, so f is a {n} x {m} matrix of rank at most {k}"]
    if architecture.biases:
        hypotheses.append(f"biases add an arbitrary vector with {n} entries")
    return Conclusion(k * (m + n - k) + (n if architecture.biases else 0), tuple(hypotheses))


THEOREM = Theorem(
    name="determinantal variety",
    invariant="dimension",
    statement="the n x m matrices of rank at most k form an irreducible variety of dimension k(m + n - k)",
    references=(
        "G. L. Marchetti, V. Shahverdi, S. Mereta, M. Trager, K. Kohn, arXiv:2501.18915, appendix",
        "W. Bruns, U. Vetter, 'Determinantal Rings', Lecture Notes in Mathematics 1327 (1988), Proposition 1.1",
    ),
    apply=_apply,
)
