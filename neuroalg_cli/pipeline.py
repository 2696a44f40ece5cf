"""From a question to a report: choose methods, run them, compare, write down."""

from __future__ import annotations

import contextlib
import platform
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neuroalg_cli import invariant as invariants
from neuroalg_cli.counting_coordinates import is_certain
from neuroalg_cli.deadline import Deadline
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

    Without a cross-check the first method of the ladder answers, or, where the invariant descends and no method was named, the
    first one that does so exactly; with it all do, and ``agreement`` says whether they agree.  Raises the `NeuroalgError` of
    the first method if none answers.
    """
    question = replace(question, announce=announce)
    with _time_limit(question):
        chosen = choose(question)
    descends = invariants.load(question.invariant).descends and (question.method, question.engine) == ("auto", "auto")
    if not question.cross_check and not descends:
        del chosen[1:]
    whole = Deadline(question.seconds)
    answers: list[tuple[Answer, float]] = []
    failures: list[Failure] = []
    first_error: NeuroalgError | None = None
    kept: list[str] = []
    for method in chosen:
        if descends and not question.cross_check and whole.is_over():
            break
        announce(f"{method.name} on {method.engine}")
        start = time.monotonic()
        asked = question.within(Deadline(question.seconds) if question.cross_check else whole)
        try:
            with _limits(asked, method):
                found = method.answer(asked)
        except NeuroalgError as error:
            first_error = first_error or error
            failures.append(_failure(question, method, error))
            kept += [error.directory] if error.directory is not None else []
            continue
        answers.append((found, time.monotonic() - start))
        if found.stopped is not None:
            failures.append(_failure(question, method, found.stopped))
            kept += [found.stopped.directory] if found.stopped.directory is not None else []
        elif not question.cross_check:
            break
    if first_error is not None and not answers:
        raise first_error
    answers.sort(key=lambda answered: _rank(question, answered[0].claim))
    claims = tuple(found.claim for found, _ in answers)
    with _time_limit(question):
        times = [{**a.volatile, "seconds": round(s, 3)} for a, s in answers]
        report = assemble(question, claims, tuple(failures), times)
    return report.model_copy(update={"volatile": {**report.volatile, "kept": kept}}) if kept else report


def _rank(question: Question, claim: Claim) -> tuple[int, int]:
    """Returns what claims are sorted by: exact ones first, in their order, then the largest lower bound."""
    value = claim.value.get(invariants.load(question.invariant).key)
    if claim.kind == "exact":
        return 0, 0
    return 1, -value if isinstance(value, int) else 0


def choose(question: Question) -> list[Method]:
    """Returns the methods that can answer, best first; raises `UsageError` if there are none."""
    methods = invariants.load(question.invariant).methods()
    named = [m for m in methods if question.method in ("auto", m.name) and question.engine in ("auto", m.engine)]
    if not named:
        known = ", ".join(f"{m.name} on {m.engine}" for m in methods)
        what = f"no method for '{question.invariant}'"
        if question.method != "auto":
            what = f"no method {shown(question.method)}"
        where = f" on engine {shown(question.engine)}" if question.engine != "auto" else ""
        raise UsageError(f"there is {what}{where}; there are: {known}")
    usable = [(method, method.obstacle(question)) for method in named]
    able = [method for method, obstacle in usable if obstacle is None]
    if not able:
        is_named = (question.method, question.engine) != ("auto", "auto")
        # that no theorem applies is the least of the reasons
        reasons = [obstacle for method, obstacle in usable if method.certainty != "theorem"] or [usable[0][1]]
        raise UsageError(f"{reasons[0]}{'; use --method auto' if is_named else ''}")
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
                **({} if question.max_degree is None else {"max_degree": question.max_degree}),
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
    if not question.enforce_limits:
        return contextlib.nullcontext()
    if invariants.load(question.invariant).descends:
        # Its methods look at the clock themselves, to return what they have by then; force is for those that forget.
        memory = question.memory if method.engine == BUILTIN else None
        return limits(1.1 * question.deadline.remaining() + 2, memory, stated=question.seconds)
    if method.engine != BUILTIN:
        return contextlib.nullcontext()
    return _time_limit(question) if method.certainty == "theorem" else limits(question.seconds, question.memory)


def _time_limit(question: Question) -> contextlib.AbstractContextManager[None]:
    """Returns the limit of time alone, for what is done before and after a method answers."""
    return limits(question.seconds, None) if question.enforce_limits else contextlib.nullcontext()


def _agreement(question: Question, claims: tuple[Claim, ...]) -> Any:
    if not question.cross_check or len(claims) < 2:
        return "not checked"
    key = invariants.load(question.invariant).key
    stated = [claim.value[key] for claim in claims if claim.kind == "exact" and claim.value[key] is not None]
    if len(stated) < 2:
        return "not checked"
    return "agree" if all(value == stated[0] for value in stated) else "disagree"


def _failure(question: Question, method: Method, error: NeuroalgError) -> Failure:
    return Failure(
        invariant=question.invariant,
        method=method.name,
        engine=method.engine,
        kind=error.kind,
        sentence=str(error),
        exit_code=error.exit_code,
    )
