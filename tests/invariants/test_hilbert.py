"""The Hilbert function, series and polynomial of neurovarieties: published values, by ranks, by theorems and by elimination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.rational import rational
from neuroalg_cli.errors import NoResultError, UsageError
from neuroalg_cli.hilbert_methods import degree_check
from neuroalg_cli.hilbert_methods.degree_check import KnownDegree
from neuroalg_cli.hilbert_methods.engines import GroebnerMethod
from neuroalg_cli.question import Question

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.report.model import Claim

ENGINES = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
QUINTIC = polynomial(["a^5 + 2*a*b^4", "a^4*b - b^5", "a^3*b^2 + 3*b^5 - a*b^4", "a^2*b^3 + a^5 - 2*b^5"], ["a", "b"])


@pytest.fixture(autouse=True)
def _no_slicing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine helps unless a test asks for one: what holds must hold without."""
    monkeypatch.setattr(degree_check, "_by_slicing", lambda _: None)


def by_ranks(architecture: Architecture, **options: Any) -> Claim:
    """Returns the claim by interpolation."""
    report = pipeline.answer(Question("hilbert", architecture, method="interpolation", **options))
    assert report.failures == ()
    return report.claims[0]


def value(architecture: Architecture, *keys: str, **options: Any) -> tuple[Any, ...]:
    """Returns entries of the value by interpolation."""
    found = by_ranks(architecture, **options).value
    return tuple(found[key] for key in keys)


@pytest.mark.parametrize("degree", range(2, 7))
def test_rational_normal_curves(degree: int) -> None:
    """(2,1,1), z^d: P = d t + 1 and h = 1 + (d-1) t (J. Harris, Algebraic Geometry, Example 13.1)."""
    found = by_ranks(mlp([2, 1, 1], degree))
    assert found.value["hilbert_polynomial"] == f"{degree}*t + 1"
    assert found.value["h_vector"] == [1, degree - 1]
    assert (found.value["arithmetic_genus"], found.value["regularity"]) == (0, 1)
    assert found.completeness is not None
    assert found.completeness.is_complete


def test_veronese_surface() -> None:
    """(3,1,1), r = 2: HF(e) = C(2e+2, 2), a surface of minimal degree."""
    found = by_ranks(mlp([3, 1, 1], 2), max_degree=5)
    assert found.value["hilbert_function"] == [math.comb(2 * e + 2, 2) for e in range(6)]
    assert found.value["hilbert_series"] == "(1 + 3*t)/(1 - t)^3"
    assert found.value["degree"] == 4


@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2, 3]),
        mlp([4, 2, 3]),
        mlp([4, 2, 2, 4]),
        mlp([3, 1, 2], biases=True),
        mlp([2, 2], biases=True),
        mlp([3, 1, 2], 3),
        mlp([2, 1, 3], 2),
        mlp([1, 1, 1], 2),
        mlp([3, 3, 1], 3),
        mlp([3, 4, 1], 2),
        mlp([3, 2, 1], 2),
    ],
    ids=lambda a: a.label,
)
def test_theorems_against_ranks(architecture: Architecture) -> None:
    """Closed formulas, hypersurfaces and filling architectures have the series that ranks find."""
    theorem = pipeline.answer(Question("hilbert", architecture, method="theorem")).claims[0]
    ranks = by_ranks(architecture)
    for key in set(theorem.value) - {"hilbert_function", "max_degree"}:
        assert theorem.value[key] == ranks.value[key], key
    assert ranks.completeness is not None
    assert ranks.completeness.is_complete


def test_the_iterated_veronese_curve() -> None:
    """The conic embedded by cubics: degree 6 and 42 quadrics (tests of Macaulay2's package NumericalImplicitization)."""
    x, y, z = "a^2", "a*b", "b^2"
    cubics = [f"({x})^{i}*({y})^{j}*({z})^{3 - i - j}" for i in range(4) for j in range(4 - i)]
    found = by_ranks(polynomial(cubics, ["a", "b"])).value
    function = found["hilbert_function"]
    assert isinstance(function, list)
    assert math.comb(11, 2) - int(str(function[2])) == 42
    assert (found["degree"], found["hilbert_polynomial"]) == (6, "6*t + 1")
    # three linear equations: a rational normal curve in its span
    assert (function[1], found["h_vector"], found["codimension"]) == (7, [1, 5], 8)


def test_the_fourth_secant_variety_of_the_cubic_veronese() -> None:
    """(4,4,1), r = 3: degree 105, sectional genus 316, codimension 4, Gorenstein, 36 quintics (arXiv:2410.00652)."""
    found = by_ranks(mlp([4, 4, 1], 3))
    assert [found.value[key] for key in ("degree", "sectional_genus", "codimension")] == [105, 316, 4]
    assert found.value["h_vector"] == [1, 4, 10, 20, 35, 20, 10, 4, 1]
    function = found.value["hilbert_function"]
    assert isinstance(function, list)
    assert [math.comb(19 + e, 19) - int(str(function[e])) for e in range(6)] == [0, 0, 0, 0, 0, 36]
    assert found.completeness is not None
    assert found.completeness.is_complete


def test_secant_lines_of_a_segre_veronese_variety() -> None:
    """(3,2,3), r = 2: 94 cubics, degree 81, which is 162 points on a slice by 2 per function; h adds up to it."""
    found = by_ranks(mlp([3, 2, 3], 2))
    function, h = found.value["hilbert_function"], found.value["h_vector"]
    assert isinstance(function, list)
    assert math.comb(20, 3) - int(str(function[3])) == 94
    assert h == [1, 8, 36, 26, 10]
    assert found.value["degree"] == 81
    assert found.value["regularity"] == 4


def test_a_network_in_three_layers() -> None:
    """(2,2,2,2), r = 2: six quintics, codimension 2, degree 15, 60 points on a slice by 4 per function.

    Six quintics with five linear syzygies are the maximal minors of a 5 x 6 matrix (Hilbert, Burch): h = 1, 2, 3, 4, 5.
    """
    found = by_ranks(mlp([2, 2, 2, 2], 2))
    assert found.value["h_vector"] == [1, 2, 3, 4, 5]
    assert found.value["degree"] == 15
    function = found.value["hilbert_function"]
    assert isinstance(function, list)
    assert math.comb(14, 5) - int(str(function[5])) == 6


def test_the_degree_makes_equations_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """(3,3,3), r = 2: nine quartics and the degree 30, 180 points on a slice by 6 per function, give all at degree 4."""
    monkeypatch.setattr(degree_check, "_by_slicing", lambda _: KnownDegree(30, "modular", "counted on a slice"))
    found = by_ranks(mlp([3, 3, 3], 2))
    assert found.value["h_vector"] == [1, 3, 6, 10, 6, 3, 1]
    assert found.evidence["computed_up_to"] == 4
    assert found.completeness is not None
    assert found.completeness.is_complete
    assert found.completeness.certainty == "modular"


def test_convolutional_networks() -> None:
    """cnn (2,2), r = 2: degree 4, one quadric and three cubics (arXiv:2410.00722, and Macaulay2's elimination).

    P = 2t^2 + 3t: that of P^1 x P^1 by O(2,1), 2t^2 + 3t + 1, less one for the point where the surface crosses itself.
    """
    found = by_ranks(cnn([2, 2], 2))
    assert found.value["hilbert_polynomial"] == "2*t^2 + 3*t"
    assert found.value["degree"] == 4
    function = found.value["hilbert_function"]
    assert isinstance(function, list)
    # 5 of the cubics are multiples of the quadric
    assert [math.comb(4 + e, 4) - int(str(function[e])) for e in (2, 3)] == [1, 5 + 3]
    assert found.completeness is not None
    assert found.completeness.is_complete is None


@pytest.mark.parametrize(("filters", "degree"), [([3, 2], 12), ([2, 2, 2], 48)])
def test_degrees_of_convolutional_networks(filters: list[int], degree: int) -> None:
    """The series have the published degrees (arXiv:2410.00722); no claim of completeness is made."""
    found = by_ranks(cnn(filters, 2))
    assert found.value["degree"] == degree
    assert found.completeness is not None
    assert found.completeness.is_complete is None


def test_equations_that_come_late() -> None:
    """A general rational quintic in space: P = 5t + 1, and four cubics alone would cut a line besides, of degree 6 in all."""
    found = by_ranks(QUINTIC)
    assert found.value["hilbert_polynomial"] == "5*t + 1"
    assert found.value["h_vector"] == [1, 2, 3, 0, -1]
    assert found.completeness is not None
    assert found.completeness.is_complete is None


def test_equations_that_come_later_than_the_budget() -> None:
    """Up to degree 3 the equations of the quintic look like all of a sextic's: no series may be told."""
    found = by_ranks(QUINTIC, max_degree=3)
    assert found.value["hilbert_function"] == [1, 4, 10, 16]
    assert found.value["hilbert_polynomial"] is None
    assert found.value["degree"] is None
    assert found.completeness is not None
    assert found.completeness.is_complete is None


def test_a_wrong_degree_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """If another method says that the quintic has degree 5, the four cubics are not taken for all equations."""
    monkeypatch.setattr(degree_check, "_by_slicing", lambda _: KnownDegree(5, "modular", "counted on a slice"))
    assert value(QUINTIC, "degree", "arithmetic_genus") == (5, 0)


def test_projective_closures() -> None:
    """(t, t^2, t^3) has the twisted cubic as closure, (t^2 - 1, t^3 - t) the nodal cubic, P = 3t, of genus 1."""
    keys = ("projective_closure", "dimension", "codimension", "hilbert_polynomial", "arithmetic_genus", "degree")
    assert value(polynomial(["a", "a^2", "a^3"], ["a"]), *keys) == (True, 1, 2, "3*t + 1", 0, 3)
    assert value(polynomial(["a^2 - 1", "a^3 - a"], ["a"]), *keys) == (True, 1, 1, "3*t", 1, 3)
    # a point off the origin: its closure is a point
    assert value(polynomial(["0*a + 1"], ["a"]), *keys)[:4] == (True, 0, 1, "1")


def test_the_origin() -> None:
    """The network that is zero: V is a point in a space without coordinates, HS = 1, P = 0."""
    found = by_ranks(polynomial(["a - a"], ["a"])).value
    assert (found["dimension"], found["hilbert_polynomial"], found["hilbert_series"]) == (0, "0", "1")
    assert (found["arithmetic_genus"], found["sectional_genus"]) == (None, None)


def test_filling_architectures() -> None:
    """V = A: the Hilbert function of a polynomial ring, C(n-1+e, e)."""
    found = by_ranks(mlp([2, 3, 3], 2), max_degree=6).value
    assert found["hilbert_function"] == [math.comb(8 + e, 8) for e in range(7)]
    assert (found["h_vector"], found["codimension"], found["regularity"]) == ([1], 0, 0)


def test_the_highest_degree_is_that_of_the_question() -> None:
    """(4,4,4), r = 2, has no equations up to degree 4: 123,410 quartics in 40 coordinates are independent."""
    found = by_ranks(mlp([4, 4, 4], 2), max_degree=4)
    assert found.value["hilbert_function"] == [math.comb(39 + e, e) for e in range(5)]
    assert found.kind == "exact"
    assert found.value["h_vector"] is None


def test_limits_leave_what_was_found() -> None:
    """Where the memory does not suffice for the next degree, the values so far are told as such."""
    report = pipeline.answer(Question("hilbert", mlp([4, 4, 4], 2), method="interpolation", memory=5 * 2**20))
    assert report.claims[0].kind == "lower_bound"
    assert report.claims[0].value["hilbert_polynomial"] is None
    assert [failure.kind for failure in report.failures] == ["memory-limit"]


def test_networks_without_coordinates() -> None:
    """A network that divides by functions of its input has no coordinates; the sentence says so."""
    with pytest.raises(UsageError, match="divides by functions of its input"):
        pipeline.answer(Question("hilbert", rational([2, 2, 1], "1/z")))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "architecture",
    [cnn([2, 2], 2), mlp([2, 1, 2], 2), polynomial(["a", "a^2", "a^3"], ["a"]), QUINTIC, mlp([1, 1, 1], 2)],
    ids=lambda a: a.label,
)
def test_elimination_and_resolution_agree_with_ranks(engine: str, architecture: Architecture) -> None:
    """Interpolation modulo p, elimination over Q and the resolution of the equations found have one series."""
    ranks = by_ranks(architecture)
    for method in ("groebner", "resolution"):
        claim = pipeline.answer(Question("hilbert", architecture, method=method, engine=engine)).claims[0]
        for key in ("hilbert_polynomial", "h_vector", "degree", "arithmetic_genus", "sectional_genus", "codimension"):
            assert claim.value[key] == ranks.value[key], key
        assert claim.certainty == {"groebner": "exact", "resolution": "modular"}[method]
        assert claim.value["betti"] is not None


@pytest.mark.parametrize("engine", ENGINES)
def test_published_generators_in_betti_tables(engine: str) -> None:
    """cnn (2,2), r = 2: one quadric, three cubics (arXiv:2410.00722); (2,2,2,2): six quintics with five linear syzygies."""
    found = pipeline.answer(Question("hilbert", cnn([2, 2], 2), method="groebner", engine=engine)).claims[0].value
    assert [entry for entry in found["betti"] if entry[0] == 1] == [[1, 2, 1], [1, 3, 3]]  # type: ignore[index,union-attr]
    # three steps in codimension two: not Cohen-Macaulay
    assert (found["is_cohen_macaulay"], found["regularity"]) == (False, 2)
    network = mlp([2, 2, 2, 2], 2)
    found = pipeline.answer(Question("hilbert", network, method="resolution", engine=engine)).claims[0].value
    assert found["betti"] == [[0, 0, 1], [1, 5, 6], [2, 6, 5]]
    assert (found["is_cohen_macaulay"], found["regularity"]) == (True, 4)


def test_engines_that_contradict_themselves_are_refused() -> None:
    """A polynomial, a degree or a Betti table that does not belong to the numerator is no answer."""
    method = GroebnerMethod("groebner", "macaulay2", "exact", "")
    good: dict[str, Any] = {
        "numerator": [[0, 1], [2, -3], [3, 2]],
        "polynomial": [[0, 1], [1, 3]],
        "dimension": 2,
        "degree": 3,
        "betti": [[0, 0, 1], [1, 2, 3], [2, 3, 2]],
    }
    series, betti = method.read(good, 4)
    assert series.h == (1, 2)
    assert betti == ((0, 0, 1), (1, 2, 3), (2, 3, 2))
    assert method.read({**good, "betti": []}, 4) == (series, None)
    for wrong in ({"polynomial": [[1, 3]]}, {"degree": 4}, {"dimension": 3}, {"betti": [[0, 0, 1], [1, 2, 3]]}):
        with pytest.raises(NoResultError, match="contradict"):
            method.read({**good, **wrong}, 4)
