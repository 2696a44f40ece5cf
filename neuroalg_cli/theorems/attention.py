"""One head of lightning self-attention: the generic fibres are known, and so is the dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.attention import LightningSelfAttention, head_dimension
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns d d' + dim {A} - 1 for one layer with one head, where A = K^T Q runs through its possible values.

    The residual summand X is a constant of the parametrization and changes no dimension.  Let A' and V' be another pair with
    the same function, v_i the rows of V, and (V, A) general, so that nothing below is zero.

    *Two tokens that one output token sees.*  This output token is y = x_j for a query x_j and contains V x_i (x_i^T A x_j) for
    another token x_i, quadratic in x_i and linear in x_j, and nothing else of this degree.  So for every i the product of the
    linear forms v_i and A y is known for all y.  Linear forms factor uniquely: v_i' is a multiple of v_i or of A y.  The
    second for all y needs V and A of rank one, and gives finitely many further pairs up to scaling; the first gives V' = c V and
    A' = A/c.  The function is determined by (V, A), hence the dimension is that of the pairs, less 1.  For A of rank at most
    r = min(a, d) these are d d' + r(2d - r); for Q = K symmetric matrices, d d' + r d - r(r-1)/2; for V = K, A = V^T Q, with
    V of rank k = min(d, d'), d d' + k d, since Q moves by the kernel of V^T (V = Q: the same transposed).  For Q = K = V =
    M the scaling needs c^3 = 1, and the dimension is d d'.

    *One token.*  f = V x q(x) with the quadratic form q of A.  The products v_i q factor into q, or its two linear factors,
    and v_i in finitely many ways up to scaling, so the dimension is that of the pairs (V, q), less 1.  The forms q are: those of
    rank at most 2a, over C the sums of a products of two linear forms; for Q = K those of rank at most a; for V = K or V = Q
    those in the ideal of k = min(d, d') independent linear forms, k d - k(k-1)/2.
    """
    if not isinstance(architecture, LightningSelfAttention) or architecture.heads != (1,):
        return None
    (d, outputs), (a,) = architecture.dims, architecture.attention_dim
    tied, is_single = architecture.tied, architecture.sees_one_token
    value = head_dimension(d, outputs, a, tied, is_single=is_single)
    seen = "one token" if is_single else f"at least two of {architecture.tokens} tokens"
    hypotheses = [
        f"one layer with one head, V of shape {outputs} x {d}, Q and K of shape {a} x {d}",
        f"an output token depends on {seen}",
        "Q, K and V are independent" if tied == "none" else f"tied: {' = '.join(tied.upper())}",
    ]
    if architecture.residual:
        hypotheses.append("the residual summand is a constant of the parametrization")
    return Conclusion(value, tuple(hypotheses))


THEOREM = Theorem(
    name="one head of lightning self-attention",
    invariant="dimension",
    statement=(
        "for one layer with one head the function determines (V, K^T Q), with one token (V, symmetric part of K^T Q), up to "
        "(c V, K^T Q / c) and finitely many choices; the dimension is that of these pairs less 1, and d d' for Q = K = V"
    ),
    references=(
        "N. W. Henry, G. L. Marchetti, K. Kohn, arXiv:2408.17221 (untied, at least two tokens, a <= d)",
        "proof for tied matrices, masks and one token: unique factorization, in neuroalg_cli/theorems/attention.py",
    ),
    apply=_apply,
)
