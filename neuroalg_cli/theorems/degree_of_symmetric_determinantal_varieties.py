"""Two layers, one output, an activation of degree 2: symmetric matrices of bounded rank, and their projection from a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import shifted_power
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import symmetric_determinantal
from neuroalg_cli.theorems._merged_layers import merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (n, k, 1) and the activation p = a (z + c)^2 + d.

    S_k(n) stands for the symmetric n x n matrices of rank at most k.  Over C sums of k terms v_i l_i^2 are all of S_k(n).
    Homogenize by x_0: (l + c)^2 becomes the square of a linear form in n + 1 variables.

    *No biases, c = 0.*  f = a sum v_i l_i^2 + d sum v_i.  The v_i are free for a given sum of squares of v_i^(1/2) l_i, so V is
    S_k(n), times a line for the constant if d is not 0.

    *No biases, c and p(0) not 0.*  T = sum v_i (l_i + c x_0)^2 is general in S_k(n+1), since the v_i^(1/2) (l_i, c) are
    general vectors, and T_00 = c^2 sum v_i.  f = a T + (d/c^2) T_00 x_0^2 is a linear image, invertible because the
    coefficient of x_0^2 is T_00 p(0)/c^2.  So V is S_k(n+1).

    *No biases, c not 0, p(0) = 0.*  The same without the coefficient of x_0^2: V is the projection of S_k(n+1) from the
    point e = x_0^2.  *Biases*: l_i + b_i are general, the constant is free, so V is this projection times a line.
    For k >= n it is everything.  Let k < n.  The projection is injective on general points T, since T + t e has rank
    k + 1 for t not 0 unless e_0 lies in the image of T.  Near e, of rank one, S_k(n+1) is S_(k-1)(n) times a smooth variety, by
    the Schur complement, so that its multiplicity in e is the degree of S_(k-1)(n).  A projection from a point takes
    its multiplicity away from the degree: deg S_k(n+1) - deg S_(k-1)(n).
    """
    layers = merged_layers(architecture)
    if layers is None or len(layers.terms) != 1 or layers.widths[2] != 1 or layers.terms[0][0][0] != 2:
        return None
    (n, k, _), power = layers.widths, shifted_power(layers.terms[0])
    assert power is not None  # every quadratic polynomial is one
    begin = f"{layers.words}, the activation has degree 2"
    has_constant = bool(power.scale * power.centre**2 + power.constant)
    if not layers.biases and not power.centre:
        value = symmetric_determinantal(n, min(k, n))
        words = f"no biases and no linear term: quadratic forms in {n} variables of rank at most {min(k, n)}"
        words += ", plus any constant" if has_constant else ""
    elif not layers.biases and has_constant:
        value = symmetric_determinantal(n + 1, min(k, n + 1))
        words = (
            f"no biases, a linear term and a constant: quadratic forms in {n + 1} variables of rank at most "
            f"{min(k, n + 1)}, one variable being 1"
        )
    else:
        value = _of_the_projection(n, k)
        words = "biases" if layers.biases else "no biases, a linear term, no constant"
        words += (
            f": quadratic forms in {n + 1} variables of rank at most {min(k, n + 1)}, one of them 1, up to constants"
        )
    return None if value is None else Conclusion(value, (begin, words))


def _of_the_projection(n: int, k: int) -> int | None:
    """Returns the degree of the symmetric matrices of size n + 1 and rank at most k, projected from a matrix of rank 1."""
    if k >= n:
        return 1
    whole, multiplicity = symmetric_determinantal(n + 1, k), symmetric_determinantal(n, k - 1)
    return None if whole is None or multiplicity is None else whole - multiplicity


THEOREM = Theorem(
    name="degree of symmetric determinantal varieties",
    invariant="degree",
    statement=(
        "the symmetric n x n matrices of rank at most k have the degree s(n, k) = product over 0 <= i < n - k of "
        "C(n+i, n-k-i) / C(2i+1, i); those of size n + 1, projected from a matrix of rank 1, s(n+1, k) - s(n, k-1)"
    ),
    references=(
        "J. Harris, L. W. Tu, 'On symmetric and skew-symmetric determinantal varieties', Topology 23 (1984) 71-84",
        "proof for biases and other activations: in neuroalg_cli/theorems/degree_of_symmetric_determinantal_varieties.py",
    ),
    apply=_apply,
)
