"""Where several theorems about the degree apply they agree, with each other and with what a degree can be."""

from __future__ import annotations

import itertools

import pytest

import neuroalg_cli as na
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.theorem import theorems

ACTIVATIONS = ["z", "z^2", "z^3", "z^2+z", "z^3+z^2", "z^2+1"]


def values(architecture):
    found = ((theorem.name, theorem.apply(architecture)) for theorem in theorems("degree"))
    return {name: conclusion.value for name, conclusion in found if conclusion is not None}


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("layers", [2, 3, 4])
def test_multilayer_perceptrons(layers, activation, biases):
    for widths in itertools.product((1, 2, 3), repeat=layers):
        found = values(na.mlp(widths, activation=activation if layers > 2 else None, biases=biases))
        assert len(set(found.values())) <= 1, (widths, found)


@pytest.mark.parametrize("r", [2, 3])
@pytest.mark.parametrize("widths", list(itertools.product((1, 2, 3), repeat=3)), ids=str)
def test_the_degree_of_a_proper_subvariety_that_spans_is_more_than_its_codimension(widths, r):
    # J. Harris, 'Algebraic Geometry', Corollary 18.12: degree >= codimension + 1, and 1 if and only if V is the ambient space
    architecture = na.mlp(widths, r)
    phi = PolynomialMap(architecture.network())
    codimension = phi.ambient_dimension - generic_rank(phi, 0).rank
    for value in values(architecture).values():
        assert value >= codimension + 1
        assert (value == 1) == (codimension == 0)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("r", [1, 2])
@pytest.mark.parametrize("filters", list(itertools.product((1, 2, 3), repeat=2)), ids=str)
def test_convolutional_networks(filters, r, strides):
    found = values(na.cnn(list(filters), r, stride=strides))
    assert found
    assert len(set(found.values())) == 1


def test_every_theorem_says_where_it_is_from():
    found = theorems("degree")
    assert len({theorem.name for theorem in found}) == len(found)
    assert all(theorem.references and theorem.statement for theorem in found)
