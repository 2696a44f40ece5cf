"""Every kind of bound that the checker replays has a phrase of its own."""

from __future__ import annotations

import pytest

from neuroalg_cli.bounding.bound_words import bound_words
from neuroalg_cli.verifying.bounds import KINDS

LEAF = {"bound": "coordinates", "value": 7}
EVERYTHING = {
    "value": 12,
    "parameters": 20,
    "rank": 3,
    "left": LEAF,
    "right": LEAF,
    "gain": 2,
    "span": 9,
    "squares": 4,
    "variables": 4,
    "terms": 5,
    "degree": 3,
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_words(kind):
    words = bound_words({"bound": kind, **EVERYTHING})
    assert not words.startswith("a bound by")


def test_an_unknown_kind_is_named():
    assert bound_words({"bound": "magic", "value": 3}) == "a bound by magic"


def test_the_numbers_of_a_composition_add_up():
    bound = {"bound": "composition", "left": LEAF, "right": LEAF, "gain": 2, "value": 12}
    assert bound_words(bound).startswith("7 + 7 - 2, ")
    spanned = {"bound": "span", "rank": 2, "span": 9, "left": LEAF, "gain": 2, "value": 12}
    assert bound_words(spanned).startswith("7 + 7 - 2, ")
