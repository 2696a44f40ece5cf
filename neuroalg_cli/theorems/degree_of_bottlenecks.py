"""A layer of width one: everything behind it is a vector times a power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron, mlp
from neuroalg_cli.theorem import Conclusion, Theorem, theorems
from neuroalg_cli.theorems._degree_formulas import product

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree if the input or a hidden layer has width one, with activations c z^r throughout and no biases.

    Let g be the form at the first layer of width one (g = x, if that is the input), U the closure of all g, of
    dimension s + 1, and E the product of the degrees of the activations from there on.  The layers behind map a number t to
    v t^E with any vector v, since the last matrix is free and what it is applied to is not zero.  So V is the closure of the
    v g^E, v in C^m, g in U, and P(V) the image of P^(m-1) x P(U) by a morphism, products of nonzero polynomials being nonzero.
    It is injective: v g^E determines v up to a factor and g up to a factor, as polynomials factor uniquely.  The
    hyperplanes pull back to O(1, E), hence deg V = C(m-1+s, s) E^s deg U.
    """
    if not isinstance(architecture, MultilayerPerceptron) or architecture.biases or 1 not in architecture.widths[:-1]:
        return None
    widths, degrees = architecture.widths, architecture.activation_degrees
    at = widths.index(1)
    if degrees is None or len(widths) < 3:
        return None
    exponent = 1
    for r in degrees[max(at - 1, 0) :]:
        exponent *= r
    s, front = 0, 1
    words = [f"no biases, activations c z^r; layer {at} has width 1, and its form is raised to the power {exponent}"]
    if at > 0:
        inner = mlp(widths[: at + 1], list(degrees[: at - 1]) or None)
        parts = [
            next(((t, c) for t in theorems(name) if (c := t.apply(inner)) is not None), None)
            for name in ("dimension", "degree")
        ]
        if parts[0] is None or parts[1] is None:
            return None
        s, front = parts[0][1].value - 1, parts[1][1].value
        words.append(
            f"the forms there have dimension {s + 1} ({parts[0][0].name}) and degree {front} ({parts[1][0].name})"
        )
    value = product([(widths[-1] - 1 + s, s)], powers=[(exponent, s)])
    return None if value is None else Conclusion(value * front, tuple(words))


THEOREM = Theorem(
    name="bottleneck of width one",
    invariant="degree",
    statement=(
        "if U is the variety of the forms at the first layer of width one, dim U = s + 1, V consists of the v g^E, g in U, v a "
        "vector with m entries; its degree is C(m-1+s, s) E^s deg U"
    ),
    references=("proof: unique factorization, in neuroalg_cli/theorems/degree_of_bottlenecks.py",),
    apply=_apply,
)
