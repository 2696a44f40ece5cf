"""A report with one entry changed is refused: numbers, lists, names, flags and nodes, one by one and all of them."""

from __future__ import annotations

import copy
import functools

import pytest

from neuroalg_cli.verifying import ReportError, estimate_seconds, verify

PRIME = 8388593
CHANGES = []


def change(path, value, widths=(3, 2, 3), **options):
    """Adds a case: the entry at a path of keys gets another value, which a function may compute from the old one."""
    CHANGES.append((path, value, widths, options))


def with_entry(report, path, value):
    """Returns the report with another entry at a path of keys."""
    *keys, last = path
    part = functools.reduce(lambda part, key: part[key], keys, report)
    new = value(part[last]) if callable(value) else value
    assert type(new) is not type(part[last]) or new != part[last] or repr(new) != repr(part[last])
    part[last] = new
    return report


def plus_one(value):
    return value + 1


def minus_one(value):
    return value - 1


def as_float(value):
    return float(value)


def as_text(value):
    return str(value)


def without_last(values):
    return values[:-1]


def last_twice(values):
    return [*values, values[-1]]


def all_the_first(values):
    return [values[0] for _ in values]


def zeros(values):
    return [0 for _ in values]


def opposite(value):
    return not value


LOWER = ("claims", 0, "evidence", "lower_bound")
UPPER = ("claims", 0, "evidence", "upper_bound")
VALUE = ("claims", 0, "value")
NODES = ("parametrization", "network", "nodes")
SQUARES = {"activation_degree": 2}

# the lower bound
for tamper in (plus_one, minus_one, as_float, as_text, 10**30, None):
    change((*LOWER, "value"), tamper)
for tamper in (plus_one, 65521, 3 * 65537, 561 * 2**60 + 1, 2**89 - 1, True, -7, as_text, as_float, 10**5000):
    change((*LOWER, "prime"), tamper)
for tamper in (without_last, last_twice, zeros, as_text):
    change((*LOWER, "point"), tamper)
for tamper in (-1, PRIME, 10**40, 1.0, True, "1", None):
    change((*LOWER, "point", 0), tamper)
for tamper in (without_last, all_the_first, []):
    change((*LOWER, "inputs"), tamper)
for tamper in (without_last, last_twice, zeros, None):
    change((*LOWER, "inputs", 0), tamper)
change((*LOWER, "inputs", 0, 0), -1)
for rows in ("pivot_rows", "pivot_columns"):
    for tamper in (without_last, last_twice, all_the_first):
        change((*LOWER, rows), tamper)
    for tamper in (-1, 10**6, 0.0, True):
        change((*LOWER, rows, 0), tamper)
change((*LOWER[:-1],), {})
change(LOWER, {})
change(LOWER, None)

# the upper bound
for tamper in (plus_one, minus_one, as_float, as_text):
    change((*UPPER, "value"), tamper)
    change((*UPPER, "from"), tamper)
    change((*UPPER, "to"), tamper)
for tamper in ("coordinates", "symmetries", "composition", "theorem", None, ["determinantal"]):
    change((*UPPER, "bound"), tamper)
change(UPPER, {})
change(UPPER, [])
for tamper in ("determinantal", "symmetries"):
    change((*UPPER, "bound"), tamper, (2, 2, 1), **SQUARES)
for key, tampers in {
    "rank": (plus_one, minus_one, as_float),
    "parameters": (plus_one, minus_one, as_text),
    "symmetries": ([], without_last, None),
}.items():
    for tamper in tampers:
        change((*UPPER, key), tamper, (2, 2, 2, 2), **SQUARES)
for key, tampers in {
    "kind": ("general-linear", "rotation", "translation", "reflection", None, []),
    "first": ("W_2", "W_9", None, []),
    "second": ("W_1", "W_3", None),
    "fields": (plus_one, 0, -1, 10**9, as_text),
}.items():
    for tamper in tampers:
        change((*UPPER, "symmetries", 0, key), tamper, (2, 2, 2, 2), **SQUARES)
for key in ("first_bias", "second_bias"):
    for tamper in ("b_2", "b_9", "W_1", None):
        if (key, tamper) != ("second_bias", "b_2"):
            change((*UPPER, "symmetries", 0, key), tamper, (3, 2, 2), activation="(z+1)^2+1", biases=True)
for key, tampers in {
    "cut": (plus_one, minus_one, 0, 10**6, as_text),
    "gain": (plus_one, minus_one, 0, 4, -1, as_float),
    "left": ({}, None),
    "right": ({}, None),
}.items():
    for tamper in tampers:
        change((*UPPER, key), tamper, (2, 3, 2, 1), activation_degree=(2, 3))
for side in ("left", "right"):
    for key in ("value", "from", "to"):
        for tamper in (plus_one, minus_one):
            change((*UPPER, side, key), tamper, (2, 3, 2, 1), activation_degree=(2, 3))

# the claim
for key in (
    "dimension",
    "projective_dimension",
    "parameters",
    "ambient_dimension",
    "linear_span_dimension",
    "defect",
    "generic_fiber_dimension",
):
    for tamper in (plus_one, minus_one, as_float, None):
        change((*VALUE, key), tamper)
for tamper in (plus_one, 10**6, -1, None):
    change((*VALUE, "expected_dimension"), tamper)
change((*VALUE, "filling"), opposite)
change((*VALUE, "filling"), 0)
change(VALUE, {})
for tamper in ("lower_bound", "upper_bound", None):
    change(("claims", 0, "kind"), tamper)
for tamper in ("degree", None):
    change(("claims", 0, "invariant"), tamper)

# the graph
for tamper in (plus_one, minus_one):
    change(("parametrization", "parameters"), tamper)
    change(("parametrization", "coordinates"), tamper)
for tamper in (minus_one, plus_one, -1, True, None):
    change(("parametrization", "network", "output"), tamper)
for tamper in (without_last, last_twice, [], None):
    change(NODES, tamper)
for tamper in ("inverse", "matmul", "input", "gather", None):
    change((*NODES, 1, "operation"), tamper)
for tamper in ([2, 4], [3, 2], [6], [], [0, 3], [-2, 3], [2.0, 3], [True, 3], [10**9, 3], [2, 3, 1], "23"):
    change((*NODES, 1, "shape"), tamper)
for tamper in ([0, 1], [1], [1, 2], [1, 4], [1, -1], [1, 0, 0], []):
    change((*NODES, 2, "operands"), tamper)
for tamper in ("W_2", "V", "", None, []):
    change((*NODES, 1, "name"), tamper)
for tamper in ([[3, "1"]], [[2, "2"]], [[2, "1"], [1, "1"]], [[1, "1"], [2, "1"]], [[2, "1"], [2, "1"]], []):
    change((*NODES, 3, "terms"), tamper, (3, 2, 1), **SQUARES)
for tamper in ([[2, "0"]], [[2, "1/0"]], [[2, "1e9"]], [[2, 1]], [[2.0, "1"]], [[10**9, "1"]], [[-1, "1"]], [[2]], [2]):
    change((*NODES, 3, "terms"), tamper, (3, 2, 1), **SQUARES)

# the architecture
for tamper in (without_last, "", "0" * 64, None):
    change(("architecture", "sha256"), tamper)
change(("architecture", "family"), "cnn")
change(("architecture", "specification", "widths"), [3, 3, 3])
change(("architecture", "specification", "family"), "cnn")


def name(case):
    path, value, _, _ = case
    shown = getattr(value, "__name__", f"{value:.1e}" if isinstance(value, int) and abs(value) > 10**20 else str(value))
    return f"{'.'.join(map(str, path))}: {shown:.30}"


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: name(case) if case[1] != 10**5000 else "huge")
def test_a_changed_entry_is_refused(reports, case):
    path, value, widths, options = case
    (finding,) = verify(with_entry(reports.proved(*widths, **options), path, value))
    assert not finding.accepted
    assert finding.statement
    assert "\n" not in finding.statement
    assert len(finding.statement) < 300


STRANGE = (None, True, -1, 0.5, "x", "", [], {}, [[]], 10**5000, float("nan"), {"value": {}}, "\ud800")


def parts(value, path=()):
    """Yields the paths to all parts of a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in pairs:
        yield from parts(entry, (*path, key))


@pytest.mark.parametrize(
    ("widths", "options"),
    [
        ((2, 1, 2), {"activation_degree": 2}),
        ((2, 3, 2, 1), {"activation_degree": (2, 3)}),
        ((2, 2, 1), {"biases": True}),
    ],
    ids=str,
)
def test_strange_values_anywhere_are_refused_in_a_sentence(reports, widths, options):
    report = reports.proved(*widths, **options)
    # what the proof does not speak about
    free = {"provenance", "volatile", "failures", "agreement", "label", "conventions", "method", "engine", "references"}
    free |= {"known_symmetries", "limits", "primes", "seed", "script", "assumptions", "error_probability"}
    checked = 0
    for path in parts(report):
        if free & set(path) or path in ((), ("claims",), ("claims", 0), ("claims", 0, "certainty")):
            continue
        for strange in STRANGE:
            if functools.reduce(lambda part, key: part[key], path, report) == strange:
                continue
            verdict = verdict_on(with_entry(copy.deepcopy(report), path, strange))
            assert verdict.startswith("refused: "), (path, strange)
            assert "\n" not in verdict
            checked += 1
    assert checked > 500


def verdict_on(report):
    """Returns what the checker says of a report with one claim, whichever way it says it; nothing else may be raised."""
    try:
        assert estimate_seconds(report) >= 0
        (finding,) = verify(report)
    except ReportError as error:
        return f"refused: {error}"
    return f"{'accepted' if finding.accepted else 'refused'}: {finding.statement}"
