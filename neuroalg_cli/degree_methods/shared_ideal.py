"""The ideal of V modulo a prime, computed once for all methods that answer a question about the degree.

Under a cross-check every method has its own prime and its own points, since it is to confirm the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuroalg_cli.deadline import Deadline
    from neuroalg_cli.question import Method, Question
    from neuroalg_cli.variety.ideal_modulo import DegreePart, IdealModulo
    from neuroalg_cli.variety.model import ProjectiveModel


def shared_model(question: Question) -> ProjectiveModel:
    """Returns the coordinates of V with their grading."""
    from neuroalg_cli.variety.model import projective_model  # noqa: PLC0415  # numpy

    memory = question.memory_of_answers
    if "projective model" not in memory:
        memory["projective model"] = projective_model(question.phi)
    model: ProjectiveModel = memory["projective model"]
    return model


def two_primes(question: Question, method: Method) -> list[int]:
    """Returns two primes, the same ones for every method except under a cross-check."""
    from neuroalg_cli.linear_algebra.random_points import generator  # noqa: PLC0415  # numpy
    from neuroalg_cli.variety.model import usable_prime  # noqa: PLC0415  # numpy

    source = generator(question.seed, f"{method.name if question.cross_check else 'degree'}/primes")
    first = usable_prime(question.phi, source)
    while (second := usable_prime(question.phi, source)) == first:
        pass
    return [first, second]


def shared_ideal(question: Question, prime: int, deadline: Deadline) -> IdealModulo:
    """Returns the ideal modulo a prime, with all blocks; its degrees may be known already."""
    from neuroalg_cli.variety.ideal_modulo import IdealModulo  # noqa: PLC0415  # numpy

    memory, key = question.memory_of_answers, f"ideal modulo/{prime}"
    if key not in memory:
        model = shared_model(question)
        memory[key] = IdealModulo(model, prime, question.seed, expand=True, memory=question.memory)
    ideal: IdealModulo = memory[key]
    ideal.deadline = deadline
    return ideal


def part_of(ideal: IdealModulo, degree: int) -> DegreePart:
    """Returns a degree of an ideal of which the degrees below are known; raises what `IdealModulo.next` does."""
    return ideal.parts[degree - 1] if degree <= len(ideal.parts) else ideal.next()
