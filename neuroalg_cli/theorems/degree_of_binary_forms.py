"""Two layers and two variables, or one variable with biases: Hankel matrices of bounded rank."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from neuroalg_cli.symmetry.symmetries import shifted_power
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import hankel
from neuroalg_cli.theorems._merged_layers import Layers, merged_layers

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree of m-tuples of binary forms that are combinations of k common powers, to which the networks below
    reduce.

    The proof for these is that of `neuroalg_cli.theorems._degree_formulas.hankel`.

    *(2, k, m), c z^r, no biases*: f_i = sum v_ij l_j^r, these tuples themselves.  *(2, k, 1), c z^r + c' z^s, no biases*: the
    parts of degree r and s are the sums of the c v_j t_j^r u_j^r and c' v_j t_j^s u_j^s, for l_j = t_j u_j, and v_j t_j^r,
    v_j t_j^s are arbitrary.  *(1, k, m), a (z + c)^r + d with r >= 2, biases*: f is sum v_j (a_j x + b_j)^r plus any
    constants.  Up to constants its derivative remains, sum r v_j a_j (a_j x + b_j)^(r-1): forms of degree r - 1.  *(1, k, m),
    no biases, a polynomial with the exponents s, s + g, ..., s + r g*: up to constant factors the coordinates are the sums of
    the v_j a_j^s (a_j^g)^i, i = 0, ..., r: forms of degree r, since a_j^g and v_j a_j^s are arbitrary.
    """
    layers = merged_layers(architecture)
    if layers is None or len(layers.terms) != 1 or layers.widths[0] > 2:
        return None
    found = _degrees_of_forms(layers)
    if found is None:
        return None
    degrees, words = found
    _, k, m = layers.widths
    columns = m * sum(max(0, r - k + 1) for r in degrees)
    value = hankel(columns, k)
    if value is None:
        return None
    listed = " and ".join(map(str, degrees))
    begin = f"{layers.words}: {m} binary form(s) of degree {listed}, combinations of {k} powers; {words}"
    end = (
        f"Hankel matrices of {k + 1} rows and {columns} columns of rank at most {k}" if columns > k else "these are all"
    )
    return Conclusion(value, (begin, end))


def _degrees_of_forms(layers: Layers) -> tuple[list[int], str] | None:
    """Returns the degrees of the binary forms of one output and how the network reduces to them, or None."""
    (variables, _, outputs), terms = layers.widths, layers.terms[0]
    exponents = sorted(exponent for exponent, _ in terms)
    if layers.biases:
        power = shifted_power(terms)
        if variables != 1 or power is None or power.degree < 2:
            return None
        return [power.degree - 1], "derivatives of the outputs, which have arbitrary constants"
    if variables == 2:
        return (exponents, "no biases") if len(exponents) <= (2 if outputs == 1 else 1) else None
    if len({after - before for before, after in itertools.pairwise(exponents)}) > 1:
        return None
    return [len(exponents) - 1], "the exponents of the activation are an arithmetic progression; no biases"


THEOREM = Theorem(
    name="sums of powers of binary forms",
    invariant="degree",
    statement=(
        "binary forms of degrees e_i that are combinations of k common powers of linear forms make up the variety where a matrix "
        "of k + 1 rows and M = sum of the max(0, e_i-k+1) columns, of Hankel blocks, has rank at most k; its degree is C(M, k) "
        "for M > k, else 1"
    ),
    references=(
        "D. Eisenbud, 'Linear sections of determinantal varieties', Amer. J. Math. 110 (1988) 541-575, Theorem 1",
        "A. Iarrobino, V. Kanev, 'Power Sums, Gorenstein Algebras, and Determinantal Loci' (1999), chapter 1 (m = 1)",
        "proof: in neuroalg_cli/theorems/_degree_formulas.py and neuroalg_cli/theorems/degree_of_binary_forms.py",
    ),
    apply=_apply,
)
