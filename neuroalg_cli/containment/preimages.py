"""Weights that give a function: phi(w) = f, solved in floating point from several starts, then rationally, then checked exactly.

The Levenberg-Marquardt method looks for zeros of f_w(x_i) - f(x_i) at random inputs.  Where phi has fibres of positive dimension,
and it nearly always has, most weights can be chosen: one after the other is fixed at the nearest integer as long as the others
can follow.  What remains is rounded to fractions.  Only a solution that is checked over Q is a proof; otherwise a solution to
twelve digits with weights of moderate size is `numeric`.  Weights that grow without bound say nothing: f may be a limit of
functions of the network, and it may not.

Sources: K. Levenberg 1944, D. Marquardt 1963.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from neuroalg_cli.containment.candidates import coefficients_at
from neuroalg_cli.errors import MemoryLimitError
from neuroalg_cli.interpreters import floating
from neuroalg_cli.linear_algebra.random_points import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.containment.candidates import Function
    from neuroalg_cli.deadline import Deadline
    from neuroalg_cli.network import Network

    Array = NDArray[np.float64]

MAXIMAL_PARAMETERS = 400
_STARTS = 12
_ITERATIONS = 300
#: relative to the values of f
_TOLERANCE = 1e-12
_MODERATE = 1e3
_MAXIMAL_DENOMINATOR = 1000


@dataclass(frozen=True)
class Preimage:
    """Weights with phi(w) = f: exact ones, or floats with the largest relative difference at the inputs."""

    exact: tuple[Fraction, ...] | None
    residual: float


@dataclass(frozen=True)
class _Problem:
    """f_w(x_i) = f(x_i): the inputs, the values, and a number that the differences are compared with."""

    network: Network
    inputs: Array
    values: Array
    scale: float

    def residuals(self, w: Array) -> Array:
        """Returns the differences at all inputs, flattened."""
        return np.asarray((floating.evaluate(self.network, w, self.inputs) - self.values).ravel() / self.scale)

    def jacobian(self, w: Array) -> Array:
        """Returns their derivatives."""
        return np.asarray(floating.jacobian(self.network, w, self.inputs) / self.scale)


def preimage(network: Network, function: Function, seed: int, deadline: Deadline) -> Preimage | None:
    """Returns weights that give a function with rational coefficients, or None if none were found in the time."""
    if network.parameter_count > MAXIMAL_PARAMETERS:
        return None
    exact = _simple(network, function)
    if exact is not None:
        return Preimage(exact, 0.0)
    if not network.parameter_count:
        return None
    source = generator(seed, "preimage")
    problem = _problem(network, function, np.random.default_rng(source.randrange(2**63)))
    best: tuple[Array, float] | None = None
    with np.errstate(all="ignore"):  # a start may run away
        for number in range(_STARTS):
            if deadline.is_over():
                break
            start = np.random.default_rng(source.randrange(2**63)).normal(size=network.parameter_count)
            found = _solve(problem, start * (0.5, 1.0, 2.0)[number % 3], deadline)
            if found is None:
                continue
            if best is None or np.abs(found[0]).max() < np.abs(best[0]).max():
                best = found
            rational = _rationalized(problem, found[0], function, deadline)
            if rational is not None:
                return Preimage(rational, 0.0)
    return None if best is None else Preimage(None, best[1])


def gives(network: Network, weights: tuple[Fraction, ...], function: Function) -> bool:
    """Returns whether phi(w) = f, exactly; False where the expansion would be too long."""
    try:
        return coefficients_at(network, weights) == function
    except (MemoryLimitError, ZeroDivisionError):
        return False


def _simple(network: Network, function: Function) -> tuple[Fraction, ...] | None:
    """Returns weights that are all 0 or all 1 if they give the function."""
    for value in (0, 1):
        weights = (Fraction(value),) * network.parameter_count
        if gives(network, weights, function):
            return weights
    return None


def _problem(network: Network, function: Function, random: np.random.Generator) -> _Problem:
    monomials = len({monomial for _, monomial in function}) + network.parameter_count // max(network.output_size, 1)
    count = 2 * monomials + 8
    inputs = random.uniform(-1.5, 1.5, size=(count, network.input_size))
    values = np.zeros((count, network.output_size))
    for (output, monomial), coefficient in function.items():
        values[:, output] += float(coefficient) * np.prod(inputs ** np.array(monomial), axis=1)
    return _Problem(network, inputs, values, float(np.abs(values).max()) or 1.0)


def _solve(
    problem: _Problem,
    w: Array,
    deadline: Deadline,
    free: NDArray[np.bool_] | None = None,
    iterations: int = _ITERATIONS,
) -> tuple[Array, float] | None:
    """Returns weights near a start with residuals below the tolerance, moderate and reached fast, or None."""
    damping = 1e-2
    residuals = problem.residuals(w)
    error = float(residuals @ residuals)
    small_steps = 0
    for _ in range(iterations):
        if deadline.is_over() or not np.isfinite(error):
            return None
        largest = float(np.abs(residuals).max())
        if largest < _TOLERANCE:
            return (w, largest) if np.abs(w).max() < _MODERATE else None
        jacobian = problem.jacobian(w)
        if free is not None:
            jacobian = jacobian[:, free]
        if not jacobian.shape[1] or not np.isfinite(jacobian).all():
            return None
        gram = jacobian.T @ jacobian
        gradient = jacobian.T @ residuals
        step = np.linalg.lstsq(gram + damping * np.eye(len(gram)), -gradient, rcond=None)[0]
        moved = w.copy()
        moved[slice(None) if free is None else free] += step
        after = problem.residuals(moved)
        new = float(after @ after)
        if np.isfinite(new) and new < error:
            small_steps = small_steps + 1 if new > 0.9 * error else 0
            w, residuals, error = moved, after, new
            damping = max(damping / 8, 1e-16)
            if small_steps > 40:  # a local minimum, or a limit that is not reached
                return None
        else:
            damping *= 4
            if damping > 1e8:
                return None
    return None


def _rationalized(problem: _Problem, w: Array, function: Function, deadline: Deadline) -> tuple[Fraction, ...] | None:
    """Returns rational weights near a solution: integers as long as the others can follow, then fractions; checked exactly."""
    free = np.ones(len(w), dtype=bool)
    order = list(np.argsort(np.abs(w - np.rint(w))))
    for index in order:
        if deadline.is_over():
            return None
        # 0 would kill neurons, which is tried where the weight is small already
        integer = np.rint(w[index]) if abs(w[index]) > 0.5 or abs(w[index]) < 1e-6 else np.sign(w[index])
        trial = w.copy()
        trial[index] = integer
        free[index] = False
        found = _solve(problem, trial, deadline, free, 30) if free.any() else _unchanged(problem, trial)
        if found is None:
            free[index] = True
        else:
            w = found[0]
    weights = tuple(Fraction(float(value)).limit_denominator(_MAXIMAL_DENOMINATOR) for value in w)
    if max((abs(float(a) - b) for a, b in zip(weights, w, strict=True)), default=0.0) > 1e-7:
        return None
    return weights if gives(problem.network, weights, function) else None


def _unchanged(problem: _Problem, w: Array) -> tuple[Array, float] | None:
    largest = float(np.abs(problem.residuals(w)).max())
    return (w, largest) if largest < 1e-9 else None
