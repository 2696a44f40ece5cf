"""False variants of bounds by spans, Pfaffians, curves and explicit fields: each is refused for what is false in it."""

from __future__ import annotations

import copy

import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.bounds import upper_bound
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.symmetry.hidden_symmetries import hidden_fields
from neuroalg_cli.verifying import ReportError, verify
from neuroalg_cli.verifying.bounds import bound
from neuroalg_cli.verifying.network import Network

PRIME = 8388593


def program(network):
    """Returns the checker's form of a network, at a random point."""
    point = [int(v) for v in residues(0, "w", network.parameter_count, PRIME)]
    return Network(network.as_json(), {"prime": PRIME, "point": point, "inputs": []})


def replay(network, tree):
    checked = program(network)
    return bound(tree, checked, checked.input, checked.output)


def searched(network):
    w = balanced(residues(0, "w", network.parameter_count, PRIME), PRIME)
    return upper_bound(network, w, PRIME)


def span(network, at, value, **keys):
    """Returns a bound by the span at a node for a whole network."""
    return {"bound": "span", "from": 0, "to": network.output, "at": at, "counted": at, **keys, "value": value}


def coordinates(end, value):
    return {"bound": "coordinates", "from": 0, "to": end, "value": value}


#: three quadratic forms h (node 5) in two variables: 9 coefficients; their squares (node 6) satisfy one equation of degree 4
QUARTIC = mlp([2, 3, 3, 40, 3], [2, 2, 4]).network()
LEFT = {"cut": 5, "gain": 3, "left": coordinates(5, 9)}
TRUE_SPAN = span(QUARTIC, 6, 48, span=14, over=0, rank=3, **LEFT)
#: (1,2,2) with z^2 + z and without biases: two quadratic polynomials without constant in one variable
MIXED_DEGREES = mlp([1, 2, 3], activation="z^2+z").network()
CONSTANTS = mlp([3, 2, 2], activation="z^2+1").network()
GENERAL = mlp([3, 2, 2], activation="z^3+z").network()
BIASED = mlp([1, 2, 3, 4], 2, biases=True).network()
SHIFTED = mlp([3, 2, 2], activation="(z+1)^2").network()
#: behind the first layer there are constants, which may be added where all polynomials of degree 2 are counted
DEEPLY_SHIFTED = mlp([1, 2, 2, 2], activation="(z+1)^2").network()
PARAMETERS = {"bound": "symmetries", "from": 0, "to": 5, "parameters": 6, "rank": 0, "symmetries": [], "value": 6}
NARROW = mlp([3, 1, 2, 2], [1, 2]).network()


def test_the_true_ones_are_accepted():
    assert replay(QUARTIC, TRUE_SPAN) == 6 + 3 * 14
    assert replay(BIASED, searched(BIASED).evidence) == 19
    assert searched(BIASED).evidence["bound"] == "span"


def test_constants_may_be_added_to_all_polynomials():
    tree = span(DEEPLY_SHIFTED, 6, 8, span=2, rank=2, cut=5, gain=2, left=coordinates(5, 6))
    assert replay(DEEPLY_SHIFTED, tree) == 6 + 2 * 2 - 2


SPANS = {
    "a span that is too small": (QUARTIC, {**TRUE_SPAN, "span": 13, "value": 45}, "dimension of a span"),
    "an equation twice": (QUARTIC, {**TRUE_SPAN, "span": 13}, "dimension of a span"),
    "more scalings than neurons": (QUARTIC, {**TRUE_SPAN, "gain": 4, "value": 47}, "gain of a span"),
    "all matrices behind the squares": (QUARTIC, {**TRUE_SPAN, "gain": 9, "value": 42}, "gain of a span"),
    "a smaller rank": (QUARTIC, {**TRUE_SPAN, "rank": 2, "value": 6 + 2 * (3 + 14 - 2)}, "rank of the outputs"),
    "no bound for the values": (
        QUARTIC,
        {key: v for key, v in TRUE_SPAN.items() if key not in ("left", "gain")} | {"value": 42},
        "no bound for the functions",
    ),
    "an activation of another layer": (QUARTIC, {**TRUE_SPAN, "at": 3, "counted": 3}, "an|not belong|right range"),
    "an equation between as many entries": (QUARTIC, {**TRUE_SPAN, "over": 3, "span": 14}, "no equation"),
    "a node that is no function of another": (QUARTIC, {**TRUE_SPAN, "counted": 4}, "no function of node 4"),
    "an equation that is not homogeneous": (
        MIXED_DEGREES,
        span(MIXED_DEGREES, 3, 5, span=1, over=0, rank=1, cut=2, gain=0, left=coordinates(2, 2)),
        "needs all degrees",
    ),
    "scalings of a square with a constant": (
        CONSTANTS,
        span(CONSTANTS, 3, 8, span=2, rank=2, cut=2, gain=2, left=coordinates(2, 6)),
        "gain of a span",
    ),
    "scalings of a general polynomial": (
        GENERAL,
        span(GENERAL, 3, 8, span=2, rank=2, cut=2, gain=2, left=coordinates(2, 6)),
        "gain of a span",
    ),
    "scalings of a shifted square of linear forms": (
        SHIFTED,
        span(SHIFTED, 3, 8, span=2, rank=2, cut=2, gain=2, left=coordinates(2, 6)),
        "gain of a span",
    ),
    "shifts of values that are not counted as all polynomials": (
        DEEPLY_SHIFTED,
        span(DEEPLY_SHIFTED, 6, 8, span=2, rank=2, cut=5, gain=2, left=PARAMETERS),
        "gain of a span",
    ),
    "all matrices on dependent functions": (
        NARROW,
        span(NARROW, 4, 2, span=1, counted=2, rank=1, cut=4, gain=4, left={**coordinates(4, 6), "from": 0}),
        "gain of a span",
    ),
    "a vector that is not counted": (BIASED, {**searched(BIASED).evidence, "value": 15}, "bound by span"),
}


@pytest.mark.parametrize("name", SPANS)
def test_false_spans_are_refused(name):
    network, tree, reason = SPANS[name]
    with pytest.raises(ReportError, match=reason):
        replay(network, tree)


def sums(kind, widths, cut, value, r=2, keys=(), **options):
    network = mlp(widths, r, **options).network() if "activation" not in options else mlp(widths, **options).network()
    return network, {"bound": kind, "from": 0, "to": network.output, "cut": cut, **dict(keys), "value": value}


SUMS = {
    "cubes": (sums("pfaffian", [4, 5, 3], 2, 29, 3, {"variables": 4, "squares": 5}), "one of three sums of squares"),
    "four outputs": (sums("pfaffian", [4, 5, 4], 2, 29, 2, {"variables": 4, "squares": 5}), "one of three"),
    "six squares": (sums("pfaffian", [4, 6, 3], 2, 29, 2, {"variables": 4, "squares": 6}), "satisfy no Pfaffian"),
    "three variables": (sums("pfaffian", [3, 4, 3], 2, 17, 2, {"variables": 3, "squares": 4}), "satisfy no Pfaffian"),
    "another number of variables": (sums("pfaffian", [3, 5, 3], 2, 29, 2, {"variables": 4, "squares": 5}), "variables"),
    "constants that are not counted": (
        sums("pfaffian", [3, 5, 3], 4, 29, 2, {"variables": 4, "squares": 5}, biases=True),
        "number of squares",
    ),
    "two hidden layers": (sums("pfaffian", [4, 4, 5, 3], 5, 29, 2, {"variables": 4, "squares": 5}), "one hidden layer"),
    "the cut of another layer": (
        sums("pfaffian", [4, 4, 5, 3], 2, 29, 2, {"variables": 4, "squares": 4}),
        "one hidden",
    ),
    "no power": (
        sums("curve", [3, 5, 2], 2, 19, 3, {"variables": 3, "terms": 5, "degree": 2}, activation="z^3+z"),
        "is no power",
    ),
    "too many points": (
        sums("curve", [3, 6, 2], 2, 20, 3, {"variables": 3, "terms": 6, "degree": 3}),
        "no rational normal curve",
    ),
    "a degree that is too small": (
        sums("curve", [3, 5, 2], 2, 18, 3, {"variables": 3, "terms": 5, "degree": 1}),
        "no curve of degree 1",
    ),
    "fewer terms": (sums("curve", [3, 5, 2], 2, 15, 3, {"variables": 3, "terms": 4, "degree": 2}), "number of terms"),
    "another excess": (sums("curve", [3, 5, 2], 2, 18, 3, {"variables": 3, "terms": 5, "degree": 2}), "bound by curve"),
}


@pytest.mark.parametrize("name", SUMS)
def test_false_sums_of_powers_are_refused(name):
    (network, tree), reason = SUMS[name]
    with pytest.raises(ReportError, match=reason):
        replay(network, tree)


@pytest.mark.parametrize(
    ("widths", "r", "kind"), [((4, 5, 3), 2, "pfaffian"), ((3, 5, 2), 3, "curve"), ((2, 4, 4, 5), 2, "span")]
)
def test_reports_with_these_bounds_are_accepted(reports, widths, r, kind):
    report = reports.proved(*widths, activation_degree=r)
    assert reports.tree(report)["bound"] == kind
    (finding,) = verify(report)
    assert finding.accepted, finding.statement


ROTATED = mlp([3, 2, 1], 2).network()
FIELDS = {
    "bound": "fields",
    "from": 0,
    "to": ROTATED.output,
    "parameters": 8,
    "rank": 3,
    "symmetries": [],
    "fields": [field.as_json(ROTATED) for field in hidden_fields(ROTATED)],
    "value": 5,
}


def test_true_fields_are_accepted():
    assert replay(ROTATED, FIELDS) == 5


def change(path, value):
    """Returns a function that replaces something in the fields."""

    def apply(tree):
        place = tree
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return apply


def twice(tree):
    tree["fields"].append(tree["fields"][0])
    tree["rank"], tree["value"] = 4, 4


def doubled_parameter(tree):
    tree["fields"][0].append(tree["fields"][0][0])


FALSE_FIELDS = {
    "another coefficient": (change(["fields", 0, 0, 2, 0, 0], "3"), "not constant along field 1"),
    "another sign": (change(["fields", 2, 0, 2, 0, 0], "7"), "not constant along field 3"),
    "another factor": (change(["fields", 2, 0, 2, 0, 1], [["W_1", 0]]), "not constant along field 3"),
    "a field listed twice": (twice, "rank of the fields"),
    "a parameter that moves twice": (doubled_parameter, "moves a parameter twice"),
    "a foreign parameter": (change(["fields", 0, 0, 0], "W_3"), "no parameter of the block"),
    "an entry beyond the tensor": (change(["fields", 0, 0, 1], 6), "right range"),
    "a coefficient that is no number": (change(["fields", 0, 0, 2, 0, 0], "1e3"), "cannot be read"),
    "a coefficient zero": (change(["fields", 0, 0, 2, 0, 0], "0"), "cannot be read"),
    "no terms": (change(["fields", 0, 0, 2], []), "or by nothing"),
    "no list": (change(["fields"], {}), "no list"),
    "another rank": (change(["rank"], 4), "rank of the fields"),
    "another value": (change(["value"], 4), "bound by fields"),
    "another number of parameters": (change(["parameters"], 9), "number of parameters"),
}


@pytest.mark.parametrize("name", FALSE_FIELDS)
def test_false_fields_are_refused(name):
    apply, reason = FALSE_FIELDS[name]
    tree = copy.deepcopy(FIELDS)
    apply(tree)
    with pytest.raises(ReportError, match=reason):
        replay(ROTATED, tree)
