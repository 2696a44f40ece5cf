"""The engines' own interpreters of networks: published dimensions, every operation, degenerate graphs, reproducibility."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from neuroalg_cli import assets, emission
from neuroalg_cli import engine as engines
from neuroalg_cli.errors import ScriptError
from neuroalg_cli.execution import execute
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.rendering import Script, render
from neuroalg_cli.running import Limits

SQUARE = [(2, Fraction(1))]


def found(installation, networks, seed=1):
    """Returns what the engine's script finds for each network."""
    script = render(f"{installation.engine}/dimension-jacobian", networks=list(networks), seed=seed)
    return execute(script, installation, Limits(wall_seconds=300)).values["networks"]


def ranks(installation, networks, seed=1):
    return [entry["rank"] for entry in found(installation, networks, seed)]


def transposed(builder: NetworkBuilder, node: int) -> int:
    rows, columns = builder.shape(node)
    return builder.gather([node], [i * columns + j for j in range(columns) for i in range(rows)], (columns, rows))


def attention(d: int, value_dimension: int, a: int, t: int) -> Network:
    """Returns a lightning self-attention layer X -> V X X^T K^T Q X."""
    b = NetworkBuilder()
    x = b.input((d, t))
    query, key, value = b.parameter("Q", (a, d)), b.parameter("K", (a, d)), b.parameter("V", (value_dimension, d))
    scores = b.matmul(transposed(b, b.matmul(key, x)), b.matmul(query, x))
    return b.finish(b.matmul(b.matmul(value, x), scores))


def convolutional(filters: list[int], degree: int) -> Network:
    """Returns a one-dimensional network with stride one, on the receptive field of one output neuron."""
    b = NetworkBuilder()
    length = sum(filters) - len(filters) + 1
    node = b.input((length,))
    for layer, size in enumerate(filters):
        length -= size - 1
        patches = b.gather([node], [i + j for i in range(length) for j in range(size)], (length, size))
        node = b.matmul(patches, b.parameter(f"filter {layer}", (size,)))
        if layer < len(filters) - 1:
            node = b.polynomial(node, [(degree, Fraction(1))])
    return b.finish(node)


def test_self_attention_layers(each_installation):
    # 2ad + dd' - a^2 - 1 for a <= d and t >= 2: N.W. Henry, G.L. Marchetti, K. Kohn, arXiv:2408.17221
    cases = [(2, 2, 2, 2), (3, 2, 1, 2), (3, 3, 2, 2), (2, 3, 1, 3)]
    expected = [2 * a * d + d * v - a * a - 1 for d, v, a, _ in cases]
    assert ranks(each_installation, [attention(*case) for case in cases]) == expected


def test_convolutional_networks(each_installation):
    # the sum of the k_i less L - 1 for degrees of at least two: V. Shahverdi, G.L. Marchetti, K. Kohn, arXiv:2410.00722
    cases = [([2, 2], 2), ([3, 2], 2), ([2, 2, 2], 2), ([3, 2, 2], 3), ([4], 2)]
    expected = [sum(filters) - len(filters) + 1 for filters, _ in cases]
    assert ranks(each_installation, [convolutional(*case) for case in cases]) == expected


def test_products_of_two_linear_forms(each_installation):
    # pairs of hyperplanes: dimension 2n - 1 (two forms of n coefficients, up to a scalar that moves between them)
    networks = []
    for n in (1, 2, 5):
        b = NetworkBuilder()
        x = b.input((n,))
        networks.append(
            b.finish(b.product(b.matmul(b.parameter("u", (1, n)), x), b.matmul(b.parameter("v", (1, n)), x)))
        )
    assert ranks(each_installation, networks) == [1, 3, 9]


def test_residual_connection_with_rational_activation(each_installation):
    # x + (1/2) v z^2 + (1/3) v, z = w x, one neuron: coefficients (1/2) v w^2 and v/3 determine v and w^2
    b = NetworkBuilder()
    x = b.input((1,))
    hidden = b.polynomial(b.matmul(b.parameter("w", (1, 1)), x), [(2, Fraction(1, 2)), (0, Fraction(1, 3))])
    residual = b.finish(b.sum(x, b.matmul(b.parameter("v", (1, 1)), hidden)))
    assert ranks(each_installation, [residual]) == [2]


def test_width_one_bottleneck_needs_one_input_per_dimension(each_installation):
    # (3, 3, 1, 4), degree 3: v g^3 with v in R^4 and g a sum of three cubes in three variables, of which there are 9 dimensions
    # (Alexander-Hirschowitz: not defective); one scaling is shared, so 9 + 4 - 1
    b = NetworkBuilder()
    node = b.input((3,))
    for layer, width in enumerate((3, 1, 4)):
        node = b.matmul(b.parameter(f"W{layer}", (width, b.shape(node)[0])), node)
        if layer < 2:
            node = b.polynomial(node, [(3, Fraction(1))])
    (entry,) = found(each_installation, [b.finish(node)])
    assert entry["rank"] == 12
    assert entry["inputs"] >= 12


def constant(value: int) -> Network:
    """Returns a network whose activation is a constant."""
    b = NetworkBuilder()
    return b.finish(b.polynomial(b.matmul(b.parameter("W", (1, 2)), b.input((2,))), [(0, Fraction(value))]))


def test_degenerate_networks(each_installation):
    b = NetworkBuilder()
    without_parameters = b.finish(b.polynomial(b.input((2,)), SQUARE))
    b = NetworkBuilder()
    unused = b.parameter("unused", (2, 2))
    del unused
    ignores = b.finish(b.matmul(b.parameter("W", (1, 2)), b.input((2,))))
    b = NetworkBuilder()
    b.input((2,))
    ignores_input = b.finish(b.parameter("bias", (3,)))
    b = NetworkBuilder()
    x = b.input((1,))
    zeros = b.finish(b.matmul(b.gather([x], [-1, -1], (1, 2)), b.parameter("W", (2,))))
    b = NetworkBuilder()
    same = b.parameter("w", (1, 1))
    shared = b.finish(b.matmul(same, b.matmul(same, b.input((1,)))))
    networks = [without_parameters, ignores, ignores_input, zeros, shared, constant(5), constant(0)]
    assert ranks(each_installation, networks) == [0, 2, 3, 0, 1, 0, 0]


def test_same_seed_same_answer_and_other_seeds_the_same_rank(each_installation):
    networks = [attention(2, 2, 2, 2), convolutional([2, 2, 2], 2)]
    first = found(each_installation, networks, seed=5)
    assert found(each_installation, networks, seed=5) == first
    others = [found(each_installation, networks, seed=seed) for seed in (0, 6, 2**63 - 1)]
    assert all([entry["rank"] for entry in other] == [7, 4] for other in others)
    assert len({tuple(other[0]["primes"]) for other in [first, *others]}) == 4


def test_the_evidence_is_consistent(each_installation):
    for entry in found(each_installation, [attention(2, 2, 1, 2)]):
        assert entry["rank"] == max(entry["ranks"])
        assert len(entry["ranks"]) == len(entry["primes"]) == 2
        for prime in entry["primes"]:
            assert 2**22 <= prime < 2**23
            assert all(prime % q for q in range(2, 2900))


def random_network(choose: random.Random) -> Network:
    """Returns a random graph in which every operation can occur, parameters meet each other, and nodes are shared."""
    b = NetworkBuilder()
    nodes = [b.input((choose.randint(1, 3),))]
    for step in range(choose.randint(3, 8)):
        node = choose.choice(nodes[-3:])
        size = b.shape(node)[0]
        match choose.choice(["matmul", "matmul", "bias", "product", "polynomial", "gather", "square"]):
            case "matmul":
                nodes.append(b.matmul(b.parameter(f"p{step}", (choose.randint(1, 3), size)), node))
            case "bias":
                nodes.append(b.sum(node, b.parameter(f"p{step}", (size,)), node))
            case "product":
                nodes.append(b.product(node, b.parameter(f"p{step}", (size,))))
            case "polynomial":
                terms = [
                    (choose.randint(0, 3), Fraction(choose.randint(-4, 4), choose.randint(1, 4))) for _ in range(2)
                ]
                nodes.append(b.polynomial(node, dict(terms).items()))
            case "gather":
                other = choose.choice(nodes)
                total = size + b.shape(other)[0]
                count = choose.randint(1, 3)
                nodes.append(b.gather([node, other], [choose.randint(-1, total - 1) for _ in range(count)], (count,)))
            case "square":
                left = b.parameter(f"p{step}", (size, size))
                nodes.append(b.matmul(b.matmul(left, transposed(b, left)), node))
    return b.finish(len(b._nodes) - 1)


def test_random_graphs_agree_with_reverse_mode_in_this_process(each_installation):
    choose = random.Random(20250101)
    networks = [random_network(choose) for _ in range(120)]
    assert {node.operation for network in networks for node in network.nodes} == {
        "input", "parameter", "matmul", "sum", "product", "polynomial", "gather",
    }  # fmt: skip
    builtin = [generic_rank(PolynomialMap(network), 3).rank if network.parameter_count else 0 for network in networks]
    assert ranks(each_installation, networks, seed=3) == builtin


def sum_of_reciprocals(n: int, k: int, m: int) -> Network:
    """Returns x -> V (1/(W x))."""
    b = NetworkBuilder()
    hidden = b.reciprocal(b.matmul(b.parameter("W", (k, n)), b.input((n,))))
    return b.finish(b.matmul(b.parameter("V", (m, k)), hidden))


def test_sums_of_reciprocal_linear_forms(each_installation):
    # partial fractions are unique: k poles, each a linear form up to a scalar with m residues; in one variable V (1/W) / x
    networks = [sum_of_reciprocals(*sizes) for sizes in ((2, 1, 1), (2, 2, 1), (3, 2, 2), (4, 3, 1), (1, 3, 2))]
    assert ranks(each_installation, networks) == [2, 4, 8, 12, 2]


def continued_fraction(depth: int) -> Network:
    """Returns 1/(a_1 x + 1/(a_2 x + ... 1/(a_n x)))."""
    b = NetworkBuilder()
    x = b.input((1,))
    steps = [b.product(b.parameter(f"a{i}", (1,)), x) for i in range(depth)]
    value = b.reciprocal(steps[-1])
    for step in reversed(steps[:-1]):
        value = b.reciprocal(b.sum(step, value))
    return b.finish(value)


def test_continued_fractions(each_installation):
    # the continued fraction of a rational function is unique: O. Perron, Die Lehre von den Kettenbrüchen
    assert ranks(each_installation, [continued_fraction(depth) for depth in (1, 2, 5)]) == [1, 2, 5]


def test_networks_with_division_agree_with_reverse_mode_in_this_process(each_installation):
    networks = [RATIONAL_NETWORKS[name] for name in sorted(RATIONAL_NETWORKS)]
    builtin = [generic_rank(PolynomialMap(network), 3).rank for network in networks]
    assert ranks(each_installation, networks, seed=3) == builtin
    assert sum(rank > 2 for rank in builtin) > 10


def random_rational_network(choose: random.Random) -> Network:
    """Returns a random graph that divides by sums of functions of the input and parameters, at any depth."""
    b = NetworkBuilder()
    nodes = [b.input((2,)), b.parameter("u", (2,))]
    for step in range(choose.randint(3, 7)):
        node = choose.choice(nodes[-2:])
        match choose.choice(["matmul", "sum", "product", "polynomial", "gather", "reciprocal", "reciprocal"]):
            case "matmul":
                nodes.append(b.matmul(b.parameter(f"p{step}", (2, 2)), node))
            case "sum":
                nodes.append(b.sum(node, b.parameter(f"p{step}", (2,)), choose.choice(nodes)))
            case "product":
                nodes.append(b.product(node, choose.choice(nodes)))
            case "polynomial":
                nodes.append(b.polynomial(node, [(2, Fraction(1, 3)), (0, Fraction(-2))]))
            case "gather":
                nodes.append(b.gather([node, choose.choice(nodes)], [choose.randrange(4) for _ in range(2)], (2,)))
            case "reciprocal":
                nodes.append(b.reciprocal(node))
    return b.finish(b.matmul(b.parameter("last", (2, 2)), nodes[-1]))


RATIONAL_NETWORKS = {f"random {seed}": random_rational_network(random.Random(seed)) for seed in range(40)}


SMALL_FIELD = {
    "macaulay2": """load "Network.m2"
load "Result.m2"
setRandomSeed 1
network = {network}
found = for i from 1 to 100 list rankAtRandomPoint(network, ZZ/7)
writeResult hashTable {{"ranks" => apply(found, first), "inputs" => apply(found, last)}}
""",
    "sage": """try:
    from sage.all__sagemath_singular import *
    from sage.all__sagemath_linbox import *
except ImportError:
    from sage.all import *
from network import generator, rank_at_random_point
from result import write_result
random = generator(1)
network = {network}
found = [rank_at_random_point(network, GF(7), random) for _ in range(100)]
write_result({{"ranks": [rank for rank, _ in found], "inputs": [taken for _, taken in found]}})
""",
}


def test_poles_among_the_inputs_are_left_out(each_installation):
    # a + c (x - b)/(x - b) has rank 1 in (a, b, c); in a field of seven elements the input is often b, and the row there would be
    # that of a alone
    b = NetworkBuilder()
    x = b.input((1,))
    shift, a, c = (b.parameter(name, (1,)) for name in "bac")
    difference = b.sum(x, b.polynomial(shift, [(1, Fraction(-1))]))
    network = b.finish(b.sum(a, b.product(c, b.product(difference, b.reciprocal(difference)))))
    engine = engines.load(each_installation.engine)
    text = SMALL_FIELD[engine.name].format(network=emission.network(network, engine.dialect).text)
    names = ("Network.m2", "Result.m2") if engine.name == "macaulay2" else ("network.py", "result.py")
    libraries = tuple(assets.folder(engine.library_folder) / name for name in names)
    shape = {"ranks": ["natural"], "inputs": ["natural"]}
    script = Script(f"{engine.name}/small-field", text, "", "", engine.name, libraries, shape)
    values = execute(script, each_installation, Limits(wall_seconds=120)).values
    assert values["ranks"] == [1] * 100
    assert len(set(values["inputs"])) > 1


def test_a_denominator_that_is_zero_identically_is_an_error(each_installation):
    b = NetworkBuilder()
    y = b.matmul(b.parameter("W", (2, 2)), b.input((2,)))
    network = b.finish(b.reciprocal(b.sum(y, b.polynomial(y, [(1, Fraction(-1))]))))
    with pytest.raises(ScriptError, match="divides by zero at 20 random points"):
        found(each_installation, [network])
