"""The coordinates of phi over Q, and whether a polynomial in them that a report states is zero.

y_1, ..., y_n are the coefficients of the outputs that are not the zero polynomial in w, by output, then by falling exponent
vector of their monomial in x; y_0 stands for 1.  f(1, phi(w)) is expanded over Q.

Let u be an integer vector such that every phi_i is homogeneous if w_q has the weight u_q, and d_i its weight.  If f is
homogeneous for the weights d_i, then f(phi(t^u w)) is a power of t times f(phi(w)).  For independent vectors u_1, ..., u_k
there are k parameters that the torus of all (t_1^u_1 ... t_k^u_k) w moves to 1 from wherever they are not zero.  So it is
enough to look where they are 1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flint import Ordering, fmpq, fmpq_mat, fmpq_mpoly_ctx, fmpz_mat

from neuroalg_cli.verifying.refusing import require

if TYPE_CHECKING:
    from flint import fmpq_mpoly

    from neuroalg_cli.verifying.network import Network

_MAXIMAL_TERMS = 10**6
_MAXIMAL_PRODUCTS = 3 * 10**8
_MAXIMAL_LENGTH = 10**7
_TERM = re.compile(
    r"(?:(?P<number>[1-9][0-9]*)(?:\*(?=y))?)?(?P<factors>y_[0-9]+(?:\^[0-9]+)?(?:\*y_[0-9]+(?:\^[0-9]+)?)*)?"
)

Terms = dict[tuple[int, ...], int]
"""The exponents of y_0, y_1, ..., y_n -> coefficient, not 0."""


class Coordinates:
    """phi over Q, expanded; ``count``: n."""

    def __init__(self, network: Network) -> None:
        inputs = network.nodes[network.input].entries
        self._parameters = len(network.parameters)
        ring = fmpq_mpoly_ctx.get(tuple(f"z_{i}" for i in range(self._parameters + len(inputs))), Ordering.lex)
        self._values = dict(zip((*network.parameters, *inputs), ring.gens(), strict=True))
        self._zero, self._values[0] = ring.constant(0), ring.constant(1)
        self._expand(network)
        self._polynomials: list[dict[tuple[int, ...], fmpq]] = []
        #: the entry of the output, from 0, and the monomial in x of every coordinate
        self.labels: list[tuple[int, tuple[int, ...]]] = []
        for number, entry in enumerate(network.nodes[network.output].entries):
            found: dict[tuple[int, ...], dict[tuple[int, ...], fmpq]] = {}
            for exponents, c in self._values[entry].to_dict().items():
                vector = tuple(int(e) for e in exponents)
                found.setdefault(vector[self._parameters :], {})[vector[: self._parameters]] = c
            self._polynomials += [found[monomial] for monomial in sorted(found, reverse=True)]
            self.labels += [(number, monomial) for monomial in sorted(found, reverse=True)]
        self.count = len(self._polynomials)
        self._work = 0

    @property
    def polynomials(self) -> list[dict[tuple[int, ...], fmpq]]:
        """phi_1, ..., phi_n: exponents of w -> coefficient."""
        return self._polynomials

    def _expand(self, network: Network) -> None:
        """Computes the entries of all nodes as polynomials in (w, x)."""
        values = self._values
        for node in network.nodes[: network.output + 1]:
            require(node.operation != "reciprocal", "the network divides, so that its coordinates are no polynomials")
            for entry in (entry for entry in node.entries if entry not in values):
                pairs = network.steps[entry][1]
                size = sum(len(values[a]) * len(values[b]) for a, b in pairs)
                require(size <= 20 * _MAXIMAL_TERMS, "the coordinates are too large to replay")
                z = sum((values[a] * values[b] for a, b in pairs), self._zero)
                if node.terms:
                    top = max(node.terms)
                    require(len(z) ** min(top, 4) <= 24 * _MAXIMAL_TERMS, "the coordinates are too large to replay")
                    z = sum((fmpq(c.numerator, c.denominator) * z**e for e, c in node.terms.items()), self._zero)
                values[entry] = z
            size = sum(len(values[entry]) for entry in node.entries)
            require(size <= _MAXIMAL_TERMS, "the coordinates are too large to replay")

    def read(self, text: object) -> Terms:
        """Returns the terms of a polynomial such as ``y_1*y_3 - 4*y_2^2``; refuses what is not written like that."""
        require(isinstance(text, str) and len(text) <= _MAXIMAL_LENGTH, "an equation is no text, or too long")
        result: Terms = {}
        signs = [1, *(1 if sign == "+" else -1 for sign in re.findall(r" ([+-]) ", str(text)))]
        for sign, part in zip(signs, re.split(r" [+-] ", str(text)), strict=True):
            found = _TERM.fullmatch(part)
            require(found is not None and part, "an equation cannot be read")
            assert found is not None
            exponents = [0] * (self.count + 1)
            for factor in (found["factors"] or "").split("*") if found["factors"] else ():
                name, _, power = factor.partition("^")
                index = int(name.removeprefix("y_"))
                require(index <= self.count and len(power) < 5, "an equation has a variable that is no coordinate")
                exponents[index] += int(power or 1)
            key = tuple(exponents)
            require(key not in result, "an equation has a term twice")
            result[key] = sign * int(found["number"] or 1)
        return result

    def vanishes(self, terms: Terms) -> bool:
        """Returns whether a polynomial is zero at y_0 = 1, y_i = phi_i."""
        kept = self._kept(terms)
        ring = fmpq_mpoly_ctx.get(tuple(f"w_{q}" for q in kept) or ("w",), Ordering.degrevlex)
        values = [ring.constant(1)]
        for polynomial in self._polynomials:
            restricted: dict[tuple[int, ...], fmpq] = {}
            for exponents, c in polynomial.items():
                rest = tuple(exponents[q] for q in kept) or (0,)
                restricted[rest] = restricted.get(rest, fmpq(0)) + c
            values.append(ring.from_dict(restricted))
        known: dict[tuple[int, ...], fmpq_mpoly] = {(0,) * len(values): ring.constant(1)}
        total = ring.constant(0)
        for exponents, coefficient in terms.items():
            total += self._image(exponents, values, known) * coefficient
        return bool(total == ring.constant(0))

    def _image(
        self, exponents: tuple[int, ...], values: list[fmpq_mpoly], known: dict[tuple[int, ...], fmpq_mpoly]
    ) -> fmpq_mpoly:
        """Returns the value of a monomial, from that of its quotient by its last variable."""
        if exponents not in known:
            last = max(i for i, e in enumerate(exponents) if e)
            below = self._image((*exponents[:last], exponents[last] - 1, *exponents[last + 1 :]), values, known)
            self._work += len(below) * len(values[last])
            require(self._work <= _MAXIMAL_PRODUCTS, "the equations are too large to replay")
            known[exponents] = below * values[last]
        return known[exponents]

    def _kept(self, terms: Terms) -> list[int]:
        """Returns the parameters that are not set to 1."""
        rows = {
            tuple(a - b for a, b in zip(exponents, next(iter(polynomial)), strict=True))
            for polynomial in self._polynomials
            for exponents in polynomial
        }
        weights = [[0] * self._parameters, *(list(next(iter(polynomial))) for polynomial in self._polynomials)]
        # for f to be homogeneous as well: the exponents of w in the first terms of its monomials differ by vectors of weight 0
        images = [
            tuple(sum(e * row[q] for e, row in zip(exponents, weights, strict=True)) for q in range(self._parameters))
            for exponents in terms
        ]
        rows |= {tuple(a - b for a, b in zip(image, images[0], strict=True)) for image in images}
        if not self._parameters:
            return []
        kernel, nullity = fmpz_mat([list(row) for row in sorted(rows)]).nullspace()
        if not nullity:
            return list(range(self._parameters))
        basis = fmpq_mat(fmpz_mat([[int(kernel[q, i]) for q in range(self._parameters)] for i in range(nullity)]))
        reduced, rank = basis.rref()
        pivots = {next(q for q in range(self._parameters) if reduced[i, q] != 0) for i in range(rank)}
        return [q for q in range(self._parameters) if q not in pivots]
