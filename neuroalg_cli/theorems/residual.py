"""Linear residual networks: a translate of matrices of bounded rank, or matrices of bounded rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.residual import ResidualNetwork
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns k(m + n - k), plus n with biases, for a linear network with m inputs, n outputs; its matrices have rank at most k.

    Let S_h be the set of the d x d matrices 1 + N with rank N <= h; one block of width d is S_h for min(h, d), since every
    matrix of rank at most h is a product V (c U), c != 0.

    *All blocks on the bare input.*  The closure of S_g S_h is S_k, k = min(d, g + h).  (1 + N)(1 + M) = 1 + M + N (1 + M) lies in
    S_k.  A general 1 + N in S_k has N = M + M' with rank M = h' <= h, rank M' = k - h' <= g and 1 + M invertible, and is then
    (1 + M' (1 + M)^-1)(1 + M).  By induction the blocks are 1 + the determinantal variety of k = min(d, sum of the h_i), of
    dimension k(2d - k).

    *A matrix without an identity* (embedding, output layer, or P x + V U x between different widths, which is any matrix).  The
    blocks of equal widths contain the identity, so the products of these matrices alone are among the functions;
    and every function has rank at most k, the smallest width.  The matrices of rank at most k are products of such
    matrices, so the closure is the determinantal variety of n x m matrices, of dimension k(m + n - k).

    *Biases.*  The last vector added is any vector, whatever the matrices are, and does not change the linear part.
    """
    if not isinstance(architecture, ResidualNetwork) or architecture.linear_dimension is None:
        return None
    ends = [
        size for size in (architecture.input_width, *architecture.widths, architecture.output_width) if size is not None
    ]
    hypotheses = ["all activations have degree 1"]
    if len(set(architecture.widths)) > 1 or len(ends) > len(architecture.widths):
        hypotheses.append(
            "a matrix without an identity is a factor, so that f is any matrix whose rank is at most the smallest width "
            f"{min(ends)}"
        )
    else:
        k = min(ends[0], sum(architecture.hidden))
        hypotheses.append(f"the {len(architecture.hidden)} blocks add matrices of rank at most {k} to the identity")
    if architecture.biases:
        hypotheses.append(f"biases add an arbitrary vector with {ends[-1]} entries")
    return Conclusion(architecture.linear_dimension, tuple(hypotheses))


THEOREM = Theorem(
    name="linear residual networks",
    invariant="dimension",
    statement=(
        "products of matrices 1 + N_i of size d with rank N_i at most h_i have as closure 1 + the matrices of rank at most "
        "k = min(d, sum of the h_i), of dimension k(2d - k); with a factor without an identity they are all n x m matrices of "
        "rank at most k, the smallest width, of dimension k(m + n - k)"
    ),
    references=(
        "W. Bruns, U. Vetter, 'Determinantal Rings', Lecture Notes in Mathematics 1327 (1988), Proposition 1.1",
        "proof of the reduction to determinantal varieties: in neuroalg_cli/theorems/residual.py",
    ),
    apply=_apply,
)
