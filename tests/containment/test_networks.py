"""Whether the functions of one network are functions of another, for pairs where the answer is known by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.containment.candidates import coefficients_at, function_at, generic_function
from neuroalg_cli.containment.embeddings import checked, embedding
from neuroalg_cli.containment.substitution import substituted
from neuroalg_cli.errors import SpecError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question

if TYPE_CHECKING:
    from neuroalg_cli.report.model import Claim


def asked(network: Any, other: Any, **options: Any) -> Claim:
    return answer(Question("contains", network, candidate=generic_function(other), **options)).claims[0]


#: (network, other network whose functions it has, the rung that sees it)
CONTAINED = [
    (mlp([3, 2, 3], 2), mlp([3, 1, 3], 2), "embedding"),  # a dead neuron
    (mlp([3, 2, 3], 2), mlp([3, 2, 3], 2), "embedding"),
    (mlp([2, 3, 2, 1], 2, biases=True), mlp([2, 2, 2, 1], 2), "embedding"),
    (mlp([3, 2, 2, 3]), mlp([3, 2, 3]), "theorem"),
    (mlp([3, 2, 3]), mlp([3, 2, 2, 3]), "theorem"),
    (mlp([2, 3, 3, 3, 1], [2, 1, 2]), mlp([2, 3, 3, 1], 2), "embedding"),
    (mlp([2, 3, 3, 3, 1], [1, 2, 2]), mlp([2, 3, 3, 1], 2), "embedding"),
    (mlp([3, 2, 2, 1], 2), mlp([3, 2, 1], 4), "embedding"),  # l^4 = (l^2)^2
    (mlp([2, 2, 2, 2, 1], [2, 1, 3]), mlp([2, 2, 1], 6), "embedding"),
    # a filter of size 2 with dilation 2 is one of size 3 with a zero in the middle
    (
        na.cnn(filters=[3, 2], activation_degree=2),
        na.cnn(filters=[2, 2], dilation=[2, 1], activation_degree=2),
        "embedding",
    ),
    (
        na.cnn(filters=[2, 2], channels=[1, 3, 1], activation_degree=2),
        na.cnn(filters=[2, 2], activation_degree=2),
        "embedding",
    ),
    (mlp([3, 2, 1], 2), na.cnn(filters=[2, 2], activation_degree=2), "embedding"),
    (
        na.cnn(filters=[3], input=4, padding="circular"),
        na.cnn(filters=[2], input=4, padding="circular"),
        "embedding",
    ),
    (
        na.attention(dims=[2, 2], attention_dim=2, tokens=2),
        na.attention(dims=[2, 2], attention_dim=1, tokens=2),
        "embedding",
    ),
    (
        na.attention(dims=[2, 2], attention_dim=1, tokens=2, heads=2),
        na.attention(dims=[2, 2], attention_dim=1, tokens=2),
        "embedding",
    ),
]


@pytest.mark.parametrize(("network", "other"), [(a, b) for a, b, _ in CONTAINED], ids=lambda value: value.label)
def test_contained_pairs(network: Any, other: Any) -> None:
    claim = asked(network, other)
    assert claim.value["contains"] is True
    assert claim.certainty in ("theorem", "proved", "exact")


@pytest.mark.parametrize(("network", "other", "rung"), [entry for entry in CONTAINED if entry[2] == "embedding"])
def test_embeddings_are_identities_of_polynomials(network: Any, other: Any, rung: str) -> None:
    assert asked(network, other, method=rung).certainty == "proved"
    found = embedding(network, other, 0)
    assert found is not None
    # independently of the graph of the composition: both functions at weights
    of, into = other.network(), network.network()
    v = [Fraction(k % 7 - 3, 2) for k in range(of.parameter_count)]
    w = [entry if isinstance(entry, Fraction) else v[entry] for entry in found.substitution]
    assert coefficients_at(into, w) == coefficients_at(of, v)


NOT_CONTAINED = [
    (mlp([3, 2, 3], 2), mlp([3, 3, 3], 2)),  # three forms that are combinations of two squares span two dimensions
    (mlp([3, 1, 1], 2), mlp([3, 2, 1], 2)),
    (mlp([3, 2, 3]), mlp([3, 3, 3])),
    (na.cnn(filters=[3, 2], activation_degree=2), na.cnn(filters=[2, 3], activation_degree=2)),  # rank 2 and 3
    (na.cnn(filters=[2, 3], activation_degree=2), na.cnn(filters=[3, 2], activation_degree=2)),  # no x_1*x_3
    (mlp([2, 2, 1], 2), mlp([2, 2, 1], 3)),
    (mlp([2, 2, 1], 2), mlp([2, 2, 1], 2, biases=True)),
]


@pytest.mark.parametrize(("network", "other"), NOT_CONTAINED)
def test_pairs_that_are_not_contained(network: Any, other: Any) -> None:
    claim = asked(network, other)
    assert claim.value["contains"] is False
    assert claim.certainty in ("theorem", "proved", "exact")


@pytest.mark.parametrize(("network", "other"), NOT_CONTAINED[:4])
def test_equations_alone_separate_networks(network: Any, other: Any) -> None:
    assert asked(network, other, method="equations").value["contains"] is False


@pytest.mark.parametrize(
    ("network", "other"),
    [
        (mlp([2, 2, 1], 2), mlp([2, 2, 1], 3)),
        (mlp([2, 2, 1], 2), mlp([2, 2, 1], 2, biases=True)),
        (na.cnn(filters=[2, 3], activation_degree=2), na.cnn(filters=[3, 2], activation_degree=2)),
    ],
)
def test_equations_say_nothing_about_coefficients_outside_of_the_ambient_space(network: Any, other: Any) -> None:
    assert asked(network, other, method="equations").value["contains"] is not True


def test_varieties_of_one_dimension_are_equal_if_one_contains_the_other() -> None:
    claim = asked(mlp([3, 2, 3]), mlp([3, 2, 2, 3]), method="dimension")
    assert (claim.value["contains"], claim.certainty) == (True, "exact")
    assert claim.evidence["equal"] is True


def test_equations_at_the_other_network_can_be_complete() -> None:
    # singular symmetric matrices: the determinant is all there is
    claim = asked(mlp([3, 2, 1], 2), mlp([3, 1, 1], 2), method="equations")
    assert (claim.value["contains"], claim.certainty) == (True, "modular")
    assert claim.error_probability is not None
    assert 0 < float(claim.error_probability) < 1e-6


def test_more_neurons_than_the_dimension_needs() -> None:
    # binary quadratic forms are sums of two squares, so that a third neuron adds nothing
    claim = asked(mlp([2, 2, 1], 2), mlp([2, 3, 1], 2))
    assert (claim.value["contains"], claim.value["decided_by"]) == (True, "filling")


def test_weights_of_an_embedded_network_are_weights_of_this_one() -> None:
    other = mlp([3, 2, 3], 2)
    point = tuple(Fraction(k * k % 11 - 5, 3) for k in range(12))
    network = mlp([3, 4, 3], 2)
    claim = answer(Question("contains", network, candidate=function_at(other, point), method="preimage")).claims[0]
    assert (claim.value["contains"], claim.value["in_image"], claim.certainty) == (True, True, "proved")
    weights = [Fraction(text) for text in claim.evidence["weights"]]
    assert coefficients_at(network.network(), weights) == coefficients_at(other.network(), point)


def test_a_wrong_substitution_is_no_embedding() -> None:
    into, of = mlp([2, 2, 1], 2).network(), mlp([2, 1, 1], 2).network()
    right = embedding(mlp([2, 2, 1], 2), mlp([2, 1, 1], 2), 0)
    assert right is not None
    for place in range(len(right.substitution)):
        entries = list(right.substitution)
        entries[place] = Fraction(2) if isinstance(entries[place], int) else 0
        found = checked(into, of, tuple(entries), "", 0)
        same = coordinates(substituted(into, tuple(entries), of)) == coordinates(of)
        assert (found is not None) is same
    entries = list(right.substitution)
    entries[0] = Fraction(1)
    assert checked(into, of, tuple(entries), "", 0) is None


@pytest.mark.parametrize("other", [mlp([2, 2, 3], 2), mlp([3, 2, 2], 2)])
def test_other_shapes_are_refused_in_a_sentence(other: Any) -> None:
    with pytest.raises(SpecError, match="same inputs and outputs"):
        asked(mlp([3, 2, 3], 2), other)
