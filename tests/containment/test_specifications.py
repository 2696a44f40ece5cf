"""Networks in one argument of the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.containment.specifications import read_network
from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    network = mlp([3, 2, 3], 2)
    path = tmp_path / "network.json"
    path.write_text(json.dumps(network.canonical()))
    forms = ["mlp-3.2.3-r2", "mlp widths=3,2,3 activation_degree=2", "mlp --widths=3,2,3 --activation-degree=2"]
    for text in [*forms, json.dumps(network.canonical()), str(path)]:
        assert read_network(text) == network


@pytest.mark.parametrize(
    "network",
    [
        mlp([3, 2, 3]),
        mlp([2, 2]),
        mlp([2, 2], biases=True),
        mlp([2, 3, 3, 1], [2, 3]),
        mlp([2, 3, 1], 2, biases=True),
        na.cnn(filters=[3, 2], activation_degree=2),
        na.cnn(filters=[3, 2], stride=[2, 1], channels=[1, 2, 1], activation_degree=2),
        na.cnn(filters=["3x3", "2x2"], activation_degree=2, biases=True),
        na.cnn(filters=[3], input=5, padding="zero"),
        na.cnn(filters=[2], input=5, padding="circular", head=[2], activation_degree=2),
    ],
    ids=lambda network: network.label,
)
def test_labels_are_read_back(network: na.mlp) -> None:
    assert read_network(network.label) == network


def test_flags_of_a_family() -> None:
    assert read_network("mlp widths=2,2 biases") == mlp([2, 2], biases=True)
    assert read_network("mlp widths=2,2 biases=true") == mlp([2, 2], biases=True)
    assert read_network("mlp widths=2,2 biases=false") == mlp([2, 2])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing-here", "neither a file"),
        ("", "neither a file"),
        ("mlp width=3,2", "unknown to the family"),
        ("mlp widths", "no value"),
        ("mlp widths=3,2 widths=3,2", "twice"),
        ("mlp widths=2,2 biases=maybe", "true or false"),
        ("mlp widths=3,x", "no integer"),
        ("{", "no valid JSON"),
        ('{"family": "nope"}', "unknown"),
        ("mlp-3.0.3-r2", "widths"),
        ("mlp-3.2.3-r0", "activation_degree"),
        ("mlp-2.3.3.1-r2.2", "looks like a label"),
    ],
)
def test_mistakes_are_told_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        read_network(text)
    assert "\n" not in str(caught.value)
