"""The degree by scripts: elimination in an engine, and monodromy in Macaulay2's NumericalImplicitization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroalg_cli.degree_methods.claim import affordable_dimension, degree_claim, not_expandable
from neuroalg_cli.errors import DisagreementError, NeuroalgError, NoResultError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import Answer
from neuroalg_cli.report.model import Completeness, EngineIdentity, ScriptIdentity

if TYPE_CHECKING:
    from neuroalg_cli.execution import Answer as EngineAnswer
    from neuroalg_cli.question import Question
    from neuroalg_cli.rendering import Script

#: beyond this the elimination is not tried unless asked for: Gröbner bases die at a dozen variables
_SMALL_PARAMETERS = 12
_SMALL_COORDINATES = 12
_SMALL_DEGREE = 5
#: seconds for an elimination, and for monodromy in a cross-check, that nobody asked for by name
_UNASKED_SECONDS = {"groebner": 120.0, "monodromy": 600.0}
#: runs of monodromy, each with random choices of its own: one run in four has stopped at a single point
_RUNS = 3
#: so many runs that passed the trace test with one number of points are enough
_AGREEING = 2


class EngineMethod:
    """What both methods share: the expansion of phi, and a run with its limits."""

    def __init__(self, name: str, engine: str, certainty: str, summary: str) -> None:
        self.name = name
        self.engine = engine
        self.certainty = certainty
        self.summary = summary

    def render(self, question: Question, **context: Any) -> Script:
        """Returns the script for the coordinates of phi."""
        from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415
        from neuroalg_cli.rendering import render  # noqa: PLC0415

        network = question.phi.network
        polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
        template = f"{self.engine}/degree-{self.name}"
        return render(template, coordinates=polynomials, parameters=network.parameter_count, **context)

    def run(self, question: Question, script: Script) -> tuple[EngineAnswer, dict[str, Any], dict[str, Any]]:
        """Returns the engine's answer, who computed it (entries of a claim) and what differs from run to run."""
        from neuroalg_cli.execution import execute  # noqa: PLC0415
        from neuroalg_cli.finding import find  # noqa: PLC0415
        from neuroalg_cli.running import Limits  # noqa: PLC0415

        installation = find(self.engine, question.engine_paths.get(self.engine))
        question.deadline.require(f"{self.name} on {self.engine} could begin")
        seconds = question.deadline.remaining()
        is_unasked = question.method != self.name
        if is_unasked and (self.name == "groebner" or question.cross_check):
            seconds = min(seconds, _UNASKED_SECONDS[self.name])
        limits = Limits(wall_seconds=seconds, memory_bytes=question.memory)
        answer = execute(script, installation, limits, keep=question.keep)
        details = {
            "engine": EngineIdentity(name=self.engine, version=installation.version, sha256=installation.sha256),
            "script": ScriptIdentity(
                template=script.template, template_sha256=script.template_sha256, sha256=script.sha256
            ),
        }
        return answer, details, {"path": installation.path, "peak_memory_bytes": answer.run.peak_memory_bytes}


class EliminationMethod(EngineMethod):
    """The degree of the ideal of V, by eliminating the parameters: exact, on the engine's word, and only for small networks."""

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates, or the elimination would be hopeless and nobody named it."""
        sentence = not_expandable(question)
        if sentence is not None:
            return sentence
        phi = question.phi
        if not phi.parameter_count:
            return f"{question.architecture.label} has no parameters to eliminate"
        size = (phi.parameter_count, phi.ambient_dimension or 0, phi.total_degree)
        limits = (_SMALL_PARAMETERS, _SMALL_COORDINATES, _SMALL_DEGREE)
        if question.method != self.name and any(a > b for a, b in zip(size, limits, strict=True)):
            return "the elimination is only tried on small networks; ask for it with --method groebner"
        return None

    def script(self, question: Question) -> Script:
        """Returns the rendered script without running anything."""
        return self.render(question, characteristic=0)

    def answer(self, question: Question) -> Answer:
        """Returns the claim; raises `DisagreementError` if the engine found another dimension than the rank says."""
        known = known_dimension(question)
        answer, details, volatile = self.run(question, self.script(question))
        dimension = int(answer.values["dimension"])
        if dimension != known.value:
            raise DisagreementError(
                f"{self.engine} eliminates to dimension {dimension}, but the known one is {known.value} "
                f"({known.statement}); one of them is wrong, please report it"
            )
        claim = degree_claim(question, int(answer.values["degree"]), self, certainty="exact", **details)
        return Answer(claim, volatile)


class MonodromyMethod(EngineMethod):
    """Points on a random linear space by monodromy, in floating point; the trace test says whether they are all."""

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates, or V is known to be a point."""
        sentence = not_expandable(question)
        if sentence is not None:
            return sentence
        known = affordable_dimension(question)
        if not question.phi.parameter_count or (known and not known.value):
            return f"the neurovariety of {question.architecture.label} is a point, which is on no path"
        return None

    def script(self, question: Question) -> Script:
        """Returns the rendered script of the first run without running anything."""
        return self._script(question, 0)

    def _script(self, question: Question, number: int) -> Script:
        from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415  # numpy

        return self.render(question, seed=generator(question.seed, f"monodromy/{number}").randrange(2**31))

    def answer(self, question: Question) -> Answer:
        """Returns the largest number of points that passed the trace test, after two runs that agree or three in all.

        If none passed, the claim is the largest number of points found, as a lower bound, and ``stopped`` says so.
        """
        known = known_dimension(question)
        found: list[dict[str, Any]] = []
        checks: list[str] = []
        details: dict[str, Any] = {}
        volatile: dict[str, Any] = {}
        stopped: NeuroalgError | None = None
        for number in range(_RUNS):
            question.announce(f"monodromy, run {number + 1} of at most {_RUNS}")
            try:
                answer, details, volatile = self.run(question, self._script(question, number))
            except NeuroalgError as error:
                if not found or not isinstance(error, TimeLimitError):
                    raise
                stopped = error
                break
            values = answer.values
            checks.append(_check(number, values, known.value))
            if values["dimension"] == known.value:  # otherwise singular values were taken for zero, or zeros not
                found.append(values)
            complete = [run["degree"] for run in found if run["complete"]]
            if complete.count(max(complete, default=0)) >= _AGREEING:
                break
        if not found:
            raise NoResultError(
                f"NumericalImplicitization found another dimension than {known.value} in floating point; use --method auto"
            )
        complete = [run["degree"] for run in found if run["complete"]]
        largest = max(run["degree"] for run in found)
        degree = max(complete, default=largest)
        if complete and degree == largest:
            stopped = None
            completeness = Completeness(
                is_complete=True,
                certainty="numeric",
                statement=f"the trace test says that the {degree} points found are all on a random linear space",
                checks=tuple(checks),
            )
        else:
            stopped = stopped or NoResultError(
                f"the trace test failed with {largest} points, so that there may be more; use another method or --seed"
            )
            completeness = Completeness(
                is_complete=None,
                certainty=None,
                statement="no set of points passed the trace test",
                checks=tuple(checks),
            )
        claim = degree_claim(
            question,
            largest,
            self,
            kind="exact" if stopped is None else "lower_bound",
            certainty="numeric",
            completeness=completeness,
            assumptions=(
                "floating point: paths may be lost or jump, and the trace test is passed up to rounding errors",
            ),
            references=("J. Chen, J. Kileel, Numerical implicitization, arXiv:1610.03034",),
            **details,
        )
        return Answer(claim, volatile, stopped=stopped)


def _check(number: int, values: dict[str, Any], dimension: int) -> str:
    """Returns what a run found, in words."""
    digits = values["trace_digits"]
    trace = "no trace" if digits is None else f"trace below 1e{-digits:d}"
    verdict = "passed" if values["complete"] else "failed"
    wrong = "" if values["dimension"] == dimension else f", dimension {values['dimension']} in floating point"
    return f"run {number + 1}: {values['degree']} points, trace test {verdict} ({trace}){wrong}"


def engine_methods(name: str) -> tuple[EliminationMethod | MonodromyMethod, ...]:
    """Returns the methods 'groebner' or 'monodromy' on all engines that have a template."""
    from neuroalg_cli.catalogue import templates  # noqa: PLC0415

    kinds: dict[str, type[EliminationMethod | MonodromyMethod]] = {
        "groebner": EliminationMethod,
        "monodromy": MonodromyMethod,
    }
    kind = kinds[name]
    return tuple(
        kind(t.method, t.engine, t.certainty, t.summary)
        for t in templates()
        if (t.invariant, t.method) == ("degree", name)
    )
