"""Why a proof is refused: an error of one sentence, and the comparisons that raise it."""

from __future__ import annotations

from typing import Any


class ReportError(ValueError):
    """What was given is no readable report, or a proof in it does not hold; the message is one sentence."""


def require(condition: object, sentence: str) -> None:
    """Raises `ReportError` with the sentence unless the condition holds."""
    if not condition:
        raise ReportError(sentence)


def integers(values: Any, what: str, low: int, high: int, count: int | None = None) -> tuple[int, ...]:
    """Returns integers in [low, high), as many as asked for; a Boolean is none."""
    good = type(values) in (list, tuple) and all(type(value) is int and low <= value < high for value in values)
    require(good and count in (None, len(values)), f"{what}: not the right number of integers in the right range")
    return tuple(values)


def same(what: str, stated: Any, found: Any) -> None:
    """Raises `ReportError` unless what is stated is what was found."""
    shown = [str(n) if type(n) in (bool, int) and abs(n) < 10**30 else "another value" for n in (stated, found)]
    require(type(stated) is type(found) and stated == found, f"{what} is stated as {shown[0]}, found as {shown[1]}")
