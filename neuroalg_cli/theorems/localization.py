"""Deep networks with activations z^r whose two-layer blocks are identifiable: the dimension is the expected one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns P - (sum of the hidden widths) if Kruskal's condition holds for every block.

    The block of hidden layer l is (m, n, k) = (min(n_0..n_{l-1}), n_l, n_{l+1}) with activation z^r, r >= 2: a sum of n terms
    w_i (x) l_i^r, a tensor of order r + 1.  Its decomposition is unique for generic parameters if n = 1, or if
    r min(m, n) + min(k, n) >= 2n + r (Kruskal's condition in order r + 1, Sidiropoulos and Bro 2000, with generic
    Kruskal ranks).  If every block is identifiable, so is the network (Usevich et al., Theorem 11): its generic fibre has the
    dimension of the scalings, one for every hidden neuron.
    """
    if not isinstance(architecture, MultilayerPerceptron) or architecture.biases:
        return None
    degrees = architecture.activation_degrees
    widths = architecture.widths
    if degrees is None or not degrees or min(degrees) < 2:
        return None
    hypotheses = []
    for layer, r in enumerate(degrees, start=1):
        m, n, k = min(widths[:layer]), widths[layer], widths[layer + 1]
        if n == 1:
            hypotheses.append(f"block ({m}, 1, {k}), r = {r}: one neuron, identifiable")
            continue
        left, right = r * min(m, n) + min(k, n), 2 * n + r
        if left < right:
            return None
        hypotheses.append(f"block ({m}, {n}, {k}), r = {r}: {left} >= {right}, Kruskal's condition")
    parameters = sum(a * b for a, b in itertools.pairwise(widths))
    return Conclusion(parameters - sum(widths[1:-1]), tuple(hypotheses))


THEOREM = Theorem(
    name="localization of identifiability",
    invariant="dimension",
    statement=(
        "a network with activations z^r and without biases is identifiable up to scalings and permutations if every two-layer "
        "block (min(n_0..n_{l-1}), n_l, n_{l+1}) is; its dimension is then the number of parameters less that of hidden neurons"
    ),
    references=(
        "K. Usevich, R. Borsoi, C. Derand, M. Clausel, arXiv:2506.17093, Theorem 11",
        "N. D. Sidiropoulos, R. Bro, 'On the uniqueness of multilinear decomposition of N-way arrays', J. Chemometrics 14 (2000)",
    ),
    apply=_apply,
)
