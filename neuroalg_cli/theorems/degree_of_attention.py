"""One head of lightning self-attention: products of projective spaces and determinantal varieties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.attention import LightningSelfAttention
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import (
    determinantal,
    self_intersection,
    symmetric_determinantal,
    symmetric_dimension,
)

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


@dataclass(frozen=True, slots=True)
class _Scores:
    """The variety of the forms of one head: affine dimension, degree, and pairs (V, A) with the same function up to scaling."""

    dimension: int
    degree: int | None
    fibre: int
    words: str


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for one layer with one head, V a free matrix of shape d' x d, or d' = 1.

    The residual summand X translates V, and changes no degree.  Let S be the closed cone of all A = K^T Q, or, if an output
    depends on one token only, of the quadratic forms of A; e + 1 its dimension.  The function is bilinear in (V, A):
    V x (x'^T A y) for two tokens x = x', y, and V x q(x) for one; it is not zero if V and A are not.  So P(V) is the image of
    P^(dd'-1) x P(S) under a morphism, hyperplanes pull back to O(1, 1), and its degree, times the number F of
    points of a general fibre, is C(dd'-1+e, e) deg S.

    *Two tokens.*  S consists of the d x d matrices of rank at most k = min(a, d), symmetric ones for Q = K.  x^T A y is
    irreducible for rank A >= 2, and v_i(x) (x^T A y) determines both factors.  For k = 1 it is u(x) w(y), and w is
    determined; u is the common factor of the v_i u if d', d >= 2 or is w if Q = K.  For d' = 1, d >= 2 and free Q and K, v
    and u can be exchanged: F = 2.

    *One token.*  S consists of the quadratic forms of rank at most k = min(2a, d), or min(a, d) for Q = K.  For k >= 3 a
    general q is irreducible, and F = 1.  For k <= 2 and d', d >= 2 it is the common factor of the v_i q, and F = 1.  For d' =
    1 a product of three general linear forms has F = 3, v u^2 has F = 1.

    *Tied values, d' = 1.*  V = K or V = Q: v(x)^2 q(y) or v(x) k(x) v(y), for one token v^2 q: a general one determines v, and
    the map from P^(d-1) x P^(d-1) is O(2, 1) without base points.  Q = K = V: v(x)^2 v(y), a Veronese variety, O(3).
    """
    if not isinstance(architecture, LightningSelfAttention) or architecture.heads != (1,):
        return None
    (d, outputs), (a,) = architecture.dims, architecture.attention_dim
    tied, is_single = architecture.tied, architecture.sees_one_token
    seen = "one token" if is_single else f"at least two of {architecture.tokens} tokens"
    hypotheses = [f"one layer with one head, V of shape {outputs} x {d}; an output token depends on {seen}"]
    if "v" in tied:
        if outputs > 1:
            return None
        hypotheses.append(f"tied: {' = '.join(tied.upper())}, one row each")
        value = self_intersection([(d - 1, 3)] if tied == "qkv" else [(d - 1, 2), (d - 1, 1)])
    else:
        scores = (_one_token if is_single else _two_tokens)(d, outputs, a, is_symmetric=tied == "qk")
        hypotheses.append(scores.words)
        number = self_intersection([(d * outputs - 1, 1), (scores.dimension - 1, 1)])
        value = None if number is None or scores.degree is None else number * scores.degree // scores.fibre
        if scores.fibre > 1:
            hypotheses.append(f"{scores.fibre} pairs of V and K^T Q, up to scaling, have the same function")
    if architecture.residual:
        hypotheses.append("the residual summand translates the variety")
    return None if value is None else Conclusion(value, tuple(hypotheses))


def _two_tokens(d: int, outputs: int, a: int, *, is_symmetric: bool) -> _Scores:
    k = min(a, d)
    if is_symmetric:
        words = f"K^T K is any symmetric {d} x {d} matrix of rank at most {k}"
        return _Scores(symmetric_dimension(d, k), symmetric_determinantal(d, k), 1, words)
    words = f"K^T Q is any {d} x {d} matrix of rank at most {k}"
    return _Scores(k * (2 * d - k), determinantal(d, d, k), 2 if outputs == k == 1 < d else 1, words)


def _one_token(d: int, outputs: int, a: int, *, is_symmetric: bool) -> _Scores:
    k = min(a if is_symmetric else 2 * a, d)
    words = f"the forms x^T K^T Q x are all quadratic forms in {d} variables of rank at most {k}"
    fibre = 3 if outputs == 1 and k == 2 else 1
    return _Scores(symmetric_dimension(d, k), symmetric_determinantal(d, k), fibre, words)


THEOREM = Theorem(
    name="degree of one head of lightning self-attention",
    invariant="degree",
    statement=(
        "for one layer with one head and a free V of shape d' x d the functions are the image of P^(dd'-1) x P(S), embedded by "
        "O(1, 1), S the variety of the scores, dim S = e + 1: the degree is C(dd'-1+e, e) deg S, divided by the number of "
        "pairs with one function, which is 2 or 3 for some of those with d' = 1 and products of linear forms, else 1"
    ),
    references=(
        "N. W. Henry, G. L. Marchetti, K. Kohn, arXiv:2408.17221 (fibres: untied, at least two tokens, a <= d)",
        "J. Harris, 'Algebraic Geometry' (1992), Example 19.10; J. Harris, L. W. Tu, Topology 23 (1984) 71-84",
        "proof: in neuroalg_cli/theorems/degree_of_attention.py",
    ),
    apply=_apply,
)
