"""Discovery: one file per family, invariant, theorem, engine or command; nothing to register."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

_PACKAGE = "neuroalg_cli"


def names(folder: str) -> tuple[str, ...]:
    """Returns the names of the modules in a folder of the package, sorted, without importing them."""
    path = Path(__file__).resolve().parent / folder
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(path)]) if not module.name.startswith("_")))


def load(folder: str, name: str) -> ModuleType:
    """Returns one module of a folder; a broken module stops the program with its own traceback."""
    return importlib.import_module(f"{_PACKAGE}.{folder}.{name}")


def load_all(folder: str) -> tuple[ModuleType, ...]:
    """Returns every module of a folder, by name."""
    return tuple(load(folder, name) for name in names(folder))
