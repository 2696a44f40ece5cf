"""Containment: is a function, or are the functions of another network, in the neurovariety V?

The ladder is one method, which ends at the first rung that decides (`neuroalg_cli.containment.deciding`); every rung is a method
of its own as well.  'Not decided' is an answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from neuroalg_cli.claims import builtin_identity, limits_used, not_polynomial
from neuroalg_cli.invariant import Invariant
from neuroalg_cli.question import BUILTIN, Answer, Question
from neuroalg_cli.report.model import Claim

if TYPE_CHECKING:
    from neuroalg_cli.containment.decision import Decision
    from neuroalg_cli.question import Method

#: what every rung looks at, and the certainties of its answers
_RUNGS = {
    "coordinates": ("coefficients that are zero for all functions of the network", "proved or exact"),
    "theorem": ("ranks of matrices that are known to define V", "theorem"),
    "embedding": ("explicit weights that give the functions of another network, checked exactly", "proved or modular"),
    "filling": ("V is its ambient space", "theorem, exact or modular"),
    "dimension": (
        "a variety of larger dimension is not in V; one of the same dimension is if V is in it",
        "exact or modular",
    ),
    "preimage": (
        "weights that give the function, solved numerically, rounded and checked exactly",
        "proved or numeric",
    ),
    "equations": ("equations of V, degree by degree, at the function", "proved, exact or modular"),
}
VERDICTS = {True: "in V", False: "not in V", None: "not decided"}


class LadderMethod:
    """Rungs in their order, up to the first that decides."""

    engine = BUILTIN

    def __init__(self, name: str, rungs: tuple[str, ...], summary: str, certainty: str) -> None:
        self.name = name
        self.rungs = rungs
        self.summary = summary
        self.certainty = certainty

    def obstacle(self, question: Question) -> str | None:
        """Returns a sentence if there is nothing to look for, or the functions are no polynomials."""
        if question.candidate is None:
            return "nothing was given that V may contain; use 'neuroalg contains' with --function or --other"
        return not_polynomial(question)

    def answer(self, question: Question) -> Answer:
        """Returns the claim; its value 'contains' is None if no rung decides."""
        from neuroalg_cli.containment.candidates import candidate_of  # noqa: PLC0415
        from neuroalg_cli.containment.deciding import decide, image_of  # noqa: PLC0415

        asked = replace(question, candidate=candidate_of(question.candidate, question.architecture))
        asked.__dict__.update(phi=question.phi, deadline=question.deadline)
        question = asked
        decision, tried = decide(question, self.rungs)
        if decision is not None and len(self.rungs) > 1:
            decision = image_of(question, decision)
        candidate = question.candidate
        contained = None if decision is None else decision.contained
        claim = Claim(
            invariant="contains",
            method=self.name,
            engine=builtin_identity(),
            certainty="numeric" if decision is None else decision.certainty,  # type: ignore[arg-type]
            kind="exact",
            value={
                "contains": contained,
                "verdict": VERDICTS[contained],
                "in_image": None if decision is None else decision.in_image,
                "decided_by": None if decision is None else decision.decided_by,
                "because": "nothing that was tried decides it" if decision is None else decision.statement,
                **_shown(question, decision),
                "tried": [*tried],
            },
            error_probability=None if decision is None else decision.error_probability,
            references=() if decision is None else decision.references,
            evidence={"candidate": candidate.description, **({} if decision is None else decision.evidence)},
            seed=question.seed,
            primes=() if decision is None else decision.primes,
            limits=limits_used(question),
        )
        return Answer(claim)


def _shown(question: Question, decision: Decision | None) -> dict[str, Any]:
    """Returns an equation that separates, with the meaning of its variables, or weights, as entries of the value."""
    evidence = {} if decision is None else decision.evidence
    if "equation" in evidence:
        from neuroalg_cli.invariants.ideal import coordinate_texts  # noqa: PLC0415
        from neuroalg_cli.variety.model import projective_model  # noqa: PLC0415

        meanings = coordinate_texts(projective_model(question.phi).coordinates)
        coordinates = [f"y_{number}: {meaning}" for number, meaning in enumerate(meanings, start=1)]
        return {"equation": evidence["equation"]["text"], "coordinates": coordinates}
    if "weights" in evidence:
        network = question.phi.network
        weights: list[Any] = evidence["weights"]
        return {
            "weights": {
                network.nodes[index].name: _tensor(
                    weights[offset : offset + network.nodes[index].size], network.nodes[index].shape
                )
                for index, offset in network.offsets.items()
            }
        }
    return {}


def _tensor(entries: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Returns entries as nested lists of a shape."""
    if len(shape) <= 1:
        return entries
    size = len(entries) // shape[0]
    return [_tensor(entries[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def _methods() -> tuple[Method, ...]:
    ladder = LadderMethod(
        "ladder",
        tuple(_RUNGS),
        "all of the others, in order, up to the first that decides",
        "that of the one that decides",
    )
    return (ladder, *(LadderMethod(name, (name,), *words) for name, words in _RUNGS.items()))


INVARIANT = Invariant(
    name="contains",
    summary="whether a function, or the functions of another network, are in the neurovariety",
    key="contains",
    methods=_methods,
    descends=True,
)
