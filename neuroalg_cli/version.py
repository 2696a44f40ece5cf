"""The version of the program."""

from __future__ import annotations


def program_version() -> str:
    """Returns the version of the installed distribution, such as ``0.1.0``."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  # slow to import

    try:
        return version("neuroalg")
    except PackageNotFoundError:
        return "0+unknown"
