"""Polynomial activations of hidden layers as families describe them: the keys ``activation`` and ``activation_degree``."""

from __future__ import annotations

import functools
import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.polynomial_grammar import MAXIMAL_DEGREE, MAXIMAL_LENGTH, parse_univariate, univariate_text

if TYPE_CHECKING:
    from neuroalg_cli.network import Terms

IDENTITY: Terms = ((1, Fraction(1)),)


@functools.lru_cache(maxsize=128)
def terms_of(activation: tuple[str, ...]) -> tuple[Terms, ...]:
    """Returns the polynomials of all hidden layers as (exponent, coefficient) pairs."""
    known = {text: parse_univariate(text, "activation") for text in dict.fromkeys(activation)}
    return tuple(known[text] for text in activation)


def monomial_degrees(activation: tuple[str, ...]) -> tuple[int, ...] | None:
    """Returns the degrees r of activations c*z^r, by hidden layer; None if one of them is no monomial."""
    terms = terms_of(activation)
    return tuple(t[0][0] for t in terms) if all(len(t) == 1 for t in terms) else None


def for_each_layer(value: Any, hidden: int, key: str) -> list[Any]:
    """Returns one entry per hidden layer from a single value, a list of one, or a list of that length."""
    entries = list(value) if isinstance(value, list | tuple) else [value]
    if len(entries) == 1:
        return entries * hidden
    if len(entries) != hidden:
        raise SpecError(f"'{key}' has {len(entries)} entries for {hidden} hidden layers; give one, or one for each")
    return entries


def power_text(degree: Any) -> str:
    """Returns the activation z^degree as a text; raises `SpecError` for what is no degree."""
    if isinstance(degree, bool) or not isinstance(degree, int):
        raise SpecError(f"'activation_degree' is {shown(degree)}; it must be an integer")
    if not 1 <= degree <= MAXIMAL_DEGREE:
        raise SpecError(f"'activation_degree' is {shown(degree)}; it must be from 1 to {MAXIMAL_DEGREE}")
    return "z" if degree == 1 else f"z^{degree}"


def for_hidden_layers(specification: dict[str, Any], hidden: int) -> list[Any]:
    """Returns one activation per hidden layer; takes ``activation_degree`` out of a specification, which may have either key."""
    degree = specification.pop("activation_degree", None)
    activation = specification.get("activation")
    if degree is not None and activation is not None:
        raise SpecError("'activation' and 'activation_degree' are both given; give one of them")
    if hidden == 0:
        _check_unused(degree, activation)
        return []
    if degree is not None:
        return [power_text(r) for r in for_each_layer(degree, hidden, "activation_degree")]
    return ["z"] * hidden if activation is None else for_each_layer(activation, hidden, "activation")


def _check_unused(degree: Any, activation: Any) -> None:
    """Raises `SpecError` for an activation that is nonsense, though there is no hidden layer to use it."""
    given = activation if degree is None else degree
    entries = list(given) if isinstance(given, list | tuple) else [given]
    if degree is not None:
        for entry in entries:
            power_text(entry)
    elif given is not None:
        canonical(tuple(map(str, entries)))


def canonical(value: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the canonical texts of polynomials; raises `SpecError` for constants and for what is no polynomial."""
    result = []
    for text, terms in zip(value, terms_of(value), strict=True):
        if not terms or terms[0][0] == 0:
            raise SpecError(f"'activation' is {shown(text)}, a constant; the network would not depend on its input")
        found = univariate_text(terms)
        if len(found) > MAXIMAL_LENGTH:
            raise SpecError(
                f"'activation' is {shown(text)}, which multiplied out has {len(found)} characters; "
                f"at most {MAXIMAL_LENGTH} are allowed"
            )
        result.append(found)
    return tuple(result)


def label(activation: tuple[str, ...]) -> str:
    """Returns a short name of canonical activations, for file names: r1, r2, r2.3, or p and a hash."""
    terms = terms_of(activation)
    if all(len(t) == 1 and t[0][1] == 1 for t in terms):
        degrees = [t[0][0] for t in terms] or [1]
        name = "r" + ".".join(map(str, degrees[:1] if len(set(degrees)) == 1 else degrees))
        return name if len(name) <= 50 else "r" + hashlib.sha256(name.encode("ascii")).hexdigest()[:8]
    return "p" + hashlib.sha256(",".join(activation).encode("ascii")).hexdigest()[:8]


def plain_integers(value: Any) -> Any:
    """Returns integers of another library, such as numpy's, and lists or arrays of them, as Python's; all else as it is."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain_integers(entry) for entry in value]
    return value
