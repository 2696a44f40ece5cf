"""Proofs of degrees: those that were found hold, and false or changed ones are refused."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import random
from fractions import Fraction

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.question import Question
from neuroalg_cli.verifying import verify
from neuroalg_cli.verifying.coordinates import Coordinates
from neuroalg_cli.verifying.network import Network
from neuroalg_cli.verifying.refusing import ReportError

ARCHITECTURES = {
    # the discriminant of symmetric matrices (cubic), the Aronhold invariant (quartic): classical
    "conics": mlp([3, 2, 1], 2),
    "cubics": mlp([3, 3, 1], 3),
    # det of a 3 x 3 matrix
    "determinant": mlp([3, 2, 3]),
    "parabola": polynomial(["t*x + t^2*y"], ["t"], ["x", "y"]),
    "cusp in space": polynomial(["t^2*x + t^3*y + (t^3 - 2*t^2 + 1/3)*z"], ["t"], ["x", "y", "z"]),
    "line": polynomial(["t*x + (1 + 2*t)*y"], ["t"], ["x", "y"]),
    "point": polynomial(["x + 2*y"], [], ["x", "y"]),
    "no squares of zero": cnn([2, 1], 2),
    "conics of rank one": mlp([3, 1, 1], 2),
    "twisted cubic": polynomial(["t*x + t^2*y + t^3*z"], ["t"], ["x", "y", "z"]),
    "rational quartic": polynomial(
        ["s^4*x + s^3*t*y + s*t^3*z + t^4*u + (s^4 - t^4)*v"], ["s", "t"], ["x", "y", "z", "u", "v"]
    ),
    "four layers": mlp([2, 2, 2, 2], 2),
    "everything": mlp([2, 2, 1], 2),
    "everything with biases": mlp([2, 2, 1], 2, biases=True),
}
DEGREES = {
    "conics": 3,
    "cubics": 4,
    "determinant": 3,
    "parabola": 2,
    "cusp in space": 3,
    "line": 1,
    "point": 1,
    # Harris, Algebraic Geometry, Examples 1.10, 18.13; Kubjas, Li, Wiesmann, arXiv:2402.00949, by computation
    "conics of rank one": 4,
    "twisted cubic": 3,
    "rational quartic": 4,
    "four layers": 15,
    "no squares of zero": 2,  # the conic (a^2, 2 a b, b^2), any factor
    "everything": 1,
    "everything with biases": 1,
}


#: those of a codimension in their span above 1
BY_SECTIONS = ("conics of rank one", "twisted cubic", "rational quartic", "four layers")


@functools.cache
def text(name: str) -> str:
    method = "equations" if name in BY_SECTIONS else "hypersurface"
    report = pipeline.answer(Question("degree", ARCHITECTURES[name], method=method))
    return json.dumps(report.model_dump(mode="json", by_alias=True))


def proved(name: str):
    """Returns a fresh report, as the plain JSON value that a file would give."""
    return json.loads(text(name))


def verdict(report) -> str:
    (finding,) = verify(report)
    assert "\n" not in finding.statement
    assert len(finding.statement) < 300
    return ("accepted: " if finding.accepted else "refused: ") + finding.statement


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_proofs_that_were_found_hold(name):
    report = proved(name)
    assert report["claims"][0]["certainty"] == "proved"
    assert report["claims"][0]["value"]["degree"] == DEGREES[name]
    assert verdict(report).startswith(f"accepted: degree {DEGREES[name]}: ")


def test_a_filling_architecture_is_proved_without_expansion():
    # Kileel, Trager, Bruna, arXiv:1905.12207: (2,3,3), r = 2, fills its 9 dimensions
    report = pipeline.answer(Question("degree", mlp([2, 3, 3], 2), method="filling"))
    assert report.claims[0].certainty == "proved"
    assert verdict(report.model_dump(mode="json", by_alias=True)).startswith(
        "accepted: degree 1: V is the ambient space"
    )


def equations(report) -> list[str]:
    return report["claims"][0]["evidence"]["equations"]


def changed_equations(name: str, *texts: str):
    report = proved(name)
    equations(report)[:] = texts
    return report


def test_false_equations_are_refused():
    (conics,) = equations(proved("conics"))
    assert conics == "y_3^2*y_4 - y_2*y_3*y_5 + y_1*y_5^2 + y_2^2*y_6 - 4*y_1*y_4*y_6"  # the discriminant of a conic
    for false in (
        conics.replace("4*", "5*"),
        conics.replace("- 4*", "+ 4*"),
        conics.replace("y_3^2*y_4 - ", ""),
        conics.replace("y_1", "y_6"),
        "y_1*y_3 - y_2^2",
    ):
        assert verdict(changed_equations("conics", false)) == "refused: an equation does not hold on V"
    for unreadable in (
        "",
        " ",
        "0",
        "y_1**2",
        "y_1^2 + ",
        "- y_1",
        "y_7",
        "y_1*y_2 + y_1*y_2",
        "1/2*y_1",
        "y_1^-1",
        "y",
        "2y_1",
    ):
        assert verdict(changed_equations("conics", unreadable)).startswith("refused: ")
    for not_homogeneous in ("y_1^2 + y_2", "1", "y_1 + 1"):
        assert verdict(changed_equations("conics", not_homogeneous)).startswith(
            "refused: an equation is not homogeneous"
        )


def test_true_equations_that_prove_too_little_are_refused():
    """What holds on V may be reducible, or be one equation too few or too many."""
    (parabola,) = equations(proved("parabola"))
    assert parabola == "y_1^2 - y_0*y_2"
    report = changed_equations("parabola", "y_1^3 - y_0*y_1*y_2")
    report["claims"][0]["value"]["degree"] = 3
    assert verdict(report) == "refused: the equation is reducible"
    report = changed_equations("parabola", "y_0*y_1^2 - y_0^2*y_2")
    report["claims"][0]["value"]["degree"] = 3
    assert verdict(report) == "refused: the equation is reducible"
    square = "y_1^4 - 2*y_0*y_1^2*y_2 + y_0^2*y_2^2"
    assert verdict(changed_equations("parabola", square)) == "refused: the equation is reducible"
    assert verdict(changed_equations("parabola", parabola, parabola)).startswith("refused: more than one equation")
    assert verdict(changed_equations("parabola")).startswith("refused: the dimension of V, which has no equations,")
    linear, cubic = equations(proved("cusp in space"))
    assert verdict(changed_equations("cusp in space", cubic)).startswith("refused: the dimension is stated as 1")
    assert verdict(changed_equations("cusp in space", linear)).startswith("refused: the dimension is stated as 1")
    assert verdict(changed_equations("cusp in space", linear, linear, cubic)).startswith(
        "refused: a linear equation has no"
    )


def test_a_curve_in_space_on_one_quadric_is_no_hypersurface():
    """A true quadric through the twisted cubic, with the minor of its dimension 1, does not make its degree 2."""
    architecture = polynomial(["t*x + t^2*y + t^3*z"], ["t"], ["x", "y", "z"])
    report = pipeline.answer(Question("dimension", architecture, method="jacobian")).model_dump(
        mode="json", by_alias=True
    )
    claim = report["claims"][0]
    claim["invariant"] = "degree"
    claim["evidence"] = {
        "dimension": {"value": 1, "certainty": "proved", "statement": ""},
        "equations": ["y_1^2 - y_0*y_2"],
        "lower_bound": claim["evidence"]["lower_bound"],
    }
    claim["value"] = {
        "degree": 2,
        "dimension": 1,
        "codimension": 2,
        "ambient_dimension": 3,
        "projective_closure": True,
        "fiber_degree": None,
        "slice_points": None,
    }
    assert verdict(report) == "refused: the dimension is stated as 1, found as 2"


@pytest.mark.parametrize("name", ["conics", "determinant", "parabola", "cusp in space", "line", "no squares of zero"])
def test_sections_prove_hypersurfaces_and_linear_spaces_as_well(name):
    report = pipeline.answer(Question("degree", ARCHITECTURES[name], method="equations"))
    report = json.loads(json.dumps(report.model_dump(mode="json", by_alias=True)))
    assert ("sections" in report["claims"][0]["evidence"]) == (DEGREES[name] > 1)
    assert verdict(report).startswith(f"accepted: degree {DEGREES[name]}: ")


@pytest.mark.parametrize("name", BY_SECTIONS)
def test_sections_of_equations_that_were_changed_are_refused(name):
    stated = equations(proved(name))
    assert len(stated) > 1
    first, *others = stated
    for texts in (others[:1], []):  # fewer than the codimension
        assert verdict(changed_equations(name, *texts)).startswith("refused: ")
    # one equation less may be enough, for the same degree
    assert verdict(changed_equations(name, *others)).startswith(("refused: ", f"accepted: degree {DEGREES[name]}: "))
    assert verdict(changed_equations(name, f"{first} + {first.partition(' ')[0]}", *others)).startswith("refused: ")
    place = 0 if name == "twisted cubic" else 1
    power = f"y_{place}^15"
    assert verdict(changed_equations(name, *others, power)).startswith("refused: ")
    # sections are drawn again: without them nothing but hypersurfaces is looked for
    report = proved(name)
    del report["claims"][0]["evidence"]["sections"]
    assert verdict(report).startswith("refused: ")


@pytest.mark.parametrize("name", BY_SECTIONS)
@pytest.mark.parametrize("wrong", [-1, 1])
def test_another_degree_is_refused_whatever_the_sections_are_said_to_be(name, wrong):
    report = proved(name)
    claim = report["claims"][0]
    claim["value"]["degree"] += wrong
    assert verdict(report).startswith("refused: 'degree' is stated as")
    claim["evidence"]["sections"]["orbits"] = [[claim["value"]["degree"]]]
    assert verdict(report).startswith("refused: ")


def test_equations_of_more_than_v_are_refused():
    """True equations of curves that cut out a line more, or a surface; and a surface in place of V, by a smaller minor."""
    quadric, cubic = "y_1*y_4 - y_2*y_3", "y_2^3 - y_1^2*y_3"
    report = proved("rational quartic")
    linear = [text for text in equations(report) if "^" not in text and "*" not in text]
    assert len(linear) == 1  # y_5 = y_1 - y_4
    # the quadric y = (ac, ad, bc, bd) and the cubic a^2 (a d^3 - b c^3) on it: the quartic and a double line
    report["claims"][0]["evidence"]["equations"] = [*linear, quadric, cubic]
    assert (
        verdict(report)
        == "refused: the sections do not show that the equations cut out nothing of this dimension but V"
    )
    report["claims"][0]["evidence"]["equations"] = [*linear, quadric]
    assert verdict(report) == "refused: a section of the equations does not end"
    # a minor that is too small makes V look smaller than it is: no section of true equations is finite then
    report = proved("rational quartic")
    lower = report["claims"][0]["evidence"]["lower_bound"]
    lower |= {"value": 1, "pivot_rows": lower["pivot_rows"][:1], "pivot_columns": lower["pivot_columns"][:1]}
    report["claims"][0]["value"] |= {"dimension": 1, "codimension": 4}
    report["claims"][0]["evidence"]["dimension"]["value"] = 1
    assert verdict(report).startswith("refused: ")


def test_an_ambient_space_that_is_too_small_is_refused():
    """V is a hypersurface, of dimension 5 in 6, or a twisted cubic; said to fill a space of its own dimension."""
    for name in ("conics", "parabola"):
        report = proved(name)
        claim = report["claims"][0]
        claim["evidence"]["equations"] = []
        dimension = claim["value"]["dimension"]
        claim["value"] |= {"degree": 1, "ambient_dimension": dimension, "codimension": 0, "projective_closure": False}
        report["parametrization"]["coordinates"] = dimension
        assert verdict(report).startswith("refused: the ambient dimension")


@pytest.mark.parametrize("name", ["conics", "cusp in space", "everything", "twisted cubic"])
def test_changed_numbers_are_refused(name):
    for key, strange in itertools.product(proved(name)["claims"][0]["value"], (0, 7, -1, None, "1", [], 2.0)):
        report = proved(name)
        value = report["claims"][0]["value"]
        if type(value[key]) is type(strange) and value[key] == strange:
            continue
        value[key] = strange
        assert verdict(report).startswith("refused: "), (key, strange)
    for kind in ("lower_bound", "upper_bound", None):
        report = proved(name)
        report["claims"][0]["kind"] = kind
        assert verdict(report).startswith("refused: ")
    report = proved(name)
    report["claims"][0]["invariant"] = "dimension"
    assert verdict(report).startswith("refused: ")


STRANGE = (None, True, -1, 0.5, "x", "", [], {}, [[]], 10**5000, float("nan"), {"value": {}}, "\ud800", "y_1" * 10**4)
#: what the proof does not speak about
FREE = {"method", "engine", "references", "known_symmetries", "limits", "primes", "seed", "script", "assumptions"} | {
    "error_probability",
    "certainty",
    "statement",
}


def parts(value, path=()):
    """Yields the paths to all parts of a JSON value."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in pairs:
        yield from parts(entry, (*path, key))


@pytest.mark.parametrize("name", ["parabola", "cusp in space", "everything", "twisted cubic"])
def test_strange_values_anywhere_in_a_claim_are_refused_in_a_sentence(name):
    report = proved(name)
    checked = 0
    for path in parts(report["claims"][0]):
        if not path or FREE & set(path):
            continue
        for strange in STRANGE:
            changed = copy.deepcopy(report)
            place = functools.reduce(lambda part, key: part[key], path[:-1], changed["claims"][0])
            if place[path[-1]] == strange:
                continue
            place[path[-1]] = strange
            assert verdict(changed).startswith("refused: "), (path, strange)
            checked += 1
    assert checked > 200


def test_the_coordinates_are_those_of_the_interpreter_and_are_substituted_right():
    """Random polynomials in the coordinates, at random points, against the symbolic interpreter's coordinates."""
    rng = random.Random(0)
    for architecture in ARCHITECTURES.values():
        graph = architecture.network()
        expanded = coordinates(graph)
        point = [1] * graph.parameter_count
        evidence = {"prime": 8388593, "point": point, "inputs": []}
        own = Coordinates(Network(graph.as_json(), evidence))
        assert own.count == len(expanded)
        for _ in range(4):
            w = [Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(graph.parameter_count)]
            values = [evaluated(c.polynomial, w) for c in expanded]
            i, j = (rng.randrange(own.count) for _ in range(2))
            # y_i^2 y_j - c y_0^3 is zero at w, for its own c, but on V only where phi_i^2 phi_j is constant
            constant = values[i] ** 2 * values[j]
            is_constant = all(not any(e) for k in (i, j) for e in expanded[k].polynomial)
            terms = {cube(own.count, i + 1, i + 1, j + 1): constant.denominator}
            terms[cube(own.count, 0, 0, 0)] = -constant.numerator
            assert own.vanishes({key: c for key, c in terms.items() if c}) == is_constant


def cube(count: int, *factors: int) -> tuple[int, ...]:
    return tuple(factors.count(index) for index in range(count + 1))


def evaluated(polynomial_, w) -> Fraction:
    total = Fraction(0)
    for exponents, coefficient in polynomial_.items():
        for value, e in zip(w, exponents, strict=True):
            coefficient *= value**e  # noqa: PLW2901  # a product, factor by factor
        total += coefficient
    return total


def test_the_text_of_an_equation_is_read_strictly():
    own = Coordinates(
        Network(ARCHITECTURES["parabola"].network().as_json(), {"prime": 8388593, "point": [1], "inputs": []})
    )
    assert own.read("y_1^2 - y_0*y_2") == {(0, 2, 0): 1, (1, 0, 1): -1}
    assert own.read("12*y_1*y_2 + 3") == {(0, 1, 1): 12, (0, 0, 0): 3}
    for false in (
        "y_3",
        "y_1 y_2",
        "3*",
        "*y_1",
        "y_1 +y_2",
        "y_1\n",
        "+ y_1",
        "03*y_1",
        "0*y_1",
        "y_1^99999",
        None,
        3,
        ["y_1"],
    ):
        with pytest.raises((ReportError, ValueError)):
            own.read(false)
