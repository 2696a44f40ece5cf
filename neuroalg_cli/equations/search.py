"""Equations degree by degree: found modulo a prime, lifted, proved, and judged for completeness after every degree."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neuroalg_cli.equations import completeness
from neuroalg_cli.equations.completeness import Situation, Verdict
from neuroalg_cli.equations.equation import order_key
from neuroalg_cli.equations.lifting import BadPrimeError, KnownModulo, lift
from neuroalg_cli.equations.minimal_generators import GroebnerBasis
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, NoResultError, SpecError, TimeLimitError
from neuroalg_cli.linear_algebra.random_points import generator
from neuroalg_cli.variety.ideal_modulo import IdealModulo
from neuroalg_cli.variety.model import projective_model, usable_prime

if TYPE_CHECKING:
    from neuroalg_cli.equations.equation import Equation
    from neuroalg_cli.known_dimension import KnownDimension
    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.ideal_modulo import DegreePart
    from neuroalg_cli.variety.model import ProjectiveModel

#: monomials of a degree at which nobody who names no degree wants to look
_UNASKED_MONOMIALS = 150_000
#: degrees without new equations after which, without a named degree, the search ends
_IDLE_DEGREES = 2
_MAXIMAL_BAD_PRIMES = 4


@dataclass
class Found:
    """Equations up to a degree, and what is known about them."""

    model: ProjectiveModel
    known: KnownDimension
    equations: list[Equation] = field(default_factory=list)
    #: HF(0), HF(1), ...: lower bounds for certain, equal to N - dim I_e where as many equations are proved
    hilbert: list[int] = field(default_factory=lambda: [1])
    verdict: Verdict | None = None
    #: True: every equation was substituted; False: some were not, within the budget
    is_proved: bool = True
    #: whether the numbers of minimal generators are proved
    is_minimal: bool = True
    primes: list[int] = field(default_factory=list)
    #: what ended the search before its goal
    stopped: NeuroalgError | None = None

    @property
    def max_degree(self) -> int:
        """The degree up to which all equations are known."""
        return len(self.hilbert) - 1

    @property
    def dimension(self) -> int:
        """The dimension of the cone."""
        return self.known.value + (not self.model.is_cone)


def search(question: Question, known: KnownDimension) -> Found:
    """Returns equations up to the degree of the question, or until they are complete or it would take too long.

    Raises the `NeuroalgError` of what stands in the way of the first degree.
    """
    question.announce("coordinates and their grading")
    model = projective_model(question.phi)
    for attempt in range(_MAXIMAL_BAD_PRIMES):
        prime = usable_prime(question.phi, generator(question.seed, f"equations/prime/{attempt}"))
        try:
            return _Search(question, known, model, prime).run()
        except BadPrimeError:
            continue
    raise NoResultError(f"{_MAXIMAL_BAD_PRIMES} random primes were bad; this is a bug or a miracle, please report it")


class _Search:
    """One search, modulo one prime at first."""

    def __init__(self, question: Question, known: KnownDimension, model: ProjectiveModel, prime: int) -> None:
        self.question = question
        self.prime = prime
        self.found = Found(model, known, primes=[prime])
        self.deadline = question.deadline
        self.ideal = IdealModulo(
            model, prime, question.seed, expand=True, deadline=self.deadline, memory=question.memory
        )
        self.basis = GroebnerBasis(model.weights, prime)
        self.idle = 0

    def run(self) -> Found:
        """Returns what was found."""
        found, asked = self.found, self.question.max_degree
        seconds = 0.0
        self._judge(is_final=asked == 0)
        while not self._is_done():
            degree = found.max_degree + 1
            self.question.announce(f"equations of degree {degree}")
            start = time.monotonic()
            try:
                self._require_time(degree, seconds)
                self._advance()
            except (TimeLimitError, MemoryLimitError) as error:
                if degree == 1:
                    raise
                found.stopped = error
                break
            seconds = time.monotonic() - start
            self._judge(is_final=degree == asked)
        self._finish()
        return found

    def _is_done(self) -> bool:
        found, asked = self.found, self.question.max_degree
        if found.verdict is not None and found.verdict.is_complete and found.verdict.h is not None:
            return True
        if asked is not None:
            return found.max_degree >= asked
        if found.verdict is not None and (found.verdict.is_complete or self.idle >= _IDLE_DEGREES):
            return True
        return bool(found.max_degree) and self._monomials(found.max_degree + 1) > _UNASKED_MONOMIALS

    def _monomials(self, degree: int) -> int:
        linear = sum(equation.degree == 1 for equation in self.found.equations)
        return math.comb(self.found.model.N - linear - 1 + degree, degree)

    def _require_time(self, degree: int, seconds: float) -> None:
        """Refuses a degree that would take longer than there is time, judged by the degree before."""
        if degree < 3 or seconds < 1:
            return
        growth = self._monomials(degree) / self._monomials(degree - 1)
        if seconds * growth > self.deadline.remaining():
            raise TimeLimitError(
                f"the equations of degree {degree} would take about {math.ceil(seconds * growth)} s; raise --timeout"
            )

    def _advance(self) -> None:
        """Finds, lifts and proves the equations of the next degree."""
        found = self.found
        part = self.ideal.next()
        chosen = self.basis.add(part, self.deadline)
        new: list[Equation] = []
        if any(chosen):
            blocks = [
                KnownModulo(
                    [block.monomials[j] for j in block.standard],
                    [block.monomials[block.leading[i]] for i in indices],
                    block.kernel[indices],
                )
                for block, indices in zip(part.blocks, chosen, strict=True)
                if indices
            ]
            lifted = lift(found.model, blocks, self.prime, self.question.seed, self.deadline)
            found.primes = [*lifted.primes, *(p for p in found.primes if p not in lifted.primes)]
            is_cone = found.model.is_cone
            new = [equation for equations in lifted.equations for equation in equations]
            new.sort(key=lambda equation: order_key(equation.leading, is_cone=is_cone), reverse=True)
            self._prove(new)
            self._prove_minimality(part, new)
        self.idle = 0 if new or not found.equations else self.idle + 1
        found.equations += new
        found.hilbert.append(part.hilbert)

    def _prove(self, equations: list[Equation]) -> None:
        """Substitutes phi; remembers whether every equation so far is proved."""
        if not self.found.is_proved:
            return
        self.question.announce(f"proof of {len(equations)} equations by substitution")
        substitution = self._substitution()
        for equation in equations:
            verdict = None if substitution is None else substitution.proves(equation, self.deadline)
            if verdict is False:
                raise BadPrimeError(self.prime)
            if verdict is None:
                self.found.is_proved = False
                return

    def _substitution(self) -> Any:
        """Returns the substitution, made once; None where phi has too many terms to be expanded."""
        if "substitution" not in self.__dict__:
            from neuroalg_cli.equations.substitution import Substitution  # noqa: PLC0415
            from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415

            model = self.found.model
            self.__dict__["substitution"] = None
            try:
                expanded = coordinates(self.question.phi.network)
            except (SpecError, MemoryLimitError):
                return None
            if [(c.output, c.monomial) for c in expanded] == [(c.output, c.monomial) for c in model.coordinates]:
                polynomials = [coordinate.polynomial for coordinate in expanded]
                self.__dict__["substitution"] = Substitution(polynomials, is_cone=model.is_cone)
        return self.__dict__["substitution"]

    def _prove_minimality(self, part: DegreePart, new: list[Equation]) -> None:
        """Remembers whether it is proved that no new equation follows from those of lower degree."""
        from neuroalg_cli.equations.minimality import are_independent  # noqa: PLC0415

        found = self.found
        if found.equations and found.is_minimal:
            weights = {block.weight for block in part.blocks if block.leading}
            found.is_minimal = are_independent(found.equations, new, found.model.weights, weights, self.deadline)

    def _situation(self) -> Situation:
        found = self.found
        return Situation(
            found.equations, found.max_degree, found.model.N, found.dimension, found.known, self.question.seed
        )

    def _judge(self, *, is_final: bool) -> None:
        """Decides about completeness as far as it is cheap after a degree; as far as possible after the last one."""
        found, situation = self.found, self._situation()
        if not found.is_proved and situation.codimension:
            found.verdict = None
            return
        at_once = completeness.at_once(situation)
        if at_once is not None:
            found.verdict = at_once
            return
        if self.idle == 0 or found.verdict is None or not found.verdict.evidence:
            found.verdict = completeness.by_sections(situation, self.question)
        is_settled = found.verdict.completeness.is_complete is not None
        degree_is_right = found.verdict.degree is not None
        if not is_settled and "engine" not in found.verdict.evidence and (is_final or (degree_is_right and self.idle)):
            found.verdict = completeness.by_engine(situation, self.question, found.verdict)

    def _finish(self) -> None:
        """Asks an engine what was left open; extends the Hilbert function to the degree asked for, where it is known."""
        found, asked = self.found, self.question.max_degree
        verdict = found.verdict
        is_open = verdict is not None and verdict.completeness.is_complete is None and verdict.degree is not None
        if verdict is not None and is_open and "engine" not in verdict.evidence:
            verdict = found.verdict = completeness.by_engine(self._situation(), self.question, verdict)
        if verdict is None or verdict.h is None:
            return
        top = max(found.max_degree, asked or 0, 1)
        found.hilbert = completeness.hilbert_values(verdict.h, found.dimension, top)
