"""Reads what an engine wrote: ``result.json``, by a strict grammar and the shape that the template promises.

The file is JSON without numbers: integers and rational numbers are strings, so that no digit is lost and no float can slip
in.  A shape says what is expected:

==================  ========================================================================
``"integer"``       ``"-12"`` -> int
``"natural"``       ``"12"`` -> int, not negative
``"rational"``      ``"-1/3"`` or ``"5"`` -> Fraction, in lowest terms
``"boolean"``       true or false
``"word"``          a name of at most 100 letters, digits and ``_ . -``
``"natural?"``      the same for every name: null is allowed
``[shape]``         a list of any length
``{key: shape}``    an object with exactly these keys
==================  ========================================================================
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import NoResultError

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = Any
"""A name, a list of one shape, or a dictionary of shapes; see the module's table."""

MAXIMAL_BYTES = 64 * 1024**2
#: below the number of digits that Python converts without being asked
MAXIMAL_DIGITS = 4000
_INTEGER = re.compile(r"(?:0|-?[1-9][0-9]*)")
_RATIONAL = re.compile(r"(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")


def parse(data: bytes, shape: Shape) -> Any:
    """Returns the value that a result file holds, with the shape's types in place of strings.

    Raises `NoResultError` with the place and the reason; nothing is repaired and nothing is ignored.
    """
    if len(data) > MAXIMAL_BYTES:
        raise _unreadable(f"it has {len(data)} bytes, more than {MAXIMAL_BYTES}")
    try:
        text = data.decode("ascii")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_refuse_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start} is not ASCII") from error
    except RecursionError as error:
        raise _unreadable("it is nested too deeply") from error
    except ValueError as error:
        raise _unreadable(str(error)[:200]) from error
    return _read(value, shape, "the result")


def check_shape(shape: Shape) -> str | None:
    """Returns what is wrong with a shape, or None."""
    match shape:
        case str():
            return None if shape.removesuffix("?") in _READERS else f"'{shape}' is no type of a value"
        case [inner]:
            return check_shape(inner)
        case dict():
            problems = [problem for inner in shape.values() if (problem := check_shape(inner))]
            return problems[0] if problems else None
        case _:
            return f"{shape!r} is no shape"


def _read(value: Any, shape: Shape, place: str) -> Any:
    match shape:
        case str():
            if value is None and shape.endswith("?"):
                return None
            return _READERS[shape.removesuffix("?")](value, place)
        case [inner]:
            if not isinstance(value, list):
                raise _unexpected(place, "a list", value)
            return [_read(item, inner, f"{place}[{index}]") for index, item in enumerate(value)]
        case _:
            if not isinstance(value, dict):
                raise _unexpected(place, "an object", value)
            if value.keys() != shape.keys():
                expected, found = (", ".join(sorted(keys)) for keys in (shape, value))
                raise _unreadable(f"{place} has the keys {found[:200] or 'none'} and not {expected}")
            return {key: _read(value[key], inner, f"{place}.{key}") for key, inner in shape.items()}


def _integer(value: Any, place: str) -> int:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise _unexpected(place, "an integer in a string", value)
    if len(value) > MAXIMAL_DIGITS:
        raise _unreadable(f"{place} is an integer of {len(value)} digits, more than {MAXIMAL_DIGITS}")
    return int(value)


def _natural(value: Any, place: str) -> int:
    number = _integer(value, place)
    if number < 0:
        raise _unexpected(place, "an integer that is not negative", value)
    return number


def _rational(value: Any, place: str) -> Fraction:
    found = _RATIONAL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _unexpected(place, "a rational number in a string", value)
    if len(found[0]) > MAXIMAL_DIGITS:
        raise _unreadable(f"{place} is a rational number of {len(found[0])} digits, more than {MAXIMAL_DIGITS}")
    numerator, denominator = int(found[1]), int(found[2] or 1)
    if gcd(numerator, denominator) != 1 or found[2] == "1":
        raise _unexpected(place, "a rational number in lowest terms", value)
    return Fraction(numerator, denominator)


def _boolean(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise _unexpected(place, "true or false", value)
    return value


def _word(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise _unexpected(place, "a word", value)
    return value


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "integer": _integer,
    "natural": _natural,
    "rational": _rational,
    "boolean": _boolean,
    "word": _word,
}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has a key twice")
    return result


def _refuse_number(text: str) -> Any:
    raise ValueError(f"a number stands without quotes: {text[:30]}")


def _unexpected(place: str, expected: str, value: Any) -> NoResultError:
    return _unreadable(f"{place} should be {expected}, not {json.dumps(value, default=str)[:60]}")


def _unreadable(reason: str) -> NoResultError:
    return NoResultError(
        f"the engine's result file cannot be read: {reason}; this is a bug in the script or in the engine, please report it "
        "with the kept folder"
    )
