"""All widths up to 4 with at most 4 weight layers and r = 1, 2, 3: theorems and rank agree, all are proved.

Two methods answer each network that a theorem covers; for the others the bounds from both sides are the second opinion, and the
expanded Jacobian of test_bounds.py.  The values that papers state are in test_literature.py.
"""

from __future__ import annotations

import itertools

import pytest

import neuroalg_cli as na
from neuroalg_cli.invariants.dimension import JacobianMethod, TheoremMethod
from neuroalg_cli.question import Question

EVERY = [
    (widths, r)
    for layers in (1, 2, 3, 4)
    for widths in itertools.product((1, 2, 3, 4), repeat=layers + 1)
    for r in ((1,) if layers == 1 else (1, 2, 3))
]


@pytest.fixture(scope="module")
def claims():
    """Returns the claims of both methods by network; None where no theorem applies."""
    found = {}
    for widths, r in EVERY:
        question = Question("dimension", na.mlp(widths, r))
        theorem = TheoremMethod()
        by_theorem = None if theorem.obstacle(question) else theorem.answer(question).claim
        found[widths, r] = by_theorem, JacobianMethod().answer(question).claim
    return found


def test_there_are_as_many_as_there_should_be():
    # 4^2 without a hidden layer, for which r means nothing; three degrees for each of the others
    assert len(EVERY) == len(set(EVERY)) == 16 + 3 * (64 + 256 + 1024)


def test_theorem_and_rank_agree_wherever_both_apply(claims):
    both = {key: pair for key, pair in claims.items() if pair[0] is not None}
    assert [key for key, (one, other) in both.items() if one.value != other.value] == []
    # all linear networks, all two-layer networks with one output, and what localization covers
    assert {key for key in EVERY if key[1] == 1 or (len(key[0]) == 3 and key[0][2] == 1)} <= set(both)


def test_every_claim_is_theorem_or_proved(claims):
    assert [key for key, (one, other) in claims.items() if one is None and other.certainty != "proved"] == []


@pytest.mark.parametrize("r", [1, 2, 3])
def test_every_claim_with_biases_is_theorem_or_proved(r):
    unproved = []
    for widths, degree in EVERY:
        if degree == r:
            question = Question("dimension", na.mlp(widths, r, biases=True))
            if TheoremMethod().obstacle(question) is not None:
                claim = JacobianMethod().answer(question).claim
                unproved += [widths] * (claim.certainty != "proved")
    assert unproved == []


def test_what_is_proved_states_both_bounds(claims):
    for _, claim in claims.values():
        if claim.certainty == "proved":
            assert claim.error_probability is None
            assert claim.evidence["lower_bound"]["value"] == claim.evidence["upper_bound"]["value"]
        else:
            assert claim.certainty == "modular"
            assert 0 < float(claim.error_probability) < 1e-6


def test_dimensions_are_possible(claims):
    for (widths, _), (_, claim) in claims.items():
        value = claim.value
        assert widths[-1] <= value["dimension"] <= min(value["ambient_dimension"], value["parameters"])
        assert value["dimension"] <= value["expected_dimension"]
        assert value["filling"] == (value["dimension"] == value["ambient_dimension"])


def test_wider_layers_never_lower_the_dimension(claims):
    # a neuron more contains the old network: its weight can be zero; outputs and inputs add coordinates
    for (widths, r), (_, claim) in claims.items():
        for layer, width in enumerate(widths):
            if width < 4:
                wider = (*widths[:layer], width + 1, *widths[layer + 1 :])
                assert claims[wider, r][1].value["dimension"] >= claim.value["dimension"]


def test_linear_networks_do_not_know_their_direction(claims):
    # transposition
    for (widths, r), (_, claim) in claims.items():
        if r == 1:
            assert claims[widths[::-1], 1][1].value["dimension"] == claim.value["dimension"]


def test_one_input_is_one_monomial(claims):
    # f = c x^D: the outputs are arbitrary multiples of one monomial
    for (widths, _), (_, claim) in claims.items():
        if widths[0] == 1:
            assert claim.value["dimension"] == widths[-1] == claim.value["ambient_dimension"]
