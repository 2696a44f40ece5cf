"""A question and the contract of what answers it: methods, each with its engine, certainty and reach."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import SpecError, UsageError, shown
from neuroalg_cli.parametrization import PolynomialMap

if TYPE_CHECKING:
    from fractions import Fraction

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.errors import NeuroalgError
    from neuroalg_cli.report.model import Claim

DEFAULT_SECONDS = 3600.0
DEFAULT_MEMORY = 8 * 2**30
BUILTIN = "builtin"
#: of equations and Hilbert functions; beyond, the Hilbert polynomial says more
MAXIMAL_DEGREE = 1_000


def _say_nothing(stage: str) -> None:
    del stage


@dataclass(frozen=True)
class Question:
    """An invariant of an architecture, with the options that the answer may depend on."""

    invariant: str
    architecture: Architecture
    method: str = "auto"
    engine: str = "auto"
    cross_check: bool = False
    seed: int = 0
    seconds: float | None = DEFAULT_SECONDS
    memory: int | None = DEFAULT_MEMORY
    #: where engines were said to be, by name
    engine_paths: Mapping[str, str] = field(default_factory=dict)
    keep: bool = False
    #: whether limits are kept by force in this process (the command line), not by estimates alone (the library)
    enforce_limits: bool = False
    #: weights at which to look, one rational number per parameter in the order of the graph; None: generic ones
    point: tuple[Fraction, ...] | None = None
    #: the highest degree of equations to look at; None: as far as it takes
    max_degree: int | None = None
    #: what `contains` asks about
    candidate: Any = None
    #: told, in a short phrase, what is being computed
    announce: Callable[[str], None] = field(default=_say_nothing, compare=False, repr=False)
    #: what was found out about the architecture on the way, shared by copies made with `within`
    memory_of_answers: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Raises `UsageError` for options that no method can use."""
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise UsageError(f"the seed is {shown(self.seed)}; it must be an integer that is not negative")
        for name, value in (("seconds", self.seconds), ("memory", self.memory)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
                raise UsageError(
                    f"the limit '{name}' is {shown(value)}; it must be a positive number, or None for no limit"
                )
        degree = self.max_degree
        is_degree = isinstance(degree, int) and not isinstance(degree, bool) and 0 <= degree <= MAXIMAL_DEGREE
        if degree is not None and not is_degree:
            raise UsageError(f"the highest degree is {shown(degree)}; it must be an integer from 0 to {MAXIMAL_DEGREE}")
        if not isinstance(self.engine_paths, Mapping) or not all(
            path is None or isinstance(path, str) for path in self.engine_paths.values()
        ):
            raise UsageError(
                f"'engine_paths' is {shown(self.engine_paths)}; it must be a dictionary such as {{'sage': '/usr/bin/sage'}}"
            )
        if self.point is not None and len(self.point) != self.phi.parameter_count:
            raise SpecError(
                f"{len(self.point)} weights were given; {self.architecture.label} has {self.phi.parameter_count} parameters"
            )

    @functools.cached_property  # what it counts is counted once
    def phi(self) -> PolynomialMap:
        """The parametrization map of the architecture."""
        return PolynomialMap(self.architecture.network())

    @functools.cached_property
    def deadline(self) -> Deadline:
        """When the time for this question is over; it runs from the first look at it."""
        return Deadline(self.seconds)

    def within(self, deadline: Deadline) -> Question:
        """Returns the same question with another deadline; it shares what is known already, and states the same limits."""
        copy = replace(self)
        copy.__dict__.update(phi=self.phi, deadline=deadline)
        return copy


@dataclass(frozen=True, slots=True)
class Answer:
    """A claim, and what differs from run to run: paths, times, peak memory."""

    claim: Claim
    volatile: dict[str, Any] = field(default_factory=dict)
    #: what kept the method from an exact answer, if the claim is only the best so far
    stopped: NeuroalgError | None = None


class Method(Protocol):
    """One way to answer a question."""

    name: str
    engine: str
    certainty: str
    summary: str

    def obstacle(self, question: Question) -> str | None:
        """Returns why the method cannot answer this question, or None if it can."""

    def answer(self, question: Question) -> Answer:
        """Returns the claim; raises a `NeuroalgError` if there is none within the limits."""
