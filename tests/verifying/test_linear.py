"""Symmetries that are linear in the parameters: true ones are followed through any graph, false ones are refused."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.verifying import verify

SQUARE = [(2, Fraction(1))]


def convolutions():
    """Two hidden channels of filters of width 2 over four positions, a square, and two more filters."""
    builder = NetworkBuilder()
    x = builder.input((1, 4))
    patches = builder.gather([x], [0, 1, 2, 1, 2, 3], (2, 3))
    hidden = builder.polynomial(builder.matmul(builder.parameter("W_1", (2, 2)), patches), SQUARE)
    again = builder.gather([hidden], [0, 1, 1, 2, 3, 4, 4, 5], (4, 2))
    return builder.finish(builder.matmul(builder.parameter("W_2", (2, 4)), again))


def attention(layers=2, *, residual=False):
    """Layers of attention with d = 2, a = 2 and two tokens."""
    builder = NetworkBuilder()
    value = builder.input((2, 2))
    for layer in range(1, layers + 1):
        q, k, v = (builder.parameter(f"{name}_{layer}", (2, 2)) for name in "QKV")
        scores = builder.matmul(builder.transpose(builder.matmul(k, value)), builder.matmul(q, value))
        out = builder.matmul(builder.matmul(v, value), scores)
        value = builder.sum(value, out) if residual else out
    return builder.finish(value)


def tied():
    builder = NetworkBuilder()
    x = builder.input((3, 2))
    q, v = builder.parameter("Q", (3, 3)), builder.parameter("V", (2, 3))
    key = builder.matmul(q, x)
    return builder.finish(builder.matmul(builder.matmul(v, x), builder.matmul(builder.transpose(key), key)))


def gated_and_divided():
    """W (A x o 1/(B x)) on two halves that are concatenated."""
    builder = NetworkBuilder()
    x = builder.input((3,))
    a, b = (builder.matmul(builder.parameter(name, (2, 3)), x) for name in "AB")
    joined = builder.gather([builder.product(a, builder.reciprocal(b)), a], [0, 1, 2, 3], (4,))
    return builder.finish(builder.matmul(builder.parameter("W", (2, 4)), joined))


NETWORKS = {
    "convolutions": convolutions(),
    "attention": attention(1),
    "two layers": attention(2),
    "residual": attention(2, residual=True),
    "tied": tied(),
    "gated": gated_and_divided(),
}


def with_linear(reports, name):
    """Returns a handmade report whose bound is by symmetries, linear ones among them."""
    report = reports.handmade(NETWORKS[name])
    bound = reports.tree(report)
    assert bound["bound"] == "symmetries"
    assert any("moves" in stated for stated in bound["symmetries"])
    if name == "gated":  # its functions are no polynomials
        report["claims"][0]["value"] |= {"ambient_dimension": None, "linear_span_dimension": None, "filling": None}
        report["parametrization"]["coordinates"] = None
    return report


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - {"gated"}))
def test_true_symmetries_are_accepted(reports, name):
    (finding,) = verify(with_linear(reports, name))
    assert finding.accepted, finding.statement


def first(bound, kind):
    return next(stated for stated in bound["symmetries"] if stated["kind"] == kind and "moves" in stated)


TAMPERINGS = {}


def tampering(network, reason):
    def add(function):
        TAMPERINGS[function.__name__] = (network, reason, function)
        return function

    return add


@tampering("convolutions", "moves the functions|does not follow")
def another_power(bound):
    first(bound, "diagonal")["moves"][1]["factor"] = "-1"


@tampering("convolutions", "does not follow|does not move")
def mixed_channels_behind_a_square(bound):
    stated = first(bound, "diagonal")
    stated |= {"kind": "full", "fields": stated["size"] ** 2}


@tampering("convolutions", "moves the functions|does not follow")
def one_copy_of_a_channel_forgotten(bound):
    del first(bound, "diagonal")["moves"][1]["copies"][0]


@tampering("two layers", "moves the functions|does not follow")
def one_tensor_forgotten(bound):
    del first(bound, "full")["moves"][0]


@tampering("two layers", "moves the functions|does not follow")
def a_tensor_moved_from_the_other_side(bound):
    move = first(bound, "full")["moves"][0]
    move["side"] = "right" if move["side"] == "left" else "left"


@tampering("residual", "moves the functions|does not follow")
def a_stream_that_a_skip_connection_fixes(bound):
    moves = [
        {"tensor": name, "side": side, "factor": factor, "transposed": False, "copies": [[0, 1]]}
        for name, side, factor in (
            ("V_1", "left", "1"),
            ("Q_2", "right", "-1"),
            ("K_2", "right", "-1"),
            ("V_2", "right", "-1"),
        )
    ]
    bound["symmetries"].append({"kind": "full", "size": 2, "fields": 4, "moves": moves})
    bound["rank"] += 4


@tampering("tied", "moves the functions|does not follow")
def all_matrices_where_only_rotations_act(bound):
    stated = first(bound, "skew")
    stated |= {"kind": "full", "fields": stated["size"] ** 2}


@tampering("attention", "rank of the fields")
def a_rank_that_the_fields_do_not_have(bound):
    bound["rank"] += 1


@tampering("attention", "number of fields")
def more_fields_than_the_class_has(bound):
    first(bound, "full")["fields"] += 1


@tampering("attention", "no parameter tensor")
def a_tensor_of_another_network(bound):
    first(bound, "full")["moves"][0]["tensor"] = "R"


@tampering("attention", "is no factor")
def a_factor_zero(bound):
    first(bound, "full")["moves"][0]["factor"] = "0"


@tampering("attention", "class")
def a_kind_that_does_not_exist(bound):
    first(bound, "full")["kind"] = "unitary"


@tampering("attention", "places of a class")
def places_outside_of_the_tensor(bound):
    first(bound, "full")["moves"][0]["copies"] = [[0, 2]]


@tampering("attention", "size of a class")
def a_class_without_size(bound):
    first(bound, "full")["size"] = 0


@tampering("attention", "number of fields|class")
def several_factors_at_once(bound):
    stated = first(bound, "factors")
    stated |= {"size": 2, "fields": 1}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_false_symmetries_are_refused(reports, name):
    network, reason, function = TAMPERINGS[name]
    report = with_linear(reports, network)
    function(reports.tree(report))
    (finding,) = verify(report)
    assert not finding.accepted
    assert any(part in finding.statement for part in reason.split("|")), finding.statement


def test_every_change_of_one_entry_of_a_class_is_refused_or_harmless(reports):
    """A factor may act from either side, and a number is its own transpose; everything else is wrong."""
    names = sorted({"Q_1", "K_1", "V_1"})
    for kind in ("full", "factors"):
        count = len(first(reports.tree(with_linear(reports, "attention")), kind)["moves"])
        for index, (key, value) in itertools.product(
            range(count),
            [
                ("side", "left"),
                ("side", "right"),
                ("factor", "2"),
                ("transposed", True),
                *(("tensor", n) for n in names),
            ],
        ):
            report = with_linear(reports, "attention")
            move = first(reports.tree(report), kind)["moves"][index]
            if move[key] == value or (kind == "factors" and key == "tensor"):  # K may take the place of Q
                continue
            move[key] = value
            (finding,) = verify(report)
            harmless = kind == "factors" and (key in ("side", "transposed"))
            assert finding.accepted == harmless, (kind, index, key, value, finding.statement)
