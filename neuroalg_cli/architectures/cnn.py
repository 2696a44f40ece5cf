"""Convolutional networks with polynomial activations, in one or two dimensions, perhaps with a dense head.

Layer l maps c_{l-1} channels to c_l by filters of size k_l, with a stride and a dilation:

    h_l[o, q] = sum over channels c and offsets i of W_l[o, (c, i)] g_{l-1}[c, stride q + dilation i] (+ b_l[o]),   g_l = s_l(h_l)

There is no activation after the last layer.  Without ``input`` the input is the receptive field of one output position, and the
network is the function of one output neuron, as in the literature: the other positions compute its translates.  Sources:
V. Shahverdi, G. L. Marchetti, K. Kohn, 'On the Geometry and Optimization of Polynomial Convolutional Networks',
arXiv:2410.00722; K. Kohn, T. Merkh, G. Montufar, M. Trager, 'Geometry of Linear Convolutional Networks', arXiv:2108.01538;
K. Kohn, G. Montufar, V. Shahverdi, M. Trager, 'Function Space and Critical Points of Linear Convolutional Networks',
arXiv:2304.05752.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building import activations
from neuroalg_cli.building.activations import plain_integers, terms_of
from neuroalg_cli.building.convolution_sizes import (
    MAXIMAL_SIZE,
    paddings,
    parsed,
    per_layer,
    positions,
    receptive_field,
    size_of,
    size_text,
    size_texts,
)
from neuroalg_cli.building.layers import convolution, dense, same_graph
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import Network, NetworkBuilder, Terms
from neuroalg_cli.polynomial_grammar import univariate_text
from neuroalg_cli.recognizing.reading_convolutions import Layer, read, spatial_shapes
from neuroalg_cli.symmetry.symmetries import shifted_power

if TYPE_CHECKING:
    from neuroalg_cli.parametrization import PolynomialMap

MAXIMAL_LAYERS = 1_000
PADDINGS = ("none", "zero", "circular")
_Size = Annotated[int, Field(ge=1, le=MAXIMAL_SIZE)]


class ConvolutionalNetwork(Architecture):
    """A convolutional network; sizes are texts, '3' over one axis and '3x3' over two, one per layer."""

    family: ClassVar[str] = "cnn"
    summary: ClassVar[str] = (
        "convolutional network in one or two dimensions with polynomial activations; dense head optional"
    )
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption(
            "filters", "texts", "K1,K2,...", "filter size of every convolution: 3,2 over one axis, 3x3,3x3 over two"
        ),
        FamilyOption(
            "channels", "integers", "C0,C1,...", "channels of the input and after every convolution; 1 if omitted"
        ),
        FamilyOption("stride", "texts", "S[,S...]", "stride, for all convolutions or for each: 2 or 2x1"),
        FamilyOption(
            "dilation", "texts", "D[,D...]", "dilation of the filters, for all convolutions or for each: 2 or 2x1"
        ),
        FamilyOption(
            "padding",
            "text",
            "MODE",
            "padding: none, zero or circular; with the last two ceil(size/stride) positions remain",
        ),
        FamilyOption(
            "input", "text", "N|N1xN2", "size of the input: 16 or 16x16; the receptive field of one output if omitted"
        ),
        FamilyOption("head", "integers", "N[,N...]", "widths of dense layers behind the last convolution"),
        FamilyOption(
            "activation_degree", "integers", "R[,R...]", "activation z^R, for all hidden layers or for each of them"
        ),
        FamilyOption(
            "activation", "texts", "POLY[,POLY...]", "polynomial activation such as '1/2*z^2+z', for all or each"
        ),
        FamilyOption("biases", "flag", "", "every layer has a bias vector"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:2410.00722", "arXiv:2108.01538", "arXiv:2304.05752")

    filters: Annotated[tuple[str, ...], Field(strict=False)]
    channels: Annotated[tuple[_Size, ...], Field(strict=False)]
    stride: Annotated[tuple[str, ...], Field(strict=False)]
    dilation: Annotated[tuple[str, ...], Field(strict=False)]
    padding: Literal["none", "zero", "circular"]
    input: str
    head: Annotated[tuple[_Size, ...], Field(strict=False)] = ()
    activation: Annotated[tuple[str, ...], Field(strict=False)]
    biases: bool = False

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: sizes as texts for every layer, channels, the size of the input, activations."""
        kernels = _kernels(specification.get("filters"))
        layers, axes = len(kernels), len(kernels[0])
        strides, dilations = (per_layer(specification.get(key), key, layers, axes) for key in ("stride", "dilation"))
        channels = specification.get("channels")
        channels = [1] * (layers + 1) if channels is None else _listed(channels, "channels")
        if len(channels) != layers + 1:
            raise SpecError(
                f"'channels' has {len(channels)} entries for {layers} convolutions; it needs {layers + 1}, the input's first"
            )
        padding = specification.get("padding") or "none"
        if padding not in PADDINGS:
            raise SpecError(f"'padding' is {shown(padding)}; it must be one of {', '.join(PADDINGS)}")
        given = specification.get("input")
        if given is not None:
            size = size_of(given, "input")
            if len(size) != axes:
                raise SpecError(f"'input' is {shown(given)}, of {len(size)} axes; the filters have {axes}")
        elif padding == "none":
            size = receptive_field(kernels, strides, dilations)
        else:
            raise SpecError(f"with padding '{padding}' the key 'input' is needed, the size of the input, such as 16")
        head = _listed(specification.get("head") or [], "head")
        if layers + len(head) > MAXIMAL_LAYERS:
            raise SpecError(
                f"'filters' and 'head' have {layers + len(head)} entries; at most {MAXIMAL_LAYERS} layers are supported"
            )
        for _ in positions(size, kernels, strides, dilations, padding):
            pass  # filters that do not fit are refused
        specification |= {
            "filters": size_texts(kernels),
            "stride": size_texts(strides),
            "dilation": size_texts(dilations),
        }
        specification |= {"channels": channels, "padding": padding, "input": size_text(size), "head": head}
        specification["activation"] = activations.for_hidden_layers(specification, layers - 1 + len(head))
        return specification

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return activations.canonical(value)

    @property
    def kernels(self) -> tuple[tuple[int, ...], ...]:
        """The filter size of every convolution, by axis."""
        return tuple(map(parsed, self.filters))

    @property
    def strides(self) -> tuple[tuple[int, ...], ...]:
        """The stride of every convolution, by axis."""
        return tuple(map(parsed, self.stride))

    @property
    def dilations(self) -> tuple[tuple[int, ...], ...]:
        """The dilation of every convolution, by axis."""
        return tuple(map(parsed, self.dilation))

    @property
    def spatial_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The sizes of the input and after every convolution, by axis."""
        return tuple(positions(parsed(self.input), self.kernels, self.strides, self.dilations, self.padding))

    @property
    def activation_terms(self) -> tuple[Terms, ...]:
        """The activation of every hidden layer as (exponent, coefficient) pairs."""
        return terms_of(self.activation)

    @property
    def activation_degrees(self) -> tuple[int, ...] | None:
        """The degrees r of activations c*z^r, by hidden layer; None if one of them is no monomial."""
        return activations.monomial_degrees(self.activation)

    @property
    def label(self) -> str:
        """For example ``cnn-3.2-r2``, ``cnn-3x3.3x3-c1.8.8-s2x2.1x1-n16x16-zero-h10-r2-b``; what is default is left out."""
        defaults = receptive_field(self.kernels, self.strides, self.dilations)
        parts = [_shortened(".".join(self.filters))]
        if set(self.channels) != {1}:
            parts.append("c" + _shortened(".".join(map(str, self.channels))))
        for letter, sizes in (("s", self.stride), ("d", self.dilation)):
            if any(math.prod(parsed(size)) > 1 for size in sizes):
                parts.append(letter + _shortened(".".join(sizes[:1] if len(set(sizes)) == 1 else sizes)))
        if self.padding != "none" or parsed(self.input) != defaults:
            parts.append("n" + self.input)
        if self.padding != "none":
            parts.append(self.padding)
        if self.head:
            parts.append("h" + _shortened(".".join(map(str, self.head))))
        parts.append(activations.label(self.activation))
        if self.biases:
            parts.append("b")
        name = "-".join(parts)
        return f"{self.family}-{name}" if len(name) <= 96 else f"{self.family}-{len(self.filters)}layers.{_hash(name)}"

    def network(self) -> Network:
        """Returns the graph: parameters W_1, b_1, W_2, ... in this order, those of the head behind those of the filters.

        The input has the shape (channels, positions); so has the output, unless there is a head.
        """
        return _network(self)

    @classmethod
    def recognize(cls, network: Network) -> ConvolutionalNetwork | None:
        """Returns the convolutional network with this graph, names of parameters aside, or None.

        Where a stride or dilation makes no difference it is 1, and an image of one row is a line.
        """
        for spatial, padding in itertools.product(spatial_shapes(network), PADDINGS):
            layers = read(network, spatial, padding)
            if layers is None:
                continue
            try:
                candidate = _candidate(network, spatial, padding, layers)
            except SpecError:  # for example an activation whose degree is beyond the caps
                continue
            if same_graph(network, candidate.network()):
                return candidate
        return None

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns min(count, ambient dimension), the count being P less one scaling per hidden channel that can be rescaled.

        A channel can if its activation is c z^r, r >= 2, or, with biases, a shifted power whose shift and constant they absorb (a
        constant is not absorbed where the next layer pads with zeros).  With a linear activation: the count of known symmetries.
        """
        if any(terms[0][0] == 1 for terms in self.activation_terms):
            return super().expected_dimension(phi)
        widths = [*self.channels[1:], *self.head]
        count = phi.parameter_count
        for layer, terms in enumerate(self.activation_terms):
            if len(terms) == 1 or (self.biases and self._absorbs(layer, terms)):
                count -= widths[layer]
        return count if phi.ambient_dimension is None else min(count, phi.ambient_dimension)

    def _absorbs(self, layer: int, terms: Terms) -> bool:
        """Returns whether a polynomial is a shifted power whose shift and constant the biases around it absorb."""
        power = shifted_power(terms)
        is_padded = self.padding == "zero" and layer + 1 < len(self.filters)
        return power is not None and (not power.constant or not is_padded)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of hidden channels and of the neurons of the head."""
        result = []
        layers = len(self.filters)
        for layer, (width, terms) in enumerate(
            zip([*self.channels[1:], *self.head], self.activation_terms, strict=False), start=1
        ):
            if width > 1 and terms[0][0] > 1:
                what = f"channels of convolution {layer}" if layer <= layers else f"neurons of layer {layer}"
                result.append(f"permutations of the {width} {what}")
        return tuple(result)

    def conventions(self) -> tuple[str, ...]:
        """Returns how the functions and the ambient space are counted for this family."""
        outputs = "ambient space: one coordinate per entry of the output and monomial in the inputs"
        if not self.head and math.prod(self.spatial_shapes[-1]) > 1:
            outputs += (
                "; equal coordinates of translates are counted for every position, the linear span tells them apart"
            )
        return ("no activation after the last layer", outputs)

    def remarks(self) -> tuple[str, ...]:
        """Says that a network without activation is linear."""
        if self.activation and all(terms[0][0] == 1 for terms in self.activation_terms):
            return (
                "the network is linear: it has no activation, or one of degree 1 (see --activation-degree, --activation)",
            )
        return ()


@functools.lru_cache(maxsize=4)  # a question asks for the graph several times, and the patches are long lists
def _network(architecture: ConvolutionalNetwork) -> Network:
    builder = NetworkBuilder()
    channels, spatial = architecture.channels, parsed(architecture.input)
    if math.prod(spatial) * channels[0] > MAXIMAL_SIZE:
        raise SpecError(f"'input' has {math.prod(spatial) * channels[0]} entries; at most {MAXIMAL_SIZE} are supported")
    value = builder.input((channels[0], math.prod(spatial)))
    layers = zip(architecture.kernels, architecture.strides, architecture.dilations, strict=True)
    terms = (*architecture.activation_terms, activations.IDENTITY)
    for layer, (kernel, stride, dilation) in enumerate(layers, start=1):
        weight = builder.parameter(f"W_{layer}", (channels[layer], channels[layer - 1] * math.prod(kernel)))
        bias = builder.parameter(f"b_{layer}", (channels[layer],)) if architecture.biases else None
        pads = paddings(spatial, kernel, stride, dilation, architecture.padding)
        mode = "circular" if architecture.padding == "circular" else "zero"
        value, spatial = convolution(builder, weight, value, spatial, kernel, stride, dilation, pads, mode, bias=bias)
        value = builder.polynomial(value, terms[layer - 1])
    if architecture.head:
        value = builder.reshape(value, (math.prod(builder.shape(value)),))
    for layer, width in enumerate(architecture.head, start=len(architecture.filters) + 1):
        weight = builder.parameter(f"W_{layer}", (width, builder.shape(value)[0]))
        bias = builder.parameter(f"b_{layer}", (width,)) if architecture.biases else None
        value = builder.polynomial(dense(builder, weight, value, bias), terms[layer - 1])
    return builder.finish(value)


def _kernels(value: Any) -> tuple[tuple[int, ...], ...]:
    if value is None:
        raise SpecError("the key 'filters' is missing; give the size of every filter, for example 3,2 or 3x3,3x3")
    entries = _listed(value, "filters")
    if not 1 <= len(entries) <= MAXIMAL_LAYERS:
        raise SpecError(f"'filters' has {len(entries)} entries; it must have from 1 to {MAXIMAL_LAYERS}")
    result = tuple(size_of(entry, "filters") for entry in entries)
    if len(set(map(len, result))) > 1:
        raise SpecError("'filters' has entries over one axis and over two; give all of them as 3, or all as 3x3")
    return result


def _listed(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise SpecError(f"'{key}' is {shown(value)}; it must be a list such as 3,2")
    return list(value)


def _candidate(network: Network, spatial: tuple[int, ...], padding: str, layers: list[Layer]) -> ConvolutionalNetwork:
    """Returns the architecture that was read off a graph."""
    convolutions = [layer for layer in layers if layer.axes]
    return cnn(
        [tuple(axis.kernel for axis in layer.axes) for layer in convolutions],
        channels=[network.nodes[network.input].shape[0], *(layer.width for layer in convolutions)],
        stride=[tuple(axis.stride for axis in layer.axes) for layer in convolutions],
        dilation=[tuple(axis.dilation for axis in layer.axes) for layer in convolutions],
        padding=padding,
        input=spatial,
        head=[layer.width for layer in layers if not layer.axes],
        activation=[univariate_text(layer.terms) for layer in layers[:-1]] or None,
        biases=any(layer.has_bias for layer in layers),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text.count('.') + 1}of.{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:8]


ARCHITECTURE = ConvolutionalNetwork


def cnn(
    filters: Any,
    activation_degree: int | list[int] | None = None,
    *,
    channels: Any = None,
    stride: Any = None,
    dilation: Any = None,
    padding: str = "none",
    input: Any = None,  # noqa: A002  # the key of the specification
    head: Any = None,
    activation: str | list[str] | None = None,
    biases: bool = False,
) -> ConvolutionalNetwork:
    """Returns the convolutional network with the given filters, such as [3, 2] or ['3x3', (2, 2)]; one channel if not said.

    Without activation it is linear.  Raises `SpecError` for impossible sizes, degrees or polynomials.
    """
    given = {
        "filters": filters,
        "activation_degree": activation_degree,
        "channels": channels,
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "input": input,
        "head": head,
        "activation": activation,
        "biases": biases,
    }
    specification = {key: plain_integers(value) for key, value in given.items() if value is not None}
    result = ConvolutionalNetwork.from_specification(specification)
    assert isinstance(result, ConvolutionalNetwork)
    return result
