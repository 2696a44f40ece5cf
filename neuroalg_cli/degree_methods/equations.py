"""The degree by equations and sections of what they cut out, in any codimension: proved.

Equations are found degree by degree modulo a prime.  As soon as random sections modulo that prime leave no other degree of V
than that of what the equations cut out (the theorem and its proof are in `neuroalg_cli.equations.fibres`), the equations are
lifted and proved by substitution.  Beside them only dim V >= m is needed, and proved by a minor of d phi: a finite section by m
linear forms shows that dim V is no larger.  Whether the equations generate the ideal of V does not matter.

All of it is evidence that `neuroalg verify` replays, with sections of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from neuroalg_cli.deadline import Deadline
from neuroalg_cli.degree_methods.claim import (
    affordable_dimension,
    at_least,
    degree_claim,
    nonzero_minor,
    not_expandable,
)
from neuroalg_cli.degree_methods.hilbert_function import ends_in_zeros, sections_are_worth_it
from neuroalg_cli.degree_methods.shared_ideal import part_of, shared_ideal, shared_model, two_primes
from neuroalg_cli.errors import MemoryLimitError, NeuroalgError, NoResultError, SpecError, TimeLimitError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import BUILTIN, Answer

if TYPE_CHECKING:
    from neuroalg_cli.degree_methods.sections import Sections
    from neuroalg_cli.equations.equation import Equation
    from neuroalg_cli.equations.lifting import KnownModulo
    from neuroalg_cli.question import Question
    from neuroalg_cli.variety.ideal_modulo import DegreePart, IdealModulo
    from neuroalg_cli.variety.model import ProjectiveModel

#: seconds for the search, and again for the proof, where nobody asked for the method by name
_UNASKED_SECONDS = 8.0
_UNASKED_SHARE = 0.3
#: a degree takes so many times as long as the one before it, about: what would end too late is not begun
_GROWTH = 3.0
#: sections in higher codimensions have quadrics enough to be beyond the budget of `neuroalg_cli.equations.fibres`
_MAXIMAL_CODIMENSION = 50


class EquationsMethod:
    """Equations of V, as many as sections need to show its degree."""

    name = "equations"
    engine = BUILTIN
    certainty = "proved"
    summary = "equations of V, proved, of which random sections modulo a prime leave one degree only"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where V has no equations to look for, or, unless it was named, none within a few seconds."""
        sentence = not_expandable(question)
        if sentence is not None or question.method == self.name:
            return sentence
        phi, label = question.phi, question.architecture.label
        assert phi.ambient_dimension is not None
        known = affordable_dimension(question)
        if known is None:
            return f"{label} is so large that its dimension takes longer than equations may; ask for --method equations"
        codimension = phi.ambient_dimension - known.value
        if codimension <= 1:
            return f"{label} has codimension {codimension}, where the method hypersurface needs no sections"
        from neuroalg_cli.symmetry.homogeneity import is_cone  # noqa: PLC0415

        span = question.architecture.linear_span_dimension(phi)
        if span is not None:
            codimension = span - (not is_cone(phi.network)) - known.value
        if codimension > _MAXIMAL_CODIMENSION:
            return f"{label} has codimension {codimension} in its span: sections are too large above {_MAXIMAL_CODIMENSION}"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the degree with its proof, or the best lower bound if time, memory, --max-degree or large sections end it."""
        known = known_dimension(question)
        model = shared_model(question)
        prime = two_primes(question, self)[0]
        search = _Search(question, model, prime, self._deadline(question), known.value + (not model.is_cone))
        try:
            found = search.run()
            deadline = self._deadline(question)
            equations, primes = _lift(question, search, deadline)
            evidence = _prove(question, model, equations, known.value, deadline)
        except (TimeLimitError, MemoryLimitError, NoResultError) as stopped:
            error: NeuroalgError = stopped
            if isinstance(stopped, TimeLimitError) and question.method != self.name and question.max_degree is None:
                few = f"equations do not prove the degree within {_UNASKED_SECONDS:.0f} s"
                error = TimeLimitError(f"{few}; ask for --method equations to give them more")
            return at_least(question, search.hilbert, model, self, error, primes=(prime,))
        assert found.degree is not None
        if found.orbits:
            evidence["sections"] = {"prime": prime, "orbits": [list(orbits) for orbits in found.orbits]}
        claim = degree_claim(question, found.degree, self, certainty="proved", primes=primes, evidence=evidence)
        return Answer(claim)

    def _deadline(self, question: Question) -> Deadline:
        if question.method == self.name:
            return question.deadline
        return Deadline(min(_UNASKED_SHARE * question.deadline.remaining(), _UNASKED_SECONDS))


@dataclass
class _Search:
    """A search for equations of which sections show the degree, modulo one prime."""

    question: Question
    model: ProjectiveModel
    prime: int
    deadline: Deadline
    #: the Krull dimension of the coordinate ring of P(V), or of the projective closure
    krull: int
    hilbert: list[int] = field(default_factory=lambda: [1])
    #: minimal generators modulo the prime, by block, and the same as equations
    blocks: list[KnownModulo] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    #: what the last degree took
    seconds: float = 0.0

    def run(self) -> Sections:
        """Returns the sections that show the degree.

        Raises `TimeLimitError` or `MemoryLimitError` where that is not soon enough, `NoResultError` where sections are too large.
        """
        from neuroalg_cli.equations.minimal_generators import GroebnerBasis  # noqa: PLC0415  # numpy

        ideal = shared_ideal(self.question, self.prime, self.deadline)
        basis = GroebnerBasis(self.model.weights, self.prime)
        found: Sections | None = None
        while True:
            part = self._next(ideal)
            is_new = self._choose(part, basis.add(part, self.deadline))
            codimension = self.hilbert[1] - self.krull
            if codimension == 0 or (is_new and sections_are_worth_it(self.hilbert, self.krull)):
                self.question.announce(f"sections of the equations up to degree {part.degree}")
                found = self._sections()
                if found.degree is not None:
                    return found
            if found is not None and found.is_too_large and ends_in_zeros(self.hilbert, self.krull):
                self.deadline.require(f"sections beyond degree {part.degree} were computed")
                raise NoResultError("sections of the equations are too large to prove the degree; use another method")

    def _next(self, ideal: IdealModulo) -> DegreePart:
        """Returns the next degree."""
        highest, degree = self.question.max_degree, len(self.hilbert)
        if highest is not None and degree > highest:
            raise TimeLimitError(f"equations up to degree {highest} do not show the degree; raise --max-degree")
        if degree > len(ideal.parts) and _GROWTH * self.seconds > self.deadline.remaining():
            raise TimeLimitError(
                f"equations up to degree {degree - 1} do not show the degree; those of degree {degree} take too long"
            )
        self.question.announce(f"equations of degree {degree}")
        start = monotonic()
        part = part_of(ideal, degree)
        self.seconds = monotonic() - start
        self.hilbert.append(part.hilbert)
        return part

    def _choose(self, part: DegreePart, chosen: list[list[int]]) -> bool:
        """Adds the minimal generators of a degree; returns whether there are some."""
        from neuroalg_cli.equations.equation import Equation  # noqa: PLC0415
        from neuroalg_cli.equations.lifting import KnownModulo  # noqa: PLC0415  # numpy

        before = len(self.equations)
        for block, indices in zip(part.blocks, chosen, strict=True):
            if not indices:
                continue
            standard = [block.monomials[j] for j in block.standard]
            leading = [block.monomials[block.leading[i]] for i in indices]
            rows = block.kernel[indices]
            self.blocks.append(KnownModulo(standard, leading, rows))
            for monomial, row in zip(leading, rows.tolist(), strict=True):
                tail = [(other, -int(c)) for other, c in zip(standard, row, strict=True) if c]
                self.equations.append(Equation(((monomial, 1), *tail)))
        return len(self.equations) > before

    def _sections(self) -> Sections:
        from neuroalg_cli.degree_methods.sections import degree_of_equations  # noqa: PLC0415  # numpy
        from neuroalg_cli.equations.equation import without_linear  # noqa: PLC0415

        reduced, kept = without_linear(self.equations, self.model.N)
        return degree_of_equations(reduced, len(kept), self.krull, self.prime, self.question.seed, self.deadline)


def _lift(question: Question, search: _Search, deadline: Deadline) -> tuple[list[Equation], tuple[int, ...]]:
    """Returns the equations over Q, which reduce to those modulo the prime, and the primes that were used."""
    from neuroalg_cli.equations.lifting import BadPrimeError, lift  # noqa: PLC0415  # numpy

    question.announce(f"coefficients of {len(search.equations)} equations")
    try:
        lifted = lift(search.model, search.blocks, search.prime, question.seed, deadline)
    except BadPrimeError:
        raise NoResultError(f"the prime {search.prime} is exceptional for the equations; try another --seed") from None
    return [equation for equations in lifted.equations for equation in equations], lifted.primes


def _prove(
    question: Question, model: ProjectiveModel, equations: list[Equation], dimension: int, deadline: Deadline
) -> dict[str, Any]:
    """Returns the evidence that equations hold and that V has at least a dimension.

    Raises `NoResultError` where one does not, `TimeLimitError` where the proof takes too long.
    """
    from neuroalg_cli.equations.substitution import Substitution  # noqa: PLC0415
    from neuroalg_cli.interpreters.symbolic import coordinates  # noqa: PLC0415

    label = question.architecture.label
    question.announce(f"proof of {len(equations)} equations by substitution")
    expanded = coordinates(question.phi.network)
    if [(c.output, c.monomial) for c in expanded] != [(c.output, c.monomial) for c in model.coordinates]:
        raise SpecError(f"the coordinates of {label} were not found at random points; please report it")
    substitution = Substitution([c.polynomial for c in expanded], is_cone=model.is_cone)
    for equation in equations:
        holds = substitution.proves(equation, deadline)
        if holds is None:
            raise TimeLimitError(f"the proof of an equation of degree {equation.degree} of {label} takes too long")
        if not holds:
            raise NoResultError(f"an equation of degree {equation.degree} of {label} does not hold; try another --seed")
    lower = nonzero_minor(question)
    if lower["value"] != dimension:
        raise NoResultError(f"no minor of size {dimension}, the dimension of {label}, was found; try another --seed")
    return {"equations": [equation.text(model.names) for equation in equations], "lower_bound": lower}
