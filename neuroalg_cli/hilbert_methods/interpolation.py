"""The Hilbert function as ranks modulo a prime, degree by degree, until the series is established.

HF(e) over Q is at least the rank modulo p, for every prime and all points (`neuroalg_cli.variety.ideal_modulo`), and larger only
if these were exceptional.  Whether the series is established is another question: `neuroalg_cli.hilbert_methods.ending`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import not_polynomial
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, NoResultError, TimeLimitError
from neuroalg_cli.hilbert_methods.claim import hilbert_claim
from neuroalg_cli.hilbert_methods.ending import Ending, ending, of_hypersurface
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import BUILTIN, Answer
from neuroalg_cli.report.model import Completeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.ideal_modulo import DegreePart, IdealModulo
    from neuroalg_cli.variety.model import ProjectiveModel

REFERENCES = (
    "H. M. Möller, B. Buchberger, The construction of multivariate polynomials with preassigned zeros, 1982",
    "W. Bruns, J. Herzog, Cohen-Macaulay Rings, sections 4.1 and 4.7",
)


@dataclass
class Interpolation:
    """The ideal of V modulo a prime as far as it was computed, with what is known of the series."""

    model: ProjectiveModel
    krull: int
    dimension_bound: int
    prime: int
    #: the Hilbert function at 0, 1, ...
    function: list[int] = field(default_factory=lambda: [1])
    found: Ending | None = None
    _ideals: dict[bool, IdealModulo] = field(default_factory=dict)

    def run(self, question: Question) -> None:
        """Computes degree after degree until the series is established or --max-degree is reached.

        Raises `TimeLimitError` or `MemoryLimitError`, or `NoResultError` where nothing will say the degree, without which no
        series is established; what is known by then stays.
        """
        self.found = self.found or of_hypersurface(self.function, (), self.krull, self.model.N)
        while self.found is None and (question.max_degree is None or len(self.function) <= question.max_degree):
            degree = len(self.function)
            question.announce(f"Hilbert function at {degree}")
            question.deadline.require(f"the Hilbert function at {degree} was found")
            part = self._parts(question, degree, expand=False)[-1]
            self.function.append(part.hilbert)
            if part.equations:
                self.found = self._ending(question, degree)

    def equations(self, question: Question) -> list[dict[tuple[int, ...], Fraction]]:
        """Returns the equations found, a Gröbner basis as far as they go, in the variables of the model but with y_0 last."""
        if len(self.function) == 1:
            return []
        result = []
        for part in self._parts(question, len(self.function) - 1, expand=True):
            for block in part.blocks:
                monomials = block.monomials if self.model.is_cone else [(*m[1:], m[0]) for m in block.monomials]
                for i, row in zip(block.leading, block.kernel.tolist(), strict=True):
                    equation = {monomials[j]: Fraction(-int(c)) for j, c in zip(block.standard, row, strict=True) if c}
                    result.append({monomials[i]: Fraction(1), **equation})
        return result

    def _ending(self, question: Question, degree: int) -> Ending | None:
        parts = self._parts(question, degree, expand=False)
        found = of_hypersurface(self.function, parts, self.krull, self.model.N)
        if found is not None:
            return found
        question.announce(f"equations of degree {degree}")
        self._parts(question, degree, expand=True)
        return ending(question, self.function, self._ideals[True], self.krull, self.dimension_bound)

    def _parts(self, question: Question, degree: int, *, expand: bool) -> Sequence[DegreePart]:
        """Returns the degrees 1 to ``degree``, with all their blocks or with one of each orbit."""
        from neuroalg_cli.variety.ideal_modulo import IdealModulo  # noqa: PLC0415  # numpy

        is_whole = expand or not self.model.is_mixed
        if is_whole not in self._ideals:
            self._ideals[is_whole] = IdealModulo(
                self.model,
                self.prime,
                question.seed,
                expand=is_whole,
            )
        ideal = self._ideals[is_whole]
        ideal.deadline, ideal.memory = question.deadline, question.memory
        while len(ideal.parts) < degree:
            ideal.next()
        return ideal.parts[:degree]


def interpolation(question: Question) -> Interpolation:
    """Returns an interpolation of V, begun at most once for a question; raises the errors of the dimension and of the model."""
    from neuroalg_cli.degree_methods.claim import krull_bound  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415  # numpy
    from neuroalg_cli.variety.model import projective_model, usable_prime  # noqa: PLC0415  # numpy

    known: Interpolation | None = question.memory_of_answers.get("hilbert interpolation")
    if known is None:
        dimension = known_dimension(question)
        model = projective_model(question.phi)
        prime = usable_prime(question.phi, generator(question.seed, "hilbert/prime"))
        krull = dimension.value + (not model.is_cone)
        known = Interpolation(model, krull, krull_bound(dimension, model), prime)
        question.memory_of_answers["hilbert interpolation"] = known
    return known


class InterpolationMethod:
    """Ranks of all monomials of degree 1, 2, ... at random points modulo a prime."""

    name = "interpolation"
    engine = BUILTIN
    certainty = "modular"
    summary = "ranks modulo a prime, degree by degree, and the series once the degree confirms it"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates."""
        return not_polynomial(question)

    def answer(self, question: Question) -> Answer:
        """Returns the claim; with ``stopped`` and the values so far if the search for the series ended without it."""
        if not question.phi.ambient_dimension:
            return Answer(self._origin(question))
        work = interpolation(question)
        stopped: NeuroalgError | None = None
        try:
            work.run(question)
        except (TimeLimitError, MemoryLimitError, NoResultError) as error:
            if len(work.function) == 1:
                raise
            stopped = error
        return Answer(self._claim(question, work, is_stopped=stopped is not None), stopped=stopped)

    def _origin(self, question: Question) -> Any:
        from neuroalg_cli.variety.hilbert_series import HilbertSeries  # noqa: PLC0415

        return hilbert_claim(
            question, self, [1], HilbertSeries((1,), 0), is_cohen_macaulay=True, certainty="exact", seed=None
        )

    def _claim(self, question: Question, work: Interpolation, *, is_stopped: bool) -> Any:
        found = work.found
        last = len(work.function) - 1
        ranks = f"ranks modulo {work.prime} at random points are the values of the Hilbert function over Q up to degree {last}"
        assumptions = [ranks] if last else []
        if found is None:
            completeness = Completeness(
                is_complete=None,
                certainty=None,
                statement=f"the Hilbert function is known up to degree {last}; the series is not established by then",
            )
        else:
            completeness = Completeness(
                is_complete=found.is_complete,
                certainty="modular" if found.is_complete else None,
                statement=found.statement,
                checks=found.checks,
            )
            if not found.is_complete:
                assumptions.append(
                    "no equations of higher degree cut off parts of smaller dimension: the h-vector has ended, which is evidence "
                    "and no proof, and its probability is not known"
                )
        return hilbert_claim(
            question,
            self,
            work.function,
            None if found is None else found.series,
            kind="lower_bound" if is_stopped else "exact",
            is_cohen_macaulay=None if found is None else found.is_cohen_macaulay,
            certainty="modular",
            primes=(work.prime,) if last else (),
            completeness=completeness,
            assumptions=tuple(assumptions),
            references=REFERENCES,
            evidence={"computed_up_to": last},
        )
