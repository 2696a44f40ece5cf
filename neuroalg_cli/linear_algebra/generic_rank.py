"""The generic rank of d phi, which is the dimension of the neurovariety, by exact linear algebra modulo primes.

Draw w at random modulo a random prime p and inputs x_i at random; the rank of the stacked d f_w(x_i)/dw is at most the
generic rank over Q, whatever w, x_i and p are: a nonzero minor modulo p is a nonzero polynomial over Q.  So the rank found
is a *proved lower bound*.  Where it meets an upper bound of `neuroalg_cli.bounding.bounds`, the dimension is proved.

Where it does not, the rank is right with high probability.  Let R be the generic rank and M a nonzero R x R minor of the
matrix with generic w and x_i, a polynomial in (w, x) with integer coefficients, of degree at most R*d and with sum of absolute
coefficients at most 2^h.  The rank found modulo p is smaller than R only if p divides all coefficients of M, which at
most h/22 primes above 2^22 can do, or if the random point is a zero of M modulo p: probability at most R*d/p
(J. T. Schwartz 1980, R. Zippel 1979).  Trials with new primes and points multiply these probabilities.  A further generic
input raises a rank below R (perhaps by one only: after a layer of width one all outputs are proportional), so where the rank of
a longer stack does not grow it is R, unless that stack falls short of its own generic rank; a trial looks at no more than
2 + log2(R) stacks, and the bounds of all of them are added.

Where the network divides, d f_w(x) is (N' D - N D')/D^2, and the same holds for the numerators of the minors.  Inputs that are
poles are drawn again, one by one, and w where no input is regular.  Let H bound the degree of the product of all denominators.  A
random point is a pole with probability at most H/p, so that these conditions multiply the probability above by at most
1/(1 - H/p), once for w and once for the inputs: the zeros of M are bounded one input after the other.

Hypotheses: characteristic 0, activations polynomial or rational.  Columns that scalings make dependent are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroalg_cli.bounding.bounds import UpperBound, refined_upper_bound, upper_bound
from neuroalg_cli.errors import MemoryLimitError, SpecError, TimeLimitError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import Rank, random_prime, rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues
from neuroalg_cli.symmetry.symmetries import symmetries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network
    from neuroalg_cli.parametrization import PolynomialMap

#: the number of primes in [2^22, 2^23), from which primes are drawn
_PRIMES = 268_216
_TARGET_PROBABILITY = 1e-9
_FURTHER_INPUTS = 3
_SMALL_ENTRIES = 4 * 10**6
#: so many points without regular inputs in a row are no chance
_MAXIMAL_POLES = 20
#: of the evaluation, which memory limits: measured on the networks of benchmarks/architectures.py
_SECONDS_PER_ENTRY = 2e-8
_SECONDS_PER_PRODUCT = 2e-9


@dataclass(frozen=True, slots=True)
class Cost:
    """What a computation will take: seconds of two cores' work and bytes of memory."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class GenericRank:
    """The rank found, the best upper bound, and the evidence of both."""

    rank: int
    upper: UpperBound
    primes: tuple[int, ...]
    error_probability: float
    lower_evidence: dict[str, Any]

    @property
    def is_proved(self) -> bool:
        """Whether the lower and the upper bound meet."""
        return self.rank == self.upper.value


def estimate(phi: PolynomialMap, rank_bound: int) -> Cost:
    """Returns the cost of one trial for a rank of at most ``rank_bound``, before anything large is allocated."""
    outputs = phi.network.output_size
    rows = _input_count(rank_bound, outputs) * outputs
    scalings = sum(symmetry.count for symmetry in symmetries(phi.network) if symmetry.kind == "scaling")
    columns = phi.parameter_count - scalings
    rank_bound = min(rank_bound, columns)
    operations = 2 * rank_bound * rows * columns - rank_bound**2 * (rows + columns) + 2 * rank_bound**3 // 3
    evaluation = rows * (_SECONDS_PER_ENTRY * phi.parameter_count + _SECONDS_PER_PRODUCT * _products(phi.network))
    widest = max(node.size for node in phi.network.nodes)
    memory = int(8.8 * rows * columns) + 8 * phi.parameter_count * (outputs + 64) + 300 * 2**20 + 48 * outputs * widest
    return Cost(evaluation + operations / _operations_per_second(operations), memory)


def _products(network: Network) -> int:
    """Returns the number of multiplications of one evaluation, which one row of the Jacobian costs twice."""
    result = network.parameter_count
    for node in network.nodes:
        result += node.size * (network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1)
    return result


def generic_rank(
    phi: PolynomialMap, seed: int, *, seconds: float | None = None, memory: int | None = None
) -> GenericRank:
    """Returns the generic rank of d phi with its evidence.

    Raises `TimeLimitError` or `MemoryLimitError`, before the work begins, if its estimate is beyond the limits, and `SpecError`
    if the network divides by zero wherever it is evaluated.
    """
    best: GenericRank | None = None
    primes: list[int] = []
    probability = 1.0
    trials = 1
    poles = 0
    while len(primes) < trials:
        try:
            trial = _trial(phi, seed, len(primes) + poles, seconds, memory)
        except ZeroDivisionError:
            poles += 1
            if poles > _MAXIMAL_POLES:
                raise SpecError(
                    f"the network divides by zero at {poles} random points; one of its denominators is zero identically"
                ) from None
            continue
        primes.append(trial.primes[0])
        probability *= trial.error_probability
        if best is None or (trial.rank, trial.is_proved) > (best.rank, best.is_proved):
            best = trial
        if best.is_proved:
            return best
        entries = best.rank * phi.parameter_count
        needed = math.ceil(math.log(_TARGET_PROBABILITY) / math.log(min(trial.error_probability, 0.9)))
        trials = min(max(2, needed), 6 if entries <= _SMALL_ENTRIES else 2)
    assert best is not None
    return GenericRank(best.rank, best.upper, tuple(primes), probability, best.lower_evidence)


def _trial(phi: PolynomialMap, seed: int, number: int, seconds: float | None, memory: int | None) -> GenericRank:
    """Returns what one prime and one random point say."""
    network = phi.network
    _refuse_many_parameters(phi.parameter_count, memory)
    prime = _usable_prime(phi, seed, number)
    point = residues(seed, f"point/{number}", phi.parameter_count, prime)
    w = balanced(point, prime)
    upper = upper_bound(network, w, prime)
    _refuse_beyond(estimate(phi, upper.value), upper, seconds, memory)
    columns = _independent_columns(network, w)
    count = _input_count(upper.value, network.output_size)
    found, inputs = _rank(phi, w, columns, prime, seed, number, count)
    extra = max(_FURTHER_INPUTS, count // 8)  # short at first: most ranks that stay below the bound are final
    while found.rank < upper.value:
        count += extra
        further, more_inputs = _rank(phi, w, columns, prime, seed, number, count)
        if further.rank == found.rank:
            break
        found, inputs = further, more_inputs
        extra = max(_FURTHER_INPUTS, count)
    if number == 0 and found.rank < upper.value:
        upper = min(upper, refined_upper_bound(network, w, prime, found.rank), key=lambda bound: bound.value)
    evidence = _lower_evidence(found, columns, point, inputs, prime, network.output_size)
    return GenericRank(found.rank, upper, (prime,), miss_probability(phi, upper.value, prime), evidence)


def _rank(
    phi: PolynomialMap, w: Any, columns: NDArray[np.int64], prime: int, seed: int, number: int, count: int
) -> tuple[Rank, NDArray[np.int64]]:
    """Returns the rank of the stack of ``count`` inputs, and the inputs: shape (count, n_0)."""
    inputs = _regular_inputs(phi, w, prime, f"inputs/{number}", seed, count)
    matrix = modular.jacobian(phi.network, w, balanced(inputs, prime), prime, columns)
    return rank_modulo(matrix, prime, overwrite=True), inputs


def _regular_inputs(phi: PolynomialMap, w: Any, prime: int, label: str, seed: int, count: int) -> NDArray[np.int64]:
    """Returns the first ``count`` random inputs that are no poles: shape (count, n_0).

    Raises `ZeroDivisionError` where they are too rare.
    """
    n = phi.network.input_size
    drawn = count
    while drawn <= 4 * count + 64:
        inputs = residues(seed, label, drawn * n, prime).reshape(drawn, n)
        regular = np.flatnonzero(modular.are_regular(phi.network, w, balanced(inputs, prime), prime))
        if len(regular) >= count:
            return inputs[regular[:count]]
        drawn += 2 * (count - len(regular))
    raise ZeroDivisionError("nearly all inputs are poles at this point")


def _independent_columns(network: Network, w: Any) -> NDArray[np.int64]:
    """Returns the parameters that remain when every scaling has fixed one weight of its neuron.

    A field X with d phi . X = 0 writes one column of d phi as a combination of the others.  The field of a neuron moves its row
    of the first matrix and its column of the second; with one nonzero entry of each row left out, the fields restricted to the
    columns left out are block triangular by layers with nonzero diagonal, so these columns do not change the rank.
    """
    keep = np.ones(network.parameter_count, dtype=bool)
    for symmetry in symmetries(network):
        if symmetry.kind == "scaling":
            first = symmetry.interface.first
            rows, columns = network.nodes[first].shape
            offset = network.offsets[first]
            weights = w[offset : offset + rows * columns].reshape(rows, columns)
            for i in np.flatnonzero(weights.any(axis=1)):
                keep[offset + i * columns + np.flatnonzero(weights[i])[0]] = False
    return np.flatnonzero(keep)


def _input_count(rank_bound: int, outputs: int) -> int:
    return -(-rank_bound // outputs) + 1


def _usable_prime(phi: PolynomialMap, seed: int, number: int) -> int:
    source = generator(seed, f"prime/{number}")
    while True:
        prime = random_prime(source)
        if phi.activation_numbers % prime:
            return prime


def miss_probability(phi: PolynomialMap, rank_bound: int, prime: int, largest_gap: int = 1) -> float:
    """Returns the bound of the module's docstring for one trial and a generic rank of at most ``rank_bound``.

    ``largest_gap``: 1 for a prime drawn uniformly; an engine draws the next prime after a random number, which favours the
    primes after large gaps.

    Where the network divides, the bound is conditional on points that are no poles.
    """
    if phi.total_degree >= prime or phi.pole_degree >= prime:
        return 1.0  # and the quotient below could be too large for a float
    degree = rank_bound * phi.total_degree
    entry = math.log2(max(phi.total_degree, 2)) + phi.height_bits
    height = rank_bound * (math.log2(max(rank_bound, 2)) + entry)
    share = 1 / _PRIMES if largest_gap == 1 else largest_gap / 2**21
    stacks = 2 + math.ceil(math.log2(max(rank_bound, 2)))
    return min(1.0, stacks * (degree / prime + height / 22 * share) / (1 - phi.pole_degree / prime) ** 2)


def _lower_evidence(
    found: Rank, columns: NDArray[np.int64], point: Any, inputs: Any, prime: int, outputs: int
) -> dict[str, Any]:
    """Returns the minor that proves the lower bound; inputs without a pivot row are left out and rows renumbered."""
    used = sorted({row // outputs for row in found.pivot_rows})
    position = {old: new for new, old in enumerate(used)}
    rows = [position[row // outputs] * outputs + row % outputs for row in found.pivot_rows]
    return {
        "value": found.rank,
        "prime": prime,
        "point": point.tolist(),
        "inputs": inputs[used].tolist(),
        "pivot_rows": rows,
        "pivot_columns": [int(columns[column]) for column in found.pivot_columns],
    }


def _refuse_many_parameters(count: int, memory: int | None) -> None:
    """Refuses networks of which not even one point fits in memory: the better estimate needs a point."""
    needed = 32 * count
    if needed > (2**60 if memory is None else memory):
        limit = "no machine has that" if memory is None else f"the limit is {memory / 2**30:.1f} GiB"
        raise MemoryLimitError(
            f"{count} parameters need about {needed / 2**30:.1f} GiB and {limit}; raise --memory or take a smaller network"
        )


def _refuse_beyond(cost: Cost, upper: UpperBound, seconds: float | None, memory: int | None) -> None:
    known = f"the dimension is at most {upper.value}"
    if memory is not None and cost.memory_bytes > memory:
        raise MemoryLimitError(
            f"the rank needs about {cost.memory_bytes / 2**30:.1f} GiB and the limit is {memory / 2**30:.1f} GiB; {known}; "
            "raise --memory or take a smaller network"
        )
    if seconds is not None and cost.seconds > seconds:
        raise TimeLimitError(
            f"the rank needs about {cost.seconds:.0f} s and the limit is {seconds:.0f} s; {known}; "
            "raise --timeout or take a smaller network"
        )


def _operations_per_second(operations: int) -> float:
    """Returns the rate of the elimination: a cautious constant for short work, measured on a product where it matters."""
    if operations < 10**11:
        return 1.5e10
    matrix = np.ones((768, 768))
    matrix @ matrix
    start = perf_counter()
    matrix @ matrix
    return 2 * 768**3 / (perf_counter() - start) / 1.8
