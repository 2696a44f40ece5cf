"""The neurovariety with coordinates: its ambient space, its multigrading, its random points modulo a prime.

y_1, ..., y_n are the coordinates of phi that are not identically zero, by output, then by falling exponent vector of the monomial
in the inputs.  Where V is a cone everything is about the homogeneous ideal of P(V) in k[y_1..y_n].  Otherwise it is about the
projective closure of V, in k[y_0..y_n]: y_0, at position 0, homogenizes and is 1 on V.

What may go wrong: a coordinate that is not zero may vanish at all points at which we look, for every prime that we try.  For each
coordinate this has a probability below (d/2^22)^points, d the degree of phi, times that of primes which divide all its
coefficients (J. T. Schwartz 1980, R. Zippel 1979).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.counting_coordinates import mixes
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.interpreters.coefficients import coefficients_and_poles
from neuroalg_cli.linear_algebra.exact_linear_algebra import random_prime, rank_modulo, reduce_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues
from neuroalg_cli.symmetry.homogeneity import is_cone
from neuroalg_cli.variety.grading import Torus, grading, natural_weights, torus

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    from neuroalg_cli.network import Network
    from neuroalg_cli.parametrization import PolynomialMap

    Array = NDArray[np.float64]

MAXIMAL_COORDINATES = 20_000
#: points and primes at which coordinates must vanish to be taken for zero
_POINTS = 6
_PRIMES = 2
#: points are drawn and evaluated so many at a time, so that more points begin with the same ones
_BATCH = 64
#: entries of a matrix that tells whether V is the whole space
_MAXIMAL_JACOBIAN = 10**7
#: batches without one regular point
_MAXIMAL_POLES = 8


@dataclass(frozen=True)
class AmbientCoordinate:
    """A coordinate of the ambient space: the coefficient of a monomial in the inputs in one entry of the output."""

    output: int
    monomial: tuple[int, ...]


@dataclass(frozen=True)
class ProjectiveModel:
    """V, or its projective closure, in coordinates; made by `projective_model`."""

    phi: PolynomialMap
    #: y_1, ..., y_n, without y_0
    coordinates: tuple[AmbientCoordinate, ...]
    is_cone: bool
    #: a row for each of the N variables: V is stable under the torus with these weights; the total degree is in their span
    weights: NDArray[np.int64]
    #: whether GL(n_0) and GL(n_L) act: then ``weights`` are the degrees in the outputs and, after them, in the inputs
    is_mixed: bool

    @property
    def N(self) -> int:  # noqa: N802  # as in k[y_1..y_N]
        """The number of variables."""
        return len(self.coordinates) + (not self.is_cone)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the variables: y_1, ..., y_n, and y_0 before them if V is no cone."""
        return tuple(f"y_{k}" for k in range(1 if self.is_cone else 0, len(self.coordinates) + 1))

    def points(self, count: int, prime: int, seed: int, label: str) -> Array:
        """Returns random points of V modulo p as rows, balanced residues: shape (count, N).

        The first points are the same for every count.  Raises `SpecError` if the network divides by zero wherever it is
        evaluated.
        """
        network = self.phi.network
        index = {(c.output, c.monomial): k for k, c in enumerate(self.coordinates)}
        parts: list[Array] = []
        found = number = 0
        while found < count:
            if number - found // _BATCH > _MAXIMAL_POLES + found:
                raise SpecError("the network divides by parameters that are zero wherever it is evaluated")
            # whole batches, in one evaluation: poles make batches smaller
            batches = -(-(count - found) // _BATCH)
            parameters = np.concatenate(
                [random_parameters(network, _BATCH, prime, seed, f"{label}/{number + i}") for i in range(batches)]
            )
            number += batches
            part = _values(network, parameters, prime, index)
            parts.append(part)
            found += len(part)
        result = np.concatenate(parts)[:count] if parts else np.zeros((0, len(self.coordinates)))
        return result if self.is_cone else np.concatenate([np.ones((count, 1)), result], axis=1)


def random_parameters(network: Network, count: int, prime: int, seed: int, label: str) -> Array:
    """Returns random parameter vectors modulo p as rows, balanced residues."""
    values = balanced(residues(seed, label, count * network.parameter_count, prime), prime)
    return values.reshape(count, network.parameter_count)


def _values(network: Network, parameters: Array, prime: int, index: dict[tuple[int, tuple[int, ...]], int]) -> Array:
    """Returns the coordinates at the points that are no poles, as rows."""
    entries, regular = coefficients_and_poles(network, parameters, prime)
    result = np.zeros((len(parameters), len(index)))
    for output, entry in enumerate(entries):
        for monomial, values in entry.items():
            place = index.get((output, monomial))
            if place is not None:
                result[:, place] = values
    return result[regular]


def projective_model(phi: PolynomialMap) -> ProjectiveModel:
    """Returns V, or its projective closure, with coordinates, grading and a way to draw points.

    Raises `SpecError` if the outputs are no polynomials or are zero identically, and `MemoryLimitError` if there are too many
    coordinates.
    """
    network = phi.network
    if not network.is_rational or not network.is_polynomial:
        raise SpecError(
            "the functions of the network are no polynomials in its inputs, so that they have no coordinates; "
            "degree and equations exist for polynomial networks only"
        )
    count = phi.ambient_dimension
    if count is None or count > MAXIMAL_COORDINATES:
        shown = "too many to count them" if count is None else str(count) if count < 10**20 else "more than 10^20"
        raise MemoryLimitError(
            f"the coordinates of the ambient space are {shown}, and at most {MAXIMAL_COORDINATES} are supported; "
            "take a smaller network"
        )
    source = generator(0, "variety/coordinates")
    primes = [usable_prime(phi, source) for _ in range(_PRIMES)]
    coordinates = _nonzero_coordinates(network, primes)
    if not coordinates:
        raise SpecError("all coefficients of the network's functions are zero identically; its variety is a point")
    outputs = np.array([c.output for c in coordinates], dtype=np.int64)
    monomials = np.array([c.monomial for c in coordinates], dtype=np.int64).reshape(
        len(coordinates), network.input_size
    )
    acting = torus(network, outputs, monomials)
    _require_equivariance(network, coordinates, acting, primes[0])
    is_projective = is_cone(network) or _fills(phi, outputs, primes[0])
    natural = natural_weights(outputs, monomials, network.output_size)
    weights, is_natural = grading(acting.coordinates, natural, is_cone=is_projective)
    return ProjectiveModel(phi, coordinates, is_projective, weights, is_projective and is_natural and mixes(network))


def usable_prime(phi: PolynomialMap, source: random.Random) -> int:
    """Returns a random prime that divides no numerator or denominator of an activation."""
    while True:
        prime = random_prime(source)
        if phi.activation_numbers % prime:
            return prime


def _nonzero_coordinates(network: Network, primes: list[int]) -> tuple[AmbientCoordinate, ...]:
    """Returns the coordinates that do not vanish at some points modulo some primes, in their order."""
    found: set[tuple[int, tuple[int, ...]]] = set()
    for prime in primes:
        for attempt in range(_MAXIMAL_POLES):
            parameters = random_parameters(network, _POINTS, prime, 0, f"variety/coordinates/{prime}/{attempt}")
            entries, regular = coefficients_and_poles(network, parameters, prime)
            if regular.any():
                break
        else:
            raise SpecError("the network divides by parameters that are zero wherever it is evaluated")
        for output, entry in enumerate(entries):
            found.update((output, monomial) for monomial, values in entry.items() if values[regular].any())
    ordered = sorted(found, key=lambda c: (c[0], tuple(-e for e in c[1])))
    return tuple(AmbientCoordinate(output, monomial) for output, monomial in ordered)


def _require_equivariance(
    network: Network, coordinates: tuple[AmbientCoordinate, ...], acting: Torus, prime: int
) -> None:
    """Checks phi(t.w) = t.phi(w) for random t and w: a wrong grading would make every later number wrong."""
    index = {(c.output, c.monomial): k for k, c in enumerate(coordinates)}
    factors = [int(t) or 1 for t in residues(0, "variety/torus", acting.parameters.shape[1], prime)]
    moved = _characters(factors, acting.parameters, prime)
    expected = _characters(factors, acting.coordinates, prime)
    for attempt in range(_MAXIMAL_POLES):
        w = random_parameters(network, _POINTS, prime, 0, f"variety/equivariance/{attempt}")
        both = np.concatenate([w, reduce_modulo(w * moved, prime)])
        values = _values(network, both, prime, index)
        if len(values) == len(both):
            break
    else:
        return
    here, there = values[: len(w)], values[len(w) :]
    if not np.array_equal(reduce_modulo(here * expected, prime), there):
        raise AssertionError("the torus read off the graph does not act on its functions")


def _characters(factors: list[int], weights: NDArray[np.int64], prime: int) -> Array:
    """Returns t^weight for every row of weights, balanced."""
    result = []
    for row in weights.tolist():
        value = 1
        for t, weight in zip(factors, row, strict=True):
            value = value * pow(t, weight, prime) % prime
        result.append(value)
    return balanced(np.array(result, dtype=np.int64), prime)


def _fills(phi: PolynomialMap, outputs: NDArray[np.int64], prime: int) -> bool:
    """Returns True only if V = A: the derivative of phi has full rank at a point modulo a prime, which proves it.

    ``outputs`` are those of the coordinates.  False for large networks too, which are then taken for no cones.
    """
    network = phi.network
    count = len(outputs)
    # as many inputs as an output has monomials tell polynomials apart
    inputs = int(np.bincount(outputs).max()) + 3
    if phi.parameter_count < count or inputs * network.output_size * phi.parameter_count > _MAXIMAL_JACOBIAN:
        return False
    w = random_parameters(network, 1, prime, 0, "variety/filling/w")[0]
    x = balanced(residues(0, "variety/filling/x", inputs * network.input_size, prime), prime)
    try:
        rows = modular.jacobian(network, w, x.reshape(inputs, network.input_size), prime)
    except ZeroDivisionError:
        return False
    return rank_modulo(rows, prime, overwrite=True).rank == count
