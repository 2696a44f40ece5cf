"""Polynomials and networks in the engines' languages: read back by a parser of this file, and by the engines themselves."""

from __future__ import annotations

import hashlib
import math
import random
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli import assets, emission
from neuroalg_cli import engine as engines
from neuroalg_cli.execution import execute
from neuroalg_cli.network import Network, NetworkBuilder, Node
from neuroalg_cli.rendering import Script
from neuroalg_cli.running import Limits

DIALECTS = {engine.name: engine.dialect for engine in engines.load_all() if not engine.dialect.sums_only}
SUMS_ONLY = [engine.dialect for engine in engines.load_all() if engine.dialect.sums_only]
coefficients = st.one_of(
    st.integers(-(10**30), 10**30).filter(bool).map(Fraction),
    st.fractions(max_denominator=10**6).filter(bool),
    st.sampled_from([Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-1, 2)]),
)
polynomials = st.integers(1, 12).flatmap(
    lambda n: st.dictionaries(
        st.lists(st.integers(0, 30), min_size=n, max_size=n).map(tuple), coefficients, min_size=1, max_size=12
    )
)

TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|w_(?P<variable>\d+)|(?P<sign>QQ|\*\*|[-+*/^(),]))")


class Reader:
    """A recursive descent parser for sums of products of powers, written without a look at the emitter."""

    def __init__(self, text: str, power: str) -> None:
        self.tokens = []
        position = 0
        while position < len(text.rstrip()):
            found = TOKEN.match(text, position)
            assert found, text[position:][:40]
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self.power = power

    def take(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def total(self) -> dict:
        sign = -1 if self.take("-") else 1
        result = scale(self.product(), sign)
        while operator := self.take("+", "-"):
            result = add(result, scale(self.product(), 1 if operator == "+" else -1))
        return result

    def product(self) -> dict:
        result = self.factor()
        while operator := self.take("*", "/"):
            factor = self.factor()
            if operator == "/":
                assert set(factor) == {()}
                factor = {(): 1 / factor[()]}
            result = multiply(result, factor)
        return result

    def factor(self) -> dict:
        if self.take("QQ"):
            for _ in range(2):
                assert self.take("(")
            numerator = self.total()[()]
            assert self.take(",")
            denominator = self.total()[()]
            for _ in range(2):
                assert self.take(")")
            return {(): numerator / denominator}
        if self.take("("):
            inner = self.total()
            assert self.take(")")
            return inner
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return {(): Fraction(int(text))}
        assert kind == "variable"
        exponent = 1
        if self.take(self.power):
            kind, digits = self.tokens.pop(0)
            assert kind == "number"
            exponent = int(digits)
        return {((int(text), exponent),): Fraction(1)}


def add(a: dict, b: dict) -> dict:
    return {m: v for m in a | b if (v := a.get(m, 0) + b.get(m, 0))}


def scale(a: dict, factor: int) -> dict:
    return {monomial: factor * coefficient for monomial, coefficient in a.items()}


def multiply(a: dict, b: dict) -> dict:
    result: dict = {}
    for m, c in a.items():
        for n, d in b.items():
            exponents: dict = {}
            for variable, exponent in m + n:
                exponents[variable] = exponents.get(variable, 0) + exponent
            result = add(result, {tuple(sorted(exponents.items())): c * d})
    return result


def as_sparse(terms: dict) -> dict:
    return {
        tuple((position, e) for position, e in enumerate(exponents, start=1) if e): coefficient
        for exponents, coefficient in terms.items()
    }


@pytest.mark.parametrize("name", DIALECTS)
@given(terms=polynomials)
def test_a_polynomial_comes_back(name, terms):
    text = emission.polynomial(terms, DIALECTS[name]).text
    reader = Reader(text, DIALECTS[name].power)
    assert reader.total() == as_sparse(terms)
    assert not reader.tokens


@pytest.mark.parametrize("name", DIALECTS)
def test_long_sums_come_back_and_are_grouped(name):
    terms = {(i, j): Fraction(i - 7 * j + 1, 3) for i in range(25) for j in range(25) if i - 7 * j + 1}
    text = emission.polynomial(terms, DIALECTS[name]).text
    assert Reader(text, DIALECTS[name].power).total() == as_sparse(terms)
    assert max(len(line) for line in text.splitlines()) < 140


@pytest.mark.parametrize(
    ("name", "expected"),
    [("macaulay2", "-w_1^2 + (1/3)*w_1*w_2 - 5*w_2^10 + 7"), ("sage", "-w_1**2 + QQ((1, 3))*w_1*w_2 - 5*w_2**10 + 7")],
)
def test_how_a_polynomial_looks(name, expected):
    terms = {(2, 0): Fraction(-1), (1, 1): Fraction(1, 3), (0, 10): Fraction(-5), (0, 0): Fraction(7)}
    assert emission.polynomial(terms, DIALECTS[name]).text == expected


@pytest.mark.parametrize("name", DIALECTS)
def test_zero_and_constants(name):
    assert emission.polynomial({}, DIALECTS[name]).text == "0"
    assert emission.polynomial({(0, 0): Fraction(0)}, DIALECTS[name]).text == "0"
    assert emission.polynomial({(0, 0): Fraction(1)}, DIALECTS[name]).text == "1"
    assert emission.polynomial({(0, 0): Fraction(-1)}, DIALECTS[name]).text == "-1"


@given(polynomials, st.sampled_from([2, 3, 32003]))
def test_in_positive_characteristic_coefficients_are_integers_with_the_right_residue(terms, p):
    dialect = DIALECTS["macaulay2"]
    if any(coefficient.denominator % p == 0 for coefficient in terms.values()):
        with pytest.raises(ValueError, match=f"does not exist modulo {p}"):
            emission.polynomial(terms, dialect, "w", p)
        return
    read = Reader(emission.polynomial(terms, dialect, "w", p).text, "^").total()
    for monomial, coefficient in as_sparse(terms).items():
        got = read.pop(monomial, Fraction(0))
        assert got.denominator == 1
        assert (got * coefficient.denominator - coefficient.numerator) % p == 0
    assert not any(read.values())


HOSTILE = [
    '"; run "touch owned"; "',
    "__import__('os').system('touch owned')",
    'system("sh", "touch owned");',
    "$(touch owned)",
    "w_1); exit 0 --",
    "\n--",
    "1" * 10,
    "<: 7 :>",
    "\u0661",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", DIALECTS)
def test_no_text_passes_as_a_number(name, hostile):
    dialect = DIALECTS[name]
    for terms in (
        {(1,): hostile},
        {(hostile,): Fraction(1)},
        {hostile: Fraction(1)},
        {(1,): 1.5},
        {(1,): True},
        {(-1,): 1},
    ):
        with pytest.raises(ValueError, match=r"is no |is a dictionary"):
            emission.polynomial(terms, dialect)
    for letter in (hostile, "", "ww", "W", "x_"):
        with pytest.raises(ValueError, match="do not make the name"):
            emission.polynomial({(1,): Fraction(1)}, dialect, letter)


def tiny(**changes):
    """Returns the JSON form of a network x -> (1/2)(w_1 x)^2, with one value changed."""
    node = {"operation": "polynomial", "shape": [1], "operands": [2], "terms": [[2, "1/2"]]}
    nodes = [
        {"operation": "input", "shape": [1], "name": "x"},
        {"operation": "parameter", "shape": [1, 1], "name": "W"},
        {"operation": "matmul", "shape": [1], "operands": [1, 0]},
        {**node, **changes},
    ]
    return {"nodes": nodes, "output": 3}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", DIALECTS)
def test_no_text_of_a_network_passes(name, hostile):
    dialect = DIALECTS[name]
    plain = emission.network(tiny(), dialect).text
    assert emission.network(tiny(name=hostile), dialect).text == plain
    wrong = [
        tiny(operation=hostile),
        tiny(shape=[hostile]),
        tiny(operands=[hostile]),
        tiny(terms=[[hostile, "1"]]),
        tiny(operation="gather", indices=[hostile]),
        {**tiny(), "output": hostile},
        {**tiny(), hostile: 1},
        tiny(**{hostile: 1}),
    ]
    if not hostile.isascii() or not hostile.isdigit():
        wrong.append(tiny(terms=[[2, hostile]]))
    for graph in wrong:
        with pytest.raises((ValueError, TypeError)):
            emission.network(graph, dialect)


@pytest.mark.parametrize(
    "graph",
    [
        tiny(operands=[3]),
        tiny(operands=[-1]),
        tiny(operands=[True]),
        tiny(terms=[[-1, "1"]]),
        tiny(terms=[[2, "1/0"]]),
        tiny(terms=[[2, "0.5"]]),
        tiny(terms=[[2, 0.5]]),
        tiny(operation="gather", indices=[-2]),
        tiny(operation="reciprocal"),
        {"nodes": [], "output": 0},
        {"nodes": tiny()["nodes"], "output": 4},
    ],
)
def test_a_graph_that_is_none_is_refused(graph):
    with pytest.raises(ValueError, match=r"\w"):
        emission.network(graph, DIALECTS["macaulay2"])


def test_a_reciprocal_is_written_with_its_operand_alone():
    builder = NetworkBuilder()
    network = builder.finish(builder.reciprocal(builder.matmul(builder.parameter("W", (2, 3)), builder.input((3,)))))
    assert '{"reciprocal", {2}, {2}}' in emission.network(network, DIALECTS["macaulay2"]).text
    assert '["reciprocal", [2], [2]]' in emission.network(network, DIALECTS["sage"]).text


def test_functions_that_are_not_rational_are_not_written():
    builder = NetworkBuilder()
    network = builder.finish(builder.function("exp", builder.input((3,))))
    for dialect in DIALECTS.values():
        with pytest.raises(ValueError, match="no operation"):
            emission.network(network, dialect)


def test_names_of_parameters_do_not_travel():
    builder = NetworkBuilder()
    network = builder.finish(builder.matmul(builder.parameter(HOSTILE[0], (2, 3)), builder.input((3,))))
    for dialect in DIALECTS.values():
        text = emission.networks([network], dialect).text
        assert "owned" not in text
        assert "w_1 .. w_6" in text


def test_a_network_and_its_json_form_give_the_same_text():
    network = Network(
        (Node("input", (), (2,), "x"), Node("gather", (0,), (3,), indices=(1, -1, 0)), Node("product", (1, 1), (3,))), 2
    )
    for dialect in DIALECTS.values():
        assert emission.network(network, dialect) == emission.network(network.as_json(), dialect)


EVALUATION = {
    "macaulay2": """load "Result.m2"
W = QQ[w_1..w_{P}]
phi = {{
    {polynomials}
    }}
writeResult hashTable {{"values" => apply(phi, f -> sub(promote(f, W), {{{point}}}))}}
""",
    "sage": """try:
    from sage.all__sagemath_singular import *
except ImportError:
    from sage.all import *
from result import write_result
W = PolynomialRing(QQ, {P}, ["w_%d" % i for i in range(1, {P} + 1)])
W.inject_variables(globals(), verbose=False)
phi = [
    {polynomials}
]
write_result({{"values": [W(f)({point}) for f in phi]}})
""",
}


def value(terms: dict, point: list[Fraction]) -> Fraction:
    return sum(
        (
            c * math.prod((x**e for x, e in zip(point, exponents, strict=True)), start=Fraction(1))
            for exponents, c in terms.items()
        ),
        start=Fraction(0),
    )


def test_engines_evaluate_to_the_same_numbers_as_python(each_installation):
    engine = engines.load(each_installation.engine)
    dialect = engine.dialect
    random_numbers = random.Random(2024)
    parameters = 5
    systems = [
        {
            tuple(random_numbers.randrange(6) for _ in range(parameters)): Fraction(
                random_numbers.randint(-(10**9), 10**9) or 1, random_numbers.choice([1, 1, 2, 3, 7, 10**12 + 39])
            )
            for _ in range(random_numbers.choice([0, 1, 2, 10, 150]))
        }
        for _ in range(60)
    ]
    point = [Fraction(random_numbers.randint(-9, 9), random_numbers.randint(1, 5)) for _ in range(parameters)]
    coordinates = ", ".join(dialect.number(x) for x in point)
    if engine.name == "macaulay2":
        coordinates = ", ".join(f"W_{i} => {dialect.number(x)}" for i, x in enumerate(point))
    text = EVALUATION[engine.name].format(
        P=parameters, polynomials=emission.polynomials(systems, dialect).text, point=coordinates
    )
    library = assets.folder(engine.library_folder) / ("Result.m2" if engine.name == "macaulay2" else "result.py")
    digest = hashlib.sha256(text.encode()).hexdigest()
    script = Script(
        f"{engine.name}/evaluation", text, digest, digest, engine.name, (library,), {"values": ["rational"]}
    )
    answer = execute(script, each_installation, Limits(wall_seconds=120))
    assert answer.values["values"] == [value(terms, point) for terms in systems]


@given(
    st.dictionaries(
        st.lists(st.integers(0, 9), min_size=3, max_size=3).map(tuple),
        st.integers(-(10**12), 10**12).filter(bool),
        min_size=1,
    )
)
def test_a_dialect_of_sums_gets_one_line_without_parentheses(terms):
    for dialect in SUMS_ONLY:
        text = emission.polynomial(terms, dialect).text
        assert re.fullmatch(r"[-+*^_w0-9]+", text)
        assert Reader(text, dialect.power).total() == as_sparse(terms)


@pytest.mark.parametrize("terms", [{}, {(1,): Fraction(0)}, {(1,): Fraction(1, 2)}, {(0,): 7}])
def test_a_dialect_of_sums_cannot_say_zero_or_a_fraction(terms):
    # msolve takes both for something else and exits with 0
    for dialect in SUMS_ONLY:
        with pytest.raises(ValueError, match=r"polynomial 0|no integer"):
            emission.polynomial(terms, dialect, characteristic=7 if (0,) in terms else 0)


def test_a_dialect_of_sums_has_no_networks():
    for dialect in SUMS_ONLY:
        with pytest.raises(ValueError, match="no lists"):
            emission.networks([NetworkBuilder().finish(0)], dialect)


def test_variables():
    assert emission.variables(3).text == "w_1,w_2,w_3"
    with pytest.raises(ValueError, match="0 variables"):
        emission.variables(0)
