"""The rank of d phi at given weights against the expanded polynomials over Q, and against the formula for linear networks."""

from __future__ import annotations

import json
import math
import random
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from flint import fmpq, fmpq_mat, fmpq_mpoly_ctx

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.vanishing_derivatives import columns_that_may_differ_from_zero
from neuroalg_cli.cli import command_line
from neuroalg_cli.errors import MemoryLimitError, SpecError, TimeLimitError, UsageError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants import local_dimension
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.part_of_network import PartOfNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from neuroalg_cli.architecture import Architecture


def rank_over_the_rationals(architecture: Architecture, point: list[Fraction]) -> int:
    """The reference: every coordinate of phi expanded, differentiated by hand, evaluated in Fractions, ranked by FLINT."""
    rows = []
    for coordinate in coordinates(architecture.network()):
        row = []
        for k in range(len(point)):
            total = Fraction(0)
            for exponents, coefficient in coordinate.polynomial.items():
                if exponents[k]:
                    term = coefficient * exponents[k]
                    for i, exponent in enumerate(exponents):
                        term *= point[i] ** (exponent - (i == k))
                    total += term
            row.append(fmpq(total.numerator, total.denominator))
        rows.append(row)
    return int(fmpq_mat(rows).rank())


@pytest.mark.parametrize("seed", range(24))
def test_the_rank_is_that_of_the_expanded_polynomials(seed: int) -> None:
    source = random.Random(seed)
    widths = [source.randint(1, 3) for _ in range(source.choice((3, 3, 4)))]
    architecture = mlp(widths, source.choice((1, 2, 2, 3)), biases=source.random() < 0.4)
    parameters = architecture.network().parameter_count
    # many zeros and repetitions: that is where the rank falls
    point = [Fraction(source.choice((0, 0, 1, 1, -2, Fraction(1, 3)))) for _ in range(parameters)]
    claim = na.local_dimension(architecture, point=point)
    assert claim.value["local_dimension"] == rank_over_the_rationals(architecture, point)
    assert claim.value["corank"] == claim.value["dimension"] - claim.value["local_dimension"]
    assert claim.value["is_critical"] == (claim.value["corank"] > 0)


@pytest.mark.parametrize("ranks", [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)])
def test_linear_networks_follow_the_formula(ranks: tuple[int, int]) -> None:
    # M. Trager, K. Kohn, J. Bruna, 'Pure and spurious critical points', arXiv:1910.01671: the image of
    # (A, B) -> A W_1 + W_2 B consists of all matrices with rows in that of W_1 plus all with columns in that of W_2,
    # which meet in dimension r_1 r_2: n_2 r_1 + n_0 r_2 - r_1 r_2.
    n0, n1, n2 = 4, 2, 3
    generator = np.random.default_rng(sum(ranks))
    first = generator.integers(-3, 4, (n1, ranks[0])) @ generator.integers(1, 5, (ranks[0], n0))
    second = generator.integers(1, 5, (n2, ranks[1])) @ generator.integers(-3, 4, (ranks[1], n1))
    r1, r2 = np.linalg.matrix_rank(first), np.linalg.matrix_rank(second)
    claim = na.local_dimension(mlp([n0, n1, n2]), point=[*first.reshape(-1), *second.reshape(-1)])
    assert claim.value["local_dimension"] == n2 * r1 + n0 * r2 - r1 * r2
    assert claim.value["dimension"] == 2 * (4 + 3 - 2)  # matrices of rank at most 2


def test_a_general_point_is_regular_and_a_dead_neuron_critical() -> None:
    architecture = mlp([3, 3, 2], 3)
    source = random.Random(1)
    point = [source.random() for _ in range(15)]
    regular = na.local_dimension(architecture, point=point)
    assert (regular.certainty, regular.kind, regular.error_probability) == ("exact", "exact", None)
    assert regular.value == {"local_dimension": 12, "dimension": 12, "corank": 0, "is_critical": False}
    # with row 1 of W_1 zero the neuron moves in second order only, and its two weights in W_2 not at all: 3 + 2 parameters
    # less, one of which the scaling had taken
    dead = na.local_dimension(architecture, point=[0.0] * 3 + point[3:])
    assert dead.value == {"local_dimension": 8, "dimension": 12, "corank": 4, "is_critical": True}
    assert dead.certainty == "exact"  # the derivatives that vanish and the scalings of the others explain all of it


def test_parallel_neurons_are_critical_for_no_reason_that_the_bounds_know() -> None:
    # rows 1 and 2 of W_1 equal: f = (u_1 + u_2) l^3 + u_3 m^3, so the derivatives span l^3 e_1, l^3 e_2, the products of l^2 and
    # linear forms with u_1 and u_2 (all of l^2 (x) K^2, 3 * 2 dimensions, l^3 among them), and 3 + 2 - 1 = 4 for the third neuron
    architecture = mlp([3, 3, 2], 3)
    point = [1, 2, 3, 1, 2, 3, 5, 1, 2, 1, 4, 2, 3, 1, 7]
    claim = na.local_dimension(architecture, point=point)
    assert claim.value["local_dimension"] == rank_over_the_rationals(architecture, [Fraction(v) for v in point]) == 10
    assert (claim.certainty, claim.kind, claim.value["is_critical"]) == ("modular", "exact", True)
    assert float(str(claim.error_probability)) < 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_derivatives_said_to_vanish_do(seed: int) -> None:
    source = random.Random(seed)
    architecture = mlp([2, 3, 2], source.choice((2, 3)), biases=source.random() < 0.5)
    network = architecture.network()
    point = [Fraction(source.choice((0, 0, 1, -2))) for _ in range(network.parameter_count)]
    flags = columns_that_may_differ_from_zero(network, point)
    for k in range(len(point)):
        vanishes = True
        for coordinate in coordinates(network):
            total = Fraction(0)
            for exponents, coefficient in coordinate.polynomial.items():
                if exponents[k]:
                    powers = [v ** (e - (i == k)) for i, (v, e) in enumerate(zip(point, exponents, strict=True))]
                    total += coefficient * exponents[k] * math.prod(powers)
            vanishes &= total == 0
        assert vanishes or flags[k]


def test_floats_are_the_rationals_that_they_are() -> None:
    # 0.1 * 3 != 0.3 in floats: the matrix below has rank 2 over Q, and rank 1 only for who rounds
    point = [0.1, 0.3, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0]
    exact = [Fraction(1, 10), Fraction(3, 10), *map(Fraction, point[2:])]
    architecture = mlp([2, 2, 2])
    assert na.local_dimension(architecture, point=point).value["local_dimension"] == 4  # 2*2 + 2*1 - 2*1
    assert na.local_dimension(architecture, point=exact).value["local_dimension"] == 3  # 2*1 + 2*1 - 1*1
    assert rank_over_the_rationals(architecture, [Fraction(value) for value in point]) == 4


def test_extreme_floats_are_no_obstacle() -> None:
    point = [5e-324, 1.7e308, -5e-324, 1e-300, 3.0, 1e300]
    claim = na.local_dimension(mlp([2, 2, 1], 2), point=point)
    assert claim.value["local_dimension"] == rank_over_the_rationals(mlp([2, 2, 1], 2), [Fraction(v) for v in point])


def quotient() -> PartOfNetwork:
    """w x / (b + c x) for numbers w, b, c."""
    builder = NetworkBuilder()
    x = builder.input((1,))
    w, b, c = (builder.parameter(name, (1,)) for name in "wbc")
    bottom = builder.reciprocal(builder.sum(b, builder.product(c, x)))
    return PartOfNetwork(graph=builder.finish(builder.product(builder.product(w, x), bottom)), whole="test")


def test_rational_functions_and_their_poles() -> None:
    # d/dw, d/db, d/dc of w x/(b + c x): x/q, -w x/q^2, -w x^2/q^2, dependent by homogeneity: rank 2; for w = 0 rank 1
    assert na.local_dimension(quotient(), point=[2, 1, 1]).value["local_dimension"] == 2
    critical = na.local_dimension(quotient(), point=[0, 1, 1])
    assert (critical.value["local_dimension"], critical.value["is_critical"]) == (1, True)
    with pytest.raises(SpecError, match="divides by zero at these weights, whatever the input is"):
        na.local_dimension(quotient(), point=[1, 0, 0])


@pytest.mark.parametrize(
    ("point", "error", "sentence"),
    [
        ([1, 2], SpecError, "2 weights were given; mlp-3.2.3-r1 has 12 parameters"),
        ([float("nan")] * 12, SpecError, "the weight nan is no rational number"),
        ([float("inf")] * 12, SpecError, "the weight inf is no rational number"),
        ([1j] * 12, SpecError, "is no rational number"),
        (None, UsageError, "give --weights FILE, or point="),
    ],
)
def test_points_that_are_none_are_refused(point: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        na.local_dimension(mlp([3, 2, 3]), point=point)


def test_limits_hold() -> None:
    with pytest.raises(TimeLimitError, match="the rank at the weights needs about"):
        na.local_dimension(mlp([30, 30, 30]), point=[1] * 1800, seconds=1e-9)
    with pytest.raises(MemoryLimitError, match="the rank at the weights needs about"):
        na.local_dimension(mlp([30, 30, 30]), point=[1] * 1800, memory=10**6)


def test_the_error_bound_grows_with_the_size_of_the_numbers_and_is_no_more_than_one() -> None:
    phi = PolynomialMap(mlp([3, 3, 2], 3).network())
    small = local_dimension.miss_probability(phi, (Fraction(1),) * 15, 12, 8388593)
    large = local_dimension.miss_probability(phi, (Fraction(10**40, 3**50),) * 15, 12, 8388593)
    huge = local_dimension.miss_probability(phi, (Fraction(1, 2**10**6),) * 15, 12, 8388593)
    assert 0 < small < large < huge == 1


def test_where_the_bound_says_nothing_only_the_lower_bound_is_claimed() -> None:
    point = [Fraction(1, 2**300_000)] * 4 + [0, 0]  # W_2 = 0: the rank is that of W_1's forms, 1 of 3
    claim = na.local_dimension(mlp([2, 2, 1], 2), point=point)
    assert (claim.kind, claim.error_probability) == ("lower_bound", None)
    assert claim.value == {"local_dimension": 1, "dimension": 3, "corank": None, "is_critical": None}


def test_the_minor_of_the_evidence_is_not_zero() -> None:
    # an independent check of the evidence: the minor, from the expanded polynomials at the inputs given, modulo the prime
    architecture = mlp([2, 2, 1], 2)
    point = [Fraction(n) for n in (1, 2, 0, 1, 3, Fraction(1, 7))]
    minor = na.local_dimension(architecture, point=point).evidence["minor"]
    p = minor["prime"]
    context = fmpq_mpoly_ctx.get(tuple(f"w_{i}" for i in range(6)), "lex")
    w = context.gens()
    rows = []
    for x in minor["inputs"]:
        f = sum(w[4 + i] * (w[2 * i] * x[0] + w[2 * i + 1] * x[1]) ** 2 for i in range(2))
        values = [f.derivative(k)(*[fmpq(v.numerator, v.denominator) for v in point]) for k in range(6)]
        rows.append([values[column] for column in minor["pivot_columns"]])
    determinant = fmpq_mat([rows[row] for row in minor["pivot_rows"]]).det()
    assert int(determinant.p) % p
    assert int(determinant.q) % p
    assert len(minor["pivot_rows"]) == minor["value"] == 3


def test_the_command_tells_both_dimensions(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W_1=[[1, 2, 3], [2, 4, 6]], W_2=[[1, 0], [0, 1], [1, 1]])
    arguments = ["-q", "dim", "--arch", "mlp", "--widths", "3,2,3", "--weights", str(tmp_path / "w.npz")]
    result = CliRunner().invoke(command_line, arguments, obj={"quiet": True}, catch_exceptions=False)
    # r_1 = 1, r_2 = 2: 3*1 + 3*2 - 1*2 = 7, of 8
    assert "local dimension    7  modular" in result.output
    assert "critical         yes" in result.output
    assert "dimension                 8  theorem" in result.output


def test_the_report_keeps_both_claims_and_shows_them_again(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W_1=np.ones((2, 3)), W_2=np.ones((3, 2)))
    arguments = ["dim", "--arch", "mlp", "--widths", "3,2,3", "--weights", str(tmp_path / "w.npz")]
    runner = CliRunner()
    first = runner.invoke(command_line, [*arguments, "-o", str(tmp_path / "r.json")], catch_exceptions=False)
    again = runner.invoke(command_line, ["report", "show", str(tmp_path / "r.json")], catch_exceptions=False)
    assert again.output == first.stdout
    assert [claim.invariant for claim in na.ask(mlp([3, 2, 3])).claims] == ["dimension"]


def test_a_pole_at_the_weights_loses_no_generic_dimension(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps({"family": "graph", "network": quotient().network().as_json()}))
    shapes = {name: np.zeros(1) for name in ("W_1", "W_2", "W_3")}
    np.savez(tmp_path / "w.npz", **shapes)
    arguments = ["-q", "dim", str(path), "--weights", str(tmp_path / "w.npz")]
    result = CliRunner().invoke(command_line, arguments, standalone_mode=False, catch_exceptions=False)
    assert re.search(r"^dimension +2  ", result.output, re.MULTILINE)
    assert "jacobian on builtin did not answer: the network divides by zero at these weights" in result.stderr
    assert result.return_value == SpecError.exit_code
