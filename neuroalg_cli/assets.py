"""Finds the data folders that stand at the top of the repository and travel inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Returns the folder ``templates``, ``m2_scripts`` or ``sage_scripts``, installed or in a checkout.

    Raises ``FileNotFoundError`` if the installation is damaged.
    """
    for candidate in (_PACKAGE / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder '{name}' is missing from the installation of neuroalg at {_PACKAGE}")
