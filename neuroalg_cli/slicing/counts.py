"""Counts points on two slices at once, each in a thread and an engine of its own, and keeps what a stopped engine had counted."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

from neuroalg_cli import engine as engines
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError
from neuroalg_cli.execution import execute
from neuroalg_cli.rendering import Script, render
from neuroalg_cli.run_directory import RunDirectory
from neuroalg_cli.running import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from neuroalg_cli.deadline import Deadline
    from neuroalg_cli.engine import Installation
    from neuroalg_cli.slicing.plan import SlicePlan


@dataclass
class Count:
    """What was counted on one slice."""

    plan: SlicePlan
    #: points of the fibre first, then of every linear space; None: infinitely many
    counts: list[int | None] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    #: of the runs that ended well
    directories: list[Path] = field(default_factory=list)
    peak_memory_bytes: int = 0
    #: what ended the count before it was complete
    error: NeuroalgError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every system was counted."""
        return len(self.counts) == len(self.plan.systems)

    @property
    def fiber_degree(self) -> int:
        """F, 0 if it is not known."""
        return (self.counts[0] or 0) if self.counts else 0

    @property
    def points(self) -> int:
        """The points on all linear spaces that were counted, alike ones included."""
        weighted = zip(self.plan.patterns, self.counts[1:], strict=False)
        return sum(pattern.multiplicity * (count or 0) for pattern, count in weighted)

    @property
    def degree(self) -> int:
        """The points of V on linear spaces, as far as they were counted on a slice without a problem."""
        return self.points // self.fiber_degree

    def problem(self) -> str | None:
        """Returns why the slice must be exceptional, or None; the fibre was counted."""
        if None in self.counts:
            return "infinitely many points"
        if 0 in self.counts:
            return "no points on a linear space that must meet V"
        if any(count % self.fiber_degree for count in self.counts[1:] if count):
            return (
                f"{_listed(self.counts[1:])} points, not all of them multiples of the {self.fiber_degree} of the fibre"
            )
        return None

    def describe(self) -> str:
        """Returns the numbers in half a sentence."""
        what = self.problem() or f"{self.points} points over a fibre of {self.fiber_degree}, degree {self.degree}"
        return f"modulo {self.plan.prime} {what}"

    def as_evidence(self) -> dict[str, Any]:
        """Returns the numbers as plain JSON values; unknowns are parameters, numbered from 1."""
        counted = zip(self.plan.patterns, self.counts[1:], strict=False)
        return {
            "prime": self.plan.prime,
            "unknowns": [number + 1 for number in self.plan.slice.free],
            "fiber_degree": self.fiber_degree,
            "points": self.points,
            "linear_spaces": [
                {"equations": list(pattern.equations), "alike": pattern.multiplicity, "points": count}
                for pattern, count in counted
            ],
            "scripts": [script.sha256 for script in self.scripts],
        }

    def discard(self) -> None:
        """Removes the folders of the runs."""
        for directory in self.directories:
            RunDirectory(directory).remove()
        self.directories.clear()


def script(engine: str, plan: SlicePlan, numbers: Sequence[int]) -> Script:
    """Returns the script that counts the solutions of some of the systems."""
    return render(
        f"{engine}/degree-slicing",
        systems=[list(plan.systems[number].equations) for number in numbers],
        unknowns=plan.slice.dimension,
        characteristic=plan.prime,
    )


def batches(engine: str, plan: SlicePlan) -> list[range]:
    """Returns the systems of each script: all in one, or one by one for an engine that reads no more."""
    size = len(plan.systems)
    return [range(i, i + 1) for i in range(size)] if engines.load(engine).dialect.sums_only else [range(size)]


def count_both(
    plans: Sequence[SlicePlan],
    installation: Installation,
    deadline: Deadline,
    memory: int | None,
    announce: Callable[[str], None],
) -> list[Count]:
    """Returns what was counted on slices, all at once, and again one after the other where memory is too small for that.

    A count that is not complete has its ``error``.  An interruption ends the engines and passes through.
    """
    counts = [Count(plan) for plan in plans]
    share = None if memory is None else memory // len(plans)
    if share is None or share >= engines.load(installation.engine).minimal_memory:
        _count_all(counts, installation, deadline, share, announce)
    for count in counts:
        if not count.is_complete and isinstance(count.error, MemoryLimitError | None):
            count.error = None
            _count_all([count], installation, deadline, memory, announce)
    return counts


def _count_all(
    counts: Sequence[Count],
    installation: Installation,
    deadline: Deadline,
    memory: int | None,
    announce: Callable[[str], None],
) -> None:
    cancelled = Event()
    limits = functools.partial(Limits, memory_bytes=memory)
    total = sum(len(count.plan.systems) for count in counts)
    with ThreadPoolExecutor(len(counts)) as pool:
        pending = {pool.submit(_count, count, installation, deadline, limits, cancelled) for count in counts}
        try:
            while pending:
                announce(f"{sum(len(count.counts) for count in counts)} of {total} systems solved")
                done, pending = wait(pending, timeout=1.0)
                for future in done:
                    future.result()
        except BaseException:
            cancelled.set()
            raise


def _count(
    count: Count, installation: Installation, deadline: Deadline, limits: Callable[..., Limits], cancelled: Event
) -> None:
    """Counts on one slice from where it was left, and keeps the error that ends it."""
    for batch in batches(installation.engine, count.plan):
        rest = [number for number in batch if number >= len(count.counts)]
        if not rest:
            continue
        try:
            deadline.require("all points were counted")
            asked = script(installation.engine, count.plan, rest)
            limit = limits(wall_seconds=max(deadline.remaining(), 0.1))
            answer = execute(asked, installation, limit, keep=True, is_cancelled=cancelled.is_set)
        except NeuroalgError as error:
            count.error = error
            count.counts += error.so_far["counts"] if error.so_far else []
            return
        count.scripts.append(asked)
        count.counts += answer.values["counts"]
        count.directories.append(answer.run.request.directory)
        count.peak_memory_bytes = max(count.peak_memory_bytes, answer.run.peak_memory_bytes)


def _listed(counts: Sequence[int | None]) -> str:
    return ", ".join(str(count) for count in counts)
