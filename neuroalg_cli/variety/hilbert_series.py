"""Hilbert series of monomial ideals, and what is read off a Hilbert series.

R = k[y_1..y_N], M a monomial ideal.  HS(R/M) = K(t)/(1-t)^N, and for a monomial m the exact sequence

    0 -> R/(M : m) (-deg m) -> R/M -> R/(M + (m)) -> 0

gives K(M) = K(M + (m)) + t^deg(m) K(M : m), until the generators have no variable in common (A. Bigatti, Computation of
Hilbert-Poincaré series, 1997).  The pivot m is a power of the variable that occurs most often.  A homogeneous ideal I and its
ideal of leading monomials have the same Hilbert series (F. Macaulay 1927).

Cancelled, HS = h(t)/(1-t)^d with h(1) != 0: d is the Krull dimension and h(1) the degree (W. Bruns, J. Herzog, Cohen-Macaulay
Rings, section 4.1).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def monomial_ideal_numerator(generators: Sequence[tuple[int, ...]], variables: int) -> list[int]:
    """Returns the coefficients of K(t), from degree 0 on and without zeros at the end, with HS(R/M) = K(t)/(1-t)^variables.

    The generators are exponent vectors, in any order, and need not be minimal.  No generators: the zero ideal, K = 1; the
    generator 1: K = 0, an empty list.  Raises ``ValueError`` for vectors of another length or with negative exponents.
    """
    if any(len(monomial) != variables or min(monomial, default=0) < 0 for monomial in generators):
        raise ValueError(f"a monomial in {variables} variables is a vector of {variables} natural numbers")
    packed = _Packed(variables, max((max(monomial, default=0) for monomial in generators), default=0), len(generators))
    total = [0]
    # Each entry stands for multiplier(t) * K(ideal); a stack, since ideals in many variables are deep.
    stack = [([1], packed.minimal([packed.pack(monomial) for monomial in generators]))]
    while stack:
        multiplier, ideal = stack.pop()
        if 0 in ideal:  # the generator 1
            continue
        pivot = packed.pivot(ideal)
        if pivot is None:
            for monomial in ideal:
                multiplier = _sum(multiplier, [0] * packed.degree(monomial) + [-c for c in multiplier])
            total = _sum(total, multiplier)
            continue
        variable, exponent = pivot
        stack.append((multiplier, packed.plus(ideal, variable, exponent)))
        stack.append(([0] * exponent + multiplier, packed.colon(ideal, variable, exponent)))
    return _stripped(total)


class _Packed:
    """Monomials as integers, a field of bits per variable and a free bit above it: divisibility is seen by one subtraction."""

    def __init__(self, variables: int, exponent: int, count: int) -> None:
        #: bits of an exponent, or of a number of generators
        self.bits = max(exponent, count, 1).bit_length()
        self.width = self.bits + 1
        self.mask = (1 << self.bits) - 1
        self.shifts = [self.width * i for i in range(variables)]
        self.ones = sum(1 << shift for shift in self.shifts)
        self.guards = self.ones << self.bits

    def pack(self, monomial: Sequence[int]) -> int:
        return sum(int(e) << shift for e, shift in zip(monomial, self.shifts, strict=True))

    def degree(self, monomial: int) -> int:
        return sum((monomial >> shift) & self.mask for shift in self.shifts)

    def divides(self, a: int, b: int) -> bool:
        # No field borrows from its guard if and only if no exponent of a is larger than that of b.
        return ((b | self.guards) - a) & self.guards == self.guards

    def minimal(self, monomials: list[int]) -> list[int]:
        """Returns the minimal generators."""
        result: list[int] = []
        for monomial in sorted(set(monomials), key=self.degree):
            if not any(self.divides(known, monomial) for known in result):
                result.append(monomial)
        return result

    def pivot(self, ideal: list[int]) -> tuple[int, int] | None:
        """Returns the shift of the variable that most generators contain and an exponent, None if no two share a variable.

        The power is not in the ideal: the exponent is one of a minimal generator that is no power of the variable.
        """
        largest = self.ones * self.mask
        # Adding the largest exponent carries into the guard where the exponent is not 0: fields count the generators.
        counts = sum((((monomial + largest) & self.guards) >> self.bits) for monomial in ideal)
        count, shift = max((((counts >> shift) & self.mask), -shift) for shift in self.shifts) if ideal else (0, 0)
        if count < 2:
            return None
        shift = -shift
        exponents = sorted(e for m in ideal if (e := (m >> shift) & self.mask) and m != e << shift)
        return shift, exponents[len(exponents) // 2]

    def plus(self, ideal: list[int], shift: int, exponent: int) -> list[int]:
        """Returns the minimal generators of the ideal with a power of a variable that it does not contain."""
        return [m for m in ideal if (m >> shift) & self.mask < exponent] + [exponent << shift]

    def colon(self, ideal: list[int], shift: int, exponent: int) -> list[int]:
        """Returns the minimal generators of the quotient of the ideal by a power of a variable."""
        changed, kept = [], []
        for m in ideal:
            e = (m >> shift) & self.mask
            if e:
                changed.append(m - (min(e, exponent) << shift))
            else:
                kept.append(m)
        changed = self.minimal(changed)
        # What did not change divides nothing new but equals nothing changed that stays minimal.
        guards = self.guards
        kept = [m for m in kept if all(((m | guards) - a) & guards != guards for a in changed)]
        return changed + kept


@dataclass(frozen=True)
class HilbertSeries:
    """The Hilbert series h(t)/(1-t)^dimension of a graded algebra that is not 0, with h(1) != 0."""

    h: tuple[int, ...]
    #: Krull dimension: of the cone, one more than that of the projective scheme
    dimension: int

    def __post_init__(self) -> None:
        """Raises ``ValueError`` unless h(1) is positive, h ends in no zero and the dimension is a natural number."""
        if not self.h or sum(self.h) <= 0 or self.h[-1] == 0 or self.dimension < 0:
            raise ValueError(f"{self.h} and {self.dimension} make no Hilbert series h(t)/(1-t)^d of an algebra")

    @classmethod
    def from_numerator(cls, numerator: Sequence[int], variables: int) -> HilbertSeries:
        """Returns the series K(t)/(1-t)^variables, cancelled; raises ``ValueError`` for K = 0, the algebra 0."""
        h = _stripped(list(numerator))
        if not h:
            raise ValueError("the algebra is 0 and has no Hilbert series h(t)/(1-t)^d")
        dimension = variables
        while sum(h) == 0:
            # h/(1-t) has the partial sums of h as coefficients, of which the last is h(1) = 0.
            h = _stripped([sum(h[: i + 1]) for i in range(len(h))])
            dimension -= 1
        return cls(tuple(h), dimension)

    @classmethod
    def of_monomial_ideal(cls, generators: Sequence[tuple[int, ...]], variables: int) -> HilbertSeries:
        """Returns the series of R/M; raises ``ValueError`` if M is the whole ring."""
        return cls.from_numerator(monomial_ideal_numerator(generators, variables), variables)

    @property
    def degree(self) -> int:
        """The degree of the projective scheme, or the length of the algebra if the dimension is 0."""
        return sum(self.h)

    def value(self, e: int) -> int:
        """Returns the Hilbert function at e: the dimension of the graded part."""
        if self.dimension == 0:
            return self.h[e] if 0 <= e < len(self.h) else 0
        d = self.dimension
        return sum(c * math.comb(e - i + d - 1, d - 1) for i, c in enumerate(self.h) if i <= e)

    @functools.cached_property
    def polynomial(self) -> tuple[Fraction, ...]:
        """The Hilbert polynomial by powers of t from the constant on: the sum of the h_i C(t-i+d-1, d-1); empty is 0."""
        d = self.dimension
        if d == 0:
            return ()
        # product is (t-i+1) ... (t-i+d-1), from i = 0 on
        product = [1]
        for j in range(1, d):
            product = [a * j + b for a, b in zip([*product, 0], [0, *product], strict=True)]
        result = [0] * d
        for i, c in enumerate(self.h):
            if i:
                product = _times_over(product, i - 1, i - d)
            result = [a + c * b for a, b in zip(result, product, strict=True)]
        scale = math.factorial(d - 1)
        return tuple(Fraction(a, scale) for a in result)

    @property
    def polynomial_text(self) -> str:
        """The Hilbert polynomial by falling powers: ``3/2*t^2 + 3/2*t + 1``."""
        return _text(list(enumerate(self.polynomial))[::-1])

    @property
    def text(self) -> str:
        """The series: ``(1 + 2*t)/(1 - t)^4``."""
        numerator = _text([(i, Fraction(c)) for i, c in enumerate(self.h)])
        if self.dimension == 0:
            return numerator
        power = "" if self.dimension == 1 else f"^{self.dimension}"
        return f"{numerator if len(self.h) == 1 else f'({numerator})'}/(1 - t){power}"

    @property
    def arithmetic_genus(self) -> int | None:
        """(-1)^n (P(0) - 1) for the projective scheme of dimension n (Hartshorne, exercise I.7.2); None if it is empty."""
        if self.dimension == 0:
            return None
        # C(-i+d-1, d-1) is 1 for i = 0, then 0, then (-1)^(d-1) C(i-1, d-1) from i = d on
        d = self.dimension
        later = sum(c * math.comb(i - 1, d - 1) for i, c in enumerate(self.h) if i >= d)
        sign = 1 if d % 2 else -1
        return sign * (self.h[0] - 1) + later

    @property
    def sectional_genus(self) -> int | None:
        """The arithmetic genus of a section by general hyperplanes that is a curve, 1 + sum of (i-1) h_i; None for points.

        The section has the Hilbert polynomial of h(t)/(1-t)^2, h(1)(t+1) - h'(1).
        """
        return 1 + sum((i - 1) * c for i, c in enumerate(self.h)) if self.dimension >= 2 else None

    @property
    def regularity_index(self) -> int:
        """The first degree, not negative, from which on function and polynomial agree: deg h - d + 1 or 0.

        At deg h - d they differ by the leading coefficient of h (Bruns, Herzog, Proposition 4.1.12).
        """
        return max(0, len(self.h) - self.dimension)

    @property
    def is_symmetric(self) -> bool:
        """Whether h is a palindrome, as it is for Gorenstein algebras (R. Stanley 1978)."""
        return self.h == self.h[::-1]


def _times_over(product: list[int], root: int, factor: int) -> list[int]:
    """Returns a polynomial, by powers from the constant on, times t - root and divided by its factor t - factor."""
    if len(product) == 1:  # the empty product has no factor
        return product
    longer = [b - root * a for a, b in zip([*product, 0], [0, *product], strict=True)]
    quotient = [0] * len(product)
    carry = 0
    for k in range(len(product), 0, -1):
        carry = longer[k] + factor * carry
        quotient[k - 1] = carry
    return quotient


def _text(terms: Sequence[tuple[int, Fraction]]) -> str:
    """Returns a polynomial in t from pairs of exponent and coefficient, in their order."""
    result = ""
    for exponent, coefficient in terms:
        if not coefficient:
            continue
        power = "" if exponent == 0 else "t" if exponent == 1 else f"t^{exponent}"
        size = str(abs(coefficient))
        term = size if not power else power if size == "1" else f"{size}*{power}"
        if result:
            result += f" {'-' if coefficient < 0 else '+'} {term}"
        else:
            result = f"-{term}" if coefficient < 0 else term
    return result or "0"


def _sum(a: list[int], b: list[int]) -> list[int]:
    if len(a) < len(b):
        a, b = b, a
    return [x + y for x, y in zip(a, b, strict=False)] + a[len(b) :]


def _stripped(coefficients: list[int]) -> list[int]:
    """Returns coefficients without the zeros at their end."""
    length = len(coefficients)
    while length and coefficients[length - 1] == 0:
        length -= 1
    return coefficients[:length]
