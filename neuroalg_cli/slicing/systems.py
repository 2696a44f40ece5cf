"""The systems whose solutions are counted, on a slice S of dimension m: phi(w) in a random linear space, and phi(w) = phi(w_0).

A random affine space of codimension q has q equations, and after elimination each has one pivot coordinate of its own and the
coordinates that are no pivots with random coefficients:

    y_pivot + sum of a_j y_j over the others = random constant

Every set of pivots of the right size will do for a generic space.  In a block that is a cone one equation gives a coordinate a
value, y_k = constant: the others are then what a random linear space through the origin says about the points with this value.
The simplest coordinates are given and repeated, the others are pivots, so that the systems are as sparse as may be.  Coordinates
that depend linearly on others are left out: what remains embeds V as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.linear_algebra.random_points import residues
from neuroalg_cli.slicing.residue_matrices import basis_rows, product

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from neuroalg_cli.slicing.blocks import Block, Pattern
    from neuroalg_cli.slicing.slices import Slice

ResiduePolynomial = dict[tuple[int, ...], int]
"""Exponent vector over the unknowns -> residue, not zero."""


@dataclass(frozen=True)
class System:
    """Equations over a prime field, none of which is identically zero; raises ``ValueError`` if they are no such."""

    equations: tuple[ResiduePolynomial, ...]
    prime: int
    unknowns: int

    def __post_init__(self) -> None:
        for equation in self.equations:
            if not equation or any(len(exponents) != self.unknowns for exponents in equation):
                raise ValueError(f"an equation is zero or has not {self.unknowns} unknowns")

    @property
    def degrees(self) -> tuple[int, ...]:
        """The total degrees of the equations."""
        return tuple(max(map(sum, equation)) for equation in self.equations)


def slicing_system(slice_: Slice, parts: Sequence[Block], pattern: Pattern, seed: int, label: str) -> System:
    """Returns m equations: as many on each block as the pattern says."""
    equations: list[ResiduePolynomial] = []
    for number, (part, count) in enumerate(zip(parts, pattern.equations, strict=True)):
        if count:
            equations += _equations_on(slice_, part, count, seed, f"{label}/block {number}")
    return System(tuple(equations), slice_.prime, slice_.dimension)


def fibre_system(slice_: Slice, seed: int, label: str) -> System:
    """Returns the equations of the points of the slice with the function of a random one."""
    point = residues(seed, f"{label}/point", slice_.dimension, slice_.prime)
    chosen = _independent(slice_, range(len(slice_.matrix)))
    constants = -slice_.values_at(point)[chosen]
    equations = _polynomials(slice_, slice_.matrix[chosen], constants)
    # a coordinate that is constant on the slice, such as one of a residual summand, says nothing
    return System(tuple(equation for equation in equations if equation), slice_.prime, slice_.dimension)


def _equations_on(slice_: Slice, part: Block, count: int, seed: int, label: str) -> Iterator[ResiduePolynomial]:
    chosen = _independent(slice_, part.coordinates)
    size = len(chosen)
    if count > size:
        raise ValueError(f"{count} equations on a block of dimension {size} have no solution")
    random = 1 + residues(seed, label, count * (size + 1), slice_.prime - 1).reshape(count, size + 1)
    rows = np.zeros((count, size), dtype=np.int64)
    given = int(part.is_cone)
    rows[:given, 0] = 1
    pivots = range(size - count + given, size)
    for row, pivot in enumerate(pivots, start=given):
        rows[row, given : pivots.start] = random[row, given : pivots.start]
        rows[row, pivot] = 1
    combined = product(rows, slice_.matrix[chosen], slice_.prime)
    return _polynomials(slice_, combined, random[:, size])


def _independent(slice_: Slice, members: Iterable[int]) -> list[int]:
    """Returns coordinates that are a basis of the span of the given ones on the slice, the simplest first."""
    return basis_rows(slice_.matrix, sorted(members, key=lambda i: _complexity(slice_, i)), slice_.prime)


def _complexity(slice_: Slice, coordinate: int) -> tuple[int, int, int]:
    terms = np.flatnonzero(slice_.matrix[coordinate])
    return int(slice_.monomials[terms].sum(axis=1).max(initial=0)), len(terms), coordinate


def _polynomials(slice_: Slice, rows: NDArray[np.int64], constants: NDArray[np.int64]) -> Iterator[ResiduePolynomial]:
    """Yields the polynomials with the given coefficients at the slice's monomials, plus constants."""
    exponents = [tuple(row) for row in slice_.monomials.tolist()]
    zero = (0,) * slice_.dimension
    for row, constant in zip(rows.tolist(), constants.tolist(), strict=True):
        polynomial = dict(zip(exponents, row, strict=True))
        polynomial[zero] = (polynomial.get(zero, 0) + constant) % slice_.prime
        yield {e: v for e, v in polynomial.items() if v}
