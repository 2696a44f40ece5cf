"""Replays the proofs of a report with python-flint alone; nothing here is shared with the code that found them.

Claim: the Zariski closure V of { f_w : w in Q^P }, f_w the function of a network with parameters w, has dimension R.

*At least R.*  Row i*m + o of the matrix J holds the derivatives by w of entry o (of m) of f_w(x_i).  An R x R minor of J that is
not 0 modulo p at an integer point (p divides no denominator) is not 0 as a polynomial in w over Q.  So w -> (f_w(x_1), ...) has
generic rank R at least; it is w -> f_w followed by a linear map.

*At most R.*  A block is the part of the graph behind a node ``from`` up to a node ``to``, whose nodes use only each other and
``from``: a function of ``from``, with parameters of its own.  Let D be the dimension of the closure of these functions.

``coordinates``    D <= number of coefficients, of monomials in ``from`` whose degree can occur in an entry of ``to``, or in
                   s(``from``) if an activation s comes first, since g -> g o s is linear.
``determinantal``  A chain of matrices and added vectors is x -> A x + c with rank A <= k, the smallest size on the way, and such
                   A form a variety of dimension k(m + n - k).
``symmetries``     D <= parameters - rank of polynomial vector fields on W along which the function is constant; the rank at a
                   point modulo p is at most the generic one.  The fields live at an interface, h = W u (+ b) and V s(h) (+ b')
                   with s(z) = a (z + c)^r + d and W, b, V, b', h, s(h) used once in the block.  *scaling*: row i of (W, b + c)
                   times t, column i of V times t^-r, b' takes up d; needs c = 0 or b, and d = 0 or b'.  *general-linear*: r = 1,
                   rows of W mixed; needs d = 0 or b'.  *translation*: r = 1, of b; needs b and b'.  *rotation*: r = 2, V a row v,
                   (h_i + c)' = v_j (h_j + c), (h_j + c)' = -v_i (h_i + c), keeps sum v_i (h_i + c)^2; needs c = 0 or b.
``composition``    The function is g o h; the functions h of the left block and g of the right one share no parameter, so
                   D <= D(left) + D(right).  Fields at an interface h move pairs (h, g) and not g o h; they move h by S (h + c),
                   S being diagonal (scalings), any matrix (general-linear), or diagonal plus multiples of v_j E_ij - v_i E_ji
                   (rotations as well).  Different S move h differently if the n functions h_i + c are linearly independent,
                   different diagonal S if no h_i + c is 0, which is seen modulo p at the point and n random values of ``from``.
                   The differential of (h, g) -> g o h has such a kernel: D <= D(left) + D(right) - n, n^2 or n(n + 1)/2.

For the family ``mlp`` the graph is compared with the specification, and V spans the space of all monomials of the degrees that
occur: GL(n_0) x GL(n_L) acts on V, and the forms of one degree are irreducible.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, namedtuple
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, combinations, pairwise, permutations, product, repeat
from math import comb, prod
from random import Random
from typing import Any

from flint import fmpz, nmod, nmod_mat, nmod_poly

#: ``terms``: {exponent: coefficient}; ``entries``: the numbers of the tensor's entries, row by row, among all of the network
_Node = namedtuple("_Node", "operation shape operands name terms entries")  # noqa: PYI024
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class ReportError(ValueError):
    """What was given is no readable report, or a proof in it does not hold; the message is one sentence."""


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
    """Returns about how long `verify` takes, from the sizes of the minors; raises `ReportError` for what is no report."""
    seconds = 0.0
    for _, claim in _proved_claims(report):
        with suppress(*_MALFORMED):  # what is malformed will be refused at once
            size, parameters = (len(claim["evidence"]["lower_bound"][key]) for key in ("pivot_rows", "point"))
            seconds += 1e-6 * size * parameters + 2e-7 * size**2 + 2e-10 * size**3
    return seconds


def _proved_claims(report: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        _require((report["schema"], repr(report["version"])) == ("neuroalg/report", "1"), "another schema or version")
        parts = report["architecture"], report["architecture"]["specification"], report["parametrization"]["network"]
        _require(all(isinstance(part, Mapping) for part in parts), "the architecture or network is no JSON object")
        return [(index, claim) for index, claim in enumerate(report["claims"]) if claim["certainty"] == "proved"]
    except _MALFORMED as reason:
        raise ReportError(f"a part of it is missing or cannot be read ({reason!s:.80})") from None


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise ReportError(sentence)


def _integers(values: Any, what: str, low: int, high: int, count: int | None = None) -> tuple[int, ...]:
    """Returns integers in [low, high), as many as asked for; a Boolean is none."""
    good = type(values) in (list, tuple) and all(type(value) is int and low <= value < high for value in values)
    _require(good and count in (None, len(values)), f"{what}: not the right number of integers in the right range")
    return tuple(values)


def _same(what: str, stated: Any, found: Any) -> None:
    shown = [str(n) if type(n) in (bool, int) and abs(n) < 10**30 else "another value" for n in (stated, found)]
    _require(type(stated) is type(found) and stated == found, f"{what} is stated as {shown[0]}, found as {shown[1]}")


class _Network:
    """A network as a program, entry 0 being 1, the others s(sum of v_a v_b) by ``steps``; a prime p, a point w and inputs."""

    def __init__(self, network: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
        (self.p,) = _integers([evidence["prime"]], "the prime", 2**16, 2**63)
        _require(fmpz(self.p).is_prime(), f"{self.p} is no prime")
        self.nodes, self.work = list[_Node](), 0
        self.steps: list[tuple[dict[int, nmod], list[tuple[int, ...]]]] = [({}, [])]  # s, {} for z; the pairs (a, b)
        for index, data in enumerate(network["nodes"]):
            self._append(data, f"node {index} of the network")
        (self.input,) = (index for index, node in enumerate(self.nodes) if node.operation == "input")
        (self.output,) = _integers([network["output"]], "the output of the network", 0, len(self.nodes))
        tensors = [node for node in self.nodes if node.operation == "parameter"]
        _require(len({node.name for node in tensors}) == len(tensors), "two parameter tensors have one name")
        self.parameters = [entry for node in tensors for entry in node.entries]
        self.w = dict(zip(self.parameters, self.field(evidence["point"], len(self.parameters)), strict=True))
        self.inputs = [self.field(x, len(self.nodes[self.input].entries)) for x in evidence["inputs"]]

    def field(self, values: Any, count: int) -> list[nmod]:
        return [nmod(value, self.p) for value in _integers(values, "the point or an input", 0, self.p, count)]

    def residue(self, value: Fraction) -> nmod:
        _require(value.denominator % self.p, "the prime divides the denominator of a coefficient")
        return nmod(value.numerator, self.p) / nmod(value.denominator, self.p)

    def _append(self, data: Mapping[str, Any], where: str) -> None:
        """Adds a node whose operands are earlier nodes and whose shape follows from theirs."""
        shape = _integers(data["shape"], f"the shape of {where}", 1, 10**6)
        operands = _integers(data.get("operands", ()), f"the operands of {where}", 0, len(self.nodes))
        below, shapes = ([self.nodes[index][key] for index in operands] for key in (5, 1))
        size, inner = prod(shape), shapes[0][-1] if data["operation"] == "matmul" else 1
        self.work += size * inner + sum(map(len, below))
        _require(self.work <= 3 * 10**6, "the network is too large to replay")
        exponents, texts = ([pair[key] for pair in data.get("terms", ())] for key in (0, 1))
        good = all(re.fullmatch(r"-?[1-9][0-9]{0,3999}(/[1-9][0-9]{0,3999})?", text) for text in texts)
        good = good and all(a > b for a, b in pairwise(_integers(exponents, f"the terms of {where}", 0, 1001)))
        _require(good, f"the terms of {where} are not canonical")
        sums: Iterable[Iterable[tuple[int, ...]]] = [()] * size
        match data["operation"], shapes, bool(texts):
            case "input" | "parameter", [], False:
                pass
            case "matmul", [(a, b), (c, *d)], False if b == c and shape == (a, *d) and len(d) < 2:
                columns = [below[1][j :: prod(d)] for j in range(prod(d))]
                sums = [zip(below[0][i * b :][:b], column, strict=True) for i in range(a) for column in columns]
            case ("sum", [_, *_], False) | ("polynomial", [_], True) if {*shapes} == {shape}:
                sums = [[(entry, 0) for entry in summands] for summands in zip(*below, strict=True)]
            case "product", [_, _], False if {*shapes} == {shape}:
                sums = [[factors] for factors in zip(*below, strict=True)]
            case "gather", [_, *_], False:
                picked = [*chain(*below)]
                indices = _integers(data["indices"], f"the indices of {where}", -1, len(picked), size)
                sums = [[(picked[index], 0)] if index >= 0 else [] for index in indices]
            case _:
                raise ReportError(f"the operation of {where} is unknown, or its operands do not fit")
        terms = dict(zip(exponents, map(Fraction, texts), strict=True))
        entries = range(len(self.steps), len(self.steps) + size)
        residues = {exponent: self.residue(coefficient) for exponent, coefficient in terms.items()}
        self.steps += [(residues, list(pairs)) for pairs in sums]
        self.nodes.append(_Node(data["operation"], shape, operands, data.get("name", ""), terms, entries))

    def is_specified(self, architecture: Mapping[str, Any]) -> bool:
        """Checks the hash and, for ``mlp``, that this is the specified graph; returns whether the family is that one."""
        specification, family = architecture["specification"], architecture["family"]
        text = json.dumps(specification, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        _same("the SHA-256", architecture["sha256"], hashlib.sha256(text.encode("ascii")).hexdigest())
        _require(family == specification["family"], "the family is not that of the specification")
        if family != "mlp":
            return False
        widths, biases = _integers(specification["widths"], "the widths", 1, 10**6), specification["biases"]
        built: list[tuple[Any, ...]] = [("input", (widths[0],), (), "x")]
        layers = zip(pairwise(widths), [*specification["activation"], "z"], strict=True)
        for layer, ((m, n), activation) in enumerate(layers, start=1):
            built += [("parameter", (n, m), (), f"W_{layer}"), ("matmul", (n,), (len(built), len(built) - 1), "")]
            if biases:
                built += [("parameter", (n,), (), f"b_{layer}"), ("sum", (n,), (len(built) - 1, len(built)), "")]
            if activation != "z":
                terms = self.nodes[len(built)].terms.items()
                text = "+".join(f"{c}*z^{e}" for e, c in terms).replace("*z^0", "").replace("+-", "-")
                text = re.sub(r"(?<![0-9/])1\*|\^1(?![0-9])", "", text)  # canonical, such as '1/2*z^2-z+3'
                _require(text == activation, f"the activation of layer {layer} is not the specified one")
                built.append(("polynomial", (n,), (len(built) - 1,), ""))
        _require(built == [node[:4] for node in self.nodes] and self.output == len(built) - 1, "it is another network")
        return True

    def values(self, start: int, x: Iterable[Any]) -> list[Any]:
        """Returns the values of all entries if node ``start`` has the entries x, in the field or polynomials over it."""
        given = {0: nmod(1, self.p)} | self.w | dict(zip(self.nodes[start].entries, x, strict=True))
        values: list[Any] = []
        for entry, (terms, pairs) in enumerate(self.steps):
            z = given[entry] if entry in given else sum((values[a] * values[b] for a, b in pairs), nmod(0, self.p))
            values.append(sum(c * z**e for e, c in terms.items()) if terms else z)
        return values

    def gradient(self, values: list[nmod], entry: int) -> list[nmod]:
        """Returns the derivatives of an entry by all parameters: the chain rule, backwards through the program."""
        adjoints = [nmod(0, self.p)] * len(values)
        adjoints[entry] += 1
        for index in range(entry, 0, -1):
            adjoint, (terms, pairs) = adjoints[index], self.steps[index]
            if terms:  # the step is s(z) for an entry z
                adjoint *= sum(e * c * values[pairs[0][0]] ** (e - 1) for e, c in terms.items() if e)
            for a, b in pairs:
                adjoints[a] += adjoint * values[b]
                adjoints[b] += adjoint * values[a]
        return [adjoints[index] for index in self.parameters]


def _sums(a: set[int], b: set[int]) -> set[int]:
    low, high = min(a) + min(b), max(a) + max(b)
    _require(high - low < 40_000 and high.bit_length() < 14_000, "there are too many degrees to replay")
    f, g = (nmod_poly([int(i in x) for i in range(min(x), max(x) + 1)], 2**61 - 1) for x in (a, b))
    return {low + degree for degree, count in enumerate((f * g).coeffs()) if count}


def _monomials(degrees: Iterable[int], n: int) -> int:
    _require(all(min(n, d) * (n + d).bit_length() < 2 * 10**5 for d in degrees), "there are too many monomials")
    return sum(comb(n - 1 + degree, degree) for degree in degrees)


class _Block:
    """The nodes behind ``start`` up to ``end``; ``user``: for the nodes used once in the block, the node that uses them."""

    def __init__(self, network: _Network, start: int, end: int) -> None:
        self.nodes, self.start, self.end, self.inside = network.nodes, start, end, range(start + 1, end + 1)
        uses = [(operand, index) for index in self.inside for operand in network.nodes[index].operands]
        _require(all(used >= start for used, _ in uses), f"the nodes up to {end} are no function of node {start}")
        self.parameters = {index for index in self.inside if self.nodes[index].operation == "parameter"}
        self.rest = [index for index in self.inside if index not in self.parameters]
        entries = chain(*(self.nodes[index].entries for index in sorted(self.parameters)))
        self.column = {entry: number for number, entry in enumerate(entries)}  # of the parameters of the block
        count = Counter(operand for operand, _ in uses)
        self.user = {operand: index for operand, index in uses if count[operand] == 1}

    def coordinates(self, start: int) -> int:
        """Returns the number of coefficients of the end, as polynomials in node ``start``, that can be nonzero."""
        degrees: dict[int, set[int]] = {self.start: {1}, start: {1}}
        for index in (index for index in self.inside if index != start):
            node = self.nodes[index]
            below = [degrees[operand] for operand in node.operands]
            degrees[index] = set().union(*below) or {0}
            if node.operation in ("matmul", "product"):
                degrees[index] = _sums(*below)
            if node.operation == "polynomial":
                powers = accumulate(repeat(below[0], max(node.terms)), _sums, initial={0})
                degrees[index] = set().union(*(power for e, power in enumerate(powers) if e in node.terms))
        return len(self.nodes[self.end].entries) * _monomials(degrees[self.end], len(self.nodes[start].entries))

    def determinantal(self) -> int:
        """Returns k(m + n - k), + n with added vectors, for a chain of parameter matrices on a vector."""
        for before, index in pairwise([self.start, *self.rest]):
            operation, shape, operands = self.nodes[index][:3]
            good = operation in ("matmul", "sum") and {*operands} - self.parameters == {before} and len(shape) == 1
            _require(good, f"node {index} is no matrix times, and no vector plus, the node before")
        sizes = [len(self.nodes[index].entries) for index in (self.start, *self.rest)]
        k, m, n = min(sizes), sizes[0], sizes[-1]
        return k * (m + n - k) + n * any(self.nodes[index].operation == "sum" for index in self.rest)

    def interfaces(self) -> Iterator[tuple[int, list[Any], tuple[Any, ...], dict[str, int]]]:
        """Yields h, [W, b, V, b'], (r, a, c, d) and the numbers of fields by kind for the interfaces of the block."""
        nodes, user, own = self.nodes, self.user, {index for index in self.parameters if index in self.user}
        biased: dict[int, tuple[_Node | None, int]] = {}  # node: (b, the sum) if it is used once, in a sum with b
        for index in self.rest:
            operands = nodes[index].operands
            if nodes[index].operation == "sum" and len(operands) == 2:
                biased |= {v: (nodes[b], index) for v, b in permutations(operands) if b in own and user.get(v) == index}
        for W, first in ((W, user[W]) for W in own):
            b, h = biased.get(first, (None, first))
            s = user.get(h, h)
            second = user.get(s, h) if nodes[s].terms else s
            V, b_ = nodes[second].operands[0], biased.get(second, (None,))[0]
            is_interface = nodes[first].operation == nodes[second].operation == "matmul" and second != h
            if is_interface and nodes[first].operands[0] == W and V in own and len(nodes[h].shape) == 1:
                terms = nodes[s].terms or {1: Fraction(1)}
                r = max(terms)
                c = terms.get(r - 1, 0) / (r * terms[r]) if r > 1 else Fraction(0)
                d = terms.get(0, Fraction(0)) - c * terms.get(1, 0) / max(r, 1)
                # a (z + c)^r + d are the polynomials of degree r with (z + c) s' = r (s - d)
                if r and all((r - k) * terms.get(k, 0) == c * (k + 1) * terms.get(k + 1, 0) for k in range(1, r)):
                    (rows, n), takes_c, takes_d = nodes[V].shape, not c or b is not None, not d or b_ is not None
                    kinds = {"scaling": n * (takes_c and takes_d), "general-linear": n * n * (r == 1 and takes_d)}
                    kinds["translation"] = n * (r == 1 and b is not None and b_ is not None)
                    kinds["rotation"] = n * (n - 1) // 2 * (r == 2 and takes_c and rows == 1)
                    yield h, [nodes[W], b, nodes[V], b_], (r, terms[r], c, d), kinds


def _fields(kind: str, interface: tuple[Any, ...], at: _Network) -> Iterator[dict[int, nmod]]:
    """Yields the vector fields of one kind at an interface, at w: their nonzero coordinates by parameter entry."""
    _, (W, b, V, b_), (r, *rest), _ = interface
    (n, m), (a, c, d) = W.shape, map(at.residue, rest)
    rows = [[*W.entries[i * m :][:m], *(b.entries[i : i + 1] if b else ())] for i in range(n)]
    columns, last = [V.entries[i::n] for i in range(n)], b_.entries if b_ else ()
    shift = dict.fromkeys(b.entries if b else (), c)
    x, y = ([[at.w[e] + shift.get(e, 0) for e in line] for line in lines] for lines in (rows, columns))
    if kind == "translation":  # moves: entries that change, by a factor times values
        moves: Iterable[Any] = (((rows[i][-1:], 1, [nmod(1, at.p)]), (last, -a, y[i])) for i in range(n))
    elif kind == "rotation":
        moves = (((rows[i], y[j][0], x[j]), (rows[j], -y[i][0], x[i])) for i, j in combinations(range(n), 2))
    else:
        pairs = [(i, j) for i, j in product(range(n), repeat=2) if i == j or kind == "general-linear"]
        moves = (((rows[i], 1, x[j]), (columns[j], -r, y[i]), (last, r * d, y[i])) for i, j in pairs)
    for move in moves:
        yield {e: factor * v for entries, factor, values in move for e, v in zip(entries, values, strict=False)}


def _bound(tree: Mapping[str, Any], network: _Network, start: int, end: int) -> int:
    """Returns the upper bound of the block between two nodes, after checking all that the tree states about it."""
    block, kind, p = _Block(network, start, end), tree["bound"], network.p
    _require((start, end) == _integers([tree["from"], tree["to"]], "a block", 0, end + 1), "a block has wrong ends")
    if kind == "coordinates":
        first = block.user.get(start, start)
        found = block.coordinates(first if first != end and network.nodes[first].terms else start)
    elif kind == "determinantal":
        found = block.determinantal()
    elif kind == "symmetries":
        known = {tuple(part and part.name for part in found[1]): found for found in block.interfaces()}
        total, fields = 0, list[Iterator[dict[int, nmod]]]()
        for stated in tree["symmetries"]:
            names = tuple(stated.get(key) for key in ("first", "first_bias", "second", "second_bias"))
            count = known[names][3].get(stated["kind"], 0) if names in known else 0
            _require(count, f"there is no symmetry {stated['kind']!r:.20} between {names!r:.60}")
            _same("the number of fields", stated["fields"], count)
            fields.append(_fields(stated["kind"], known[names], network))
            total += count
        _require(total * len(block.column) <= 5 * 10**7, "there are too many symmetries to replay")
        matrix = nmod_mat(total, len(block.column), p)
        for row, field in enumerate(chain(*fields)):
            for entry, value in field.items():
                matrix[row, block.column[entry]] = value
        _same("the number of parameters of a block", tree["parameters"], len(block.column))
        _same("the rank of the fields", tree["rank"], matrix.rank())
        found = len(block.column) - matrix.rank()
    else:
        _require(kind == "composition", f"the bound {kind!r:.20} is unknown")
        (cut,) = _integers([tree["cut"]], "the cut", start + 1, end)
        most, source, entries = 0, Random(cut), network.nodes[cut].entries  # noqa: S311  # any values will do
        for _, _, power, kinds in (found for found in block.interfaces() if found[0] == cut and found[3]["scaling"]):
            n, c, x = len(entries), network.residue(power[2]), network.nodes[start].entries
            values = [network.values(start, [nmod(source.randrange(p), p) for _ in x]) for _ in range(n)]
            rows = [[value[entry] + c for value in values] for entry in entries]
            are_independent = nmod_mat(n, n, [*chain(*rows)], p).rank() == n
            most = (kinds["general-linear"] or n + kinds["rotation"]) if are_independent else n * all(map(any, rows))
        (gain,) = _integers([tree["gain"]], "the gain of a composition", 0, most + 1)
        found = _bound(tree["left"], network, start, cut) + _bound(tree["right"], network, cut, end) - gain
    _same(f"the bound by {kind}", tree["value"], found)
    return found


def _replay(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved, in a sentence; raises `ReportError` with the first reason why a claim is not."""
    value, lower, upper = claim["value"], claim["evidence"]["lower_bound"], claim["evidence"]["upper_bound"]
    network = _Network(report["parametrization"]["network"], lower)
    is_mlp = network.is_specified(report["architecture"])
    _require((claim["invariant"], claim["kind"]) == ("dimension", "exact"), "only exact dimensions can be replayed")
    outputs, P = network.nodes[network.output].entries, len(network.parameters)
    (rank,) = _integers([lower["value"]], "the size of the minor", 0, 25_001)
    rows = sorted(_integers(lower["pivot_rows"], "the pivot rows", 0, len(outputs) * len(network.inputs), rank))
    columns = _integers(lower["pivot_columns"], "the pivot columns", 0, P, rank)
    _same("the upper bound", _bound(upper, network, network.input, network.output), rank)
    ambient, span, expected = (value[f"{name}_dimension"] for name in ("ambient", "linear_span", "expected"))
    most = least = _Block(network, network.input, network.output).coordinates(network.input)
    _integers([ambient, span, expected], "the dimensions", 0, most + 1)
    if is_mlp and any(c < 0 for node in network.nodes for c in node.terms.values()):  # terms may cancel: see f_w(t x)
        _require((top := prod(max(node.terms, default=1) for node in network.nodes)) <= 5000, "the degree is too large")
        line = network.values(network.input, [nmod_poly([0, x], network.p) for x in network.inputs[0]])
        seen = [degree for degree in range(top + 1) if any(line[y][degree] for y in outputs)]
        least = len(outputs) * _monomials(seen, len(network.inputs[0]))
    good = expected <= ambient and rank <= span <= ambient and (not is_mlp or least <= ambient == span)
    _require(good, "the ambient dimension, the expected dimension or the linear span is out of range")
    found = {"dimension": rank, "projective_dimension": rank - 1, "parameters": P, "generic_fiber_dimension": P - rank}
    for key, number in (found | {"defect": expected - rank, "filling": rank == ambient}).items():
        _same(f"'{key}'", value[key], number)
    _same("the number of parameters", report["parametrization"]["parameters"], P)
    _same("the number of coordinates", report["parametrization"]["coordinates"], ambient)
    minor, values = nmod_mat(rank, rank, network.p), dict[int, list[nmod]]()
    for i, row in enumerate(rows):
        x, y = divmod(row, len(outputs))
        values = values if x in values else {x: network.values(network.input, network.inputs[x])}
        gradient = network.gradient(values[x], outputs[y])
        for j, column in enumerate(columns):
            minor[i, j] = gradient[column]
    _require(int(minor.det()), f"the minor is 0 modulo {network.p}")
    given = "" if is_mlp else "; the network is taken as given"
    return f"dimension {rank}: a minor of this size is not 0 modulo {network.p}, {upper['bound']} bound it above{given}"
