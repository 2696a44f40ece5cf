"""The generic rank of d phi for a polynomial or rational network, by forward mode modulo random primes.

A network is a list [output, nodes]: the position of the output node (from 0), and nodes in topological order.  A node is a
list: operation, shape, then operands (positions of earlier nodes), then what the operation needs besides.

    ["input", shape]                           the input tensor x
    ["parameter", shape]                       the next entries of w = (w_1, ..., w_P)
    ["matmul", shape, [l, r]]                  matrix product (a, b) x (b, c), or (a, b) x (b)
    ["sum", shape, operands]                   sum of tensors of one shape
    ["product", shape, [l, r]]                 entrywise product
    ["polynomial", shape, [u], [[e, c], ...]]  the sum of the c*z^e, applied to every entry z
    ["gather", shape, operands, indices]       entries picked from the concatenated, flattened operands; -1 stands for 0
    ["reciprocal", shape, [u]]                 1/z for every entry z

Tensors are flattened row by row.  An entry of a tensor is a `DualNumber`: its values at B inputs as a diagonal B x B matrix,
and its derivatives with respect to all parameters as a B x P matrix.  The rules for sums and products of dual numbers are
those of calculus, and nothing is expanded.

An input at which an entry of a reciprocal is zero is a pole, and its rows are left out.  Where all inputs of a batch are poles,
w is drawn again; after 20 such draws in a row a denominator is taken to be zero identically, which is an error.

For random w the rank of the stacked derivatives d f_w(x_i)/dw is the rank of d phi at w once enough random inputs x_i were
taken: a vector in the kernel of the rows so far that is not in the kernel of d phi is cut off by a further random input,
unless a nonzero polynomial in x vanishes there.  One input may cut off no more than one dimension.

What may go wrong: the rank at a point modulo p is at most the generic rank, and smaller if the point is special; the
probability is at most (rank * degree of f in w)/p for each point (Schwartz, Zippel), where poles are rare.  The maximum over
points is returned.

To be imported after Sage itself.
"""

from math import prod
from random import Random

from sage.arith.misc import next_prime
from sage.matrix.constructor import matrix
from sage.matrix.special import diagonal_matrix, identity_matrix
from sage.rings.finite_rings.finite_field_constructor import GF
from sage.rings.rational_field import QQ

#: inputs without growth after which the rank is final
PATIENCE = 4
#: bounds the memory, not the number of inputs
LARGEST_BATCH = 64
#: draws of w at all of whose inputs the network divides by zero, before it is an error
LARGEST_NUMBER_OF_DRAWS = 20


class DualNumber:
    """The values of a function at B inputs, and its derivatives there."""

    def __init__(self, values, derivatives):
        self.values = values
        self.derivatives = derivatives

    def __add__(self, other):
        return DualNumber(self.values + other.values, self.derivatives + other.derivatives)

    def __mul__(self, other):
        if isinstance(other, Parameter):
            return other * self
        return DualNumber(
            self.values * other.values,
            self.values * other.derivatives + other.values * self.derivatives,
        )

    def apply_terms(self, terms):
        """Return the polynomial with the given terms, by the chain rule."""
        field = self.values.base_ring()
        value = slope = 0 * self.values
        for exponent, coefficient in terms:
            c = residue(coefficient, field)
            value += c * self.values**exponent
            if exponent > 0:
                slope += field(exponent) * c * self.values ** (exponent - 1)
        return DualNumber(value, slope * self.derivatives)

    def reciprocal(self, poles):
        """Return 1/z with the derivative -z'/z^2; an input where z is zero gets the value 0 and joins the set ``poles``."""
        field = self.values.base_ring()
        inverses = [1 / z if z else field(0) for z in self.values.diagonal()]
        poles.update(b for b, inverse in enumerate(inverses) if not inverse)
        value = diagonal_matrix(field, inverses)
        return DualNumber(value, -value * value * self.derivatives)


class Parameter(DualNumber):
    """The parameter w_(q+1): one value at all inputs, and the derivative 1 in column q.

    Its matrices are made when they are needed: those of all parameters together would need P times the memory.
    """

    def __init__(self, value, q, batch, parameters):
        self.value = value
        self.q = q
        self.batch = batch
        self.parameters = parameters

    @property
    def values(self):
        """Return the value as a diagonal matrix."""
        return self.value * identity_matrix(self.value.parent(), self.batch)

    @property
    def derivatives(self):
        """Return a matrix with ones in column q."""
        result = matrix(self.value.parent(), self.batch, self.parameters)
        for b in range(self.batch):
            result[b, self.q] = 1
        return result

    def __mul__(self, other):
        values = other.values
        derivatives = self.value * other.derivatives
        for b in range(self.batch):
            derivatives[b, self.q] += values[b, b]
        return DualNumber(self.value * values, derivatives)


def residue(coefficient, field):
    """Return the element of a prime field that a rational number or an integer stands for."""
    c = QQ(coefficient)
    return field(c.numerator()) / field(c.denominator())


def total(items):
    """Return the sum of at least one dual number."""
    items = list(items)
    result = items[0]
    for item in items[1:]:
        result = result + item
    return result


def matrix_product(left, right, inner):
    """Return the entries of a matrix product; ``inner``: the length of a row of the left matrix."""
    rows, columns = len(left) // inner, len(right) // inner
    return [
        total(left[i * inner + j] * right[j * columns + k] for j in range(inner))
        for i in range(rows)
        for k in range(columns)
    ]


def parameter_count(network):
    """Return P."""
    return sum(prod(node[1]) for node in network[1] if node[0] == "parameter")


def evaluate_network(network, w, inputs, poles):
    """Return the entries of the output as dual numbers; w: P elements of a field, inputs: a matrix, one row per input.

    The rows of inputs that are poles join the set ``poles``.
    """
    field, batch, parameters = inputs.base_ring(), inputs.nrows(), len(w)
    no_derivatives = matrix(field, batch, parameters)
    zero = DualNumber(matrix(field, batch, batch), no_derivatives)
    used = 0
    done = []
    for operation, shape, *rest in network[1]:
        operands = [done[i] for i in rest[0]] if rest else []
        if operation == "input":
            entries = [DualNumber(diagonal_matrix(field, column), no_derivatives) for column in inputs.columns()]
        elif operation == "parameter":
            first, used = used, used + prod(shape)
            entries = [Parameter(w[q], q, batch, parameters) for q in range(first, used)]
        elif operation == "matmul":
            entries = matrix_product(*operands, network[1][rest[0][0]][1][-1])
        elif operation == "sum":
            entries = [total(terms) for terms in zip(*operands)]  # noqa: B905  # Sage may run on an older Python
        elif operation == "product":
            entries = [u * v for u, v in zip(*operands)]  # noqa: B905
        elif operation == "polynomial":
            entries = [u.apply_terms(rest[1]) for u in operands[0]]
        elif operation == "gather":
            concatenated = [u for operand in operands for u in operand]
            entries = [concatenated[i] if i >= 0 else zero for i in rest[1]]
        elif operation == "reciprocal":
            entries = [u.reciprocal(poles) for u in operands[0]]
        else:
            raise ValueError(f"unknown operation {operation}")
        done.append(entries)
    return done[network[0]]


def try_random_point(network, field, random):
    """Return the rank of d phi at one random point over a prime field, and the number of inputs that were taken.

    None if all inputs of a batch are poles.
    """
    parameters = parameter_count(network)
    input_size = next(prod(node[1]) for node in network[1] if node[0] == "input")
    output_size = prod(network[1][network[0]][1])

    def element():
        return field(random.randrange(field.order()))

    w = [element() for _ in range(parameters)]
    rows = matrix(field, 0, parameters)
    rank = taken = idle = 0
    while rank < parameters and idle < PATIENCE:
        missing = -(-(parameters - rank) // output_size)
        batch = min(LARGEST_BATCH, max(PATIENCE, missing))
        inputs = matrix(field, batch, input_size, [element() for _ in range(batch * input_size)])
        poles = set()
        entries = evaluate_network(network, w, inputs, poles)
        regular = [b for b in range(batch) if b not in poles]
        if not regular:
            return None
        for entry in entries:
            rows = rows.stack(entry.derivatives.matrix_from_rows(regular))
        taken += len(regular)
        grown = rows.rank()
        idle = 0 if grown > rank else idle + len(regular)
        rank = grown
    return rank, taken


def rank_at_random_point(network, field, random):
    """Return the same at a point with regular inputs."""
    for _ in range(LARGEST_NUMBER_OF_DRAWS):
        found = try_random_point(network, field, random)
        if found is not None:
            return found
    raise ValueError(
        f"the network divides by zero at {LARGEST_NUMBER_OF_DRAWS} random points; a denominator is zero identically"
    )


def random_prime_for(network, random):
    """Return a random prime of 23 bits that divides no denominator of an activation."""
    denominators = [
        QQ(coefficient).denominator() for node in network[1] if node[0] == "polynomial" for _, coefficient in node[3]
    ]
    while True:
        prime = next_prime(random.randrange(2**22, 2**23 - 1000))
        if all(denominator % prime != 0 for denominator in denominators):
            return prime


def generic_rank(network, points, random):
    """Return the largest rank over random points, each modulo a prime of its own, with the evidence.

    ``random``: a ``random.Random``, whose stream is the same in all versions of Python.
    """
    primes = [random_prime_for(network, random) for _ in range(points)]
    found = [rank_at_random_point(network, GF(prime), random) for prime in primes]
    return {
        "rank": max(rank for rank, _ in found),
        "ranks": [rank for rank, _ in found],
        "inputs": max(taken for _, taken in found),
        "primes": primes,
    }


def generator(seed):
    """Return a generator of random numbers that the seed determines."""
    return Random(int(seed))  # noqa: S311  # no secret
