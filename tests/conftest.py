"""Engines for the tests: a test that needs one is skipped without it, and fails under ``--require-engines``."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import hypothesis
import pytest

from neuroalg_cli import engine
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.finding import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.engine import Installation

# Two cores shared with engines make every deadline a matter of luck.
hypothesis.settings.register_profile("neuroalg", deadline=None, print_blob=True)
hypothesis.settings.load_profile("neuroalg")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-engines", action="store_true", help="a test whose engine is missing fails and is not skipped"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to begin under --require-engines where tests would be skipped for want of an optional package."""
    optional = ("onnx", "onnxscript", "torch", "networkx", "safetensors")
    missing = [name for name in optional if importlib.util.find_spec(name) is None]
    if missing and config.getoption("--require-engines"):
        raise pytest.UsageError(
            f"--require-engines: {', '.join(missing)} missing; pip install -e '.[engines,msolve,dev]'"
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("engine"):
        for name in marker.args:
            obstacle = _obstacle(name)
            if obstacle and item.config.getoption("--require-engines"):
                pytest.fail(f"--require-engines: {obstacle}", pytrace=False)
            if obstacle:
                pytest.skip(obstacle)


def _obstacle(name: str) -> str | None:
    """Returns why an engine cannot be used, or None."""
    try:
        find(name)
    except NeuroalgError as error:
        return str(error)
    return None


@pytest.fixture
def installation() -> Callable[[str], Installation]:
    """Returns the installation of an engine by name; for tests that bear its mark."""
    return find


@pytest.fixture(
    params=[pytest.param(e.name, marks=pytest.mark.engine(e.name)) for e in engine.load_all() if not e.is_optional]
)
def each_installation(request: pytest.FixtureRequest) -> Installation:
    """Returns an installation of every engine that is not optional in turn; the test needs no mark of its own."""
    return find(request.param)
