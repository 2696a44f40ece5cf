"""Lightning self-attention: X -> V X X^T K^T Q X, the attention layer without normalization, and stacks of such layers.

X is a d x t matrix whose columns are the t tokens; Q and K have the shape a x d, V has the shape d' x d.  With the scores
S = (K X)^T (Q X), so that S_ij = (K x_i) . (Q x_j), the output is (V X) S: token j becomes the sum over i of V x_i S_ij,
cubic in X.  Several heads are summed; with a causal mask token j sees the tokens i <= j only.  Sources: N. W. Henry,
G. L. Marchetti, K. Kohn, 'Geometry of Lightning Self-Attention: Identifiability and Dimension', arXiv:2408.17221;
Y. Alexandr, H. Duan, G. Montufar, 'Algebraic Invariants of Lightning Self-Attention', arXiv:2604.15632.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.building.activations import plain_integers
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import Network, NetworkBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroalg_cli.parametrization import PolynomialMap

MAXIMAL_SIZE = 10**6
MAXIMAL_LAYERS = 100
MAXIMAL_HEADS = 1_000
#: entries of the transposed keys and of the masked scores, which the graph lists one by one
MAXIMAL_LISTED_ENTRIES = 10**7
_TIES = {frozenset(name): name for name in ("qk", "kv", "qv", "qkv")}

Size = Annotated[int, Field(ge=1, le=MAXIMAL_SIZE)]


class LightningSelfAttention(Architecture):
    """A stack of attention layers; ``attention_dim`` and ``heads`` have one entry per layer."""

    family: ClassVar[str] = "attention"
    summary: ClassVar[str] = "lightning self-attention, without normalization; heads, causal masks, tied weights"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("dims", "integers", "D0,D1,...", "dimensions of a token, before and after every attention layer"),
        FamilyOption(
            "attention_dim", "integers", "A[,A...]", "rows of queries and keys, for all attention layers or for each"
        ),
        FamilyOption("tokens", "integer", "T", "number of tokens"),
        FamilyOption("heads", "integers", "H[,H...]", "heads of all attention layers or of each, summed; default 1"),
        FamilyOption("causal", "flag", "", "a token attends to itself and to those before it only"),
        FamilyOption("tied", "text", "qk|kv|qv|qkv", "which of queries, keys and values of a head are one matrix"),
        FamilyOption("shared_layers", "flag", "", "all layers have the same weights"),
        FamilyOption("residual", "flag", "", "every layer adds its input to its output"),
        FamilyOption("readout", "text", "all|first|last", "which outputs of a sequence count; default all"),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:2408.17221", "arXiv:2604.15632")

    dims: Annotated[tuple[Size, ...], Field(strict=False)]
    attention_dim: Annotated[tuple[Size, ...], Field(strict=False)]
    tokens: Size
    heads: Annotated[tuple[Annotated[int, Field(ge=1, le=MAXIMAL_HEADS)], ...], Field(strict=False)]
    causal: bool = False
    tied: Literal["none", "qk", "kv", "qv", "qkv"] = "none"
    shared_layers: bool = False
    residual: bool = False
    readout: Literal["all", "first", "last"] = "all"

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: one entry of ``attention_dim`` and ``heads`` per layer, the letters of ``tied`` in order."""
        dims = specification.get("dims")
        if dims is None:
            raise SpecError(
                "the key 'dims' is missing; give the dimension of a token before and after every layer: 3,3"
            )
        if not isinstance(dims, list | tuple):
            raise SpecError(f"'dims' is {shown(dims)}; it must be a list of integers such as 3,3")
        if len(dims) < 2:
            raise SpecError(f"'dims' has {len(dims)} entries; a layer needs two, before and after it")
        if len(dims) > MAXIMAL_LAYERS + 1:
            raise SpecError(f"'dims' has {len(dims)} entries; at most {MAXIMAL_LAYERS + 1} are supported")
        if "tokens" not in specification:
            raise SpecError("the key 'tokens' is missing; give the number of tokens, for example 2")
        specification["tied"] = tied = _ordered_ties(specification.get("tied", "none"))
        layers = len(dims) - 1
        given = specification.get("attention_dim")
        if given is None and "v" not in tied:
            raise SpecError("the key 'attention_dim' is missing; give the number of rows of queries and keys")
        specification["attention_dim"] = (
            list(dims[1:]) if given is None else _for_each_layer(given, layers, "attention_dim")
        )
        heads = specification.get("heads")
        specification["heads"] = _for_each_layer(1 if heads is None else heads, layers, "heads")
        return specification

    @model_validator(mode="after")
    def _shapes_fit(self) -> Self:
        layers = self._layers()
        if "v" in self.tied and self.attention_dim != self.dims[1:]:
            raise SpecError(
                f"'tied' is '{self.tied}', which makes values as large as queries and keys; "
                f"'attention_dim' must be {','.join(map(str, self.dims[1:]))[:60]}, or be left out"
            )
        for flag in ("residual", "shared_layers"):
            if getattr(self, flag) and len(set(self.dims)) > 1:
                raise SpecError(f"'{flag}' needs layers whose inputs and outputs have one shape; 'dims' must be equal")
        if self.shared_layers and len(set(zip(self.attention_dim, self.heads, strict=True))) > 1:
            raise SpecError("'shared_layers' needs one 'attention_dim' and one number of 'heads' for all layers")
        listed = sum(h * self.tokens * (a + (self.tokens if self.causal else 0)) for _, _, a, h in layers)
        if listed > MAXIMAL_LISTED_ENTRIES:
            raise SpecError(
                f"the keys{' and masked scores' if self.causal else ''} of all heads have {listed} entries; "
                f"at most {MAXIMAL_LISTED_ENTRIES} are supported, take fewer tokens or heads"
            )
        return self

    def _layers(self) -> list[tuple[int, int, int, int]]:
        """Returns (d, d', a, heads) for every layer."""
        return [
            (*pair, a, h)
            for pair, a, h in zip(itertools.pairwise(self.dims), self.attention_dim, self.heads, strict=True)
        ]

    @property
    def sees_one_token(self) -> bool:
        """Whether the output depends on one token only."""
        return self.tokens == 1 or (self.causal and self.readout == "first")

    @property
    def label(self) -> str:
        """For example ``attention-3.3-a2-t2``, ``attention-4.4.4-a2-t3-h2-causal-qk-residual-first``."""
        sizes = [
            "-" + ".".join(map(str, self.dims)),
            "-a" + _shortened(self.attention_dim),
            f"-t{self.tokens}",
            "-h" + _shortened(self.heads) if set(self.heads) != {1} else "",
        ]
        text = "".join(sizes)
        if len(text) > 40:
            text = f"-{len(self.heads)}layers." + hashlib.sha256(text.encode("ascii")).hexdigest()[:8]
        flags = [name for name in ("causal", "residual") if getattr(self, name)]
        flags += ["shared"] if self.shared_layers else []
        flags += [name for name in (self.tied, self.readout) if name not in ("none", "all")]
        return self.family + text + "".join(f"-{flag}" for flag in flags)

    def network(self) -> Network:
        """Returns the graph: parameters Q_1, K_1, V_1, Q_2, ..., with several heads Q_1_1, K_1_1, V_1_1, Q_1_2, ...

        Of tied matrices the first name stays, and shared layers have the names of layer 1.
        """
        builder = NetworkBuilder()
        value = builder.input((self.dims[0], self.tokens))
        matrices: list[tuple[int, int, int]] = []
        layers = self._layers()
        for layer, (d, outputs, a, heads) in enumerate(layers, start=1):
            if layer == 1 or not self.shared_layers:
                suffixes = [f"_{layer}" if heads == 1 else f"_{layer}_{head}" for head in range(1, heads + 1)]
                matrices = [self._parameters(builder, suffix, d, outputs, a) for suffix in suffixes]
            column = {"first": 0, "last": self.tokens - 1}.get(self.readout) if layer == len(layers) else None
            query = value
            if column is not None:
                query = builder.gather([value], range(column, d * self.tokens, self.tokens), (d,))
            terms = [self._head(builder, value, query, head, column) for head in matrices]
            terms += [query] if self.residual else []
            value = terms[0] if len(terms) == 1 else builder.sum(*terms)
        return builder.finish(value)

    def _parameters(self, builder: NetworkBuilder, suffix: str, d: int, outputs: int, a: int) -> tuple[int, int, int]:
        """Returns the nodes Q, K, V of one head, of which tied ones are equal."""
        nodes: dict[str, int] = {}
        for letter in "QKV":
            if letter.lower() not in self.tied or not any(other.lower() in self.tied for other in nodes):
                nodes[letter] = builder.parameter(letter + suffix, (outputs if letter == "V" else a, d))
            else:
                nodes[letter] = next(node for other, node in nodes.items() if other.lower() in self.tied)
        return nodes["Q"], nodes["K"], nodes["V"]

    def _head(
        self, builder: NetworkBuilder, tokens: int, query: int, matrices: tuple[int, int, int], column: int | None
    ) -> int:
        """Returns (V X) S for S = (K X)^T (Q X), or one column of it for one column of X as the query."""
        q, k, v = matrices
        keys = builder.transpose(builder.matmul(k, tokens))
        scores = builder.matmul(keys, builder.matmul(q, query))
        t = self.tokens
        if self.causal and column is None and t > 1:
            mask = [i * t + j if i <= j else -1 for i in range(t) for j in range(t)]
            scores = builder.gather([scores], mask, (t, t))
        elif self.causal and column is not None and column < t - 1:
            scores = builder.gather([scores], [i if i <= column else -1 for i in range(t)], (t,))
        return builder.matmul(builder.matmul(v, tokens), scores)

    @classmethod
    def recognize(cls, network: Network) -> Architecture | None:
        """Returns the attention network that a graph in normal form may be, for a comparison of normal forms to decide."""
        from neuroalg_cli.recognizing.reading_attention import proposal  # noqa: PLC0415

        specification = proposal(network)
        return None if specification is None else cls.from_specification(specification)

    def expected_dimension(self, phi: PolynomialMap) -> int:
        """Returns min(count, ambient dimension).

        The count adds up the layers, each with the expected dimension of its own functions (`layer_dimension`), and takes away
        what a change of basis between two layers moves: GL(d_i), V_i -> g V_i and (Q, K, V)_{i+1} -> (Q, K, V)_{i+1} g^-1, or
        the orthogonal similitudes where Q = K = V.  There is none if layers are residual or shared.  Before that the hidden
        d_i are cut down to what the layer before can fill and, if values are not tied, to what the layer behind reads, the
        number of rows of its Q, K and V; this changes no function.
        """
        layers = self._layers()
        if self.shared_layers:
            layers = layers[:1]
        hidden = 0
        if not self.residual and not self.shared_layers:
            dims = self._effective_dims()
            layers = [(*pair, *layer[2:]) for pair, layer in zip(itertools.pairwise(dims), layers, strict=True)]
            hidden = sum(n * (n - 1) // 2 + 1 if self.tied == "qkv" else n * n for n in dims[1:-1])
        count = sum(layer_dimension(*layer, self.tied, is_single=self.sees_one_token) for layer in layers) - hidden
        return count if phi.ambient_dimension is None else min(count, phi.ambient_dimension)

    def _effective_dims(self) -> tuple[int, ...]:
        """Returns the dimensions with the hidden ones cut down to what is filled and read."""
        dims = list(self.dims)
        rows = 1 if self.tied == "qk" else 2
        before: list[int] = []
        while dims != before:
            before = list(dims)
            for i in range(1, len(dims) - 1):
                forms = form_dimension(dims[i - 1], is_symmetric=self.sees_one_token or self.tied in ("qk", "qkv"))
                dims[i] = min(dims[i], min(self.heads[i - 1], forms) * dims[i - 1])
                if "v" not in self.tied:
                    dims[i] = min(dims[i], self.heads[i] * (rows * self.attention_dim[i] + dims[i + 1]))
        return tuple(dims)

    def finite_symmetries(self) -> tuple[str, ...]:
        """Returns the permutations of heads and, over C, the cube roots of unity that scale Q = K = V."""
        layers = self.heads[:1] if self.shared_layers else self.heads
        result = [f"permutations of the {heads} heads of layer {i}" for i, heads in enumerate(layers, 1) if heads > 1]
        if self.tied == "qkv":
            result.append("every Q = K = V times a cube root of unity (over C)")
        return tuple(result)

    def conventions(self) -> tuple[str, ...]:
        """Returns what the columns, the scores and the coordinates are."""
        return (
            "columns of the input are tokens; output token j is the sum over i of V x_i (K x_i).(Q x_j), without normalization",
            "ambient space: one coordinate per entry of the output and monomial in the input that is not identically zero",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says that with one token only the symmetric part of K^T Q acts."""
        if self.sees_one_token:
            return ("the output depends on one token only, so that only the symmetric part of K^T Q matters",)
        return ()


def form_dimension(d: int, *, is_symmetric: bool) -> int:
    """Returns the dimension of all bilinear forms on tokens, or of the symmetric ones."""
    return d * (d + 1) // 2 if is_symmetric else d * d


def layer_dimension(d: int, outputs: int, a: int, heads: int, tied: str, *, is_single: bool) -> int:
    """Returns the expected dimension of the functions of one layer: exact for one head, see `head_dimension`.

    It is at most the dimension of all polynomials of this shape: those quadratic in x_i and linear in x_j or, if only one
    token matters, cubic.  The span of A_1, ..., A_h, a projective space of dimension h - 1, meets the forms of bounded rank, of
    codimension c, in dimension h - 1 - c; if that is positive, each A_i can move in it, while the V_i follow.
    """
    forms = form_dimension(d, is_symmetric=is_single or tied == "qk")
    everything = outputs * (d * (d + 1) * (d + 2) // 6 if is_single else d * d * (d + 1) // 2)
    count = heads * head_dimension(d, outputs, a, tied, is_single=is_single)
    codimension = forms - score_dimension(d, a, tied, is_single=is_single)
    if tied in ("none", "qk") or (tied != "qkv" and codimension == 0):
        heads = min(heads, outputs * d, forms) if codimension == 0 else heads
        count = heads * (outputs * d + forms - codimension - 1 - max(0, heads - 1 - codimension))
    return min(count, everything)


def head_dimension(d: int, outputs: int, a: int, tied: str, *, is_single: bool) -> int:
    """Returns the dimension of the functions of one head: of the pairs (V, A), A = K^T Q, up to (c V, A/c).

    ``is_single``: whether the output depends on one token only, so that A counts by its symmetric part.  The proof is in
    `neuroalg_cli.theorems.attention`.
    """
    return outputs * d if tied == "qkv" else outputs * d + score_dimension(d, a, tied, is_single=is_single) - 1


def score_dimension(d: int, a: int, tied: str, *, is_single: bool) -> int:
    """Returns the dimension of the matrices A = K^T Q of one head, or of their symmetric parts; a is d' if V is tied.

    For A = V^T Q or K^T V it is that of the matrices with one and the same general V.
    """
    k = min(a, d)
    if "v" in tied:  # Q moves by the kernel of Q -> V^T Q, or of Q -> its symmetric part
        return symmetric_dimension(k, d) if is_single else k * d
    if tied == "qk":  # K^T K, the symmetric matrices of rank at most a
        return symmetric_dimension(k, d)
    if is_single:  # quadratic forms of rank at most 2a: sums of a products of linear forms
        return symmetric_dimension(min(2 * a, d), d)
    return k * (2 * d - k)


def symmetric_dimension(k: int, d: int) -> int:
    """Returns the dimension of the symmetric d x d matrices of rank at most k, or of sums of k given and k free linear forms.

    Both are k d - k(k-1)/2: the sums v_1 q_1 + ... + v_k q_k for fixed independent v_i are the forms in the ideal of the v_i.
    """
    return k * d - k * (k - 1) // 2


def _ordered_ties(value: Any) -> str:
    """Returns the letters of ``tied`` in lower case and the order q, k, v."""
    if value is None or value == "none":
        return "none"
    text = value.lower() if isinstance(value, str) else ""
    if len(set(text)) != len(text) or frozenset(text) not in _TIES:
        raise SpecError(f"'tied' is {shown(value)}; it must be qk, kv, qv, qkv or none")
    return _TIES[frozenset(text)]


def _for_each_layer(value: Any, layers: int, key: str) -> list[Any]:
    """Returns one entry per layer from a single value, a list of one, or a list of that length."""
    entries = list(value) if isinstance(value, list | tuple) else [value]
    if len(entries) == 1:
        return entries * layers
    if len(entries) != layers:
        raise SpecError(f"'{key}' has {len(entries)} entries for {layers} layers; give one, or one for each")
    return entries


def _shortened(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers[:1] if len(set(numbers)) == 1 else numbers))


ARCHITECTURE = LightningSelfAttention


def attention(
    dims: list[int] | tuple[int, ...],
    attention_dim: int | list[int] | None = None,
    *,
    tokens: int,
    heads: int | list[int] = 1,
    causal: bool = False,
    tied: str = "none",
    shared_layers: bool = False,
    residual: bool = False,
    readout: str = "all",
) -> LightningSelfAttention:
    """Returns the lightning self-attention network with these dimensions of a token before and after every layer.

    ``attention_dim`` may be left out where values are tied.  Raises `SpecError` for impossible descriptions.
    """
    specification: dict[str, Any] = {
        "dims": plain_integers(dims),
        "tokens": plain_integers(tokens),
        "heads": plain_integers(heads),
        "causal": causal,
        "tied": tied,
        "shared_layers": shared_layers,
        "residual": residual,
        "readout": readout,
    }
    if attention_dim is not None:
        specification["attention_dim"] = plain_integers(attention_dim)
    result = LightningSelfAttention.from_specification(specification)
    assert isinstance(result, LightningSelfAttention)
    return result
