"""Upper bounds in words: one phrase for every kind of evidence (`neuroalg_cli.bounding.bounds`)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroalg_cli.network import Network

#: more hidden fields than these are counted and not written out
_MAXIMAL_FIELDS = 4

_COMPOSITE = ("composition", "span", "symmetries", "fields", "pfaffian", "curve")


def bound_words(bound: dict[str, Any]) -> str:
    """Returns why the dimension is at most the value of a bound; a kind without words of its own is named.

    Raises ``KeyError`` for evidence of which a part is missing.
    """
    match bound:
        case {"bound": "coordinates"}:
            return "the number of coordinates"
        case {"bound": "monomials"}:
            return "the number of monomials that occur"
        case {"bound": "determinantal"}:
            return "matrices of bounded rank"
        case {"bound": "symmetries", "parameters": parameters, "rank": rank}:
            return f"{parameters} parameters less {rank} independent symmetries"
        case {"bound": "fields", "parameters": parameters, "rank": rank}:
            return f"{parameters} parameters less {rank} independent vector fields, hidden ones among them"
        case {"bound": "composition", "left": left, "right": right, "gain": gain}:
            parts = f"{bound_words(left)}; {bound_words(right)}"
            return f"{left['value']} + {right['value']} - {gain}, a composition ({parts})"
        case {"bound": "span", "rank": rank, "span": span, "left": left, "gain": gain}:
            rest = bound["value"] - left["value"] + gain
            parts = f"{rank} combinations of {span} polynomials; {bound_words(left)}"
            return f"{left['value']} + {rest} - {gain}, outputs in a span ({parts})"
        case {"bound": "span", "rank": rank, "span": span}:
            return f"outputs are combinations of {rank} functions in a space of {span} polynomials"
        case {"bound": "pfaffian", "squares": squares, "variables": variables}:
            return f"three sums of {squares} squares in {variables} variables satisfy a Pfaffian"
        case {"bound": "curve", "terms": terms, "degree": degree}:
            return f"{terms} powers of linear forms lie on rational curves of degree {degree}"
        case {"bound": kind} if kind not in _COMPOSITE:
            return f"a bound by {kind}"
        case _:
            raise KeyError("bound")


def hidden_symmetry_words(bound: dict[str, Any], network: Network) -> tuple[str, ...]:
    """Returns the hidden symmetries that a bound rests on, field by field, in words."""
    if bound["bound"] == "fields":
        found = [f"hidden symmetry {field_words(stated, network)}" for stated in bound["fields"]]
        more = len(found) - _MAXIMAL_FIELDS
        return (*found[:_MAXIMAL_FIELDS], *([f"{more} more hidden symmetries, in the report"] if more > 0 else []))
    parts = [bound[side] for side in ("left", "right") if side in bound]
    return tuple(words for part in parts for words in hidden_symmetry_words(part, network))


def field_words(stated: list[list[Any]], network: Network) -> str:
    """Returns a polynomial vector field in words, such as "W_1[1,1]' = W_2[1,2] W_1[2,1]"; indices begin with 1.

    ``stated``: [tensor, entry, [[coefficient, [[tensor, entry], ...]], ...]] for every parameter that moves.
    """
    shapes = {network.nodes[index].name: network.nodes[index].shape for index in network.offsets}

    def name(tensor: str, entry: int) -> str:
        place: list[str] = []
        for size in reversed(shapes[tensor]):
            entry, rest = divmod(entry, size)
            place.insert(0, str(rest + 1))
        return f"{tensor}[{','.join(place)}]"

    lines = []
    for tensor, entry, polynomial in stated:
        summands = []
        for text, monomial in polynomial:
            coefficient = Fraction(text)
            factors = [name(*factor) for factor in monomial]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            summands.append(f"{'-' if coefficient < 0 else '+'} {' '.join(factors)}")
        text = " ".join(summands)
        lines.append(f"{name(tensor, entry)}' = {text[2:] if text[0] == '+' else text[0] + text[2:]}")
    return ", ".join(lines)
