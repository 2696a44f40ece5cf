"""The types of a report, version 1: what is said, how sure it is, and how anybody can repeat it.

Everything outside ``volatile`` is the same for the same command, seed and engine versions.
"""

from __future__ import annotations

from html import escape
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "neuroalg/report"
VERSION = 1

Certainty = Literal["theorem", "proved", "exact", "modular", "certified_numeric", "numeric"]
CERTAINTIES: dict[str, str] = {
    "theorem": "a closed formula whose hypotheses were checked; the claim cites where it is published or proved",
    "proved": "an exact argument that 'neuroalg verify' replays",
    "exact": "an exact computation over Q, by a computer algebra system or of this program, taken on its word",
    "modular": "an exact computation modulo a prime or at random integers; the error probability is stated",
    "certified_numeric": "floating point with a proof (interval arithmetic)",
    "numeric": "floating point",
}
"""The certainties, best first, with their meaning."""


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


class Claim(_Strict):
    """One value of one invariant, and how sure it is."""

    invariant: str
    method: str
    engine: EngineIdentity
    certainty: Certainty
    kind: Literal["exact", "lower_bound", "upper_bound"]
    value: dict[str, int | bool | None]
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

    def __str__(self) -> str:
        """Returns the claim in one line, such as ``dimension 8 (theorem, by theorem on builtin)``."""
        sure = (
            self.certainty
            if self.error_probability is None
            else f"{self.certainty}, wrong below {self.error_probability}"
        )
        return f"{self.invariant} {self.value.get(self.invariant)} ({sure}, by {self.method} on {self.engine.name})"

    def _repr_html_(self) -> str:
        """Returns a table for notebooks."""
        rows = [
            (key.replace("_", " "), "unknown" if value is None else str(value)) for key, value in self.value.items()
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
