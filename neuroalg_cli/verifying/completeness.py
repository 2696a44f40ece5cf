"""Whether what an ideal claim says about its completeness, its degree and their evidence is what is replayed.

Complete as *proved* are equations whose sections show it.  Complete as *exact* are those that an engine found to generate a prime
ideal modulo a prime: that is its word, not replayed, but there are as many equations as the codimension, and a section modulo
the checker's prime is finite.  More equations are needed where there are fewer than the codimension (Krull), or, *modular*,
where a section is not finite.  A degree is stated where sections prove it, or an engine found it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroalg_cli.verifying.refusing import integers, require, same
from neuroalg_cli.verifying.sections import Sections, TooLargeError, sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Terms = Mapping[tuple[int, ...], int]

_KEYS = {"is_complete", "certainty", "statement", "checks"}
_EVIDENCE = {"prime", "orbits", "h_vector", "section_length", "engine", "dimension", "degree"}
_KNOWN = ((True, "proved"), (True, "exact"), (False, "exact"), (False, "modular"), (None, None))


@dataclass(frozen=True)
class Situation:
    """Equations that hold on the cone V and generate its ideal up to a degree, for sections without the linear ones."""

    reduced: Sequence[Terms]
    #: the number of variables that the linear equations leave
    kept: int
    prime: int
    #: the number of all equations, and of linear ones
    equations: int
    linear: int
    variables: int
    #: of the cone, replayed as a rank
    dimension: int
    max_degree: int

    @property
    def codimension(self) -> int:
        """The codimension of the cone."""
        return self.variables - self.dimension

    def sections(self, *, is_degree_needed: bool) -> Sections | None:
        """Returns what sections show, None if they are too large."""
        try:
            return sections(
                self.reduced, self.kept, self.kept - self.dimension, self.prime, is_degree_needed=is_degree_needed
            )
        except TooLargeError:
            return None


def require_known(claim: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    """Returns whether the equations are said to be complete, and with which certainty; refuses what nobody can know."""
    completeness = claim["completeness"]
    if completeness is None:
        return None, None
    require(set(completeness) == _KEYS, "the completeness has other entries")
    is_complete, certainty = completeness["is_complete"], completeness["certainty"]
    good = type(is_complete) in (bool, type(None)) and (is_complete, certainty) in _KNOWN
    require(good, "'is_complete' does not go with its certainty: no argument shows that")
    texts = [completeness["statement"], *completeness["checks"]]
    require(all(type(text) is str for text in texts), "the statement about completeness or its checks are no texts")
    return is_complete, certainty


def replay(claim: Mapping[str, Any], situation: Situation) -> tuple[list[int] | None, str]:
    """Returns the h-vector of V where the equations are proved to be all, and what is to be said about completeness.

    Raises `ReportError` with the first reason why the statement, its evidence or its numbers are not as they are replayed.
    """
    is_complete, certainty = require_known(claim)
    evidence, stated = claim["evidence"], claim["evidence"].get("completeness", {})
    require(set(stated) <= _EVIDENCE, "the evidence of completeness has other entries")
    top, codimension = situation.max_degree, situation.codimension
    is_needed = is_complete is not False and (certainty == "proved" or "degree" in evidence)
    found = None
    is_counted = is_complete is False and situation.equations < codimension and not stated
    if not is_counted and (is_complete is not None or "degree" in evidence or stated):
        found = situation.sections(is_degree_needed=is_needed)
    h, sentence = None, "; nothing about higher degrees"
    if certainty == "proved":
        require(found is not None, "the sections are too large to replay")
        assert found is not None
        h = found.whole_ideal()
    elif is_complete:
        engine = stated.get("engine")
        require(type(engine) is str and engine, "no engine is named that found the equations complete")
        require(
            situation.equations >= codimension, f"fewer equations than the codimension {codimension} are no ideal of V"
        )
        require(found is None or found.h is not None, "the equations cut out something of larger dimension than V")
        sentence = f"; nothing about higher degrees was replayed: that there are no more is the word of {engine}"
    elif is_complete is False and situation.equations >= codimension:
        require(certainty == "modular", "that there are more equations was not shown exactly")
        require(found is None or found.h is None, "the equations cut out something of the dimension of V")
    degree = _degree(claim, found, is_complete=is_complete, is_proved=certainty == "proved")
    _require_evidence(stated, found, situation, is_complete=is_complete)
    if claim["completeness"] is not None:
        _require_numbers(claim["completeness"], stated, situation, degree, found)
    pattern = r"\bequations of degree (\d+) and more\b"
    beyond = [int(text) for assumption in claim["assumptions"] for text in re.findall(pattern, assumption)]
    require(
        beyond == ([] if is_complete else [top + 1]),
        "the assumptions do not say rightly from which degree on nothing is said about equations",
    )
    return h, sentence


def _degree(
    claim: Mapping[str, Any], found: Sections | None, *, is_complete: bool | None, is_proved: bool
) -> int | None:
    """Returns the degree of V where it is stated; refuses one that neither sections nor an engine show."""
    evidence = claim["evidence"]
    if is_proved:
        assert found is not None
        same("the degree in the evidence", evidence["degree"], found.length)
        return found.length
    if "degree" not in evidence:
        return None
    require(is_complete is not False, "a degree is stated of a variety that the equations do not define")
    if found is not None and found.is_settled:
        same("the degree in the evidence", evidence["degree"], found.length)
    else:
        require(is_complete, "the sections do not show the degree in the evidence")
        same("the degree in the evidence", evidence["degree"], evidence["completeness"]["degree"])
    (degree,) = integers([evidence["degree"]], "the degree in the evidence", 1, 2**63)
    return degree


def _require_evidence(
    stated: Mapping[str, Any], found: Sections | None, situation: Situation, *, is_complete: bool | None
) -> None:
    """Refuses numbers of sections or engines that are not as replayed."""
    if "prime" in stated:
        integers([stated["prime"]], "the prime of the sections", 2, 2**31)
    length = stated.get("section_length")
    if found is not None:
        for key, number in (("h_vector", found.h), ("section_length", found.length)):
            if key in stated:
                same(f"'{key}' of the section", stated[key], number)
    for orbits in stated.get("orbits", ()):
        same("the length of a section", sum(integers(orbits, "the orbits of a section", 1, 2**31)), length)
    if is_complete is not False and "dimension" in stated:
        same("the dimension that an engine found", stated["dimension"], situation.dimension)
        if found is not None and found.h is not None:
            same("the degree that an engine found", stated["degree"], found.length)
    elif "dimension" in stated:
        integers([stated["dimension"]], "the dimension that an engine found", situation.dimension + 1, 10**6)


def _require_numbers(
    completeness: Mapping[str, Any],
    stated: Mapping[str, Any],
    situation: Situation,
    degree: int | None,
    found: Sections | None,
) -> None:
    """Refuses numbers in the statement and the checks, behind the words that say what they count, that are others."""
    length = found.length if found is not None else stated.get("section_length")
    degrees = {degree, length, stated.get("degree")} if completeness["is_complete"] is not True else {degree}
    orbits = len(stated.get("orbits", ()))
    known = {
        r"\bup to degree (\w+)": {situation.max_degree},
        r"(?<!up to )\bdegree (\d+)": degrees,
        r"\bdegree of V, and of what the equations cut out, is (\w+)": degrees,
        r"\bfinite length (\w+)": {length},
        r"\bcodimension(?: of V)?(?: is)? (\d+)": {situation.codimension},
        r"\bV has dimension (\w+)": {situation.dimension},
        r"\bset has dimension (\w+)": {situation.variables - situation.equations},
        r"\bsomething of dimension (\w+)": {stated.get("dimension", situation.dimension)},
        r"\bsection by (\w+) linear": {situation.dimension},
        r"\b(\d+|no) linear equations?\b": {situation.linear},
        r"\b(\d+|no) equations?\b": {situation.equations},
        r"\b(\d+) sections? modulo": {orbits},
        r"\bmodulo (\d+)": {stated.get("prime")},
    }
    for text in (completeness["statement"], *completeness["checks"]):
        for pattern, numbers in known.items():
            texts = {str(number) for number in numbers} | ({"no"} if 0 in numbers else set())
            for said in re.findall(pattern, text):
                require(said in texts, f"the number {said} in what is said about completeness is not as replayed")
        for said in re.findall(r"\(h-vector ([^)]*)\)", text):
            row = found.h if found is not None else stated.get("h_vector")
            require(row is not None and said == ", ".join(map(str, row)), "the h-vector in a check is not as replayed")
