"""Every published degree, Hilbert function and number of generators, each by two methods where two can.

``literature/degrees.toml`` holds the values with their sources, and says for every record which methods answer: the first is
that of the ladder, the second another one, on another engine or in this file.
"""

from __future__ import annotations

import itertools
import math
import random
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flint import fmpz_mat

import neuroalg_cli as na
from neuroalg_cli.degree_methods.hilbert_function import HilbertFunctionMethod
from neuroalg_cli.degree_methods.hypersurface import HypersurfaceMethod
from neuroalg_cli.degree_methods.theorem import TheoremMethod
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.report.model import Claim

FOLDER = Path(__file__).parent / "literature"
RECORDS = tomllib.loads((FOLDER / "degrees.toml").read_text("utf-8"))["record"]
MAPS = {r["id"]: r for r in tomllib.loads((FOLDER / "polynomial_dimensions.toml").read_text("utf-8"))["record"]}
#: elimination takes minutes: V has many coordinates or equations of a high degree
TOO_LARGE_TO_ELIMINATE = {"s4v3p3", "lsaI-d3-a1-t1", "pnnI-2-3-1-r6", "cnn-k3-2-r2", "cnn-k2-3-r2", "pnnI-4-3-1-r2"}


def architecture_of(record: dict) -> Architecture:
    network = record["network"]
    if isinstance(network, str):
        assert network == "polynomial_dimensions.toml"
        found = MAPS[record.get("like", record["id"])]
        keys = ("parameters", "inputs", "lets", "outputs")
        network = {"family": "polynomial", **{key: found[key] for key in keys if key in found}}
    return na.from_mapping(network)


def records_with(*keys: str):
    chosen = [record for record in RECORDS if all(key in record for key in keys)]
    assert chosen
    return pytest.mark.parametrize("record", chosen, ids=lambda record: record["id"])


def cases(key: str, default: str) -> Iterator[object]:
    """Yields (record, method, engine) for the key ``first`` or ``second``, marked by the engine that it needs."""
    for record in RECORDS:
        chosen = record.get(key, default)
        has_one = "unreached" not in record and not (key == "second" and "only" in record)
        if "degree" not in record or chosen == "triangulation" or not has_one:
            continue
        method, _, engine = chosen.partition("/")
        marks = [pytest.mark.engine(engine)] if engine not in ("auto", "builtin") else []
        yield pytest.param(record, method, engine, marks=marks, id=record["id"])


def degree(record: dict, method: str, engine: str) -> Claim:
    claim = na.degree(architecture_of(record), method=method, engine=engine)
    assert claim.kind == "exact"
    assert claim.certainty in ("theorem", "proved", "exact", "modular", "numeric")
    assert claim.value["dimension"] == record.get("dimension", claim.value["dimension"])
    return claim


def test_the_collection_is_complete():
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == 81
    assert all(record["source"] and record["conventions"] and record["status"] for record in RECORDS)
    stated = {"degree", "generators", "linear_relations", "quadrics", "codimension", "sectional_genus", "is_gorenstein"}
    assert all(stated & set(record) for record in RECORDS)
    assert [record["id"] for record in RECORDS if "only" in record and "second" in record] == []


@pytest.mark.parametrize(("record", "method", "engine"), list(cases("first", "auto/auto")))
def test_the_ladder_finds_the_degree(record, method, engine):
    claim = degree(record, method, engine)
    assert claim.value["degree"] == record["degree"]
    # what is called a second method below is another one
    assert f"{claim.method}/{claim.engine.name}" != record.get("second", "hilbert-function/builtin") or "only" in record


@pytest.mark.parametrize(("record", "method", "engine"), list(cases("second", "hilbert-function/builtin")))
def test_a_second_method_finds_the_degree(record, method, engine):
    assert degree(record, method, engine).value["degree"] == record["degree"]


@records_with("unreached")
def test_bounds_do_not_exceed_a_degree_that_is_out_of_reach(record):
    claim = na.degree(architecture_of(record), method="hypersurface", max_degree=3)
    assert claim.kind == "lower_bound"
    assert claim.value["codimension"] == 1
    assert 1 <= claim.value["degree"] <= record["degree"]


def volume_of_a_regular_triangulation(points: list[tuple[int, ...]]) -> int:
    """Returns the normalized volume of the hull of points (with a last coordinate 1) in the lattice that they generate.

    General heights: d + 1 points are a simplex of the triangulation if all others lie above the plane through them (J. De Loera,
    J. Rambau, F. Santos, 'Triangulations', 2010, section 2.2).
    """
    size = len(points[0])
    source = random.Random(20260101)
    heights = [source.randrange(10**9) for _ in points]
    total, index = 0, 0
    for chosen in itertools.combinations(range(len(points)), size):
        determinant = int(fmpz_mat([list(points[i]) for i in chosen]).det())
        index = math.gcd(index, determinant)
        if determinant == 0:
            continue
        above = (
            Fraction(int(fmpz_mat([[*points[i], heights[i]] for i in (*chosen, other)]).det()), determinant)
            for other in range(len(points))
            if other not in chosen
        )
        total += abs(determinant) * all(value > 0 for value in above)
    return total // index


TORIC = [record for record in RECORDS if record.get("second") == "triangulation"]


@pytest.mark.parametrize("record", TORIC, ids=lambda record: record["id"])
def test_a_regular_triangulation_has_the_degree_as_its_volume(record):
    # B. Sturmfels, 'Gröbner Bases and Convex Polytopes', Theorem 4.16; the sum of all exponents need not be the same: one
    # coordinate more, with value 1, does not change the torus if it is in the row space already
    exponents = []
    for coordinate in coordinates(architecture_of(record).network()):
        (monomial,) = coordinate.polynomial
        exponents.append(tuple(monomial))
    rank = fmpz_mat([list(e) for e in exponents]).rank()
    assert rank == fmpz_mat([[*e, 1] for e in exponents]).rank() == len(exponents[0])
    assert volume_of_a_regular_triangulation(exponents) == record["degree"]


def test_triangulations_of_known_volume():
    # a square, the unit cube (3!), and a segment of length 4 without its middle, in the lattice of its ends and of all its points
    assert volume_of_a_regular_triangulation([(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1)]) == 2
    assert volume_of_a_regular_triangulation([(*p, 1) for p in itertools.product((0, 1), repeat=3)]) == 6
    assert volume_of_a_regular_triangulation([(0, 1), (4, 1)]) == 1
    assert volume_of_a_regular_triangulation([(0, 1), (1, 1), (3, 1), (4, 1)]) == 4


# --- the published formula of convolutional networks


@pytest.mark.parametrize("r", [2, 3])
@pytest.mark.parametrize("filters", [[2, 2], [3, 2], [2, 3], [2, 1], [1, 2], [3, 1]], ids=str)
def test_the_formula_for_convolutional_networks(filters, r):
    # V. Shahverdi, G. L. Marchetti, K. Kohn, arXiv:2410.00722: (|k| - L)! times the product of r^((L-j-1)(k_j-1)) / (k_j-1)!
    layers = len(filters)
    value = Fraction(math.factorial(sum(filters) - layers))
    for j, k in enumerate(filters):
        value *= Fraction(r ** ((layers - j - 1) * (k - 1)), math.factorial(k - 1))
    assert na.degree(na.cnn(filters, r)).value["degree"] == value
    assert na.degree(na.cnn(filters, r), method="hilbert-function").value["degree"] == value


# --- equations


@records_with("generators")
def test_minimal_generators(record):
    expected = record["generators"]
    claim = na.ideal(architecture_of(record), method="interpolation", max_degree=max(map(int, expected), default=1))
    assert claim.value["generators_by_degree"] == expected
    assert claim.value["minimal_generators"] == len(claim.value["equations"]) == sum(expected.values())
    assert claim.certainty == "proved"
    # the records are complete lists, so that nothing else may be said
    assert claim.completeness.is_complete is not False


@pytest.mark.parametrize(
    "record", [record for record in RECORDS if record.get("generators")], ids=lambda record: record["id"]
)
def test_equations_below_the_highest_degree_are_not_called_complete(record):
    expected = record["generators"]
    highest = max(map(int, expected))
    claim = na.ideal(architecture_of(record), method="interpolation", max_degree=highest - 1)
    assert claim.value["generators_by_degree"] == {e: n for e, n in expected.items() if int(e) < highest}
    assert claim.completeness.is_complete is not True


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize(
    "record",
    [r for r in RECORDS if "generators" in r and r["id"] not in TOO_LARGE_TO_ELIMINATE],
    ids=lambda record: record["id"],
)
def test_elimination_finds_as_many_generators(record):
    claim = na.ideal(architecture_of(record), method="groebner", engine="macaulay2", seconds=120)
    assert claim.value["generators_by_degree"] == record["generators"]


@records_with("linear_relations")
def test_linear_relations(record):
    architecture = architecture_of(record)
    number = record["linear_relations"]
    claim = na.ideal(architecture, method="interpolation", max_degree=1)
    assert claim.value["generators_by_degree"] == ({"1": number} if number else {})
    assert claim.completeness.is_complete is not True  # the dimension says that there are further equations
    dimension = na.dimension(architecture).value
    assert dimension["ambient_dimension"] - dimension["linear_span_dimension"] == number
    assert dimension["dimension"] == record["dimension"]


@records_with("quadrics")
def test_quadrics(record):
    architecture = architecture_of(record)
    claim = na.hilbert(architecture)
    coordinates_of_space = len(coordinates(architecture.network()))
    assert math.comb(coordinates_of_space + 1, 2) - claim.value["hilbert_function"][2] == record["quadrics"]
    # the linear equations times all coordinates, and the minimal quadrics, which live in the span
    minimal = na.ideal(architecture, method="interpolation", max_degree=2).value["generators_by_degree"]
    span = coordinates_of_space - minimal.get("1", 0)
    outside = math.comb(coordinates_of_space + 1, 2) - math.comb(span + 1, 2)
    assert outside + minimal["2"] == record["quadrics"]


@records_with("sectional_genus")
def test_the_hilbert_series_of_a_gorenstein_variety(record):
    value = na.hilbert(architecture_of(record)).value
    h = value["h_vector"]
    assert value["sectional_genus"] == record["sectional_genus"]
    assert value["codimension"] == record["codimension"]
    assert value["degree"] == record["degree"] == sum(h)
    # a curve section that is arithmetically Cohen-Macaulay has the genus sum (i - 1) h_i + 1 (J. Migliore 1998, section 1.4)
    assert sum((i - 1) * entry for i, entry in enumerate(h)) + 1 == record["sectional_genus"]
    assert record["is_gorenstein"] == (h == h[::-1])
    # the first equations: as many as the h-vector lacks of all monomials in as many variables as the codimension
    lacking = [math.comb(value["codimension"] - 1 + i, i) - entry for i, entry in enumerate(h)]
    first = next(i for i, number in enumerate(lacking) if number)
    assert record["generators"] == {str(first): lacking[first]}


# --- a sample of small networks

BUILTIN = (TheoremMethod(), HypersurfaceMethod(), HilbertFunctionMethod())


def small_networks() -> list[Architecture]:
    """Returns 25 networks with at most 12 coordinates that do not fill and that two methods cover; the same ones every time."""
    every = [
        na.mlp(widths, r, biases=biases)
        for layers in (3, 4)
        for widths in itertools.product((1, 2, 3), repeat=layers)
        for r in (1, 2, 3)
        for biases in (False, True)
    ]
    every += [
        na.cnn(list(filters), r, stride=stride)
        for layers in (2, 3)
        for filters in itertools.product((1, 2, 3), repeat=layers)
        for r in (1, 2)
        for stride in (1, 2)
    ]
    random.Random(20260101).shuffle(every)
    fitting = (a for a in every if (PolynomialMap(a.network()).ambient_dimension or 13) <= 12)
    proper = (a for a in fitting if not na.dimension(a).value["filling"])
    return list(itertools.islice((a for a in proper if len(methods_for(a)) >= 2), 25))


def methods_for(architecture: Architecture) -> list[str]:
    question = Question("degree", architecture)
    return [method.name for method in BUILTIN if method.obstacle(question) is None]


def test_methods_agree_on_small_networks():
    networks = small_networks()
    assert len(networks) == 25
    for architecture in networks:
        claims = [na.degree(architecture, method=method) for method in methods_for(architecture)]
        assert {(claim.kind, claim.value["degree"]) for claim in claims} == {("exact", claims[0].value["degree"])}


@pytest.mark.engine("msolve")
@pytest.mark.parametrize(
    "architecture",
    [
        na.mlp([2, 2, 2, 2], 2),
        na.mlp([2, 2, 3, 2], 2),
        na.mlp([1, 1, 3, 2], 2, biases=True),
        na.mlp([1, 2, 1, 1], 3, biases=True),
    ],
    ids=lambda architecture: architecture.label,
)
def test_equations_and_slices_agree_where_no_theorem_applies(architecture):
    assert methods_for(architecture) == ["hilbert-function"]
    by_equations = na.degree(architecture, method="hilbert-function")
    by_slices = na.degree(architecture, method="slicing", engine="msolve")
    assert by_equations.kind == by_slices.kind == "exact"
    assert by_equations.value["degree"] == by_slices.value["degree"]
