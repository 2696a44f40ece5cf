"""What a person sees of a claim: reasons of bounds, equations on one line, and no certainty where nothing was decided."""

from __future__ import annotations

import io

from rich.console import Console

import neuroalg_cli as na
from neuroalg_cli.claim_tables import claim_parts
from neuroalg_cli.containment.candidates import parse_function
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question


def printed(question: Question) -> list[str]:
    """Returns the lines of the best claim, without trailing spaces."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=1000)
    for part in claim_parts(answer(question).claims[0]):
        console.print(part)
    return [" ".join(line.split()) for line in buffer.getvalue().splitlines()]


def test_a_lower_bound_says_why() -> None:
    question = Question("degree", na.mlp([3, 3, 1], 3), method="hypersurface", max_degree=3)
    claim = answer(question).claims[0]
    lines = printed(question)
    assert claim.kind == "lower_bound"
    assert f"because {claim.evidence['reason']}" in lines


def test_equations_of_a_proof_are_shown_on_one_line_and_cut() -> None:
    # the discriminant of conics; the invariant of cubics has 25 terms (Aronhold); Veronese: 6 minors
    (line,) = (x for x in printed(Question("degree", na.mlp([3, 2, 1], 2), method="hypersurface")) if "y_3^2" in x)
    assert line == "equations y_3^2*y_4 - y_2*y_3*y_5 + y_1*y_5^2 + y_2^2*y_6 - 4*y_1*y_4*y_6"
    cubics = printed(Question("degree", na.mlp([3, 3, 1], 3), method="hypersurface"))
    (line,) = (x for x in cubics if x.startswith("equations "))
    assert line.endswith(" ...")
    assert len(line) < 200
    veronese = printed(Question("degree", na.mlp([3, 1, 1], 2), method="equations"))
    (line,) = (x for x in veronese if x.startswith("equations "))
    assert line.endswith(", and 5 more")
    assert any(x.startswith("checked ") and "no other degree is possible" in x for x in veronese)


def test_what_is_not_decided_has_no_certainty() -> None:
    network = na.mlp([3, 3, 1], 3)
    candidate = parse_function(["x_1*x_2*x_3"], network.network())
    open_ = printed(Question("contains", network, candidate=candidate, method="preimage", seconds=5))
    assert "contains unknown" in open_
    decided = printed(Question("contains", network, candidate=candidate))
    assert "contains no proved" in decided
