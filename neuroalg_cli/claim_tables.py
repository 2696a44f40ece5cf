"""A claim as a person sees it: its value, how sure it is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neuroalg_cli.bounding.bound_words import bound_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.report.model import Claim, Value

_COLOURS = {"theorem": "green", "proved": "green", "exact": "cyan", "modular": "yellow", "certified_numeric": "cyan"}
_PROPER = {"h vector": "h-vector", "cohen macaulay": "Cohen-Macaulay", "hilbert": "Hilbert", "betti": "Betti"}
#: longer texts stand in a table of their own, so that numbers stay near their names
_NARROW = 24
#: so many entries of a long list are shown, and characters of an equation among the reasons; the JSON report has all
_SHOWN_ENTRIES = 12
_SHOWN_CHARACTERS = 70


def headline(claim: Claim) -> str:
    """Returns the key of a claim's value that answers its question."""
    from neuroalg_cli import invariant  # noqa: PLC0415

    return claim.invariant if claim.invariant in claim.value else invariant.load(claim.invariant).key


def claim_parts(claim: Claim) -> list[Any]:
    """Returns the tables and texts of a claim, in the order in which they are printed."""
    key = headline(claim)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    wide = Table.grid(padding=(0, 2))
    headlines: list[Any] = []
    lists: list[Any] = []
    for name, value in claim.value.items():
        if value is None and name != key and not claim.invariant.endswith("dimension"):
            continue  # not what this method computes
        text = in_one_line(value)
        if name == key:
            sureness = Text() if value is None else _sureness(claim)  # nothing was decided, so nothing is sure
            row = Text(words(name), style="bold"), Text(f"{bound(claim)}{text}", style="bold"), sureness
            if len(text) > _NARROW:
                headlines.append(Text("  ").join(row))
            else:
                table.add_row(*row)
        elif isinstance(value, list) and value and all(isinstance(entry, str) for entry in value):
            named = value
            if name == "coordinates":
                named = [f"y_{k}  {str(entry).removeprefix(f'y_{k}: ')}" for k, entry in enumerate(value, 1)]
            shown = ["", Text(f"{words(name)}:"), *_entries(named)]
            lists += shown
        elif len(text) > _NARROW:
            wide.add_row(words(name), text)
        else:
            table.add_row(words(name), text)
    parts = [*headlines, table, *([wide] if wide.row_count else []), *lists]
    return [*parts, "", _reasons(claim)]


def in_one_line(value: Value) -> str:
    """Returns an entry of a value as text: ``yes``, ``1, 4, 10``, ``2: 6, 3: 20``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    if isinstance(value, list):
        return (
            ", ".join(
                in_one_line(entry) if not isinstance(entry, list) else f"({in_one_line(entry)})" for entry in value
            )
            or "none"
        )
    if isinstance(value, dict):
        return ", ".join(f"{key}: {in_one_line(entry)}" for key, entry in value.items()) or "none"
    text = str(value)
    return text if isinstance(value, str) or len(text) <= 30 else f"about 10^{len(text) - 1}"


def _entries(value: list[Any]) -> Iterator[Any]:
    for entry in value[:_SHOWN_ENTRIES]:
        yield Padding(Text(entry if len(entry) <= 400 else f"{entry[:400]} ..."), (0, 0, 0, 2), expand=False)
    if len(value) > _SHOWN_ENTRIES:
        more = Text(f"... and {len(value) - _SHOWN_ENTRIES} more; --json shows all", style="dim")
        yield Padding(more, (0, 0, 0, 2), expand=False)


def bound(claim: Claim) -> str:
    """Returns ``at least`` or ``at most`` with a blank behind it, where the answer is a number that is a bound."""
    value = claim.value.get(headline(claim))
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    return {"lower_bound": "at least ", "upper_bound": "at most ", "exact": ""}[claim.kind]


def _sureness(claim: Claim) -> Text:
    sure = Text(claim.certainty, style=_COLOURS.get(claim.certainty, "red"))
    if claim.error_probability is not None:
        sure.append(f" (wrong with probability below {claim.error_probability})")
    if claim.kind != "exact":
        sure.append(f", a{'n upper' if claim.kind == 'upper_bound' else ' lower'} bound")
    return sure


def words(key: str) -> str:
    """Returns the key of an entry in words: ``h-vector`` for ``h_vector``."""
    text = key.removeprefix("is_").replace("_", " ").replace("fiber", "fibre")
    for plain, proper in _PROPER.items():
        text = text.replace(plain, proper)
    return text


def _reasons(claim: Claim) -> Table:
    table = Table.grid(padding=(0, 2))
    rows = [("method", f"{claim.method} on {claim.engine.name} {claim.engine.version}"), *_evidence(claim)]
    rows += [("reference", reference) for reference in claim.references]
    rows += [("symmetries", symmetry) for symmetry in claim.known_symmetries]
    previous = None
    for label, text in rows:
        table.add_row(label if label != previous else "", Text(text))
        previous = label
    return table


def _evidence(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yields the evidence in words."""
    evidence = claim.evidence
    if claim.completeness is not None:
        found = claim.completeness
        yield (
            "complete",
            f"{in_one_line(found.is_complete)}{f' ({found.certainty})' if found.certainty else ''}: {found.statement}",
        )
        yield from (("checked", check) for check in found.checks)
    if "theorem" in evidence:
        yield "theorem", f"{evidence['theorem']}: {evidence['statement']}"
        for hypothesis in evidence["hypotheses"]:
            yield "because", hypothesis
    if "lower_bound" in evidence and "upper_bound" in evidence:
        lower, upper = evidence["lower_bound"], evidence["upper_bound"]
        yield "at least", f"{lower['value']}: a nonzero minor modulo {lower['prime']}"
        yield "at most", f"{upper['value']}: {bound_words(upper)}"
    if "minor" in evidence:
        minor = evidence["minor"]
        where = (
            f"not 0 modulo {minor['prime']}"
            if "prime" in minor
            else f"certainly not 0, in balls of {minor['bits']} bits"
        )
        yield "at least", f"{minor['value']}: a minor that is {where}"
    if "reason" in evidence:
        yield "because", str(evidence["reason"])
    if evidence.get("equations"):
        yield "equations", _first_of(evidence["equations"])
    if "sections" in evidence:
        sections = evidence["sections"]
        many = f"{len(sections['orbits'])} sections" if len(sections["orbits"]) > 1 else "a section"
        yield "checked", f"{many} of the equations modulo {sections['prime']}: no other degree is possible"
    if "at_most" in evidence:
        yield "at most", str(evidence["at_most"])
    if "dimension" in evidence:
        yield "given", str(evidence["dimension"]["statement"])
    for assumption in claim.assumptions:
        yield "assuming", assumption


def _first_of(equations: list[Any]) -> str:
    """Returns the first equation on a line, cut where it is long, and how many more there are."""
    first = str(equations[0])
    shown = first if len(first) <= _SHOWN_CHARACTERS else f"{first[:_SHOWN_CHARACTERS]} ..."
    return shown if len(equations) == 1 else f"{shown}, and {len(equations) - 1} more"
