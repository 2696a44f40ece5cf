"""Reads quotients of polynomials in one variable that a user typed, such as ``z/(z^2+1)``, with the grammar of polynomials."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from neuroalg_cli.polynomial_grammar import (
    CONSTANT,
    GRAMMAR,
    MAXIMAL_LENGTH,
    CapError,
    Evaluation,
    Polynomial,
    capped,
    chain,
    clean,
    exponent_of,
    parse_tree,
    refuse_other_variables,
    univariate_terms,
    univariate_text,
)

if TYPE_CHECKING:
    from neuroalg_cli.network import Terms


def parse_quotient(text: str, key: str) -> tuple[Terms, Terms]:
    """Returns numerator and denominator of a quotient of polynomials in one variable, such as ``z/(z^2+1)``.

    In lowest terms over Q; the coefficients of the denominator are coprime integers, the first one positive.  Raises
    `SpecError` for division by zero, and for what `parse_univariate` refuses.
    """
    numerator, denominator = _Quotients().of_quotient(text, key)
    refuse_other_variables({**numerator, **denominator}, key)
    return _lowest_terms(univariate_terms(numerator), univariate_terms(denominator))


def quotient_text(numerator: Terms, denominator: Terms, variable: str = "z") -> str:
    """Returns the canonical text of a quotient in lowest terms; that of a polynomial where the denominator is 1."""
    texts = [univariate_text(terms, variable) for terms in (numerator, denominator)]
    if texts[1] == "1":
        return texts[0]
    return "/".join(
        text if len(terms) == 1 else f"({text})" for text, terms in zip(texts, (numerator, denominator), strict=True)
    )


def _lowest_terms(numerator: Terms, denominator: Terms) -> tuple[Terms, Terms]:
    from flint import fmpq, fmpq_poly  # noqa: PLC0415  # only quotients pay for the import

    p, q = fmpq_poly([]), fmpq_poly([])
    for exponent, c in numerator:
        p[exponent] = fmpq(c.numerator, c.denominator)
    for exponent, c in denominator:
        q[exponent] = fmpq(c.numerator, c.denominator)
    common = p.gcd(q)
    p, q = p // common, q // common
    integral = q.numer()
    scale = fmpq(integral.content() * (1 if integral[integral.degree()] > 0 else -1), q.denom())
    p, q = p / scale, q / scale

    def terms(f: Any) -> Terms:
        found = ((e, Fraction(int(f[e].p), int(f[e].q))) for e in range(f.degree(), -1, -1))
        return tuple((e, c) for e, c in found if c)

    return terms(p), terms(q)


class _Quotients(Evaluation):
    """The same for quotients, as pairs of a numerator and a denominator that is not zero; nothing is cancelled."""

    def of_quotient(self, text: str, key: str) -> tuple[Polynomial, Polynomial]:
        """Returns the pair that a text denotes; raises `SpecError`."""
        tree = parse_tree(text, key, GRAMMAR, MAXIMAL_LENGTH, "z/(z^2 + 1)")
        with capped(text, key):
            return self._pair(tree)

    def _pair(self, tree: Any) -> tuple[Polynomial, Polynomial]:
        match tree.data:
            case "number" | "variable":
                return self.value(tree), {CONSTANT: Fraction(1)}
            case "power":
                p, q = self._pair(tree.children[0])
                exponent = exponent_of(str(tree.children[1]))
                return self.power(p, exponent), self.power(q, exponent)
            case "negate":
                sign = 1
                while tree.data == "negate":
                    sign, tree = -sign, tree.children[0]
                p, q = self._pair(tree)
                return {monomial: sign * coefficient for monomial, coefficient in p.items()}, q
            case "add" | "subtract":
                first, rest = chain(tree, ("add", "subtract"))
                p, q = self._pair(first)
                for operation, operand in rest:
                    a, b = self._pair(operand)
                    if b == q:  # sums of polynomials keep their denominator
                        p = _added(p, a, 1 if operation == "add" else -1)
                    else:
                        p = _added(self.product(p, b), self.product(a, q), 1 if operation == "add" else -1)
                        q = self.product(q, b)
                return p, q
            case _:
                first, rest = chain(tree, ("multiply", "divide"))
                p, q = self._pair(first)
                for operation, operand in rest:
                    a, b = self._pair(operand)
                    if operation == "divide":
                        if not a:
                            raise CapError("divides by zero")
                        a, b = b, a
                    p, q = self.product(p, a), self.product(q, b)
                return p, q


def _added(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    result = dict(left)
    for monomial, coefficient in right.items():
        result[monomial] = result.get(monomial, Fraction(0)) + sign * coefficient
    return clean(result)
