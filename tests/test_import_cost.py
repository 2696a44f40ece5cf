"""Importing the package or asking for help must not import numpy, jinja2, pydantic or an engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "jinja2", "pydantic", "flint", "rich", "lark", "sage", "torch", "onnx", "networkx")


@pytest.mark.parametrize(
    "code",
    [
        "import neuroalg_cli",
        "from neuroalg_cli.cli import run; run(['--help'])",
        "from neuroalg_cli.cli import run; run(['--version'])",
        "from neuroalg_cli.cli import run; run(['verify', '--help'])",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    check = f"{code}\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    assert result.stderr.strip().splitlines()[-1] == "[]"


def test_help_of_a_command_about_networks_imports_no_numpy() -> None:
    code = (
        "from neuroalg_cli.cli import run; code = run(['-q', 'dim', '--help']);"
        "import sys; print([m for m in ('numpy', 'jinja2') if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stderr.strip().splitlines()[-1] == "[]"
