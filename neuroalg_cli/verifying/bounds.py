"""Upper bounds: every part of the tree is computed again from the graph, by one function for each kind of bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, pairwise
from math import comb
from typing import TYPE_CHECKING, Any

from flint import nmod, nmod_mat

from neuroalg_cli.verifying.blocks import Block, composed, is_everything, kinds, monomials, shifted_power
from neuroalg_cli.verifying.expanding import at_most
from neuroalg_cli.verifying.fields import explicit_fields
from neuroalg_cli.verifying.linear import count, linear_fields
from neuroalg_cli.verifying.refusing import ReportError, integers, require, same
from neuroalg_cli.verifying.symmetries import fields

if TYPE_CHECKING:
    from neuroalg_cli.verifying.network import Network

Tree = Mapping[str, Any]


def bound(tree: Tree, network: Network, start: int, end: int) -> int:
    """Returns the upper bound of the block between two nodes, after checking all that the tree states about it."""
    block, kind = Block(network, start, end), tree["bound"]
    require((start, end) == integers([tree["from"], tree["to"]], "a block", 0, end + 1), "a block has wrong ends")
    require(isinstance(kind, str) and kind in KINDS, f"the bound {kind!r:.20} is unknown")
    found = KINDS[kind](tree, network, block)
    same(f"the bound by {kind}", tree["value"], found)
    return found


def _coordinates(tree: Tree, network: Network, block: Block) -> int:
    del tree, network
    return min(block.coordinates(block.start), block.coordinates(block.behind))


def _monomials(tree: Tree, network: Network, block: Block) -> int:
    del tree
    found = at_most(network, block)
    if found is None:
        raise ReportError("there are too many monomials to replay")
    return found


def _determinantal(tree: Tree, network: Network, block: Block) -> int:
    """Returns k(m + n - k), + n with added vectors, for a chain of parameter matrices on a vector."""
    del tree, network
    rest = [index for index in block.inside if index not in block.parameters]
    for before, index in pairwise([block.start, *rest]):
        operation, shape, operands = block.nodes[index][:3]
        good = operation in ("matmul", "sum") and {*operands} - block.parameters == {before} and len(shape) == 1
        require(good, f"node {index} is no matrix times, and no vector plus, the node before")
    sizes = [len(block.nodes[index].entries) for index in (block.start, *rest)]
    k, m, n = min(sizes), sizes[0], sizes[-1]
    return k * (m + n - k) + n * any(block.nodes[index].operation == "sum" for index in rest)


def _symmetries(tree: Tree, network: Network, block: Block) -> int:
    return _parameters_less_rank(tree, network, block, [])


def _fields(tree: Tree, network: Network, block: Block) -> int:
    return _parameters_less_rank(tree, network, block, [*explicit_fields(tree["fields"], network, block)])


def _parameters_less_rank(tree: Tree, network: Network, block: Block, explicit: list[dict[int, nmod]]) -> int:
    """Returns the number of parameters less the rank of the listed symmetries and of explicit fields."""
    known = {tuple(part and part.name for part in found[1]): found for found in block.interfaces()}
    total, listed = len(explicit), list[Iterator[dict[int, nmod]]]([iter(explicit)])
    for stated in tree["symmetries"]:
        if "moves" in stated:
            same("the number of fields", stated["fields"], count(stated))
            total += count(stated)
            listed.append(linear_fields(stated, network, block))
            continue
        names = tuple(stated.get(key) for key in ("first", "first_bias", "second", "second_bias"))
        number = known[names][3].get(stated["kind"], 0) if names in known else 0
        require(number, f"there is no symmetry {stated['kind']!r:.20} between {names!r:.60}")
        same("the number of fields", stated["fields"], number)
        listed.append(fields(stated["kind"], known[names], network))
        total += number
    require(total * len(block.column) <= 5 * 10**7, "there are too many symmetries to replay")
    matrix = nmod_mat(total, len(block.column), network.p)
    for row, field in enumerate(chain(*listed)):
        for entry, value in field.items():
            matrix[row, block.column[entry]] = value
    same("the number of parameters of a block", tree["parameters"], len(block.column))
    same("the rank of the fields", tree["rank"], matrix.rank())
    return len(block.column) - int(matrix.rank())


def _rank(rows: list[list[nmod]], p: int) -> int:
    return int(nmod_mat(len(rows), len(rows[0]), [*chain(*rows)], p).rank())


def _composition(tree: Tree, network: Network, block: Block) -> int:
    (cut,) = integers([tree["cut"]], "the cut", block.start + 1, block.end)
    left, right = Block(network, block.start, cut), Block(network, cut, block.end)
    require(not left.parameters & right.parameters, f"the parts before and behind node {cut} share parameters")
    most, n, is_free = 0, len(network.nodes[cut].entries), _is_free(tree, left)
    for _, (_, b, V, b_), power, _ in (found for found in block.interfaces() if found[0] == cut):
        here = kinds(V.shape, power, is_free or b is not None, b_ is not None)
        c = network.residue(power[2])
        rows = [[value + c for value in row] for row in network.samples(cut, n + 1)]
        ones = [[nmod(1, network.p)] * (n + 1)] if here["translation"] else []
        if power[0] == 1:
            most = n * _rank(rows + ones, network.p) if here["general-linear"] else 0
        elif here["rotation"] and _rank(rows, network.p) == n:
            most = here["scaling"] + here["rotation"]
        else:
            most = here["scaling"] * all(map(any, rows))
    (gain,) = integers([tree["gain"]], "the gain of a composition", 0, most + 1)
    return bound(tree["left"], network, block.start, cut) + bound(tree["right"], network, cut, block.end) - gain


def _is_free(tree: Tree, left: Block) -> bool:
    """Returns whether the left part is counted among all polynomials of some degrees, 0 among them: constants may be added."""
    return tree["left"]["bound"] == "coordinates" and 0 in left.degrees(left.behind)


def _span(tree: Tree, network: Network, block: Block) -> int:
    """Returns D(left) - gain + k(n + N - k), + n with a vector added at the end; without a left part k(n + N - k)."""
    cut, at = integers([tree.get("cut", block.start), tree["at"]], "the nodes of a span", block.start, block.end)
    activation = network.nodes[at]
    is_behind = activation.operands == (cut,) and activation.terms
    require(at == cut or is_behind, f"node {at} does not belong to node {cut}")
    right = Block(network, at, block.end)
    degrees = right.degrees()
    rank, is_shifted = right.linear_end()
    n, columns = len(network.nodes[block.end].entries), _span_dimension(tree, network, at, degrees) - is_shifted
    k = min(rank, n, columns)
    same("the rank of the outputs in a span", tree["rank"], k)
    found = k * (n + columns - k) + n * is_shifted
    if "left" not in tree:
        require(cut == block.start, f"there is no bound for the functions up to node {cut}")
        return found
    left = Block(network, block.start, cut)
    has_bias = _is_free(tree, left) or left.first_half()
    most = _orbit_in_span(network, cut, at, is_everything=is_everything(degrees), has_bias=has_bias)
    (gain,) = integers([tree["gain"]], "the gain of a span", 0, most + 1)
    return found + bound(tree["left"], network, block.start, cut) - gain


def _span_dimension(tree: Tree, network: Network, at: int, degrees: set[int]) -> int:
    """Returns a bound for the dimension of polynomials of these degrees in the values that a node takes."""
    (counted,) = integers([tree["counted"]], "the node in which monomials are counted", 0, at + 1)
    degrees, n = composed(degrees, Block(network, counted, at).degrees()), len(network.nodes[counted].entries)
    found = monomials(degrees, n)
    if "over" in tree:
        (over,) = integers([tree["over"]], "the node of an equation", 0, counted)
        m, step = len(network.nodes[over].entries), Block(network, over, counted).degrees()
        require(m < n, f"there is no equation between the entries of node {counted}, which are not more than of {over}")
        require(
            max(step) > 0, f"the entries of node {counted} are constants over node {over}, which satisfy no equation"
        )
        is_cone = len(step) == 1
        require(is_cone or is_everything(degrees), "an equation that is not homogeneous needs all degrees")
        power = m - is_cone
        require(power * max(step).bit_length() < 10**4, "the degree of an equation is too large")
        found -= monomials((e - max(step) ** power for e in degrees), n)
    same("the dimension of a span", tree["span"], found)
    return found


def _orbit_in_span(network: Network, cut: int, at: int, *, is_everything: bool, has_bias: bool) -> int:
    """Returns how large the orbits are of changes of the values at a cut that keep their polynomials at ``at``."""
    n = len(network.nodes[cut].entries)
    rows = network.samples(cut, n + 1)
    if at == cut:
        ones = [[nmod(1, network.p)] * (n + 1)] if has_bias and is_everything else []
        return n * _rank(rows + ones, network.p)
    power = shifted_power(network.nodes[at].terms)
    if power is None or (power[2] and not has_bias) or (power[3] and not is_everything):
        return 0
    c = network.residue(power[2])
    return n * all(any(value + c for value in row) for row in rows)


def _sums_of_powers(tree: Tree, network: Network, block: Block) -> tuple[int, int, int, bool]:
    """Returns the numbers of variables and of terms, the degree, and whether there are constants, for one hidden layer."""
    (cut,) = integers([tree["cut"]], "the cut", block.start + 1, block.end)
    powers, has_vector = _matrix_times(block)
    variables, has_bias = _matrix_times(Block(network, block.start, cut))
    power = shifted_power(block.nodes[powers].terms)
    good = block.nodes[powers].operands == (cut,) and variables == block.behind
    require(good, "a block is no network with one hidden layer")
    if power is None:
        raise ReportError("the activation of a sum of powers is no power")
    has_constant = has_vector or power[3] != 0
    n = len(block.nodes[variables].entries) + (has_constant or has_bias or power[2] != 0)
    same("the number of variables", tree["variables"], n)
    return n, len(block.nodes[cut].entries), power[0], has_constant


def _pfaffian(tree: Tree, network: Network, block: Block) -> int:
    """Returns 3 C(m + 1, 2) - 1 for three sums of fewer than 3m/2 squares in m variables, m even."""
    m, s, r, has_constant = _sums_of_powers(tree, network, block)
    s += has_constant
    same("the number of squares", tree["squares"], s)
    require((r, len(block.nodes[block.end].entries)) == (2, 3), "a Pfaffian is one of three sums of squares")
    require(m % 2 == 0 and 2 * s < 3 * m, f"{s} squares in {m} variables satisfy no Pfaffian")
    return 3 * comb(m + 1, 2) - 1


def _curve(tree: Tree, network: Network, block: Block) -> int:
    """Returns s(m + n - 1), + m with constants, less the tangent vectors that a rational curve makes superfluous."""
    n, s, r, has_constant = _sums_of_powers(tree, network, block)
    m, p = len(block.nodes[block.end].entries), network.p
    same("the number of terms", tree["terms"], s)
    (degree,) = integers([tree["degree"]], "the degree of a curve", 0, s + 1)
    require(n >= 2 and s <= n + 2 and s < p, f"no rational normal curve passes through {s} points in {n} variables")
    phi = [[nmod(network.random(), p) for _ in range(degree + 1)] for _ in range(m)]
    rows = list[list[nmod]]()
    for place in range(1, s + 1):
        powers = [nmod(place, p) ** e for e in range(degree + 1)]
        image = [sum((c * z for c, z in zip(line, powers, strict=True)), nmod(0, p)) for line in phi]
        for k in range(1, m):
            factors = [-image[k], *(image[0] if j == k else nmod(0, p) for j in range(1, m))]
            rows.append([factor * z for factor in factors for z in powers])
    require(m == 1 or _rank(rows, p) == len(rows), f"no curve of degree {degree} passes through the coefficients")
    return s * (m + n - 1) + m * has_constant - max(0, 2 * s - (degree + r * (n - 1) + 1))


def _matrix_times(block: Block) -> tuple[int, bool]:
    """Returns y if the end of a block is A y for a matrix A that does not depend on the start, and whether a vector is added."""
    index, nodes = block.end, block.nodes
    below = block.before(index)
    has_vector = nodes[index].operation == "sum" and below is not None
    if has_vector and below is not None:
        index, below = below, block.before(below)
    good = nodes[index].operation == "matmul" and len(nodes[index].shape) == 1 and nodes[index].operands[1] == below
    if below is None or not good:
        raise ReportError(f"node {block.end} is no matrix times a vector")
    return below, has_vector


KINDS: dict[str, Callable[[Tree, Network, Block], int]] = {
    "coordinates": _coordinates,
    "determinantal": _determinantal,
    "monomials": _monomials,
    "symmetries": _symmetries,
    "fields": _fields,
    "composition": _composition,
    "span": _span,
    "pfaffian": _pfaffian,
    "curve": _curve,
}
