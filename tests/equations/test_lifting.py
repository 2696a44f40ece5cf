"""Lifting from one prime to the rationals: large coefficients, bad primes, blocks without equations."""

from __future__ import annotations

import numpy as np
import pytest

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.equations.lifting import BadPrimeError, KnownModulo, evaluate, lift
from neuroalg_cli.errors import TimeLimitError
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety.ideal_modulo import IdealModulo
from neuroalg_cli.variety.model import projective_model

PRIME = 8388593


def blocks_of(architecture, degree):
    """Returns the model, and the equations of a degree modulo PRIME."""
    model = projective_model(PolynomialMap(architecture.network()))
    ideal = IdealModulo(model, PRIME, 0, expand=True)
    part = [ideal.next() for _ in range(degree)][-1]
    return model, [
        KnownModulo(
            [block.monomials[j] for j in block.standard], [block.monomials[i] for i in block.leading], block.kernel
        )
        for block in part.blocks
    ]


def test_the_discriminant_of_a_square():
    # (v w_1 x + v w_2)^2: b^2 = 4 a c
    model, blocks = blocks_of(mlp([2, 1, 1], 2), 2)
    lifted = lift(model, blocks, PRIME, 0)
    assert [e.text(model.names) for block in lifted.equations for e in block] == ["y_2^2 - 4*y_1*y_3"]
    assert len(lifted.primes) >= 2


@pytest.mark.parametrize(
    ("activation", "factor"),
    [("z^3+z^2+1000000000039*z", 1000000000039), ("z^3+1/100003*z^2+z", 100003**2), ("1/3*z^3+z^2+z", 3)],
)
def test_large_coefficients_need_several_primes(activation, factor):
    # v s(w x) with s = a z^3 + b z^2 + c z: (v a w^3)(v c w) = a c / b^2 (v b w^2)^2
    model, blocks = blocks_of(mlp([1, 1, 1], activation=activation), 2)
    lifted = lift(model, blocks, PRIME, 0)
    (equation,) = (e for block in lifted.equations for e in block)
    left, right = ("3*y_1*y_3", "y_2^2") if factor == 3 else ("y_1*y_3", f"{factor}*y_2^2")
    assert equation.text(model.names) == f"{right} - {left}"
    assert len(lifted.primes) >= 2 + 2 * factor.bit_length() // 46


def test_a_degree_without_equations():
    # v (w x + b)^2 + c: all three coefficients are free
    model, blocks = blocks_of(mlp([1, 1, 1], 2, biases=True), 2)
    assert not any(block.leading for block in blocks)
    assert lift(model, blocks, PRIME, 0).equations == [[] for _ in blocks]


def test_a_wrong_block_is_a_bad_prime():
    model, blocks = blocks_of(mlp([2, 1, 1], 2), 2)
    (index,) = (i for i, block in enumerate(blocks) if block.leading)
    broken = blocks[index]
    blocks[index] = KnownModulo([], broken.leading, np.zeros((1, 0)))
    with pytest.raises(BadPrimeError):
        lift(model, blocks, PRIME, 0)


def test_the_deadline_is_kept():
    model, blocks = blocks_of(mlp([2, 1, 1], 2), 2)
    with pytest.raises(TimeLimitError):
        lift(model, blocks, PRIME, 0, Deadline(1e-9))


def test_values_of_monomials():
    points = np.array([[2.0, 3.0], [-1.0, 5.0]])
    assert evaluate([(2, 1), (0, 3)], points, PRIME).tolist() == [[12.0, 27.0], [5.0, 125.0]]
    assert evaluate([(0, 0)], points, PRIME).tolist() == [[1.0], [1.0]]
    assert evaluate([], points, PRIME).shape == (2, 0)
