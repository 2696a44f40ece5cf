"""The differences between two reports, outside the volatile part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroalg_cli.report.model import Report

_ABSENT = object()


def differences(first: Report, second: Report) -> list[tuple[str, str, str]]:
    """Returns (path, value in the first, value in the second) for every entry that differs, values shortened."""
    one, other = (report.model_dump(mode="json", by_alias=True, exclude={"volatile"}) for report in (first, second))
    return list(_differences("", one, other))


def _differences(path: str, one: Any, other: Any) -> list[tuple[str, str, str]]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = list(one) + [key for key in other if key not in one]
        pairs = [(f"{path}.{key}" if path else key, one.get(key, _ABSENT), other.get(key, _ABSENT)) for key in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        # in Python 1 == True == 1.0, in a report they differ
        is_same = type(one) is type(other) and one is not _ABSENT and one == other
        return [] if is_same else [(path, _shown(one), _shown(other))]
    return [found for name, a, b in pairs for found in _differences(name, a, b)]


def _shown(value: Any) -> str:
    text = "(absent)" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
