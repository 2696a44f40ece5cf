"""Two networks side by side: their invariants, each within a share of the time, and whether one variety contains the other."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroalg_cli.containment.candidates import generic_function
from neuroalg_cli.containment.decision import ORDER
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import NeuroalgError, SpecError, TimeLimitError
from neuroalg_cli.pipeline import answer, assemble
from neuroalg_cli.report.model import COMPARISON_SCHEMA, Failure
from neuroalg_cli.run_directory import RunDirectory, discard_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.question import Question
    from neuroalg_cli.report.model import Claim, Report

    Announce = Callable[[str], None]

VERSION = 1
INVARIANTS = ("dimension", "degree", "hilbert", "ideal")
#: the share of the time that is left, for one invariant of both networks and for containment
_SHARES = {"dimension": 0.5, "contains": 0.5, "degree": 0.5, "hilbert": 0.5, "ideal": 0.3}


@dataclass
class Side:
    """One of both networks: its claims by invariant, and why others are missing."""

    question: Question
    claims: dict[str, Claim] = field(default_factory=dict)
    reasons: dict[str, NeuroalgError] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    volatile: list[dict[str, Any]] = field(default_factory=list)
    #: numbers of minimal generators modulo one prime, where there is no claim about the ideal
    generators: dict[str, int] | None = None

    @property
    def label(self) -> str:
        """The label of the network."""
        return self.question.architecture.label

    def report(self) -> Report:
        """Returns what was found as a report with claims about several invariants."""
        return assemble(self.question, tuple(self.claims.values()), tuple(self.failures), self.volatile)


@dataclass
class Comparison:
    """Both networks; whether V of the first is in that of the second, and the other way round, None: not decided."""

    sides: tuple[Side, Side]
    seconds: float = 0.0

    def contained(self, number: int) -> Claim | None:
        """Returns the claim that the variety of the other side contains that of side ``number``."""
        return self.sides[1 - number].claims.get("contains")

    @property
    def relation(self) -> tuple[str, str | None]:
        """How both varieties lie to each other, in words, and the weakest certainty of what this rests on."""
        first, second = (self.contained(number) for number in (0, 1))
        one, two = (None if claim is None else claim.value["contains"] for claim in (first, second))
        a, b = (side.label for side in self.sides)
        reason = self.sides[1].reasons.get("contains") or self.sides[0].reasons.get("contains")
        if first is None and second is None:
            return f"not comparable: {reason}", None
        decided = [
            claim.certainty for claim in (first, second) if claim is not None and claim.value["contains"] is not None
        ]
        weakest = max(decided, key=ORDER.index) if decided else None
        words: dict[tuple[Any, Any], str] = {
            (True, True): "equal varieties",
            (True, False): f"V({a}) is properly contained in V({b})",
            (False, True): f"V({b}) is properly contained in V({a})",
            (False, False): "neither variety contains the other",
            (True, None): f"V({a}) is contained in V({b}); whether they are equal is not decided",
            (None, True): f"V({b}) is contained in V({a}); whether they are equal is not decided",
            (False, None): f"V({a}) is not contained in V({b}); the other way round is not decided",
            (None, False): f"V({b}) is not contained in V({a}); the other way round is not decided",
        }
        return words.get((one, two), "not decided"), weakest

    def as_json(self) -> dict[str, Any]:
        """Returns the comparison as plain JSON values, with a report about each of both networks."""
        words, certainty = self.relation
        first, second = (self.contained(number) for number in (0, 1))
        return {
            "schema": COMPARISON_SCHEMA,
            "version": VERSION,
            "relation": words,
            "certainty": certainty,
            "first_in_second": None if first is None else first.value["contains"],
            "second_in_first": None if second is None else second.value["contains"],
            "first": self.sides[0].report().model_dump(mode="json", by_alias=True),
            "second": self.sides[1].report().model_dump(mode="json", by_alias=True),
            "generators_modulo_a_prime": [side.generators for side in self.sides],
            "volatile": {"seconds": round(self.seconds, 3)},
        }


def compare(first: Question, second: Question, announce: Announce = lambda _: None) -> Comparison:
    """Returns the comparison of two networks; ``max_degree`` of the questions bounds Hilbert functions and equations.

    What cannot be had within the time of the first question is missing, with the reason; nothing else is raised.
    """
    start = time.monotonic()
    whole = Deadline(first.seconds)
    sides = Side(first), Side(second)
    _ask(sides, "dimension", whole, announce)
    _ask(sides, "contains", whole, announce)
    for invariant in ("degree", "hilbert", "ideal"):
        _ask(sides, invariant, whole, announce)
    return Comparison(sides, time.monotonic() - start)


def _ask(sides: tuple[Side, Side], invariant: str, whole: Deadline, announce: Announce) -> None:
    """Asks about an invariant of both networks, each with half of the share of the time."""
    share = whole.remaining() * _SHARES[invariant]
    for number, side in enumerate(sides):
        seconds = share / 2 if number == 0 else min(share, whole.remaining() * _SHARES[invariant])
        question = replace(
            side.question, invariant=invariant, seconds=None if math.isinf(seconds) else max(seconds, 0.01)
        )
        start = time.monotonic()
        try:
            if whole.is_over():
                raise TimeLimitError("no time was left; raise --timeout")
            if invariant == "contains":
                other = sides[1 - number].question.architecture
                question = replace(question, candidate=generic_function(other))
            elif invariant in ("degree", "hilbert", "ideal"):
                _require_variety(question)
            found = answer(question, lambda stage, label=side.label: announce(f"{label}: {stage}"))  # type: ignore[misc]
        except NeuroalgError as error:
            discard_run(error)
            side.reasons[invariant] = error
            failure = Failure(
                invariant=invariant,
                method=question.method,
                engine=question.engine,
                kind=error.kind,
                sentence=str(error),
                exit_code=error.exit_code,
            )
            side.failures.append(failure)
            if invariant == "ideal" and not whole.is_over():
                with contextlib.suppress(NeuroalgError):
                    side.generators = _generators_modulo(question.within(Deadline(whole.remaining() / 4)))
            continue
        for directory in found.volatile.get("kept", ()):
            RunDirectory(Path(directory)).remove()
        side.claims[invariant] = found.claims[0]
        side.failures += found.failures
        side.volatile.append({"invariant": invariant, "seconds": round(time.monotonic() - start, 3)})


def _generators_modulo(question: Question) -> dict[str, int]:
    """Returns numbers of minimal generators by degree modulo one prime, up to the highest degree asked for."""
    from neuroalg_cli.equations.minimal_generators import GroebnerBasis  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415
    from neuroalg_cli.variety.ideal_modulo import IdealModulo  # noqa: PLC0415
    from neuroalg_cli.variety.model import projective_model, usable_prime  # noqa: PLC0415

    model = projective_model(question.phi)
    prime = usable_prime(question.phi, generator(question.seed, "comparison/prime"))
    ideal = IdealModulo(model, prime, question.seed, expand=True, deadline=question.deadline, memory=question.memory)
    basis = GroebnerBasis(model.weights, prime)
    result = {}
    for degree in range(1, (question.max_degree or 1) + 1):
        chosen = basis.add(ideal.next(), question.deadline)
        result[str(degree)] = sum(map(len, chosen))
    return result


def _require_variety(question: Question) -> None:
    """Raises `SpecError` where the functions are no polynomials."""
    network = question.phi.network
    if not (network.is_rational and network.is_polynomial):
        raise SpecError("its functions are no polynomials in the inputs")
