"""The number of solutions of a system, from the leading monomials of its Gröbner basis.

The monomials that no leading monomial divides are a basis of the coordinate ring of the solutions (D. Cox, J. Little, D. O'Shea,
Ideals, Varieties, and Algorithms, section 5.3): they are as many as the solutions, over the algebraic closure, with multiplicity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def standard_monomials(leading: Sequence[tuple[int, ...]]) -> int | None:
    """Returns how many monomials none of the given ones divides, None for infinitely many; at least one must be given."""
    generators = set(leading)
    size = len(next(iter(generators)))
    if (0,) * size in generators:
        return 0
    powers = [min((e[i] for e in generators if sum(e) == e[i]), default=0) for i in range(size)]
    if 0 in powers:
        return None
    # Variables that are leading themselves are in no standard monomial, and neither is what a pure power divides.
    kept = [i for i in range(size) if powers[i] > 1]
    needed = [
        e for e in generators if all(a < power or sum(e) == a == power for a, power in zip(e, powers, strict=True))
    ]
    generators = {tuple(e[i] for i in kept) for e in needed if sum(e) > 1}
    base = max(powers, default=1) + 1
    units = [base**k for k in range(len(kept))]
    corners = {sum(e * unit for e, unit in zip(exponents, units, strict=True)) for exponents in generators}
    # Degree by degree; a monomial is made once, by its last variable, and is standard if all its divisors are.
    level: dict[int, int] = {0: 0}  # code -> position of its last variable
    total = 0
    while level:
        total += len(level)
        following: dict[int, int] = {}
        for code, last in level.items():
            for k in range(last, len(kept)):
                child = code + units[k]
                if child in corners:
                    continue
                if all(child // units[j] % base == 0 or child - units[j] in level for j in range(k)):
                    following[child] = k
        level = following
    return total
