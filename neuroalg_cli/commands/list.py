"""``neuroalg list``: what the program knows, read from its own files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, str]


def _families() -> list[Row]:
    from neuroalg_cli.spec import families  # noqa: PLC0415

    return [
        {"family": name, "keys": ", ".join(option.key for option in family.options), "summary": family.summary}
        for name, family in families().items()
    ]


def _invariants() -> list[Row]:
    from neuroalg_cli import registry  # noqa: PLC0415

    found = [module.INVARIANT for module in registry.load_all("invariants")]
    return [{"invariant": invariant.name, "summary": invariant.summary} for invariant in found]


def _engines() -> list[Row]:
    from neuroalg_cli.doctor import engine_rows  # noqa: PLC0415

    return engine_rows()


def _methods() -> list[Row]:
    from neuroalg_cli import registry  # noqa: PLC0415

    return [
        {
            "invariant": invariant.name,
            "method": method.name,
            "engine": method.engine,
            "certainty": method.certainty,
            "summary": method.summary,
        }
        for invariant in (module.INVARIANT for module in registry.load_all("invariants"))
        for method in invariant.methods()
    ]


def _operators() -> list[Row]:
    from neuroalg_cli.importers.onnx import supported_operators  # noqa: PLC0415
    from neuroalg_cli.importers.torch import supported_operations  # noqa: PLC0415

    found = [("onnx", name) for name in supported_operators()] + [("torch", name) for name in supported_operations()]
    return [{"format": format_name, "operator": name} for format_name, name in found]


_KINDS: dict[str, Callable[[], list[Row]]] = {
    "families": _families,
    "invariants": _invariants,
    "engines": _engines,
    "methods": _methods,
    "operators": _operators,
}


@click.command(name="list")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def COMMAND(kind: str, as_json: bool) -> int:  # noqa: N802
    """List families, invariants, engines, methods or operators of imported models."""
    rows: list[Any] = _KINDS[kind]()
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    from neuroalg_cli.terminal import show_rows  # noqa: PLC0415

    show_rows(rows)
    return 0
