"""Descriptions of graphs: names and edge lists, directions, loops, and what is refused."""

from __future__ import annotations

import sys

import pytest

from neuroalg_cli.building import graphs
from neuroalg_cli.building.graphs import NETWORKX_GRAPHS, edge_list, familiar_name, in_neighbours, read_graph
from neuroalg_cli.errors import SpecError


def read(description, nodes=None, *, directed=False, self_loops=False):
    return read_graph(description, nodes, directed=directed, self_loops=self_loops)


@pytest.mark.parametrize(
    ("description", "nodes", "edges"),
    [
        ("0-1,1-2,2-0", 3, "0-1,0-2,1-2"),
        (" 2 - 0 , 0-1", 3, "0-1,0-2"),
        ([[1, 0], (2, 1)], 3, "0-1,1-2"),
        ("path:1", 1, ""),
        ("path:3", 3, "0-1,1-2"),
        ("cycle:3", 3, "0-1,0-2,1-2"),
        ("complete:4", 4, "0-1,0-2,0-3,1-2,1-3,2-3"),
        ("star:4", 4, "0-1,0-2,0-3"),
        (" Star : 1 ", 1, ""),
        ("empty:2", 2, ""),
        ("3-3", 4, "3-3"),
    ],
)
def test_descriptions(description, nodes, edges):
    count, found = read(description)
    assert (count, edge_list(found)) == (nodes, edges)
    assert read(edge_list(found), count) == (count, found)


def test_isolated_nodes_and_loops():
    assert read("0-1", 4) == (4, ((0, 1),))
    assert read("", 2) == (2, ())
    assert read("path:2", self_loops=True) == (2, ((0, 0), (0, 1), (1, 1)))


def test_directions():
    assert read("1-0,0-1", directed=True) == (2, ((0, 1), (1, 0)))
    assert read("cycle:3", directed=True) == (3, ((0, 1), (1, 2), (2, 0)))
    assert in_neighbours(3, ((0, 1), (1, 2), (2, 0)), directed=True) == [[2], [0], [1]]
    assert in_neighbours(3, ((0, 1), (1, 1)), directed=False) == [[1], [0, 1], []]
    assert in_neighbours(3, ((0, 1), (1, 1)), directed=True) == [[], [0, 1], []]


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("path:4", "path4"),
        ("0-1,1-2,0-2", "cycle3"),
        ("complete:5", "complete5"),
        ("star:4", "star4"),
        ("empty:1", "empty1"),
    ],
)
def test_familiar_names(description, name):
    assert familiar_name(*read(description)) == name


def test_unfamiliar_graphs_have_no_name():
    assert familiar_name(*read("0-2,2-1")) is None
    assert familiar_name(*read("0-1,2-2")) is None


@pytest.mark.parametrize("name", NETWORKX_GRAPHS)
def test_named_graphs_are_those_of_networkx(name):
    nx = pytest.importorskip("networkx")
    count, edges = read(name)
    assert nx.is_isomorphic(nx.Graph(list(edges)), getattr(nx, f"{name}_graph")())
    assert count == len({v for edge in edges for v in edge})


@pytest.mark.parametrize("name", ["path", "cycle", "complete"])
@pytest.mark.parametrize("n", [3, 5, 8])
def test_our_families_are_those_of_networkx(name, n):
    nx = pytest.importorskip("networkx")
    count, edges = read(f"{name}:{n}")
    assert count == n
    assert set(edges) == {tuple(sorted(edge)) for edge in getattr(nx, f"{name}_graph")(n).edges()}
    # star_graph(n) of networkx has n leaves
    assert set(read(f"star:{n}")[1]) == set(nx.star_graph(n - 1).edges())


def test_without_networkx_named_graphs_are_refused_and_edge_lists_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(SpecError, match=r"needs networkx, which is not installed; pip install 'neuroalg\[graphs\]'"):
        read("petersen")
    assert read("complete:3")[0] == read("0-1,1-2")[0] == 3


@pytest.mark.parametrize(
    ("description", "options", "words"),
    [
        ("0-1,1-0", {}, "the edge 0-1 is given twice"),
        ("0-1,0-1", {"directed": True}, "given twice"),
        ("0-0", {"self_loops": True}, "the edge 0-0 is given twice"),
        ("", {}, "0 nodes"),
        ([], {}, "0 nodes"),
        ("0-1", {"nodes": 1}, "'nodes' is 1"),
        ("path:4", {"nodes": 3}, "'nodes' is 3"),
        ("0-99999", {}, "100000 nodes"),
        ("0-1", {"nodes": 10**12}, "nodes"),
        ("complete:10000", {}, "too small or too large"),
        ("path:999999999", {}, "too small or too large"),
        ("path:0", {}, "too small or too large"),
        ("cycle:2", {}, "at least 3 nodes"),
        ("cycle", {}, "needs a number of nodes"),
        ("petersen:10", {}, "leave ':10' out"),
        ("complete:3", {"directed": True}, "no directions"),
        ("petersen", {"directed": True}, "no directions"),
        ("kneser", {}, "'kneser' is unknown"),
        ("__class__", {}, "'__class__' is unknown"),
        ("0-1,", {}, "the entry ''"),
        ("0-1-2", {}, "the entry '0-1-2'"),
        ("0--1", {}, "the entry '0--1'"),
        ("-1-0", {}, "the entry '-1-0'"),
        ("٠-١", {}, "no edge"),
        ("0-12345678901234567890", {}, "no edge"),
        ("0-1\n1-2", {}, "no edge"),
        ([[0, 1, 2]], {}, "a pair such as [0, 1]"),
        ([[0, -1]], {}, "a pair such as [0, 1]"),
        ([[0, True]], {}, "a pair such as [0, 1]"),
        ([0, 1], {}, "a pair such as [0, 1]"),
        (5, {}, "must be a text"),
        ({"a": 1}, {}, "must be a text"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_sentence(description, options, words):
    with pytest.raises(SpecError) as caught:
        read(description, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_edges_are_refused(monkeypatch):
    monkeypatch.setattr(graphs, "MAXIMAL_EDGES", 3)
    with pytest.raises(SpecError, match="4 edges"):
        read("0-1,1-2,2-3,3-4")
    with pytest.raises(SpecError, match="5 edges"):
        read("path:3", self_loops=True)
