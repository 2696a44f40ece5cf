"""Residual networks: blocks with a skip path, x -> x + block(x), one behind the other.

The dense form has the blocks x -> x + V_i s_i(U_i x + b_i) + c_i.  A specification may also describe any network of any
family as the block, as long as the skip path can be added to its output.  A dense layer may stand in front (the
embedding) and at the end.  Sources: K. He, X. Zhang, S. Ren, J. Sun, 'Deep residual learning for image recognition',
arXiv:1512.03385; G. L. Marchetti, V. Shahverdi, S. Mereta, M. Trager, K. Kohn, 'Algebra Unveils Deep Learning',
arXiv:2501.18915 (neurovarieties).

The skip path ties the stream to the input and to the output, so that no group acts on it; with an embedding and an output
layer GL of the stream does.  Hidden neurons of a block can be rescaled as in a multilayer perceptron.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building import activations
from neuroalg_cli.building.activations import plain_integers, terms_of
from neuroalg_cli.building.layers import dense
from neuroalg_cli.building.splicing import splice
from neuroalg_cli.building.widths import MAXIMAL_LAYERS, MAXIMAL_WIDTH
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.spec import from_mapping

if TYPE_CHECKING:
    from neuroalg_cli.network import Network, Terms

#: a block may be a residual network whose block is one, and so on
MAXIMAL_NESTING = 8
MAXIMAL_NODES = 50_000
_Width = Annotated[int, Field(ge=1, le=MAXIMAL_WIDTH)]
_DENSE_KEYS = ("widths", "hidden", "activation", "activation_degree")


class ResidualNetwork(Architecture):
    """A stack of blocks with skip paths; either ``widths`` and ``hidden`` describe the blocks, or ``block`` does."""

    family: ClassVar[str] = "residual"
    summary: ClassVar[str] = "residual network: blocks x + V s(U x), or x + block(x) for a block of any family"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("widths", "integers", "N0,N1,...", "widths of all layers, from the input to the output"),
        FamilyOption("hidden", "integers", "H[,H...]", "hidden neurons of all residual blocks, or of each of them"),
        FamilyOption(
            "activation_degree", "integers", "R[,R...]", "activation z^R, for all hidden layers or for each of them"
        ),
        FamilyOption(
            "activation", "texts", "POLY[,POLY...]", "polynomial activation such as '1/2*z^2+z', for all or each"
        ),
        FamilyOption("biases", "flag", "", "every layer has a bias vector"),
        FamilyOption("block", "text", "JSON", "residual block of any family, as a table in a file or as JSON"),
        FamilyOption("blocks", "integer", "B", "number of residual blocks, each with parameters of its own"),
        FamilyOption("projection", "flag", "", "a matrix on every skip path whose ends have different shapes"),
        FamilyOption(
            "input_width", "integer", "N", "a dense layer (embedding) in front, from N inputs to the first block"
        ),
        FamilyOption("output_width", "integer", "N", "a dense layer (readout) with N outputs at the end"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:1512.03385", "arXiv:2501.18915")

    widths: Annotated[tuple[_Width, ...], Field(strict=False)] = ()
    hidden: Annotated[tuple[_Width, ...], Field(strict=False)] = ()
    activation: Annotated[tuple[str, ...], Field(strict=False)] = ()
    #: canonical JSON of the architectures of the blocks, which are repeated until there are ``blocks``
    block: Annotated[tuple[str, ...], Field(strict=False)] = ()
    blocks: int
    biases: bool = False
    projection: bool = False
    input_width: _Width | None = None
    output_width: _Width | None = None

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: one width per end of a block, one hidden width and activation per block, or blocks as JSON."""
        given = {key: value for key, value in specification.items() if value is not None}
        if "block" in given:
            found = next((key for key in _DENSE_KEYS if key in given), None)
            if found:
                raise SpecError(f"the blocks are described by 'block' and by '{found}'; give one of them")
            return _prepare_blocks(given)
        return _prepare_dense(given)

    @field_validator("activation")
    @classmethod
    def _canonical_activation(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return activations.canonical(value)

    @model_validator(mode="after")
    def _shapes_fit(self) -> Self:
        shapes = self._stream()
        if self.projection and all(before == after for before, after in itertools.pairwise(shapes)):
            raise SpecError("'projection' is given, but every block keeps its shape; leave it out")
        if self.block and self.biases and self.input_width is None and self.output_width is None:
            raise SpecError("'biases' belongs to dense layers, and there are none; give it inside 'block'")
        return self

    def canonical(self) -> dict[str, Any]:
        """Returns the canonical form, with the keys of one of the two forms and the blocks as tables."""
        fields = {key: value for key, value in super().canonical().items() if value is not None}
        if not self.block:
            return {key: value for key, value in fields.items() if key not in ("block", "blocks")}
        fields["block"] = [json.loads(text) for text in self.block]
        return {key: value for key, value in fields.items() if key not in _DENSE_KEYS}

    @property
    def activation_terms(self) -> tuple[Terms, ...]:
        """The activation of every block of the dense form as (exponent, coefficient) pairs."""
        return terms_of(self.activation)

    @property
    def is_linear(self) -> bool:
        """Whether the blocks are x + V (c U x) in the dense form: constants in activations only where biases absorb them."""
        terms = self.activation_terms
        return bool(self.widths) and all(t[0][0] == 1 and (len(t) == 1 or self.biases) for t in terms)

    @property
    def label(self) -> str:
        """For example ``residual-3.3.3-h2.2-r2``, ``residual-i4-3.3-h2-r2-o1-b``, ``residual-mlp-2.3.2-r2-x3``."""
        if self.block:
            middle = [_short("-and-".join(inner.label for inner, _ in self._described()), 60), f"x{self.blocks}"]
        else:
            merged = self.hidden[:1] if len(set(self.hidden)) == 1 else self.hidden
            widths, hidden = (_short(".".join(map(str, sizes)), 25) for sizes in (self.widths, merged))
            middle = [widths, f"h{hidden}", _short(activations.label(self.activation), 15)]
        front = [f"i{self.input_width}"] if self.input_width else []
        end = [f"o{self.output_width}"] if self.output_width else []
        return "-".join([self.family, *front, *middle, *end, *(["b"] if self.biases else [])])

    def network(self) -> Network:
        """Returns the graph: W_in, then P_i, U_i, b_i, V_i, c_i of every block (B1_W_1, ... for other blocks), then W_out."""
        builder = NetworkBuilder()
        shapes = self._stream()
        first = shapes[0]
        value = builder.input(first if self.input_width is None else (self.input_width, *first[1:]))
        if self.input_width is not None:
            value = self._dense(builder, ("W_in", "b_in"), value, first[0])
        inner = [network for _, network in self._described()]
        for number, shape in enumerate(shapes[1:], start=1):
            skip = _projected(builder, value, shape, number)
            if inner:
                residue = splice(builder, inner[(number - 1) % len(inner)], value, f"B{number}_")
            else:
                neurons = self._dense(builder, (f"U_{number}", f"b_{number}"), value, self.hidden[number - 1])
                activated = builder.polynomial(neurons, self.activation_terms[number - 1])
                residue = self._dense(builder, (f"V_{number}", f"c_{number}"), activated, shape[0])
            value = builder.sum(skip, residue)
        if self.output_width is not None:
            value = self._dense(builder, ("W_out", "b_out"), value, self.output_width)
        return builder.finish(value)

    def _dense(self, builder: NetworkBuilder, names: tuple[str, str], value: int, rows: int) -> int:
        weight = builder.parameter(names[0], (rows, builder.shape(value)[0]))
        return dense(builder, weight, value, builder.parameter(names[1], (rows,)) if self.biases else None)

    def _stream(self) -> list[tuple[int, ...]]:
        """Returns the shapes of the stream, before the first block and behind every block."""
        ends: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((a,), (b,)) for a, b in itertools.pairwise(self.widths)]
        if self.block:
            networks = [network for _, network in self._described()]
            described = [(net.nodes[net.input].shape, net.nodes[net.output].shape) for net in networks]
            ends = described * (self.blocks // len(described))
        shapes = [ends[0][0]]
        for number, (before, after) in enumerate(ends, start=1):
            if before != shapes[-1]:
                raise SpecError(
                    f"residual block {number} takes the shape {before}, but the stream has the shape {shapes[-1]} there"
                )
            if before != after and not self.projection:
                raise SpecError(
                    f"residual block {number} maps the shape {before} to {after}, so that its input cannot be added; "
                    "give equal shapes, or a matrix on the skip path by 'projection'"
                )
            if len(before) != len(after):
                raise SpecError(f"no matrix on the skip path of residual block {number} maps {before} to {after}")
            shapes.append(after)
        return shapes

    def _described(self) -> list[tuple[Architecture, Network]]:
        """Returns the architectures and graphs of the blocks that a specification describes."""
        return [_read_block(text) for text in self.block]

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns the known dimension of a linear network, else the number of parameters less that of known symmetries.

        It is at most the number of coordinates that w moves.  Where a block has only terms of degree 2 or more in x, and
        neither an embedding nor a matrix is on the skip path, the linear part of f is the identity: V lies in an affine
        subspace that does not contain 0, whose dimension is one less than that of the linear span.
        """
        known = self.linear_dimension
        if known is not None:
            return known
        count = super().expected_dimension(phi)
        if not self._has_fixed_linear_part():
            return count
        span = self.linear_span_dimension(phi)
        if span is not None:
            return min(count, span - 1)
        return count if phi.ambient_dimension is None else min(count, phi.ambient_dimension - phi.network.input_size)

    @property
    def linear_dimension(self) -> int | None:
        """The dimension of a linear network of the dense form, as `neuroalg_cli.theorems.residual` proves; None for others."""
        if not self.is_linear:
            return None
        ends = [size for size in (self.input_width, *self.widths, self.output_width) if size is not None]
        m, n = ends[0], ends[-1]
        has_free_matrix = len(set(self.widths)) > 1 or len(ends) > len(self.widths)
        k = min(ends) if has_free_matrix else min(m, sum(self.hidden))
        return k * (m + n - k) + (n if self.biases else 0)

    def _has_fixed_linear_part(self) -> bool:
        """Returns whether the linear part of f is the identity for all w, since blocks begin in degree 2."""
        if self.input_width is not None or self.output_width is not None or self.projection:
            return False
        if self.widths:
            return not self.biases and all(terms[-1][0] >= 2 for terms in self.activation_terms)
        networks = [network for _, network in self._described()]
        if not all(network.is_polynomial and network.is_rational for network in networks):
            return False
        return all(min(PolynomialMap(network).degrees, default=2) >= 2 for network in networks)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of hidden neurons, or the finite symmetries of the blocks."""
        result = []
        for number, terms in enumerate(self.activation_terms, start=1):
            if terms[0][0] > 1 and self.hidden[number - 1] > 1:
                result.append(f"permutations of the {self.hidden[number - 1]} neurons of residual block {number}")
        inner = [architecture.finite_symmetries() for architecture, _ in self._described()]
        for number in range(1, self.blocks + 1 if inner else 1):
            result += [f"in residual block {number}: {words}" for words in inner[(number - 1) % len(inner)]]
        return tuple(result)

    def conventions(self) -> tuple[str, ...]:
        """Returns how the sum is formed and how the ambient space is counted."""
        return (
            "the input of a block is added to its output; no activation follows the sum",
            "ambient space: one coordinate per output and monomial in the inputs, those that the skip path fixes included",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that a network without activation is linear."""
        if self.is_linear:
            return (
                "the network is linear: it has no activation, or one of degree 1 (see --activation-degree, --activation)",
            )
        return tuple(dict.fromkeys(words for architecture, _ in self._described() for words in architecture.remarks()))


def _projected(builder: NetworkBuilder, x: int, shape: tuple[int, ...], number: int) -> int:
    """Returns x, or P x, x Q or P x Q where its shape has to change."""
    before = builder.shape(x)
    if before[0] != shape[0]:
        x = builder.matmul(builder.parameter(f"P_{number}", (shape[0], before[0])), x)
    if len(shape) == 2 and before[1] != shape[1]:
        x = builder.matmul(x, builder.parameter(f"Q_{number}", (before[1], shape[1])))
    return x


def _prepare_dense(given: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of the dense form, one entry per block."""
    if "widths" not in given:
        raise SpecError(
            "the keys 'widths' and 'block' are missing; give the width of the stream before and behind every residual "
            "block, for example 3,3,3 with 2 hidden neurons, or describe a block"
        )
    for key in ("widths", "hidden"):
        entries = given.get(key, [1])
        if not isinstance(entries, list | tuple) or not entries:
            raise SpecError(f"'{key}' is {shown(entries)}; it must be a list of integers such as 3,3")
        if len(entries) > MAXIMAL_LAYERS + 1:
            raise SpecError(f"'{key}' has {len(entries)} entries; at most {MAXIMAL_LAYERS + 1} are supported")
    if "hidden" not in given:
        raise SpecError("the key 'hidden' is missing; give the number of hidden neurons of every residual block")
    widths = list(given["widths"])
    blocks = _block_count(given, len(widths) - 1 if len(widths) > 1 else len(given["hidden"]))
    if len(widths) == 1:
        widths *= blocks + 1
    elif blocks != len(widths) - 1:
        raise SpecError(
            f"'blocks' is {blocks}, but 'widths' has {len(widths)} entries, which makes {len(widths) - 1} residual blocks"
        )
    hidden = list(given["hidden"])
    if len(hidden) not in (1, blocks):
        raise SpecError(f"'hidden' has {len(hidden)} entries for {blocks} residual blocks; give one, or one for each")
    given["hidden"] = hidden * blocks if len(hidden) == 1 else hidden
    return given | {"widths": widths, "activation": activations.for_hidden_layers(given, blocks), "blocks": blocks}


def _prepare_blocks(given: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of a network whose blocks are described: canonical JSON, without repetition."""
    block = given["block"]
    if isinstance(block, str):
        block = _read_json(block)
    entries = list(block) if isinstance(block, list | tuple) else [block]
    if not 1 <= len(entries) <= MAXIMAL_LAYERS:
        raise SpecError(f"'block' has {len(entries)} entries; it must describe from 1 to {MAXIMAL_LAYERS} blocks")
    _require_flat(entries)
    texts = []
    for entry in entries:
        architecture = entry if isinstance(entry, Architecture) else from_mapping(entry)
        texts.append(json.dumps(architecture.canonical(), sort_keys=True))
    blocks = _block_count(given, len(texts))
    if blocks % len(texts):
        raise SpecError(f"'blocks' is {blocks}, which is no multiple of the {len(texts)} blocks described")
    period = next(p for p in range(1, len(texts) + 1) if len(texts) % p == 0 and texts == texts[:p] * (len(texts) // p))
    texts = texts[:period]
    nodes = sum(len(_read_block(text)[1].nodes) for text in texts) * (blocks // period)
    if nodes > MAXIMAL_NODES:
        raise SpecError(f"the residual blocks have {nodes} operations together; at most {MAXIMAL_NODES} are supported")
    return given | {"block": texts, "blocks": blocks}


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, ValueError) else "nested too deeply"
        raise SpecError(
            f"'block' is {shown(text)}, which is no valid JSON ({reason[:80]}); "
            'write for example {"family": "mlp", "widths": [3, 2, 3]}'
        ) from None


def _require_flat(entries: list[Any]) -> None:
    """Raises `SpecError` if blocks of blocks are nested deeper than `MAXIMAL_NESTING`."""
    for _ in range(MAXIMAL_NESTING):
        inner = [entry.get("block") for entry in entries if isinstance(entry, dict)]
        entries = [e for found in inner for e in (found if isinstance(found, list | tuple) else [found])]
        entries = [_read_json(e) if isinstance(e, str) else e for e in entries if e is not None]
        if not entries:
            return
    raise SpecError(f"'block' is nested deeper than {MAXIMAL_NESTING} times; describe a flatter network")


def _block_count(given: dict[str, Any], default: int) -> int:
    blocks = given.get("blocks", default)
    if isinstance(blocks, bool) or not isinstance(blocks, int):
        raise SpecError(f"'blocks' is {shown(blocks)}; it must be an integer")
    if not 1 <= blocks <= MAXIMAL_LAYERS:
        raise SpecError(f"'blocks' is {shown(blocks)}; it must be from 1 to {MAXIMAL_LAYERS}")
    return blocks


@functools.lru_cache(maxsize=256)
def _read_block(text: str) -> tuple[Architecture, Network]:
    """Returns the architecture of a block from its canonical JSON, and its graph."""
    architecture = from_mapping(json.loads(text))
    return architecture, architecture.network()


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else hashlib.sha256(text.encode("ascii")).hexdigest()[:8]


ARCHITECTURE = ResidualNetwork


def residual(
    widths: list[int] | tuple[int, ...] | None = None,
    hidden: int | list[int] | None = None,
    activation_degree: int | list[int] | None = None,
    *,
    activation: str | list[str] | None = None,
    biases: bool = False,
    block: Architecture | dict[str, Any] | list[Any] | None = None,
    blocks: int | None = None,
    projection: bool = False,
    input_width: int | None = None,
    output_width: int | None = None,
) -> ResidualNetwork:
    """Returns the residual network with dense blocks of these widths, or with copies of a block of any family.

    Raises `SpecError` where the skip path cannot be added, and for impossible widths, degrees or polynomials.
    """
    specification: dict[str, Any] = {
        "widths": plain_integers(widths),
        "hidden": [hidden] if isinstance(hidden, int) else plain_integers(hidden),
        "activation_degree": plain_integers(activation_degree),
        "activation": activation,
        "block": block,
        "blocks": blocks,
        "input_width": input_width,
        "output_width": output_width,
        "biases": biases,
        "projection": projection,
    }
    result = ResidualNetwork.from_specification(specification)
    assert isinstance(result, ResidualNetwork)
    return result
