"""Widths of fully connected layers as families describe them: the key ``widths``."""

from __future__ import annotations

from typing import Any

from neuroalg_cli.errors import SpecError, shown

MAXIMAL_WIDTH = 10**9
MAXIMAL_LAYERS = 1_000


def required_widths(specification: dict[str, Any]) -> list[Any] | tuple[Any, ...]:
    """Returns the widths of a specification, at least two; raises `SpecError` where they are missing or no list."""
    widths = specification.get("widths")
    if widths is None:
        raise SpecError("the key 'widths' is missing; give the width of every layer, for example 3,2,3")
    if not isinstance(widths, list | tuple):
        raise SpecError(f"'widths' is {shown(widths)}; it must be a list of integers such as 3,2,3")
    if len(widths) < 2:
        raise SpecError(f"'widths' has {len(widths)} entries; a network needs at least two, input and output")
    if len(widths) > MAXIMAL_LAYERS + 1:
        raise SpecError(f"'widths' has {len(widths)} entries; at most {MAXIMAL_LAYERS + 1} are supported")
    return widths
