"""The degree from equations and ranks modulo a prime, degree by degree.

Let R/I be the homogeneous coordinate ring of P(V), or of the projective closure of V, and m its Krull dimension.  Then
(1 - t)^m HS(t) = h_0 + h_1 t + ... + h_s t^s, and the degree is the sum of the h_i (W. Bruns, J. Herzog, Cohen-Macaulay Rings,
section 4.1).  The values of the Hilbert function are ranks modulo a prime (`neuroalg_cli.variety.ideal_modulo`).

*When it ends.*  That h ends with some zeros is no proof: equations of higher degree may cut off further components of dimension
m. The curve (s^12 : s^8 t^4 : s t^11 : t^12) of degree 12 lies with a line on surfaces of degree 3 and 5; up to degree 7 there
are no others, h looks like 1, 2, 3, 3, 3, 1, 0, 0, and the leading monomials found have the degree 13.  So nothing is read off
h. Instead, in every degree with new equations, sections of what all equations so far cut out decide whether that is V, and what
degree it has (`neuroalg_cli.degree_methods.sections`).  All of it is done modulo a second prime as well, if there is time.

Ranks are lower bounds for certain, and so is what `neuroalg_cli.variety.degree_bounds` makes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from neuroalg_cli.claims import not_polynomial
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.degree_methods.claim import at_least, degree_claim, krull_bound
from neuroalg_cli.degree_methods.shared_ideal import part_of, shared_ideal, shared_model, two_primes
from neuroalg_cli.errors import DisagreementError, MemoryLimitError, NoResultError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import BUILTIN, Answer
from neuroalg_cli.variety.degree_bounds import lower_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.degree_methods.sections import Sections
    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.ideal_modulo import DegreePart, IdealModulo
    from neuroalg_cli.variety.model import ProjectiveModel

#: in larger codimensions sections are only tried where the h-vector falls: before, the equations are too few
_SMALL_CODIMENSION = 6
#: zeros at the end of the h-vector after which sections that are too large stop the search
_ZEROS = 3
#: of the time, so that what is known can still be told: a degree is not left in the middle of an elimination
_SHARE = 0.9
#: seconds where nobody asked for this method by name
_UNASKED_SECONDS = 60.0
#: and the part of the time that is left, so that methods further down have time as well
_UNASKED_SHARE = 0.5


def h_vector(hilbert: Sequence[int], krull_dimension: int) -> list[int]:
    """Returns the coefficients of (1 - t)^m HS(t) as far as the values H(0), H(1), ... determine them, zeros included."""
    h = list(hilbert)
    for _ in range(krull_dimension):
        h = [a - b for a, b in zip(h, [0, *h], strict=False)]
    return h


def stripped(h: Sequence[int]) -> list[int]:
    """Returns an h-vector without the zeros at its end."""
    length = max((i + 1 for i, c in enumerate(h) if c), default=0)
    return list(h[:length])


def sections_are_worth_it(hilbert: Sequence[int], krull_dimension: int) -> bool:
    """Returns whether the equations up to a degree may be enough: in larger codimensions only where the h-vector falls."""
    h = h_vector(hilbert, krull_dimension)
    return hilbert[1] - krull_dimension <= _SMALL_CODIMENSION or h[-1] < h[-2]


def ends_in_zeros(hilbert: Sequence[int], krull_dimension: int) -> bool:
    """Returns whether the h-vector ends in so many zeros that equations of higher degree are not to be expected."""
    h = h_vector(hilbert, krull_dimension)
    return len(h) - len(stripped(h)) >= _ZEROS


@dataclass(frozen=True, slots=True)
class _Search:
    """A search for equations that determine the degree, modulo one prime, with all that it needs."""

    question: Question
    model: ProjectiveModel
    krull: int
    prime: int
    deadline: Deadline

    def run(self, hilbert: list[int]) -> Sections:
        """Appends values of the Hilbert function until sections show the degree; returns them.

        Raises `TimeLimitError` or `MemoryLimitError` where that is not soon enough, `NoResultError` where sections are too large.
        """
        from neuroalg_cli.degree_methods.sections import degree_by_sections  # noqa: PLC0415  # numpy

        ideal = shared_ideal(self.question, self.prime, self.deadline)
        found: Sections | None = None
        while True:
            part = self._append(ideal, hilbert)
            has_new = hilbert[1] == self.krull or any(block.leading for block in part.blocks)
            if has_new and sections_are_worth_it(hilbert, self.krull):
                self.question.announce(f"sections of the equations up to degree {part.degree}")
                found = degree_by_sections(ideal, self.krull, self.question.seed, self.deadline)
                if found.degree is not None:
                    return found
            if found is not None and found.is_too_large and ends_in_zeros(hilbert, self.krull):
                self.deadline.require(f"sections beyond degree {part.degree} were computed")
                h = h_vector(hilbert, self.krull)
                raise NoResultError(
                    f"the h-vector seems to have ended with the sum {sum(h)}, but sections of the equations are too large to "
                    "confirm it; use another method"
                )

    def _append(self, ideal: IdealModulo, hilbert: list[int]) -> DegreePart:
        question, degree = self.question, len(hilbert)
        if question.max_degree is not None and degree > question.max_degree:
            raise TimeLimitError(
                f"equations up to degree {question.max_degree} do not show the degree; raise --max-degree"
            )
        question.announce(f"Hilbert function at {degree}")
        self.deadline.require(f"the Hilbert function at {degree} was found")
        part = part_of(ideal, degree)
        hilbert.append(part.hilbert)
        return part


class HilbertFunctionMethod:
    """Ranks and equations of degree 1, 2, ... modulo a prime, until sections of the equations show the degree."""

    name = "hilbert-function"
    engine = BUILTIN
    certainty = "modular"
    summary = (
        "ranks and equations modulo primes, degree by degree, until random sections of the equations show the degree"
    )

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where there are no coordinates."""
        sentence = not_polynomial(question)
        if sentence is None and not question.phi.ambient_dimension:
            return f"{question.architecture.label} has no coordinates that are not zero"
        return sentence

    def answer(self, question: Question) -> Answer:
        """Returns the degree, or the best lower bound if time, memory, --max-degree or the size of sections end the search."""
        known = known_dimension(question)
        model = shared_model(question)
        krull = known.value + (not model.is_cone)
        primes = two_primes(question, self)
        seconds = _SHARE * question.deadline.remaining()
        if question.method != self.name:
            seconds = min(_UNASKED_SHARE * seconds, _UNASKED_SECONDS)
        deadline = Deadline(seconds)
        hilbert = [1]
        start = monotonic()
        try:
            found = _Search(question, model, krull, primes[0], deadline).run(hilbert)
        except (TimeLimitError, MemoryLimitError, NoResultError) as error:
            return at_least(question, hilbert, model, self, error, primes=(primes[0],))
        degree, highest = found.degree, len(hilbert) - 1
        assert degree is not None
        used: tuple[int, ...] = (primes[0],)
        if 2 * (monotonic() - start) < deadline.remaining():
            try:
                again = _Search(question, model, krull, primes[1], deadline).run([1])
            except (TimeLimitError, MemoryLimitError, NoResultError):
                pass
            else:
                used = (primes[0], primes[1])
                if again.degree != degree:
                    differ = DisagreementError(
                        f"equations make the degree {degree} modulo {primes[0]} and {again.degree} modulo {primes[1]}; "
                        "one prime is exceptional, try another --seed"
                    )
                    return at_least(question, hilbert, model, self, differ, primes=used)
        least = lower_bound(hilbert, krull_bound(known, model))
        if least.value > degree:
            raise DisagreementError(
                f"sections make the degree {degree}, but it is at least {least.value}: {least.statement}; "
                "try another --seed, and please report it"
            )
        moduli = " and ".join(str(prime) for prime in used)
        claim = degree_claim(
            question,
            degree,
            self,
            certainty="modular",
            primes=used,
            assumptions=(
                f"the equations of degree at most {highest} that hold at random points modulo {moduli} come from Q",
                "no probability is known for that",
            ),
            evidence={
                "hilbert_function": hilbert,
                "h_vector": h_vector(hilbert, krull),
                "orbits": [list(orbits) for orbits in found.orbits],
                "at_least": least.value,
            },
        )
        return Answer(claim)
