"""From a question to a report: choose methods, run them, compare, write down."""

from __future__ import annotations

import contextlib
import platform
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neuroalg_cli import invariant as invariants
from neuroalg_cli.counting_coordinates import is_certain
from neuroalg_cli.errors import DisagreementError, NeuroalgError, UsageError, shown
from neuroalg_cli.limiting import limits
from neuroalg_cli.question import BUILTIN, Answer, Method, Question
from neuroalg_cli.report.model import (
    ArchitectureDescription,
    Claim,
    Failure,
    Parametrization,
    Provenance,
    Report,
)
from neuroalg_cli.version import program_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.parametrization import PolynomialMap

    Announce = Callable[[str], None]


def answer(question: Question, announce: Announce = lambda _: None) -> Report:
    """Returns the report that answers a question.

    Without a cross-check the first method of the ladder answers; with it all do, and ``agreement`` says whether they agree.
    Raises the `NeuroalgError` of the first method if none answers.
    """
    with _time_limit(question):
        chosen = choose(question)
    answers: list[tuple[Answer, float]] = []
    failures: list[Failure] = []
    first_error: NeuroalgError | None = None
    for method in chosen if question.cross_check else chosen[:1]:
        announce(f"{method.name} on {method.engine}")
        start = time.monotonic()
        try:
            with _limits(question, method):
                found = method.answer(question)
            answers.append((found, time.monotonic() - start))
        except NeuroalgError as error:
            first_error = first_error or error
            failures.append(_failure(question, method, error))
    if first_error is not None and not answers:
        raise first_error
    claims = tuple(found.claim for found, _ in answers)
    with _time_limit(question):
        return assemble(question, claims, tuple(failures), [{**a.volatile, "seconds": round(s, 3)} for a, s in answers])


def choose(question: Question) -> list[Method]:
    """Returns the methods that can answer, best first; raises `UsageError` if there are none."""
    methods = invariants.load(question.invariant).methods()
    named = [m for m in methods if question.method in ("auto", m.name) and question.engine in ("auto", m.engine)]
    if not named:
        known = ", ".join(f"{m.name} on {m.engine}" for m in methods)
        raise UsageError(
            f"there is no method {shown(question.method)} on engine {shown(question.engine)}; there are: {known}"
        )
    usable = [(method, method.obstacle(question)) for method in named]
    able = [method for method, obstacle in usable if obstacle is None]
    if not able:
        is_named = (question.method, question.engine) != ("auto", "auto")
        raise UsageError(f"{usable[0][1]}{'; use --method auto' if is_named else ''}")
    if question.engine == "auto" and not question.cross_check:
        able.sort(key=lambda method: method.engine != BUILTIN)
    return able


def assemble(
    question: Question, claims: tuple[Claim, ...], failures: tuple[Failure, ...], volatile: list[dict[str, Any]]
) -> Report:
    """Returns the report around claims that were obtained."""
    architecture, phi = question.architecture, question.phi
    return Report(
        schema="neuroalg/report",
        version=1,
        architecture=ArchitectureDescription(
            family=architecture.family,
            label=architecture.label,
            sha256=architecture.digest(),
            specification=architecture.canonical(),
        ),
        parametrization=Parametrization(
            network=phi.network.as_json(),
            parameters=phi.parameter_count,
            coordinates=phi.ambient_dimension,
            conventions=(
                "dimensions are affine; V is the Zariski closure of phi(W) over C",
                *architecture.conventions(),
                *_counted_at_random(phi),
            ),
        ),
        claims=claims,
        failures=failures,
        agreement=_agreement(question, claims),
        provenance=Provenance(
            program="neuroalg",
            program_version=program_version(),
            question={
                "invariant": question.invariant,
                "method": question.method,
                "engine": question.engine,
                "cross_check": question.cross_check,
                "seed": question.seed,
            },
        ),
        volatile={
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "host": platform.node(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "claims": volatile,
        },
    )


def _counted_at_random(phi: PolynomialMap) -> tuple[str, ...]:
    """Returns a sentence where the sizes of the ambient space rest on random points, whatever the certainty of the claims is."""
    if phi.ambient_dimension is None or is_certain(phi.network):
        return ()
    sentence = (
        "the ambient dimension and the linear span were counted at random points modulo primes: "
        "they are at least as large, and equal unless these points were exceptional"
    )
    return (sentence,)


def require_agreement(report: Report) -> None:
    """Raises `DisagreementError`, naming both sides, if the methods of a cross-check disagree."""
    if report.agreement != "disagree":
        return
    key = invariants.load(report.claims[0].invariant).key
    sides = "; ".join(f"{c.method} on {c.engine.name} says {c.value[key]} ({c.certainty})" for c in report.claims)
    raise DisagreementError(
        f"methods disagree about the {key} of {report.architecture.label}: {sides}; one of them is wrong, please report it"
    )


def _limits(question: Question, method: Method) -> contextlib.AbstractContextManager[None]:
    """Returns the limits in this process; an engine's run has a supervisor of its own, and a formula needs no memory."""
    if method.engine != BUILTIN or not question.enforce_limits:
        return contextlib.nullcontext()
    return _time_limit(question) if method.certainty == "theorem" else limits(question.seconds, question.memory)


def _time_limit(question: Question) -> contextlib.AbstractContextManager[None]:
    """Returns the limit of time alone, for what is done before and after a method answers."""
    return limits(question.seconds, None) if question.enforce_limits else contextlib.nullcontext()


def _agreement(question: Question, claims: tuple[Claim, ...]) -> Any:
    if not question.cross_check or len(claims) < 2:
        return "not checked"
    key = invariants.load(question.invariant).key
    return "agree" if len({claim.value[key] for claim in claims}) == 1 else "disagree"


def _failure(question: Question, method: Method, error: NeuroalgError) -> Failure:
    return Failure(
        invariant=question.invariant,
        method=method.name,
        engine=method.engine,
        kind=error.kind,
        sentence=str(error),
        exit_code=error.exit_code,
    )
