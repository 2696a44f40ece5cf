"""Every error that a user can meet, defined once, each with its exit code.

A message is one sentence: what happened, the evidence, what to try.  The command line turns these
exceptions into exit codes; the Python API raises them.

====  =====================================================================
code  meaning
====  =====================================================================
0     success
1     a bug in neuroalg
2     usage: an option or argument is wrong
3     the description of a network is wrong
4     an engine is missing
5     an engine was found and cannot be used
6     the time limit was reached
7     the memory limit was reached
8     an engine refused its script
9     an engine crashed
10    an engine gave no readable result
11    engines or methods disagree
12    a check failed (``verify``, ``doctor``)
130   interrupted
====  =====================================================================
"""

from __future__ import annotations

from typing import Any


def shown(value: object, length: int = 40) -> str:
    """Returns a value as evidence in a sentence: its ``repr``, cut to so many characters."""
    try:
        text = repr(value)
    except ValueError:  # Python prints no integer of more than 4,300 digits
        text = "a number of thousands of digits"
    return text if len(text) <= length else text[: length - 3] + "..."


class NeuroalgError(Exception):
    """Base of all errors that are not bugs; ``str(error)`` is one sentence for the user."""

    exit_code = 1
    kind = "bug"

    def __init__(self, sentence: str, *, directory: str | None = None, details: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        #: the kept run directory of a failed engine run, if there is one
        self.directory = directory
        #: longer evidence (the last lines that an engine printed), never needed to understand the sentence
        self.details = details
        #: what a script had answered before it was stopped, if it wrote that down
        self.so_far: dict[str, Any] | None = None


class UsageError(NeuroalgError):
    """An option or an argument is wrong."""

    exit_code = 2
    kind = "usage"


class SpecError(NeuroalgError):
    """The description of a network is wrong; the sentence names the offending key."""

    exit_code = 3
    kind = "spec"


class EngineMissingError(NeuroalgError):
    """An engine that the question needs is not on this machine."""

    exit_code = 4
    kind = "engine-missing"


class EngineUnusableError(NeuroalgError):
    """An engine was found, but it is too old, broken or built for another processor."""

    exit_code = 5
    kind = "engine-unusable"


class TimeLimitError(NeuroalgError):
    """The time limit was reached, or the estimate says that it would be."""

    exit_code = 6
    kind = "time-limit"


class MemoryLimitError(NeuroalgError):
    """The memory limit was reached, or the estimate says that it would be."""

    exit_code = 7
    kind = "memory-limit"


class ScriptError(NeuroalgError):
    """An engine refused the script: a bug in a template, or an engine version that it does not fit."""

    exit_code = 8
    kind = "script-error"


class EngineCrashError(NeuroalgError):
    """An engine ended by a signal or in the middle of its work."""

    exit_code = 9
    kind = "engine-crash"


class NoResultError(NeuroalgError):
    """An engine ended without a readable result file."""

    exit_code = 10
    kind = "no-result"


class DisagreementError(NeuroalgError):
    """Two independent methods gave different values; one of them is wrong."""

    exit_code = 11
    kind = "disagreement"


class CheckFailedError(NeuroalgError):
    """A replayed proof does not hold, or an engine failed its known-answer test."""

    exit_code = 12
    kind = "check-failed"


class InterruptedRunError(NeuroalgError):
    """The user pressed Ctrl-C while an engine was running."""

    exit_code = 130
    kind = "interrupted"
