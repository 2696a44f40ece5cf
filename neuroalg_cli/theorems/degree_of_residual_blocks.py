"""One residual block: a translate of the variety of the block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.residual import ResidualNetwork
from neuroalg_cli.spec import from_mapping
from neuroalg_cli.theorem import Conclusion, Theorem, theorems

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree of the block, if there is one block, and no matrix in front, behind, or on the skip path.

    f_w = x + g_w, so that the closure of the f_w is that of the g_w plus a constant vector; a translation changes no degree.
    """
    if not isinstance(architecture, ResidualNetwork) or architecture.blocks != 1 or architecture.projection:
        return None
    if architecture.input_width is not None or architecture.output_width is not None:
        return None
    if architecture.block:
        block = from_mapping(architecture.canonical()["block"][0])
    else:
        widths = (architecture.widths[0], architecture.hidden[0], architecture.widths[1])
        block = mlp(widths, activation=list(architecture.activation), biases=architecture.biases)
    found = next(((t, c) for t in theorems("degree") if (c := t.apply(block)) is not None), None)
    if found is None:
        return None
    theorem, conclusion = found
    return Conclusion(conclusion.value, (f"one residual block, {block.label} ({theorem.name})", *conclusion.hypotheses))


THEOREM = Theorem(
    name="one residual block",
    invariant="degree",
    statement="the functions x + g(x), g in the variety of the block, form a translate of it, of the same degree",
    references=("elementary: in neuroalg_cli/theorems/degree_of_residual_blocks.py",),
    apply=_apply,
)
