"""What every method says about the Hilbert function, and the shape of a Betti table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli.claims import builtin_identity, known_symmetries, limits_used
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.report.model import Claim
from neuroalg_cli.symmetry.homogeneity import is_cone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.question import Method, Question
    from neuroalg_cli.variety.hilbert_series import HilbertSeries

#: in larger dimensions the Hilbert polynomial fills pages, and the series says the same
MAXIMAL_DIMENSION = 200

Betti = tuple[tuple[int, int, int], ...]
"""Triples (i, d, number): so many generators of degree d in the i-th module of a minimal free resolution."""


def needs_closure(question: Question) -> bool:
    """Returns whether the projective closure of V is meant: V is neither known to be a cone nor the ambient space."""
    return known_dimension(question).value != question.phi.ambient_dimension and not is_cone(question.phi.network)


def hilbert_claim(
    question: Question,
    method: Method,
    function: Sequence[int],
    series: HilbertSeries | None,
    *,
    kind: Literal["exact", "lower_bound"] = "exact",
    is_cohen_macaulay: bool | None = None,
    betti: Betti | None = None,
    **details: Any,
) -> Claim:
    """Returns the claim about the homogeneous coordinate ring k[y]/I of P(V), or of the projective closure of V.

    ``function``: the Hilbert function at 0, 1, ..., computed without the series; ``series``: None if it is not known.

    Value: ``hilbert_polynomial`` and ``hilbert_series`` as text; ``h_vector``; ``degree``; ``dimension`` (affine, of V);
    ``codimension``; ``arithmetic_genus`` of the projective scheme and ``sectional_genus``, the arithmetic genus of a general
    section that is a curve (None where there is none); ``regularity``: the Castelnuovo-Mumford regularity of k[y]/I, one less
    than that of I, from the Betti table, or deg h if k[y]/I is known to be Cohen-Macaulay; ``is_cohen_macaulay``;
    ``hilbert_function``: the values from 0 to ``max_degree``; ``betti``: triples (i, d, number), and ``betti_table``: the same as
    Macaulay2 prints it; ``projective_closure``.  None: not known, or, for ``hilbert_polynomial``, too long.
    """
    known = known_dimension(question)
    ambient = question.phi.ambient_dimension
    codimension = None if ambient is None else ambient - known.value
    values = list(function)
    regularity = None
    if betti is not None and codimension is not None:
        regularity = max(d - i for i, d, _ in betti)
        is_cohen_macaulay = max(i for i, _, _ in betti) == codimension
    elif series is not None and is_cohen_macaulay:
        regularity = len(series.h) - 1
    if series is not None:
        asked = len(series.h) if question.max_degree is None else question.max_degree
        last = max(len(values) - 1, asked)
        values += [series.value(e) for e in range(len(values), last + 1)]
    details.setdefault("engine", builtin_identity())
    details.setdefault("seed", question.seed)
    evidence = {"dimension": known.as_evidence(), **details.pop("evidence", {})}
    return Claim(
        invariant="hilbert",
        method=method.name,
        kind=kind,
        value={
            "hilbert_polynomial": None if series is None or known.value > MAXIMAL_DIMENSION else series.polynomial_text,
            "hilbert_series": None if series is None else series.text,
            "h_vector": None if series is None else list(series.h),
            "degree": None if series is None else series.degree,
            "dimension": known.value,
            "codimension": codimension,
            "arithmetic_genus": None if series is None else series.arithmetic_genus,
            "sectional_genus": None if series is None else series.sectional_genus,
            "regularity": regularity,
            "is_cohen_macaulay": is_cohen_macaulay,
            "hilbert_function": list(values),
            "max_degree": len(values) - 1,
            "betti": None if betti is None else [list(entry) for entry in betti],
            "betti_table": None if betti is None else list(betti_table(betti)),
            "projective_closure": needs_closure(question),
        },
        known_symmetries=known_symmetries(question),
        evidence=evidence,
        limits=limits_used(question),
        **details,
    )


def betti_table(betti: Betti) -> list[str]:
    """Returns the rows of the table as Macaulay2 prints it: the number in row r and column i is that of degree r + i."""
    columns = range(max(i for i, _, _ in betti) + 1)
    entries = {(d - i, i): number for i, d, number in betti}
    rows = range(min(r for r, _ in entries), max(r for r, _ in entries) + 1)
    totals = [sum(number for i, _, number in betti if i == column) for column in columns]
    cells = [["", *map(str, columns)], ["total:", *map(str, totals)]]
    cells += [[f"{r}:", *(str(entries.get((r, i), ".")) for i in columns)] for r in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    return [" ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
