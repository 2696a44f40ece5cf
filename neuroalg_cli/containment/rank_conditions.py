"""Neurovarieties that ranks of matrices define: linear networks, and sums of few powers of linear forms.

*Linear networks*: V is the set of matrices of rank at most k = min(n_i), with biases times the space of vectors, and every such
function occurs (Bruns and Vetter 1988).

*Widths (n, k, 1), activation c z^r, r >= 2, no biases*: V is the cone over the k-th secant variety of the r-th Veronese variety
of P^(n-1).  The catalecticant C_s of a form f of degree r has as rows the coefficients of the derivatives of order s of f; a
power of a linear form has rank 1, so that rank C_s <= k on V for every s.  The converse holds, by

- r = 2, where C_1 is the symmetric matrix of f;
- n = 2 and s = floor(r/2) (Gruson and Peskine 1982; Iarrobino and Kanev 1999, Theorem 1.45), and also for n = 1;
- k = 1, s = 1, and k = 2, s in {1, 2} (Kanev 1999), as listed by Landsberg and Ottaviani 2013.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.mlp import MultilayerPerceptron

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.containment.candidates import Candidate, Function, GivenFunction

_MAXIMAL_ENTRIES = 40_000


@dataclass(frozen=True)
class RankVerdict:
    """What ranks say: in V or not, in the image or not known, and why."""

    contained: bool
    in_image: bool | None
    theorem: str
    statement: str
    sentence: str
    references: tuple[str, ...]


_BRUNS_VETTER = "W. Bruns, U. Vetter, 'Determinantal Rings', Lecture Notes in Mathematics 1327 (1988), Proposition 1.1"
_LANDSBERG = (
    "J. M. Landsberg, G. Ottaviani, 'Equations for secant varieties of Veronese and other varieties', arXiv:1111.4567"
)
_IARROBINO = "A. Iarrobino, V. Kanev, 'Power Sums, Gorenstein Algebras, and Determinantal Loci', LNM 1721 (1999)"
_BOUNDED_RANK = ("matrices of bounded rank", "V is the set of matrices whose rank is at most the smallest width")
_CATALECTICANTS = (
    "catalecticants",
    (
        "the derivatives of one order of a sum of k powers of linear forms, and of limits of such sums, span at most "
        "k dimensions; for r = 2, n = 2 or k <= 2 the converse holds"
    ),
)


def rank_verdict(architecture: Architecture, candidate: Candidate) -> RankVerdict | None:
    """Returns what ranks of matrices say about a candidate, or None where they say nothing."""
    if not isinstance(architecture, MultilayerPerceptron):
        return None
    from neuroalg_cli.containment.candidates import GenericFunction  # noqa: PLC0415

    if isinstance(candidate, GenericFunction):
        return _linear_networks(architecture, candidate.architecture)
    if architecture.is_linear:
        return _linear(architecture, candidate)
    return _sum_of_powers(architecture, candidate)


def _linear_networks(architecture: MultilayerPerceptron, other: Architecture) -> RankVerdict | None:
    if not isinstance(other, MultilayerPerceptron) or not (architecture.is_linear and other.is_linear):
        return None
    if other.biases and not architecture.biases:
        return None  # constants are no coordinates, which is said elsewhere
    rank, bound = min(other.widths), min(architecture.widths)
    contained = rank <= bound
    return RankVerdict(
        contained,
        contained,
        *_BOUNDED_RANK,
        f"the general matrix of rank {rank} {'has' if contained else 'does not have'} a rank of at most {bound}",
        (_BRUNS_VETTER,),
    )


def _linear(architecture: MultilayerPerceptron, candidate: GivenFunction) -> RankVerdict | None:
    matrix = [[Fraction(0)] * candidate.inputs for _ in range(candidate.outputs)]
    for (output, monomial), coefficient in candidate.coefficients.items():
        degree = sum(monomial)
        if degree > 1 or (degree == 0 and not architecture.biases):
            return None
        if degree:
            matrix[output][monomial.index(1)] = coefficient
    rank, bound = _rank(matrix), min(architecture.widths)
    return RankVerdict(
        rank <= bound,
        rank <= bound,
        *_BOUNDED_RANK,
        f"the matrix of the function has rank {rank}; V is the set of those of rank at most {bound}",
        (_BRUNS_VETTER,),
    )


def _sum_of_powers(architecture: MultilayerPerceptron, candidate: GivenFunction) -> RankVerdict | None:
    degrees = architecture.activation_degrees
    if architecture.biases or len(architecture.widths) != 3 or architecture.widths[2] != 1 or degrees is None:
        return None
    (n, k, _), r = architecture.widths, degrees[0]
    form: Function = candidate.coefficients
    if r < 2 or any(sum(monomial) != r for _, monomial in form):
        return None
    worst: tuple[int, int] | None = None
    ranks: dict[int, int] = {}
    for s in range(1, r // 2 + 1):
        if math.comb(n - 1 + s, s) * math.comb(n - 1 + r - s, r - s) > _MAXIMAL_ENTRIES:
            break
        ranks[s] = _rank(_catalecticant(form, n, r, s))
        if ranks[s] > k:
            worst = (s, ranks[s])
            break
    references = (_LANDSBERG, _IARROBINO)
    if worst is not None:
        sentence = f"the derivatives of order {worst[0]} span {worst[1]} dimensions; on V they span at most {k}"
        return RankVerdict(False, False, *_CATALECTICANTS, sentence, references)
    if r == 2 or k == 1:
        needed = {1}
    elif n <= 2:
        needed = {r // 2}
    elif k == 2:
        needed = {1, min(2, r // 2)}
    else:
        return None
    if not needed <= ranks.keys():
        return None
    spans = ", ".join(f"{ranks[s]} (order {s})" for s in sorted(needed))
    sentence = f"its derivatives span {spans} dimensions; V is where they span at most {k}"
    return RankVerdict(True, True if r == 2 or k == 1 else None, *_CATALECTICANTS, sentence, references)


def _catalecticant(form: Function, n: int, r: int, s: int) -> list[list[Fraction]]:
    """Returns the matrix of the s-th derivatives of a form of degree r in n variables, rows and columns by monomials."""
    rows = list(_exponents(n, s))
    columns = list(_exponents(n, r - s))
    result = []
    for row in rows:
        entries = []
        for column in columns:
            monomial = tuple(a + b for a, b in zip(row, column, strict=True))
            coefficient = form.get((0, monomial), Fraction(0))
            # the derivative has the factor m!/(m - row)!; columns may be scaled by column!, which leaves m!
            entries.append(coefficient * math.prod(map(math.factorial, monomial)))
        result.append(entries)
    return result


def _exponents(n: int, degree: int) -> list[tuple[int, ...]]:
    """Returns the exponent vectors of a degree in n variables."""
    result = []
    for chosen in itertools.combinations_with_replacement(range(n), degree):
        vector = [0] * n
        for variable in chosen:
            vector[variable] += 1
        result.append(tuple(vector))
    return result


def _rank(matrix: list[list[Fraction]]) -> int:
    from flint import fmpq, fmpq_mat  # noqa: PLC0415

    if not matrix or not matrix[0]:
        return 0
    return int(fmpq_mat([[fmpq(entry.numerator, entry.denominator) for entry in row] for row in matrix]).rref()[1])
