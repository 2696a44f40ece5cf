"""Linear networks: the degree of the matrices of bounded rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron
from neuroalg_cli.architectures.residual import ResidualNetwork
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import determinantal

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree of the n x m matrices of rank at most k, of which V is a translate, or times a space of biases.

    Multilayer perceptrons: x -> M x + c with rank M at most the smallest width, c free.  Residual networks:
    the proof in `neuroalg_cli.theorems.residual` says which matrices occur: 1 + N with rank N <= k, or all of rank at most k.
    """
    if isinstance(architecture, MultilayerPerceptron) and architecture.is_linear:
        m, n, k = architecture.widths[0], architecture.widths[-1], min(architecture.widths)
        hypotheses = [f"all activations have degree 1, so f is a {n} x {m} matrix of rank at most {k}"]
    elif isinstance(architecture, ResidualNetwork) and architecture.linear_dimension is not None:
        widths = architecture.widths
        ends = [size for size in (architecture.input_width, *widths, architecture.output_width) if size is not None]
        m, n = ends[0], ends[-1]
        if len(set(widths)) > 1 or len(ends) > len(widths):
            k = min(ends)
            hypotheses = [f"a matrix without an identity is a factor: all {n} x {m} matrices of rank at most {k}"]
        else:
            k = min(m, sum(architecture.hidden))
            hypotheses = [f"the identity plus {n} x {n} matrices of rank at most {k}, a translate"]
    else:
        return None
    if architecture.biases:
        hypotheses.append(f"biases add an arbitrary vector with {n} entries, a factor of degree 1")
    value = determinantal(m, n, k)
    return None if value is None else Conclusion(value, tuple(hypotheses))


THEOREM = Theorem(
    name="degree of determinantal varieties",
    invariant="degree",
    statement=(
        "the m x n matrices, m >= n, of rank at most k have the degree product over 0 <= i < n - k of C(m+i, k) / C(k+i, k)"
    ),
    references=(
        "J. Harris, 'Algebraic Geometry' (1992), Example 19.10",
        "G. L. Marchetti, V. Shahverdi, S. Mereta, M. Trager, K. Kohn, arXiv:2501.18915, appendix",
    ),
    apply=_apply,
)
