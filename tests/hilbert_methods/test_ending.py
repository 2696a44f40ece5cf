"""No series without the degree: curves whose first equations cut out more than the curve, with and without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.degree_methods import sections
from neuroalg_cli.degree_methods.sections import Sections
from neuroalg_cli.hilbert_methods import degree_check, ending
from neuroalg_cli.hilbert_methods.degree_check import KnownDegree
from neuroalg_cli.question import Question
from neuroalg_cli.slicing import method as slicing
from neuroalg_cli.theorems import toric
from neuroalg_cli.variety.hilbert_series import HilbertSeries

if TYPE_CHECKING:
    from neuroalg_cli.report.model import Claim

#: coordinates and parameters: linear changes of a^4, a^11, a^12; 1, a^8, a^12; a^12, a^8 b^4, a b^11, b^12
OF_DEGREE_TWELVE = [
    (["a^4+1", "a^11", "a^12+a^4"], ["a"], (0, 4, 11, 12)),
    (["a^4+1", "a^11+a^4", "a^12"], ["a"], (0, 4, 11, 12)),
    (["a+1", "a^8+a", "a^12"], ["a"], (0, 1, 8, 12)),
    (["2*a^12", "a^8*b^4+a^12", "a*b^11", "b^12"], ["a", "b"], (0, 4, 11, 12)),
]
CURVES = [(0, 1, 8, 12), (0, 1, 4, 10, 11), (0, 2, 4, 21, 22), (0, 1, 17, 20, 22), (0, 1, 16, 18, 19, 21)]


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine counts points on a slice."""
    monkeypatch.setattr(slicing, "slicing_methods", lambda: ())


def by_ranks(coordinates: list[str], parameters: list[str], **options: int) -> Claim:
    """Returns the claim by interpolation."""
    question = Question("hilbert", polynomial(coordinates, parameters), method="interpolation", **options)
    return pipeline.answer(question).claims[0]


def sums_of(exponents: tuple[int, ...], terms: int) -> int:
    """Returns the Hilbert function of a monomial curve at ``terms``: the number of sums of so many exponents."""
    sums = {0}
    for _ in range(terms):
        sums = {a + b for a in sums for b in exponents}
    return len(sums)


def agrees(claim: Claim, exponents: tuple[int, ...]) -> None:
    """Asserts degree, polynomial and values of a curve: they are those of the sums, and the degree that of the theorem."""
    degree = exponents[-1]
    conclusion = toric.THEOREM.apply(polynomial([f"a^{e}*b^{degree - e}" for e in exponents], ["a", "b"]))
    assert conclusion is not None
    assert claim.value["degree"] == conclusion.value == degree
    # beyond the degree the Hilbert function is the polynomial (L. Gruson, R. Lazarsfeld, C. Peskine 1983)
    constant = sums_of(exponents, degree) - degree * degree
    assert claim.value["hilbert_polynomial"] == HilbertSeries((constant, degree - constant), 2).polynomial_text
    values = claim.value["hilbert_function"]
    assert isinstance(values, list)
    assert values == [sums_of(exponents, e) for e in range(len(values))]


@pytest.mark.parametrize(("coordinates", "parameters", "exponents"), OF_DEGREE_TWELVE, ids=str)
def test_a_curve_with_a_line(coordinates: list[str], parameters: list[str], exponents: tuple[int, ...]) -> None:
    """Up to degree 7 the h-vector ends in two zeros and has the sum 13; the curve has degree 12 and P = 12 t - 14."""
    agrees(by_ranks(coordinates, parameters), exponents)


@pytest.mark.parametrize("exponents", CURVES, ids=str)
def test_monomial_curves(monkeypatch: pytest.MonkeyPatch, exponents: tuple[int, ...]) -> None:
    """The degree is the normalized volume, the largest exponent if they have no common divisor; ranks do not ask the theorem."""
    for module in (degree_check, ending):
        monkeypatch.setattr(module, "degree_by_theorem", lambda _: None)
    agrees(by_ranks([f"a^{e}*b^{exponents[-1] - e}" for e in exponents], ["a", "b"]), exponents)


def test_the_zeros_alone_tell_values_only() -> None:
    """In degree 7, where the h-vector has ended in two zeros, there is no series, with the values of the sums."""
    coordinates, parameters, exponents = OF_DEGREE_TWELVE[0]
    found = by_ranks(coordinates, parameters, max_degree=7)
    assert [found.value[key] for key in ("hilbert_series", "hilbert_polynomial", "degree", "h_vector")] == [None] * 4
    assert found.value["hilbert_function"] == [sums_of(exponents, e) for e in range(8)]
    assert found.completeness is not None
    assert found.completeness.is_complete is None


def test_a_degree_from_a_slice_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sections are too large, the number of points on a slice decides, and 13 is refused."""
    monkeypatch.setattr(sections, "degree_of_equations", lambda *_: Sections(None, True, ()))
    monkeypatch.setattr(degree_check, "_by_slicing", lambda _: KnownDegree(12, "modular", "counted on a slice"))
    coordinates, parameters, exponents = OF_DEGREE_TWELVE[0]
    agrees(by_ranks(coordinates, parameters), exponents)


@pytest.mark.parametrize("coordinates", [["a^4+1", "a^11", "a^12+a^4"], None], ids=["curve", "2,2,2,2"])
def test_nothing_establishes_the_degree(monkeypatch: pytest.MonkeyPatch, coordinates: list[str] | None) -> None:
    """Sections that are too large, and no engine: values that are lower bounds, no series, and a sentence that says why."""
    monkeypatch.setattr(sections, "degree_of_equations", lambda *_: Sections(None, True, ()))
    architecture = mlp([2, 2, 2, 2], 2) if coordinates is None else polynomial(coordinates, ["a"])
    report = pipeline.answer(Question("hilbert", architecture, method="interpolation", max_degree=11))
    claim = report.claims[0]
    assert (claim.kind, claim.value["degree"], claim.value["hilbert_series"]) == ("lower_bound", None, None)
    assert [failure.kind for failure in report.failures] == ["no-result"]
    assert "too large to confirm" in report.failures[0].sentence
