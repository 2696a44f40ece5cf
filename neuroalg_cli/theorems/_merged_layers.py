"""Multilayer perceptrons without layers that are linear and restrict nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Terms


@dataclass(frozen=True, slots=True)
class Layers:
    """Widths, from the input to the output, and one activation per hidden layer."""

    widths: tuple[int, ...]
    terms: tuple[Terms, ...]
    biases: bool

    @property
    def degrees(self) -> tuple[int, ...] | None:
        """The degrees r of activations c z^r by hidden layer; None if one of them is no monomial."""
        return tuple(t[0][0] for t in self.terms) if all(len(t) == 1 for t in self.terms) else None

    @property
    def words(self) -> str:
        """The widths in words."""
        return f"the widths are ({', '.join(map(str, self.widths))})"


def merged_layers(architecture: Architecture) -> Layers | None:
    """Returns a multilayer perceptron with the same functions, none of whose hidden layers is linear; None if there is none.

    Hidden layers with the activation c z, or c z + d with biases, make a chain of matrices out of one.  A product of
    matrices is any matrix of rank at most the smallest width of the chain; where this is the width of one of its ends the chain
    is one matrix, and with biases one affine map.
    """
    if not isinstance(architecture, MultilayerPerceptron):
        return None
    widths, start = [architecture.widths[0]], 0
    terms = []
    last = len(architecture.widths) - 1
    for layer in range(1, last + 1):
        here = None if layer == last else architecture.activation_terms[layer - 1]
        if here is not None and here[0][0] == 1 and (len(here) == 1 or architecture.biases):
            continue
        chain = architecture.widths[start : layer + 1]
        if min(chain) < min(chain[0], chain[-1]):
            return None
        widths.append(chain[-1])
        if here is not None:
            terms.append(here)
        start = layer
    return Layers(tuple(widths), tuple(terms), architecture.biases)
