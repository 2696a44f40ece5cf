"""Reads a graph from its JSON form, of which nothing is trusted: shapes, operands, indices, names and sizes are checked."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, get_args

from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import FUNCTIONS, Network, NetworkBuilder, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAXIMAL_NODES = 100_000
MAXIMAL_ENTRIES = 10**7
MAXIMAL_EXPONENT = 1_000
MAXIMAL_TERMS = 5_000
_RATIONAL = re.compile(r"-?[0-9]{1,2000}(/[1-9][0-9]{0,1999})?", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}", re.ASCII)
_KEYS = {
    "input": {"name"},
    "parameter": {"name"},
    "polynomial": {"operands", "terms"},
    "gather": {"operands", "indices"},
    "function": {"operands", "name"},
}
_OPERANDS = {"input": 0, "parameter": 0, "matmul": 2, "product": 2, "polynomial": 1, "reciprocal": 1, "function": 1}


def network_from_json(data: Any) -> Network:
    """Returns the network that plain JSON values describe: ``nodes`` and the index ``output``, as `Network.as_json` writes it.

    Raises `SpecError` that names the first node that is wrong, for graphs without parameters, with none or several
    inputs, or whose output does not depend on the input.
    """
    if not isinstance(data, dict) or set(data) != {"nodes", "output"} or not isinstance(data["nodes"], list):
        raise SpecError("'network' must be a table with the keys 'nodes', a list, and 'output', the index of a node")
    nodes, output = data["nodes"], data["output"]
    if not nodes:
        raise SpecError("'network' has no nodes; it needs an input, parameters and an output")
    if len(nodes) > MAXIMAL_NODES:
        raise SpecError(f"'network' has {len(nodes)} nodes; at most {MAXIMAL_NODES} are supported")
    if type(output) is not int or not 0 <= output < len(nodes):
        raise SpecError(f"'output' is {shown(output)}; it must be the index of a node, from 0 to {len(nodes) - 1}")
    builder = NetworkBuilder()
    entries = 0
    operations: list[str] = []
    for index, node in enumerate(nodes):
        where = f"node {index} of 'network'"
        entries += _add(builder, node, where, operations)
        if entries > MAXIMAL_ENTRIES:
            raise SpecError(
                f"the tensors of 'network' have more than {MAXIMAL_ENTRIES} entries; take a smaller network"
            )
    if operations.count("input") != 1:
        raise SpecError(f"'network' has {operations.count('input')} input nodes; it must have exactly one")
    return checked(builder.finish(output))


def checked(network: Network) -> Network:
    """Returns a network whose output depends on its input and on parameters; raises `SpecError` for any other."""
    used = {network.output}
    for index in range(network.output, -1, -1):
        if index in used:
            used.update(network.nodes[index].operands)
    if not any(network.nodes[index].operation == "input" for index in used):
        raise SpecError("the output of the network does not depend on its input")
    if not any(network.nodes[index].operation == "parameter" for index in used):
        raise SpecError("the output of the network depends on no parameters; a family of functions needs some")
    return network


def _add(builder: NetworkBuilder, node: Any, where: str, operations: list[str]) -> int:
    """Adds one node and returns its number of entries."""
    operation, shape = _operation_and_shape(node, where)
    operands = _operands(node, operation, where, len(operations))
    operations.append(operation)
    size = math.prod(shape)
    before = len(operations) - 1
    description = " and ".join(f"{operations[o]} of shape {builder.shape(o)}" for o in operands[:2])
    made: dict[str, Callable[[], int]] = {
        "input": lambda: builder.input(shape),
        "parameter": lambda: builder.parameter(_name(node, where), shape),
        "matmul": lambda: builder.matmul(*operands),
        "sum": lambda: builder.sum(*operands),
        "product": lambda: builder.product(*operands),
        "reciprocal": lambda: builder.reciprocal(operands[0]),
        "function": lambda: builder.function(_function(node, where), operands[0]),
        "gather": lambda: builder.gather(operands, _indices(node, where, size), shape),
        "polynomial": lambda: builder.polynomial(operands[0], _terms(node, where)),
    }
    try:
        new = made[operation]()
    except SpecError as error:
        if str(error).startswith(where):
            raise
        raise SpecError(f"{where}, a {operation} of {description or 'nothing'}, is impossible: {error}") from None
    if new != before:
        raise SpecError(f"{where} is the polynomial z, which changes nothing; leave it out")
    if builder.shape(new) != shape:
        raise SpecError(
            f"{where}, a {operation} of {description}, says the shape {shape}; its shape is {builder.shape(new)}"
        )
    return size


def _operation_and_shape(node: Any, where: str) -> tuple[str, tuple[int, ...]]:
    if not isinstance(node, dict):
        raise SpecError(f"{where} is {shown(node)}; it must be a table")
    operation = node.get("operation")
    known = get_args(Operation)
    if not isinstance(operation, str) or operation not in known:
        raise SpecError(f"{where} has the operation {shown(operation)}; there are {', '.join(known)}")
    expected = {"operation", "shape"} | _KEYS.get(operation, {"operands"})
    if set(node) != expected:
        wrong = min(map(str, set(node) ^ expected))
        word = "needs" if wrong in expected else "cannot have"
        raise SpecError(f"{where}, a {operation}, {word} the key {shown(wrong)}")
    shape = node["shape"]
    if (
        not isinstance(shape, list)
        or not 1 <= len(shape) <= 2
        or not all(type(n) is int and 1 <= n <= MAXIMAL_ENTRIES for n in shape)
        or math.prod(shape) > MAXIMAL_ENTRIES
    ):
        raise SpecError(
            f"{where} has the shape {shown(shape)}; it must be one or two positive integers with a product of at most "
            f"{MAXIMAL_ENTRIES}"
        )
    return operation, tuple(shape)


def _operands(node: dict[str, Any], operation: str, where: str, count: int) -> tuple[int, ...]:
    if "operands" not in node:
        return ()
    operands = node["operands"]
    if not isinstance(operands, list) or not operands or not all(type(o) is int and 0 <= o < count for o in operands):
        raise SpecError(f"{where} has the operands {shown(operands)}; they must be indices of earlier nodes")
    number = _OPERANDS.get(operation)
    if number is not None and len(operands) != number:
        raise SpecError(f"{where}, a {operation}, has {len(operands)} operands; it needs {number}")
    return tuple(operands)


def _name(node: dict[str, Any], where: str) -> str:
    name = node["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SpecError(f"{where} has the name {shown(name)}; a name has ASCII letters, digits, _ and ., 100 at most")
    return name


def _function(node: dict[str, Any], where: str) -> str:
    name = node["name"]
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise SpecError(f"{where} applies the function {shown(name)}; there are {', '.join(FUNCTIONS)}")
    return name


def _indices(node: dict[str, Any], where: str, size: int) -> Sequence[int]:
    indices = node["indices"]
    if not isinstance(indices, list) or len(indices) != size or not all(type(i) is int for i in indices):
        raise SpecError(f"{where}, a gather, has the indices {shown(indices)}; it needs {size} integers")
    return indices


def _terms(node: dict[str, Any], where: str) -> list[tuple[int, Fraction]]:
    terms = node["terms"]
    good = (
        isinstance(terms, list)
        and len(terms) <= MAXIMAL_TERMS
        and all(
            isinstance(term, list)
            and len(term) == 2
            and type(term[0]) is int
            and 0 <= term[0] <= MAXIMAL_EXPONENT
            and isinstance(term[1], str)
            and _RATIONAL.fullmatch(term[1])
            for term in terms
        )
    )
    if not good:
        raise SpecError(
            f"{where}, a polynomial, has the terms {shown(terms)}; they must be pairs of an exponent, at most "
            f'{MAXIMAL_EXPONENT}, and a rational number, such as [2, "1/2"]'
        )
    result = [(exponent, Fraction(coefficient)) for exponent, coefficient in terms]
    if any(not c for _, c in result) or any(a[0] <= b[0] for a, b in itertools.pairwise(result)):
        raise SpecError(
            f"{where}, a polynomial, has the terms {shown(terms)}; exponents must fall and coefficients not be 0"
        )
    return result
