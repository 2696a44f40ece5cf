"""What every command about an invariant does with a question: remarks, limits, progress, the report, the exit code."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from neuroalg_cli import invariant as invariants
from neuroalg_cli import terminal
from neuroalg_cli.errors import NeuroalgError, SpecError, UsageError, shown
from neuroalg_cli.pipeline import answer, require_agreement
from neuroalg_cli.question import BUILTIN
from neuroalg_cli.report.model import Failure
from neuroalg_cli.report.writing import report_text, require_writable, write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroalg_cli.question import Question
    from neuroalg_cli.report.model import Report


def ask(
    question: Question,
    *,
    as_json: bool,
    output: str | None,
    quiet: bool,
    then: Callable[[Report], None] | None = None,
) -> int:
    """Answers a question on the terminal and returns the exit code; ``then`` is done with the report at the end.

    The report is printed and written before a disagreement or a failed cross-check becomes an exit code: nothing is lost.
    """
    if output is not None:
        require_writable(output)
    if not quiet:
        for remark in question.architecture.remarks():
            terminal.talk(remark)
    with terminal.progress(quiet=quiet) as announce:
        report = _answer(question, announce)
    unwritten = None
    if output is not None:
        try:
            write_report(report, output)
        except UsageError as error:
            unwritten = error  # said after the report is printed: the disk may have filled up during hours of work
    if as_json:
        sys.stdout.write(report_text(report))
        sys.stdout.flush()
    else:
        terminal.show(report)
    is_answered = report.claims[0].kind == "exact"
    is_told = question.cross_check or not is_answered
    # Where another engine answered, those that are missing are no news.
    _tell([failure for failure in report.failures if is_told or failure.kind != "engine-missing"])
    for directory in report.volatile.get("kept", ()):
        terminal.talk(f"the run is kept in {directory}")
    if unwritten is not None:
        raise unwritten
    if then is not None:
        then(report)
    require_agreement(report)
    compared = [claim for claim in report.claims if claim.invariant == report.claims[0].invariant]
    if question.cross_check and len({claim.engine.name for claim in compared}) < 2:
        if {method.engine for method in invariants.load(question.invariant).methods()} != {BUILTIN}:
            terminal.talk("no independent engine took part in the cross-check; 'neuroalg doctor' says how to get one")
        return report.failures[0].exit_code if report.failures else 0
    unanswered = [failure for failure in report.failures if failure.invariant == "local_dimension" or not is_answered]
    limited = [failure for failure in unanswered if failure.kind in ("time-limit", "memory-limit")]
    return (limited or unanswered)[0].exit_code if unanswered else 0


def _tell(failures: Sequence[Failure]) -> None:
    """Says which methods did not answer and why, every reason once."""
    methods: dict[tuple[str, str], list[str]] = {}
    for failure in failures:
        methods.setdefault((failure.engine, failure.sentence), []).append(failure.method)
    for (engine, sentence), names in methods.items():
        terminal.talk(f"{', '.join(names)} on {engine} did not answer: {sentence}")


def _answer(question: Question, announce: Callable[[str], None]) -> Report:
    """Returns the report; about a dimension it says what can be said about the network and the weights, if there are any.

    A network that is not rational has no dimension, and its functional dimension at the weights, or at random ones, is told; a
    rational one has its dimension and, at given weights, the local one as a second claim.
    """
    if question.invariant != "dimension":
        return answer(question, announce)
    if not question.phi.network.is_rational:
        return answer(replace(question, invariant="functional_dimension"), announce)
    report = answer(question, announce)
    if question.point is None:
        return report
    from neuroalg_cli.invariants.local_dimension import JacobianMethod  # noqa: PLC0415
    from neuroalg_cli.limiting import limits  # noqa: PLC0415

    announce("jacobian at the weights")
    start = time.monotonic()
    method = JacobianMethod()
    try:
        with limits(question.seconds, question.memory):
            local = method.compare(question, report.claims[0])
    except NeuroalgError as error:  # the generic dimension, perhaps the work of hours, is told all the same
        failure = Failure(
            invariant="local_dimension",
            method=method.name,
            engine=method.engine,
            kind=error.kind,
            sentence=str(error),
            exit_code=error.exit_code,
        )
        return report.model_copy(update={"failures": (*report.failures, failure)})
    times = [*report.volatile["claims"], {**local.volatile, "seconds": round(time.monotonic() - start, 3)}]
    return report.model_copy(
        update={"claims": (*report.claims, local.claim), "volatile": {**report.volatile, "claims": times}}
    )


def at_weights(question: Question, source: str | None, onnx: str | None, *, quiet: bool) -> Question:
    """Returns the question at the weights of a file; how its tensors were matched, where that is not by name, is told.

    A network that is not rational has no answer without weights: it gets those of the ONNX model that it comes from.
    """
    if source is None:
        if onnx is None or question.phi.network.is_rational:
            return question
        source = onnx
    if not source.strip():
        raise UsageError("--weights is empty; name a file of weights, .npz or .safetensors")
    if source.lower().endswith(".onnx"):
        from neuroalg_cli.importers.onnx import from_onnx  # noqa: PLC0415

        model = from_onnx(source)
        if model.architecture != question.architecture:
            raise SpecError(
                f"the model in {shown(source, 80)} is {model.architecture.label} and not {question.architecture.label}; "
                "name the weights of this network"
            )
        return replace(question, point=model.point)
    from neuroalg_cli.weights import read_weights  # noqa: PLC0415

    found = read_weights(source, question.architecture)
    for remark in () if quiet else found.remarks:
        terminal.talk(remark)
    return replace(question, point=found.point)
