"""The state of every engine as plain data: found or not, usable or not, and whether it answers a question right.

Works with no engine installed, and raises nothing: what goes wrong is what it reports.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from neuroalg_cli import engine as engines
from neuroalg_cli.errors import CheckFailedError, NeuroalgError
from neuroalg_cli.question import BUILTIN
from neuroalg_cli.version import program_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.engine import Engine, Installation

#: The cone over the twisted cubic has dimension 2 and degree 3, the 3 x 3 matrices of rank at most 2 have dimension 8:
#: J. Harris, Algebraic Geometry: A First Course, Examples 1.10 and 18.13, Proposition 12.2
KNOWN_ANSWER = {"dimension": 2, "degree": 3, "rank": 8}
_TEST_SECONDS = 300.0
_TEST_MEMORY = 4 * 2**30


def examine(configured: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Returns the state of the program and its engines.

    ``program_version``, ``python``, and ``engines``: a list, the builtin one first, then by name, of

    =======================  =============================================================================
    ``name``, ``title``      of the engine
    ``optional``             whether other engines can take its place
    ``state``                ``works``, ``missing``, ``unusable`` or ``fails its test``
    ``found``, ``works``     Booleans
    ``version``, ``path``    as it says, as it is called; empty if it is missing
    ``minimum_version``      the oldest that is supported
    ``origin``               ``option``, ``environment``, ``wheel`` or ``path``: how it was found
    ``sha256``               of the file that computes
    ``known_answer``         ``passed``, ``failed`` or ``not run``: a question with a published answer
    ``reason``, ``cure``     what is wrong, and what helps; empty if it works
    ``exit_code``            of the error behind the reason, 0 if it works
    =======================  =============================================================================

    ``configured``: programs that options name, by engine.
    """
    states = [
        _examine_builtin(),
        *(_examine(engine, (configured or {}).get(engine.name)) for engine in engines.load_all()),
    ]
    return {"program_version": program_version(), "python": platform.python_version(), "engines": states}


def engine_rows(configured: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Returns one row for every engine: where it is and which version, without testing it."""
    rows = [{"engine": BUILTIN, "state": "found", "version": program_version(), "path": ""}]
    for engine in engines.load_all():
        installation, error = _find(engine, (configured or {}).get(engine.name))
        rows.append(
            {
                "engine": engine.name,
                "state": _state(error),
                "version": installation.version if installation else "",
                "path": installation.path if installation else "",
            }
        )
    return rows


def check_known_answer(installation: Installation) -> None:
    """Raises `CheckFailedError` if the engine answers the test question wrong, another error if it does not answer."""
    from neuroalg_cli.execution import execute  # noqa: PLC0415  # jinja2
    from neuroalg_cli.rendering import render  # noqa: PLC0415
    from neuroalg_cli.running import Limits  # noqa: PLC0415

    script = render(f"{installation.engine}/known-answer")
    answer = execute(script, installation, Limits(wall_seconds=_TEST_SECONDS, memory_bytes=_TEST_MEMORY))
    engine = engines.load(installation.engine)
    _compare(engine.title, answer.values, engine.known_answer or KNOWN_ANSWER)


def _compare(title: str, values: Mapping[str, object], known: Mapping[str, object]) -> None:
    if dict(values) != dict(known):
        raise CheckFailedError(
            f"{title} fails its test: it answers {dict(values)} to a question whose answer is {dict(known)}; reinstall it, and "
            "do not trust what it computed before"
        )


def _examine(engine: Engine, configured: str | None) -> dict[str, Any]:
    installation, error = _find(engine, configured)
    tested = "not run"
    if installation is not None:
        error = _guarded(lambda: check_known_answer(installation), engine)
        tested = "passed" if error is None else "failed"
    return _description(
        name=engine.name,
        title=engine.title,
        is_optional=engine.is_optional,
        minimum_version=engine.minimum_version,
        installation=installation,
        known_answer=tested,
        error=error,
        cure=f"get it with {engine.how_to_get_it}; or name another one with --{engine.name} or {engine.environment_variable}",
    )


def _examine_builtin() -> dict[str, Any]:
    error = _guarded(_check_builtin, None)
    description = _description(
        name=BUILTIN,
        title="builtin",
        is_optional=False,
        minimum_version="",
        installation=None,
        known_answer="passed" if error is None else "failed",
        error=error,
        cure="reinstall neuroalg with its requirements numpy and python-flint",
    )
    return {**description, "found": True, "version": program_version()}


def _check_builtin() -> None:
    """Raises unless the ranks of the matrices (i + j), i, j < n, are 2 modulo a prime: they are sums of two of rank one."""
    import numpy as np  # noqa: PLC0415
    from flint import nmod_mat  # noqa: PLC0415

    for size in (2, 5, 40):
        table = np.add.outer(np.arange(size), np.arange(size))
        rank = nmod_mat(size, size, [int(entry) for entry in table.ravel()], 8388593).rank()
        if rank != 2:
            raise CheckFailedError(f"python-flint finds the rank {rank} for a matrix of rank 2; reinstall it")


def _find(engine: Engine, configured: str | None) -> tuple[Installation | None, NeuroalgError | None]:
    from neuroalg_cli.finding import find  # noqa: PLC0415

    found: list[Installation] = []
    error = _guarded(lambda: found.append(find(engine.name, configured)), engine)
    return (found[0] if found else None), error


def _guarded(action: Any, engine: Engine | None) -> NeuroalgError | None:
    """Returns the error that an action meets, or None; a doctor does not fall ill."""
    try:
        action()
    except NeuroalgError as error:
        return error
    except Exception as error:  # noqa: BLE001
        name = engine.title if engine else "the builtin engine"
        return NeuroalgError(
            f"examining {name} failed: {type(error).__name__}: {error}; this is a bug, please report it"
        )
    return None


def _description(
    *,
    name: str,
    title: str,
    is_optional: bool,
    minimum_version: str,
    installation: Installation | None,
    known_answer: str,
    error: NeuroalgError | None,
    cure: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "optional": is_optional,
        "state": "works" if error is None else "fails its test" if installation else _state(error),
        "found": installation is not None or (error is not None and error.kind == "engine-unusable"),
        "works": error is None,
        "version": installation.version if installation else "",
        "minimum_version": minimum_version,
        "path": installation.path if installation else "",
        "origin": installation.origin if installation else "",
        "sha256": installation.sha256 if installation else "",
        "known_answer": known_answer,
        "reason": error.sentence if error else "",
        "cure": cure if error else "",
        "kept": (error.directory or "") if error else "",
        "exit_code": error.exit_code if error else 0,
    }


def _state(error: NeuroalgError | None) -> str:
    if error is None:
        return "found"
    return {"engine-missing": "missing", "engine-unusable": "unusable"}.get(error.kind, "fails its test")
