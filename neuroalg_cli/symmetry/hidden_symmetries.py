"""Hidden continuous symmetries: polynomial vector fields X on W with d phi . X = 0, found by linear algebra and proved.

The ansatz.  A field of degree d is a combination of monomials of degree at most d in w times directions d/dw_k.  Rescaling
neurons and inputs gives every parameter a multidegree for which each entry of f_w(x) is homogeneous; it is read off the graph,
for any network.  So d phi . X = 0 holds for every multidegree of X by itself, and the unknowns fall into small groups.  Only the
parameters of neighbouring tensors are moved, by polynomials in themselves.

The search.  d phi_w . X(w) = 0 at random points w modulo p is a system of linear equations for the coefficients; a basis of its
solutions is lifted to Q by rational reconstruction.  Of the fields found those are kept that point in a direction at a random
point w in which the ones before do not.

The proof.  f(w + e X) in Q[w, x][e]/(e^2) is computed exactly; X is kept only if the coefficient of e is the zero polynomial.  So
nothing is believed because of random choices: what was not found is missing, what is returned is a symmetry.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import Ordering, fmpq, fmpq_mpoly_ctx, nmod_mat

from neuroalg_cli.bounding.bound_words import field_words
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.symmetry.multidegrees import multidegrees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flint import fmpq_mpoly
    from numpy.typing import NDArray

    from neuroalg_cli.network import Network

    Array = NDArray[np.float64]

#: larger networks are not searched
MAXIMAL_PARAMETERS = 60
#: a group of more unknowns, or more unknowns of one degree, are not looked at
MAXIMAL_GROUP = 600
MAXIMAL_UNKNOWNS = 120_000
#: beyond so many terms an exact substitution is given up
MAXIMAL_TERMS = 20_000
#: the prime of the search
PRIME = 8_388_593
_OPERATIONS = ("input", "parameter", "matmul", "sum", "product", "polynomial", "gather")

Monomial = tuple[int, ...]
"""The positions in w of the factors, in order: (3, 3, 5) is w_3^2 w_5."""


@dataclass(frozen=True, slots=True)
class Field:
    """A polynomial vector field on W: for every parameter that moves (its position in w) a polynomial, monomial by monomial."""

    components: tuple[tuple[int, tuple[tuple[Monomial, Fraction], ...]], ...]

    def at(self, point: list[int], prime: int) -> list[int]:
        """Returns the field at a point modulo a prime."""
        result = [0] * len(point)
        for position, polynomial in self.components:
            for monomial, coefficient in polynomial:
                term = coefficient.numerator * pow(coefficient.denominator, -1, prime)
                for factor in monomial:
                    term = term * point[factor] % prime
                result[position] = (result[position] + term) % prime
        return result

    def as_json(self, network: Network) -> list[list[Any]]:
        """Returns [tensor, entry, [[coefficient, [[tensor, entry], ...]], ...]] for every parameter that moves."""
        names = _names(network)
        return [
            [
                *names[position],
                [
                    [str(coefficient), [list(names[factor]) for factor in monomial]]
                    for monomial, coefficient in polynomial
                ],
            ]
            for position, polynomial in self.components
        ]

    def describe(self, network: Network) -> str:
        """Returns the field in words, such as "W_1[1,1]' = W_2[1,2] W_1[2,1]"; indices begin with 1."""
        return field_words(self.as_json(network), network)


def hidden_fields(
    network: Network,
    *,
    known: list[list[int]] | None = None,
    wanted: int | None = None,
    degree: int = 2,
    maximal_unknowns: int = MAXIMAL_UNKNOWNS,
) -> list[Field]:
    """Returns proved fields that are independent of each other and of known ones at a random point.

    ``known``: the known fields at `search_point`; ``wanted``: the number of fields after which the search stops; ``degree``: the
    largest degree looked at; ``maximal_unknowns``: a degree with more is not searched to the end.  Networks that divide or apply
    functions, and those beyond `MAXIMAL_PARAMETERS`, are not searched at all.
    """
    if not is_searchable(network):
        return []
    search = _FieldSearch(network, known or [])
    found: list[Field] = []
    for d in range(1, degree + 1):
        for unknowns in search.groups(d, maximal_unknowns):
            if wanted is not None and len(found) >= wanted:
                return found
            found += search.new_fields(unknowns, None if wanted is None else wanted - len(found))
    return found


def is_searchable(network: Network) -> bool:
    """Returns whether a network is small enough and neither divides nor applies functions."""
    return 0 < network.parameter_count <= MAXIMAL_PARAMETERS and all(n.operation in _OPERATIONS for n in network.nodes)


def search_point(network: Network) -> list[int]:
    """Returns the point, modulo a prime of the search, at which fields are compared."""
    return [int(value) for value in residues(0, "hidden/w", network.parameter_count, PRIME)]


def is_symmetry(network: Network, field: Field) -> bool:
    """Returns whether d phi . X = 0, by exact substitution; False as well if this has too many terms."""
    names = [f"w_{i}" for i in range(network.parameter_count)] + [f"x_{i}" for i in range(network.input_size)]
    context = fmpq_mpoly_ctx.get(tuple(names), Ordering.lex)
    pairs = _dual_numbers(network, field, context)
    return pairs is not None and not any(len(derivative) for _, derivative in pairs)


class _FieldSearch:
    """The linear algebra of one network modulo a prime."""

    def __init__(self, network: Network, known: list[list[int]]) -> None:
        self.network = network
        self.count = network.parameter_count
        self.multidegrees = multidegrees(network)
        self.point = search_point(network)
        self.rows = [row for row in known if any(row)]
        self.rank = _rank(self.rows)
        self.samples: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def groups(self, degree: int, maximal_unknowns: int) -> Iterator[list[tuple[Monomial, int]]]:
        """Yields the unknowns (monomial, direction) up to a degree, by multidegree, small groups first."""
        groups: dict[tuple[int, ...], set[tuple[Monomial, int]]] = defaultdict(set)
        total = 0
        for window in self._windows():
            total += len(window) * math.comb(len(window) + degree, degree)
            if total > maximal_unknowns:
                break
            lengths = (itertools.combinations_with_replacement(window, length) for length in range(degree + 1))
            for monomial in itertools.chain(*lengths):
                weight = self.multidegrees[np.array(monomial, dtype=int)].sum(axis=0)
                for k in window:
                    groups[tuple((weight - self.multidegrees[k]).tolist())].add((monomial, k))
        for unknowns in sorted(groups.values(), key=len):
            if len(unknowns) <= MAXIMAL_GROUP:
                yield sorted(unknowns)

    def _windows(self) -> list[list[int]]:
        """Returns the positions in w of the parameters of neighbouring tensors: two matrices and the vectors between them."""
        tensors = []
        for index, offset in self.network.offsets.items():
            node = self.network.nodes[index]
            tensors.append((len(node.shape) > 1, list(range(offset, offset + node.size))))
        starts = [i for i, (is_matrix, _) in enumerate(tensors) if is_matrix] or [0]
        ends = [*starts[2:], len(tensors)] if len(starts) > 1 else [len(tensors)]
        return [list(itertools.chain(*(t for _, t in tensors[i:j]))) for i, j in zip(starts, ends, strict=False)]

    def new_fields(self, unknowns: list[tuple[Monomial, int]], wanted: int | None) -> list[Field]:
        """Returns proved fields of one multidegree that point in new directions."""
        result: list[Field] = []
        solutions = self._solutions(unknowns)
        if not self._leads_further(unknowns, solutions):
            return result
        for vector in solutions:
            if wanted is not None and len(result) >= wanted:
                break
            field = _lifted(unknowns, vector)
            if field is None:
                continue
            row = field.at(self.point, PRIME)
            rank = _rank([*self.rows, row])
            if rank > self.rank and is_symmetry(self.network, field):
                self.rows.append(row)
                self.rank = rank
                result.append(field)
        return result

    def _leads_further(self, unknowns: list[tuple[Monomial, int]], solutions: list[list[int]]) -> bool:
        """Returns whether all solutions together point in a new direction at the point of comparison."""
        if not solutions:
            return False
        values = np.array([math.prod(self.point[factor] for factor in monomial) % PRIME for monomial, _ in unknowns])
        terms = np.array(solutions) * values % PRIME
        rows = np.zeros((len(solutions), self.count), dtype=np.int64)
        for column, (_, k) in enumerate(unknowns):
            rows[:, k] += terms[:, column]
        return _rank([*self.rows, *(rows % PRIME).tolist()]) > self.rank

    def _solutions(self, unknowns: list[tuple[Monomial, int]]) -> list[list[int]]:
        """Returns a basis of the coefficients with d phi . X = 0 at random points modulo p."""
        longest = max(len(monomial) for monomial, _ in unknowns)
        monomials = np.array(
            [(*monomial, *[self.count] * (longest - len(monomial))) for monomial, _ in unknowns], dtype=int
        )
        directions = np.array([k for _, k in unknowns])
        blocks, count = [], 0
        for number in range(len(unknowns) + 10):  # where d phi = 0 there is no row
            if count >= len(unknowns) + 10:
                break
            w, jacobian = self._sample(number)
            values = np.ones(len(unknowns), dtype=np.int64)
            for factor in monomials.reshape(len(unknowns), longest).T:  # factors beyond a monomial are 1
                values = values * np.append(w, 1)[factor] % PRIME
            block = jacobian[:, directions] * values % PRIME
            blocks.append(block)
            count += len(block)
        matrix = np.vstack(blocks)
        basis, nullity = nmod_mat(len(matrix), len(unknowns), matrix.ravel().tolist(), PRIME).nullspace()
        return [[int(basis[i, j]) for i in range(len(unknowns))] for j in range(nullity)]

    def _sample(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns a random point w and rows that span those of d phi_w, modulo p."""
        while len(self.samples) <= number:
            label, n = f"hidden/{len(self.samples)}", self.network.input_size
            w = residues(0, label, self.count, PRIME)
            size = self.count + 3  # one by one: behind a layer of width one all outputs are proportional
            x = residues(0, f"{label}/x", size * n, PRIME).reshape(size, n)
            rows = modular.jacobian(self.network, balanced(w, PRIME), balanced(x, PRIME), PRIME)
            integers = rows.astype(np.int64) % PRIME
            reduced, rank = nmod_mat(len(integers), self.count, integers.ravel().tolist(), PRIME).rref()
            kept = [[int(reduced[i, j]) for j in range(self.count)] for i in range(rank)]
            self.samples.append((w.astype(np.int64), np.array(kept, dtype=np.int64).reshape(rank, self.count)))
        return self.samples[number]


def _lifted(unknowns: list[tuple[Monomial, int]], vector: list[int]) -> Field | None:
    """Returns the field with the rational coefficients of least height that are a solution modulo p; None if there are none."""
    components: dict[int, list[tuple[Monomial, Fraction]]] = defaultdict(list)
    for (monomial, k), residue in zip(unknowns, vector, strict=True):
        if residue:
            value = _rational(residue)
            if value is None:
                return None
            components[k].append((monomial, value))
    return Field(tuple((k, tuple(polynomial)) for k, polynomial in sorted(components.items())))


def _rational(residue: int) -> Fraction | None:
    """Returns a/b with |a|, b <= sqrt(p/2) and a = residue b modulo p, if there is one (half of Euclid's algorithm)."""
    bound = int((PRIME / 2) ** 0.5)
    r0, r1, t0, t1 = PRIME, residue % PRIME, 0, 1
    while r1 > bound:
        quotient = r0 // r1
        r0, r1, t0, t1 = r1, r0 - quotient * r1, t1, t0 - quotient * t1
    return Fraction(r1, t1) if t1 and abs(t1) <= bound else None


def _rank(rows: list[list[int]]) -> int:
    return int(nmod_mat(len(rows), len(rows[0]), [*itertools.chain(*rows)], PRIME).rank()) if rows else 0


def _dual_numbers(
    network: Network, field: Field, context: fmpq_mpoly_ctx
) -> list[tuple[fmpq_mpoly, fmpq_mpoly]] | None:
    """Returns the outputs and their derivatives along a field as polynomials in (w, x); None if they have too many terms."""
    gens, zero = context.gens(), context.from_dict({})
    moved = dict(field.components)

    def component(position: int) -> fmpq_mpoly:
        total = zero
        for monomial, coefficient in moved.get(position, ()):
            term = context.from_dict({(0,) * len(gens): fmpq(coefficient.numerator, coefficient.denominator)})
            for factor in monomial:
                term = term * gens[factor]
            total = total + term
        return total

    values: list[list[tuple[fmpq_mpoly, fmpq_mpoly]]] = []
    for index, node in enumerate(network.nodes):
        below = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = [(x, zero) for x in gens[network.parameter_count :]]
            case "parameter":
                offset = network.offsets[index]
                value = [(gens[offset + i], component(offset + i)) for i in range(node.size)]
            case "matmul":
                inner = network.nodes[node.operands[0]].shape[1]
                columns = node.shape[1] if len(node.shape) == 2 else 1
                value = [
                    _sum([_product(below[0][i * inner + k], below[1][k * columns + j]) for k in range(inner)])
                    for i in range(node.shape[0])
                    for j in range(columns)
                ]
            case "sum":
                value = [_sum(list(summands)) for summands in zip(*below, strict=True)]
            case "product":
                value = [_product(a, b) for a, b in zip(*below, strict=True)]
            case "gather":
                flat = [*itertools.chain(*below)]
                value = [flat[i] if i >= 0 else (zero, zero) for i in node.indices]
            case "polynomial":
                value = []
                for z, derivative in below[0]:
                    top = max((exponent for exponent, _ in node.terms), default=0)
                    if len(z) ** min(top, 4) > MAXIMAL_TERMS * 24:
                        return None
                    terms = [(e, fmpq(c.numerator, c.denominator)) for e, c in node.terms]
                    slope = sum((e * c * z ** (e - 1) for e, c in terms if e), zero)
                    value.append((sum((c * z**e for e, c in terms), zero), slope * derivative))
            case _:
                return None
        if sum(len(v) + len(derivative) for v, derivative in value) > MAXIMAL_TERMS:
            return None
        values.append(value)
    return values[network.output]


def _product(a: tuple[fmpq_mpoly, fmpq_mpoly], b: tuple[fmpq_mpoly, fmpq_mpoly]) -> tuple[fmpq_mpoly, fmpq_mpoly]:
    return a[0] * b[0], a[0] * b[1] + a[1] * b[0]


def _sum(pairs: list[tuple[fmpq_mpoly, fmpq_mpoly]]) -> tuple[fmpq_mpoly, fmpq_mpoly]:
    value, derivative = pairs[0]
    for other in pairs[1:]:
        value, derivative = value + other[0], derivative + other[1]
    return value, derivative


def _names(network: Network) -> list[tuple[str, int]]:
    """Returns the name of its tensor and the number in it for every parameter."""
    tensors = [network.nodes[index] for index in network.offsets]
    return [(node.name, entry) for node in tensors for entry in range(node.size)]
