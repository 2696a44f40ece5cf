"""How many coordinates of phi are not identically zero, without expanding phi: only x is a variable, w is a random point.

*Networks that mix*: the input is a vector that only one private matrix of parameters reads, and the output is a private
matrix of parameters times something (plus a private bias).  GL(n_0) and GL(n_L) then act on the functions, so that one nonzero
coordinate of a degree makes all of that degree nonzero, and it is enough to know the degrees that occur.  With nonnegative
coefficients and no gathers nothing cancels, and the degrees of the graph are exact.  Otherwise f is evaluated on a line t*x for
random w and x modulo a prime of 61 bits.

*Other networks*: f_w is expanded in x for random w modulo such a prime, and its terms are counted; None beyond a budget.

What may go wrong: a coordinate that is not zero may vanish at the random point, which makes the number too small, with
probability below (total degree)/2^60 per coordinate (J. T. Schwartz 1980, R. Zippel 1979).
"""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.degrees import DegreeSet, degree_sets
from neuroalg_cli.errors import MemoryLimitError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from neuroalg_cli.network import Network

_MAXIMAL_LINE_DEGREE = 5_000
_MAXIMAL_LINE_ENTRIES = 10**7
#: beyond these an expansion is not tried: products of terms, operations on polynomials, variables
_MAXIMAL_PRODUCTS = 10**7
_MAXIMAL_OPERATIONS = 2 * 10**6
_MAXIMAL_VARIABLES = 512


def count(network: Network) -> int | None:
    """Returns the number of coordinates that are not identically zero; None for too many, or where f_w is no polynomial."""
    if not network.is_polynomial or not network.is_rational:
        return None
    if not mixes(network):
        return _count_by_expansion(network)
    degrees = degree_sets(network)[network.output]
    if may_cancel(network) or any(node.operation == "gather" for node in network.nodes):
        degrees = _degrees_on_a_line(network, degrees)
    return network.output_size * degrees.monomial_count(network.input_size)


def is_certain(network: Network) -> bool:
    """Returns whether `count` says the number for certain, without a random point."""
    return mixes(network) and not may_cancel(network) and all(node.operation != "gather" for node in network.nodes)


def may_cancel(network: Network) -> bool:
    """Returns whether coefficients of different signs could make coordinates vanish identically."""
    return any(coefficient < 0 for node in network.nodes for _, coefficient in node.terms)


def mixes(network: Network) -> bool:
    """Returns whether GL(n_0) acts on the functions through the first matrix and GL(n_L) through the last."""
    consumers = network.consumers()

    def is_private_product(index: int) -> bool:
        node = network.nodes[index]
        if node.operation != "matmul" or len(node.shape) != 1:
            return False
        matrix = node.operands[0]
        return network.nodes[matrix].operation == "parameter" and consumers[matrix] == [index]

    last = network.output
    node = network.nodes[last]
    if node.operation == "sum" and len(node.operands) == 2:
        biases = [o for o in node.operands if network.nodes[o].operation == "parameter" and consumers[o] == [last]]
        rest = [o for o in node.operands if o not in biases]
        if len(biases) == len(rest) == 1 and consumers[rest[0]] == [last]:
            last = rest[0]
    readers = consumers[network.input]
    if (
        len(readers) != 1
        or not is_private_product(readers[0])
        or network.nodes[readers[0]].operands[1] != network.input
    ):
        return False
    return is_private_product(last) and (last == network.output or consumers[last] == [network.output])


def _generator(network: Network) -> random.Random:
    """Returns a generator that the network determines."""
    return random.Random(json.dumps(network.as_json()))  # noqa: S311  # no secret: any fixed seed will do


def _prime_for(network: Network, generator: random.Random) -> int:
    """Returns a random prime of 61 bits that divides no numerator or denominator of an activation."""
    from flint import fmpz  # noqa: PLC0415

    coefficients = [coefficient for node in network.nodes for _, coefficient in node.terms]
    while True:
        prime = generator.randrange(2**60 + 1, 2**61, 2)
        if fmpz(prime).is_prime() and all(c.numerator % prime and c.denominator % prime for c in coefficients):
            return prime


def _evaluate(network: Network, inputs: list[Any], random_constant: Any, constant: Any) -> list[Any]:
    """Returns the entries of the output for the given entries of x, at random parameters, over a ring of polynomials."""
    zero = constant(0)
    values: list[Sequence[Any]] = []
    for node in network.nodes[: network.output + 1]:
        operands = [values[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = inputs
            case "parameter":
                value = [random_constant() for _ in range(node.size)]
            case "matmul":
                inner = network.nodes[node.operands[0]].shape[1]
                columns = node.shape[1] if len(node.shape) == 2 else 1
                value = [
                    sum((operands[0][i * inner + k] * operands[1][k * columns + j] for k in range(inner)), zero)
                    for i in range(node.shape[0])
                    for j in range(columns)
                ]
            case "sum":
                value = [sum(entries, zero) for entries in zip(*operands, strict=True)]
            case "product":
                value = [a * b for a, b in zip(*operands, strict=True)]
            case "polynomial":
                terms = [(e, constant(c)) for e, c in node.terms]
                value = [sum((z**e * c for e, c in terms), zero) for z in operands[0]]
            case "gather":
                flat = [entry for operand in operands for entry in operand]
                value = [flat[index] if index >= 0 else zero for index in node.indices]
            case _:  # reciprocals of parameters alone
                if any(z == 0 for z in operands[0]):
                    raise SpecError("the network divides by parameters that are zero identically; it has no functions")
                value = [constant(Fraction(1, _constant_term(z))) for z in operands[0]]
        values.append(value)
    return list(values[network.output])


def _constant_term(polynomial: Any) -> int:
    """Returns the value of a constant polynomial in one or several variables."""
    value = polynomial[0] if hasattr(polynomial, "degree") and not hasattr(polynomial, "degrees") else None
    return int(polynomial.leading_coefficient() if value is None else value)


def _degrees_on_a_line(network: Network, degrees: DegreeSet) -> DegreeSet:
    """Returns the degrees whose coefficient does not vanish on t*x for random w and x modulo a prime of 61 bits."""
    from flint import nmod_poly  # noqa: PLC0415  # only networks with coefficients of both signs come here

    if degrees.highest > _MAXIMAL_LINE_DEGREE:
        raise SpecError(
            f"the outputs have degree {degrees.highest}; "
            f"with coefficients of both signs at most {_MAXIMAL_LINE_DEGREE} is supported"
        )
    entries = sum(node.size for node in network.nodes)
    if entries > _MAXIMAL_LINE_ENTRIES:
        raise MemoryLimitError(
            f"the network has {entries} parameters and neurons; with coefficients of both signs at most "
            f"{_MAXIMAL_LINE_ENTRIES} are supported, because coordinates could cancel; take a smaller network"
        )
    generator = _generator(network)
    prime = _prime_for(network, generator)

    def constant(value: Any) -> nmod_poly:
        return nmod_poly([value.numerator * pow(value.denominator, -1, prime) % prime], prime)

    def random_constant() -> nmod_poly:
        return constant(generator.randrange(1, prime))

    inputs = [nmod_poly([0, generator.randrange(1, prime)], prime) for _ in range(network.input_size)]
    outputs = _evaluate(network, inputs, random_constant, constant)
    mask = 0
    for entry in outputs:
        for degree in range(entry.degree() + 1):
            if int(entry[degree]):
                mask |= 1 << degree
    return DegreeSet(0, mask) if mask else DegreeSet(0, 0)


def _count_by_expansion(network: Network) -> int | None:
    """Returns the number of terms of the outputs at a random w, or None beyond the budget."""
    if not _fits(network):
        return None
    from flint import Ordering, nmod_mpoly_ctx  # noqa: PLC0415

    generator = _generator(network)
    prime = _prime_for(network, generator)
    names = tuple(f"x_{i + 1}" for i in range(network.input_size))
    context = nmod_mpoly_ctx.get(names, modulus=prime, ordering=Ordering.lex)

    def constant(value: Any) -> Any:
        return context.constant(value.numerator * pow(value.denominator, -1, prime) % prime)

    def random_constant() -> Any:
        return context.constant(generator.randrange(1, prime))

    return sum(len(entry) for entry in _evaluate(network, list(context.gens()), random_constant, constant))


def monomial_bound(network: Network) -> int | None:
    """Returns an upper bound for the number of coordinates: monomials that occur if nothing cancels, None beyond the budget.

    f is expanded in x over the integers with every parameter and every coefficient replaced by 1: sums of positive terms
    do not cancel, so that every monomial that f_w has for some w is there.
    """
    if not network.is_polynomial or not network.is_rational or not _fits(network, _MAXIMAL_PRODUCTS // 30):
        return None
    from flint import Ordering, fmpz_mpoly_ctx  # noqa: PLC0415

    context = fmpz_mpoly_ctx.get(tuple(f"x_{i + 1}" for i in range(network.input_size)), Ordering.lex)

    def constant(value: Any) -> Any:
        return context.constant(int(value != 0))

    outputs = _evaluate(network, list(context.gens()), lambda: context.constant(1), constant)
    return sum(len(entry) for entry in outputs)


def _fits(network: Network, maximal_products: int = _MAXIMAL_PRODUCTS) -> bool:
    """Returns whether the expansion stays within the budget, by the number of monomials that entries can have."""
    if network.input_size > _MAXIMAL_VARIABLES or _operations(network) > _MAXIMAL_OPERATIONS:
        return False
    dependent = network.depends_on_input()
    try:
        degrees = degree_sets(network)
        lengths = [d.monomial_count(max(v, 1)) for d, v in zip(degrees, widest_supports(network), strict=True)]
    except SpecError:
        return False
    products = 0
    for index, node in enumerate(network.nodes[: network.output + 1]):
        inner = network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1
        if node.operation == "polynomial" and dependent[index]:
            products += node.size * lengths[index] * max((e for e, _ in node.terms), default=0)
        elif node.operation in ("matmul", "product"):
            products += node.size * inner * math.prod(lengths[operand] for operand in node.operands)
        elif node.operation == "sum":
            products += node.size * sum(lengths[operand] for operand in node.operands)
        if products > maximal_products:
            return False
    return True


def _operations(network: Network) -> int:
    """Returns the number of operations on entries of one evaluation."""
    result = 0
    for node in network.nodes[: network.output + 1]:
        result += node.size * (network.nodes[node.operands[0]].shape[-1] if node.operation == "matmul" else 1)
    return result


def supports(network: Network) -> list[list[int]]:
    """Returns, for every node and entry, a set that contains the input entries that it depends on, as a bit mask."""
    result: list[list[int]] = []
    for node in network.nodes:
        below = [result[operand] for operand in node.operands]
        match node.operation:
            case "input":
                value = [1 << i for i in range(node.size)]
            case "parameter":
                value = [0] * node.size
            case "matmul":
                columns = node.shape[1] if len(node.shape) == 2 else 1
                inner = network.nodes[node.operands[0]].shape[1]
                rows = [_union(below[0][i * inner : (i + 1) * inner]) for i in range(node.shape[0])]
                across = [_union(below[1][j::columns]) for j in range(columns)]
                value = [row | column for row in rows for column in across]
            case "sum" | "product":
                value = [_union(entries) for entries in zip(*below, strict=True)]
            case "gather":
                flat = [mask for operand in below for mask in operand]
                value = [flat[index] if index >= 0 else 0 for index in node.indices]
            case _:
                value = list(below[0])
        result.append(value)
    return result


def widest_supports(network: Network) -> list[int]:
    """Returns, for every node, the largest number of input entries that one of its entries can depend on."""
    return [max(map(int.bit_count, masks), default=0) for masks in supports(network)]


def _union(masks: Sequence[int]) -> int:
    result = 0
    for mask in masks:
        result |= mask
    return result
