"""The dimension of the neurovariety: the affine dimension of the Zariski closure V of phi(W).

The ladder, as in the documentation: a theorem; the generic rank of d phi modulo primes, proved where bounds meet; the same rank
by an engine's own arithmetic in forward mode; elimination in an engine.  Where V is a cone, the projective dimension is one
less: it is the whole space, or the parameters have a grading (`neuroalg_cli.symmetry.homogeneity`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neuroalg_cli.bounding.bound_words import hidden_symmetry_words
from neuroalg_cli.claims import builtin_identity, known_symmetries, limits_used, not_rational, rounded_up
from neuroalg_cli.invariant import Invariant
from neuroalg_cli.question import BUILTIN, Answer, Question
from neuroalg_cli.report.model import Claim, EngineIdentity, ScriptIdentity, Value
from neuroalg_cli.symmetry.homogeneity import is_cone

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.parametrization import PolynomialMap
    from neuroalg_cli.question import Method

#: beyond this the elimination is not tried unless asked for: Gröbner bases die at a dozen variables
_SMALL_PARAMETERS = 12
_SMALL_COORDINATES = 12
_SMALL_DEGREE = 5
#: seconds for an elimination that nobody asked for by name
_UNASKED_SECONDS = 120.0


def value(question: Question, phi: PolynomialMap, dimension: int) -> dict[str, Value]:
    """Returns the numbers of a claim about the dimension.

    ``dimension``: affine; ``projective_dimension``: of the projective variety, if V is known to be a cone, -1 for the origin;
    ``parameters``: P; ``ambient_dimension``: coordinates not identically zero; ``linear_span_dimension``; ``expected_dimension``:
    what the family's count suggests; ``defect``: expected less actual; ``filling``: V is the ambient space;
    ``generic_fiber_dimension``: P - dimension.  None: not counted, or there is no such number (a network that divides has no
    coordinates, a residual network need not be a cone).
    """
    architecture = question.architecture
    expected = architecture.expected_dimension(phi)
    cone = dimension == phi.ambient_dimension or is_cone(phi.network)
    return {
        "dimension": dimension,
        "projective_dimension": dimension - 1 if cone else None,
        "parameters": phi.parameter_count,
        "ambient_dimension": phi.ambient_dimension,
        "linear_span_dimension": architecture.linear_span_dimension(phi),
        "expected_dimension": expected,
        "defect": expected - dimension,
        "filling": None if phi.ambient_dimension is None else dimension == phi.ambient_dimension,
        "generic_fiber_dimension": phi.parameter_count - dimension,
    }


def _claim(question: Question, phi: PolynomialMap, dimension: int, method: Method, **details: Any) -> Claim:
    upper = details.get("evidence", {}).get("upper_bound")
    hidden = () if upper is None else hidden_symmetry_words(upper, phi.network)
    return Claim(
        invariant="dimension",
        method=method.name,
        kind="exact",
        value=value(question, phi, dimension),
        known_symmetries=known_symmetries(question) + hidden,
        limits=limits_used(question),
        **details,
    )


class TheoremMethod:
    """A closed formula, published or proved in its file, whose hypotheses hold."""

    name = "theorem"
    engine = BUILTIN
    certainty = "theorem"
    summary = "a closed formula whose hypotheses are checked"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence if no theorem of the library applies."""
        return None if self._conclusion(question) else f"no theorem of the library covers {question.architecture.label}"

    def answer(self, question: Question) -> Answer:
        """Returns the claim with the theorem's citation and the hypotheses checked."""
        found = self._conclusion(question)
        assert found is not None
        theorem, conclusion = found
        claim = _claim(
            question,
            question.phi,
            conclusion.value,
            self,
            engine=builtin_identity(),
            certainty="theorem",
            references=theorem.references,
            evidence={
                "theorem": theorem.name,
                "statement": theorem.statement,
                "hypotheses": list(conclusion.hypotheses),
            },
        )
        return Answer(claim)

    def _conclusion(self, question: Question) -> Any:
        from neuroalg_cli.theorem import theorems  # noqa: PLC0415

        for theorem in theorems("dimension"):
            conclusion = theorem.apply(question.architecture)
            if conclusion is not None:
                return theorem, conclusion
        return None


class JacobianMethod:
    """The generic rank modulo primes in this process: proved where an upper bound meets it, else modular."""

    name = "jacobian"
    engine = BUILTIN
    certainty = "proved or modular"
    summary = "rank of d phi modulo primes from evaluations, nothing expanded; proved where the bounds meet"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence for networks that apply functions which are not rational."""
        return not_rational(question)

    def answer(self, question: Question) -> Answer:
        """Returns the claim with both bounds as evidence."""
        from neuroalg_cli.linear_algebra.generic_rank import generic_rank  # noqa: PLC0415  # numpy

        phi = question.phi
        found = generic_rank(phi, question.seed, seconds=question.seconds, memory=question.memory)
        details: dict[str, Any] = {"certainty": "proved"}
        if not found.is_proved:
            details = {
                "certainty": "modular",
                "error_probability": rounded_up(found.error_probability),
                "assumptions": (
                    (
                        f"the dimension is at least {found.rank} for certain, and at most {found.upper.value}; "
                        f"it is {found.rank} unless random points modulo {len(found.primes)} random primes were all exceptional"
                    ),
                ),
            }
        evidence = {"lower_bound": found.lower_evidence, "upper_bound": found.upper.evidence}
        claim = _claim(
            question,
            phi,
            found.rank,
            self,
            engine=builtin_identity(),
            evidence=evidence,
            seed=question.seed,
            primes=found.primes,
            references=("J. Kileel, M. Trager, J. Bruna, arXiv:1905.12207",),
            **details,
        )
        return Answer(claim)


class EngineMethod:
    """A method whose script runs on a computer algebra system."""

    def __init__(self, name: str, engine: str, certainty: str, summary: str) -> None:
        self.name = name
        self.engine = engine
        self.certainty = certainty
        self.summary = summary

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where the network is not rational, or an elimination would be hopeless and nobody named it."""
        obstacle = not_rational(question)
        if obstacle is not None:
            return obstacle
        if self.name == "groebner" and question.phi.ambient_dimension is None:
            return "the elimination needs polynomials in few coordinates, and this network has none or too many"
        if self.name != "groebner" or question.method == "groebner":
            return None
        phi = question.phi
        size = (phi.parameter_count, phi.ambient_dimension or 0, phi.total_degree)
        if any(a > b for a, b in zip(size, (_SMALL_PARAMETERS, _SMALL_COORDINATES, _SMALL_DEGREE), strict=True)):
            return "the elimination is only tried on small networks; ask for it with --method groebner"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the claim that the engine's answer supports."""
        from neuroalg_cli.execution import execute  # noqa: PLC0415
        from neuroalg_cli.finding import find  # noqa: PLC0415
        from neuroalg_cli.running import Limits  # noqa: PLC0415

        installation = find(self.engine, question.engine_paths.get(self.engine))
        script = self.script(question)
        seconds = question.seconds or math.inf
        if self.name == "groebner" and question.method != "groebner":
            seconds = min(seconds, _UNASKED_SECONDS)
        limits = Limits(wall_seconds=seconds, memory_bytes=question.memory)
        answer = execute(script, installation, limits, keep=question.keep)
        phi = question.phi
        details: dict[str, Any] = {
            "engine": EngineIdentity(name=self.engine, version=installation.version, sha256=installation.sha256),
            "script": ScriptIdentity(
                template=script.template, template_sha256=script.template_sha256, sha256=script.sha256
            ),
            "seed": question.seed,
        }
        volatile = {"path": installation.path, "peak_memory_bytes": answer.run.peak_memory_bytes}
        if self.name == "groebner":
            claim = _claim(question, phi, int(answer.values["dimension"]), self, certainty="exact", **details)
            return Answer(claim, volatile)
        found = answer.values["networks"][0]
        claim = _claim(
            question,
            phi,
            int(found["rank"]),
            self,
            certainty="modular",
            primes=tuple(int(prime) for prime in found["primes"]),
            error_probability=rounded_up(_engine_miss(phi, [int(prime) for prime in found["primes"]])),
            assumptions=("the rank at random points modulo small primes is a lower bound for certain",),
            **details,
        )
        return Answer(claim, volatile)

    def script(self, question: Question) -> Any:
        """Returns the rendered script without running anything."""
        from neuroalg_cli.rendering import render  # noqa: PLC0415

        context: dict[str, Any]
        if self.name == "groebner":
            from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415

            network = question.phi.network
            polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
            context = {"coordinates": polynomials, "parameters": network.parameter_count, "characteristic": 0}
        else:
            context = {"networks": [question.phi.network.as_json()], "seed": question.seed}
        return render(f"{self.engine}/dimension-{self.name}", **context)


def _engine_miss(phi: PolynomialMap, primes: list[int]) -> float:
    """Returns the error bound of independent points modulo the engine's primes: see `neuroalg_cli.linear_algebra.generic_rank`.

    The engine takes the next prime after a random number from 2^22 on; no gap between primes below 2^23 exceeds 154, as
    a sieve in the tests confirms.
    """
    from neuroalg_cli.linear_algebra.generic_rank import miss_probability  # noqa: PLC0415  # numpy

    size = min(phi.parameter_count, phi.ambient_dimension or phi.parameter_count)
    return math.prod(miss_probability(phi, size, prime, 154) for prime in primes)


def _methods() -> tuple[Method, ...]:
    from neuroalg_cli.catalogue import templates  # noqa: PLC0415

    scripts = sorted(
        (t for t in templates() if t.invariant == "dimension"), key=lambda t: (t.method != "jacobian", t.engine)
    )
    return (
        TheoremMethod(),
        JacobianMethod(),
        *(EngineMethod(t.method, t.engine, t.certainty, t.summary) for t in scripts),
    )


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="dimension",
    summary="affine and projective dimension of the neurovariety, expected dimension, defect, generic fibre",
    key="dimension",
    methods=_factory,
)
