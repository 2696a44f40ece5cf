"""Convolutional networks of one channel without padding: products of projective spaces, up to what factors can be exchanged."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.cnn import ConvolutionalNetwork
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import self_intersection

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

_MAXIMAL_EXCHANGES = 400


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree for activations c z^r, r >= 1: any strides and dilations, one axis or two, any size of the input.

    The outputs are translates of one polynomial f, so V is linearly isomorphic to the variety of f.  Let d_j be the product
    of the degrees of the activations behind convolution j.  f is a form of degree d_j in filter j, and not zero if no filter
    is, since a power of a nonzero function is not zero, nor are its combinations (below).  So (filters) -> f is a morphism
    from the product of the P^(|k_j| - 1) onto P(V), hyperplanes pull back to O(d_1, ..., d_L), and deg V times the number F
    of points of a general fibre is the self-intersection number (K-L)! prod d_j^(|k_j|-1) / (|k_j|-1)!, K the sum of the
    |k_j|.

    *F.*  Call *run* the convolutions between two activations of degree r >= 2.  A run is one convolution whose filter is the
    product of the polynomials q_j(z^m_j) in one or two variables, m_j the dilation times the strides before.  Let a be the
    filter of the last run, g the function in front of it, f = sum over offsets i of a_i g_i^r, g_i the translate by i.  Let
    x_0 be the first variable of the window, general filters having an entry for it.  Only the summand i = 0 contains it, the
    windows of the others beginning behind it; likewise the first variable of any g_i is in no later summand, and f = 0 means
    a = 0. If (b, h) gives the same f, put x_0 = 0 and subtract: a_0 (g^r - g(0)^r) = b_0 (h^r - h(0)^r), not zero as g
    contains x_0. Let a_0 = b_0 = 1 by scaling g and h.  Then g^r - h^r does not contain x_0.  If it is not zero, neither do
    its factors g - s h, s^r = 1, two of them at least, nor g: a contradiction.  So h = s g, and a = b as the g_i^r are
    linearly independent.  By induction f determines all runs up to scalings, and F is the product of their numbers of
    factorizations.

    *Filters of a run* over one axis with the same m merge into one, q q' being any polynomial of its degree: this is done
    first, in both axes.  Otherwise, a general q(z^m) in one variable has as roots cosets of the m-th roots of unity,
    algebraically independent of each other.  Another factorization gives every filter a union of cosets of its own group, all
    contained in these; by induction from the m that divide no other one, every filter gets back its own.  A general q with at
    least two rows and columns is irreducible, also as q(z_1^m, z_2^m'), by Bertini's theorem; irreducible factors of largest
    degree must fill filters of their degree, by induction all of them do, and again by induction from the largest m only
    filters of one shape and one m are exchanged.  So F is the product of the factorials of the numbers of equal ones with two
    rows and columns in a run.
    """
    if not isinstance(architecture, ConvolutionalNetwork) or architecture.biases or architecture.head:
        return None
    degrees = architecture.activation_degrees
    if degrees is None or set(architecture.channels) != {1} or architecture.padding != "none":
        return None
    factors, exchanged = _factors(architecture, degrees)
    if any(count > _MAXIMAL_EXCHANGES for count in exchanged):
        return None
    product = self_intersection(factors)
    if product is None:
        return None
    exchanges = math.prod(map(math.factorial, exchanged))
    value, rest = divmod(product, exchanges)
    assert rest == 0
    shown = ", ".join(f"P^{n} with degree {d}" for n, d in factors[:20]) + (", ..." if len(factors) > 20 else "")
    hypotheses = [
        "one channel; no padding, no biases, no layer behind the convolutions; activations c z^r",
        f"filters, those of one run over one axis with equal spacing merged: {shown or 'all of size 1'}",
    ]
    if exchanges > 1:
        hypotheses.append(f"{exchanges} orders of equal filters with two axes give the same function")
    return Conclusion(value, tuple(hypotheses))


def _factors(architecture: ConvolutionalNetwork, degrees: tuple[int, ...]) -> tuple[list[tuple[int, int]], list[int]]:
    """Returns pairs (|k_j| - 1, d_j) of merged filters, and how often equal filters with two axes occur in one run."""
    sizes: Counter[tuple[int, int, int]] = Counter()  # run, axis, spacing: entries less 1
    squares: Counter[tuple[int, tuple[int, ...], tuple[int, ...]]] = Counter()  # run, shape, spacings
    behind = [math.prod(degrees[run:]) for run in range(len(degrees) + 1)]
    power: dict[int, int] = {}
    run = 0
    spacing = (1,) * len(architecture.kernels[0])
    layers = zip(architecture.kernels, architecture.strides, architecture.dilations, strict=True)
    for layer, (kernel, stride, dilation) in enumerate(layers):
        if layer and degrees[layer - 1] > 1:
            run += 1
        power[run] = behind[layer]
        here = tuple(s * d for s, d in zip(spacing, dilation, strict=True))
        long = [axis for axis, size in enumerate(kernel) if size > 1]
        if len(long) == 1:
            sizes[run, long[0], here[long[0]]] += kernel[long[0]] - 1
        elif long:
            squares[run, kernel, here] += 1
        spacing = tuple(a * s for a, s in zip(spacing, stride, strict=True))
    factors = [(size, power[run]) for (run, _, _), size in sizes.items()]
    factors += [
        (math.prod(kernel) - 1, power[run]) for (run, kernel, _), count in squares.items() for _ in range(count)
    ]
    return factors, [count for count in squares.values() if count > 1]


THEOREM = Theorem(
    name="degree of single-channel convolutional networks",
    invariant="degree",
    statement=(
        "a convolutional network of one channel without padding and biases, with activations z^r, is a finite image of a product "
        "of projective spaces; its degree is (K-L)! prod d_j^(k_j-1)/(k_j-1)!, d_j the product of the activation degrees behind "
        "convolution j, divided by the number of ways to exchange factors of linear parts"
    ),
    references=(
        "V. Shahverdi, G. L. Marchetti, K. Kohn, arXiv:2410.00722 (one axis, r >= 2)",
        "K. Kohn, G. Montufar, V. Shahverdi, M. Trager, arXiv:2304.05752; V. Shahverdi, arXiv:2401.16613 (linear networks)",
        "proof for two axes, dilations and mixed degrees: in neuroalg_cli/theorems/degree_of_convolutional_networks.py",
    ),
    apply=_apply,
)
