"""The Python interface: an invariant is a function of an architecture."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from neuroalg_cli.architecture import Architecture
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.pipeline import answer, require_agreement
from neuroalg_cli.question import Question
from neuroalg_cli.recognizing.importing import ImportedModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.report.model import Claim, Report


def ask(architecture: Architecture | ImportedModel, invariant: str = "dimension", **options: Any) -> Report:
    """Returns the report about an invariant of an architecture, or of that of an imported model.

    Options are those of `neuroalg_cli.question.Question`: ``method``, ``engine``, ``cross_check``, ``seed``, ``seconds``,
    ``memory`` (bytes), ``engine_paths``, ``point``.  Of a network that is not rational the functional dimension is told where
    the dimension is asked for, at the weights of an imported model.  Raises `NeuroalgError`; `DisagreementError` if a
    cross-check disagrees.
    """
    point = None
    if isinstance(architecture, ImportedModel):
        point = architecture.point
        architecture = architecture.architecture
    if not isinstance(architecture, Architecture):
        raise SpecError(
            f"{shown(architecture)} is no network; make one, for example with neuroalg_cli.mlp([3, 2, 3]) or from_mapping"
        )
    if invariant == "dimension" and not architecture.network().is_rational:
        invariant, options = "functional_dimension", {"point": point, **options}
    found = answer(Question(invariant, architecture, **options))
    require_agreement(found)
    return found


def claim(invariant: str, architecture: Architecture | ImportedModel, **options: Any) -> Claim:
    """Returns the first claim of `ask`: the value of one invariant and how sure it is."""
    return ask(architecture, invariant, **options).claims[0]


def function_of(invariant: str) -> Callable[..., Claim]:
    """Returns the function that `neuroalg_cli` offers under the name of an invariant."""
    return contains if invariant == "contains" else functools.partial(claim, invariant)


def contains(architecture: Architecture | ImportedModel, candidate: Any, **options: Any) -> Claim:
    """Returns whether the neurovariety holds a function or those of another network, and how sure that is.

    ``candidate``: a polynomial in x_1, x_2, ... such as ``x_1^2 + x_2^2``, one per output, separated by semicolons or in a list;
    another architecture; or an imported model, at its weights.
    """
    return claim("contains", architecture, candidate=candidate, **options)
