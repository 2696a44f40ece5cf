"""The degree by a closed formula, and that of V = A, which is 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import not_polynomial
from neuroalg_cli.counting_coordinates import is_certain, monomial_bound
from neuroalg_cli.degree_methods.claim import affordable_dimension, degree_claim, nonzero_minor
from neuroalg_cli.errors import SpecError
from neuroalg_cli.question import BUILTIN, Answer

if TYPE_CHECKING:
    from neuroalg_cli.question import Question


class TheoremMethod:
    """A closed formula, published or proved in its file, whose hypotheses hold."""

    name = "theorem"
    engine = BUILTIN
    certainty = "theorem"
    summary = "a closed formula whose hypotheses are checked"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence if no theorem of the library applies."""
        if self._conclusion(question):
            return None
        return f"no theorem of the library says the degree of {question.architecture.label}"

    def answer(self, question: Question) -> Answer:
        """Returns the claim with the theorem's citation and the hypotheses checked."""
        found = self._conclusion(question)
        assert found is not None
        theorem, conclusion = found
        claim = degree_claim(
            question,
            conclusion.value,
            self,
            certainty="theorem",
            seed=None,
            references=theorem.references,
            evidence={
                "theorem": theorem.name,
                "statement": theorem.statement,
                "hypotheses": list(conclusion.hypotheses),
            },
        )
        return Answer(claim)

    def _conclusion(self, question: Question) -> Any:
        from neuroalg_cli.theorem import theorems  # noqa: PLC0415

        for theorem in theorems("degree"):
            conclusion = theorem.apply(question.architecture)
            if conclusion is not None:
                return theorem, conclusion
        return None


class FillingMethod:
    """V = A has degree 1: proved by a minor of d phi of the size of A, where this size is certain."""

    name = "filling"
    engine = BUILTIN
    certainty = "proved or modular"
    summary = "degree 1 where a minor of d phi shows that the network fills its ambient space"

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence where V is not, or is not certain to be, the ambient space."""
        sentence = not_polynomial(question)
        if sentence is not None:
            return sentence
        ambient = question.phi.ambient_dimension or 0
        if question.phi.parameter_count < ambient:
            return f"{question.architecture.label} has fewer parameters than its ambient space has dimensions"
        known = affordable_dimension(question)
        if known is not None and known.value < ambient:
            return f"{question.architecture.label} does not fill its ambient space"
        return None

    def answer(self, question: Question) -> Answer:
        """Returns the claim with its minor; raises `SpecError` if the dimension is that of no ambient space."""
        minor, ambient = nonzero_minor(question), question.phi.ambient_dimension
        if minor["value"] != ambient:
            raise SpecError(
                f"{question.architecture.label} does not fill: rank {minor['value']} in {ambient} dimensions; "
                "use --method auto"
            )
        details: dict[str, Any] = {"certainty": "proved"}
        network = question.phi.network
        if not is_certain(network) and monomial_bound(network) != ambient:
            details = {
                "certainty": "modular",
                "assumptions": (
                    "no coordinate is zero at a random point modulo a prime of 61 bits without being zero identically",
                ),
            }
        claim = degree_claim(
            question,
            1,
            self,
            primes=(minor["prime"],),
            evidence={"equations": [], "lower_bound": minor},
            **details,
        )
        return Answer(claim)
