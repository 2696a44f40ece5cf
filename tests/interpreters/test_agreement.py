"""The three interpreters against each other, and against fractions computed from the graph's JSON form.

The reference for derivatives is python-flint's derivative of the expanded coordinates.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from flint import Ordering, fmpq, fmpq_mpoly_ctx

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.errors import MemoryLimitError, SpecError
from neuroalg_cli.interpreters import floating, modular
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.linear_algebra.random_points import balanced
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap

PRIME = 8388593
SQUARE = ((2, Fraction(1)),)
INPUTS = 3


def attention() -> Network:
    """V X X^T K^T Q X: products of matrices that depend on the input on either side, transposed by gathers."""
    builder = NetworkBuilder()
    x = builder.input((2, 3))
    q, k, v = (builder.parameter(name, (2, 2)) for name in "QKV")
    transposed = builder.gather([x], [0, 3, 1, 4, 2, 5], (3, 2))
    values = builder.matmul(builder.matmul(v, x), transposed)
    scores = builder.matmul(builder.gather([k], [0, 2, 1, 3], (2, 2)), q)
    return builder.finish(builder.matmul(values, builder.matmul(scores, x)))


def convolution() -> Network:
    """Two filters as Toeplitz matrices with zeros (index -1), an activation between them, patches with repeated entries."""
    builder = NetworkBuilder()
    x = builder.input((4,))
    first = builder.parameter("first", (2,))
    toeplitz = builder.gather([first], [0, 1, -1, -1, -1, 0, 1, -1, -1, -1, 0, 1], (3, 4))
    hidden = builder.polynomial(builder.matmul(toeplitz, x), [(2, Fraction(1)), (0, Fraction(-1, 3))])
    patches = builder.gather([hidden], [0, 1, 1, 2, -1, 0], (3, 2))
    return builder.finish(builder.matmul(patches, builder.parameter("second", (2,))))


def residual_and_tied() -> Network:
    """W is used in both layers, y three times, and a bias in two places."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    w, b = builder.parameter("W", (2, 2)), builder.parameter("b", (2,))
    y = builder.sum(builder.matmul(w, x), b)
    z = builder.product(y, y)
    return builder.finish(builder.sum(builder.matmul(w, z), y, b, x))


def dynamic_weights() -> Network:
    """A matrix that depends on the input times a vector of parameters, and times a vector that depends on the input."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    a = builder.parameter("A", (4, 2))
    matrix = builder.gather([builder.matmul(a, x)], [0, 1, 2, 3], (2, 2))
    constant = builder.matmul(matrix, builder.parameter("c", (2,)))
    return builder.finish(builder.product(builder.matmul(matrix, constant), builder.matmul(matrix, x)))


def parameters_alone() -> Network:
    """Polynomials, sums and gathers of parameters before anything meets the input; an output entry without input."""
    builder = NetworkBuilder()
    u, v = builder.parameter("u", (2,)), builder.parameter("v", (2,))
    x = builder.input((2,))
    squared = builder.polynomial(u, [(3, Fraction(1, 2)), (1, Fraction(-1))])
    mixed = builder.sum(builder.product(squared, v), u)
    diagonal = builder.gather([mixed, v], [0, -1, -1, 3], (2, 2))
    y = builder.matmul(diagonal, x)
    return builder.finish(builder.gather([y, squared, x], [1, 1, 2, -1, 4], (5,)))


def constants() -> Network:
    """The zero polynomial, a constant one, and products with them."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    w = builder.parameter("W", (2, 2))
    y = builder.matmul(w, x)
    five = builder.polynomial(y, [(0, Fraction(5))])
    zero = builder.polynomial(y, [])
    return builder.finish(builder.sum(builder.product(five, y), builder.product(zero, y), five))


def matrix_outputs() -> Network:
    """A square of matrices whose output is a matrix, with a product of parameters on the right."""
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    p, q = builder.parameter("p", (2, 1)), builder.parameter("q", (1, 2))
    right = builder.matmul(x, builder.matmul(p, q))
    return builder.finish(builder.sum(builder.matmul(right, x), builder.product(x, x)))


def without_parameters() -> Network:
    builder = NetworkBuilder()
    x = builder.input((3,))
    return builder.finish(builder.polynomial(x, [(3, Fraction(2)), (1, Fraction(1))]))


def without_input() -> Network:
    builder = NetworkBuilder()
    builder.input((2,))
    w = builder.parameter("w", (3,))
    return builder.finish(builder.polynomial(w, SQUARE))


def random_network(seed: int) -> Network:
    """Returns a graph of up to nine random operations on small shapes whose total degree stays below nine."""
    source = random.Random(seed)
    builder = NetworkBuilder()
    values = [builder.input(source.choice([(2,), (3,), (2, 2)]))]
    for index in range(source.randint(1, 4)):
        shape = source.choice([(2,), (2, 2), (3, 2), (2, 3)])
        values += [builder.parameter(f"w_{index}", shape)]
    for _ in range(source.randint(3, 9)):
        before = list(builder._nodes)
        a, b = source.choice(values), source.choice(values)
        operation = source.choice(["matmul", "matmul", "sum", "product", "polynomial", "gather"])
        if operation == "matmul":
            fitting = [(u, v) for u in values for v in values if _fits(builder, u, v)]
            if not fitting:
                continue
            node = builder.matmul(*source.choice(fitting))
        elif operation == "polynomial":
            exponents = source.sample(range(4), source.randint(1, 2))
            terms = [(e, Fraction(source.choice([-2, -1, 1, 3]), source.choice([1, 2]))) for e in exponents]
            node = builder.polynomial(a, terms)
        elif operation == "gather":
            shape = source.choice([(2,), (3,), (2, 2), (3, 2)])
            total = math.prod(builder.shape(a)) + math.prod(builder.shape(b))
            node = builder.gather([a, b], [source.randrange(-1, total) for _ in range(math.prod(shape))], shape)
        else:
            alike = [value for value in values if builder.shape(value) == builder.shape(a)]
            node = getattr(builder, operation)(a, source.choice(alike))
        if PolynomialMap(builder.finish(node)).total_degree > 8:
            builder._nodes[:] = before
        elif node not in values:
            values.append(node)
    return builder.finish(len(builder._nodes) - 1)


def _fits(builder: NetworkBuilder, u: int, v: int) -> bool:
    a, b = builder.shape(u), builder.shape(v)
    return len(a) == 2 and a[1] == b[0]


NETWORKS = {
    "attention": attention(),
    "convolution": convolution(),
    "residual and tied": residual_and_tied(),
    "dynamic weights": dynamic_weights(),
    "parameters alone": parameters_alone(),
    "constants": constants(),
    "matrix outputs": matrix_outputs(),
    "without parameters": without_parameters(),
    "without input": without_input(),
    **{
        architecture.label: architecture.network()
        for architecture in (
            mlp([3, 2]),
            mlp([3, 2, 3]),
            mlp([3, 2, 3], biases=True),
            mlp([1, 1, 1], 4),
            mlp([2, 3, 2], 3),
            mlp([2, 2, 3, 1], [2, 3]),
            mlp([2, 2, 2, 2], [1, 2], biases=True),
            mlp([2, 1, 2], activation="1/2*z^3-z+2/3", biases=True),
            mlp([2, 2, 1, 2], activation=["z^2-1/5*z", "3*z^2+z+1"]),
        )
    },
    **{f"random {seed}": random_network(seed) for seed in range(60)},
}
by_name = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())


def points(network):
    """Returns rational parameters and inputs, small enough for exact conversion to floats and residues."""
    source = random.Random(17)
    w = [Fraction(source.randint(-9, 9), 4) for _ in range(network.parameter_count)]
    xs = [[Fraction(source.randint(-9, 9), 2) for _ in range(network.input_size)] for _ in range(INPUTS)]
    return w, xs


def plain_outputs(graph, w, x):
    """Returns the entries of the output, from the JSON form, node by node, entry by entry."""
    values = []
    used = 0
    for node in graph["nodes"]:
        shape = node["shape"]
        size = math.prod(shape)
        operands = [values[operand] for operand in node.get("operands", [])]
        match node["operation"]:
            case "input":
                value = list(x)
            case "parameter":
                value = w[used : used + size]
                used += size
            case "matmul":
                inner = graph["nodes"][node["operands"][0]]["shape"][1]
                columns = size // shape[0]
                value = [
                    sum((operands[0][i * inner + k] * operands[1][k * columns + j] for k in range(inner)), Fraction(0))
                    for i, j in itertools.product(range(shape[0]), range(columns))
                ]
            case "sum":
                value = [sum(entries) for entries in zip(*operands, strict=True)]
            case "product":
                value = [a * b for a, b in zip(*operands, strict=True)]
            case "polynomial":
                value = [sum((Fraction(c) * z**e for e, c in node["terms"]), Fraction(0)) for z in operands[0]]
            case "gather":
                flat = [*itertools.chain(*operands), Fraction(0)]
                value = [flat[index] for index in node["indices"]]
        assert len(value) == size
        values.append(value)
    return values[graph["output"]]


def symbolic_outputs(network, w, x):
    result = [Fraction(0)] * network.output_size
    for coordinate in coordinates(network):
        result[coordinate.output] += evaluated(coordinate.polynomial, w) * monomial(coordinate.monomial, x)
    return result


def monomial(exponents, x):
    return math.prod((value**e for value, e in zip(x, exponents, strict=True)), start=Fraction(1))


def evaluated(polynomial, w):
    return sum((c * monomial(exponents, w) for exponents, c in polynomial.items()), Fraction(0))


def symbolic_jacobian(network, w, xs):
    """Returns the rows (input, output) of d f_w(x) / dw, from derivatives of the coordinates by python-flint."""
    count = network.parameter_count
    rows = [[Fraction(0)] * count for _ in range(len(xs) * network.output_size)]
    if not count:
        return rows
    context = fmpq_mpoly_ctx.get(tuple(f"w_{i}" for i in range(count)), Ordering.lex)
    point = [fmpq(value.numerator, value.denominator) for value in w]
    for coordinate in coordinates(network):
        terms = {exponents: fmpq(c.numerator, c.denominator) for exponents, c in coordinate.polynomial.items()}
        polynomial = context.from_dict(terms)
        gradient = [polynomial.derivative(j)(*point) for j in range(count)]
        for i, x in enumerate(xs):
            scale = monomial(coordinate.monomial, x)
            row = rows[i * network.output_size + coordinate.output]
            for j, slope in enumerate(gradient):
                row[j] += Fraction(int(slope.p), int(slope.q)) * scale
    return rows


def residue(value):
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def modular_array(values):
    return balanced(np.array([residue(value) for value in values], dtype=np.int64), PRIME)


def float_array(values):
    return np.array([float(value) for value in values]).reshape(len(values))


@by_name
def test_symbolic_values_are_those_of_the_json_form(network):
    w, xs = points(network)
    graph = json.loads(json.dumps(network.as_json()))
    for x in xs:
        assert symbolic_outputs(network, w, x) == plain_outputs(graph, w, x)


@by_name
def test_modular_values_are_those_of_the_json_form(network):
    w, xs = points(network)
    found = modular.evaluate(network, modular_array(w), np.stack([modular_array(x) for x in xs]), PRIME)
    expected = [[residue(value) for value in plain_outputs(network.as_json(), w, x)] for x in xs]
    assert found.shape == (INPUTS, network.output_size)
    assert np.array_equal(found % PRIME, expected)
    assert np.abs(found).max() <= PRIME // 2


@by_name
def test_floating_values_are_those_of_the_json_form(network):
    w, xs = points(network)
    found = floating.evaluate(network, float_array(w), np.stack([float_array(x) for x in xs]))
    expected = [[float(value) for value in plain_outputs(network.as_json(), w, x)] for x in xs]
    assert found.shape == (INPUTS, network.output_size)
    assert found == pytest.approx(np.array(expected), rel=1e-9, abs=1e-6)


@by_name
def test_modular_derivatives_are_those_of_the_expansion(network):
    w, xs = points(network)
    found = modular.jacobian(network, modular_array(w), np.stack([modular_array(x) for x in xs]), PRIME)
    expected = [[residue(value) for value in row] for row in symbolic_jacobian(network, w, xs)]
    assert found.shape == (INPUTS * network.output_size, network.parameter_count)
    assert np.array_equal(found % PRIME, np.array(expected).reshape(found.shape))
    assert np.abs(found).max(initial=0) <= PRIME // 2


@by_name
def test_floating_derivatives_are_those_of_the_expansion(network):
    w, xs = points(network)
    found = floating.jacobian(network, float_array(w), np.stack([float_array(x) for x in xs]))
    expected = [[float(value) for value in row] for row in symbolic_jacobian(network, w, xs)]
    assert found == pytest.approx(np.array(expected).reshape(found.shape), rel=1e-9, abs=1e-6)


def test_the_random_networks_use_every_operation_in_many_ways():
    used = [node for name, network in NETWORKS.items() if name.startswith("random") for node in network.nodes]
    counts = {
        operation: sum(node.operation == operation for node in used) for operation in ("matmul", "gather", "product")
    }
    assert min(counts.values()) > 20
    assert any(-1 in node.indices for node in used)
    assert any(len(set(node.indices)) < len(node.indices) for node in used if node.operation == "gather")


def test_chunks_and_columns_change_nothing(monkeypatch):
    network = mlp([3, 4, 3, 2], 2, biases=True).network()
    source = np.random.default_rng(3)
    w = source.integers(-1000, 1000, network.parameter_count).astype(float)
    x = source.integers(-1000, 1000, (11, 3)).astype(float)
    whole = modular.jacobian(network, w, x, PRIME)
    monkeypatch.setattr(modular, "_CHUNK_BYTES", 1)
    assert np.array_equal(modular.jacobian(network, w, x, PRIME), whole)
    columns = np.array([0, 5, 17, 30])
    assert np.array_equal(modular.jacobian(network, w, x, PRIME, columns), whole[:, columns])


def test_wide_layers_are_exact():
    # sums of more than 511 products of residues would leave the integers that float64 holds
    network = mlp([2_000, 3, 1], 2).network()
    source = np.random.default_rng(5)
    half = PRIME // 2
    w = source.integers(half - 9, half, network.parameter_count).astype(float)
    x = source.integers(half - 9, half, (1, 2_000)).astype(float)
    first = [sum(int(a) * int(b) for a, b in zip(w[2_000 * i : 2_000 * (i + 1)], x[0], strict=True)) for i in range(3)]
    expected = sum(int(v) * h**2 for v, h in zip(w[6_000:], first, strict=True)) % PRIME
    assert int(modular.evaluate(network, w, x, PRIME)[0, 0]) % PRIME == expected


def test_huge_exponents_need_no_expansion():
    network = mlp([1, 1, 1, 1], [1000, 1000]).network()
    found = modular.evaluate(network, np.array([2.0, 3.0, 5.0]), np.array([[7.0]]), PRIME)
    assert int(found[0, 0]) % PRIME == 5 * pow(3 * pow(14, 1000, PRIME), 1000, PRIME) % PRIME


def test_coordinates_come_by_output_and_falling_monomial():
    found = [(c.output, c.monomial) for c in coordinates(mlp([2, 2, 2], 2).network())]
    assert found == [(o, m) for o in (0, 1) for m in ((2, 0), (1, 1), (0, 2))]


@pytest.mark.parametrize(
    ("architecture", "limit"),
    [(mlp([20, 20, 20, 1], 5), 10**4), (mlp([10, 10], 2), 5), (mlp([3, 2, 1], 9), 100)],
)
def test_expansions_that_would_be_too_large_are_refused_before_they_begin(architecture, limit):
    with pytest.raises(MemoryLimitError, match="--method jacobian"):
        coordinates(architecture.network(), limit)


def test_expansions_of_wide_sums_are_refused_too():
    builder = NetworkBuilder()
    x = builder.input((30,))
    y = builder.matmul(builder.parameter("A", (30, 30)), x)
    network = builder.finish(builder.product(builder.sum(y, y), y))
    with pytest.raises(MemoryLimitError, match="900 terms"):
        coordinates(network, 500)


@by_name
def test_what_the_graph_alone_says_bounds_the_expansion(network):
    phi = PolynomialMap(network)
    expanded = coordinates(network)
    assert {sum(coordinate.monomial) for coordinate in expanded} <= set(phi.degrees)
    assert len(expanded) <= phi.coordinate_bound
    degrees = {sum(e) + sum(coordinate.monomial) for coordinate in expanded for e in coordinate.polynomial}
    assert max(degrees, default=0) <= phi.total_degree
    for output in range(network.output_size):
        found = [c for coordinate in expanded if coordinate.output == output for c in coordinate.polynomial.values()]
        denominator = math.lcm(*(c.denominator for c in found))
        assert sum(abs(c * denominator) for c in found) <= 2 ** (phi.height_bits + 1e-9)
        assert all(p in (2, 3, 5) for p in range(2, 50) if denominator % p == 0 and all(p % q for q in range(2, p)))
        assert phi.activation_numbers % math.prod(p for p in (2, 3, 5) if denominator % p == 0) == 0


class Dual:
    """A rational number with its derivatives by all parameters; knows sums, products and quotients only."""

    def __init__(self, value, slopes):
        self.value, self.slopes = Fraction(value), slopes

    def __add__(self, other):
        return Dual(self.value + other.value, [a + b for a, b in zip(self.slopes, other.slopes, strict=True)])

    def __mul__(self, other):
        slopes = [self.value * b + a * other.value for a, b in zip(self.slopes, other.slopes, strict=True)]
        return Dual(self.value * other.value, slopes)

    def inverse(self):
        return Dual(1 / self.value, [-a / self.value**2 for a in self.slopes])


def dual_outputs(graph, w, x):
    """Returns the entries of the output with their derivatives, from the JSON form, in fractions."""
    zeros = [Fraction(0)] * len(w)
    values = []
    used = 0
    for node in graph["nodes"]:
        size = math.prod(node["shape"])
        operands = [values[operand] for operand in node.get("operands", [])]
        match node["operation"]:
            case "input":
                value = [Dual(entry, zeros) for entry in x]
            case "parameter":
                units = [[Fraction(i == used + j) for i in range(len(w))] for j in range(size)]
                value = [Dual(w[used + j], unit) for j, unit in enumerate(units)]
                used += size
            case "matmul":
                inner = graph["nodes"][node["operands"][0]]["shape"][1]
                columns = size // node["shape"][0]
                value = []
                for i, j in itertools.product(range(node["shape"][0]), range(columns)):
                    entry = Dual(0, zeros)
                    for k in range(inner):
                        entry += operands[0][i * inner + k] * operands[1][k * columns + j]
                    value.append(entry)
            case "sum":
                value = operands[0]
                for operand in operands[1:]:
                    value = [a + b for a, b in zip(value, operand, strict=True)]
            case "product":
                value = [a * b for a, b in zip(*operands, strict=True)]
            case "polynomial":
                value = []
                for z in operands[0]:
                    entry = Dual(0, zeros)
                    for exponent, coefficient in node["terms"]:
                        power = Dual(Fraction(coefficient), zeros)
                        for _ in range(exponent):
                            power *= z
                        entry += power
                    value.append(entry)
            case "gather":
                flat = [*itertools.chain(*operands), Dual(0, zeros)]
                value = [flat[index] for index in node["indices"]]
            case "reciprocal":
                value = [z.inverse() for z in operands[0]]
        values.append(value)
    return values[graph["output"]]


def sum_of_reciprocals(n: int, k: int, m: int) -> Network:
    builder = NetworkBuilder()
    x = builder.input((n,))
    poles = builder.reciprocal(builder.matmul(builder.parameter("W", (k, n)), x))
    return builder.finish(builder.matmul(builder.parameter("V", (m, k)), poles))


def continued_fraction() -> Network:
    """1/(a x + 1/(b x + 1/c)): divisions by functions of the input and by parameters alone, inside each other."""
    builder = NetworkBuilder()
    x = builder.input((1,))
    a, b, c = (builder.parameter(name, (1,)) for name in "abc")
    inner = builder.sum(builder.product(b, x), builder.reciprocal(c))
    return builder.finish(
        builder.reciprocal(builder.sum(builder.product(a, x), builder.reciprocal(inner), builder.product(inner, inner)))
    )


def normalized_matrix() -> Network:
    """A matrix that depends on the input, divided by a sum of squares, times a vector; quotients used twice."""
    builder = NetworkBuilder()
    x = builder.input((2, 2))
    w = builder.parameter("W", (2, 2))
    scores = builder.matmul(w, x)
    squares = builder.polynomial(scores, [(2, Fraction(1)), (0, Fraction(1, 3))])
    total = builder.gather([squares, squares], [0, 1, 0, 1], (2, 2))
    quotient = builder.product(scores, builder.reciprocal(builder.sum(squares, total)))
    return builder.finish(builder.matmul(quotient, builder.matmul(quotient, builder.parameter("v", (2,)))))


def random_rational_network(seed: int) -> Network:
    """Returns a random graph with some reciprocals put in, of vectors and of parameters."""
    source = random.Random(f"rational {seed}")
    builder = NetworkBuilder()
    values = [builder.input((2,)), builder.parameter("u", (2,)), builder.parameter("v", (2,))]
    for step in range(source.randint(3, 7)):
        a, b = source.choice(values[-3:]), source.choice(values)
        match source.choice(["matmul", "sum", "product", "polynomial", "gather", "reciprocal", "reciprocal"]):
            case "matmul":
                node = builder.matmul(builder.parameter(f"w_{step}", (2, 2)), a)
            case "sum":
                node = builder.sum(a, b, values[1])
            case "product":
                node = builder.product(a, b)
            case "polynomial":
                node = builder.polynomial(a, [(2, Fraction(1, 2)), (0, Fraction(source.choice([-3, 5])))])
            case "gather":
                node = builder.gather([a, b], [source.randrange(4) for _ in range(2)], (2,))
            case "reciprocal":
                node = builder.reciprocal(a)
        values.append(node)
    return builder.finish(len(builder._nodes) - 1)


RATIONAL = {
    "sum of reciprocals": sum_of_reciprocals(3, 2, 2),
    "continued fraction": continued_fraction(),
    "normalized matrix": normalized_matrix(),
    **{f"random {seed}": random_rational_network(seed) for seed in range(40)},
}
by_rational_name = pytest.mark.parametrize("network", RATIONAL.values(), ids=RATIONAL.keys())


def regular_points(network):
    """Returns a rational point where nothing divides by zero over Q, with the outputs and their derivatives there."""
    source = random.Random(23)
    while True:
        w = [Fraction(source.randint(-20, 20), 7) for _ in range(network.parameter_count)]
        xs = [[Fraction(source.randint(-20, 20), 3) for _ in range(network.input_size)] for _ in range(INPUTS)]
        try:
            return w, xs, [dual_outputs(network.as_json(), w, x) for x in xs]
        except ZeroDivisionError:
            continue


@by_rational_name
def test_values_and_derivatives_with_division_are_those_of_fractions(network):
    w, xs, expected = regular_points(network)
    arguments = modular_array(w), np.stack([modular_array(x) for x in xs]), PRIME
    values = [[residue(entry.value) for entry in row] for row in expected]
    slopes = [[residue(slope) for slope in entry.slopes] for row in expected for entry in row]
    assert np.array_equal(modular.evaluate(network, *arguments) % PRIME, values)
    assert np.array_equal(modular.jacobian(network, *arguments) % PRIME, slopes)
    assert modular.are_regular(network, *arguments).all()
    arguments = float_array(w), np.stack([float_array(x) for x in xs])
    values = np.array([[float(entry.value) for entry in row] for row in expected])
    slopes = np.array([[float(slope) for slope in entry.slopes] for row in expected for entry in row])
    with np.errstate(all="raise"):
        # relative to the largest entry: differences of large terms lose digits in floats
        assert floating.evaluate(network, *arguments) == pytest.approx(
            values, rel=1e-6, abs=1e-6 * (1 + abs(values).max())
        )
        found = floating.jacobian(network, *arguments)
    assert found == pytest.approx(slopes, rel=1e-6, abs=1e-6 * (1 + abs(slopes).max()))


def test_a_pole_is_an_error_and_is_found_beforehand(monkeypatch):
    network = sum_of_reciprocals(2, 2, 1)
    w = np.array([1.0, -1.0, 1.0, 1.0, 1.0, 1.0])  # 1/(x - y) + 1/(x + y)
    inputs = np.array([[2.0, 1.0], [1.0, 1.0], [1.0, -1.0], [0.0, 0.0], [PRIME // 2, -(PRIME // 2)], [0.0, 1.0]])
    expected = [True, False, False, False, False, True]
    assert modular.are_regular(network, w, inputs, PRIME).tolist() == expected
    monkeypatch.setattr(modular, "_CHUNK_BYTES", 1)
    assert modular.are_regular(network, w, inputs, PRIME).tolist() == expected
    for evaluate in (modular.evaluate, modular.jacobian):
        with pytest.raises(ZeroDivisionError):
            evaluate(network, w, inputs, PRIME)
    for evaluate in (floating.evaluate, floating.jacobian):
        with pytest.raises(ZeroDivisionError):
            evaluate(network, w, inputs)


def test_a_pole_in_the_parameters_alone_leaves_no_regular_input():
    network = continued_fraction()
    inputs = np.array([[1.0], [2.0]])
    assert modular.are_regular(network, np.array([1.0, 1.0, 0.0]), inputs, PRIME).tolist() == [False, False]
    assert modular.are_regular(network, np.array([1.0, 1.0, 1.0]), inputs, PRIME).tolist() == [True, True]


def test_what_nothing_uses_may_have_poles():
    builder = NetworkBuilder()
    x = builder.input((1,))
    output = builder.matmul(builder.parameter("W", (1, 1)), x)
    builder.reciprocal(x)
    network = builder.finish(output)
    assert modular.are_regular(network, np.ones(1), np.zeros((2, 1)), PRIME).all()


def test_the_coordinates_of_a_quotient_do_not_exist():
    with pytest.raises(SpecError, match="divides"):
        coordinates(sum_of_reciprocals(2, 1, 1))
    assert PolynomialMap(sum_of_reciprocals(2, 1, 1)).ambient_dimension is None


def fractions_of_polynomials(network, is_reduced):
    """Returns numerators and denominators of all nodes as polynomials of python-flint, in lowest terms or with integers only."""
    count, n = network.parameter_count, network.input_size
    context = fmpq_mpoly_ctx.get(tuple(f"v_{i}" for i in range(count + n)), Ordering.lex)
    zero, one = context.constant(0), context.constant(1)
    variables = context.gens()

    def pair(numerator, denominator):
        common = numerator.gcd(denominator) if is_reduced else one
        return numerator // common, denominator // common

    def total(summands):
        result = summands[0]
        for a, b in summands[1:]:
            result = pair(result[0] * b + a * result[1], result[1] * b)
        return result

    def product(a, b):
        return pair(a[0] * b[0], a[1] * b[1])

    values, used = [], 0
    for node in network.nodes:
        operands = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = [(v, one) for v in variables[count:]]
            case "parameter":
                value = [(v, one) for v in variables[used : used + node.size]]
                used += node.size
            case "matmul":
                inner = network.nodes[node.operands[0]].shape[1]
                columns = node.size // node.shape[0]
                value = [
                    total([product(operands[0][i * inner + k], operands[1][k * columns + j]) for k in range(inner)])
                    for i, j in itertools.product(range(node.shape[0]), range(columns))
                ]
            case "sum":
                value = [total(entries) for entries in zip(*operands, strict=True)]
            case "product":
                value = [product(a, b) for a, b in zip(*operands, strict=True)]
            case "polynomial":
                top = max(e for e, _ in node.terms)
                common = math.lcm(*(c.denominator for _, c in node.terms))
                value = [
                    pair(sum((a**e * b ** (top - e) * int(c * common) for e, c in node.terms), zero), b**top * common)
                    for a, b in operands[0]
                ]
            case "gather":
                flat = [*itertools.chain(*operands), (zero, one)]
                value = [flat[index] for index in node.indices]
            case "reciprocal":
                value = [pair(b, a) for a, b in operands[0]]
        values.append(value)
    return values


@by_rational_name
def test_degrees_of_quotients_bound_the_expansion(network):
    phi = PolynomialMap(network)
    values = fractions_of_polynomials(network, is_reduced=True)
    for numerator, denominator in values[network.output]:
        assert numerator.total_degree() + denominator.total_degree() <= phi.total_degree
    divisors = [values[node.operands[0]] for node in network.nodes if node.operation == "reciprocal"]
    assert sum(a.total_degree() for value in divisors for a, _ in value) <= phi.pole_degree


@by_rational_name
def test_heights_of_quotients_bound_the_expansion(network):
    phi = PolynomialMap(network)
    if phi.total_degree > 24 or all(node.operation != "reciprocal" for node in network.nodes):
        pytest.skip("polynomial, or too many terms to expand without reducing")
    for pair in fractions_of_polynomials(network, is_reduced=False)[network.output]:
        norms = [sum(abs(Fraction(int(c.p), int(c.q))) for c in part.to_dict().values()) for part in pair]
        assert math.log2(max(norms[0], 1)) + math.log2(norms[1]) <= phi.height_bits + 1e-9
