"""The types of a report, version 1: what is said, how sure it is, and how anybody can repeat it.

Everything outside ``volatile`` is the same for the same command, seed and engine versions.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypeAliasType

SCHEMA = "neuroalg/report"
#: of two reports side by side, see `neuroalg_cli.containment.comparison`
COMPARISON_SCHEMA = "neuroalg/comparison"
VERSION = 1
#: of a list of texts, in notebooks
_SHOWN_TEXTS = 12

Certainty = Literal["theorem", "proved", "exact", "modular", "certified_numeric", "numeric"]
CERTAINTIES: dict[str, str] = {
    "theorem": "a closed formula whose hypotheses were checked; the claim cites where it is published or proved",
    "proved": "an exact argument that 'neuroalg verify' replays",
    "exact": "an exact computation over Q, by a computer algebra system or of this program, taken on its word",
    "modular": "an exact computation modulo a prime or at random integers; the error probability or the assumption is stated",
    "certified_numeric": "floating point with a proof (interval arithmetic)",
    "numeric": "floating point",
}
"""The certainties, best first, with their meaning."""

Value = TypeAliasType("Value", "bool | int | str | list[Value] | dict[str, Value] | None")
"""What a claim may say: no floating-point numbers; rational numbers are strings such as ``1/2``."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EngineIdentity(_Strict):
    """The engine that computed a claim."""

    name: str
    version: str
    sha256: str = ""


class ScriptIdentity(_Strict):
    """The script that an engine ran."""

    template: str
    template_sha256: str
    sha256: str


class LimitsUsed(_Strict):
    """The limits in force: seconds of wall time and bytes of memory; None is no limit."""

    seconds: float | None
    memory_bytes: int | None


#: entries of a value with these names are integers or unknown
_NUMBERS = "^(degree|defect|parameters|(.*_)?dimension)$"


class Completeness(_Strict):
    """Whether what a claim lists (equations, solutions) is all there is; never implied by the certainty of the claim."""

    #: None: not known
    is_complete: bool | None
    #: of this statement; None where nothing was decided
    certainty: Certainty | None
    statement: str
    #: what was checked, in sentences
    checks: tuple[str, ...] = ()


class Claim(_Strict):
    """One value of one invariant, and how sure it is."""

    invariant: str
    method: str
    engine: EngineIdentity
    certainty: Certainty
    kind: Literal["exact", "lower_bound", "upper_bound"]
    value: dict[str, Value] = Field(json_schema_extra={"patternProperties": {_NUMBERS: {"type": ["integer", "null"]}}})
    completeness: Completeness | None = None
    #: an upper bound for the probability that the value is wrong, as a decimal; None where nothing was random
    error_probability: str | None = None
    assumptions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    known_symmetries: tuple[str, ...] = ()
    evidence: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    primes: tuple[int, ...] = ()
    limits: LimitsUsed
    script: ScriptIdentity | None = None

    @field_validator("value")
    @classmethod
    def _has_numbers_where_they_belong(cls, value: dict[str, Value]) -> dict[str, Value]:
        for key, entry in value.items():
            if re.match(_NUMBERS, key) and (isinstance(entry, bool) or not isinstance(entry, int | None)):
                raise ValueError(f"'{key}' is no integer")
        return value

    @property
    def numbers(self) -> dict[str, int | None]:
        """The entries of the value that are numbers, truth values or unknown."""
        return {key: entry for key, entry in self.value.items() if entry is None or isinstance(entry, int)}

    def __str__(self) -> str:
        """Returns the claim in one line, such as ``dimension 8 (theorem, by theorem on builtin)``."""
        sure = (
            self.certainty
            if self.error_probability is None
            else f"{self.certainty}, wrong below {self.error_probability}"
        )
        from neuroalg_cli.claim_tables import bound, headline, words  # noqa: PLC0415  # rich

        key = headline(self)
        what = self.invariant if key == self.invariant else f"{self.invariant}: {words(key)}"
        return f"{what} {bound(self)}{_plain(self.value.get(key))} ({sure}, by {self.method} on {self.engine.name})"

    def _repr_html_(self) -> str:
        """Returns a table for notebooks."""
        from neuroalg_cli.claim_tables import bound, headline, words  # noqa: PLC0415  # rich

        key = headline(self)
        rows = [
            (words(name), f"{bound(self) if name == key else ''}{_plain(value)}") for name, value in self.value.items()
        ]
        rows += [
            ("certainty", self.certainty),
            ("method", f"{self.method} on {self.engine.name} {self.engine.version}"),
        ]
        if self.error_probability is not None:
            rows.append(("wrong with probability below", self.error_probability))
        rows += [("known symmetry", symmetry) for symmetry in self.known_symmetries]
        rows += [("reference", reference) for reference in self.references]
        cells = "".join(f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows)
        return f"<table>{cells}</table>"


def _plain(value: Value) -> str:
    """Returns an entry of a value as text, all of a number, and of many long texts the first ones."""
    from neuroalg_cli.claim_tables import in_one_line  # noqa: PLC0415  # rich

    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and len(value) > _SHOWN_TEXTS and all(isinstance(entry, str) for entry in value):
        return f"{in_one_line(value[:_SHOWN_TEXTS])}, and {len(value) - _SHOWN_TEXTS} more"
    return in_one_line(value)


class Failure(_Strict):
    """A method that did not answer: the same envelope as a claim, with the reason and a next step."""

    invariant: str
    method: str
    engine: str
    kind: str
    sentence: str
    exit_code: int


class ArchitectureDescription(_Strict):
    """The network that the report is about."""

    family: str
    label: str
    sha256: str
    specification: dict[str, Any]


class Parametrization(_Strict):
    """The map phi: its graph, the sizes of its spaces and the conventions in which values are stated."""

    network: dict[str, Any]
    parameters: int
    #: None where they were not counted: too many, or the outputs are no polynomials
    coordinates: int | None
    conventions: tuple[str, ...]


class Provenance(_Strict):
    """What computed the report."""

    program: str
    program_version: str
    question: dict[str, Any]


class Report(_Strict):
    """A report: one architecture, claims and failures, in the order in which they were obtained."""

    schema_name: Literal["neuroalg/report"] = Field(alias="schema")
    version: Literal[1]
    architecture: ArchitectureDescription
    parametrization: Parametrization
    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...] = ()
    agreement: Literal["not checked", "agree", "disagree"] = "not checked"
    provenance: Provenance
    #: times, paths, host: the only part that differs between two runs
    volatile: dict[str, Any] = Field(default_factory=dict)

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
