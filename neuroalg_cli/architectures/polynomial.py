"""A user's own model: outputs that are polynomials in named parameters and named inputs.

Definitions are evaluated in order and never expanded, so that deep models stay small.  Without inputs the outputs are the
coordinates themselves, and the neurovariety is the closure of the image of a polynomial map.  Names never reach an engine: the
graph has names of its own.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from neuroalg_cli.architecture import Architecture, FamilyOption
from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.polynomial_grammar import (
    MAXIMAL_MODEL_LENGTH,
    ModelReader,
    Monomial,
    Polynomial,
    Shapes,
    polynomial_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAXIMAL_ENTRIES = 100_000
MAXIMAL_OUTPUTS = 10_000
MAXIMAL_DEFINITIONS = 1_000
_MAXIMAL_NAME = 50
_MAXIMAL_DIGITS = 9
#: summands are added so many at a time, by a product of matrices
_SUMMANDS = 16
_DECLARATION = re.compile(r"([^\W\d]\w*)\s*(?:\[\s*([0-9]+)\s*(?:,\s*([0-9]+)\s*)?\])?")
_COMMA_OUTSIDE_BRACKETS = re.compile(r",(?![^\[\],]*(?:,[^\[\],]*)?\])")
_KEYS = ("parameters", "inputs", "lets", "outputs")
_Texts = Annotated[tuple[str, ...], Field(strict=False)]


class PolynomialModel(Architecture):
    """Declared names, definitions and outputs, all in canonical form: every polynomial is multiplied out, definitions are not."""

    family: ClassVar[str] = "polynomial"
    summary: ClassVar[str] = "a model of your own: outputs that are polynomials in named parameters and inputs"
    options: ClassVar[tuple[FamilyOption, ...]] = (
        FamilyOption("parameters", "texts", "A,B[2],W[2,3]", "names of parameters: scalars, vectors and matrices"),
        FamilyOption(
            "inputs", "texts", "X,Y[3]", "names of inputs, in the same way; none: the outputs are coordinates"
        ),
        FamilyOption("lets", "texts", "H=POLY,...", "definitions in order, for use in later ones and in the outputs"),
        FamilyOption(
            "outputs", "texts", "POLY,...", "outputs such as 'a*x^2 + W[1,2]*y', in parameters, inputs and lets"
        ),
    )
    references: ClassVar[tuple[str, ...]] = ("arXiv:2501.18915",)

    parameters: _Texts = ()
    inputs: _Texts = ()
    lets: _Texts = ()
    outputs: _Texts

    @classmethod
    def prepare(cls, specification: dict[str, Any]) -> dict[str, Any]:
        """Returns the fields: lists of texts, where one text may hold several, separated by commas."""
        if "outputs" not in specification:
            raise SpecError("the key 'outputs' is missing; write for example outputs = [\"a*x^2 + b*y\"]")
        return {key: _texts(value, key) if key in _KEYS else value for key, value in specification.items()}

    @model_validator(mode="before")
    @classmethod
    def _canonical_form(cls, fields: Any) -> Any:
        if not isinstance(fields, dict) or not all(_is_texts(fields.get(key, ())) for key in _KEYS):
            return fields  # the types of the fields refuse it
        found = _model(*(tuple(fields.get(key, ())) for key in _KEYS))
        return {**fields, **found.canonical()}

    @property
    def label(self) -> str:
        """For example ``polynomial-1f83a2b0``."""
        text = "\n".join("\t".join(getattr(self, key)) for key in _KEYS)
        return f"{self.family}-" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]

    def network(self) -> Network:
        """Returns the graph: one parameter tensor per name in the order of the declaration, all inputs in one vector."""
        return _network(_model(self.parameters, self.inputs, self.lets, self.outputs))

    def conventions(self) -> tuple[str, ...]:
        """Returns how the ambient space is counted for this family."""
        coordinates = "output and monomial in the inputs whose coefficient" if self.inputs else "output that"
        return (
            f"ambient space: one coordinate per {coordinates} is not identically zero",
            "the variety need not be a cone; its dimension is affine",
        )

    def remarks(self) -> tuple[str, ...]:
        """Says which parameters occur nowhere."""
        model = _model(self.parameters, self.inputs, self.lets, self.outputs)
        occurring = (name for p in (*model.lets.values(), *model.outputs) for monomial in p for name, _ in monomial)
        used = {name.partition("[")[0] for name in occurring}
        unused = [name for name in model.parameters if name not in used]
        if not unused:
            return ()
        listed = ", ".join(map(shown, unused[:5])) + ", ..." * (len(unused) > 5)
        if len(unused) == 1:
            return (f"the parameter {listed} occurs in no output",)
        return (f"{len(unused)} of the parameters occur in no output: {listed}",)


@dataclass(frozen=True, slots=True)
class _Model:
    """What the texts mean."""

    parameters: Shapes
    inputs: Shapes
    lets: dict[str, Polynomial]
    outputs: tuple[Polynomial, ...]

    def canonical(self) -> dict[str, tuple[str, ...]]:
        """Returns the canonical texts."""
        scalars = itertools.chain(_entries(self.parameters), _entries(self.inputs), self.lets)
        order = {name: position for position, name in enumerate(scalars)}
        return {
            "parameters": tuple(_declaration(*item) for item in self.parameters.items()),
            "inputs": tuple(_declaration(*item) for item in self.inputs.items()),
            "lets": tuple(f"{name}={polynomial_text(p, order)}" for name, p in self.lets.items()),
            "outputs": tuple(polynomial_text(p, order) for p in self.outputs),
        }


@functools.lru_cache(maxsize=16)
def _model(
    parameters: tuple[str, ...], inputs: tuple[str, ...], lets: tuple[str, ...], outputs: tuple[str, ...]
) -> _Model:
    """Returns what texts mean; raises `SpecError` that names the first that means nothing."""
    if not outputs:
        raise SpecError("'outputs' is empty; write at least one polynomial, for example outputs = [\"a*x^2 + b*y\"]")
    if len(outputs) > MAXIMAL_OUTPUTS:
        raise SpecError(f"'outputs' has {len(outputs)} entries; at most {MAXIMAL_OUTPUTS} are supported")
    length = sum(map(len, itertools.chain(parameters, inputs, lets, outputs)))
    if length > MAXIMAL_MODEL_LENGTH:
        raise SpecError(f"the model has {length} characters; at most {MAXIMAL_MODEL_LENGTH} are supported")
    if len(lets) > MAXIMAL_DEFINITIONS:
        raise SpecError(f"'lets' has {len(lets)} entries; at most {MAXIMAL_DEFINITIONS} are supported")
    shapes: Shapes = {}
    declared = {key: _declared(texts, key, shapes) for key, texts in (("parameters", parameters), ("inputs", inputs))}
    reader = ModelReader(shapes)
    definitions: dict[str, Polynomial] = {}
    for number, text in enumerate(lets, start=1):
        left, equals, right = unicodedata.normalize("NFC", text).partition("=")
        if not equals or not right.strip():
            raise SpecError(
                f"'lets' has the entry {shown(text)}, which defines nothing; write for example h = a*x + b*y"
            )
        name, shape = _parsed_declaration(left, "lets")
        if shape:
            raise SpecError(f"'lets' defines {shown(left.strip())}; only scalars can be defined, such as h = a*x + b*y")
        _refuse_known(name, shapes, "lets")
        definitions[name] = reader.read(right, f"let {number}")
        shapes[name] = ()
    read = tuple(
        reader.read(unicodedata.normalize("NFC", text), f"output {number}")
        for number, text in enumerate(outputs, start=1)
    )
    return _Model(declared["parameters"], declared["inputs"], definitions, read)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)


def _texts(value: Any, key: str) -> tuple[str, ...]:
    """Returns texts from one text or a list of them, which commas separate further, except those of indices."""
    entries = [value] if isinstance(value, str) else value
    if not _is_texts(entries):
        raise SpecError(f"'{key}' is {shown(value)}; it must be a list of texts")
    joined = ",".join(entries)
    if not joined.strip():
        return ()
    parts = tuple(part.strip() for part in _COMMA_OUTSIDE_BRACKETS.split(joined))
    if not all(parts):
        raise SpecError(f"'{key}' has an empty entry; separate entries by one comma")
    return parts


def _parsed_declaration(text: str, key: str) -> tuple[str, tuple[int, ...]]:
    """Returns the name and the sizes that a text such as ``W[2,3]`` declares."""
    found = _DECLARATION.fullmatch(unicodedata.normalize("NFC", text.strip()))
    if not found:
        example = "h = a*x + b*y" if key == "lets" else "a, b[2] or W[2,3]"
        raise SpecError(f"'{key}' has the entry {shown(text)}, which declares no name; write for example {example}")
    name, *sizes = found.groups()
    if len(name) > _MAXIMAL_NAME:
        raise SpecError(
            f"'{key}' has a name of {len(name)} characters, {shown(name)}; at most {_MAXIMAL_NAME} are allowed"
        )
    given = [size for size in sizes if size is not None]
    if any(len(size) > _MAXIMAL_DIGITS or int(size) > MAXIMAL_ENTRIES for size in given):
        raise SpecError(f"'{key}' has the entry {shown(text)}; at most {MAXIMAL_ENTRIES} entries are supported")
    shape = tuple(map(int, given))
    if 0 in shape:
        raise SpecError(f"'{key}' has the entry {shown(text)}; the sizes of vectors and matrices must be at least 1")
    return name, shape


def _declared(texts: Iterable[str], key: str, known: Shapes) -> Shapes:
    """Returns the shapes of the names that texts declare, and adds them to the known ones."""
    result: Shapes = {}
    for text in texts:
        name, shape = _parsed_declaration(text, key)
        _refuse_known(name, known, key)
        known[name] = result[name] = shape
    total = sum(map(math.prod, result.values()))
    if total > MAXIMAL_ENTRIES:
        raise SpecError(f"'{key}' has {total} entries in all; at most {MAXIMAL_ENTRIES} are supported")
    return result


def _refuse_known(name: str, known: Shapes, key: str) -> None:
    if name in known:
        raise SpecError(f"'{key}' has the name {shown(name)}, which was given before; give every name once")


def _declaration(name: str, shape: tuple[int, ...]) -> str:
    return name + (f"[{','.join(map(str, shape))}]" if shape else "")


def _entries(shapes: Shapes) -> list[str]:
    """Returns the names of all entries, row by row, as polynomials have them."""
    result: list[str] = []
    for name, shape in shapes.items():
        indices = itertools.product(*(range(1, size + 1) for size in shape))
        result.extend(_declaration(name, index) for index in indices)
    return result


def _network(model: _Model) -> Network:
    graph = _Graph(model)
    level: dict[str, int] = {}
    for name, p in model.lets.items():
        level[name] = 1 + max((level.get(variable, 0) for monomial in p for variable, _ in monomial), default=0)
    for _, names in itertools.groupby(sorted(level, key=level.__getitem__), key=level.__getitem__):
        together = list(names)  # definitions that do not need each other are one vector
        node = graph.evaluate([model.lets[name] for name in together])
        graph.place(together, node, kind=node)
    return graph.builder.finish(graph.evaluate(model.outputs))


def _degree(monomial: Monomial) -> int:
    return sum(exponent for _, exponent in monomial)


def _halves(monomial: Monomial) -> tuple[Monomial, Monomial]:
    """Returns the variable of a power and 1; for other monomials (h, r) with h^2 r, or with h r where no exponent is above 1."""
    if len(monomial) == 1:
        return ((monomial[0][0], 1),), ()
    if all(exponent == 1 for _, exponent in monomial):
        return monomial[:-1], monomial[-1:]
    return tuple((v, e // 2) for v, e in monomial if e > 1), tuple((v, 1) for v, e in monomial if e % 2)


class _Graph:
    """Evaluates vectors of polynomials in placed scalars.

    Monomials in parameters, in inputs and in definitions are products of smaller ones; the entries of a node have one degree, so
    that the graph knows all degrees.  The sums of terms are products of matrices with the vector of ones.
    """

    def __init__(self, model: _Model) -> None:
        self.builder = NetworkBuilder()
        self.kinds: dict[str, int] = {}
        #: node and position of the monomials that were evaluated, single variables first of all
        self.places: dict[Monomial, tuple[int, int]] = {}
        inputs = _entries(model.inputs)
        node = self.builder.input((max(len(inputs), 1),))  # the first node, so that every output comes behind it
        self.place(inputs, node, kind=node)
        for number, (name, shape) in enumerate(model.parameters.items(), start=1):
            self.place(_entries({name: shape}), self.builder.parameter(f"w_{number}", shape or (1,)), kind=-1)
        self.any = (0, 0)

    def place(self, names: Sequence[str], node: int, kind: int) -> None:
        """Says that the entries of a node are the values of variables; those of one kind have one degree in the input."""
        self.kinds.update(dict.fromkeys(names, kind))
        self.places.update({((name, 1),): (node, position) for position, name in enumerate(names)})

    def evaluate(self, polynomials: Sequence[Polynomial]) -> int:
        """Returns a vector with the values of polynomials."""
        common = math.lcm(*(c.denominator for p in polynomials for c in p.values()))
        groups: dict[Any, list[tuple[int, int, list[Monomial]]]] = {}
        for row, polynomial in enumerate(polynomials):
            for monomial, coefficient in polynomial.items():
                kinds = sorted({self.kinds[name] for name, _ in monomial})
                parts = [tuple(f for f in monomial if self.kinds[f[0]] == kind) for kind in kinds]
                pattern = tuple((kind, _degree(part)) for kind, part in zip(kinds, parts, strict=True))
                groups.setdefault(pattern, []).append((row, int(coefficient * common), parts))
        self._place_monomials({part for terms in groups.values() for _, _, parts in terms for part in parts})
        rows: list[list[tuple[int, int]]] = [[] for _ in polynomials]
        for terms in groups.values():
            node = self._terms(terms)
            for position, (row, _, _) in enumerate(terms):
                rows[row].append((node, position))
        return self.builder.polynomial(self._sums(rows), [(1, Fraction(1, common))])

    def _place_monomials(self, wanted: set[Monomial]) -> None:
        """Evaluates monomials of degree at least 2 in variables of one kind, and the smaller ones of which they are products."""
        groups: dict[Any, set[Monomial]] = {}
        waiting = [monomial for monomial in wanted if monomial not in self.places]
        seen = set(waiting)
        while waiting:
            monomial = waiting.pop()
            halves = _halves(monomial)
            key = (_degree(monomial), self.kinds[monomial[0][0]], len(monomial) == 1, *map(_degree, halves))
            groups.setdefault(key, set()).add(monomial)
            smaller = {half for half in halves if half and half not in self.places} - seen
            seen |= smaller
            waiting += smaller
        for key in sorted(groups):
            monomials = sorted(groups[key])
            pairs = [_halves(monomial) for monomial in monomials]
            node = self._pick([self.places[first] for first, _ in pairs])
            if key[2]:
                node = self.builder.polynomial(node, [(key[0], Fraction(1))])
            elif 2 * key[3] + key[4] == key[0]:
                node = self.builder.polynomial(node, [(2, Fraction(1))])
            if key[4]:
                node = self.builder.product(node, self._pick([self.places[second] for _, second in pairs]))
            self.places.update({monomial: (node, position) for position, monomial in enumerate(monomials)})

    def _terms(self, terms: list[tuple[int, int, list[Monomial]]]) -> int:
        """Returns the vector of terms whose parts have the same degrees."""
        numerators = [numerator for _, numerator, _ in terms]
        result: int | None = None
        for position in range(len(terms[0][2])):
            node = self._pick([self.places[parts[position]] for _, _, parts in terms])
            result = node if result is None else self.builder.product(result, node)
        if result is None:
            return self._constants(numerators)
        if len(set(numerators)) == 1:
            return self.builder.polynomial(result, [(1, Fraction(numerators[0]))])
        return self.builder.product(result, self._constants(numerators))

    def _constants(self, values: Sequence[int]) -> int:
        """Returns a vector of integers."""
        entry = self._pick([self.any])
        distinct = {value: self.builder.polynomial(entry, [(0, Fraction(value))]) for value in dict.fromkeys(values)}
        return self._pick([(distinct[value], 0) for value in values])

    def _pick(self, places: Sequence[tuple[int, int] | None], shape: tuple[int, ...] = ()) -> int:
        """Returns a vector (or another shape) of the given entries of nodes; None is zero."""
        operands = sorted({place[0] for place in places if place}) or [self.any[0]]
        sizes = [math.prod(self.builder.shape(operand)) for operand in operands]
        starts = dict(zip(operands, itertools.accumulate(sizes, initial=0), strict=False))
        indices = [starts[place[0]] + place[1] if place else -1 for place in places]
        shape = shape or (len(places),)
        if len(operands) == 1 and indices == list(range(sizes[0])) and self.builder.shape(operands[0]) == shape:
            return operands[0]
        return self.builder.gather(operands, indices, shape)

    def _sums(self, rows: list[list[tuple[int, int]]]) -> int:
        """Returns the vector of the sums of the entries of every row."""
        while (longest := max(map(len, rows))) > 1:
            width = min(longest, _SUMMANDS)
            chunks = [[row[i : i + width] for i in range(0, len(row), width)] for row in rows]
            padded: list[tuple[int, int] | None] = []
            for chunk in itertools.chain.from_iterable(chunks):
                padded += [*chunk, *[None] * (width - len(chunk))]
            node = self.builder.matmul(self._pick(padded, (len(padded) // width, width)), self._constants([1] * width))
            numbers = itertools.count()
            rows = [[(node, next(numbers)) for _ in chunk] for chunk in chunks]
        return self._pick([row[0] if row else None for row in rows])


ARCHITECTURE = PolynomialModel


def polynomial(
    outputs: str | Sequence[str],
    parameters: str | Sequence[str] = (),
    inputs: str | Sequence[str] = (),
    *,
    lets: str | Sequence[str] = (),
) -> PolynomialModel:
    """Returns the model with the given outputs, for example ``polynomial("a*x^2 + W[1,2]*y", "a, W[1,2]", "x, y")``.

    Raises `SpecError` for names and polynomials that mean nothing.
    """
    specification = {"parameters": parameters, "inputs": inputs, "lets": lets, "outputs": outputs}
    result = PolynomialModel.from_specification(specification)
    assert isinstance(result, PolynomialModel)
    return result
