"""``neuroalg contains``: is a function, or another network, in the neurovariety of a network?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from neuroalg_cli.command_options import (
    ArchitectureCommand,
    MaximalDegree,
    make_question,
    output_options,
    question_options,
)

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


@click.command(cls=ArchitectureCommand, name="contains")
@question_options
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="POLY[;POLY...]",
    help="A polynomial in the inputs x_1, x_2, ... for every output, separated by ';' or in several options.",
)
@click.option(
    "--other",
    metavar="SPEC",
    help="Another network, in place of a function: a file, 'mlp widths=3,1,3 activation_degree=2', or mlp-3.1.3-r2.",
)
@click.option(
    "--weights", metavar="FILE", help="Weights of the other network; without them all its functions are meant."
)
@click.option("--max-degree", type=MaximalDegree(), metavar="E", help="Look at equations up to degree E.")
@click.option("--cross-check", is_flag=True, help="Also answer by every other method, and compare.")
@output_options
@click.pass_context
def COMMAND(  # noqa: N802
    ctx: click.Context,
    /,
    functions: tuple[str, ...],
    other: str | None,
    weights: str | None,
    as_json: bool,
    output: str | None,
    **options: Any,
) -> int:
    """Is a function, or the functions of another network, in the variety V of the functions of a network?

    V is the Zariski closure over C of the functions at all weights.  'in V', 'not in V' and 'not decided' are answers, each with
    its certainty and what was tried; 'in image' is 'yes' where weights with this function were found.

    \b
    Examples:
      neuroalg contains --arch mlp --widths 2,1,1 --activation-degree 2 --function 'x_1^2 + 3*x_1*x_2'
      neuroalg contains --arch mlp --widths 3,2,2 --activation-degree 2 --function 'x_1^2; x_2^2 - x_3^2'
      neuroalg contains --arch mlp --widths 3,2,3 --activation-degree 2 --other mlp-3.1.3-r2
      neuroalg contains network.toml --other other.toml --weights other.npz
    """  # noqa: D301  # click wants the backspace itself
    from neuroalg_cli.asking import ask  # noqa: PLC0415
    from neuroalg_cli.containment.candidates import input_names, parse_function  # noqa: PLC0415
    from neuroalg_cli.containment.specifications import read_network  # noqa: PLC0415
    from neuroalg_cli.errors import UsageError  # noqa: PLC0415

    if bool(functions) == (other is not None):
        given = "both are given" if functions else "neither is given"
        raise UsageError(f"give either --function or --other; {given}")
    if weights is not None and other is None:
        raise UsageError("--weights are those of the other network; give --other with them")
    if other == "-" and options.get("spec") == "-":
        raise UsageError("both networks are '-'; standard input can hold one of them")
    question = make_question("contains", options)
    if other is None:
        candidate: Any = parse_function(functions, question.phi.network, input_names(question.architecture))
    else:
        candidate = _candidate(read_network(other), weights, quiet=ctx.obj["quiet"])
    asked = replace(question, candidate=candidate)
    return ask(asked, as_json=as_json, output=output, quiet=ctx.obj["quiet"])


def _candidate(other: Architecture, weights: str | None, *, quiet: bool) -> Any:
    """Returns the function of the other network at weights, or its generic function."""
    from neuroalg_cli.containment.candidates import function_at, generic_function  # noqa: PLC0415
    from neuroalg_cli.terminal import talk  # noqa: PLC0415
    from neuroalg_cli.weights import read_weights  # noqa: PLC0415

    if weights is None:
        return generic_function(other)
    found = read_weights(weights, other)
    for remark in () if quiet else found.remarks:
        talk(remark)
    return function_at(other, found.point)
