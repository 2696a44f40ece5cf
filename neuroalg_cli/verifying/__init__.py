"""Replays the proofs of a report with python-flint alone; nothing here is shared with the code that found them.

Claim: the Zariski closure V of { f_w : w in Q^P }, f_w the function of a network with parameters w, has dimension R.

*At least R.*  Row i*m + o of the matrix J holds the derivatives by w of entry o (of m) of f_w(x_i).  An R x R minor of J that is
not 0 modulo p at an integer point (p divides no denominator) is not 0 as a polynomial in w over Q.  So w -> (f_w(x_1), ...) has
generic rank R at least; it is w -> f_w followed by a linear map.

*At most R.*  A block is what a node ``to`` needs behind a node ``from``: a function of ``from`` and parameters of its own.  Let D
be the dimension of the closure of these functions on the values that ``from`` takes in the network (for general values of the
parameters before it).

``coordinates``    D <= number of coefficients, of monomials in ``from`` whose degree can occur in an entry of ``to``, or in
                   s(``from``) if an activation s comes first, since g -> g o s is linear.
``monomials``      D <= number of monomials that the outputs have where all parameters and coefficients are 1 and nothing cancels.
``determinantal``  A chain of matrices and added vectors is x -> A x + c with rank A <= k, the smallest size on the way, and such
                   A form a variety of dimension k(m + n - k).
``symmetries``     D <= parameters - rank of polynomial vector fields on W along which the function is constant; the rank at a
                   point modulo p is at most the generic one.  The fields live at an interface, h = W u (+ b) and V s(h) (+ b')
                   with s(z) = a (z + c)^r + d and W, b, V, b', h, s(h) used once in the block.  *scaling*: row i of (W, b + c)
                   times t, column i of V times t^-r, b' takes up d; needs c = 0 or b, and d = 0 or b'.  *general-linear*: r = 1,
                   rows of W mixed; needs d = 0 or b'.  *translation*: r = 1, of b; needs b and b'.  *rotation*: r = 2, V a row v,
                   (h_i + c)' = v_j (h_j + c), (h_j + c)' = -v_i (h_i + c), keeps sum v_i (h_i + c)^2; needs c = 0 or b.
``fields``         The same with polynomial vector fields that are stated term by term; that the function is constant along each
                   is seen by computing f(w + e X) in Q[w, x][e]/(e^2).
``composition``    The function is g o h; the functions h of the left block and g of the right one share no parameter, so
                   D <= D(left) + D(right).  Fields at an interface h move pairs (h, g) and not g o h; they move h by S (h + c),
                   S being diagonal (scalings), any matrix (general-linear), or diagonal plus multiples of v_j E_ij - v_i E_ji
                   (rotations as well).  All matrices S move h in n rank(h) dimensions, with translations (r = 1, of b and b') in
                   n rank(h, 1), n(n + 1)/2 dimensions of S as many if the functions h_i + c are linearly independent (n(n - 1)/2
                   without b' for d), diagonal ones n if none of them is 0, which is seen modulo p at the point and random
                   inputs.  The differential of (h, g) -> g o h has such a kernel: so much is gained.  Where D(left) counts all
                   polynomials of degrees among which is 0, all of them may stand for the left block, and b is not needed.
``span``           The n entries of ``to`` lie in the space T(h) of the polynomials of certain degrees in the values h at a node,
                   or in s(h), and are combinations of k functions (and a constant, with a vector added at the end: they lie in
                   T(h)/Q then, and n constants come on top).  Such tuples have dimension k(n + N - k), N = dim T(h).  The tuples
                   with T(h) for all h of a left block W u (+ b): D(left) more, less the dimension of an orbit of changes of h
                   that keep T(h): all matrices, with b and all degrees up to some one all translations; scalings of the h_i + c
                   for s(h), s as above, d = 0 or all degrees up to some one.
                   N <= number of monomials of the degrees that occur in a node ``counted``.  If it has n' entries, more than m of
                   a node ``over``, and degree d in them, its values lie in a hypersurface of degree at most d^m, in a cone of
                   degree d^(m-1) if it has no other degrees; the multiples of that equation do not count.
``pfaffian``       Three quadratic forms with symmetric matrices A, B, C of even size m give the skew matrix [[0, A, B],
                   [-A, 0, C], [-B, -C, 0]], of rank 2 for (a, b, c) times a square.  So s < 3m/2 squares have no full rank, and
                   others have (m = 2: A = 1, B C not C B; direct sums): D <= 3 C(m + 1, 2) - 1.  Constants are the square of one
                   variable more.
``curve``          The end is sum v_i l_i(y)^r (+ constants, one of the variables then being 1), with s terms, v_i of length m and
                   l_i in n variables: the tangent spaces at general terms have dimension m + n - 1.  If s <= n + 2 there is a
                   rational normal curve c of degree n - 1 with c(t_i) = l_i, and there are polynomials phi of degree d with
                   phi(t_i) a multiple of v_i, not 0, if the derivative of phi -> (phi(t_i) up to factors) has full rank
                   somewhere.  The values and derivatives of phi c^r at the t_i are 2s tangent vectors in a space of dimension
                   d + r(n - 1) + 1.

Degrees, equations and containments have proofs of their own: see `neuroalg_cli.verifying.degrees`, `.equations` and
`.containment`.

For the family ``mlp`` the graph is compared with the specification, and V spans the space of all monomials of the degrees that
occur: GL(n_0) x GL(n_L) acts on V, and the forms of one degree are irreducible.  Graphs of other families are taken as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

from flint import fmpz, nmod, nmod_mat, nmod_poly

from neuroalg_cli.verifying import containment
from neuroalg_cli.verifying.blocks import Block, monomials
from neuroalg_cli.verifying.bounds import bound
from neuroalg_cli.verifying.cones import is_graded
from neuroalg_cli.verifying.degrees import degree
from neuroalg_cli.verifying.equations import equations
from neuroalg_cli.verifying.expanding import at_least, at_most
from neuroalg_cli.verifying.mlp import is_specified
from neuroalg_cli.verifying.network import Network
from neuroalg_cli.verifying.refusing import ReportError, integers, require, same

__all__ = ["Finding", "ReportError", "estimate_seconds", "verify"]

_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim, by its index: whether its proof holds, and what was checked or the first reason against it."""

    claim: int
    accepted: bool
    statement: str


def verify(report: Mapping[str, Any]) -> list[Finding]:
    """Returns a finding for every claim with the certainty 'proved'; raises `ReportError` for what is no report."""
    findings = []
    for index, claim in _proved_claims(report):
        try:
            findings.append(Finding(index, True, _replay(report, claim)))
        except _MALFORMED as reason:
            sentence = str(reason) if isinstance(reason, ReportError) else f"the proof is malformed: {reason!r:.80}"
            findings.append(Finding(index, False, sentence))
    return findings


def estimate_seconds(report: Mapping[str, Any]) -> float:
    """Returns about how long `verify` takes, by the sizes of minors and sections; raises `ReportError` for no report."""
    seconds = 0.0
    for _, claim in _proved_claims(report):
        with suppress(*_MALFORMED):
            seconds += _seconds_of_sections(claim)
        with suppress(*_MALFORMED):  # what is malformed will be refused at once
            size, parameters = (len(claim["evidence"]["lower_bound"][key]) for key in ("pivot_rows", "point"))
            seconds += 1e-6 * size * parameters + 2e-7 * size**2 + 2e-10 * size**3
    return seconds


def _seconds_of_sections(claim: Mapping[str, Any]) -> float:
    """Returns about how long sections take: their number, and the entries of their matrices, by length and codimension."""
    value, evidence = claim["value"], claim["evidence"]
    if claim["invariant"] == "ideal":
        orbits, codimension = (
            evidence["completeness"]["orbits"],
            len(value["coordinates"]) - evidence["dimension"]["value"],
        )
    else:
        orbits, codimension = evidence["sections"]["orbits"], value["codimension"]
    (codimension,) = integers([codimension], "the codimension", 0, 10**6)
    lengths = [sum(integers(orbit, "the orbits of a section", 1, 10**6)) for orbit in orbits]
    return sum((4e-3 + 5e-6 * (codimension + 1) ** 4) * length for length in lengths)


def _proved_claims(report: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        require((report["schema"], repr(report["version"])) == ("neuroalg/report", "1"), "another schema or version")
        parts = report["architecture"], report["architecture"]["specification"], report["parametrization"]["network"]
        require(all(isinstance(part, Mapping) for part in parts), "the architecture or network is no JSON object")
        return [(index, claim) for index, claim in enumerate(report["claims"]) if claim["certainty"] == "proved"]
    except _MALFORMED as reason:
        raise ReportError(f"a part of it is missing or cannot be read ({reason!s:.80})") from None


def _replay(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved, in a sentence; raises `ReportError` with the first reason why a claim is not."""
    require(claim.get("error_probability") is None, "what is proved has no probability of error")
    is_builtin = claim.get("engine", {}).get("name") == "builtin"
    require(not is_builtin or claim.get("script") is None, "a script is named of a claim that needed none")
    primes = integers(claim.get("primes", ()), "the primes", 2, 2**63)
    require(all(fmpz(p).is_prime() for p in primes), "one of the primes is none")
    if claim["invariant"] == "ideal":
        return equations(report, claim)
    known = {"dimension": _replay_dimension, "degree": _replay_degree, "contains": containment.replay}
    replay = known.get(claim["invariant"])
    require(
        replay is not None and claim["kind"] == "exact",
        "only exact dimensions, degrees and containments, and equations, can be replayed",
    )
    assert replay is not None
    return replay(report, claim)


def _replay_degree(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved about a degree."""
    value, lower = claim["value"], claim["evidence"]["lower_bound"]
    require(claim.get("completeness") is None, "a degree lists nothing that could be complete")
    network = Network(report["parametrization"]["network"], lower)
    is_mlp = is_specified(network, report["architecture"])
    rank = _require_minor(network, lower)
    counts = None if claim["evidence"]["equations"] else _coordinate_range(network, is_mlp=is_mlp)
    found, count, statement = degree(claim, network, rank, counts)
    stated = {
        "degree": found,
        "dimension": rank,
        "codimension": count - rank,
        "ambient_dimension": count,
        "projective_closure": not (rank == count or is_graded(network)),
        "fiber_degree": None,
        "slice_points": None,
    }
    require(set(value) == set(stated), "the value has other entries")
    for key, number in stated.items():
        same(f"'{key}'", value[key], number)
    same("the dimension in the evidence", claim["evidence"]["dimension"]["value"], rank)
    same("the number of parameters", report["parametrization"]["parameters"], len(network.parameters))
    same("the number of coordinates", report["parametrization"]["coordinates"], count)
    return f"{statement}{'' if is_mlp else '; the network is taken as given'}"


def _replay_dimension(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved about a dimension."""
    value, lower, upper = claim["value"], claim["evidence"]["lower_bound"], claim["evidence"]["upper_bound"]
    require(claim.get("completeness") is None, "a dimension lists nothing that could be complete")
    network = Network(report["parametrization"]["network"], lower)
    is_mlp = is_specified(network, report["architecture"])
    P = len(network.parameters)
    (rank,) = integers([lower["value"]], "the size of the minor", 0, 25_001)
    same("the upper bound", bound(upper, network, network.input, network.output), rank)
    ambient = value["ambient_dimension"]
    least, most = _check_coordinates(network, value, rank, is_mlp=is_mlp)
    is_cone = is_mlp or rank == ambient or is_graded(network)  # a false statement that V is none does no harm
    projective = rank - 1 if is_cone and (is_mlp or value["projective_dimension"] is not None) else None
    found = {
        "dimension": rank,
        "projective_dimension": projective,
        "parameters": P,
        "generic_fiber_dimension": P - rank,
    }
    for key, number in (found | {"defect": value["expected_dimension"] - rank}).items():
        same(f"'{key}'", value[key], number)
    same("'filling'", value["filling"], None if ambient is None else rank == ambient)
    same("the number of parameters", report["parametrization"]["parameters"], P)
    same("the number of coordinates", report["parametrization"]["coordinates"], ambient)
    _require_minor(network, lower)
    given = "" if is_mlp else "; the network is taken as given"
    given += "" if is_mlp or ambient is None or least == most else ", and so is the number of coordinates"
    return f"dimension {rank}: a minor of this size is not 0 modulo {network.p}, {upper['bound']} bound it above{given}"


def _require_minor(network: Network, lower: Mapping[str, Any]) -> int:
    """Returns the size of the stated minor of the derivatives, which is not 0 modulo the prime; refuses one that is."""
    outputs = network.nodes[network.output].entries
    (rank,) = integers([lower["value"]], "the size of the minor", 0, 25_001)
    rows = sorted(integers(lower["pivot_rows"], "the pivot rows", 0, len(outputs) * len(network.inputs), rank))
    columns = integers(lower["pivot_columns"], "the pivot columns", 0, len(network.parameters), rank)
    minor, values = nmod_mat(rank, rank, network.p), dict[int, list[nmod]]()
    for i, row in enumerate(rows):
        x, y = divmod(row, len(outputs))
        values = values if x in values else {x: network.values(network.input, network.inputs[x])}
        gradient = network.gradient(values[x], outputs[y])
        for j, column in enumerate(columns):
            minor[i, j] = gradient[column]
    require(int(minor.det()), f"the minor is 0 modulo {network.p}")
    return rank


def _coordinate_range(network: Network, *, is_mlp: bool) -> tuple[int, int]:
    """Returns between which numbers that of the coordinates lies for certain."""
    outputs = network.nodes[network.output].entries
    block = Block(network, network.input, network.output)
    most = least = block.coordinates(network.input)
    if not is_mlp:
        most, least = min(most, at_most(network, block) or most), at_least(network, block) or 0
    elif any(c < 0 for node in network.nodes for c in node.terms.values()):  # terms may cancel: see f_w(t x)
        require((top := prod(max(node.terms, default=1) for node in network.nodes)) <= 5000, "the degree is too large")
        line = network.values(network.input, [nmod_poly([0, x], network.p) for x in network.inputs[0]])
        seen = [degree for degree in range(top + 1) if any(line[y][degree] for y in outputs)]
        least = len(outputs) * monomials(seen, len(network.inputs[0]))
    return least, most


def _check_coordinates(network: Network, value: Mapping[str, Any], rank: int, *, is_mlp: bool) -> tuple[int, float]:
    """Refuses dimensions of the ambient space and of the linear span that are out of range or not counted right.

    Returns between which numbers the ambient dimension lies for certain.
    """
    ambient, span, expected = (value[f"{name}_dimension"] for name in ("ambient", "linear_span", "expected"))
    if ambient is None and not is_mlp:  # there are no coordinates, or too many
        integers([expected, *([] if span is None else [span])], "the dimensions", 0, 2**63)
        require(span is None or rank <= span, "the linear span is smaller than the dimension")
        return 0, math.inf
    least, most = _coordinate_range(network, is_mlp=is_mlp)
    integers([ambient, expected, ambient if span is None and not is_mlp else span], "the dimensions", 0, most + 1)
    good = expected <= ambient and (span is None or rank <= span <= ambient) and rank <= ambient
    good = good and least <= ambient <= most and (not is_mlp or ambient == span)
    require(good, "the ambient dimension, the expected dimension or the linear span is out of range")
    return least, most
