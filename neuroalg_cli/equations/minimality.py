"""Proof that equations of a degree do not follow from those of lower degree: ranks over Q, not modulo a prime.

The forms of degree e that follow are spanned by the monomial multiples of the equations of lower degree.  A rank modulo a prime
bounds the dimension of their span from below; that the new equations are independent modulo it needs the rank over Q.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import fmpz_mat

from neuroalg_cli.equations.equation import without_linear

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from neuroalg_cli.deadline import Deadline
    from neuroalg_cli.equations.equation import Equation, Monomial

    Weight = tuple[int, ...]

#: entries of the matrix of a block
_MAXIMAL_ENTRIES = 1_500_000


def are_independent(
    known: Sequence[Equation],
    new: Sequence[Equation],
    weights: NDArray[np.int64],
    blocks: Iterable[Weight],
    deadline: Deadline,
) -> bool:
    """Returns True if new equations of one degree are proved to be independent modulo the ideal of known ones of lower degree.

    All are homogeneous for the weights, a row for each variable; ``blocks``: the weights that occur among the new ones.  False
    where a matrix is too large, or time is over.
    """
    together, kept = without_linear([*known, *new], len(weights))
    if new[0].degree > 1 and len(kept) < len(weights):
        # modulo the linear equations the others are what they are, in fewer variables
        new = together[len(together) - len(new) :]
        known = together[: len(together) - len(new)]
    else:
        kept = list(range(len(weights)))
    rows = [tuple(row) for row in weights[kept].tolist()]
    by_weight: dict[Weight, list[Equation]] = {}
    for equation in new:
        by_weight.setdefault(_weight(equation.leading, rows), []).append(equation)
    degree = new[0].degree
    followers: dict[Weight, list[dict[Monomial, int]]] = {weight: [] for weight in blocks}
    shifts = {d: _by_weight(d, rows) for d in {degree - equation.degree for equation in known}}
    for equation in known:
        own = _weight(equation.leading, rows)
        for weight, multiples in followers.items():
            step = tuple(a - b for a, b in zip(weight, own, strict=True))
            for shift in shifts[degree - equation.degree].get(step, ()):
                multiples.append({_product(m, shift): c for m, c in equation.terms})
    for weight, equations in by_weight.items():
        if deadline.is_over():
            return False
        multiples = followers[weight]
        both = [*multiples, *(dict(equation.terms) for equation in equations)]
        columns = {m: k for k, m in enumerate({m: None for row in both for m in row})}
        if len(both) * len(columns) > _MAXIMAL_ENTRIES:
            return False
        if _rank(both, columns) != _rank(multiples, columns) + len(equations):
            return False
    return True


def _rank(rows: Sequence[dict[Monomial, int]], columns: dict[Monomial, int]) -> int:
    if not rows:
        return 0
    matrix = fmpz_mat(len(rows), len(columns))
    for i, row in enumerate(rows):
        for monomial, coefficient in row.items():
            matrix[i, columns[monomial]] = coefficient
    return int(matrix.rank())


def _weight(monomial: Monomial, rows: Sequence[Weight]) -> Weight:
    return tuple(sum(e * row[k] for e, row in zip(monomial, rows, strict=True)) for k in range(len(rows[0])))


def _product(a: Monomial, b: Monomial) -> Monomial:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _by_weight(degree: int, rows: Sequence[Weight]) -> dict[Weight, list[Monomial]]:
    """Returns the monomials of a degree by their weights."""
    result: dict[Weight, list[Monomial]] = {}
    for monomial in _monomials(degree, len(rows)):
        result.setdefault(_weight(monomial, rows), []).append(monomial)
    return result


def _monomials(degree: int, variables: int) -> Iterator[Monomial]:
    if variables == 1:
        yield (degree,)
        return
    for e in range(degree, -1, -1):
        for rest in _monomials(degree - e, variables - 1):
            yield (e, *rest)
