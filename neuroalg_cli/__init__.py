"""The algebraic geometry of neural networks' function spaces.

>>> import neuroalg_cli as na
>>> na.dimension(na.mlp([3, 2, 3])).value["dimension"]
8

Every family (`neuroalg_cli.architectures`) is a function that returns an architecture; every invariant
(`neuroalg_cli.invariants`) is a function of an architecture that returns a `Claim`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.architectures.mlp import mlp
    from neuroalg_cli.asking_in_python import ask
    from neuroalg_cli.errors import NeuroalgError
    from neuroalg_cli.importers.onnx import from_onnx
    from neuroalg_cli.importers.torch import from_torch
    from neuroalg_cli.report.model import Claim, Report
    from neuroalg_cli.spec import from_mapping
    from neuroalg_cli.summarizing import summary
    from neuroalg_cli.weights import read_weights

    dimension: Callable[..., Claim]
    functional_dimension: Callable[..., Claim]
    local_dimension: Callable[..., Claim]

__all__ = [
    "Claim",
    "NeuroalgError",
    "Report",
    "ask",
    "dimension",
    "from_mapping",
    "from_onnx",
    "from_torch",
    "functional_dimension",
    "local_dimension",
    "mlp",
    "read_weights",
    "summary",
]

_HOMES = {
    "Claim": "report.model",
    "NeuroalgError": "errors",
    "Report": "report.model",
    "from_mapping": "spec",
    "from_onnx": "importers.onnx",
    "from_torch": "importers.torch",
    "ask": "asking_in_python",
    "read_weights": "weights",
    "summary": "summarizing",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that importing the package costs nothing."""
    from importlib import import_module  # noqa: PLC0415

    if name in _HOMES:
        return getattr(import_module(f"neuroalg_cli.{_HOMES[name]}"), name)
    if name.startswith("_"):
        raise AttributeError(f"module 'neuroalg_cli' has no attribute '{name}'")
    registry = import_module("neuroalg_cli.registry")  # 'from neuroalg_cli import' would come back here
    if name in registry.names("architectures"):
        return getattr(registry.load("architectures", name), name)
    if name in registry.names("invariants"):
        return import_module("neuroalg_cli.asking_in_python").function_of(name)
    raise AttributeError(f"module 'neuroalg_cli' has no attribute '{name}'")
