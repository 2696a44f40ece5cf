"""Hilbert series and Betti table by scripts: of the eliminated ideal over Q, or of the equations found modulo a prime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import not_polynomial
from neuroalg_cli.errors import DisagreementError, NoResultError, TimeLimitError
from neuroalg_cli.hilbert_methods.claim import hilbert_claim, needs_closure
from neuroalg_cli.hilbert_methods.interpolation import interpolation
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import Answer
from neuroalg_cli.report.model import Completeness, EngineIdentity, ScriptIdentity
from neuroalg_cli.variety.hilbert_series import HilbertSeries

if TYPE_CHECKING:
    from neuroalg_cli.hilbert_methods.ending import Ending
    from neuroalg_cli.hilbert_methods.interpolation import Interpolation
    from neuroalg_cli.question import Question
    from neuroalg_cli.rendering import Script

#: beyond this the elimination is not tried unless asked for: Gröbner bases die at a dozen variables
_SMALL_PARAMETERS = 12
_SMALL_COORDINATES = 12
_SMALL_DEGREE = 5
#: beyond this no resolution is tried unless asked for
_SMALL_RESOLUTION = 20
#: seconds for what nobody asked for by name
_UNASKED_SECONDS = 120.0
#: no engine's alarm takes more
_DAY = 86400.0


class _EngineMethod:
    """What both methods share: a run with its limits, and the reading of its result."""

    def __init__(self, name: str, engine: str, certainty: str, summary: str) -> None:
        self.name = name
        self.engine = engine
        self.certainty = certainty
        self.summary = summary

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates, or the computation would be hopeless and nobody named it."""
        sentence = not_polynomial(question)
        if sentence is not None:
            return sentence
        if not question.phi.ambient_dimension:
            return f"{question.architecture.label} has no coordinates that are not zero"
        if question.method != self.name and self.is_large(question):
            return f"this is only tried on small networks; ask for it with --method {self.name}"
        return None

    def is_large(self, question: Question) -> bool:
        """Returns whether the method is not tried unless asked for."""
        raise NotImplementedError

    def answer(self, question: Question) -> Answer:
        """Returns the claim that the engine's answer supports."""
        raise NotImplementedError

    def seconds(self, question: Question) -> float:
        """Returns the seconds that a run may take."""
        question.deadline.require(f"{self.name} on {self.engine} could begin")
        seconds = question.deadline.remaining()
        return seconds if question.method == self.name else min(seconds, _UNASKED_SECONDS)

    def run(self, question: Question, script: Script) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Returns the engine's answer, who computed it (entries of a claim) and what differs from run to run."""
        from neuroalg_cli.execution import execute  # noqa: PLC0415
        from neuroalg_cli.finding import find  # noqa: PLC0415
        from neuroalg_cli.running import Limits  # noqa: PLC0415

        installation = find(self.engine, question.engine_paths.get(self.engine))
        limits = Limits(wall_seconds=self.seconds(question), memory_bytes=question.memory)
        answer = execute(script, installation, limits, keep=question.keep)
        details = {
            "engine": EngineIdentity(name=self.engine, version=installation.version, sha256=installation.sha256),
            "script": ScriptIdentity(
                template=script.template, template_sha256=script.template_sha256, sha256=script.sha256
            ),
        }
        return answer.values, details, {"path": installation.path, "peak_memory_bytes": answer.run.peak_memory_bytes}

    def patience(self, question: Question) -> int:
        """Returns the seconds after which a script gives up the Betti table: two thirds of those that it has."""
        return max(1, int(min(self.seconds(question), _DAY) * 2 / 3))

    def read(
        self, values: dict[str, Any], variables: int
    ) -> tuple[HilbertSeries, tuple[tuple[int, int, int], ...] | None]:
        """Returns the series and the Betti table that an engine found, held against the other numbers that it gave.

        Raises `NoResultError` if the engine contradicts itself.
        """
        numerator = [0] * (1 + max((e for e, _ in values["numerator"]), default=0))
        for exponent, coefficient in values["numerator"]:
            numerator[exponent] = coefficient
        series = HilbertSeries.from_numerator(numerator, variables)
        polynomial = {int(e): c for e, c in values["polynomial"] if c}
        betti = tuple((i, d, number) for i, d, number in values["betti"]) or None
        euler: dict[int, int] = {}
        for i, d, number in betti or ():
            euler[d] = euler.get(d, 0) + (-1) ** i * number
        agree = (
            polynomial == {e: c for e, c in enumerate(series.polynomial) if c}
            and values["dimension"] == series.dimension
            # An engine may say anything about the degree of the empty scheme.
            and (values["degree"] == series.degree or not series.dimension)
            and (betti is None or {d: c for d, c in euler.items() if c} == {d: c for d, c in enumerate(numerator) if c})
        )
        if not agree:
            raise NoResultError(
                f"{self.engine} gives a Hilbert series, polynomial, dimension, degree and Betti table that contradict each "
                "other; please report it with the kept script (--keep)"
            )
        return series, betti


class GroebnerMethod(_EngineMethod):
    """The ideal of V by eliminating the parameters over Q: exact, on the engine's word, and only for small networks."""

    def is_large(self, question: Question) -> bool:
        """Returns whether an elimination is probably hopeless."""
        phi = question.phi
        size = (phi.parameter_count, phi.ambient_dimension or 0, phi.total_degree)
        return any(a > b for a, b in zip(size, (_SMALL_PARAMETERS, _SMALL_COORDINATES, _SMALL_DEGREE), strict=True))

    def script(self, question: Question) -> Script:
        """Returns the rendered script without running anything."""
        from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415
        from neuroalg_cli.rendering import render  # noqa: PLC0415

        network = question.phi.network
        return render(
            f"{self.engine}/hilbert-groebner",
            coordinates=[coordinate.polynomial for coordinate in coordinates(network)],
            parameters=network.parameter_count,
            characteristic=0,
            closure=needs_closure(question),
            seconds=self.patience(question),
        )

    def answer(self, question: Question) -> Answer:
        """Returns the claim; raises `DisagreementError` if the engine found another dimension than the rank says."""
        known, closure = known_dimension(question), needs_closure(question)
        values, details, volatile = self.run(question, self.script(question))
        series, betti = self.read(values, (question.phi.ambient_dimension or 0) + closure)
        if series.dimension - closure != known.value:
            raise DisagreementError(
                f"{self.engine} eliminates to dimension {series.dimension - closure}, but the known one is {known.value} "
                f"({known.statement}); one of them is wrong, please report it"
            )
        claim = hilbert_claim(
            question,
            self,
            [1],
            series,
            betti=betti,
            certainty="exact",
            evidence={"field": "Q"},
            references=("D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, sections 3.3 and 8.4",),
            **details,
        )
        return Answer(claim, volatile)


class ResolutionMethod(_EngineMethod):
    """The ideal generated by the equations that interpolation found modulo a prime, with its free resolution."""

    def is_large(self, question: Question) -> bool:
        """Returns whether a resolution is probably hopeless."""
        return (question.phi.ambient_dimension or 0) > _SMALL_RESOLUTION

    def script(self, question: Question) -> Script:
        """Returns the rendered script, for which the equations are computed; raises the errors of the interpolation."""
        return self._prepared(question)[0]

    def answer(self, question: Question) -> Answer:
        """Returns the claim; raises `DisagreementError` if the equations have another series than the leading monomials."""
        script, work, found = self._prepared(question)
        values, details, volatile = self.run(question, script)
        series, betti = self.read(values, work.model.N)
        if series != found.series:
            raise DisagreementError(
                f"{self.engine} finds the Hilbert series {series.text} for the equations, interpolation {found.series.text}; "
                "one of them is wrong, please report it"
            )
        claim = hilbert_claim(
            question,
            self,
            work.function,
            series,
            is_cohen_macaulay=found.is_cohen_macaulay,
            betti=betti,
            certainty="modular",
            primes=(work.prime,),
            completeness=Completeness(
                is_complete=found.is_complete,
                certainty="modular" if found.is_complete else None,
                statement=found.statement,
                checks=found.checks,
            ),
            assumptions=(
                f"the equations modulo {work.prime} are those over Q reduced, and so is their Betti table, which can be larger",
            ),
            evidence={"field": f"Z/{work.prime}", "computed_up_to": len(work.function) - 1},
            references=("D. Eisenbud, The Geometry of Syzygies, chapters 1 and 4",),
            **details,
        )
        return Answer(claim, volatile)

    def _prepared(self, question: Question) -> tuple[Script, Interpolation, Ending]:
        from neuroalg_cli.rendering import render  # noqa: PLC0415

        work = interpolation(question)
        work.run(question)
        if work.found is None:
            raise TimeLimitError(
                f"the equations up to degree {len(work.function) - 1} do not establish the Hilbert series; raise --max-degree"
            )
        script = render(
            f"{self.engine}/hilbert-resolution",
            equations=work.equations(question) or [{}],
            variables=work.model.N,
            characteristic=work.prime,
            closure=not work.model.is_cone,
            seconds=self.patience(question),
        )
        return script, work, work.found


def engine_methods() -> tuple[_EngineMethod, ...]:
    """Returns a method for every template about the Hilbert function, eliminations first."""
    from neuroalg_cli.catalogue import templates  # noqa: PLC0415

    kinds = {"groebner": GroebnerMethod, "resolution": ResolutionMethod}
    found = sorted((t for t in templates() if t.invariant == "hilbert"), key=lambda t: (t.method, t.engine))
    return tuple(kinds[t.method](t.method, t.engine, t.certainty, t.summary) for t in found)
