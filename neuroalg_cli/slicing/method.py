"""The method ``slicing``: the points of V on random linear spaces, counted on slices of the parameters modulo two primes.

Two slices with constants and primes of their own are counted at the same time.  On each the points of the fibre must divide the
points on every linear space, none of which may be empty, and both must give the same degree; otherwise both are drawn again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli import engine as engines
from neuroalg_cli.claims import not_polynomial, rounded_up
from neuroalg_cli.errors import DisagreementError, MemoryLimitError, NeuroalgError, SpecError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import Answer
from neuroalg_cli.report.model import EngineIdentity, ScriptIdentity
from neuroalg_cli.run_directory import discard_run

if TYPE_CHECKING:
    from neuroalg_cli.engine import Installation
    from neuroalg_cli.question import Question
    from neuroalg_cli.rendering import Script
    from neuroalg_cli.slicing.counts import Count
    from neuroalg_cli.slicing.plan import Plan

#: times that both slices are drawn again if one of them was exceptional
RETRIES = 3
#: what each engine's fast arithmetic takes: Macaulay2's F4 gives way to Buchberger's algorithm from 2^16 on, and Singular takes a
#: hundred times longer from 2^15 on
_BITS = {"msolve": 31, "macaulay2": 16, "sage": 15}
#: the part of the time that is left that a method takes which nobody asked for by name
_SHARE = 0.7
#: kept for what comes after an engine was stopped
_MARGIN_SECONDS = 0.2
#: under this name the question remembers the engine on which slicing reached its limits
_EXHAUSTED = "slicing exhausted"


class SlicingMethod:
    """The degree as points on linear spaces over points of a fibre, counted by an engine's Gröbner bases modulo primes."""

    name = "slicing"
    certainty = "modular"

    def __init__(self, engine: str, summary: str) -> None:
        self.engine = engine
        self.summary = summary
        #: of the primes
        self.bits = _BITS.get(engine, min(_BITS.values()))

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates, or an engine that nobody named and nobody needs is not there."""
        sentence = not_polynomial(question)
        if sentence is not None:
            return sentence
        if not question.phi.parameter_count or not question.phi.ambient_dimension:
            return f"the neurovariety of {question.architecture.label} is a point, which no slice is needed for"
        if question.engine == "auto" and not self._is_at_hand(question):
            return f"{engines.load(self.engine).title} is not installed, and other engines can take its place"
        return None

    def script(self, question: Question) -> Script:
        """Returns the first script of the first slice, without running anything."""
        from neuroalg_cli.slicing.counts import batches, script  # noqa: PLC0415  # jinja2

        plan = self._plan(question).on_slice(f"{self.name}/0/0", self.bits)
        return script(self.engine, plan, batches(self.engine, plan)[0])

    def answer(self, question: Question) -> Answer:
        """Returns the claim; if a limit ends the count, what was counted as a lower bound, with ``stopped``.

        Raises `DisagreementError` if slices disagree again and again, and the engine's `NeuroalgError` if nothing was counted.
        """
        from neuroalg_cli.deadline import Deadline  # noqa: PLC0415
        from neuroalg_cli.finding import find  # noqa: PLC0415
        from neuroalg_cli.slicing.counts import count_both  # noqa: PLC0415

        is_unasked = (question.method, question.engine) == ("auto", "auto") and not question.cross_check
        if is_unasked and _EXHAUSTED in question.memory_of_answers:
            raise TimeLimitError(
                f"slicing reached its limits on {question.memory_of_answers[_EXHAUSTED]}, which is faster than {self.engine}; "
                f"ask for it with --engine {self.engine}"
            )
        installation = find(self.engine, question.engine_paths.get(self.engine))
        plan = self._plan(question)
        tried: list[Count] = []
        for attempt in range(1 + RETRIES):
            question.announce("systems on two slices")
            plans = [plan.on_slice(f"{self.name}/{attempt}/{number}", self.bits) for number in range(2)]
            question.deadline.require("points on a slice could be counted")
            seconds = question.deadline.remaining() * (_SHARE if is_unasked else 1.0) - _MARGIN_SECONDS
            counts = count_both(plans, installation, Deadline(max(seconds, 0.1)), question.memory, question.announce)
            tried += counts
            error = next((count.error for count in counts if count.error is not None), None)
            if error is not None:
                if isinstance(error, TimeLimitError | MemoryLimitError):
                    question.memory_of_answers[_EXHAUSTED] = self.engine
                self._tidy(question, tried, error)
                return self._lower_bound(question, installation, counts, error)
            is_sound = all(count.problem() is None for count in counts)
            if is_sound and len({count.degree for count in counts}) == 1:
                volatile = self._tidy(question, tried)
                return self._exact(question, installation, counts, attempt, volatile)
        raise DisagreementError(
            f"{len(tried)} slices of the parameters do not show one degree: "
            f"{'; '.join(count.describe() for count in tried)}; try another --seed, and report it with the kept folders",
            directory=str(tried[-1].directories[-1].parent),
            details="\n".join(str(directory) for count in tried for directory in count.directories),
        )

    def _is_at_hand(self, question: Question) -> bool:
        from neuroalg_cli.finding import candidates  # noqa: PLC0415

        engine = engines.load(self.engine)
        is_named = question.engine_paths.get(self.engine) is not None
        return not engine.is_optional or is_named or any(True for _ in candidates(engine))

    def _plan(self, question: Question) -> Plan:
        from neuroalg_cli.slicing.plan import Plan  # noqa: PLC0415  # numpy

        dimension = known_dimension(question).value
        if dimension == 0:
            raise SpecError(f"the neurovariety of {question.architecture.label} is a point; use --method auto")
        return Plan.of(question.phi.network, dimension, question.seed)

    def _tidy(self, question: Question, tried: list[Count], error: NeuroalgError | None = None) -> dict[str, Any]:
        """Removes the folders of runs, but that of an error that is told, unless they are to be kept; returns which were."""
        if question.keep:
            return {"kept": [str(directory) for count in tried for directory in count.directories]}
        for count in tried:
            count.discard()
            if count.error is not error:
                discard_run(count.error)
        return {}

    def _exact(
        self,
        question: Question,
        installation: Installation,
        counts: list[Count],
        attempt: int,
        volatile: dict[str, Any],
    ) -> Answer:
        from neuroalg_cli.slicing.error_bounds import miss_probability  # noqa: PLC0415

        # Each attempt was accepted only if both of its slices agreed.
        bound = (attempt + 1) * math.prod(miss_probability(count.plan, count.points) for count in counts)
        known = known_dimension(question)
        if known.error_probability is not None:
            bound += float(known.error_probability)
        is_bounded = bound < 1
        assumption = (
            "the primes are not among the finitely many modulo which the closure of the image has another degree"
        )
        if not is_bounded:
            assumption = (
                "at most one of two random slices was exceptional, for which no bound below 1 is known with primes of "
                f"{self.bits} bits; {assumption}"
            )
        return self._answer(
            question,
            installation,
            counts,
            kind="exact",
            volatile=volatile,
            error_probability=rounded_up(bound) if is_bounded else None,
            assumptions=(assumption,),
        )

    def _lower_bound(
        self, question: Question, installation: Installation, counts: list[Count], error: NeuroalgError
    ) -> Answer:
        """Returns what the counted part of the best slice shows; raises the error if that is nothing."""
        usable = [c for c in counts if c.fiber_degree and c.problem() is None and c.points]
        if not usable:
            raise error
        assumption = (
            "a finite count modulo a prime is never too large, but the points of the fibre, by whose number it is divided, "
            "were counted at one random point"
        )
        best = max(usable, key=lambda count: count.degree)
        return self._answer(
            question, installation, [best], kind="lower_bound", volatile={}, stopped=error, assumptions=(assumption,)
        )

    def _answer(
        self,
        question: Question,
        installation: Installation,
        counts: list[Count],
        *,
        kind: Literal["exact", "lower_bound"],
        volatile: dict[str, Any],
        stopped: NeuroalgError | None = None,
        **details: Any,
    ) -> Answer:
        from neuroalg_cli.degree_methods.claim import degree_claim  # noqa: PLC0415
        from neuroalg_cli.slicing.counts import batches, script  # noqa: PLC0415

        first = counts[0]
        ran = (
            first.scripts[0] if first.scripts else script(self.engine, first.plan, batches(self.engine, first.plan)[0])
        )
        claim = degree_claim(
            question,
            first.degree,
            self,
            kind=kind,
            fiber_degree=first.fiber_degree,
            slice_points=first.points,
            certainty="modular",
            engine=EngineIdentity(name=self.engine, version=installation.version, sha256=installation.sha256),
            script=ScriptIdentity(template=ran.template, template_sha256=ran.template_sha256, sha256=ran.sha256),
            primes=tuple(count.plan.prime for count in counts),
            references=first.plan.references,
            evidence={
                "blocks": first.plan.blocks_as_json(),
                "slices": [count.as_evidence() for count in counts],
            },
            **details,
        )
        peak = max(count.peak_memory_bytes for count in counts)
        return Answer(claim, {"path": installation.path, "peak_memory_bytes": peak, **volatile}, stopped=stopped)


def slicing_methods() -> tuple[SlicingMethod, ...]:
    """Returns the method on every engine that has a template for it, the fastest engine first."""
    from neuroalg_cli.catalogue import templates  # noqa: PLC0415

    found = {t.engine: t.summary for t in templates() if (t.invariant, t.method) == ("degree", "slicing")}
    order = sorted(found, key=lambda name: (-_BITS.get(name, 0), name))
    return tuple(SlicingMethod(name, found[name]) for name in order)
