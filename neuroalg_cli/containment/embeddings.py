"""Explicit embeddings: weights of one network that make it compute the function of another one, for all weights of that one.

An embedding is a substitution psi with phi_A o psi = phi_B.  It is found by what families have in common: dead neurons and
smaller attention dimensions are rows and columns of zeros, missing taps of a filter are zeros, a layer without activation is
an identity matrix, so is one between z^a and z^b where z^(ab) is wanted, a convolution is a matrix with repeated entries.
Nothing rests on how it was found: phi_A o psi and phi_B are expanded as polynomials in (w, x) over Q and compared, or, where
they are too long, at random points modulo primes.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from neuroalg_cli.architectures.cnn import ConvolutionalNetwork
from neuroalg_cli.architectures.mlp import MultilayerPerceptron
from neuroalg_cli.building.convolution_sizes import paddings
from neuroalg_cli.building.layers import patch_indices
from neuroalg_cli.containment.substitution import Substitution, substituted
from neuroalg_cli.errors import MemoryLimitError
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.polynomial_grammar import univariate_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.network import Network

#: beyond so many terms the comparison is modular
_EXPANDED_TERMS = 60_000
_MAXIMAL_PROPOSALS = 300
#: networks with more parameters are not expanded, and nothing is proposed for those with more than a million
_EXPANDED_PARAMETERS = 1_000
_MAXIMAL_PARAMETERS = 1_000_000
_PRIMES = 268_216
_TRIALS = 3
_POWER = re.compile(r"z\^([0-9]+)")
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Embedding:
    """A substitution, how it is made, and the bound for the probability that it is none (None: it was proved)."""

    substitution: Substitution
    words: str
    error_probability: float | None
    primes: tuple[int, ...] = ()

    def as_json(self) -> list[int | str]:
        """Returns for every parameter the position of a parameter of the other network, from 0, or a number as a text."""
        return [str(entry) if isinstance(entry, Fraction) else entry for entry in self.substitution]


def embedding(target: Architecture, source: Architecture, seed: int) -> Embedding | None:
    """Returns weights of ``target`` that make it compute the functions of ``source``, or None if none were found."""
    into, of = target.network(), source.network()
    if (into.input_size, into.output_size) != (of.input_size, of.output_size):
        return None
    if max(into.parameter_count, of.parameter_count) > _MAXIMAL_PARAMETERS or not (into.is_rational and of.is_rational):
        return None
    for words, proposal in itertools.islice(_proposals(target, source, into, of), _MAXIMAL_PROPOSALS):
        found = checked(into, of, proposal, words, seed)
        if found is not None:
            return found
    return None


def checked(into: Network, of: Network, proposal: Substitution, words: str, seed: int) -> Embedding | None:
    """Returns the embedding if the substitution is one, proved where both functions can be expanded; else None."""
    composed = substituted(into, proposal, of)
    probability, primes = _agree_modulo(composed, of, seed)
    if probability is None:
        return None
    try:
        if of.parameter_count > _EXPANDED_PARAMETERS:
            return Embedding(proposal, words, probability, primes)
        if coordinates(composed, _EXPANDED_TERMS) != coordinates(of, _EXPANDED_TERMS):
            return None
    except MemoryLimitError:
        return Embedding(proposal, words, probability, primes)
    return Embedding(proposal, words, None)


def _agree_modulo(one: Network, other: Network, seed: int) -> tuple[float | None, tuple[int, ...]]:
    """Returns the probability that two networks that agree at random points differ, and the primes; None if they do not agree.

    Their difference has a degree of at most D in (w, x) and integer coefficients with a sum of absolute values of at most 2^H: it
    vanishes at a random point modulo a random prime of 23 bits with probability at most D/p + (H/22)/268216 (Schwartz, Zippel).
    """
    from neuroalg_cli.interpreters import modular  # noqa: PLC0415  # numpy
    from neuroalg_cli.linear_algebra.exact_linear_algebra import random_prime  # noqa: PLC0415
    from neuroalg_cli.linear_algebra.random_points import balanced, generator, residues  # noqa: PLC0415

    maps = PolynomialMap(one), PolynomialMap(other)
    source = generator(seed, "embedding/prime")
    result = 1.0
    primes: list[int] = []
    while len(primes) < _TRIALS:
        prime = random_prime(source)
        if any(phi.activation_numbers % prime == 0 for phi in maps):
            continue
        label = f"embedding/{len(primes)}"
        w = balanced(residues(seed, f"{label}/w", other.parameter_count, prime), prime)
        x = balanced(residues(seed, f"{label}/x", other.input_size, prime), prime).reshape(1, -1)
        values = [modular.evaluate(network, w, x, prime) for network in (one, other)]
        if (values[0] != values[1]).any():
            return None, ()
        degree = max(phi.total_degree for phi in maps)
        height = 1 + max(phi.height_bits for phi in maps)
        result *= min(1.0, degree / prime + height / 22 / _PRIMES)
        primes.append(prime)
    return result, tuple(primes)


def _proposals(
    target: Architecture, source: Architecture, into: Network, of: Network
) -> Iterator[tuple[str, Substitution]]:
    """Yields substitutions that may be embeddings, the simplest first."""
    block = _leading_blocks(into, of)
    if block is not None:
        same = target.canonical() == source.canonical()
        yield "the same network" if same else "zeros for what the smaller network does not have", block
    if isinstance(target, MultilayerPerceptron) and isinstance(source, MultilayerPerceptron):
        for proposal in _with_identities(target, source, into, of):
            yield "identity matrices for layers without activation, zeros for other neurons", proposal
    if isinstance(target, ConvolutionalNetwork) and isinstance(source, ConvolutionalNetwork):
        for proposal in _with_zero_taps(target, source, into, of):
            yield "zeros for the taps and channels that the smaller network does not have", proposal
    if isinstance(target, MultilayerPerceptron) and isinstance(source, ConvolutionalNetwork):
        unrolled = _unrolled(target, source, into, of)
        if unrolled is not None:
            yield "every convolution as a matrix with repeated entries", unrolled


def _tensors(network: Network) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Returns the position of the first entry and the shape of every parameter tensor, by name."""
    return {
        network.nodes[index].name: (offset, network.nodes[index].shape) for index, offset in network.offsets.items()
    }


def _leading_blocks(into: Network, of: Network) -> Substitution | None:
    """Returns the substitution that puts every tensor into the corner of that of its name; None if one does not fit."""
    targets, sources = _tensors(into), _tensors(of)
    entries: list[Fraction | int] = [_ZERO] * into.parameter_count
    for name, (start, shape) in sources.items():
        found = targets.get(name, targets.get(f"{name}_1"))  # the first of several heads
        if found is None or len(found[1]) != len(shape) or any(a < b for a, b in zip(found[1], shape, strict=True)):
            return None
        for position, index in enumerate(itertools.product(*map(range, shape))):
            entries[found[0] + _flat(index, found[1])] = start + position
    return tuple(entries)


def _flat(index: Sequence[int], shape: Sequence[int]) -> int:
    result = 0
    for i, size in zip(index, shape, strict=True):
        result = result * size + i
    return result


def _with_identities(
    target: MultilayerPerceptron, source: MultilayerPerceptron, into: Network, of: Network
) -> Iterator[Substitution]:
    """Yields embeddings into a deeper perceptron whose further layers have no activation.

    A plan says for every matrix of the target which matrix of the source it holds, or None for an identity matrix.
    """
    if source.biases and not target.biases:
        return
    targets, sources = _tensors(into), _tensors(of)
    activations = [univariate_text(terms) for terms in target.activation_terms]
    wanted = [univariate_text(terms) for terms in source.activation_terms]
    for plan in _plans([*activations, ""], [*wanted, ""]):
        entries: list[Fraction | int] = [_ZERO] * into.parameter_count
        width, fits = source.widths[0], True
        for layer, held in enumerate(plan, start=1):
            offset, (rows, columns) = targets[f"W_{layer}"]
            wide = source.widths[held] if held is not None else width
            fits = fits and wide <= rows and width <= columns
            if not fits:
                break
            for i, j in itertools.product(range(wide), range(width)):
                if held is not None:
                    entries[offset + i * columns + j] = sources[f"W_{held}"][0] + i * width + j
                elif i == j:
                    entries[offset + i * columns + j] = _ONE
            if held is not None and source.biases:
                for i in range(wide):
                    entries[targets[f"b_{layer}"][0] + i] = sources[f"b_{held}"][0] + i
            width = wide
        if fits:
            yield tuple(entries)


def _plans(activations: list[str], wanted: list[str]) -> Iterator[list[int | None]]:
    """Yields, for every matrix of a deeper perceptron, which matrix of the other it holds, counted from 1, or None.

    ``activations`` and ``wanted``: what follows every matrix, '' at the end.  The activation behind a matrix of the other must
    come before its next one, perhaps as z^a and z^b for z^(ab), with only 'z' on the way.
    """

    def extend(plan: list[int | None], done: int, pending: str) -> Iterator[list[int | None]]:
        """``pending``: the activation that must still come before the next matrix of the other; 'z': none."""
        layer = len(plan)
        if layer == len(activations):
            if done == len(wanted):
                yield plan
            return
        after = activations[layer]
        options: list[tuple[int | None, int, str]] = [(None, done, pending)]
        if pending in ("z", "") and done < len(wanted):
            options.append((done + 1, done + 1, wanted[done]))
        for held, count, needs in options:
            if after in ("z", ""):
                yield from extend([*plan, held], count, "z" if needs == after else needs)
            elif (rest := _quotient(needs, after)) is not None:
                yield from extend([*plan, held], count, rest)

    yield from itertools.islice(extend([], 0, "z"), _MAXIMAL_PROPOSALS)


def _quotient(wanted: str, first: str) -> str | None:
    """Returns the activation that makes ``wanted`` of ``first``: 'z' if they are equal, z^b for z^(ab) and z^a, else None."""
    if wanted == first:
        return "z"
    powers = [_POWER.fullmatch(text) for text in (wanted, first)]
    if powers[0] is None or powers[1] is None or int(powers[0][1]) % int(powers[1][1]):
        return None
    return f"z^{int(powers[0][1]) // int(powers[1][1])}"


def _with_zero_taps(
    target: ConvolutionalNetwork, source: ConvolutionalNetwork, into: Network, of: Network
) -> Iterator[Substitution]:
    """Yields embeddings into a network with longer filters or more channels, for all ways to place the taps on each other."""
    axes = len(target.kernels[0])
    if len(target.kernels) != len(source.kernels) or axes != len(source.kernels[0]):
        return
    targets, sources = _tensors(into), _tensors(of)
    if set(sources) - set(targets):
        return
    placements = []
    for layer in range(len(target.kernels)):
        sizes = zip(
            target.kernels[layer], target.dilations[layer], source.kernels[layer], source.dilations[layer], strict=True
        )
        placements.append(list(itertools.product(*(list(_taps(*size)) for size in sizes))))
    for chosen in itertools.product(*placements):
        entries: list[Fraction | int] = [_ZERO] * into.parameter_count
        fits = True
        for name, (start, shape) in sources.items():
            layer = int(name.partition("_")[2])
            here, there = [shape], [targets[name][1]]
            taps: list[tuple[int, ...]] | None = None
            if name.startswith("W") and layer <= len(chosen):
                here = [(shape[0], source.channels[layer - 1], *source.kernels[layer - 1])]
                there = [(targets[name][1][0], target.channels[layer - 1], *target.kernels[layer - 1])]
                taps = list(chosen[layer - 1])
            for position, index in enumerate(itertools.product(*map(range, here[0]))):
                moved = index if taps is None else (*index[:2], *(taps[a][i] for a, i in enumerate(index[2:])))
                fits = fits and len(moved) == len(there[0]) and all(i < n for i, n in zip(moved, there[0], strict=True))
                if not fits:
                    break
                entries[targets[name][0] + _flat(moved, there[0])] = start + position
        if fits:
            yield tuple(entries)


def _taps(size: int, dilation: int, smaller: int, smaller_dilation: int) -> Iterator[tuple[int, ...]]:
    """Yields the taps of a filter on which those of another filter can be placed, along one axis."""
    for first in range(size):
        places = [first * dilation + i * smaller_dilation for i in range(smaller)]
        if all(place % dilation == 0 and place // dilation < size for place in places):
            yield tuple(place // dilation for place in places)


def _unrolled(
    target: MultilayerPerceptron, source: ConvolutionalNetwork, into: Network, of: Network
) -> Substitution | None:
    """Returns the embedding of a convolutional network into a perceptron as deep: every filter as a matrix."""
    matrices = len(source.kernels) + len(source.head)
    if len(target.widths) - 1 != matrices or (source.biases and not target.biases):
        return None
    targets, sources = _tensors(into), _tensors(of)
    entries: list[Fraction | int] = [_ZERO] * into.parameter_count
    for layer in range(1, matrices + 1):
        offset, (rows, columns) = targets[f"W_{layer}"]
        placed = list(_matrix_entries(source, layer, sources[f"W_{layer}"]))
        if any(row >= rows or column >= columns for row, column, _ in placed):
            return None
        for row, column, position in placed:
            entries[offset + row * columns + column] = position
        if source.biases:
            start, (size,) = sources[f"b_{layer}"]
            height = _positions(source, layer)
            for i in range(size * height):
                entries[targets[f"b_{layer}"][0] + i] = start + i // height
    return tuple(entries)


def _positions(source: ConvolutionalNetwork, layer: int) -> int:
    """Returns how many positions a channel has behind a layer; 1 in the head."""
    return math.prod(source.spatial_shapes[layer]) if layer <= len(source.kernels) else 1


def _matrix_entries(
    source: ConvolutionalNetwork, layer: int, tensor: tuple[int, tuple[int, ...]]
) -> Iterable[tuple[int, int, int]]:
    """Yields (row, column, position of the parameter) for the entries of a layer as a matrix that are not zero."""
    start, shape = tensor
    if layer > len(source.kernels):
        for i, j in itertools.product(*map(range, shape)):
            yield i, j, start + i * shape[1] + j
        return
    spatial, after = source.spatial_shapes[layer - 1], source.spatial_shapes[layer]
    kernel, stride, dilation = source.kernels[layer - 1], source.strides[layer - 1], source.dilations[layer - 1]
    pads = paddings(spatial, kernel, stride, dilation, source.padding)
    mode = "circular" if source.padding == "circular" else "zero"
    patch = patch_indices(spatial, kernel, stride, dilation, pads, mode, after)
    positions, offsets, size = math.prod(after), math.prod(kernel), math.prod(spatial)
    for out, into, offset, q in itertools.product(
        range(shape[0]), range(shape[1] // offsets), range(offsets), range(positions)
    ):
        place = patch[offset * positions + q]
        if place >= 0:
            yield out * positions + q, into * size + place, start + out * shape[1] + into * offsets + offset
