"""Typed polynomials: a reference evaluation by Python's own parser, caps, and text that is no polynomial."""

from __future__ import annotations

import ast
import math
import operator
from fractions import Fraction

import pytest
from flint import fmpq, fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli.errors import SpecError
from neuroalg_cli.polynomial_grammar import (
    MAXIMAL_BITS,
    MAXIMAL_DEGREE,
    MAXIMAL_LENGTH,
    MAXIMAL_TERMS,
    MAXIMAL_WORK,
    ModelReader,
    parse_polynomial,
    parse_univariate,
    polynomial_text,
    univariate_text,
)
from neuroalg_cli.quotient_grammar import parse_quotient, quotient_text

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def reference(text, **values):
    """Returns the value of an expression at a point, read by Python's grammar and computed with fractions."""

    def value(node):
        match node:
            case ast.BinOp(left, op, ast.Constant(exponent)) if isinstance(op, ast.Pow):
                return value(left) ** exponent
            case ast.BinOp(left, op, right):
                return OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op, operand):
                return OPERATORS[type(op)](value(operand))
            case ast.Name(name):
                return Fraction(values[name])
            case ast.Constant():
                return Fraction(ast.get_source_segment(source, node))
        raise AssertionError(node)

    source = text.replace("^", "**")
    return value(ast.parse(source, mode="eval").body)


def evaluated(polynomial, **values):
    total = Fraction(0)
    for monomial, coefficient in polynomial.items():
        term = coefficient
        for name, exponent in monomial:
            term *= Fraction(values[name]) ** exponent
        total += term
    return total


atoms = st.one_of(
    st.integers(0, 99).map(str),
    st.decimals(0, 9, places=2).map(str),
    st.sampled_from(["x", "y", "z_1"]),
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " * "]), inner).map("".join),
        st.tuples(inner, st.sampled_from(["/2", "/ 7", "/0.5"])).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"({pair[0]})^{pair[1]}"),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"({pair[0]})**{pair[1]}"),
    ),
    max_leaves=6,
)


@given(expressions)
def test_values_are_those_of_the_same_expression_in_python(text):
    try:
        polynomial = parse_polynomial(text, "activation")
    except SpecError as error:
        assert "above" in str(error) or "more than" in str(error)  # noqa: PT017  # the caps are the only excuse
        return
    for x, y, z in ((2, 3, 5), (-1, Fraction(1, 2), 7), (0, 0, 0)):
        assert evaluated(polynomial, x=x, y=y, z_1=z) == reference(text, x=x, y=y, z_1=z)
    assert all(polynomial.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z", [(1, 1)]),
        ("1/2*z^2 + z", [(2, Fraction(1, 2)), (1, 1)]),
        ("-z^2", [(2, -1)]),  # as in every computer algebra system: -(z^2)
        ("(-z)^2", [(2, 1)]),
        ("--z", [(1, 1)]),
        ("+z", [(1, 1)]),
        ("0.25*z**3", [(3, Fraction(1, 4))]),
        ("z*z*z", [(3, 1)]),
        ("(z+1)^3", [(3, 1), (2, 3), (1, 3), (0, 1)]),
        ("6/2/3*z", [(1, 1)]),
        ("z/3/4", [(1, Fraction(1, 12))]),
        ("z-z", []),
        ("0*z+5", [(0, 5)]),
        ("z^0", [(0, 1)]),
        ("1/3*z^2-z^2/3+z", [(1, 1)]),
        ("\tz ^ 2 ", [(2, 1)]),
    ],
)
def test_what_polynomials_mean(text, expected):
    assert list(parse_univariate(text, "activation")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "z +",
        "* z",
        "z z",
        "2z",
        "z^-1",
        "z^1.5",
        "z^z",
        "z^(2)",
        "z//2",
        "z^^2",
        "(z",
        "z)",
        "()",
        "z,z",
        "1e3*z",
        ".5*z",
        "1.*z",
        "z²",
        "²*z",
        "٣*z",
        "３*z",
        "ζ^2",
        "z\n+1",
        "z\x00",
        "z;z",
        "z=2",
        "sin(z)",
        "__import__('os').system('id')",
        'run "id"',
        'system("sh","id");',
        "$(id)*z",
        "`id`",
        "z{0}",
        "${z}",
        "z|z",
        "1/0*z",
        "z/(1-1)",
        "1/z",
        "z/(z+1)",
        "nan",
        "inf",
        "relu",
        "tanh^2",
        "inf*z+oo",
        "z" * (MAXIMAL_LENGTH + 1),
        "9" * 1_001 + "*z",
        "9" * 5_000 + "*z",
        "0." + "1" * 2_000 + "*z",
        f"z^{MAXIMAL_DEGREE + 1}",
        "z^" + "9" * 5_000,
        f"z^{MAXIMAL_DEGREE}*z",
        "((z^100)^100)^100",
        "(((2^1000)^1000)^1000)*z",
        "(z+1)^1000",
        "(1/3)^1000*(1/3)^1000*(1/3)^1000*z",
        "x+y",
        "+".join(f"z{k}" for k in range(1_000)),
        "z" * 5_000 + "*y",
        "*".join(["(z+1)"] * 1_200),
        "(" + "+".join(f"z^{k}" for k in range(900)) + ")" + "*(1+z-z)" * 500,
        "(" + "+".join(f"z^{k}" for k in range(900)) + ")" + "/1" * 1_500,
        "(" * 4_000 + "z" + ")" * 4_000 + "+",
        "(" * 4_900,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_text_that_is_no_activation_is_refused_in_one_short_sentence(text):
    with pytest.raises(SpecError) as caught:
        parse_univariate(text, "activation")
    sentence = str(caught.value)
    assert sentence.startswith("'activation'")
    assert len(sentence) < 250
    assert "\n" not in sentence
    assert sentence.isprintable()


def test_names_are_only_names():
    # a variable may have any name; it never leaves this module
    assert parse_polynomial("nan^2", "output") == {(("nan", 2),): Fraction(1)}
    assert parse_polynomial("import - 1", "output") == {(("import", 1),): Fraction(1), (): Fraction(-1)}
    assert parse_polynomial("x*y^2", "output") == {(("x", 1), ("y", 2)): Fraction(1)}


@pytest.mark.parametrize(
    "text", ["-" * 9_000 + "z", "(" * 4_900 + "z" + ")" * 4_900, "z" + "+z" * 4_900, "z" + "/1" * 4_900]
)
def test_deep_nesting_is_answered_or_refused(text):
    try:
        found = parse_univariate(text, "activation")
    except SpecError as error:
        assert "nested" in str(error)  # noqa: PT017
    else:
        assert len(found) == 1


def test_caps_allow_what_they_say():
    assert parse_univariate(f"z^{MAXIMAL_DEGREE}", "activation") == ((MAXIMAL_DEGREE, Fraction(1)),)
    large = 2 ** (MAXIMAL_BITS - 1_000)
    assert parse_univariate(f"{large}*z", "activation") == ((1, Fraction(large)),)
    assert len(parse_univariate("+".join(f"z^{k}" for k in range(600)), "activation")) == 600
    with pytest.raises(SpecError, match=f"more than {MAXIMAL_TERMS} terms"):
        parse_polynomial("*".join(f"({v}1+{v}2+{v}3+{v}4+{v}5)" for v in "abcdef"), "output")
    assert MAXIMAL_TERMS < 5**6 < MAXIMAL_WORK


def test_errors_name_the_key_and_the_column():
    with pytest.raises(SpecError, match=r"'outputs\.1' is 'z \+\* 2', .*column 4"):
        parse_polynomial("z +* 2", "outputs.1")
    with pytest.raises(SpecError, match="at its end"):
        parse_polynomial("z +", "activation")
    with pytest.raises(SpecError, match="2 variables, x, y;"):
        parse_univariate("x*y", "activation")


terms = st.dictionaries(st.integers(0, 12), st.fractions(max_denominator=50).filter(bool), min_size=1, max_size=5)


@given(terms)
def test_the_canonical_text_is_read_back(coefficients):
    ordered = tuple(sorted(coefficients.items(), reverse=True))
    text = univariate_text(ordered)
    assert parse_univariate(text, "activation") == ordered
    assert univariate_text(parse_univariate(text, "activation")) == text
    assert " " not in text


def test_the_text_of_zero():
    assert univariate_text(()) == "0"
    assert univariate_text(((2, Fraction(-1)), (1, Fraction(1)), (0, Fraction(-1, 2)))) == "-z^2+z-1/2"


quotients = st.recursive(
    st.one_of(st.integers(0, 9).map(str), st.just("z")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
            lambda parts: f"({parts[0]}){parts[1]}({parts[2]})"
        ),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map("".join),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"({pair[0]})^{pair[1]}"),
    ),
    max_leaves=8,
)


def value_of(terms, z):
    return sum((c * Fraction(z) ** e for e, c in terms), Fraction(0))


@given(quotients)
def test_quotients_have_the_values_of_the_same_expression_in_python(text):
    try:
        numerator, denominator = parse_quotient(text, "activation")
    except SpecError as error:
        assert "divides by zero" in str(error)  # noqa: PT017  # the other branch has the assertions that matter
        return
    compared = 0
    for point in range(2, 40):
        z = Fraction(point, 7)
        try:
            expected = reference(text, z=z)
        except ZeroDivisionError:
            continue
        if value_of(denominator, z):
            assert value_of(numerator, z) == expected * value_of(denominator, z)
            compared += 1
    assert compared > 0


@given(quotients)
def test_the_canonical_quotient_is_read_back_and_is_in_lowest_terms(text):
    try:
        numerator, denominator = parse_quotient(text, "activation")
    except SpecError:
        return
    canonical = quotient_text(numerator, denominator)
    assert parse_quotient(canonical, "activation") == (numerator, denominator)
    assert all(c.denominator == 1 for _, c in denominator)
    assert math.gcd(*(c.numerator for _, c in denominator)) == 1
    assert denominator[0][1] > 0
    p, q = fmpq_poly([]), fmpq_poly([])
    for f, terms in ((p, numerator), (q, denominator)):
        for e, c in terms:
            f[e] = fmpq(c.numerator, c.denominator)
    assert p.gcd(q) == 1


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1/z", "1/z"),
        ("z/(1+z^2)", "z/(z^2+1)"),
        ("(z^2+1)/(z-3)", "(z^2+1)/(z-3)"),
        ("2/(4*z)", "1/2/z"),
        ("(z^2-1)/(z-1)", "z+1"),
        ("1/(1/z)", "z"),
        ("-1/(3-z)", "1/(z-3)"),
        ("z^2/6/(z/4+1/2)", "2/3*z^2/(z+2)"),
        ("1/z + 1/(z-1)", "(2*z-1)/(z^2-z)"),
        ("z - 1/z^2", "(z^3-1)/z^2"),
        ("1/z - 1/z", "0"),
        ("3/z*z", "3"),
        ("1/2^3*z", "1/8*z"),
    ],
)
def test_what_quotients_mean(text, canonical):
    assert quotient_text(*parse_quotient(text, "activation")) == canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/0", "divides by zero"),
        ("1/(z-z)", "divides by zero"),
        ("1/(1/z-1/z)", "divides by zero"),
        ("1/(x+y)", "2 variables"),
        ("1/tanh", "neither a number nor a letter"),
        ("/z", "no polynomial"),
        ("1//z", "no polynomial"),
        ("(1/(z+1))^101", "a power above 100"),
        ("(1/z)^999*(1/z)^2", "a degree above 1000"),
        ("1/" * 4000 + "z", None),
        ("(1*" * 2400 + "z" + ")" * 2400, "nested too deeply"),
        ("1/(z+" * 300 + "1" + ")" * 300, "the most allowed"),
    ],
)
def test_quotients_that_are_refused_or_short(text, words):
    if words is None:
        assert parse_quotient(text, "activation") == (((0, Fraction(1)),), ((1, Fraction(1)),))
        return
    with pytest.raises(SpecError, match=words) as caught:
        parse_quotient(text, "activation")
    assert len(str(caught.value)) < 300


SHAPES = {"a": (), "b": (2,), "W": (2, 3), "größe": (), "x_1": ()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*W[1,2]", {(("W[1,2]", 1), ("a", 1)): 1}),
        ("W[ 01 , 2 ] - b[2]", {(("W[1,2]", 1),): 1, (("b[2]", 1),): -1}),
        ("b[1]^2\n + größe/2", {(("b[1]", 2),): 1, (("größe", 1),): Fraction(1, 2)}),
        ("W[1,1]*W[2,2] - W[2,2]*W[1,1]", {}),
        ("x_1", {(("x_1", 1),): 1}),
    ],
)
def test_entries_of_declared_tensors(text, expected):
    assert ModelReader(SHAPES).read(text, "output 1") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c", "which has 'c', which is neither a parameter nor an input nor defined before"),
        ("b", "'b' with 0 indices, which is a vector"),
        ("a[1]", "'a' with 1 indices, which is a scalar"),
        ("W[1]", "which is a matrix"),
        ("W[1,2,3]", "with 3 indices"),
        ("W[3,1]", "must be from 1 to 2"),
        ("W[0,1]", "must be from 1 to 2"),
        ("b[a]", "no polynomial"),
        ("b[1.0]", "no polynomial"),
        ("b[]", "no polynomial"),
        ("b[1", "no polynomial"),
        ("b[-1]", "no polynomial"),
        ("a/b[1]", "divides by a variable"),
    ],
)
def test_entries_that_do_not_exist(text, words):
    with pytest.raises(SpecError) as caught:
        ModelReader(SHAPES).read(text, "output 1")
    assert words in str(caught.value)
    assert str(caught.value).startswith("'output 1' is ")


def test_all_polynomials_of_a_model_share_one_cap():
    reader = ModelReader({"a": (), "b": ()})

    def read_again_and_again():
        for number in range(10_000):
            reader.read("(a+b)^99", f"output {number}")

    with pytest.raises(SpecError, match="products of terms, the most allowed"):
        read_again_and_again()


def test_activations_have_no_entries_and_no_letters_of_other_alphabets():
    for text in ("z[1]", "ζ", "z\n+1"):
        with pytest.raises(SpecError, match="no polynomial"):
            parse_univariate(text, "activation")


def test_the_text_of_a_polynomial_is_sorted_and_read_back():
    order = {"a": 0, "b[1]": 1, "b[2]": 2}
    reader = ModelReader(SHAPES)
    for text in ("1-a", "b[2]*b[1]+a^2-3/2*b[2]^2+a*b[2]", "0", "-1/3", "b[2]^3+b[1]^3+a^3"):
        polynomial = reader.read(text, "output 1")
        canonical = polynomial_text(polynomial, order)
        assert reader.read(canonical, "output 1") == polynomial
    assert (
        polynomial_text(reader.read("1 - a - b[2]*a + b[1]^2*3/2 + a^2", "output 1"), order)
        == "a^2-a*b[2]+3/2*b[1]^2-a+1"
    )
