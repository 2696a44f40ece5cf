"""What every command about an invariant does with a question: remarks, limits, progress, the report, the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from neuroalg_cli import terminal
from neuroalg_cli.errors import UsageError
from neuroalg_cli.pipeline import answer, require_agreement
from neuroalg_cli.report.writing import report_text, require_writable, write_report

if TYPE_CHECKING:
    from neuroalg_cli.question import Question


def ask(question: Question, *, as_json: bool, output: str | None, quiet: bool) -> int:
    """Answers a question on the terminal and returns the exit code.

    The report is printed and written before a disagreement or a failed cross-check becomes an exit code: nothing is lost.
    """
    if output is not None:
        require_writable(output)
    if not quiet:
        for remark in question.architecture.remarks():
            terminal.talk(remark)
    with terminal.progress(quiet=quiet) as announce:
        report = answer(question, announce)
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
    for failure in report.failures:
        terminal.talk(f"{failure.method} on {failure.engine} did not answer: {failure.sentence}")
    if unwritten is not None:
        raise unwritten
    require_agreement(report)
    if question.cross_check and len({claim.engine.name for claim in report.claims}) < 2:
        terminal.talk("no independent engine took part in the cross-check; 'neuroalg doctor' says how to get one")
        return report.failures[0].exit_code if report.failures else 0
    return 0
