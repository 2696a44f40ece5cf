"""Linear state-space models with one input or one output: Hankel matrices of bounded rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.ssm import StateSpaceModel
from neuroalg_cli.theorem import Conclusion, Theorem
from neuroalg_cli.theorems._degree_formulas import determinantal, hankel

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the degree of the sequences C B, C A B, ..., C A^(s-1) B for a state of n, m inputs and p outputs, min(m, p) =
    1 or s = 1.

    The coordinates are those of this sequence, s = L, repeated if all outputs count.  Feedthrough makes C B + D a free
    matrix, and the others a sequence of s = L - 1 with C A in place of C.  An initial state, if all outputs count and there
    is no feedthrough, makes A h_0 one more column of B.

    Over C almost all A are diagonal in some basis, with eigenvalues t_j, and C A^i B = sum t_j^i c_j b_j, c_j the columns of
    C and b_j the rows of B.  For min(m, p) = 1 the c_j b_j are n arbitrary vectors: these are m or p binary forms of degree s
    - 1 that are combinations of n powers, see `neuroalg_cli.theorems._degree_formulas.hankel`.  For s = 1 C B is any p x m
    matrix of rank at most n.
    """
    if not isinstance(architecture, StateSpaceModel) or architecture.activation != ("z",) or architecture.bilinear:
        return None
    n, m, p = architecture.state, architecture.inputs, architecture.outputs
    steps = architecture.length - int(architecture.feedthrough)
    if architecture.initial_state:
        if architecture.feedthrough or (architecture.readout != "all" and architecture.length > 1):
            return None
        m += 1
    value: int | None
    words = [
        f"linear model with a state of {n}, {architecture.inputs} inputs, {p} outputs, {architecture.length} steps"
    ]
    if architecture.feedthrough:
        words.append("feedthrough makes the first Markov parameter arbitrary")
    if architecture.initial_state:
        words.append("the initial state is one more column of B")
    if steps == 0:
        value = 1
    elif steps == 1:
        words.append(f"one Markov parameter, a {p} x {m} matrix of rank at most {n}")
        value = determinantal(p, m, min(n, m, p))
    elif min(m, p) == 1:
        words.append(
            f"{steps} Markov parameters in dimension {max(m, p)}: {max(m, p)} binary forms of degree {steps - 1}"
        )
        value = hankel(max(m, p) * max(0, steps - n), n)
    else:
        return None
    return None if value is None else Conclusion(value, tuple(words))


THEOREM = Theorem(
    name="Hankel matrices of Markov parameters",
    invariant="degree",
    statement=(
        "the s Markov parameters of a linear model with a state of n and one input or one output, vectors with m entries, form "
        "the variety of Hankel matrices of n + 1 rows and M = m(s-n) columns of rank at most n, of degree C(M, n) for M > n"
    ),
    references=(
        "D. Eisenbud, 'Linear sections of determinantal varieties', Amer. J. Math. 110 (1988) 541-575, Theorem 1",
        "proof: in neuroalg_cli/theorems/degree_of_state_space_models.py and neuroalg_cli/theorems/_degree_formulas.py",
    ),
    apply=_apply,
)
