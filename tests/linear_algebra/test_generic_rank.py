"""The generic rank: determinism, degenerate networks, refusals before the work begins, and evidence that holds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding.bounds import UpperBound
from neuroalg_cli.errors import MemoryLimitError, SpecError, TimeLimitError
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra import generic_rank as module
from neuroalg_cli.linear_algebra.generic_rank import estimate, generic_rank, miss_probability
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap


def phi_of(*arguments, **options):
    return PolynomialMap(mlp(*arguments, **options).network())


@pytest.fixture
def loose_bounds(monkeypatch):
    """Makes every upper bound too large by one, so that nothing is proved."""
    exact = module.upper_bound

    def loose(network, point, prime):
        found = exact(network, point, prime)
        return UpperBound(found.value + 1, found.evidence)

    monkeypatch.setattr(module, "upper_bound", loose)
    monkeypatch.setattr(module, "refined_upper_bound", lambda network, point, prime, _: loose(network, point, prime))


def test_the_same_seed_gives_the_same_evidence():
    phi = phi_of([2, 3, 4, 2], 2)
    assert generic_rank(phi, 5) == generic_rank(phi_of([2, 3, 4, 2], 2), 5)


def test_other_seeds_give_other_points_and_the_same_rank():
    phi = phi_of([2, 3, 4, 2], 2)
    found = [generic_rank(phi, seed) for seed in range(6)]
    assert len({trial.primes for trial in found}) > 1
    assert len({tuple(trial.lower_evidence["point"]) for trial in found}) == 6
    assert len({trial.rank for trial in found}) == 1


@pytest.mark.parametrize(
    ("arguments", "options", "rank"),
    [
        (([3, 3, 1, 4], 3), {}, 12),  # after one neuron all outputs are proportional: P/n_L inputs are too few
        (([5, 1, 20], 2), {}, 5 + 20 - 1),
        (([4, 4, 1, 30], 2), {}, 10 + 30 - 1),  # a quadratic form of full rank, squared, times a vector
        (([3, 2],), {}, 6),
        (([1, 1],), {}, 1),
        (([1, 7],), {}, 7),
        (([7, 1],), {}, 7),
        (([1, 1], 5), {}, 1),
        (([1, 1, 1], 3), {}, 1),
        (([1, 4, 1], 3), {}, 1),
        (([1, 4, 4, 3], 2), {}, 3),
        (([4, 1, 1, 1], 2), {}, 4),
        (([1, 1],), {"biases": True}, 2),
        (([1, 1, 1], 2), {"biases": True}, 3),
        (([1] * 20, 2), {}, 1),
        (([1, 2, 1], 2), {"biases": True}, 3),
        (([2, 2, 1],), {"activation": "z^3+z^2"}, 6),  # arXiv:2501.18915: 6 parameters, a hypersurface in 7 coordinates
        (([1, 1, 1], 1000), {}, 1),
    ],
)
def test_degenerate_networks(arguments, options, rank):
    found = generic_rank(phi_of(*arguments, **options), 0)
    assert found.rank == rank
    assert found.is_proved


def test_a_network_without_parameters_is_a_point():
    builder = NetworkBuilder()
    network = builder.finish(builder.polynomial(builder.input((2,)), [(2, 1)]))
    assert generic_rank(PolynomialMap(network), 0).rank == 0


def test_a_parameter_that_nothing_uses_changes_no_rank():
    builder = NetworkBuilder()
    x = builder.input((2,))
    builder.parameter("idle", (5,))
    network = builder.finish(builder.matmul(builder.parameter("W", (2, 2)), x))
    assert generic_rank(PolynomialMap(network), 0).rank == 4


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.usefixtures("loose_bounds")
def test_what_is_not_proved_has_an_error_probability(seed, outputs):
    phi = phi_of([2, 3, outputs], 3)
    found = generic_rank(phi, seed)
    assert found.rank == 4 if outputs == 1 else 12 - 3
    assert not found.is_proved
    assert 0 < found.error_probability < 1e-6
    assert len(set(found.primes)) == len(found.primes) >= 2


@pytest.mark.usefixtures("loose_bounds")
def test_larger_degrees_cost_certainty():
    small = generic_rank(phi_of([2, 2, 1], 2), 0)
    large = generic_rank(phi_of([2, 2, 1], 900), 0)
    assert small.error_probability < large.error_probability <= 1


def test_a_degree_beyond_every_float_leaves_no_certainty(monkeypatch):
    monkeypatch.setattr(module, "upper_bound", lambda *_: UpperBound(2, {}))
    found = generic_rank(phi_of([1] * 120, 900), 0)
    assert (found.rank, found.error_probability) == (1, 1.0)


def test_a_probability_is_never_zero_nor_above_one(monkeypatch):
    monkeypatch.setattr(module, "upper_bound", lambda network, *_: UpperBound(network.parameter_count + 1, {}))
    for arguments in (([1, 1],), ([3, 3, 3],), ([2, 5, 1], 4), ([2, 2, 2, 2, 2], 5)):
        found = generic_rank(phi_of(*arguments), 0)
        assert 0 < found.error_probability <= 1


CASES = [([3, 2, 3],), ([3, 3, 1, 4], 3), ([2, 3, 4, 2], 2), ([4, 3, 1], 2), ([2, 3, 7, 1], 3), ([1, 1],)]


@pytest.mark.parametrize("arguments", CASES, ids=str)
@pytest.mark.parametrize("biases", [False, True])
def test_the_minor_in_the_evidence_is_not_zero(arguments, biases):
    phi = phi_of(*arguments, biases=biases)
    found = generic_rank(phi, 3)
    evidence = found.lower_evidence
    prime = evidence["prime"]
    assert evidence["value"] == found.rank == len(evidence["pivot_rows"]) == len(evidence["pivot_columns"])
    assert all(0 <= value < prime for value in [*evidence["point"], *(v for x in evidence["inputs"] for v in x)])
    assert len(evidence["point"]) == phi.parameter_count
    w = balanced(np.array(evidence["point"], dtype=np.int64), prime)
    x = balanced(np.array(evidence["inputs"], dtype=np.int64), prime)
    assert x.shape[1] == phi.network.input_size
    jacobian = modular.jacobian(phi.network, w, x, prime)
    minor = jacobian[np.ix_(evidence["pivot_rows"], evidence["pivot_columns"])]
    assert nmod_mat([[int(value) % prime for value in row] for row in minor], prime).det() != 0


@pytest.mark.parametrize("text", ["1/{p}*z^2", "{p}*z^2", "{p}*z^2+z", "z^2+1/{p}*z"])
@pytest.mark.parametrize("biases", [False, True])
def test_primes_that_divide_a_coefficient_are_not_used(text, biases):
    # the prime that this seed draws first is put into the activation
    first = generic_rank(phi_of([2, 2, 1], 2), 7).primes[0]
    found = generic_rank(phi_of([2, 2, 1], activation=text.format(p=first), biases=biases), 7)
    other = generic_rank(phi_of([2, 2, 1], activation=text.format(p=3), biases=biases), 7)
    assert found.rank == other.rank
    assert first not in found.primes


def test_work_beyond_the_limits_is_refused_before_it_begins(monkeypatch):
    def begun(*_):
        raise AssertionError("the work began")

    monkeypatch.setattr(modular, "jacobian", begun)
    with pytest.raises(TimeLimitError, match=r"about [0-9]+ s and the limit is 1 s.*--timeout"):
        generic_rank(phi_of([120, 120, 120, 10], 2), 0, seconds=1)
    with pytest.raises(MemoryLimitError, match=r"about [0-9.]+ GiB and the limit is 1\.0 GiB.*--memory"):
        generic_rank(phi_of([120, 120, 120, 10], 2), 0, memory=2**30)


@pytest.mark.parametrize("widths", [[10**9, 10**9, 10**9], [10**6] * 5, [10**5, 10**5], [10**9, 1]])
def test_huge_networks_are_refused_at_once(widths):
    with pytest.raises((MemoryLimitError, TimeLimitError), match="limit"):
        generic_rank(phi_of(widths, 2), 0, seconds=60, memory=2**33)


def test_estimates_grow_with_the_network():
    costs = [estimate(phi_of([n, n, n], 3), 2 * n * n - n) for n in (5, 20, 80, 320)]
    assert [cost.seconds for cost in costs] == sorted(cost.seconds for cost in costs)
    assert [cost.memory_bytes for cost in costs] == sorted(cost.memory_bytes for cost in costs)
    assert costs[-1].memory_bytes > 8 * (2 * 320**2 - 320) ** 2 / 2


def test_the_dimension_is_at_most_the_bound_in_the_refusal():
    with pytest.raises(TimeLimitError, match=f"at most {100 * 100 + 100 * 100 - 100}"):
        generic_rank(phi_of([100, 100, 100], 5), 0, seconds=0.001)


def test_the_constants_of_the_error_bounds_are_those_of_a_sieve():
    size = 2**23 + 200
    is_prime = np.ones(size, dtype=bool)
    is_prime[:2] = False
    for factor in range(2, int(size**0.5) + 1):
        if is_prime[factor]:
            is_prime[factor * factor :: factor] = False
    primes = np.flatnonzero(is_prime)
    assert ((primes >= 2**22) & (primes < 2**23)).sum() == module._PRIMES
    # engines take the next prime after a random number from 2^22 on: invariants/dimension.py counts with this gap
    assert np.diff(primes[primes >= 2**22 - 400]).max() == 154


def quotients(n, k, m=1):
    """Returns x -> V (1/(W x))."""
    builder = NetworkBuilder()
    x = builder.input((n,))
    hidden = builder.reciprocal(builder.matmul(builder.parameter("W", (k, n)), x))
    return builder.finish(builder.matmul(builder.parameter("V", (m, k)), hidden))


@pytest.mark.parametrize(("n", "k", "m"), [(1, 1, 1), (1, 3, 2), (2, 1, 1), (3, 4, 1), (2, 3, 3), (4, 60, 1)])
def test_sums_of_reciprocal_linear_forms(n, k, m):
    # partial fractions are unique: for n >= 2 the poles W_i, up to scalars, and their residues V_i are determined by f, which is
    # k (n + m - 1) dimensions; for n = 1 f is V (1/W) / x, which is m
    found = generic_rank(PolynomialMap(quotients(n, k, m)), 3)
    assert found.rank == (k * (n + m - 1) if n > 1 else m)
    assert not found.is_proved or found.rank == found.upper.value
    assert 0 < found.error_probability < 1e-3 or found.is_proved


def test_poles_among_the_inputs_are_drawn_again(monkeypatch):
    # a third of all inputs are said to be poles: the others do the work
    phi = PolynomialMap(quotients(3, 4))
    whole = generic_rank(phi, 3)
    are_regular = modular.are_regular

    def some_are_not(network, w, inputs, prime):
        return are_regular(network, w, inputs, prime) & (inputs[:, 0] % 3 != 0)

    monkeypatch.setattr(modular, "are_regular", some_are_not)
    found = generic_rank(phi, 3)
    assert found.rank == whole.rank == 12
    inputs = balanced(np.array(found.lower_evidence["inputs"]), found.lower_evidence["prime"])
    assert (inputs[:, 0] % 3 != 0).all()


def test_a_denominator_that_is_zero_identically_is_refused():
    builder = NetworkBuilder()
    x = builder.input((2,))
    y = builder.matmul(builder.parameter("W", (2, 2)), x)
    difference = builder.sum(y, builder.polynomial(y, [(1, Fraction(-1))]))
    network = builder.finish(builder.reciprocal(difference))
    with pytest.raises(SpecError, match="divides by zero at 21 random points"):
        generic_rank(PolynomialMap(network), 0)


def test_rational_networks_that_are_polynomial_have_the_polynomial_rank():
    # y (x + b)/ (x + b) and 1/(1/y) for y = W x
    for divide_twice in (False, True):
        builder = NetworkBuilder()
        x = builder.input((3,))
        y = builder.matmul(builder.parameter("W", (3, 3)), x)
        if divide_twice:
            output = builder.reciprocal(builder.reciprocal(y))
        else:
            shifted = builder.sum(x, builder.parameter("b", (3,)))
            output = builder.product(builder.product(y, shifted), builder.reciprocal(shifted))
        assert generic_rank(PolynomialMap(builder.finish(output)), 0).rank == 9


def test_the_error_bound_grows_with_the_poles():
    without = PolynomialMap(quotients(2, 2))
    assert without.pole_degree == 4
    assert PolynomialMap(quotients(3, 60)).pole_degree == 120
    prime = 4194319
    bound = miss_probability(without, 4, prime)
    assert 0 < bound < 1e-3
    without.__dict__["pole_degree"] = prime // 2
    assert miss_probability(without, 4, prime) == pytest.approx(4 * bound, rel=1e-4)
    without.__dict__["pole_degree"] = prime
    assert miss_probability(without, 4, prime) == 1.0
