"""Graphs as users describe them, edge lists and names, for networks that pass messages along edges."""

from __future__ import annotations

import itertools
import re
from typing import Any

from neuroalg_cli.errors import SpecError, shown

MAXIMAL_NODES = 10_000
MAXIMAL_EDGES = 100_000
#: graphs of a fixed size, from networkx
NETWORKX_GRAPHS = (
    "bull",
    "chvatal",
    "cubical",
    "desargues",
    "diamond",
    "dodecahedral",
    "frucht",
    "heawood",
    "house",
    "icosahedral",
    "moebius_kantor",
    "octahedral",
    "pappus",
    "petersen",
    "tetrahedral",
)
#: a graph with several names has the first
_FAMILIES = ("empty", "path", "cycle", "complete", "star")
_EDGE = re.compile(r"\s*([0-9]{1,9})\s*-\s*([0-9]{1,9})\s*", re.ASCII)
_NAME = re.compile(r"\s*([a-z_]+)\s*(?::\s*([0-9]{1,9})\s*)?", re.ASCII | re.IGNORECASE)
Edges = tuple[tuple[int, int], ...]


def read_graph(description: Any, nodes: int | None, *, directed: bool, self_loops: bool) -> tuple[int, Edges]:
    """Returns the number of nodes 0, 1, ... and the sorted edges of a graph; an edge (u, v) of an undirected graph has u <= v.

    A description is an edge list '0-1,1-2', a list of pairs, or a name: path:N, cycle:N, complete:N, star:N (a centre, 0,
    and N-1 leaves), empty:N, or one of `NETWORKX_GRAPHS`.  ``nodes`` adds isolated nodes.  Raises `SpecError`.
    """
    least, edges = _read(description, directed)
    if nodes is not None and nodes < least:
        raise SpecError(f"'nodes' is {nodes}, but the graph has {least} nodes; give at least as many, or leave it out")
    count = least if nodes is None else nodes
    if not 1 <= count <= MAXIMAL_NODES:
        raise SpecError(f"the graph has {count} nodes; from 1 to {MAXIMAL_NODES} are supported")
    if self_loops:
        edges = edges + [(v, v) for v in range(count)]
    if len(edges) > MAXIMAL_EDGES:
        raise SpecError(f"the graph has {len(edges)} edges; at most {MAXIMAL_EDGES} are supported")
    ordered = sorted(edges if directed else ((min(edge), max(edge)) for edge in edges))
    for edge, following in itertools.pairwise(ordered):
        if edge == following:
            raise SpecError(f"the edge {edge[0]}-{edge[1]} is given twice; every edge counts once")
    return count, tuple(ordered)


def edge_list(edges: Edges) -> str:
    """Returns the canonical text of edges, such as '0-1,1-2'."""
    return ",".join(f"{u}-{v}" for u, v in edges)


def in_neighbours(nodes: int, edges: Edges, *, directed: bool) -> list[list[int]]:
    """Returns for every node, in order, the nodes from which an edge leads to it; an undirected edge leads both ways."""
    result: list[list[int]] = [[] for _ in range(nodes)]
    for u, v in edges:
        result[v].append(u)
        if u != v and not directed:
            result[u].append(v)
    return [sorted(sources) for sources in result]


def familiar_name(nodes: int, edges: Edges) -> str | None:
    """Returns a name such as ``cycle5`` of an undirected graph, or None."""
    for name in _FAMILIES:
        if (name != "cycle" or nodes >= 3) and len(edges) == _edge_count(name, nodes):
            found = sorted((min(edge), max(edge)) for edge in _family(name, nodes))
            if tuple(found) == edges:
                return f"{name}{nodes}"
    return None


def _read(description: Any, directed: bool) -> tuple[int, list[tuple[int, int]]]:
    """Returns the number of nodes that a description needs, and its edges."""
    if isinstance(description, str):
        name = _NAME.fullmatch(description)
        if name is not None:
            return _named(name[1].lower(), name[2], directed)
        edges = [_edge(part) for part in description.split(",")] if description.strip() else []
    elif isinstance(description, list | tuple):
        edges = [_pair(entry) for entry in description]
    else:
        raise SpecError(f"'graph' is {shown(description)}; it must be a text such as '0-1,1-2' or 'cycle:5'")
    return max((v + 1 for edge in edges for v in edge), default=0), edges


def _edge(text: str) -> tuple[int, int]:
    match = _EDGE.fullmatch(text)
    if match is None:
        raise SpecError(
            f"'graph' has the entry {shown(text)}, which is no edge; write edges such as 0-1,1-2, or a name such as cycle:5"
        )
    return int(match[1]), int(match[2])


def _pair(entry: Any) -> tuple[int, int]:
    if (
        isinstance(entry, list | tuple)
        and len(entry) == 2
        and all(isinstance(v, int) and not isinstance(v, bool) and v >= 0 for v in entry)
    ):
        return entry[0], entry[1]
    raise SpecError(f"'graph' has the entry {shown(entry)}, which is no edge; an edge is a pair such as [0, 1]")


def _named(name: str, size: str | None, directed: bool) -> tuple[int, list[tuple[int, int]]]:
    """Returns the number of nodes and the edges of a graph by its name."""
    if name not in (*_FAMILIES, *NETWORKX_GRAPHS):
        raise SpecError(
            f"the graph {shown(name)} is unknown; there are {', '.join(f'{family}:N' for family in _FAMILIES)} and, with "
            f"networkx, {', '.join(NETWORKX_GRAPHS)}"
        )
    if directed and name not in ("path", "cycle", "empty"):
        raise SpecError(f"the graph '{name}' has no directions; write its edges, each from its source to its target")
    if name in NETWORKX_GRAPHS:
        if size is not None:
            raise SpecError(f"the graph '{name}' has a size of its own; leave ':{size}' out")
        return _from_networkx(name)
    if size is None:
        raise SpecError(f"the graph '{name}' needs a number of nodes; write for example {name}:5")
    n, least = int(size), 3 if name == "cycle" else 1
    if not least <= n <= MAXIMAL_NODES or _edge_count(name, n) > MAXIMAL_EDGES:
        raise SpecError(
            f"the graph '{name}:{size}' is too small or too large; it must have at least {least} node"
            f"{'' if least == 1 else 's'}, and at most {MAXIMAL_NODES} nodes and {MAXIMAL_EDGES} edges"
        )
    return n, _family(name, n)


def _edge_count(name: str, n: int) -> int:
    return {"complete": n * (n - 1) // 2, "cycle": n, "empty": 0}.get(name, n - 1)


def _family(name: str, n: int) -> list[tuple[int, int]]:
    match name:
        case "path":
            return [(v, v + 1) for v in range(n - 1)]
        case "cycle":
            return [(v, (v + 1) % n) for v in range(n)]
        case "complete":
            return list(itertools.combinations(range(n), 2))
        case "star":
            return [(0, v) for v in range(1, n)]
        case _:
            return []


def _from_networkx(name: str) -> tuple[int, list[tuple[int, int]]]:
    try:
        import networkx  # noqa: ICN001, PLC0415  # optional: only named graphs need it
    except ImportError:
        raise SpecError(
            f"the graph '{name}' needs networkx, which is not installed; pip install 'neuroalg[graphs]', or write its edges"
        ) from None
    graph = getattr(networkx, f"{name}_graph")()
    number = {node: index for index, node in enumerate(graph.nodes())}
    return len(number), [(number[u], number[v]) for u, v in graph.edges()]
