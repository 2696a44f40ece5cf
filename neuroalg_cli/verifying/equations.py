"""Replays the proof that a report lists minimal generators of the ideal of V up to a degree.

V is the closure of phi(W), or the cone over its projective closure: phi then stands for (t, t phi_1, ..., t phi_n).

*They hold.*  f(phi(w)) is expanded over Q and is 0.  Let T be the torus of all gradings of w for which every phi_i is
homogeneous; for f homogeneous under T it is enough to look where some parameters are 1, as many as T has independent weights.
*None is missing.*  V is stable under T, so that its ideal is the sum of its parts of one weight.  In every weight of a
degree, the rank of the monomials at points of V modulo p is at most the rank over Q, and so is that of the multiples of the
equations; if they add up to the number of monomials, the multiples are all forms that vanish on V.  Or, where the claim
says that it is proved that the equations are complete: dim V is at least the rank m of d phi at a point modulo p, and

    sections modulo p show it: see `neuroalg_cli.verifying.sections`; what else is said about completeness: `.completeness`.

A variable that is in one linear equation and in no other equation is used up: R/J is an algebra in the others.

*None is needless.*  The rank over Q of the multiples of the equations of lower degree grows by one with each equation.
"""

from __future__ import annotations

from math import comb, prod
from random import Random
from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpq_mat, fmpz_mat, fmpz_mpoly_ctx, nmod_mat

from neuroalg_cli.verifying import completeness
from neuroalg_cli.verifying.cones import is_graded
from neuroalg_cli.verifying.coordinates import Coordinates
from neuroalg_cli.verifying.mlp import is_specified
from neuroalg_cli.verifying.multiples import Multiples
from neuroalg_cli.verifying.network import Network
from neuroalg_cli.verifying.refusing import integers, require, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Terms = dict[tuple[int, ...], int]

_PRIME = 2147483629
_MAXIMAL_DEGREE = 60
_MAXIMAL_EQUATIONS = 10**4
_MAXIMAL_TERMS = 10**6
_MAXIMAL_PRODUCTS = 3 * 10**8
_KEYS = {
    "generators_by_degree",
    "minimal_generators",
    "max_degree",
    "hilbert_function",
    "projective_closure",
    "coordinates",
    "equations",
}


def equations(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved about equations, in a sentence; raises `ReportError` with the first reason why it is not."""
    value = claim["value"]
    require(set(value) == _KEYS and claim["kind"] in ("exact", "lower_bound"), "the claim has other entries")
    network = _network(report["parametrization"]["network"])
    is_mlp = is_specified(network, report["architecture"])
    coordinates = Coordinates(network)
    same("the number of parameters", report["parametrization"]["parameters"], len(network.parameters))
    same("the number of coordinates", report["parametrization"]["coordinates"], coordinates.count)
    require(value["coordinates"] == _names(coordinates), "the coordinates are not described as they are")
    rank = _rank(coordinates, network)
    is_closure = not (rank == coordinates.count or is_graded(network))
    same("'projective_closure'", value["projective_closure"], is_closure)
    stated = _read(value, coordinates, is_closure=is_closure)
    (top,) = integers([value["max_degree"]], "the largest degree", 0, _MAXIMAL_DEGREE)
    variables, dimension = coordinates.count + is_closure, rank + is_closure
    require(all(_degree(terms) <= top for terms in stated), "an equation has a larger degree than the largest one")
    hilbert = integers(value["hilbert_function"], "the Hilbert function", 0, 2**63, top + 1)
    torus = Torus(coordinates, is_closure=is_closure)
    torus.require_zero(stated)
    reduced, kept = without_linear(stated, variables)
    multiples = Multiples(reduced, [torus.weights[i] for i in kept], network.p)
    multiples.require_minimal()
    given = "" if is_mlp else "; the network is taken as given"
    count = f"{len(stated)} equation{'' if len(stated) == 1 else 's'}"
    same("the dimension in the evidence", claim["evidence"]["dimension"]["value"], rank)
    said = [text for text in claim["assumptions"] if "projective closure" in text or "homogenizes" in text]
    good = len(said) == is_closure and all("y_0 homogenizes" in text for text in said)
    require(good, "the assumptions do not say rightly whether y_0 homogenizes")
    linear = sum(_degree(terms) == 1 for terms in stated)
    h, unproved = completeness.replay(
        claim,
        completeness.Situation(reduced, len(kept), network.p, len(stated), linear, variables, dimension, top),
    )
    if h is not None:
        same("the Hilbert function", list(hilbert), [_hilbert(h, dimension, t) for t in range(top + 1)])
        return f"{count} hold on V, generate its ideal, and none is needless; degree {sum(h)}{given}"
    draw = torus.points(coordinates, network.p)

    def points() -> list[int]:
        point = draw()
        return [point[i] for i in kept]

    found = [1, *(multiples.hilbert(t, points) for t in range(1, top + 1))]
    same("the Hilbert function", list(hilbert), found)
    return f"{count} hold on V, generate its ideal up to degree {top}, and none is needless{given}{unproved}"


def _network(graph: Mapping[str, Any]) -> Network:
    """Returns the network with a prime and a point of the checker's own."""
    source = Random(0)  # noqa: S311  # any values will do
    shapes = [node["shape"] for node in graph["nodes"] if node["operation"] == "parameter"]
    count = sum(prod(integers(shape, "the shape of a parameter", 1, 10**6)) for shape in shapes)
    require(count <= 10**5, "the network is too large to replay")
    point = [source.randrange(1, _PRIME) for _ in range(count)]
    return Network(graph, {"prime": _PRIME, "point": point, "inputs": []})


def _names(coordinates: Coordinates) -> list[str]:
    result = []
    for output, monomial in coordinates.labels:
        powers = [f"x_{i + 1}^{e}".removesuffix("^1") for i, e in enumerate(monomial) if e]
        result.append(f"coefficient of {'*'.join(powers) or '1'} in output {output + 1}")
    return result


def _rank(coordinates: Coordinates, network: Network) -> int:
    """Returns the rank of d phi at the point modulo the prime: dim V is at least that."""
    p, w = network.p, [network.w[entry] for entry in network.parameters]
    require(sum(map(len, coordinates.polynomials)) <= _MAXIMAL_TERMS, "the coordinates are too large to replay")
    inverses = [1 / value for value in w]
    entries = []
    for polynomial in coordinates.polynomials:
        row = [0 * w[0] for _ in w] if w else []
        for exponents, c in polynomial.items():
            used = [(q, e) for q, e in enumerate(exponents) if e]
            term = prod((w[q] ** e for q, e in used), start=network.residue(_fraction(c)))
            for q, e in used:
                row[q] += term * e * inverses[q]
        entries += row
    return int(nmod_mat(coordinates.count, len(w), entries, p).rank()) if entries else 0


def _fraction(c: Any) -> Any:
    from fractions import Fraction  # noqa: PLC0415

    return Fraction(int(c.p), int(c.q))


def _read(value: Mapping[str, Any], coordinates: Coordinates, *, is_closure: bool) -> list[Terms]:
    """Returns the equations, by strict reading, after their numbers by degree were compared with what is stated."""
    texts = value["equations"]
    require(type(texts) is list and len(texts) <= _MAXIMAL_EQUATIONS, "the equations are no list, or too many")
    result, counts = [], dict[str, int]()
    for text in texts:
        terms = {
            exponents if is_closure else exponents[1:]: c for exponents, c in _terms(text, coordinates, is_closure)
        }
        degree = str(_degree(terms))
        counts[degree] = counts.get(degree, 0) + 1
        result.append(terms)
    stated = value["generators_by_degree"]
    good = isinstance(stated, dict) and all(type(number) is int for number in stated.values())
    require(good and stated == counts, f"the equations have the numbers {counts} by degree, and others are stated")
    same("the number of equations", value["minimal_generators"], len(result))
    return result


def _terms(text: Any, coordinates: Coordinates, is_closure: bool) -> list[tuple[tuple[int, ...], int]]:
    terms = list(coordinates.read(text).items())
    require(is_closure or not any(exponents[0] for exponents, _ in terms), "an equation of a cone contains y_0")
    return terms


def _degree(terms: Terms) -> int:
    degrees = {sum(exponents) for exponents in terms}
    require(len(degrees) == 1 and 1 <= min(degrees) <= _MAXIMAL_DEGREE, "an equation is not homogeneous, or its degree")
    return degrees.pop()


class Torus:
    """phi with as many parameters set to 1 as its gradings allow; the weights of the y_i."""

    def __init__(self, coordinates: Coordinates, *, is_closure: bool) -> None:
        phi = coordinates.polynomials
        count = len(next(iter(phi[0])))
        self.is_closure = is_closure
        if is_closure:
            one = next(iter(phi[0].values())) ** 0
            phi = [{(0,) * count: one}, *phi]
            phi = [{(*exponents, 1): c for exponents, c in polynomial.items()} for polynomial in phi]
            count += 1
        firsts = [next(iter(polynomial)) for polynomial in phi]
        rows = {
            tuple(a - b for a, b in zip(exponents, first, strict=True))
            for polynomial, first in zip(phi, firsts, strict=True)
            for exponents in polynomial
        }
        kernel, nullity = fmpz_mat([list(row) for row in sorted(rows)]).nullspace()
        basis = [[int(kernel[q, i]) for q in range(count)] for i in range(nullity)]
        #: a tuple for every y_i, the total degree in front
        self.weights = [(1, *(sum(a * b for a, b in zip(u, first, strict=True)) for u in basis)) for first in firsts]
        ones = set[int]()
        if nullity:
            reduced, rank = fmpq_mat(fmpz_mat(basis)).rref()
            ones = {next(q for q in range(count) if reduced[i, q] != 0) for i in range(rank)}
        kept = [q for q in range(count) if q not in ones]
        ring = fmpz_mpoly_ctx.get(tuple(f"w_{q}" for q in kept) or ("w",), Ordering.lex)
        scale = 1
        for c in (c for polynomial in phi for c in polynomial.values()):
            scale *= int(c.q) // _gcd(scale, int(c.q))
        self.values = []
        for polynomial in phi:
            terms: dict[tuple[int, ...], int] = {}
            for exponents, c in polynomial.items():
                key = tuple(exponents[q] for q in kept) or (0,)
                terms[key] = terms.get(key, 0) + int(c.p) * (scale // int(c.q))
            self.values.append(ring.from_dict(terms))
        self.known: dict[tuple[int, ...], Any] = {(0,) * len(phi): ring.constant(1)}
        self.zero, self.work = ring.constant(0), 0

    def require_zero(self, stated: Sequence[Terms]) -> None:
        """Refuses equations that do not vanish on V, or that are not homogeneous under the torus."""
        for number, terms in enumerate(stated, start=1):
            weights = {self._weight(exponents) for exponents in terms}
            require(len(weights) == 1, f"equation {number} is not homogeneous for the multigrading")
            total = self.zero
            for exponents, c in terms.items():
                total += self._image(exponents) * c
            require(total == self.zero, f"equation {number} does not hold on V")
        self.known = {key: value for key, value in self.known.items() if not any(key)}

    def points(self, coordinates: Coordinates, p: int) -> Any:
        """Returns a source of points of the cone modulo p, as lists of residues."""
        source = Random(2)  # noqa: S311  # any values will do
        parameters = len(next(iter(coordinates.polynomials[0])))
        table = [
            [
                (int(c.p) * pow(int(c.q), -1, p) % p, [(q, e) for q, e in enumerate(exponents) if e])
                for exponents, c in f.items()
            ]
            for f in coordinates.polynomials
        ]

        def draw() -> list[int]:
            w = [source.randrange(1, p) for _ in range(parameters)]
            values = []
            for terms in table:
                total = 0
                for c, used in terms:
                    for q, e in used:
                        c = c * pow(w[q], e, p) % p  # noqa: PLW2901
                    total += c
                values.append(total % p)
            return [1, *values] if self.is_closure else values

        return draw

    def _weight(self, exponents: tuple[int, ...]) -> tuple[int, ...]:
        rows = self.weights
        return tuple(sum(e * row[k] for e, row in zip(exponents, rows, strict=True) if e) for k in range(len(rows[0])))

    def _image(self, exponents: tuple[int, ...]) -> Any:
        """Returns the value of a monomial, from that of its quotient by its last variable."""
        if exponents not in self.known:
            last = max(i for i, e in enumerate(exponents) if e)
            below = self._image((*exponents[:last], exponents[last] - 1, *exponents[last + 1 :]))
            self.work += len(below) * len(self.values[last])
            require(self.work <= _MAXIMAL_PRODUCTS, "the equations are too large to replay")
            self.known[exponents] = below * self.values[last]
        return self.known[exponents]


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def without_linear(stated: Sequence[Terms], variables: int) -> tuple[list[Terms], list[int]]:
    """Returns equations and variables with linear equations used up, if each has a variable that is in no other equation."""
    users = [0] * variables
    for terms in stated:
        for i in {i for exponents in terms for i, e in enumerate(exponents) if e}:
            users[i] += 1
    gone = set[int]()
    for terms in stated:
        if _degree(terms) == 1:
            own = [i for exponents in terms for i, e in enumerate(exponents) if e and users[i] == 1]
            if not own:
                return list(stated), list(range(variables))
            gone.add(own[0])
    kept = [i for i in range(variables) if i not in gone]
    rest = [terms for terms in stated if _degree(terms) > 1]
    return [{tuple(exponents[i] for i in kept): c for exponents, c in terms.items()} for terms in rest], kept


def _hilbert(h: Sequence[int], dimension: int, t: int) -> int:
    if dimension == 0:
        return h[t] if t < len(h) else 0
    return sum(c * comb(t - i + dimension - 1, dimension - 1) for i, c in enumerate(h) if i <= t)
