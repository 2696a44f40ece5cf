"""``neuroalg verify``: replays the proofs of a report."""

from __future__ import annotations

import click


@click.command(name="verify")
@click.argument("report", metavar="REPORT")
def COMMAND(report: str) -> int:  # noqa: N802
    """Replay the proofs in a report with exact arithmetic alone, without any engine.

    REPORT is a file written with --json or -o, or - for standard input.  Replayed are dimensions, degrees, equations and
    containments that the report calls 'proved', of 'dim', 'degree', 'ideal' and 'contains'.  The checker shares no code with
    what made the report.  Exit code 0: every claim that says 'proved' is; 12: one is not, or there is nothing to replay.

    \b
    Examples:
      neuroalg dim --arch mlp --widths 3,2,1 --activation-degree 2 --method jacobian --json | neuroalg verify -
      neuroalg degree --arch mlp --widths 2,2,2,2 --activation-degree 2 --json | neuroalg verify -
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.errors import CheckFailedError, UsageError  # noqa: PLC0415
    from neuroalg_cli.report.writing import read_json, refuse_comparison  # noqa: PLC0415
    from neuroalg_cli.terminal import talk  # noqa: PLC0415
    from neuroalg_cli.verifying import ReportError, estimate_seconds, verify  # noqa: PLC0415

    value = read_json(report)
    refuse_comparison(value, "standard input" if report == "-" else f"'{report}'")
    try:
        seconds = estimate_seconds(value)
        if seconds > 10:
            talk(f"the replay takes about {seconds:.0f} s")
        findings = verify(value)
    except ReportError as error:
        raise UsageError(f"'{report}' is no report that can be verified: {error}") from None
    for finding in findings:
        mark = click.style("holds", fg="green") if finding.accepted else click.style("REFUSED", fg="red")
        click.echo(f"claim {finding.claim + 1}: {mark}: {finding.statement}")
    refused = sum(not finding.accepted for finding in findings)
    if refused:
        raise CheckFailedError(f"{refused} of {len(findings)} proofs do not hold; do not trust this report")
    if not findings:
        kinds = sorted({str(claim["certainty"]) for claim in value["claims"]})
        raise CheckFailedError(
            f"nothing to replay: no claim is 'proved' (there is: {', '.join(kinds) or 'none'}); "
            "a proof comes from dim --method jacobian where the bounds meet, degree --method equations, ideal or contains"
        )
    return 0
