"""Two layers, so many hidden neurons that general subspaces are spanned by powers: all matrices of bounded rank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import shifted_power
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import determinantal
from neuroalg_cli.theorems._merged_layers import Layers, merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for widths (n, k, m) if k >= N - e, N monomials per output, e + 1 the dimension of one neuron's
    functions.

    Let X in P^(N-1) be the closure of the classes of the c p(l), or with biases c p(l + b) up to constants: irreducible, of
    dimension e, and spanning, since the n variables mix under GL(n) and no monomial counted vanishes (with biases the
    derivatives of p give the lower degrees).  A general P^(k-1) with k >= N - e meets X, and the section spans it: general
    hyperplane sections of irreducible spanning varieties of positive dimension span the hyperplane and are, down to dimension
    one, irreducible (J. Harris, 'Algebraic Geometry', Proposition 18.10).  It meets the image of phi in an open dense
    part of the section.  So k points of X that neurons can compute span a general P^(k-1), and the m outputs, combinations of
    them, are the rows of any general m x N matrix of rank at most k: V is their variety, times C^m with biases.

    *Dimensions.*  No biases: e = n - 1 if p is a monomial, and e = n else, as p(l) and p(t l) are no multiples.  Biases:
    e = n for a (z + c)^r + d.  For another p shift z so that z^(r-1) does not occur; some z^(r-s), 2 <= s < r, does.  Then
    c l^r, c b l^(r-1) and c (C(r, s) b^s + p_(r-s)/p_r) l^(r-s) determine (c, l, b) up to finitely many choices, and e = n + 1.
    """
    layers = merged_layers(architecture)
    if layers is None or len(layers.terms) != 1:
        return None
    _, k, m = layers.widths
    monomials, e = _monomials(layers), _dimension(layers)
    if monomials is None or k < monomials - e:
        return None
    rank = min(k, m, monomials)
    value = determinantal(m, monomials, rank)
    if value is None:
        return None
    words = (
        f"{layers.words}: {monomials} monomials in each output{', constants aside' if layers.biases else ''}",
        f"one neuron computes a variety of projective dimension {e}, and {k} >= {monomials} - {e}",
        f"V consists of all {m} x {monomials} matrices of rank at most {rank}",
    )
    return Conclusion(value, words)


def _monomials(layers: Layers) -> int | None:
    """Returns the number of monomials of one output, without the constant if there are biases; None if it is enormous."""
    n, terms = layers.widths[0], layers.terms[0]
    exponents = range(1, terms[0][0] + 1) if layers.biases else [exponent for exponent, _ in terms]
    if n > 10**6 or len(exponents) > 10**4:
        return None
    return sum(math.comb(n - 1 + exponent, exponent) for exponent in exponents)


def _dimension(layers: Layers) -> int:
    """Returns the dimension of the projective variety of the functions of one neuron."""
    n, terms = layers.widths[0], layers.terms[0]
    if layers.biases:
        return n if shifted_power(terms) is not None else n + 1
    return n - 1 if len(terms) == 1 else n


THEOREM = Theorem(
    name="wide hidden layer",
    invariant="degree",
    statement=(
        "for widths (n, k, m), N monomials per output, and functions of one neuron that form a variety of projective dimension "
        "e, k >= N - e makes V the variety of all m x N matrices of rank at most k, times C^m with biases"
    ),
    references=(
        "J. Harris, 'Algebraic Geometry' (1992), Proposition 18.10, Example 19.10",
        "proof: general linear sections, in neuroalg_cli/theorems/degree_of_wide_layers.py",
    ),
    apply=_apply,
)
