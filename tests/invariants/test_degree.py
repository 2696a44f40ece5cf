"""The degree by every method, against published degrees and textbook varieties, and what happens when a method is stopped."""

from __future__ import annotations

import pytest

import neuroalg_cli as na
from neuroalg_cli import pipeline
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.degree_methods.engines import MonodromyMethod, engine_methods
from neuroalg_cli.degree_methods.hilbert_function import h_vector, stripped
from neuroalg_cli.degree_methods.shared_ideal import shared_ideal, two_primes
from neuroalg_cli.errors import NeuroalgError, UsageError
from neuroalg_cli.invariant import load
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.part_of_network import PartOfNetwork
from neuroalg_cli.question import Question
from neuroalg_cli.verifying import verify

ATTENTION = na.attention([2, 2], 2, tokens=2)
KNOWN = [
    # matrices of bounded rank: product over i < n - k of C(m + i, k)/C(k + i, k) (Bruns, Vetter 1988)
    (na.mlp([3, 2, 3]), 3),
    (na.mlp([3, 1, 2]), 3),
    (na.mlp([4, 1, 3]), 10),
    # symmetric matrices of bounded rank (Harris, Tu 1984)
    (na.mlp([3, 2, 1], 2), 3),
    (na.mlp([4, 3, 1], 2), 4),
    (na.mlp([4, 2, 1], 2), 10),
    # Veronese varieties: r^(n-1) (Harris, Algebraic Geometry, Example 18.13)
    (na.mlp([2, 1, 1], 3), 3),
    (na.mlp([3, 1, 1], 2), 4),
    # P^1 x v_2(P^1) with O(1) and O(1): Segre-Veronese, (1 + 1)! 2 = 4; P^2 x v_2(P^1): 3 * 2 = 6
    (na.mlp([2, 1, 2], 2), 4),
    (na.mlp([2, 1, 3], 2), 6),
    # the hypersurface of Aronhold; sums of two quartic powers (catalecticant); sums of three sixth powers
    (na.mlp([3, 3, 1], 3), 4),
    (na.mlp([2, 2, 1], 4), 3),
    (na.mlp([2, 3, 1], 6), 4),
    # Kubjas, Li, Wiesmann, arXiv:2402.00949: computed there and again by slicing
    (na.mlp([2, 2, 2], 3), 6),
    (na.mlp([3, 2, 2], 2), 15),
    (na.mlp([2, 2, 2, 2], 2), 15),
    # Shahverdi, Marchetti, Kohn, arXiv:2410.00722: the formula for the degree
    (na.cnn([2, 2], 2), 4),
    (na.cnn([3, 2], 2), 12),
    (na.cnn([2, 3], 2), 6),
    (na.cnn([2, 2, 2], 2), 48),
    # Henry, Marchetti, Kohn, arXiv:2408.17221
    (ATTENTION, 20),
    # affine varieties that are no cones: the parabola, the twisted cubic, and lines
    (na.polynomial(["t*x + t^2*y"], ["t"], ["x", "y"]), 2),
    (na.polynomial(["t*x + t^2*y + t^3*z"], ["t"], ["x", "y", "z"]), 3),
    (na.polynomial(["t*x + (1 + 2*t)*y"], ["t"], ["x", "y"]), 1),
    # phi is two to one: the degree is that of the image, not of the map
    (na.polynomial(["t^2*x + t^4*y"], ["t"], ["x", "y"]), 2),
    # points: constant functions, with and without parameters
    (na.polynomial(["x + 2*y"], ["t"], ["x", "y"]), 1),
    (na.polynomial(["x + 2*y"], [], ["x", "y"]), 1),
    # V = A
    (na.mlp([2, 2, 1], 2), 1),
    (na.mlp([1, 1]), 1),
    (na.mlp([1, 1, 1], 2), 1),
    (na.mlp([1, 1, 1], 1), 1),
    (na.mlp([2, 3], 2), 1),
    (na.mlp([1, 2, 1], 2, biases=True), 1),
]


def quotient_of_parameters():
    """Returns the network a x + (a/b) y, whose coefficients are rational functions of a and b, and fill the plane."""
    builder = NetworkBuilder()
    x, a, b = builder.input((2,)), builder.parameter("a", (1,)), builder.parameter("b", (1,))
    entries = [builder.gather([x], [i], (1,)) for i in range(2)]
    quotient = builder.product(a, builder.reciprocal(b))
    return builder.finish(builder.sum(builder.product(a, entries[0]), builder.product(quotient, entries[1])))


def label(value):
    return getattr(value, "label", str(value))


def ask(architecture, method, **options):
    return pipeline.answer(Question("degree", architecture, method=method, **options))


@pytest.mark.parametrize(("architecture", "degree"), KNOWN, ids=label)
def test_the_hilbert_function(architecture, degree):
    claim = ask(architecture, "hilbert-function").claims[0]
    assert (claim.value["degree"], claim.kind, claim.certainty) == (degree, "exact", "modular")
    assert claim.error_probability is None
    assert claim.assumptions
    # every section of V consists of orbits of so many points together
    assert all(sum(orbits) == degree for orbits in claim.evidence["orbits"])


@pytest.mark.parametrize(("architecture", "degree"), KNOWN, ids=label)
def test_linear_spaces_and_hypersurfaces_are_proved_and_nothing_else(architecture, degree):
    try:
        report = ask(architecture, "hypersurface")
    except NeuroalgError as error:
        assert "no hypersurface" in str(error)  # noqa: PT017  # both are right answers, for different architectures
        return
    claim = report.claims[0]
    assert (claim.value["degree"], claim.kind, claim.certainty) == (degree, "exact", "proved")
    (finding,) = verify(report.model_dump(mode="json", by_alias=True))
    assert finding.accepted, finding.statement


@pytest.mark.parametrize(("architecture", "degree"), KNOWN, ids=label)
def test_equations_prove_the_degree_in_any_codimension(architecture, degree):
    if not Question("degree", architecture).phi.ambient_dimension:
        return
    report = ask(architecture, "equations")
    claim = report.claims[0]
    assert (claim.value["degree"], claim.kind, claim.certainty) == (degree, "exact", "proved")
    if architecture.label == na.cnn([2, 2, 2], 2).label:
        return  # 130 equations in 21 variables, which take half a minute to replay
    (finding,) = verify(report.model_dump(mode="json", by_alias=True))
    assert finding.accepted, finding.statement


def test_the_ladder_proves_what_is_small():
    # Kubjas, Li, Wiesmann, arXiv:2402.00949, found these degrees by computation
    for widths, activation, degree in (([2, 2, 2, 2], 2, 15), ([3, 3, 3], 2, 30)):
        claim = ask(na.mlp(widths, activation), "auto").claims[0]
        assert (claim.method, claim.value["degree"], claim.certainty) == ("equations", degree, "proved")
        names = [m.name for m in load("degree").methods()]
        assert names.index("hypersurface") < names.index("equations") < names.index("hilbert-function")


def test_equations_are_not_looked_for_where_it_is_hopeless_unless_they_are_named():
    method = next(m for m in load("degree").methods() if m.name == "equations")
    # P^5, squared, times P^20: dimension 26 in 21 * 21 coordinates
    large = na.mlp([6, 1, 21], 2)
    assert "sections are too large" in method.obstacle(Question("degree", large))
    assert method.obstacle(Question("degree", large, method="equations")) is None
    # a hypersurface
    assert "hypersurface" in method.obstacle(Question("degree", na.mlp([3, 3, 1], 3)))


def test_equations_of_low_degree_that_cut_out_more_than_the_curve_prove_nothing():
    """The curve (0,4,11,12): a line lies beside it on all surfaces of degree at most 7."""
    report = ask(monomial_curve(0, 4, 11, 12), "equations", max_degree=7)
    assert report.claims[0].kind == "lower_bound"
    assert report.claims[0].value["degree"] <= 12
    claim = ask(monomial_curve(0, 4, 11, 12), "equations").claims[0]
    assert (claim.value["degree"], claim.certainty) == (12, "proved")


def test_a_curve_that_is_not_cohen_macaulay_has_a_proved_degree():
    # the rational quartic in P^3: hyperplane sections have an embedded point at the vertex of the cone
    report = ask(monomial_curve(0, 1, 3, 4), "equations")
    assert (report.claims[0].value["degree"], report.claims[0].certainty) == (4, "proved")
    (finding,) = verify(report.model_dump(mode="json", by_alias=True))
    assert finding.accepted, finding.statement


def test_methods_share_the_ideal_except_under_a_cross_check():
    question = Question("degree", na.cnn([2, 2], 2))
    methods = {m.name: m for m in load("degree").methods() if m.engine == "builtin"}
    primes = {
        name: two_primes(question, methods[name])[0] for name in ("hypersurface", "equations", "hilbert-function")
    }
    assert len(set(primes.values())) == 1
    prime = primes["equations"]
    assert shared_ideal(question, prime, Deadline()) is shared_ideal(question.within(Deadline()), prime, Deadline())
    crossed = Question("degree", na.cnn([2, 2], 2), cross_check=True)
    assert len({two_primes(crossed, methods[name])[0] for name in primes}) == 3


def test_which_of_them_are_hypersurfaces():
    proved = {
        "mlp-3.2.3-r1",
        "mlp-3.2.1-r2",
        "mlp-4.3.1-r2",
        "mlp-3.3.1-r3",
        "mlp-2.2.1-r4",
        "mlp-2.3.1-r6",
    }
    hypersurface = next(m for m in load("degree").methods() if m.name == "hypersurface")
    for architecture, _ in KNOWN:
        question = Question("degree", architecture, method="hypersurface")
        codimension = (question.phi.ambient_dimension or 0) - pipeline.answer(
            Question("dimension", architecture)
        ).claims[0].value["dimension"]
        if architecture.family == "mlp" and codimension == 1:
            assert hypersurface.obstacle(question) is None
            proved.discard(architecture.label)
        if architecture.family == "mlp" and codimension > 1:
            assert "no hypersurface" in hypersurface.obstacle(question)
    assert not proved


def test_filling_architectures():
    # Kileel, Trager, Bruna, arXiv:1905.12207, and Dao, Rodriguez, arXiv:2605.09609: (2,3,3) and (2,4,5,4), r = 2, fill
    for architecture, dimension in ((na.mlp([2, 3, 3], 2), 9), (na.mlp([2, 4, 5, 4], 2), 20)):
        claim = ask(architecture, "filling").claims[0]
        assert (claim.certainty, claim.value["degree"], claim.value["dimension"]) == ("proved", 1, dimension)
        assert claim.value["codimension"] == 0
        assert claim.value["projective_closure"] is False
        assert ask(architecture, "auto").claims[0].value["degree"] == 1
    with pytest.raises(UsageError, match="does not fill"):
        ask(na.mlp([2, 2, 2, 2], 2), "filling")


def test_the_zero_network_has_degree_one():
    """V is the origin: dimension 0 in an ambient space of dimension 0."""
    claim = ask(na.polynomial(["(t - t)*x"], ["t"], ["x"]), "auto").claims[0]
    assert (claim.value["degree"], claim.value["dimension"], claim.value["ambient_dimension"]) == (1, 0, 0)


def test_cones_and_others_are_told_apart():
    for architecture, is_closure in (
        (na.mlp([2, 1, 1], 2), False),
        (na.polynomial(["t*x+t^2*y"], ["t"], ["x", "y"]), True),
    ):
        assert ask(architecture, "hypersurface").claims[0].value["projective_closure"] is is_closure


def test_h_vectors():
    # HS = (1 + t)/(1 - t)^2 for a conic, h(t) = 1 + 2 t for the twisted cubic (Eisenbud, The Geometry of Syzygies, chapter 4)
    assert h_vector([2 * e + 1 for e in range(6)], 2) == [1, 1, 0, 0, 0, 0]
    assert stripped(h_vector([3 * e + 1 for e in range(6)], 2)) == [1, 2]
    # the rational quartic in P^3 is not arithmetically Cohen-Macaulay: H = 1, 4, 9, 13, 17, ... = 4 e + 1 but for e = 1
    assert stripped(h_vector([1, 4, 9, 13, 17, 21, 25], 2)) == [1, 2, 2, -1]
    assert stripped(h_vector([1, 0, 0], 0)) == [1]
    assert stripped([0, 0]) == []


def monomial_curve(*exponents):
    """Returns the cone over the curve (s^(d-e) t^e : e in exponents), d the largest: of degree d if they are coprime."""
    names = ["x", "y", "z", "u", "v"][: len(exponents)]
    terms = (f"s^{max(exponents) - e}*t^{e}*{name}" for e, name in zip(exponents, names, strict=True))
    return na.polynomial(["+".join(terms)], ["s", "t"], names)


def test_equations_of_low_degree_that_cut_out_more_than_the_curve():
    """The curve (0,4,11,12) lies with a line on surfaces of degree 3 and 5, and all equations up to degree 7 contain that line.

    The h-vector looks like 1, 2, 3, 3, 3, 1, 0, 0 then, which would make the degree 13.
    """
    claim = ask(monomial_curve(0, 4, 11, 12), "hilbert-function").claims[0]
    values = claim.evidence["hilbert_function"]
    assert stripped(h_vector(values[:8], 2)) == [1, 2, 3, 3, 3, 1]
    assert (claim.value["degree"], claim.kind) == (12, "exact")
    report = ask(monomial_curve(0, 4, 11, 12), "hilbert-function", max_degree=7)
    assert report.claims[0].kind == "lower_bound"
    assert report.claims[0].value["degree"] <= 12


@pytest.mark.parametrize(
    "exponents",
    [
        (0, 1, 3, 4),
        (0, 1, 6, 7),
        (0, 2, 7, 9),
        (0, 3, 7, 8),
        (0, 5, 9, 11),
        (0, 3, 10, 11),
        (0, 1, 5, 8, 10),
        (0, 4, 7, 9, 10),
    ],
    ids=str,
)
def test_monomial_curves(exponents):
    # a hyperplane section a s^d + ... + b t^d has d zeros; the map is injective since the exponents are coprime
    assert ask(monomial_curve(*exponents), "hilbert-function").claims[0].value["degree"] == max(exponents)
    assert ask(monomial_curve(*(2 * e for e in exponents)), "hilbert-function").claims[0].value["degree"] == max(
        exponents
    )


def test_a_method_that_is_stopped_returns_a_lower_bound_that_is_certain():
    architecture = na.mlp([2, 2, 2, 2], 2)  # degree 15; its equations begin in degree 5 (arXiv:2402.00949)
    least = []
    for highest in range(1, 7):
        report = ask(architecture, "hilbert-function", max_degree=highest)
        claim = report.claims[0]
        if highest >= 5:
            assert (claim.kind, claim.value["degree"]) == ("exact", 15)
            continue
        assert (claim.kind, claim.certainty) == ("lower_bound", "exact")
        assert claim.value["degree"] >= min(highest, 4) + 1
        assert report.failures[0].kind == "time-limit"
        least.append(claim.value["degree"])
    assert least == sorted(least)
    assert least[-1] <= 15
    # a hypersurface of degree 4
    claim = ask(na.mlp([3, 3, 1], 3), "hypersurface", max_degree=3).claims[0]
    assert (claim.kind, claim.value["degree"]) == ("lower_bound", 4)


def test_no_time_at_all_leaves_the_trivial_bound():
    for method in ("hilbert-function", "hypersurface", "equations"):
        report = ask(na.mlp([3, 3, 1], 3), method, seconds=1e-9)  # the dimension is a theorem
        claim = report.claims[0]
        assert (claim.kind, claim.value["degree"]) == ("lower_bound", 1)
        assert report.failures[0].kind == "time-limit"


@pytest.mark.parametrize(
    "method", ["filling", "hypersurface", "equations", "hilbert-function", "groebner", "monodromy"]
)
def test_networks_without_coefficients_are_refused_in_a_sentence(method):
    builder = NetworkBuilder()
    hidden = builder.function("relu", builder.matmul(builder.parameter("W_1", (2, 2)), builder.input((2,))))
    relu = builder.finish(builder.matmul(builder.parameter("W_2", (1, 2)), hidden))
    with pytest.raises(UsageError, match=r"functions that are not rational"):
        ask(PartOfNetwork(graph=relu, whole="test"), method)
    with pytest.raises(UsageError, match=r"divides by functions of its input"):
        ask(na.rational([3, 2, 1], "1/z"), method)
    if method not in ("filling", "hilbert-function"):
        with pytest.raises(UsageError, match=r"divides by parameters"):
            ask(PartOfNetwork(graph=quotient_of_parameters(), whole="test"), method)


def test_networks_that_divide_by_parameters_have_a_degree():
    """a x + (a/b) y fills the plane."""
    for method in ("filling", "hilbert-function"):
        claim = ask(PartOfNetwork(graph=quotient_of_parameters(), whole="test"), method).claims[0]
        assert (claim.value["degree"], claim.value["dimension"]) == (1, 2)


@pytest.mark.parametrize("engine", [pytest.param(e, marks=pytest.mark.engine(e)) for e in ("macaulay2", "sage")])
@pytest.mark.parametrize(
    ("architecture", "degree"), [KNOWN[2], KNOWN[3], KNOWN[7], KNOWN[8], KNOWN[21], KNOWN[24]], ids=label
)
def test_elimination(architecture, degree, engine):
    claim = ask(architecture, "groebner", engine=engine).claims[0]
    assert (claim.value["degree"], claim.certainty, claim.engine.name) == (degree, "exact", engine)


@pytest.mark.engine("macaulay2")
@pytest.mark.parametrize(("architecture", "degree"), [KNOWN[0], KNOWN[7], KNOWN[10], KNOWN[22]], ids=label)
def test_monodromy(architecture, degree):
    report = ask(architecture, "monodromy")
    claim = report.claims[0]
    assert (claim.value["degree"], claim.certainty, claim.kind) == (degree, "numeric", "exact")
    assert claim.completeness is not None
    assert claim.completeness.is_complete
    assert len(claim.completeness.checks) >= 2
    assert all("trace test passed" in check for check in claim.completeness.checks)


def run(degree, *, complete, dimension=3, digits=8):
    return {"degree": degree, "dimension": dimension, "complete": complete, "trace_digits": digits}


class Recorded(MonodromyMethod):
    """The method with runs that are given; the engine is not called."""

    def __init__(self, *runs):
        super().__init__("monodromy", "macaulay2", "numeric", "")
        self.runs = list(runs)

    def run(self, question, script):  # noqa: ARG002  # as in the class
        values = self.runs.pop(0)
        if isinstance(values, NeuroalgError):
            raise values
        return type("EngineAnswer", (), {"values": values})(), {}, {}

    def _script(self, question, number):  # noqa: ARG002  # as in the class
        return None


@pytest.mark.parametrize(
    ("runs", "degree", "kind"),
    [
        # an upstream report: 1 instead of 60 in three of twelve runs; the trace test notices
        ([run(1, complete=False), run(4, complete=True), run(4, complete=True)], 4, "exact"),
        ([run(4, complete=True), run(4, complete=True)], 4, "exact"),
        # the largest that passed
        ([run(3, complete=True), run(4, complete=True), run(2, complete=False)], 4, "exact"),
        # nothing passed, or more points were seen than passed
        ([run(1, complete=False, digits=None), run(3, complete=False), run(2, complete=False)], 3, "lower_bound"),
        ([run(3, complete=True), run(4, complete=False), run(1, complete=False)], 4, "lower_bound"),
        # singular values misread: another dimension does not count
        ([run(9, complete=True, dimension=2), run(4, complete=True), run(4, complete=True)], 4, "exact"),
    ],
)
def test_which_run_of_monodromy_counts(runs, degree, kind):
    answer = Recorded(*runs).answer(Question("degree", na.mlp([3, 1, 1], 2)))
    assert (answer.claim.value["degree"], answer.claim.kind) == (degree, kind)
    assert (answer.stopped is None) == (kind == "exact")
    assert answer.claim.completeness.is_complete == (True if kind == "exact" else None)


def test_the_scripts_of_all_engines_render():
    for name in ("groebner", "monodromy"):
        for method in engine_methods(name):
            text = method.script(Question("degree", na.mlp([3, 1, 1], 2))).text
            assert "w_1" in text
