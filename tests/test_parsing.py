"""The strict grammar of result files: what it reads, and above all what it refuses."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli.errors import NoResultError
from neuroalg_cli.parsing import MAXIMAL_DIGITS, check_shape, parse


def test_every_type_is_read():
    data = b"""{"n": "12", "z": "-12", "q": "-1/3", "whole": "5", "b": true, "w": "QQ", "none": null,
                "list": ["1", "2"], "nested": [{"a": "0"}]}"""
    shape = {
        "n": "natural",
        "z": "integer",
        "q": "rational",
        "whole": "rational",
        "b": "boolean",
        "w": "word",
        "none": "natural?",
        "list": ["natural"],
        "nested": [{"a": "integer"}],
    }
    assert parse(data, shape) == {
        "n": 12,
        "z": -12,
        "q": Fraction(-1, 3),
        "whole": Fraction(5),
        "b": True,
        "w": "QQ",
        "none": None,
        "list": [1, 2],
        "nested": [{"a": 0}],
    }


@pytest.mark.parametrize(
    ("text", "shape", "reason"),
    [
        ('{"a": 1}', {"a": "integer"}, "without quotes"),
        ('{"a": 1.5}', {"a": "rational"}, "without quotes"),
        ('{"a": 1e400}', {"a": "rational"}, "without quotes"),
        ('{"a": NaN}', {"a": "integer"}, "without quotes"),
        ('{"a": -Infinity}', {"a": "integer"}, "without quotes"),
        ('{"a": "1.5"}', {"a": "rational"}, "rational"),
        ('{"a": "1e5"}', {"a": "integer"}, "integer"),
        ('{"a": "007"}', {"a": "integer"}, "integer"),
        ('{"a": "-0"}', {"a": "integer"}, "integer"),
        ('{"a": "+1"}', {"a": "integer"}, "integer"),
        ('{"a": " 1"}', {"a": "integer"}, "integer"),
        ('{"a": "1\\n"}', {"a": "integer"}, "integer"),
        ('{"a": ""}', {"a": "integer"}, "integer"),
        ('{"a": "1_000"}', {"a": "integer"}, "integer"),
        ('{"a": "\\u0661"}', {"a": "integer"}, "integer"),
        ('{"a": "-1"}', {"a": "natural"}, "not negative"),
        ('{"a": true}', {"a": "integer"}, "integer"),
        ('{"a": null}', {"a": "integer"}, "integer"),
        ('{"a": "1/0"}', {"a": "rational"}, "rational"),
        ('{"a": "2/4"}', {"a": "rational"}, "lowest terms"),
        ('{"a": "2/1"}', {"a": "rational"}, "lowest terms"),
        ('{"a": "1/-2"}', {"a": "rational"}, "rational"),
        ('{"a": "yes"}', {"a": "boolean"}, "true or false"),
        ('{"a": "rm -rf /"}', {"a": "word"}, "a word"),
        ('{"a": "x\\u0000"}', {"a": "word"}, "a word"),
        ('{"a": "1", "a": "2"}', {"a": "integer"}, "twice"),
        ('{"a": "1", "b": "2"}', {"a": "integer"}, "keys"),
        ("{}", {"a": "integer"}, "keys"),
        ('["1"]', {"a": "integer"}, "an object"),
        ('{"a": "1"}', ["integer"], "a list"),
        ('{"a": ["1", "x"]}', {"a": ["integer"]}, r"the result.a\[1\]"),
        ("", {"a": "integer"}, "Expecting value"),
        ('{"a": "1"', {"a": "integer"}, "Expecting"),
        ('{"a": "1"} {"a": "1"}', {"a": "integer"}, "Extra data"),
        ("[" * 100_000, ["integer"], "nested too deeply|Expecting"),
    ],
)
def test_what_is_not_exactly_right_is_refused(text, shape, reason):
    with pytest.raises(NoResultError, match=reason) as caught:
        parse(text.encode(), shape)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("data", [b"\xff\xfe", b'{"a": "\xc3\xa9"}', b"\0" * 10, b"\x7fELF"])
def test_bytes_that_are_no_text_are_refused(data):
    with pytest.raises(NoResultError):
        parse(data, {"a": "word"})


def test_caps_on_digits_and_bytes(monkeypatch):
    longest = "9" * MAXIMAL_DIGITS
    assert parse(f'["{longest}"]'.encode(), ["integer"]) == [int(longest)]
    for shape in ("integer", "rational"):
        with pytest.raises(NoResultError, match="digits"):
            parse(f'["{longest}9"]'.encode(), [shape])
    monkeypatch.setattr("neuroalg_cli.parsing.MAXIMAL_BYTES", 10)
    with pytest.raises(NoResultError, match="11 bytes"):
        parse(b'["1234567"]', ["integer"])


@pytest.mark.parametrize("shape", ["float", "natural??", 3, None, [], ["natural", "natural"], {"a": "text"}])
def test_shapes_are_checked(shape):
    assert check_shape(shape) is not None


def test_good_shapes_pass():
    assert check_shape({"a": ["natural?"], "b": {"c": "rational"}, "d": [[{"e": "word"}]]}) is None


@given(st.dictionaries(st.sampled_from("abcd"), st.one_of(st.integers(), st.fractions(), st.booleans()), min_size=1))
def test_what_is_written_by_the_rules_comes_back(values):
    shape = {
        k: "boolean" if isinstance(v, bool) else "integer" if isinstance(v, int) else "rational"
        for k, v in values.items()
    }
    data = json.dumps({k: v if isinstance(v, bool) else str(v) for k, v in values.items()}).encode()
    assert parse(data, shape) == values


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_it_fail_in_another_way(data):
    try:
        parse(data, {"a": ["integer"]})
    except NoResultError:
        return
    assert json.loads(data).keys() == {"a"}
