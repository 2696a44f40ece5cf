"""Models of polynomials: what texts mean, the graph against Python's own parser, published varieties, and what is refused."""

from __future__ import annotations

import ast
import itertools
import json
import random
import tomllib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli import spec
from neuroalg_cli.architectures.polynomial import PolynomialModel, polynomial
from neuroalg_cli.cli import run
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.invariants.dimension import JacobianMethod
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import Question

PRIME = 8388593
RECORDS = tomllib.loads((Path(__file__).parents[1] / "literature/polynomial_dimensions.toml").read_text("utf-8"))[
    "record"
]

VARIETY = [
    polynomial("a*x + b", "a,b", "x"),
    polynomial(["a*x^2 + W[1,2]*y", "3/2", "0"], ["a", "W[1,2]"], ["x", "y"]),
    polynomial("s^3, s^2*t, s*t^2, t^3", "s, t"),
    polynomial("(h+1)^2*k - h", "a, b", "x", lets="h = a*x + b, k = h^2/3"),
    polynomial("ψ*größe[2]^2 + x_1", "ψ", "größe[2], x_1"),
    polynomial("5"),
    polynomial("x", inputs="x"),
]
by_label = pytest.mark.parametrize("model", VARIETY, ids=lambda model: model.outputs[0])


def refused(*arguments, **options):
    with pytest.raises(SpecError) as caught:
        polynomial(*arguments, **options)
    sentence = str(caught.value)
    assert 10 < len(sentence) < 300
    assert sentence.isprintable()
    return sentence


def dimension(*arguments, **options):
    return na.dimension(polynomial(*arguments, **options)).value["dimension"]


def reference(model, w, x):
    """Returns the outputs at a rational point, read by Python's grammar and computed with fractions."""
    values = {}

    def declare(texts, entries):
        for text in texts:
            name, _, sizes = text.rstrip("]").partition("[")
            if not sizes:
                values[name] = next(entries)
                continue
            first, *rest = map(int, sizes.split(","))
            if not rest:
                values[name] = [next(entries) for _ in range(first)]
            else:
                values[name] = [[next(entries) for _ in range(rest[0])] for _ in range(first)]

    def value(node):
        match node:
            case ast.BinOp(left, ast.Pow(), ast.Constant(exponent)):
                return value(left) ** exponent
            case ast.BinOp(left, ast.Add(), right):
                return value(left) + value(right)
            case ast.BinOp(left, ast.Sub(), right):
                return value(left) - value(right)
            case ast.BinOp(left, ast.Mult(), right):
                return value(left) * value(right)
            case ast.BinOp(left, ast.Div(), right):
                return value(left) / value(right)
            case ast.UnaryOp(ast.USub(), operand):
                return -value(operand)
            case ast.Name(name):
                return values[name]
            case ast.Subscript(ast.Name(name), ast.Tuple(indices)):
                return values[name][indices[0].value - 1][indices[1].value - 1]
            case ast.Subscript(ast.Name(name), ast.Constant(index)):
                return values[name][index - 1]
            case ast.Constant(number):
                return Fraction(number)
        raise AssertionError(ast.dump(node))

    declare(model["parameters"], iter(w))
    declare(model["inputs"], iter(x))
    for text in model["lets"]:
        name, _, body = text.partition("=")
        values[name.strip()] = value(ast.parse(body.strip().replace("^", "**"), mode="eval").body)
    return [value(ast.parse(text.replace("^", "**"), mode="eval").body) for text in model["outputs"]]


def random_model(seed):
    """Returns texts of a model with random names, definitions and outputs, as a dictionary."""
    source = random.Random(seed)
    parameters = ["a", "b[3]", "W[2,3]", "v[1]"][: source.randint(1, 4)]
    inputs = ["x", "y[2]"][: source.randint(0, 2)]
    entries = {"a": ["a"], "b[3]": ["b[1]", "b[2]", "b[3]"], "v[1]": ["v[1]"], "x": ["x"], "y[2]": ["y[1]", "y[2]"]}
    entries["W[2,3]"] = [f"W[{i},{j}]" for i in (1, 2) for j in (1, 2, 3)]
    known = [entry for name in parameters + inputs for entry in entries[name]]

    def expression(depth=0):
        choice = source.randrange(6 if depth < 3 else 2)
        if choice == 0:
            return source.choice(["1/2", "3", "0", "-2", "7/5"]) if depth else source.choice(known)
        if choice == 1:
            return source.choice(known)
        left, right = expression(depth + 1), expression(depth + 1)
        found = [
            f"({left})^{source.randint(0, 3)}",
            f"({left})*({right})",
            f"{left} + {right}",
            f"{left} - ({right})/3",
        ]
        return found[choice - 2]

    lets = []
    for number in range(source.randint(0, 4)):
        lets.append(f"h{number} = {expression()}")
        known.append(f"h{number}")
    outputs = [expression() for _ in range(source.randint(1, 4))]
    return {"parameters": parameters, "inputs": inputs, "lets": lets, "outputs": outputs}


def residue(value):
    found = value.numerator * pow(value.denominator, -1, PRIME) % PRIME
    return found - PRIME if found > PRIME // 2 else found


@pytest.mark.parametrize("seed", range(60))
def test_the_graph_computes_what_python_reads(seed):
    texts = random_model(seed)
    model = PolynomialModel.from_specification(texts)
    network = model.network()
    source = random.Random(seed)
    w = [Fraction(source.randint(-9, 9), source.choice([1, 2, 3])) for _ in range(network.parameter_count)]
    x = [Fraction(source.randint(-9, 9), 2) for _ in range(network.input_size)]
    expected = [residue(value) for value in map(Fraction, reference(texts, w, x))]
    arguments = [np.array([float(residue(value)) for value in values]) for values in (w, x)]
    found = modular.evaluate(network, arguments[0], arguments[1].reshape(1, -1), PRIME)
    assert found.tolist() == [expected]
    canonical = model.canonical()
    assert [residue(Fraction(value)) for value in reference(canonical, w, x)] == expected


@pytest.mark.parametrize("seed", range(60))
def test_the_ambient_space_is_that_of_the_expansion(seed):
    phi = PolynomialMap(PolynomialModel.from_specification(random_model(seed)).network())
    expanded = coordinates(phi.network)
    assert phi.ambient_dimension == len(expanded)
    assert len(expanded) <= phi.coordinate_bound
    assert max((sum(e) + sum(c.monomial) for c in expanded for e in c.polynomial), default=0) <= phi.total_degree


def test_degrees_without_definitions_are_exact():
    # terms are grouped by their exponents, so that no term of low degree borrows the degree of another
    phi = PolynomialMap(polynomial("a^2*x^3 + b*x*y + c^5, 7", "a, b, c", "x, y").network())
    assert (phi.total_degree, set(phi.degrees)) == (5, {0, 2, 3})


@by_label
def test_the_canonical_form_is_a_specification_of_the_same_model(model):
    canonical = json.loads(json.dumps(model.canonical()))
    again = spec.from_mapping(canonical)
    assert again == model
    assert (again.digest(), again.label) == (model.digest(), model.label)
    assert again.canonical() == model.canonical()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (polynomial("a*x + b", "a,b", "x"), polynomial(["b+x * a"], ["a", " b "], ["x"])),
        (polynomial("(a+b)^2", "a,b"), polynomial("a**2 + 2*a*b + b^2", "a,b")),
        (polynomial("W[1,2]/2", "W[1,2]"), polynomial("0.5*W[ 1 , 02 ]", "W[1, 2]")),
        (polynomial("h", "a", lets="h=a-a+1"), polynomial("h", "a", lets=["h = 1"])),
        (polynomial("e\u0301", "e\u0301"), polynomial("\u00e9", "\u00e9")),
        (polynomial("a +\n b", "a,b"), polynomial("a+b", "a,b")),
    ],
)
def test_equal_models_have_equal_forms_labels_and_hashes(one, other):
    assert (one, one.label, one.digest()) == (other, other.label, other.digest())


def test_different_models_have_different_labels():
    models = [
        *VARIETY,
        polynomial("a*x+b", "b,a", "x"),
        polynomial("a*x+b", "a,b,c", "x"),
        polynomial("a*x", "a,b", "x"),
    ]
    assert len({model.label for model in models}) == len({model.digest() for model in models}) == len(models)
    assert all(model.label.startswith("polynomial-") and model.label.isascii() for model in models)


def test_definitions_stay_unexpanded():
    # (1 + a x)^(2^40) by forty squarings
    lets = ["h0 = 1 + a*x", *(f"h{i + 1} = h{i}^2" for i in range(40))]
    model = polynomial("h40", "a", "x", lets=lets)
    network = model.network()
    assert len(network.nodes) < 60
    found = modular.evaluate(network, np.array([2.0]), np.array([[3.0]]), PRIME)
    assert int(found[0, 0]) % PRIME == pow(7, 2**40, PRIME)
    assert polynomial("h2*h1", "a", "x", lets=lets[:3]).canonical()["outputs"] == ["h1*h2"]


def test_definitions_that_do_not_need_each_other_are_one_vector():
    lets = [f"h{i} = W[{i},1]*x + W[{i},2]*y" for i in range(1, 51)]
    model = polynomial("+".join(f"v[{i}]*h{i}^2" for i in range(1, 51)), "W[50,2], v[50]", "x, y", lets=lets)
    assert len(model.network().nodes) < 60
    assert max(node.size for node in model.network().nodes) <= 200


def test_long_sums_are_exact():
    terms = [(i + 1, 3 * i - 40) for i in range(300)]
    model = polynomial("+".join(f"({c})*a*x[{i}]" for i, c in terms), "a", "x[300]")
    found = modular.evaluate(model.network(), np.array([5.0]), np.arange(300.0).reshape(1, 300), PRIME)
    assert int(found[0, 0]) % PRIME == sum(5 * c * (i - 1) for i, c in terms) % PRIME


@pytest.mark.parametrize(
    ("outputs", "parameters", "inputs", "expected"),
    [
        ("5", "", "", 0),
        ("0", "a", "", 0),
        ("x", "", "x", 0),
        ("a", "a", "", 1),
        ("a", "a,b", "x", 1),
        ("a*b*x", "a,b", "x", 1),
        ("a*x + b", "a,b", "x", 2),
        ("a*x, a*y, 2*a*x", "a", "x,y", 1),
        # a = (u + v), b = u v determine u and v up to exchange
        ("(u+v)*x + u*v*y", "u,v", "x,y", 2),
        # Whitney's umbrella is a surface
        ("u*v, u, v^2", "u,v", "", 2),
        # the tangent lines of the twisted cubic: a surface, and its cone
        ("s^3, 3*s^2*t, 3*s*t^2+u, t^3", "s,t,u", "", 3),
        ("x^999*a", "a", "x", 1),
    ],
)
def test_dimensions_that_one_sees(outputs, parameters, inputs, expected):
    assert dimension(outputs, parameters, inputs) == expected


def test_a_variety_that_is_no_cone():
    # the parabola: its cone would be the plane
    claim = na.dimension(polynomial("a, a^2 + 1", "a"))
    assert claim.value["dimension"] == 1
    assert claim.value["filling"] is False


@pytest.mark.parametrize(
    ("widths", "degree"),
    [([2, 2, 1], 2), ([3, 2, 2], 2), ([2, 2, 2, 1], 2), ([2, 3, 2], 3), ([3, 3, 1], 2), ([2, 1, 2], 4)],
)
def test_networks_written_out_have_the_dimensions_of_the_family_mlp(widths, degree):
    parameters = [f"W{layer}[{n},{m}]" for layer, (m, n) in enumerate(itertools.pairwise(widths), start=1)]
    inputs = [f"x[{widths[0]}]"]
    before = [f"x[{j}]" for j in range(1, widths[0] + 1)]
    lets, rows = [], []
    for layer, width in enumerate(widths[1:], start=1):
        rows = [
            "+".join(f"W{layer}[{i},{j}]*{name}" for j, name in enumerate(before, start=1)) for i in range(1, width + 1)
        ]
        if layer < len(widths) - 1:
            lets += [f"h{layer}_{i} = ({row})^{degree}" for i, row in enumerate(rows, start=1)]
            before = [f"h{layer}_{i}" for i in range(1, width + 1)]
    found = na.dimension(polynomial(rows, parameters, inputs, lets=lets)).value
    expected = na.dimension(na.mlp(widths, degree)).value
    keys = ("dimension", "parameters", "ambient_dimension", "linear_span_dimension")
    assert [found[key] for key in keys] == [expected[key] for key in keys]


by_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["id"])


@by_record
def test_the_ladder_and_the_rank_agree_with_the_literature(record):
    texts = {key: record[key] for key in ("parameters", "lets", "outputs") if key in record}
    model = spec.from_mapping({"family": "polynomial", **texts})
    rank = JacobianMethod().answer(Question("dimension", model)).claim
    for claim in (na.dimension(model), rank):
        keys = ("dimension", "ambient_dimension", "linear_span_dimension")
        assert {key: claim.value[key] for key in keys if key in record} == {
            key: record[key] for key in keys if key in record
        }


def test_the_collection_is_complete():
    assert len({record["id"] for record in RECORDS}) == len(RECORDS) == 12
    assert all(
        record["source"] and record["conventions"] and record["status"] and record["reason"] for record in RECORDS
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a*q", "a"), "'output 1' is 'a*q', which has 'q', which is neither"),
        (("a, a*q", "a"), "'output 2'"),
        (("a", "a", "a"), "'inputs' has the name 'a', which was given before"),
        (("a", "a,b,a"), "'parameters' has the name 'a', which was given before"),
        (("a[1]", "a"), "'a' with 1 indices, which is a scalar; write 'a'"),
        (("b", "b[2]"), "'b' with 0 indices, which is a vector; write 'b[1]'"),
        (("W[1]", "W[2,3]"), "'W' with 1 indices, which is a matrix; write 'W[1,1]'"),
        (("b[3]", "b[2]"), "the index '3' of 'b', which must be from 1 to 2"),
        (("b[0]", "b[2]"), "the index '0' of 'b'"),
        (("W[3,1]", "W[2,3]"), "the index '3' of 'W', which must be from 1 to 2"),
        (("b[99999999999999999999]", "b[2]"), "the index '99999999999999999999'"),
        (("", "a"), "'outputs' is empty"),
        (([], "a"), "'outputs' is empty"),
        (("a,,b", "a,b"), "'outputs' has an empty entry"),
        (("a", "a,"), "'parameters' has an empty entry"),
        (("a", "2a"), "'parameters' has the entry '2a', which declares no name"),
        (("a", "a[0]"), "must be at least 1"),
        (("a", "a[2,0]"), "must be at least 1"),
        (("a", "a[-1]"), "declares no name"),
        (("a", "a[2,3,4]"), "declares no name"),
        (("a", "a[1000000]"), "at most 100000 entries"),
        (("a", "a[1000,1000]"), "1000000 entries"),
        (("a", "a" * 51), "a name of 51 characters"),
        (("a b", "a,b"), "no polynomial"),
        (("a/b", "a,b"), "divides by a variable"),
        (("a/0", "a"), "divides by zero"),
        (("a^b", "a,b"), "no polynomial"),
        (("a^-1", "a"), "no polynomial"),
        (("a^1001", "a"), "exponent above 1000"),
        (("sin(a)", "a"), "no polynomial"),
        (("a=b", "a,b"), "no polynomial"),
        (("x²", "x"), "neither a parameter"),
        ((7, "a"), "'outputs' is 7; it must be a list of texts"),
        ((["a", 7], "a"), "it must be a list of texts"),
        (("a", {"a": 1}), "'parameters' is {'a': 1}"),
        (("(a+b+c+d)^100", "a,b,c,d"), "the most allowed"),
        (("+".join(f"(a+b)^{n}*(c+d)^{n}" for n in range(90, 99)), "a,b,c,d"), "the most allowed"),
        ((["0"] * 10_001,), "'outputs' has 10001 entries"),
        (("a" * 1_000_001, "a"), "characters"),
        (("(1-" * 5000 + "a" + ")" * 5000, "a"), "nested too deeply"),
    ],
)
def test_what_means_nothing_is_refused_by_name(arguments, words):
    assert words in refused(*arguments)


@pytest.mark.parametrize(
    ("lets", "words"),
    [
        ("h", "which defines nothing"),
        ("h =", "which defines nothing"),
        ("= a", "declares no name"),
        ("h[2] = a", "only scalars can be defined"),
        ("h = h", "'let 1' is ' h', which has 'h', which is neither"),
        ("h = k, k = a", "'k', which is neither"),
        ("a = 2", "'lets' has the name 'a', which was given before"),
        ("h = a, h = a", "'lets' has the name 'h'"),
        ("h == a", "no polynomial"),
        ([f"h{i} = a" for i in range(1001)], "'lets' has 1001 entries"),
    ],
)
def test_definitions_that_mean_nothing_are_refused_by_name(lets, words):
    assert words in refused("a", "a", lets=lets)


def test_missing_and_unknown_keys():
    with pytest.raises(SpecError, match="'outputs' is missing"):
        spec.from_mapping({"family": "polynomial", "parameters": ["a"]})
    with pytest.raises(SpecError, match="'widths' is unknown to the family 'polynomial'"):
        spec.from_mapping({"family": "polynomial", "outputs": ["a"], "widths": [2]})


def test_names_stay_here():
    model = polynomial("secret*x", "secret", "x")
    assert "secret" not in json.dumps(model.network().as_json())


def test_parameters_that_occur_nowhere_are_remarked():
    assert polynomial("a", "a").remarks() == ()
    assert polynomial("h", "a,b[2]", lets="h=a+b[2]").remarks() == ()
    assert polynomial("a", "a,b").remarks() == ("the parameter 'b' occurs in no output",)
    assert "2 of the parameters occur in no output: 'b', 'W'" in polynomial("a", "a,b,W[2,2]").remarks()[0]


def test_the_conventions_say_what_a_coordinate_is():
    assert "one coordinate per output that" in polynomial("a", "a").conventions()[0]
    assert "monomial in the inputs" in polynomial("a*x", "a", "x").conventions()[0]


def test_flags_and_files(tmp_path, capsys):
    flags = ["--parameters", "a,W[1,2]", "--inputs", "x,y", "--outputs", "a*x^2 + W[1,2]*y, W[1,1]"]
    assert run(["-q", "dim", "--arch", "polynomial", *flags, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["claims"][0]["value"]["dimension"] == 3
    path = tmp_path / "model.toml"
    path.write_text(
        'family = "polynomial"\nparameters = ["a", "W[1,2]"]\ninputs = ["x", "y"]\noutputs = ["a*x^2 + W[1,2]*y", "W[1,1]"]\n',
        "utf-8",
    )
    assert run(["-q", "dim", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["architecture"] == report["architecture"]
    assert run(["dim", "--arch", "polynomial", "--outputs", "a*q", "--parameters", "a"]) == 3
    assert "'q', which is neither" in capsys.readouterr().err


ENGINE_MODELS = [
    (polynomial("s^3, s^2*t, s*t^2, t^3", "s, t"), 2),
    (polynomial("a*x^2/2 + b*h", "a, b", "x", lets="h = (a*x + b)^2"), 2),
    (polynomial("u*v, u, v^2, 3/2, 0", "u, v"), 2),
    (polynomial("(u+v)*x + u*v*y - (u+v)*z/3", "u, v", "x, y, z"), 2),
    (polynomial("5", "a"), 0),
]


@pytest.mark.parametrize(("model", "expected"), ENGINE_MODELS, ids=lambda value: getattr(value, "label", str(value)))
@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
)
def test_engines_agree(engine, model, expected):
    assert na.dimension(model).value["dimension"] == expected
    assert na.dimension(model, method="jacobian", engine=engine).value["dimension"] == expected


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
)
def test_elimination_agrees(engine):
    for model, expected in ENGINE_MODELS[:3]:
        assert na.dimension(model, method="groebner", engine=engine).value["dimension"] == expected
