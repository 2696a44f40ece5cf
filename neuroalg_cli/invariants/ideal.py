"""Equations of the neurovariety: minimal generators of its ideal, degree by degree.

The ladder: linear algebra modulo primes, lifted to Q and proved by substitution; elimination on an engine.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import builtin_identity, known_symmetries, limits_used, not_polynomial, rounded_up
from neuroalg_cli.invariant import Invariant
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import BUILTIN, Answer, Method, Question
from neuroalg_cli.report.model import Claim, Completeness, EngineIdentity, ScriptIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroalg_cli.equations.equation import Equation
    from neuroalg_cli.equations.search import Found
    from neuroalg_cli.interpreters.symbolic import Coordinate
    from neuroalg_cli.variety.model import AmbientCoordinate

#: an elimination is not tried unless it is asked for by name, or the network is this small; then only for so long
_SMALL_PARAMETERS = 12
_SMALL_COORDINATES = 10
_SMALL_DEGREE = 6
_UNASKED_SECONDS = 60.0

_REFERENCES = (
    "H. M. Möller, B. Buchberger, The construction of multivariate polynomials with preassigned zeros, EUROCAM 1982",
)


def coordinate_texts(coordinates: Sequence[AmbientCoordinate | Coordinate]) -> list[str]:
    """Returns what y_1, y_2, ... are: ``coefficient of x_1*x_2 in output 1``."""
    result = []
    for coordinate in coordinates:
        factors = [f"x_{i}" if e == 1 else f"x_{i}^{e}" for i, e in enumerate(coordinate.monomial, start=1) if e]
        result.append(f"coefficient of {'*'.join(factors) or '1'} in output {coordinate.output + 1}")
    return result


def ideal_value(
    equations: Sequence[Equation],
    hilbert: Sequence[int],
    coordinates: Sequence[AmbientCoordinate | Coordinate],
    *,
    is_cone: bool,
) -> dict[str, Any]:
    """Returns the value of a claim about the ideal; ``hilbert``: HF(0) to HF(e), e the degree up to which equations are known."""
    names = [f"y_{k}" for k in range(1 if is_cone else 0, len(coordinates) + 1)]
    by_degree: dict[str, int] = {}
    for equation in equations:
        by_degree[str(equation.degree)] = by_degree.get(str(equation.degree), 0) + 1
    return {
        "generators_by_degree": by_degree,
        "minimal_generators": len(equations),
        "max_degree": len(hilbert) - 1,
        "hilbert_function": list(hilbert),
        "projective_closure": not is_cone,
        "coordinates": coordinate_texts(coordinates),
        "equations": [equation.text(names) for equation in equations],
    }


def _conventions(*, is_cone: bool) -> tuple[str, ...]:
    if is_cone:
        return ()
    return ("V is not known to be a cone: the equations are those of its projective closure, and y_0 homogenizes",)


class InterpolationMethod:
    """Equations from values at random points, degree by degree, lifted and proved."""

    name = "interpolation"
    engine = BUILTIN
    certainty = "proved or modular"
    summary = "equations by linear algebra at points of V modulo primes, lifted to Q and proved by substitution"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence if the functions have no coefficients, or too many."""
        return not_polynomial(question)

    def answer(self, question: Question) -> Answer:
        """Returns the claim; if time or memory end the search it is about the degrees that were reached."""
        from neuroalg_cli.equations.search import search  # noqa: PLC0415  # numpy

        if not question.phi.ambient_dimension:
            return Answer(_of_a_point(question))
        found = search(question, known_dimension(question))
        return Answer(_interpolated(question, found), {}, found.stopped)


def _of_a_point(question: Question) -> Claim:
    """Returns the claim about a network all of whose functions are 0: V = A is a point, and there are no coordinates."""
    return Claim(
        invariant="ideal",
        method=InterpolationMethod.name,
        engine=builtin_identity(),
        certainty="exact",
        kind="exact",
        value=ideal_value((), (1,), (), is_cone=True),
        completeness=Completeness(
            is_complete=True, certainty="exact", statement="V is the whole space, a point: all functions are 0"
        ),
        known_symmetries=known_symmetries(question),
        evidence={"dimension": known_dimension(question).as_evidence()},
        limits=limits_used(question),
    )


def _interpolated(question: Question, found: Found) -> Claim:
    """Returns the claim about what a search found."""
    from neuroalg_cli.equations.completeness import UNDECIDED  # noqa: PLC0415

    is_proved = found.is_proved and found.is_minimal
    verdict = found.verdict
    completeness = UNDECIDED if verdict is None else verdict.completeness
    is_exact = completeness.is_complete is True or found.max_degree >= (
        math.inf if question.max_degree is None else question.max_degree
    )
    assumptions = list(_conventions(is_cone=found.model.is_cone))
    details: dict[str, Any] = {}
    if not found.is_proved:
        top = found.max_degree * max(1, question.phi.total_degree)
        details["error_probability"] = rounded_up(min(1.0, len(found.equations) * (top / 2**22) ** 4))
        assumptions.append(
            "the equations hold at random points modulo all primes, the last of which only checked; to substitute phi is too much"
        )
    elif not found.is_minimal:
        details["error_probability"] = rounded_up(min(1.0, len(found.equations) * question.phi.total_degree / 2**22))
        assumptions.append(
            "every equation is proved and none is missing; that each is needed was seen modulo one prime only"
        )
    elif completeness.is_complete is None or not completeness.is_complete:
        assumptions.append(f"nothing is said about equations of degree {found.max_degree + 1} and more")
    evidence: dict[str, Any] = {"dimension": found.known.as_evidence()}
    if verdict is not None and verdict.evidence:
        evidence["completeness"] = verdict.evidence
    if verdict is not None and verdict.degree is not None:
        evidence["degree"] = verdict.degree
    return Claim(
        invariant="ideal",
        method="interpolation",
        engine=builtin_identity(),
        certainty="proved" if is_proved else "modular",
        kind="exact" if is_exact else "lower_bound",
        value=ideal_value(found.equations, found.hilbert, found.model.coordinates, is_cone=found.model.is_cone),
        completeness=completeness,
        assumptions=tuple(assumptions),
        references=_REFERENCES,
        known_symmetries=known_symmetries(question),
        evidence=evidence,
        seed=question.seed,
        primes=tuple(found.primes),
        limits=limits_used(question),
        **details,
    )


class GroebnerMethod:
    """Elimination on a computer algebra system: the whole ideal over Q."""

    name = "groebner"

    def __init__(self, engine: str, certainty: str, summary: str) -> None:
        self.engine = engine
        self.certainty = certainty
        self.summary = summary

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence if there are no coordinates, or an elimination would be hopeless and nobody named it."""
        sentence = not_polynomial(question)
        phi = question.phi
        if sentence is None and not phi.ambient_dimension:
            return f"all functions of {question.architecture.label} are 0, which no elimination is needed for"
        if sentence is not None or question.method == self.name:
            return sentence
        size = (phi.parameter_count, phi.ambient_dimension or 0, phi.total_degree)
        if any(a > b for a, b in zip(size, (_SMALL_PARAMETERS, _SMALL_COORDINATES, _SMALL_DEGREE), strict=True)):
            return "the elimination is only tried on small networks; ask for it with --method groebner"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the claim that the engine's answer supports: all equations, or those up to the degree of the question."""
        from neuroalg_cli.execution import execute  # noqa: PLC0415
        from neuroalg_cli.finding import find  # noqa: PLC0415
        from neuroalg_cli.running import Limits  # noqa: PLC0415

        installation = find(self.engine, question.engine_paths.get(self.engine))
        script = self.script(question)
        seconds = question.deadline.remaining()
        if question.method != self.name:
            seconds = min(seconds, _UNASKED_SECONDS)
        limits = Limits(wall_seconds=seconds or 1.0, memory_bytes=question.memory)
        answer = execute(script, installation, limits, keep=question.keep)
        claim = self._claim(question, answer.values, installation, script)
        return Answer(claim, {"path": installation.path, "peak_memory_bytes": answer.run.peak_memory_bytes})

    def script(self, question: Question) -> Any:
        """Returns the rendered script without running anything."""
        from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415
        from neuroalg_cli.rendering import render  # noqa: PLC0415
        from neuroalg_cli.symmetry.homogeneity import is_cone  # noqa: PLC0415

        network = question.phi.network
        polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
        return render(
            f"{self.engine}/ideal-groebner",
            coordinates=polynomials,
            parameters=network.parameter_count,
            homogenized=int(not is_cone(network)),
            characteristic=0,
        )

    def _claim(self, question: Question, values: dict[str, Any], installation: Any, script: Any) -> Claim:
        from neuroalg_cli.equations.equation import canonical, order_key  # noqa: PLC0415
        from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415
        from neuroalg_cli.symmetry.homogeneity import is_cone as has_grading  # noqa: PLC0415
        from neuroalg_cli.variety.hilbert_series import HilbertSeries  # noqa: PLC0415

        expanded = coordinates(question.phi.network)
        is_cone = has_grading(question.phi.network)
        generators = [
            canonical({tuple(term["exponents"]): term["coefficient"] for term in terms}, is_cone=is_cone)
            for terms in values["equations"]
        ]
        generators.sort(key=lambda e: order_key(e.leading, is_cone=is_cone), reverse=True)
        generators.sort(key=lambda e: e.degree)
        top = max((equation.degree for equation in generators), default=1)
        if question.max_degree is not None:
            top = question.max_degree
            generators = [equation for equation in generators if equation.degree <= top]
        leading = [tuple(exponents) for exponents in values["leading"]]
        series = HilbertSeries.of_monomial_ideal(leading, len(expanded) + (not is_cone))
        hilbert = [series.value(t) for t in range(top + 1)]
        is_all = len(generators) == len(values["equations"])
        if is_all:
            statement = "the kernel of the ring map, computed over Q"
        else:
            statement = f"the ideal has {len(values['equations'])} minimal generators, some of them of higher degree"
        return Claim(
            invariant="ideal",
            method=self.name,
            engine=EngineIdentity(name=self.engine, version=installation.version, sha256=installation.sha256),
            certainty="exact",
            kind="exact",
            value=ideal_value(generators, hilbert, expanded, is_cone=is_cone),
            completeness=Completeness(is_complete=is_all, certainty="exact", statement=statement),
            assumptions=_conventions(is_cone=is_cone),
            known_symmetries=known_symmetries(question),
            evidence={"degree": series.degree, "dimension_of_the_cone": series.dimension},
            seed=question.seed,
            limits=limits_used(question),
            script=ScriptIdentity(
                template=script.template, template_sha256=script.template_sha256, sha256=script.sha256
            ),
        )


def _methods() -> tuple[Method, ...]:
    from neuroalg_cli.catalogue import templates  # noqa: PLC0415

    scripts = [t for t in templates() if (t.invariant, t.method) == ("ideal", "groebner")]
    return (InterpolationMethod(), *(GroebnerMethod(t.engine, t.certainty, t.summary) for t in scripts))


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="ideal",
    summary="equations of the neurovariety: minimal generators of its ideal by degree, and whether they are all",
    key="generators_by_degree",
    methods=_factory,
    descends=True,
)
