"""Convolutional networks of one channel without padding: the scalings between the layers are the only continuous symmetries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.cnn import ConvolutionalNetwork
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns |k_1| + ... + |k_L| - (L-1), |k_i| the number of entries of filter i, for activations c z^r with r >= 1.

    One channel in every layer, no padding, no biases, no head; one axis or two, any strides and dilations, any size of the input.

    Proof.  The outputs are translates of one polynomial f, so f is enough.  The L-1 scalings act freely where no filter is zero,
    hence <=.  For >= let the filters be generic.

    *r = 1 throughout.*  With the filters as polynomials q_i in one or two variables, the filter of the whole network is the
    product of the q_i(z^m_i), with m_i the dilation times the strides before.  A polynomial has finitely many factors up to
    scalars (unique factorization), and q_i(z^m_i) determines q_i: fibres are finite up to the L-1 scalings.

    *Otherwise* join the layers between two activations with r >= 2 into one, whose filters form a variety of the dimension just
    found.  Let f = sum over offsets i of a_i g_i^r, with a the last of the joined filters and g_i the translate by i of the
    function g in front.  A tangent vector (a', g') in the kernel has sum a_i' g_i^r + r a_i g_i^(r-1) g_i' = 0.  Only the summand
    with i = 0 contains the first variable x_0, since the windows of the other translates begin behind it.  So
    g^(r-1) (a_0' g + r a_0 g') does not contain x_0; but g does, and r >= 2, so that g' = t g with t = -a_0'/(r a_0).  What
    remains, sum (a_i' + r t a_i) g_i^r, is 0, and the g_i^r are linearly independent: take the first one in lexicographic order,
    whose first variable is in no other.  So a' = -r t a, the kernel is that of one scaling, and the dimension is that of the
    a's plus that of the g's less 1.
    """
    if not isinstance(architecture, ConvolutionalNetwork) or architecture.biases or architecture.head:
        return None
    degrees = architecture.activation_degrees
    if degrees is None or set(architecture.channels) != {1} or architecture.padding != "none":
        return None
    sizes = [math.prod(kernel) for kernel in architecture.kernels]
    shown = ", ".join(map(str, sizes[:20])) + (", ..." if len(sizes) > 20 else "")
    powers = sorted(set(degrees))
    hypotheses = (
        f"one channel; filters with {shown} entries",
        "no padding, no biases, no layer behind the convolutions",
        f"activations c z^r with r in {{{', '.join(map(str, powers))}}}" if powers else "one layer, no activation",
    )
    return Conclusion(sum(sizes) - (len(sizes) - 1), hypotheses)


THEOREM = Theorem(
    name="single-channel convolutional networks",
    invariant="dimension",
    statement=(
        "a convolutional network of one channel without padding and biases, with activations z^r, is determined by its function "
        "up to scalings between its L layers and finitely many choices; its dimension is the number of parameters less L - 1"
    ),
    references=(
        "V. Shahverdi, G. L. Marchetti, K. Kohn, arXiv:2410.00722 (one axis, r >= 2)",
        "K. Kohn, G. Montufar, V. Shahverdi, M. Trager, arXiv:2304.05752 (linear networks)",
        "proof for two axes, dilations and mixed degrees: in neuroalg_cli/theorems/convolutional.py",
    ),
    apply=_apply,
)
