"""Reports as text, and texts as reports."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from neuroalg_cli.errors import UsageError, shown
from neuroalg_cli.report.model import COMPARISON_SCHEMA, SCHEMA, VERSION, Report

_MAXIMAL_BYTES = 512 * 2**20
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def report_text(report: Report) -> str:
    """Returns the report as indented JSON, with lists of numbers on one line."""
    return _format(report.model_dump(mode="json", by_alias=True), "") + "\n"


def _format(value: Any, margin: str) -> str:
    inner = margin + "  "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {_format(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + margin + "}"
    if isinstance(value, list) and any(isinstance(entry, dict | list) for entry in value):
        return "[\n" + ",\n".join(inner + _format(entry, inner) for entry in value) + "\n" + margin + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Returns a value or a list of them on one line; a ? stands for what UTF-8 cannot encode, such as odd file names."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def require_writable(path: str, what: str = "the report", option: str = "-o") -> None:
    """Raises `UsageError` if ``what`` can certainly not be written to a file; asked before the work of hours."""
    if not path.strip():
        raise UsageError(f"{what} cannot be written: {option} has no file name; name a file")
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise UsageError(f"{what} cannot be written: {shown(path, 80)} is a folder; name a file")
        reason = None
        if not target.parent.is_dir():
            reason = "its folder does not exist"
        elif not os.access(target if target.exists() and not target.is_file() else target.parent, os.W_OK):
            reason = "Permission denied"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
    if reason is not None:
        raise UsageError(f"{what} cannot be written to {shown(path, 80)} ({reason}); name another file with {option}")


def write_report(report: Report, path: str) -> None:
    """Writes the report to a file, whole or not at all; behind a link, to the file that it names.

    Raises `UsageError` if the file cannot be written.
    """
    text = report_text(report)
    require_writable(path)
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            # a device or a pipe: a file put in its place would break it
            target.write_text(text, encoding="utf-8")
            return
        descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=target.name + ".", suffix=".partial")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            umask = os.umask(0)
            os.umask(umask)
            Path(partial).chmod(0o666 & ~umask)
            Path(partial).replace(target)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"the report cannot be written to {shown(path, 80)} ({reason}); name another file with -o"
        ) from None


class _DuplicateKeyError(Exception):
    """An object of a JSON text has a key twice, so that readers may take different values for it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns a JSON object; raises `_DuplicateKeyError` for a key that it has twice."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _DuplicateKeyError(key)
        result[key] = value
    return result


def read_json(source: str) -> Any:
    """Returns the JSON value in a file or, for ``-``, on standard input; raises `UsageError` if there is none.

    A key that an object has twice is refused as well.
    """
    name = "standard input" if source == "-" else shown(source, 80)
    try:
        data = sys.stdin.buffer.read(_MAXIMAL_BYTES + 1) if source == "-" else _read_file(Path(source), name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{name} cannot be read ({reason}); name a report written with -o or --json") from None
    if len(data) > _MAXIMAL_BYTES:
        raise UsageError(f"{name} has more than {_MAXIMAL_BYTES // 2**20} MiB; no report is that large")
    if not data.strip():
        raise UsageError(f"{name} is empty, so no JSON; name a report written with -o or --json")
    try:
        return json.loads(data, object_pairs_hook=_object)
    except _DuplicateKeyError as error:
        raise UsageError(f"{name} has the key {shown(error.key)} twice in one object; leave out one of them") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no JSON; name a report written with -o or --json") from None


def refuse_comparison(value: Any, name: str) -> None:
    """Raises `UsageError` for what `neuroalg compare` wrote."""
    if isinstance(value, dict) and value.get("schema") == COMPARISON_SCHEMA:
        raise UsageError(f"{name} is a comparison; the reports that it holds are its entries 'first' and 'second'")


def read_report(source: str) -> Report:
    """Returns the report in a file or, for ``-``, on standard input; raises `UsageError` if there is none."""
    value = read_json(source)
    name = "standard input" if source == "-" else shown(source, 80)
    refuse_comparison(value, name)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise UsageError(f"{name} is JSON, but no report of neuroalg; name a report written with -o or --json")
    if value.get("version") != VERSION or isinstance(value["version"], bool):
        raise UsageError(
            f"{name} is a report of version {shown(value.get('version'))}; this program reads version {VERSION}"
        )
    try:
        # as JSON, so that lists may stand for tuples, but no text for a number
        return Report.model_validate_json(json.dumps(_printable(value)), strict=True)
    except RecursionError:
        raise UsageError(f"{name} is a damaged report: it is nested too deeply") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])[:80]
        raise UsageError(f"{name} is a damaged report: '{key}': {first['msg']}") from None


def _printable(value: Any) -> Any:
    """Returns a JSON value without the characters that command a terminal: a report may come from anybody."""
    match value:
        case str():
            return _CONTROL.sub("?", value)
        case list():
            return [_printable(entry) for entry in value]
        case dict():
            return {_printable(key): _printable(entry) for key, entry in value.items()}
        case _:
            return value


def _read_file(path: Path, name: str) -> bytes:
    if path.is_dir():
        raise UsageError(f"{name} is a folder; name a report written with -o or --json")
    with path.open("rb") as file:
        return file.read(_MAXIMAL_BYTES + 1)
