"""Replays the proof of the degree of a neurovariety, whatever method found it, from equations that hold on it.

*A linear space, or a hypersurface in one.*  V is the Zariski closure of phi(W), and irreducible over Q.  Let l linear
equations hold on V, each with a coordinate that no other equation has; they leave s = n - l coordinates free.  Let at most
one equation f of higher degree hold on V, irreducible over Q.  All of them together define an irreducible variety of
dimension s, or s - 1 with f, which contains V.  A minor of d phi that is not zero modulo a prime shows that dim V is as
large.  So they are equal, and deg V = deg f, or 1 without f: the equations generate a prime ideal over Q, which stays
radical over C.  f may be homogeneous in y_0 = 1 and the others: as an irreducible polynomial that is not y_0 it keeps its
degree and stays irreducible when y_0 becomes 1.

*Any codimension*, where the evidence has ``sections``.  Equations hold on V, or on the cone over its projective closure; dim V is
at least the size m of the minor.  Sections by as many linear forms modulo a prime are finite, so that dim V = m, and leave no
degree but their length: see `neuroalg_cli.verifying.sections`.  The sections and the prime are the checker's own; those that
are stated must say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpz_mpoly_ctx

from neuroalg_cli.verifying.cones import is_graded
from neuroalg_cli.verifying.coordinates import Coordinates, Terms
from neuroalg_cli.verifying.equations import Torus, without_linear
from neuroalg_cli.verifying.refusing import integers, require, same
from neuroalg_cli.verifying.sections import degree_by_sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroalg_cli.verifying.network import Network

_MAXIMAL_EQUATIONS = 10**4
#: of an equation whose sections are computed
_MAXIMAL_DEGREE = 60
_PRIME = 2147483629


def degree(
    claim: Mapping[str, Any], network: Network, rank: int, counts: tuple[int, int] | None
) -> tuple[int, int, str]:
    """Returns the degree, the number of coordinates and what was proved, for a dimension of at least ``rank``.

    ``counts``: between which numbers that of the coordinates lies, where there are no equations; else they are expanded.
    Raises `ReportError` with the first reason why the claim does not hold.
    """
    value, equations = claim["value"], claim["evidence"]["equations"]
    require(type(equations) is list and len(equations) <= _MAXIMAL_EQUATIONS, "the equations are no list, or too many")
    if counts is not None:
        least, most = counts
        (count,) = integers([value["ambient_dimension"]], "the ambient dimension", least, most + 1)
        same("the dimension of V, which has no equations,", rank, count)
        given = "" if count == most else "; the number of coordinates is taken as given"
        return 1, count, f"degree 1: V is the ambient space, of dimension {count}{given}"
    coordinates = Coordinates(network)
    read = [coordinates.read(text) for text in equations]
    degrees = [_degree(terms) for terms in read]
    if "sections" in claim["evidence"]:
        require(max(degrees) <= _MAXIMAL_DEGREE, "the degree of an equation is too large to replay")
        return _by_sections(claim["evidence"]["sections"], read, coordinates, rank, is_cone=is_graded(network))
    linear = [terms for terms, d in zip(read, degrees, strict=True) if d == 1]
    others = [terms for terms, d in zip(read, degrees, strict=True) if d != 1]
    require(len(others) <= 1, "more than one equation has a degree above 1")
    users: dict[int, int] = {}
    for terms in read:
        for index in {i for exponents in terms for i, e in enumerate(exponents) if e and i}:
            users[index] = users.get(index, 0) + 1
    for terms in linear:
        own = [i for exponents in terms for i, e in enumerate(exponents) if e and i and users[i] == 1]
        require(own, "a linear equation has no coordinate of its own")
    same("the dimension", rank, coordinates.count - len(read))
    require(
        value["projective_closure"] or not any(exponents[0] for terms in read for exponents in terms),
        "V is said to be a cone, but an equation contains y_0",
    )
    for terms in others:
        require(_is_irreducible(terms), "the equation is reducible")
    for terms in read:
        require(coordinates.vanishes(terms), "an equation does not hold on V")
    found = max(degrees)
    what = f"an irreducible equation of degree {found} holds" if others else "only linear equations hold"
    more = f" beside {len(linear)} of degree 1" if others and linear else ""
    return found, coordinates.count, f"degree {found}: {what}{more}, and no more fit beside a dimension of {rank}"


def _by_sections(
    stated: Mapping[str, Any], read: Sequence[Terms], coordinates: Coordinates, rank: int, *, is_cone: bool
) -> tuple[int, int, str]:
    """Returns the same for equations whose sections leave one degree only."""
    integers([stated["prime"]], "the prime of the sections", 2, 2**31)
    count = coordinates.count
    is_closure = not (rank == count or is_cone)
    if not is_closure:
        require(not any(exponents[0] for terms in read for exponents in terms), "an equation of a cone contains y_0")
        read = [{exponents[1:]: c for exponents, c in terms.items()} for terms in read]
    Torus(coordinates, is_closure=is_closure).require_zero(read)
    reduced, kept = without_linear(read, count + is_closure)
    codimension = len(kept) - rank - is_closure
    require(codimension >= 0, "more linear equations hold than a variety of this dimension has")
    found = degree_by_sections(reduced, len(kept), codimension, _PRIME)
    require(stated["orbits"], "no orbits are stated")
    for orbits in stated["orbits"]:
        same("the length of a section", sum(integers(orbits, "the orbits of a section", 1, found + 1)), found)
    many = f"{len(read)} equations hold" if len(read) > 1 else "an equation holds"
    what = f"{many}, and sections modulo {_PRIME} leave no other one beside a dimension of {rank}"
    return found, count, f"degree {found}: {what}"


def _degree(terms: Terms) -> int:
    """Returns the degree of a homogeneous polynomial that is not constant; refuses others."""
    degrees = {sum(exponents) for exponents in terms}
    require(len(degrees) == 1 and min(degrees) > 0, "an equation is not homogeneous, or constant")
    return degrees.pop()


def _is_irreducible(terms: Terms) -> bool:
    """Returns whether a polynomial is irreducible over Q."""
    used = sorted({i for exponents in terms for i, e in enumerate(exponents) if e})
    ring = fmpz_mpoly_ctx.get(tuple(f"y_{i}" for i in used), Ordering.lex)
    polynomial = ring.from_dict({tuple(exponents[i] for i in used): c for exponents, c in terms.items()})
    _, factors = polynomial.factor()
    return len(factors) == 1 and factors[0][1] == 1
