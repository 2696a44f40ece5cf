"""Polynomial message passing on a given graph: H_l = s_l(W_l H_{l-1} A + U_l H_{l-1} + b_l), no activation in the last layer.

H_l has a row for every feature and a column for every node, A is the adjacency matrix: column v of H A is the sum of the
columns of the nodes from which an edge leads to v.  The weights are the same at all nodes.  Sources: F. Scarselli, M. Gori,
A. C. Tsoi, M. Hagenbuchner, G. Monfardini, 'The graph neural network model', IEEE Trans. Neural Networks 20 (2009) 61-80;
K. Xu, W. Hu, J. Leskovec, S. Jegelka, 'How powerful are graph neural networks?', arXiv:1810.00826 (sum aggregation); C. Morris
et al., 'Weisfeiler and Leman go neural', arXiv:1810.02244 (weights U of the node itself).

Every function commutes with the automorphisms of the graph; with the sum over the nodes it is invariant.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building import activations
from neuroalg_cli.building.activations import plain_integers, terms_of
from neuroalg_cli.building.graphs import Edges, edge_list, familiar_name, in_neighbours, read_graph
from neuroalg_cli.building.layers import dense
from neuroalg_cli.building.widths import MAXIMAL_LAYERS, MAXIMAL_WIDTH
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from neuroalg_cli.network import Terms

#: entries of the neighbours' columns, which the graph lists one by one
MAXIMAL_LISTED_ENTRIES = 10**7
_Width = Annotated[int, Field(ge=1, le=MAXIMAL_WIDTH)]


class GraphNeuralNetwork(Architecture):
    """Message passing on one graph; ``graph`` is its canonical edge list, with the loops that ``self_loops`` adds."""

    family: ClassVar[str] = "gnn"
    summary: ClassVar[str] = "graph neural network: polynomial message passing on a given graph, sum aggregation"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption(
            "graph", "text", "EDGES|NAME", "graph such as '0-1,1-2', path:4, cycle:5, complete:3, star:4 or petersen"
        ),
        FamilyOption("nodes", "integer", "N", "number of nodes of the graph, if some are isolated"),
        FamilyOption("directed", "flag", "", "messages pass from the first node of an edge to the second only"),
        FamilyOption("self_loops", "flag", "", "every node is its own neighbour"),
        FamilyOption("features", "integers", "F0,F1,...", "features of a node, before and after every message passing"),
        FamilyOption(
            "activation_degree", "integers", "R[,R...]", "activation z^R, for all hidden layers or for each of them"
        ),
        FamilyOption(
            "activation", "texts", "POLY[,POLY...]", "polynomial activation such as '1/2*z^2+z', for all or each"
        ),
        FamilyOption("self_weights", "flag", "", "a second matrix U for the features of the node itself"),
        FamilyOption("biases", "flag", "", "every layer has a bias vector"),
        FamilyOption("pooling", "text", "none|sum", "outputs of all nodes (default), or their sum"),
        FamilyOption("output_width", "integer", "N", "a dense layer (readout) with N outputs at the end"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:1810.00826", "arXiv:1810.02244", "arXiv:2501.18915")

    graph: str
    nodes: int
    directed: bool = False
    features: Annotated[tuple[_Width, ...], Field(strict=False)]
    activation: Annotated[tuple[str, ...], Field(strict=False)]
    self_weights: bool = False
    biases: bool = False
    pooling: Literal["none", "sum"] = "none"
    output_width: _Width | None = None

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: the canonical edge list, and one activation per hidden layer."""
        given = {key: value for key, value in specification.items() if value is not None}
        features = given.get("features")
        if features is None:
            raise SpecError("the key 'features' is missing; give the features of a node in every layer: 2,3,1")
        if not isinstance(features, list | tuple):
            raise SpecError(f"'features' is {shown(features)}; it must be a list of integers such as 2,3,1")
        if not 2 <= len(features) <= MAXIMAL_LAYERS + 1:
            raise SpecError(
                f"'features' has {len(features)} entries; it needs at least two, before and after a message passing, "
                f"and at most {MAXIMAL_LAYERS + 1}"
            )
        given["activation"] = activations.for_hidden_layers(given, len(features) - 2)
        if "graph" not in given:
            raise SpecError("the key 'graph' is missing; give edges such as 0-1,1-2, or a name such as cycle:5")
        flags = {key: given.pop(key, False) for key in ("directed", "self_loops")}
        for key, value in flags.items():
            if not isinstance(value, bool):
                raise SpecError(f"'{key}' is {shown(value)}; it must be true or false")
        nodes = given.get("nodes")
        if nodes is not None and (isinstance(nodes, bool) or not isinstance(nodes, int) or nodes < 1):
            raise SpecError(f"'nodes' is {shown(nodes)}; it must be a positive integer")
        count, edges = read_graph(given["graph"], nodes, **flags)
        arcs = set(edges)
        is_directed = flags["directed"] and any((v, u) not in arcs for u, v in edges)
        if flags["directed"] and not is_directed:  # every edge leads both ways
            edges = tuple((u, v) for u, v in edges if u <= v)
        return given | {"graph": edge_list(edges), "nodes": count, "directed": is_directed}

    def canonical(self) -> dict[str, Any]:
        """Returns the canonical form; without an output layer it has no width."""
        return {key: value for key, value in super().canonical().items() if value is not None}

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return activations.canonical(value)

    @model_validator(mode="after")
    def _is_small_enough(self) -> Self:
        largest = max(map(len, self.neighbours))
        listed = self.nodes * ((largest + self.biases) * sum(self.features) + self.features[-1])
        if listed > MAXIMAL_LISTED_ENTRIES:
            raise SpecError(
                f"the messages have {listed} entries (features, nodes and neighbours); at most {MAXIMAL_LISTED_ENTRIES} are "
                "supported; take a smaller graph or fewer features"
            )
        return self

    @property
    def activation_terms(self) -> tuple[Terms, ...]:
        """The activation of every hidden layer as (exponent, coefficient) pairs."""
        return terms_of(self.activation)

    @property
    def edges(self) -> Edges:
        """The edges, as pairs of nodes."""
        return read_graph(self.graph, self.nodes, directed=self.directed, self_loops=False)[1]

    @property
    def neighbours(self) -> list[list[int]]:
        """For every node the nodes whose features it sums."""
        return in_neighbours(self.nodes, self.edges, directed=self.directed)

    @property
    def is_linear(self) -> bool:
        """Whether f is linear in x: all activations are c z."""
        return all(len(terms) == 1 and terms[0][0] == 1 for terms in self.activation_terms)

    @property
    def label(self) -> str:
        """For example ``gnn-2.3.1-cycle5-r2-u-b-sum``; other graphs by the numbers of nodes and edges and a hash."""
        edges = self.edges
        graph = None if self.directed else familiar_name(self.nodes, edges)
        if graph is None:
            hashed = hashlib.sha256(self.graph.encode("ascii")).hexdigest()[:8]
            graph = f"{'d' if self.directed else ''}{self.nodes}n{len(edges)}e.{hashed}"
        features = ".".join(map(str, self.features))
        if len(features) > 30:
            features = f"{len(self.features)}layers." + hashlib.sha256(features.encode("ascii")).hexdigest()[:8]
        activation = activations.label(self.activation)
        if len(activation) > 15:
            activation = "r" + hashlib.sha256(activation.encode("ascii")).hexdigest()[:8]
        parts = [self.family, features, graph, activation]
        parts += ["u"] * self.self_weights + ["b"] * self.biases + ["sum"] * (self.pooling == "sum")
        return "-".join(parts) + (f"-o{self.output_width}" if self.output_width is not None else "")

    def network(self) -> Network:
        """Returns the graph of operations: parameters W_1, U_1, b_1, W_2, ..., W_out, b_out in this order."""
        builder = NetworkBuilder()
        value = builder.input((self.features[0], self.nodes))
        neighbours = self.neighbours
        for layer, rows in enumerate(self.features[1:], start=1):
            shape = (rows, self.features[layer - 1])
            weight = builder.parameter(f"W_{layer}", shape)
            messages = _aggregated(builder, value, neighbours)
            own = builder.parameter(f"U_{layer}", shape) if self.self_weights else None
            bias = builder.parameter(f"b_{layer}", (rows,)) if self.biases else None
            if own is None:
                value = dense(builder, weight, messages, bias)
            else:
                value = builder.sum(builder.matmul(weight, messages), dense(builder, own, value, bias))
            if layer < len(self.features) - 1:
                value = builder.polynomial(value, self.activation_terms[layer - 1])
        if self.pooling == "sum":
            value = _sum_of_columns(builder, value)
        if self.output_width is not None:
            weight = builder.parameter("W_out", (self.output_width, self.features[-1]))
            value = dense(
                builder, weight, value, builder.parameter("b_out", (self.output_width,)) if self.biases else None
            )
        return builder.finish(value)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of hidden features, where they are not part of a general linear group."""
        return tuple(
            f"permutations of the {self.features[layer]} features of hidden layer {layer}"
            for layer, terms in enumerate(self.activation_terms, start=1)
            if (terms[0][0] > 1 or len(terms) > 1) and self.features[layer] > 1
        )

    def conventions(self) -> tuple[str, ...]:
        """Returns what a layer is and how the ambient space is counted."""
        outputs = "output" if self.pooling == "sum" else "output and node"
        return (
            "no activation after the last layer; a node sums the features of its neighbours, "
            + ("from which an edge leads to it" if self.directed else "each edge counted both ways, a loop once"),
            f"ambient space: one coordinate per {outputs} and monomial in the features of all nodes",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that a network is linear, and that a graph has no edges."""
        result = []
        if self.is_linear and len(self.features) > 2:
            result.append(
                "the network is linear: it has no activation, or one of degree 1 (see --activation-degree, --activation)"
            )
        if not self.graph:
            result.append("the graph has no edges, so that no messages pass")
        return tuple(result)


def _aggregated(builder: NetworkBuilder, value: int, neighbours: list[list[int]]) -> int:
    """Returns H A: the sum over k of the columns of every node's k-th neighbour, zero where there is none."""
    rows, nodes = builder.shape(value)
    summands = []
    for k in range(max(1, *map(len, neighbours))):
        picked = [sources[k] if k < len(sources) else -1 for sources in neighbours]
        if picked == list(range(nodes)):  # loops only
            summands.append(value)
            continue
        indices = [row * nodes + v if v >= 0 else -1 for row in range(rows) for v in picked]
        summands.append(builder.gather([value], indices, (rows, nodes)))
    return summands[0] if len(summands) == 1 else builder.sum(*summands)


def _sum_of_columns(builder: NetworkBuilder, value: int) -> int:
    """Returns the sum over all nodes, a vector with an entry per feature."""
    rows, nodes = builder.shape(value)
    columns = [builder.gather([value], [row * nodes + v for row in range(rows)], (rows,)) for v in range(nodes)]
    return columns[0] if nodes == 1 else builder.sum(*columns)


ARCHITECTURE = GraphNeuralNetwork


def gnn(
    graph: str | list[tuple[int, int]],
    features: list[int] | tuple[int, ...],
    activation_degree: int | list[int] | None = None,
    *,
    activation: str | list[str] | None = None,
    nodes: int | None = None,
    directed: bool = False,
    self_loops: bool = False,
    self_weights: bool = False,
    biases: bool = False,
    pooling: str = "none",
    output_width: int | None = None,
) -> GraphNeuralNetwork:
    """Returns message passing on a graph with these features per layer; without activation it is linear.

    Raises `SpecError` for what is no graph, and for impossible sizes, degrees or polynomials.
    """
    specification: dict[str, Any] = {
        "graph": plain_integers(graph),
        "features": plain_integers(features),
        "activation_degree": plain_integers(activation_degree),
        "activation": activation,
        "nodes": nodes,
        "directed": directed,
        "self_loops": self_loops,
        "self_weights": self_weights,
        "biases": biases,
        "pooling": pooling,
        "output_width": output_width,
    }
    result = GraphNeuralNetwork.from_specification(specification)
    assert isinstance(result, GraphNeuralNetwork)
    return result
