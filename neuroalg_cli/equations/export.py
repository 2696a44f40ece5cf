"""The equations of a report as files for Macaulay2, Singular, Sage and OSCAR.

The variables of the ring stand in the order of the term order, y_0 last if it is there.  The file for OSCAR follows its type
MPolyIdeal over QQ in the mrdi format (A. Della Vecchia, M. Joswig, B. Lorenz, A FAIR File Format for Mathematical Software,
ICMS 2024, arXiv:2309.00465; https://www.oscar-system.org/schemas/mrdi.json).
"""

from __future__ import annotations

import json
import os
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from neuroalg_cli.errors import UsageError, shown
from neuroalg_cli.report.writing import require_writable

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.report.model import Claim, Report

_OSCAR = ("https://github.com/oscar-system/Oscar.jl", "1.4.0")
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def exporter_for(path: str) -> Callable[[Report], None]:
    """Returns what writes the equations of a report to a file, in the language that its suffix names.

    Raises `UsageError` for another suffix, or a file that certainly cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise UsageError(
            f"{shown(path, 80)} does not end in a suffix that says for whom: {', '.join(sorted(_WRITERS))}; "
            "Macaulay2, OSCAR, Sage and Singular read these"
        )
    require_writable(path, "the equations", "--export")

    def write(report: Report) -> None:
        text = exported(report, suffix)
        try:
            Path(os.path.realpath(path)).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"the equations cannot be written to {shown(path, 80)} ({error.strerror}); name another file with --export"
            ) from None

    return write


def exported(report: Report, suffix: str) -> str:
    """Returns the equations of a report as text for the system that a suffix names; raises `UsageError` if there are none."""
    claims = [claim for claim in report.claims if claim.invariant == "ideal"]
    if not claims:
        raise UsageError("the report holds no claim about equations; ask for them with 'neuroalg ideal'")
    if not claims[0].value["coordinates"]:
        raise UsageError("all functions of the network are 0, so that there is no ring to write equations in")
    return _WRITERS[suffix](report.architecture.label, claims[0])


def variables(claim: Claim) -> list[str]:
    """Returns the names of the variables, the largest first."""
    coordinates = claim.value["coordinates"]
    assert isinstance(coordinates, list)
    names = [f"y_{k}" for k in range(1, len(coordinates) + 1)]
    return [*names, "y_0"] if claim.value["projective_closure"] else names


def _equations(claim: Claim) -> list[str]:
    equations = claim.value["equations"]
    assert isinstance(equations, list)
    return [str(equation) for equation in equations]


def _remarks(label: str, claim: Claim) -> list[str]:
    """Returns what the equations are, in lines."""
    # A label may be what somebody typed: only what cannot end a comment or a line passes.
    plain = re.sub(r"[^A-Za-z0-9_.,+\-^ ()]", "?", label)
    known = claim.completeness
    complete = "whether there are more is not known"
    if known is not None and known.is_complete is not None:
        complete = "they generate the ideal" if known.is_complete else "there are more of higher degree"
    coordinates = claim.value["coordinates"]
    assert isinstance(coordinates, list)
    return [
        f"Equations of the functions of {plain}, up to degree {claim.value['max_degree']} ({claim.certainty}); {complete}.",
        *(["y_0 homogenizes: they define the projective closure."] if claim.value["projective_closure"] else []),
        *(f"y_{k}: {text}" for k, text in enumerate(coordinates, start=1)),
    ]


def _joined(equations: list[str], zero: str = "0") -> str:
    return ",\n    ".join(equations) or zero


def _macaulay2(label: str, claim: Claim) -> str:
    remarks = "".join(f"-- {line}\n" for line in _remarks(label, claim))
    return f"{remarks}R = QQ[{', '.join(variables(claim))}]\nI = ideal(\n    {_joined(_equations(claim), '0_R')})\n"


def _singular(label: str, claim: Claim) -> str:
    remarks = "".join(f"// {line}\n" for line in _remarks(label, claim))
    return f"{remarks}ring R = 0, ({', '.join(variables(claim))}), dp;\nideal I =\n    {_joined(_equations(claim))};\n"


def _sage(label: str, claim: Claim) -> str:
    remarks = "".join(f"# {line}\n" for line in _remarks(label, claim))
    names = variables(claim)
    listed = ", ".join(f'"{name}"' for name in names)
    equations = [equation.replace("^", "**") for equation in _equations(claim)]
    return (
        f'{remarks}R = PolynomialRing(QQ, {len(names)}, [{listed}], order="degrevlex")\n'
        f"R.inject_variables(verbose=False)\nI = R.ideal([\n    {_joined(equations, 'R.zero()')}\n])\n"
    )


def _oscar(label: str, claim: Claim) -> str:
    names = variables(claim)
    # The identifier is that of the content, so that files of equal equations are equal.
    ring = str(uuid.uuid5(_NAMESPACE, f"neuroalg/{label}/{','.join(names)}"))
    data = [_terms(equation, names) for equation in _equations(claim)] or [[]]
    content = {
        "_ns": {"Oscar": list(_OSCAR)},
        "_type": {"name": "MPolyIdeal", "params": ring},
        "data": data,
        "_refs": {ring: {"_type": {"name": "MPolyRing", "params": {"_type": "QQField"}}, "data": {"symbols": names}}},
    }
    return json.dumps(content, separators=(",", ":")) + "\n"


def _terms(equation: str, names: list[str]) -> list[list[object]]:
    """Returns the terms of an equation as pairs of exponents and a coefficient, all numbers being texts."""
    place = {name: k for k, name in enumerate(names)}
    result: list[list[object]] = []
    for signed in equation.replace(" - ", " + -").split(" + "):
        exponents = [0] * len(names)
        coefficient = -1 if signed.startswith("-") else 1
        for factor in signed.removeprefix("-").split("*"):
            name, _, power = factor.partition("^")
            if name in place:
                exponents[place[name]] = int(power or 1)
            else:
                coefficient *= int(factor)
        result.append([[str(e) for e in exponents], str(coefficient)])
    return result


_WRITERS: dict[str, Callable[[str, Claim], str]] = {
    ".m2": _macaulay2,
    ".sing": _singular,
    ".sage": _sage,
    ".mrdi": _oscar,
}
