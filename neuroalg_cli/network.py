"""One description of a network for every family: a directed graph of tensor operations, polynomial ones first of all.

A `Network` has one input tensor x, named parameter tensors w and one output tensor; every node is polynomial in (w, x), or
rational where an operation divides, or neither where it applies a function that is not algebraic.
Interpreters (`neuroalg_cli.interpreters`) give the graph its meaning modulo a prime, in floats or symbolically; the
engine scripts and the checker `neuroalg_cli.verifying` read the same graph from its JSON form.

Operations (operands are earlier nodes):

==============  ==============================================================================================
``input``       the input tensor x
``parameter``   a parameter tensor
``matmul``      the matrix product (a, b) x (b, c) -> (a, c), or (a, b) x (b,) -> (a,)
``sum``         the sum of tensors of one shape
``product``     the entrywise product of two tensors of one shape
``polynomial``  a polynomial in one variable, applied to every entry
``gather``      entries picked from the concatenated, flattened operands; index -1 stands for zero.  Transposition,
                reshaping, concatenation, padding and the patches of a convolution are gathers
``reciprocal``  1/z, applied to every entry
``function``    a function that is not rational, by its name (`FUNCTIONS`), applied to every entry: what is computed from
                such a network is local (`neuroalg_cli.invariants` say which of them can)
==============  ==============================================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from neuroalg_cli.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Operation = Literal["input", "parameter", "matmul", "sum", "product", "polynomial", "gather", "reciprocal", "function"]
#: the functions of ``function`` nodes; relu is piecewise linear, the others are analytic where they are defined
FUNCTIONS = ("relu", "exp", "log", "sqrt", "tanh", "erf")
Terms = tuple[tuple[int, Fraction], ...]
"""A polynomial in one variable: (exponent, nonzero coefficient) by falling exponent."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of the graph; ``name`` for inputs, parameters and functions, ``terms`` and ``indices`` where they apply."""

    operation: Operation
    operands: tuple[int, ...]
    shape: tuple[int, ...]
    name: str = ""
    terms: Terms = ()
    indices: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """Number of entries of the tensor."""
        return math.prod(self.shape)

    def as_json(self) -> dict[str, Any]:
        """Returns the node as plain JSON values; coefficients are strings."""
        result: dict[str, Any] = {"operation": self.operation, "shape": list(self.shape)}
        if self.operands:
            result["operands"] = list(self.operands)
        if self.name:
            result["name"] = self.name
        if self.operation == "polynomial":
            result["terms"] = [[exponent, str(coefficient)] for exponent, coefficient in self.terms]
        if self.operation == "gather":
            result["indices"] = list(self.indices)
        return result


@dataclass(frozen=True)
class Network:
    """A graph in topological order with one input node and one output node."""

    nodes: tuple[Node, ...]
    output: int
    #: position of the first entry of every parameter tensor in the vector w, by node
    offsets: dict[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        offsets = {}
        total = 0
        for index, node in enumerate(self.nodes):
            if node.operation == "parameter":
                offsets[index] = total
                total += node.size
        object.__setattr__(self, "offsets", offsets)

    @property
    def is_polynomial(self) -> bool:
        """Whether the output is polynomial in x for every w: nothing that depends on x is divided by or put into a function."""
        dependent = self.depends_on_input()
        return all(
            node.operation not in ("reciprocal", "function") or not dependent[index]
            for index, node in enumerate(self.nodes[: self.output + 1])
        )

    @property
    def is_rational(self) -> bool:
        """Whether the output is a rational function of (w, x): no function of the catalogue is applied."""
        return all(node.operation != "function" for node in self.nodes[: self.output + 1])

    @property
    def input(self) -> int:
        """The index of the input node."""
        return next(index for index, node in enumerate(self.nodes) if node.operation == "input")

    @property
    def input_size(self) -> int:
        """Number of input variables."""
        return self.nodes[self.input].size

    @property
    def output_size(self) -> int:
        """Number of entries of the output tensor."""
        return self.nodes[self.output].size

    @property
    def parameter_count(self) -> int:
        """P, the number of parameters: the dimension of W."""
        return sum(self.nodes[index].size for index in self.offsets)

    def consumers(self) -> list[list[int]]:
        """Returns, for every node, the nodes up to the output that use it (with repetition)."""
        result: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes[: self.output + 1]):
            for operand in node.operands:
                result[operand].append(index)
        return result

    def depends_on_input(self) -> list[bool]:
        """Returns, for every node, whether its value depends on x."""
        result: list[bool] = []
        for node in self.nodes:
            result.append(node.operation == "input" or any(result[operand] for operand in node.operands))
        return result

    def as_json(self) -> dict[str, Any]:
        """Returns the graph as plain JSON values, the form that scripts and the checker read."""
        return {"nodes": [node.as_json() for node in self.nodes], "output": self.output}

    def cuts(self) -> tuple[int, ...]:
        """Returns the nodes through which every path from the input to the output passes, from input to output.

        The first is the input, the last the output.  Between two cuts u < v lies a network of its own
        (`between`): v is a function of u and of parameters that no other part uses, since a cut is listed only
        if no parameter reaches the output both through it and past it.
        """
        dependent = self.depends_on_input()
        consumers = self.consumers()
        result = []
        for cut in range(self.output + 1):
            if not dependent[cut]:
                continue
            for earlier in range(cut):
                uses = consumers[earlier]
                untouched = self.nodes[earlier].operation == "parameter" and all(use > cut for use in uses)
                if not untouched and any(use > cut for use in uses):
                    break
            else:
                result.append(cut)
        return tuple(result)

    def between(self, start: int, end: int) -> Network:
        """Returns the network from cut ``start``, taken as the input, to cut ``end``, taken as the output."""
        needed = {start, end}
        for index in range(end, -1, -1):
            if index in needed and index != start:
                needed.update(self.nodes[index].operands)
        order = sorted(needed)
        position = {index: new for new, index in enumerate(order)}
        nodes = []
        for index in order:
            node = self.nodes[index]
            if index == start:
                nodes.append(Node("input", (), node.shape, name="x"))
            else:
                operands = tuple(position[operand] for operand in node.operands)
                nodes.append(Node(node.operation, operands, node.shape, node.name, node.terms, node.indices))
        return Network(tuple(nodes), position[end])


class NetworkBuilder:
    """Builds a `Network` node by node; every method returns the index of the new node.

    Raises `SpecError` with both shapes where shapes do not fit.
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    def _add(self, node: Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def shape(self, node: int) -> tuple[int, ...]:
        """Returns the shape of a node."""
        return self._nodes[node].shape

    def input(self, shape: Sequence[int]) -> int:
        """Adds the input tensor x."""
        return self._add(Node("input", (), tuple(shape), name="x"))

    def parameter(self, name: str, shape: Sequence[int]) -> int:
        """Adds a parameter tensor."""
        if any(node.operation == "parameter" and node.name == name for node in self._nodes):
            raise SpecError(f"two parameter tensors are called '{name}'; give each a name of its own")
        return self._add(Node("parameter", (), tuple(shape), name=name))

    def matmul(self, left: int, right: int) -> int:
        """Adds the matrix product of two nodes."""
        a, b = self.shape(left), self.shape(right)
        if len(a) != 2 or len(b) not in (1, 2) or a[1] != b[0]:
            raise SpecError(f"a matrix product of shapes {a} and {b} does not exist; the inner sizes must be equal")
        return self._add(Node("matmul", (left, right), (a[0], *b[1:])))

    def sum(self, *operands: int) -> int:
        """Adds the sum of nodes of one shape."""
        self._require_one_shape("sum", operands)
        return self._add(Node("sum", operands, self.shape(operands[0])))

    def product(self, left: int, right: int) -> int:
        """Adds the entrywise product of two nodes of one shape."""
        self._require_one_shape("entrywise product", (left, right))
        return self._add(Node("product", (left, right), self.shape(left)))

    def polynomial(self, operand: int, terms: Iterable[tuple[int, Fraction]]) -> int:
        """Adds a polynomial in one variable, applied entrywise; the identity adds nothing."""
        ordered = tuple(sorted(((e, Fraction(c)) for e, c in terms if c), reverse=True))
        if ordered == ((1, Fraction(1)),):
            return operand
        return self._add(Node("polynomial", (operand,), self.shape(operand), terms=ordered))

    def reciprocal(self, operand: int) -> int:
        """Adds 1/z, applied entrywise."""
        return self._add(Node("reciprocal", (operand,), self.shape(operand)))

    def function(self, name: str, operand: int) -> int:
        """Adds a function of the catalogue `FUNCTIONS`, applied entrywise."""
        if name not in FUNCTIONS:
            raise SpecError(f"the function '{name}' is unknown; there are {', '.join(FUNCTIONS)}")
        return self._add(Node("function", (operand,), self.shape(operand), name=name))

    def gather(self, operands: Sequence[int], indices: Sequence[int], shape: Sequence[int]) -> int:
        """Adds a tensor of the given shape whose entries are picked from the concatenated, flattened operands."""
        total = sum(self._nodes[operand].size for operand in operands)
        if len(indices) != math.prod(shape) or any(not -1 <= index < total for index in indices):
            raise SpecError(f"a gather of {len(indices)} entries out of {total} does not give the shape {tuple(shape)}")
        return self._add(Node("gather", tuple(operands), tuple(shape), indices=tuple(indices)))

    def transpose(self, operand: int) -> int:
        """Adds the transposed matrix, as a gather."""
        rows, columns = self._matrix_shape(operand, "transposed")
        return self.gather([operand], [i * columns + j for j in range(columns) for i in range(rows)], (columns, rows))

    def reshape(self, operand: int, shape: Sequence[int]) -> int:
        """Adds the same entries in another shape, as a gather; the same shape adds nothing."""
        if tuple(shape) == self.shape(operand):
            return operand
        return self.gather([operand], range(self._nodes[operand].size), shape)

    def repeat_columns(self, operand: int, columns: int) -> int:
        """Adds the matrix all of whose columns are a vector, as a gather: how a bias meets a matrix."""
        size = self._nodes[operand].size
        return self.gather([operand], [i for i in range(size) for _ in range(columns)], (size, columns))

    def finish(self, output: int) -> Network:
        """Returns the network with the given output node."""
        return Network(tuple(self._nodes), output)

    def _matrix_shape(self, operand: int, word: str) -> tuple[int, int]:
        shape = self.shape(operand)
        if len(shape) != 2:
            raise SpecError(f"a tensor of shape {shape} cannot be {word}; only matrices can")
        return shape[0], shape[1]

    def _require_one_shape(self, operation: str, operands: Sequence[int]) -> None:
        shapes = {self.shape(operand) for operand in operands}
        if len(shapes) != 1:
            listed = " and ".join(str(self.shape(operand)) for operand in operands)
            raise SpecError(f"the {operation} of tensors of shapes {listed} does not exist; the shapes must be equal")
