"""Equations: published and independently computed numbers of generators, completeness, degenerate and hostile cases."""

from __future__ import annotations

import json

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.rational import rational
from neuroalg_cli.equations import search
from neuroalg_cli.errors import UsageError
from neuroalg_cli.question import Question
from neuroalg_cli.report.writing import report_text
from neuroalg_cli.spec import from_mapping
from neuroalg_cli.verifying import verify


def cnn(filters, degree=2, stride=1):
    return from_mapping({"family": "cnn", "filters": filters, "activation_degree": degree, "stride": stride})


def answer(architecture, method="interpolation", engine="auto", **options):
    return pipeline.answer(Question("ideal", architecture, method=method, engine=engine, **options))


def claim_of(architecture, **options):
    return answer(architecture, **options).claims[0]


# Minimal generators by degree; Macaulay2 1.21, kernel of the ring map over ZZ/32003, unless another source is named.
KNOWN = [
    (mlp([2, 2, 1], 2), {}, 1),
    (mlp([2, 1, 1], 2), {"2": 1}, 2),
    (mlp([3, 2, 1], 2), {"3": 1}, 3),
    (mlp([3, 1, 1], 2), {"2": 6}, 4),
    (mlp([4, 3, 1], 2), {"4": 1}, 4),
    (mlp([2, 2, 3], 2), {"3": 1}, 3),
    (mlp([2, 1, 2], 2), {"2": 6}, 4),
    (mlp([2, 2, 1], 4), {"3": 1}, 3),
    (mlp([2, 1, 1], 3), {"2": 3}, 3),
    (mlp([2, 2, 2], 3), {"3": 4}, 6),
    (mlp([2, 3, 1], 6), {"4": 1}, 4),
    (mlp([3, 2, 2], 2), {"3": 20}, 15),
    (mlp([2, 1, 3], 2), {"2": 15}, 6),
    # arXiv:2505.11846, appendix D: a hypersurface, here of degree 3
    (mlp([2, 2, 1], activation="z^3+z^2"), {"3": 1}, 3),
    # arXiv:2410.00652: the fourth secant variety of the third Veronese embedding of P^3, degree 105, 36 quintics
    (mlp([4, 4, 1], 3), {"5": 36}, 105),
    # W. Bruns, U. Vetter 1988: 2 x 2 minors, degree C(4, 2); 3 x 3 determinant
    (mlp([3, 1, 3], 1), {"2": 9}, 6),
    (mlp([3, 2, 3], 1), {"3": 1}, 3),
    (cnn([2, 2], 1, [2, 1]), {"2": 1}, 2),
    (cnn([2, 3], 1, [2, 1]), {"2": 3}, 3),
    (cnn([3, 3], 1, [2, 1]), {"3": 4}, 6),
    (cnn([2, 2], 1, [3, 1]), {"2": 1}, 2),
    (cnn([3, 3], 1, [3, 1]), {"2": 9}, 6),
    (cnn([2, 2, 2], 1, [2, 2, 1]), {"2": 9}, 6),
    (cnn([2, 2, 2], 1, [1, 2, 1]), {"3": 1}, 3),
    (cnn([2, 2], 1), {}, 1),
]


@pytest.mark.parametrize(("architecture", "generators", "degree"), KNOWN, ids=lambda x: getattr(x, "label", None))
def test_known_generators_are_found_proved_and_complete(architecture, generators, degree):
    claim = claim_of(architecture)
    assert claim.value["generators_by_degree"] == generators
    assert (claim.certainty, claim.kind) == ("proved", "exact")
    assert claim.completeness is not None
    assert (claim.completeness.is_complete, claim.completeness.certainty) == (True, "proved")
    assert claim.evidence.get("degree") == degree


# Ideals that are not Cohen-Macaulay: an engine says that they are prime.
@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize(
    ("filters", "generators", "degree"),
    [([2, 2], {"2": 1, "3": 3}, 4), ([3, 2], {"2": 5, "3": 20}, 12), ([2, 3], {"2": 1, "3": 11}, 6)],
)
def test_convolutional_networks_are_complete_by_an_engine(filters, generators, degree):
    # generators by Macaulay2 1.21 over ZZ/32003; degree by arXiv:2410.00722
    claim = claim_of(cnn(filters))
    assert claim.value["generators_by_degree"] == generators
    assert claim.certainty == "proved"
    assert claim.completeness is not None
    assert (claim.completeness.is_complete, claim.completeness.certainty) == (True, "exact")
    assert claim.evidence["degree"] == degree


# Fewer equations than the codimension (W. Krull 1928), or, for (3,2) and (2,3), generators of degree 3 by the test above.
TOO_LOW = [
    (mlp([3, 2, 3], 2), 2),
    (cnn([2, 2]), 2),
    (mlp([4, 4, 1], 3), 4),
    (mlp([3, 3, 3], 2), 3),
    (mlp([2, 2, 2, 2], 2), 4),
    (cnn([2, 2, 2], 1, [1, 2, 1]), 2),
    (cnn([3, 2]), 2),
    (cnn([2, 3]), 2),
    (mlp([3, 2, 1], 2), 0),
]


@pytest.mark.parametrize(("architecture", "degree"), TOO_LOW, ids=lambda x: getattr(x, "label", None))
def test_equations_of_too_low_degree_are_not_called_complete(architecture, degree):
    claim = claim_of(architecture, max_degree=degree)
    assert claim.completeness is not None
    assert claim.completeness.is_complete is False
    assert claim.value["max_degree"] == degree


@pytest.mark.parametrize("filters", [[2, 2], [3, 2], [2, 3]])
def test_without_an_engine_nothing_is_called_complete_that_is_not_proved(filters, monkeypatch):
    monkeypatch.setattr("neuroalg_cli.equations.completeness._ENGINES", ())
    claim = claim_of(cnn(filters))
    assert claim.completeness is not None
    assert claim.completeness.is_complete is None
    assert claim.kind == "lower_bound"
    assert claim_of(cnn(filters), max_degree=4).kind == "exact"


def test_the_94_cubics():
    # Macaulay2 1.26, kernel over ZZ/32003, about a minute; degree 81 by slicing with msolve
    claim = claim_of(mlp([3, 2, 3], 2))
    assert claim.value["generators_by_degree"] == {"3": 94}
    assert claim.evidence["degree"] == 81
    assert claim.completeness is not None
    assert claim.completeness.certainty == "proved"


def test_a_filling_architecture_has_no_equations():
    claim = claim_of(mlp([3, 3, 2], 2), max_degree=6)
    assert claim.value["equations"] == []
    assert claim.value["hilbert_function"] == [1, 12, 78, 364, 1365, 4368, 12376]  # C(11 + t, t)
    assert claim.completeness is not None
    assert claim.completeness.certainty == "proved"


def test_linear_equations():
    # the coefficients of f = V x A x x, d = 3, a = 1, t = 2: ten linear relations (arXiv:2604.15632)
    architecture = from_mapping(
        {"family": "attention", "dims": [3, 1], "attention_dim": 1, "tokens": 2, "readout": "first"}
    )
    claim = claim_of(architecture, max_degree=1)
    assert claim.value["generators_by_degree"] == {"1": 10}
    assert claim.certainty == "proved"


def test_linear_equations_do_not_stand_in_the_way_of_a_proof():
    # d = d' = a = 2 with two tokens: degree 20 (arXiv:2408.17221), 5 quadrics and 10 quartics beside linear equations
    architecture = from_mapping({"family": "attention", "dims": [2, 2], "attention_dim": 2, "tokens": 2})
    claim = claim_of(architecture, max_degree=4)
    assert {k: v for k, v in claim.value["generators_by_degree"].items() if k != "1"} == {"2": 5, "4": 10}
    assert (claim.certainty, claim.evidence["degree"]) == ("proved", 20)


@pytest.mark.parametrize(
    ("outputs", "parameters", "equations"),
    [
        ("5", "", ["y_1 - 5*y_0"]),
        ("5*x + a*y", "a", ["y_1 - 5*y_0"]),
        ("a*x + 3*a*y", "a", ["3*y_1 - y_2"]),
        ("a*x", "a", []),
    ],
)
def test_linear_spaces(outputs, parameters, equations):
    claim = claim_of(polynomial(outputs, parameters, "x, y"))
    assert claim.value["equations"] == equations
    assert claim.completeness is not None
    assert (claim.completeness.is_complete, claim.completeness.certainty) == (True, "proved")


def test_the_equation_of_a_hypersurface_in_canonical_form():
    # the determinant of the symmetric matrix of the quadratic form, expanded by hand
    claim = claim_of(mlp([3, 2, 1], 2))
    assert claim.value["equations"] == ["y_3^2*y_4 - y_2*y_3*y_5 + y_1*y_5^2 + y_2^2*y_6 - 4*y_1*y_4*y_6"]
    assert claim.value["coordinates"][1] == "coefficient of x_1*x_2 in output 1"


def test_the_projective_closure_is_named():
    # the parabola of all (a, a^2)
    claim = claim_of(polynomial("a*x + a^2*y", "a", "x, y"))
    assert claim.value["projective_closure"] is True
    assert claim.value["equations"] == ["y_1^2 - y_0*y_2"]
    assert any("projective closure" in assumption for assumption in claim.assumptions)


def test_the_rational_quartic_curve():
    # one quadric and three cubics, not Cohen-Macaulay (F. Macaulay 1916): complete only if an engine says so
    claim = claim_of(polynomial("s^4, s^3*t, s*t^3, t^4", "s, t"), max_degree=3)
    assert claim.value["generators_by_degree"] == {"2": 1, "3": 3}
    assert claim.evidence["degree"] == 4
    assert claim.completeness is not None
    assert claim.completeness.certainty != "proved"


def test_a_higher_degree_does_not_change_the_equations():
    low, high = (claim_of(mlp([3, 2, 2], 2), max_degree=degree).value for degree in (3, 5))
    assert low["equations"] == high["equations"]
    assert high["hilbert_function"][:4] == low["hilbert_function"]
    # h-vector 1, 4, 10 over (1-t)^8
    assert high["hilbert_function"][5] == 792 + 4 * 330 + 10 * 120


def test_time_that_runs_out_leaves_what_is_known(monkeypatch):
    original = search._Search._advance

    def slow(self):
        if self.found.max_degree == 2:
            from neuroalg_cli.errors import TimeLimitError

            raise TimeLimitError("the time limit was reached; raise --timeout")
        original(self)

    monkeypatch.setattr(search._Search, "_advance", slow)
    report = answer(mlp([3, 2, 2], 2))
    claim = report.claims[0]
    assert claim.kind == "lower_bound"
    assert claim.value["max_degree"] == 2
    assert claim.completeness is not None
    assert claim.completeness.is_complete is not True
    assert [failure.kind for failure in report.failures] == ["time-limit"]


def test_without_a_proof_the_claim_is_modular(monkeypatch):
    monkeypatch.setattr("neuroalg_cli.equations.substitution.MAXIMAL_WORK", 0)
    claim = claim_of(mlp([3, 2, 2], 2), max_degree=3)
    assert claim.certainty == "modular"
    assert claim.error_probability is not None
    assert claim.completeness is not None
    assert claim.completeness.is_complete is None


def test_networks_without_coefficients_are_refused():
    with pytest.raises(UsageError):
        answer(rational([2, 2, 1], "1/z"))


def test_two_runs_say_the_same():
    first, second = (claim_of(mlp([3, 2, 2], 2), seed=5) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("engine", [pytest.param(e, marks=pytest.mark.engine(e)) for e in ("macaulay2", "sage")])
@pytest.mark.parametrize(
    "architecture",
    [
        mlp([3, 2, 1], 2),
        mlp([2, 1, 2], 2),
        mlp([2, 1, 1], 2, biases=True),
        cnn([2, 2]),
        mlp([2, 2, 1], 2),
        polynomial("a*x + a^2*y + b", "a, b", "x, y"),
    ],
    ids=lambda x: x.label,
)
def test_elimination_finds_the_same_canonical_equations(engine, architecture):
    interpolated = claim_of(architecture, max_degree=4).value
    eliminated = claim_of(architecture, method="groebner", engine=engine, max_degree=4)
    assert eliminated.certainty == "exact"
    assert eliminated.value == interpolated


@pytest.mark.engine("macaulay2")
def test_elimination_up_to_a_degree_says_that_there_is_more():
    claim = claim_of(cnn([2, 2]), method="groebner", engine="macaulay2", max_degree=2)
    assert claim.value["generators_by_degree"] == {"2": 1}
    assert claim.completeness is not None
    assert claim.completeness.is_complete is False


def test_elimination_is_not_tried_on_large_networks_unless_it_is_named():
    from neuroalg_cli import invariant

    question = Question("ideal", mlp([3, 2, 3], 2))
    methods = {method.name: method for method in invariant.load("ideal").methods()}
    assert methods["interpolation"].obstacle(question) is None
    assert "--method groebner" in methods["groebner"].obstacle(question)


@pytest.mark.parametrize("architecture", [case[0] for case in KNOWN[:10]], ids=lambda x: x.label)
def test_reports_are_verified(architecture):
    (finding,) = verify(json.loads(report_text(answer(architecture))))
    assert finding.accepted, finding.statement
