"""The functional dimension at given weights, for networks that apply functions such as relu, exp or tanh.

It is the largest rank of the stacked derivatives d f_w(x_1)/dw, ..., d f_w(x_N)/dw over all finite sets of inputs at which f is
smooth in (w, x) (J. E. Grigsby, K. Lindsey, R. Meyerhoff, C. Wu, arXiv:2209.04036).  There is no generic value: it differs from
region to region of W, so that the answer is local to the weights.

*relu and rational operations only*: the activation patterns are decided over Q, and with them the derivatives are
rational functions; their rank modulo a prime is a lower bound for certain.  *Other functions*: derivatives in balls; the rank is
certified by a minor whose ball does not contain 0.  Any inputs give a lower bound.  The upper bound is P less the scalings of
`neuroalg_cli.symmetry.relu_symmetries`; where both meet, the value is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import MemoryLimitError, SpecError, TimeLimitError
from neuroalg_cli.invariant import Invariant
from neuroalg_cli.invariants.local_dimension import digest, exact_point, refuse_beyond, usable_prime
from neuroalg_cli.question import BUILTIN, Answer, Question
from neuroalg_cli.report.model import Claim, EngineIdentity, LimitsUsed
from neuroalg_cli.symmetry.known_symmetries import describe
from neuroalg_cli.symmetry.relu_symmetries import free_scalings

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from neuroalg_cli.network import Network
    from neuroalg_cli.question import Method

#: inputs are integers of up to so many steps of size 1/16, drawn from all scales in turn: near 0 and far out lie other regions
_SCALES = (16, 64, 4, 256, 1024)
_STEPS = 16
_MAXIMAL_WEIGHT = 32
_MAXIMAL_REDRAWS = 50
#: the rank must stay the same over so many rounds, each with as many inputs as there were before
_QUIET_ROUNDS = 2
_PRECISIONS = (128, 256, 512, 1024)
_PIECEWISE = {"relu"}
_SOURCE = "J. E. Grigsby, K. Lindsey, R. Meyerhoff, C. Wu, arXiv:2209.04036"


@dataclass(frozen=True, slots=True)
class Found:
    """A rank that is certain as a lower bound, and how it was found."""

    rank: int
    inputs: int
    regions: int | None
    primes: tuple[int, ...] = ()
    assumptions: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)


def random_point(network: Network, source: random.Random) -> tuple[Fraction, ...]:
    """Returns small rational weights, none of them zero."""
    return tuple(
        Fraction(source.choice((-1, 1)) * source.randint(1, _MAXIMAL_WEIGHT), _STEPS)
        for _ in range(network.parameter_count)
    )


def _input(size: int, number: int, source: random.Random) -> tuple[Fraction, ...]:
    """Returns the input of a number: rational, of one of several scales."""
    scale = _SCALES[number % len(_SCALES)]
    return tuple(Fraction(source.randint(-scale, scale), _STEPS) for _ in range(size))


class _UndefinedError(SpecError):
    """The network is not smooth at any input that was tried."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} at {_MAXIMAL_REDRAWS} random inputs in a row; the functional dimension needs inputs at which "
            "the network is smooth"
        )


def piecewise_rank(question: Question, point: tuple[Fraction, ...], upper: int) -> Found:
    """Returns the rank over many activation regions of a network whose only function is relu."""
    import numpy as np  # noqa: PLC0415

    from neuroalg_cli.interpreters import modular, piecewise  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.generic_rank import estimate  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import generator, residues_of  # noqa: PLC0415
    from neuroalg_cli.parametrization import PolynomialMap  # noqa: PLC0415

    network = question.phi.network
    masked = PolynomialMap(piecewise.masked(network))
    refuse_beyond(estimate(masked, 2 * upper), question.seconds, question.memory)
    source = generator(question.seed, "functional-dimension/inputs")
    prime = usable_prime(generator(question.seed, "functional-dimension/prime"), masked, (*point, Fraction(1, _STEPS)))
    w = residues_of(point, prime)
    outputs = network.output_size
    rows = np.zeros((0, network.parameter_count))
    columns: tuple[int, ...] = ()
    origins: list[tuple[int, int]] = []
    inputs: list[tuple[Fraction, ...]] = []
    regions: set[bytes] = set()
    first = -(-upper // outputs) + len(_SCALES)
    quiet = poles = 0
    while len(rows) < upper and quiet < _QUIET_ROUNDS:
        fresh = _in_regions(network, point, source, len(inputs), max(first, len(inputs) // 2))
        extended = np.array([np.concatenate([residues_of(x, prime), masks]) for x, masks in fresh])
        try:
            further = modular.jacobian(masked.network, w, extended, prime)
        except ZeroDivisionError:  # modulo this prime only
            poles += 1
            if poles > _MAXIMAL_REDRAWS:
                raise _UndefinedError("the network divides by zero modulo a prime") from None
            continue
        candidates = origins + [(len(inputs) + row // outputs, row % outputs) for row in range(len(further))]
        inputs += [x for x, _ in fresh]
        regions.update(masks.tobytes() for _, masks in fresh)
        stacked = np.concatenate([rows, further])
        found = rank_modulo(stacked, prime)
        quiet = quiet + 1 if found.rank == len(rows) else 0
        origins = [candidates[row] for row in found.pivot_rows]
        rows, columns = stacked[list(found.pivot_rows)], found.pivot_columns
    used = sorted({number for number, _ in origins})
    position = {old: new for new, old in enumerate(used)}
    evidence = {
        "value": len(rows),
        "prime": prime,
        "weights_sha256": digest(point),
        "inputs": [[str(value) for value in inputs[number]] for number in used],
        "pivot_rows": [position[number] * outputs + row for number, row in origins],
        "pivot_columns": list(columns),
    }
    return Found(len(rows), len(inputs), len(regions), (prime,), (), evidence)


def _in_regions(
    network: Network, point: tuple[Fraction, ...], source: random.Random, start: int, count: int
) -> list[tuple[tuple[Fraction, ...], Any]]:
    """Returns so many inputs inside of activation regions, with their patterns as float64."""
    import numpy as np  # noqa: PLC0415

    from neuroalg_cli.interpreters import piecewise  # noqa: PLC0415

    weights = piecewise.rationals(point)
    result: list[tuple[tuple[Fraction, ...], Any]] = []
    redraws = 0
    while len(result) < count:
        x = _input(network.input_size, start + len(result), source)
        try:
            masks = piecewise.pattern(network, weights, piecewise.rationals(x))
        except (piecewise.KinkError, ZeroDivisionError) as error:
            redraws += 1
            if redraws > _MAXIMAL_REDRAWS:
                what = "the network divides by zero" if isinstance(error, ZeroDivisionError) else "a relu has a kink"
                raise _UndefinedError(what) from None
            continue
        redraws = 0
        result.append((x, masks.astype(np.float64)))
    return result


def ball_rank(question: Question, point: tuple[Fraction, ...], upper: int) -> Found:
    """Returns the certified rank of a network with functions that are not rational, at many inputs."""
    import numpy as np  # noqa: PLC0415

    from neuroalg_cli.interpreters import balls  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415

    network = question.phi.network
    count = -(-upper // network.output_size) + len(_SCALES)
    _refuse_balls(network, count, upper, question)
    source = generator(question.seed, "functional-dimension/inputs")
    inputs: list[tuple[Fraction, ...]] = []
    best: balls.CertifiedRank | None = None
    bits = 0
    for step, bits in enumerate(_PRECISIONS):
        with balls.precision(bits):
            blocks = [balls.jacobian(network, point, x) for x in inputs]
            fresh = _smooth_inputs(network, point, source, len(inputs), count * min(step + 1, 2))
            inputs += [x for x, _ in fresh]
            matrix = np.concatenate([*blocks, *(block for _, block in fresh)])
            found = balls.certified_rank(matrix, upper)
        has_grown = best is None or found.rank > best.rank
        best = found if best is None or found.rank >= best.rank else best
        if not has_grown or found.rank == upper:
            break
    assert best is not None
    evidence = {
        "value": best.rank,
        "bits": bits,
        "weights_sha256": digest(point),
        "inputs": [[str(value) for value in x] for x in inputs],
        "pivot_rows": list(best.pivot_rows),
        "pivot_columns": list(best.pivot_columns),
    }
    assumptions: tuple[str, ...] = ()
    if best.rank < upper:
        rest = "nothing" if not best.remainder else f"entries below {best.remainder:.0e}"
        assumptions = (f"with {bits} bits the elimination leaves {rest} behind the minor",)
    return Found(best.rank, len(inputs), None, (), assumptions, evidence)


def _smooth_inputs(
    network: Network, point: tuple[Fraction, ...], source: random.Random, start: int, end: int
) -> list[tuple[tuple[Fraction, ...], Any]]:
    """Returns the inputs from number ``start`` to ``end``, at all of which the network is smooth, with the derivatives."""
    from neuroalg_cli.interpreters import balls  # noqa: PLC0415

    result: list[tuple[tuple[Fraction, ...], Any]] = []
    redraws = 0
    while start + len(result) < end:
        x = _input(network.input_size, start + len(result), source)
        try:
            block = balls.jacobian(network, point, x)
        except balls.UndefinedError:
            redraws += 1
            if redraws > _MAXIMAL_REDRAWS:
                raise _UndefinedError("a value is not defined") from None
            continue
        redraws = 0
        result.append((x, block))
    return result


def _refuse_balls(network: Network, count: int, upper: int, question: Question) -> None:
    """Refuses networks for which balls are too slow, by a count of the operations on them."""
    parameters, rows = network.parameter_count, count * network.output_size
    products = parameters + sum(
        node.size * (network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1)
        for node in network.nodes
    )
    seconds = 3 * 4e-7 * (2 * rows * products + rows * parameters) + 5e-8 * min(rows, upper) * rows * parameters
    memory = 500 * rows * parameters + 300 * 2**20
    if question.seconds is not None and seconds > question.seconds:
        raise TimeLimitError(
            f"the rank in ball arithmetic needs about {seconds:.0f} s and the limit is {question.seconds:.0f} s; "
            "raise --timeout or take a smaller network"
        )
    if question.memory is not None and memory > question.memory:
        raise MemoryLimitError(
            f"the rank in ball arithmetic needs about {memory / 2**30:.1f} GiB and the limit is "
            f"{question.memory / 2**30:.1f} GiB; raise --memory or take a smaller network"
        )


class JacobianMethod:
    """The rank of the derivatives at many inputs: modulo a prime by activation patterns, or certified in balls."""

    name = "jacobian"
    engine = BUILTIN
    certainty = "exact, modular or certified_numeric"
    summary = "rank of the derivatives at many inputs, exact by activation patterns or certified in balls"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence for rational networks, which have a dimension."""
        if question.phi.network.is_rational:
            return f"{question.architecture.label} is rational: it has a dimension, and a local one at given weights"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the claim at the given weights, or at random ones."""
        from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415

        phi = question.phi
        network = phi.network
        is_given = question.point is not None
        weights = generator(question.seed, "functional-dimension/weights")
        point = exact_point(question) if is_given else random_point(network, weights)
        upper = phi.parameter_count - orbit_dimension(network, point, question.seed)
        is_piecewise = {node.name for node in network.nodes if node.operation == "function"} <= _PIECEWISE
        found = (piecewise_rank if is_piecewise else ball_rank)(question, point, upper)
        meets = found.rank == upper
        limited = question.seconds is not None and math.isfinite(question.seconds)
        details: dict[str, Any] = {"certainty": "exact" if meets else "modular"}
        if not is_piecewise:
            details["certainty"] = "certified_numeric"
        claim = Claim(
            invariant="functional_dimension",
            method=self.name,
            engine=_builtin(),
            kind="exact" if meets else "lower_bound",
            value={
                "functional_dimension": found.rank,
                "upper_bound": upper,
                "parameters": phi.parameter_count,
                "inputs": found.inputs,
                "activation_regions": found.regions,
            },
            assumptions=(*self._assumptions(found, meets=meets, is_given=is_given), *found.assumptions),
            known_symmetries=describe(network),
            references=(_SOURCE,),
            evidence={"minor": found.evidence, "weights": [str(value) for value in point] if not is_given else None},
            seed=question.seed,
            primes=found.primes,
            limits=LimitsUsed(seconds=question.seconds if limited else None, memory_bytes=question.memory),
            **details,
        )
        return Answer(claim)

    def _assumptions(self, found: Found, *, meets: bool, is_given: bool) -> tuple[str, ...]:
        where = f"{found.inputs} inputs"
        if found.regions is not None:
            where += f" in {found.regions} activation regions"
        at = (
            "the given weights, taken as exact rational numbers"
            if is_given
            else "random weights, which are in the evidence"
        )
        local = f"local to {at}: other weights may have another functional dimension"
        if meets:
            return (
                local,
                f"{where} reach the upper bound, parameters less independent symmetries, so that there is no more",
            )
        return (local, f"at least {found.rank} for certain, from {where}; other inputs may raise it")


def orbit_dimension(network: Network, point: tuple[Fraction, ...], seed: int) -> int:
    """Returns a number of independent directions at the weights in which no function value changes.

    The larger one of the count of `neuroalg_cli.symmetry.relu_symmetries` and of the rank of all known fields modulo a prime.
    """
    from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import generator, residues_of  # noqa: PLC0415
    from neuroalg_cli.parametrization import PolynomialMap  # noqa: PLC0415
    from neuroalg_cli.symmetry.known_symmetries import usable_symmetries  # noqa: PLC0415
    from neuroalg_cli.symmetry.symmetry_fields import fields  # noqa: PLC0415

    count = free_scalings(network, point)
    found = usable_symmetries(network)
    if sum(symmetry.count for symmetry in found) <= count:
        return count
    prime = usable_prime(generator(seed, "functional-dimension/orbit"), PolynomialMap(network), point)
    matrix = fields(network, found, residues_of(point, prime), prime)
    return max(count, rank_modulo(matrix, prime, overwrite=True).rank)


def _builtin() -> EngineIdentity:
    from neuroalg_cli.version import program_version  # noqa: PLC0415

    return EngineIdentity(name=BUILTIN, version=program_version())


def _methods() -> tuple[Method, ...]:
    return (JacobianMethod(),)


_factory: Callable[[], tuple[Method, ...]] = _methods
INVARIANT = Invariant(
    name="functional_dimension",
    summary="rank of the derivatives by the parameters at given weights, for networks with relu, exp, tanh, ...",
    key="functional_dimension",
    methods=_factory,
)
