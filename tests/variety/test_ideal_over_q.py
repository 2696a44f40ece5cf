"""The ideal modulo a prime against linear algebra over Q: all monomials in the expanded coordinates, by python-flint.

No grading, no candidates and no points take part in the second computation.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from flint import Ordering, fmpq, fmpq_mat, fmpq_mpoly_ctx

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.gnn import gnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety.ideal_modulo import IdealModulo
from neuroalg_cli.variety.model import projective_model

PRIME = 8388593


def shared_weights():
    """The same matrix in both layers, and a skip connection."""
    builder = NetworkBuilder()
    x = builder.input((1,))
    w, b = builder.parameter("W", (1, 1)), builder.parameter("b", (1,))
    y = builder.sum(builder.matmul(w, x), b)
    return builder.finish(builder.sum(builder.matmul(w, builder.product(y, y)), b, y))


def falling(count, degree, *, is_cone):
    """Returns the monomials of a degree in falling graded reverse lexicographic order, by its definition."""

    def compare(monomial):
        # the larger monomial has the smaller exponent at the smallest variable where they differ; y_0 is the smallest
        order = monomial if is_cone else (*monomial[1:], monomial[0])
        return tuple(reversed(order))

    vectors = (v for v in itertools.product(range(degree + 1), repeat=count) if sum(v) == degree)
    return sorted(vectors, key=compare)


def relations_over_q(network, degree, *, is_cone):
    """Returns, for every leading monomial of I_e, the others with their coefficients, and the number of monomials."""
    parameters = network.parameter_count
    context = fmpq_mpoly_ctx.get(tuple(f"w_{i}" for i in range(parameters)) or ("w",), Ordering.lex)
    phi = [
        context.from_dict({m: fmpq(c.numerator, c.denominator) for m, c in coordinate.polynomial.items()})
        for coordinate in coordinates(network)
    ]
    if not is_cone:
        phi = [context.constant(1), *phi]
    monomials = falling(len(phi), degree, is_cone=is_cone)[::-1]
    columns = [
        math.prod((f**e for f, e in zip(phi, m, strict=True)), start=context.constant(1)).to_dict() for m in monomials
    ]
    rows = {exponents: i for i, exponents in enumerate(sorted(set().union(*columns)))}
    matrix = fmpq_mat(len(rows), len(columns))
    for j, column in enumerate(columns):
        for exponents, coefficient in column.items():
            matrix[rows[exponents], j] = coefficient
    reduced, rank = matrix.rref()
    pivots = [next(j for j in range(len(columns)) if reduced[i, j] != 0) for i in range(rank)]
    return {
        monomials[j]: {monomials[pivot]: reduced[i, j] for i, pivot in enumerate(pivots) if reduced[i, j] != 0}
        for j in range(len(columns))
        if j not in pivots
    }, len(columns)


def residue(number):
    return int(number.p) * pow(int(number.q), -1, PRIME) % PRIME


CASES = [
    (mlp([2, 1, 2], 2).network(), 3),
    (mlp([2, 1, 2]).network(), 3),
    (mlp([3, 1, 1], 2).network(), 3),
    (mlp([2, 2, 2, 1], 2).network(), 2),
    (mlp([1, 1, 1], 2, biases=True).network(), 4),
    (mlp([1, 2, 1], activation="z^3+z^2").network(), 4),
    (mlp([2, 1, 1], activation="z^2+z+1").network(), 3),
    (mlp([1, 3], 1).network(), 3),
    (cnn([2, 2], 2).network(), 4),
    (cnn([2, 2]).network(), 4),
    (attention([1, 1], 1, tokens=2).network(), 4),
    (attention([2, 1], 1, tokens=1).network(), 2),
    (attention([1, 1], 1, tokens=2, residual=True).network(), 2),
    (gnn("path:2", [1, 1, 1], 2).network(), 2),
    (residual([1, 1], 1, 2).network(), 4),
    (residual([2, 2], 1, 2).network(), 2),
    (polynomial("t^2+t, t^3+1, t^4-t", "t").network(), 4),
    (polynomial("s^2+t, s*t+1, t^2-s, s+t", "s, t").network(), 3),
    (polynomial("s*t, s*t, 2*s*t, s+1, 7", "s, t").network(), 3),
    (polynomial("1/3*a*x^2 + 2/5*b*x, a*b*x, a^2", "a, b", "x").network(), 3),
    (shared_weights(), 3),
]


@pytest.mark.parametrize("expand", [True, False])
@pytest.mark.parametrize(("network", "top"), CASES)
def test_standard_monomials_and_the_reduced_groebner_basis(network, top, expand):
    model = projective_model(PolynomialMap(network))
    ideal = IdealModulo(model, PRIME, 0, expand=expand)
    known = []  # leading monomials so far, over Q
    for degree in range(1, top + 1):
        part = ideal.next()
        relations, count = relations_over_q(network, degree, is_cone=model.is_cone)
        assert (part.degree, part.monomials, part.equations) == (degree, count, len(relations))
        assert part.hilbert == count - len(relations)
        new = {m for m in relations if not any(all(a <= b for a, b in zip(old, m, strict=True)) for old in known)}
        known += new
        found = {}
        for block in part.blocks:
            assert block.monomials == sorted(block.monomials, key=falling(model.N, degree, is_cone=model.is_cone).index)
            assert sorted(block.standard + block.leading) == list(range(len(block.monomials)))
            assert block.kernel.shape == (len(block.leading), len(block.standard))
            assert block.rank == len(block.standard)
            for i, row in zip(block.leading, block.kernel, strict=True):
                terms = {block.monomials[j]: int(c) % PRIME for j, c in zip(block.standard, row, strict=True) if c}
                found[block.monomials[i]] = terms
        expected = {m: {other: residue(c) for other, c in relations[m].items()} for m in new}
        if ideal.is_expanded:
            assert found == expected
            assert sorted(part.new_leading) == sorted(new)
        else:
            assert found.items() <= expected.items()


@pytest.mark.parametrize(("network", "top"), CASES)
def test_the_grading_changes_nothing_but_the_blocks(network, top):
    model = projective_model(PolynomialMap(network))
    coarse = dataclasses.replace(model, weights=np.ones((model.N, 1), dtype=np.int64), is_mixed=False)
    ideal, alone = IdealModulo(model, PRIME, 1, expand=True), IdealModulo(coarse, PRIME, 2)
    for _ in range(top):
        part, other = ideal.next(), alone.next()
        assert len(other.blocks) == 1
        assert part.hilbert == other.hilbert
        assert sorted(part.new_leading) == sorted(other.new_leading)
