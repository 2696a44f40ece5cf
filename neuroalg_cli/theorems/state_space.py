"""Linear and bilinear state-space models: realizations of one function differ by a change of basis of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroalg_cli.architectures.ssm import StateSpaceModel
from neuroalg_cli.theorem import Conclusion, Theorem

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture


def _apply(architecture: Architecture) -> Conclusion | None:
    """Returns the number of parameters, with A a full matrix, less n^2, if the model is long enough to be realized uniquely.

    The coefficients of y_L are C M_w b for the columns b of B and the words w of length i < L in the letters M: A, and N_j
    for the steps whose x_kj occurs in the monomial.  In general the matrices O = (C; C A; ...) with ceil(n/p) block rows and
    R = (B, A B, ...) with ceil(n/m) block columns have rank n.  If ceil(n/p) + ceil(n/m) <= L, then O R and O M R consist of
    coefficients, for all letters M.  Another general model with the same function has O' R' = O R, so that O' = O g and
    R' = g^-1 R for some g in GL(n), hence C' = C g and B' = g^-1 B, and O M R = O' M' R' = O g M' g^-1 R gives M' = g^-1 M g.
    So the generic fibre is an orbit of GL(n), which acts freely.  (Ho and Kalman 1966 for linear models.)

    *Feedthrough*: K_0 = D + C B is free, and the others are those of (A, B, C A) with one step less; A is invertible in general.
    *Initial state* (linear models): if all outputs count, C A^k h_0, k = 1, ..., L, makes A h_0 one more column of B.  If only
    the last counts, C A^L h_0 adds min(n, p), the rank of C A^L.  *Diagonal A*: over C almost all A can be diagonalized, so
    that the functions are those of a full A up to closure.
    """
    if not isinstance(architecture, StateSpaceModel) or architecture.activation != ("z",):
        return None
    n, m, p = architecture.state, architecture.inputs, architecture.outputs
    if architecture.bilinear and architecture.initial_state:
        return None
    steps = architecture.length - int(architecture.feedthrough)
    is_column = architecture.initial_state and architecture.readout == "all"
    columns = m + 1 if is_column else m
    needed = -(-n // p) + -(-n // columns)
    if steps < needed:
        return None
    value = n * (columns + p) + (m * n * n if architecture.bilinear else 0) + (m * p if architecture.feedthrough else 0)
    hypotheses = [
        f"{'bilinear' if architecture.bilinear else 'linear'} model with a state of {n}, {m} inputs, {p} outputs",
        f"ceil({n}/{p}) + ceil({n}/{columns}) = {needed} <= {steps}: what is seen determines the state up to GL({n})",
    ]
    if architecture.feedthrough:
        hypotheses.append(f"feedthrough: {m * p} more parameters, one Markov parameter less to see")
    if architecture.initial_state:
        hypotheses.append(
            "initial state: one more column of B" if is_column else f"initial state: C A^L h_0 adds {min(n, p)}"
        )
        value += 0 if is_column else min(n, p)
    return Conclusion(value, tuple(hypotheses))


THEOREM = Theorem(
    name="uniqueness of minimal realizations",
    invariant="dimension",
    statement=(
        "general linear models with a state of n, m inputs and p outputs with equal Markov parameters, at least "
        "ceil(n/p) + ceil(n/m) of them, differ by GL(n): they form a variety of dimension n(m+p); bilinear ones of n(m+p) + m n^2"
    ),
    references=(
        "B. L. Ho, R. E. Kalman, 'Effective construction of linear state-variable models', Regelungstechnik 14 (1966)",
        "proof for bilinear models, feedthrough and initial states: in neuroalg_cli/theorems/state_space.py",
    ),
    apply=_apply,
)
