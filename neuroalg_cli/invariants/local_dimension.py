"""The local dimension at given weights: the rank of d phi_w, next to the generic rank.  Where it is smaller, w is critical.

Let w be rational, with numerators and common denominator below 2^H.  The rank modulo p of the derivatives at random inputs is at
most the rank of d phi_w over Q, for certain, as long as p divides no denominator: a nonzero minor modulo p is a nonzero rational
number.  And the rank of d phi_w is at most the generic rank, for certain.  Where both meet there is no doubt.

Nor is there where the rank meets the bound of `neuroalg_cli.bounding.vanishing_derivatives`, which explains dead neurons.

Elsewhere, let M be a minor of size r, the rank at w, of the derivatives at generic inputs x: a polynomial in x alone,
not zero, of degree at most r*d, d a bound for the degree of f in (w, x).  Times a power of the common denominator its
coefficients are integers whose absolute values have a sum of at most 2^h, h = r (log2 r + log2 d + B + d H), B as for the
generic rank.  So r is missed only if p is among the h/22 primes that divide all coefficients, or if the inputs are a zero of M
modulo p: probability at most r*d/p (J. T. Schwartz 1980, R. Zippel 1979); the stacks that a trial looks at are added up,
and trials with new primes and inputs multiply, as in `neuroalg_cli.linear_algebra.generic_rank`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import DisagreementError, SpecError, UsageError, shown
from neuroalg_cli.invariant import Invariant
from neuroalg_cli.question import BUILTIN, Answer, Question
from neuroalg_cli.report.model import Claim, EngineIdentity, LimitsUsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.parametrization import PolynomialMap
    from neuroalg_cli.question import Method

_PRIMES = 268_216
_FURTHER_INPUTS = 3
_MAXIMAL_POLES = 20
_TARGET_PROBABILITY = 1e-9
_MAXIMAL_TRIALS = 6
#: certainties of a generic dimension that cannot be too small
_SURE = ("theorem", "proved", "exact")


def exact_point(question: Question) -> tuple[Fraction, ...]:
    """Returns the weights of a question as rational numbers; a float is the rational number that it is."""
    assert question.point is not None
    result = []
    for value in question.point:
        if isinstance(value, Fraction):
            result.append(value)
            continue
        try:
            result.append(Fraction(value.item() if hasattr(value, "item") else value))
        except (TypeError, ValueError, OverflowError):
            raise SpecError(f"the weight {shown(value)} is no rational number") from None
    return tuple(result)


def digest(point: tuple[Fraction, ...]) -> str:
    """Returns the SHA-256 of the weights as rational numbers in hexadecimal, in the order of the graph."""
    text = ",".join(f"{value.numerator:x}/{value.denominator:x}" for value in point)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def usable_prime(source: Any, phi: PolynomialMap, point: tuple[Fraction, ...]) -> int:
    """Returns a random prime that divides no denominator of the weights and no number of an activation."""
    from neuroalg_cli.linear_algebra.exact_linear_algebra import random_prime  # noqa: PLC0415

    denominators = {value.denominator for value in point}
    while True:
        prime = random_prime(source)
        if phi.activation_numbers % prime and all(denominator % prime for denominator in denominators):
            return prime


@dataclass(frozen=True, slots=True)
class LocalRank:
    """The rank found at the weights, the probability that it is too small, and the minor."""

    rank: int
    #: what the rank cannot exceed: the generic one, or what directions in the kernel leave
    upper: int
    error_probability: float
    primes: tuple[int, ...]
    evidence: dict[str, Any]


def local_rank(
    phi: PolynomialMap, point: tuple[Fraction, ...], generic: int, seed: int, seconds: float | None, memory: int | None
) -> LocalRank:
    """Returns the rank of d phi at the weights, a certain lower bound; ``generic`` stops the search where it is reached.

    Raises `TimeLimitError` and `MemoryLimitError` by its estimate, and `SpecError` where the network divides by 0 there.
    """
    from neuroalg_cli.bounding.vanishing_derivatives import kernel_bound  # noqa: PLC0415  # numpy

    best: LocalRank | None = None
    upper = generic
    primes: list[int] = []
    probability = 1.0
    trials = 1
    while len(primes) < trials:
        trial = _trial(phi, point, generic, seed, len(primes), seconds, memory)
        primes += trial.primes
        probability *= trial.error_probability
        if best is None or trial.rank > best.rank:
            best = trial
        if best.rank < upper and len(primes) == 1:
            upper = min(generic, phi.parameter_count - kernel_bound(phi.network, point, primes[0]))
        if best.rank >= upper:
            break
        needed = math.ceil(math.log(_TARGET_PROBABILITY) / math.log(min(trial.error_probability, 0.9)))
        trials = min(max(2, needed), _MAXIMAL_TRIALS if best.rank * phi.parameter_count <= 4 * 10**6 else 2)
    assert best is not None
    return replace(best, upper=upper, primes=tuple(primes), error_probability=probability)


def _trial(
    phi: PolynomialMap,
    point: tuple[Fraction, ...],
    generic: int,
    seed: int,
    number: int,
    seconds: float | None,
    memory: int | None,
) -> LocalRank:
    """Returns what one prime and random inputs say."""
    from neuroalg_cli.interpreters import modular  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.generic_rank import estimate  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues, residues_of  # noqa: PLC0415

    network = phi.network
    prime = usable_prime(generator(seed, f"local/prime/{number}"), phi, point)
    refuse_beyond(estimate(phi, generic), seconds, memory)
    w = residues_of(point, prime)
    n, outputs = network.input_size, network.output_size
    found = inputs = None
    poles = stacks = 0
    count = -(-generic // outputs) + 1
    while True:
        drawn = residues(seed, f"local/inputs/{number}/{poles}", count * n, prime).reshape(count, n)
        try:
            matrix = modular.jacobian(network, w, balanced(drawn, prime), prime)
        except ZeroDivisionError:
            poles += 1
            if poles > _MAXIMAL_POLES:
                raise SpecError(
                    "the network divides by zero at these weights, whatever the input is; its function is not defined there"
                ) from None
            continue
        further = rank_modulo(matrix, prime, overwrite=True)
        stacks += 1
        if found is not None and further.rank <= found.rank:
            break
        found, inputs = further, drawn
        if found.rank >= generic:
            break
        count += max(_FURTHER_INPUTS, count // 8 if stacks == 1 else count)
    assert inputs is not None
    used = sorted({row // outputs for row in found.pivot_rows})
    position = {old: new for new, old in enumerate(used)}
    evidence = {
        "value": found.rank,
        "prime": prime,
        "weights_sha256": digest(point),
        "inputs": inputs[used].tolist(),
        "pivot_rows": [position[row // outputs] * outputs + row % outputs for row in found.pivot_rows],
        "pivot_columns": list(found.pivot_columns),
    }
    return LocalRank(found.rank, generic, miss_probability(phi, point, generic, prime), (prime,), evidence)


def miss_probability(phi: PolynomialMap, point: tuple[Fraction, ...], rank_bound: int, prime: int) -> float:
    """Returns the bound of the module's docstring for one trial and a rank at the weights of at most ``rank_bound``."""
    if phi.total_degree >= prime or not rank_bound:
        return 1.0 if rank_bound else 0.0
    common = math.lcm(*{value.denominator for value in point}) if point else 1
    # The integers of w = v/common, bounded without dividing: |v| = |w| common.
    largest = max((abs(value) for value in point), default=Fraction(0))
    bits = max(float(common.bit_length()), float(math.ceil(largest * common).bit_length()))
    entry = math.log2(max(phi.total_degree, 2)) + phi.height_bits + phi.total_degree * bits
    height = rank_bound * (math.log2(max(rank_bound, 2)) + entry)
    # Primes that divide a denominator are not drawn: there are at most so many of them.
    drawn = _PRIMES - (common.bit_length() + phi.activation_numbers.bit_length()) / 22
    stacks = 2 + math.ceil(math.log2(max(rank_bound, 2)))
    bound = stacks * (rank_bound * phi.total_degree / prime + height / 22 / drawn) if drawn > 0 else 1.0
    divides = any(node.operation == "reciprocal" for node in phi.network.nodes)
    return min(1.0, 2 * bound if divides else bound)


def refuse_beyond(cost: Any, seconds: float | None, memory: int | None) -> None:
    """Raises `TimeLimitError` or `MemoryLimitError` if an estimate is beyond the limits."""
    from neuroalg_cli.errors import MemoryLimitError, TimeLimitError  # noqa: PLC0415

    if memory is not None and cost.memory_bytes > memory:
        raise MemoryLimitError(
            f"the rank at the weights needs about {cost.memory_bytes / 2**30:.1f} GiB and the limit is "
            f"{memory / 2**30:.1f} GiB; raise --memory or take a smaller network"
        )
    if seconds is not None and cost.seconds > seconds:
        raise TimeLimitError(
            f"the rank at the weights needs about {cost.seconds:.0f} s and the limit is {seconds:.0f} s; "
            "raise --timeout or take a smaller network"
        )


class JacobianMethod:
    """The rank at the weights modulo primes, compared with the generic dimension."""

    name = "jacobian"
    engine = BUILTIN
    certainty = "exact or modular"
    summary = "rank of d phi at given weights modulo primes; exact where it reaches the generic dimension"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where no weights are given, or where the network is not rational."""
        if question.point is None:
            return "the local dimension is that at given weights; give --weights FILE, or point=... in Python"
        if not question.phi.network.is_rational:
            return f"{question.architecture.label} is not rational; 'neuroalg dim' gives its functional dimension at the weights"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the claim; the generic dimension comes from the ladder of its own."""
        from neuroalg_cli.pipeline import choose  # noqa: PLC0415

        generic = choose(replace(question, invariant="dimension", method="auto", engine=BUILTIN, cross_check=False))[0]
        return self.compare(question, generic.answer(question).claim)

    def compare(self, question: Question, generic: Claim) -> Answer:
        """Returns the claim next to a generic dimension that is known already."""
        phi, point = question.phi, exact_point(question)
        dimension = generic.numbers["dimension"]
        if dimension is None:
            raise UsageError("the generic dimension is not known, so that there is nothing to compare the weights with")
        found = local_rank(phi, point, dimension, question.seed, question.seconds, question.memory)
        if found.rank > dimension:
            raise DisagreementError(
                f"the rank at the weights is {found.rank}, more than the generic dimension {dimension} "
                f"({generic.method} on {generic.engine.name}); that one is wrong, please report it"
            )
        limited = question.seconds is not None and math.isfinite(question.seconds)
        sureness = _sureness(found, dimension, generic)
        is_known = sureness["kind"] == "exact"
        claim = Claim(
            invariant="local_dimension",
            method=self.name,
            engine=_builtin(),
            value={
                "local_dimension": found.rank,
                "dimension": dimension,
                "corank": dimension - found.rank if is_known else None,
                "is_critical": found.rank < dimension if is_known else None,
            },
            evidence={"minor": found.evidence, "at_most": found.upper},
            seed=question.seed,
            primes=found.primes,
            limits=LimitsUsed(seconds=question.seconds if limited else None, memory_bytes=question.memory),
            **sureness,
        )
        return Answer(claim)


def _sureness(found: LocalRank, dimension: int, generic: Claim) -> dict[str, Any]:
    """Returns certainty, kind, error probability and assumptions."""
    exact_floats = "the weights are taken as the rational numbers that the file or the floats say, exactly"
    sure = generic.certainty in _SURE
    minor = f"a minor of size {found.rank} is not 0 at the weights"
    if found.rank == found.upper and sure:
        because = "and no rank exceeds the generic dimension"
        if found.rank < dimension:
            because = "and all other directions are known symmetries or derivatives that vanish"
        return {"certainty": "exact", "kind": "exact", "assumptions": (exact_floats, f"{minor}, {because}")}
    at_least = f"the local dimension is at least {found.rank}, for certain"
    doubt = 0.0 if sure or generic.error_probability is None else float(generic.error_probability)
    doubt += 0.0 if found.rank == found.upper else found.error_probability
    if doubt >= 1:
        # The bound on the error says nothing, so that nothing more than the lower bound is claimed.
        return {"certainty": "modular", "kind": "lower_bound", "assumptions": (exact_floats, at_least)}
    from neuroalg_cli.claims import rounded_up  # noqa: PLC0415

    unless = f"{at_least}; it is {found.rank} unless random inputs modulo {len(found.primes)} random primes were all exceptional"
    return {
        "certainty": "modular",
        "kind": "exact",
        "error_probability": rounded_up(doubt),
        "assumptions": (exact_floats, unless),
    }


def _builtin() -> EngineIdentity:
    from neuroalg_cli.version import program_version  # noqa: PLC0415

    return EngineIdentity(name=BUILTIN, version=program_version())


def _methods() -> tuple[Method, ...]:
    return (JacobianMethod(),)


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="local_dimension",
    summary="rank of d phi at given weights, next to the generic one: whether the weights are a critical point",
    key="local_dimension",
    methods=_factory,
)
