"""Containment: weights that give a function, weights that give another network, an equation that separates.  All over Q.

Claim: V, the Zariski closure of { f_w : w }, contains a candidate, a function or all functions of another network; or it does
not.

``coordinates``  f_w is expanded in Q[w, x] and has no term x^a in an output where the candidate has one.
``preimage``     f_w is expanded in Q[x] at the stated weights, and is the candidate.
``embedding``    The parameters of the network are replaced by numbers and parameters v of the other one; both are expanded in
                 Q[v, x] and are equal.
``equations``    A polynomial g in the coefficients of f_w, by output, then by falling exponent vector, those that are zero
                 identically left out, in front of them 1 where the projective closure is meant.  g(f_w) is expanded in Q[w] and
                 is zero; the value of g at the candidate is not, or at the other network with the stated weights, modulo the
                 stated prime.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx, nmod, nmod_mpoly_ctx

from neuroalg_cli.verifying.mlp import is_specified
from neuroalg_cli.verifying.network import Network
from neuroalg_cli.verifying.refusing import ReportError, integers, require, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_RATIONAL = re.compile(r"-?[0-9]{1,3000}(/[1-9][0-9]{0,2999})?", re.ASCII)
_TERM = re.compile(r"([+-]?)([0-9]+(?:/[0-9]+)?)?\*?((?:x_[0-9]+(?:\^[0-9]+)?\*?)*)", re.ASCII)
_POWER = re.compile(r"x_([0-9]+)(?:\^([0-9]+))?", re.ASCII)
_MAXIMAL_TERMS = 400_000
_MAXIMAL_WORK = 3 * 10**7
#: characters of an equation that a report repeats as text
_MAXIMAL_TEXT = 100_000
#: for reading a graph: a prime beyond all numbers of activations that occur, which nothing is computed with
_PRIME = 2**61 - 1

_Function = dict[tuple[int, tuple[int, ...]], Fraction]


def replay(report: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Returns what was proved, in a sentence; raises `ReportError` with the first reason why a claim is not."""
    value, evidence = claim["value"], claim["evidence"]
    require((claim["invariant"], claim["kind"]) == ("contains", "exact"), "this is no claim about containment")
    require(claim.get("completeness") is None, "a containment lists nothing that could be complete")
    network = _network(report["parametrization"]["network"])
    is_mlp = is_specified(network, report["architecture"])
    decided = value["decided_by"]
    contained = decided in ("preimage", "embedding")
    require(decided in _PROOFS, f"what was decided by '{decided!s:.20}' cannot be replayed")
    same("'contains'", value["contains"], contained)
    require(value["verdict"] == ("in V" if contained else "not in V"), "the verdict is not what was found")
    same("'in_image'", value["in_image"], contained)
    sentence, is_given = _PROOFS[decided](network, evidence)
    _require_shown(value, evidence, network)
    given = "" if is_mlp and is_given else "; the networks are taken as given"
    return f"{value['verdict']}: {sentence}{given}"


def _require_shown(value: Mapping[str, Any], evidence: Mapping[str, Any], network: Network) -> None:
    """Refuses a report that shows an equation, coordinates or weights that are not those of its proof."""
    shown = {key: value[key] for key in ("equation", "coordinates", "weights") if key in value}
    proof: dict[str, Any] = {}
    if value["decided_by"] == "equations":
        stated = evidence["equation"]
        text = _equation_text(stated["terms"], int(not stated["is_projective_closure"]))
        meanings = _meanings(sorted(_support(network), key=lambda key: (key[0], tuple(-e for e in key[1]))))
        proof = {"equation": text if len(text) <= _MAXIMAL_TEXT else None, "coordinates": meanings}
        require(stated["text"] == proof["equation"], "the text of the equation is not that of its terms")
    elif value["decided_by"] == "preimage":
        weights = iter(evidence["weights"])
        tensors = [node for node in network.nodes if node.operation == "parameter"]
        proof = {"weights": {node.name: _tensor(node.shape, weights) for node in tensors}}
    require(shown == proof, "what is shown of the proof is not what it uses")


def _equation_text(terms: Sequence[Any], first: int) -> str:
    """Returns ``y_1*y_3 - 4*y_2^2``; ``first`` is the number of the first variable."""
    result = ""
    for exponents, coefficient in terms:
        factors = [f"y_{k}" if e == 1 else f"y_{k}^{e}" for k, e in enumerate(exponents, start=first) if e]
        number = int(coefficient)
        if abs(number) != 1 or not factors:
            factors.insert(0, str(abs(number)))
        sign = "-" if number < 0 else "+"
        result += f" {sign} {'*'.join(factors)}" if result else "*".join(factors)
    return result


def _meanings(keys: Sequence[tuple[int, tuple[int, ...]]]) -> list[str]:
    """Returns what the coordinates are: ``y_1: coefficient of x_1^2 in output 1``."""
    result = []
    for number, (output, monomial) in enumerate(keys, start=1):
        powers = [f"x_{i}" if e == 1 else f"x_{i}^{e}" for i, e in enumerate(monomial, start=1) if e]
        result.append(f"y_{number}: coefficient of {'*'.join(powers) or '1'} in output {output + 1}")
    return result


def _tensor(shape: Sequence[int], entries: Iterator[Any]) -> list[Any]:
    """Returns entries as nested lists of a shape."""
    if len(shape) <= 1:
        return [next(entries) for _ in range(prod(shape))]
    return [_tensor(shape[1:], entries) for _ in range(shape[0])]


def _network(graph: Mapping[str, Any]) -> Network:
    """Returns the program of a graph."""
    sizes = [prod(node["shape"]) for node in graph["nodes"] if node["operation"] == "parameter"]
    network = Network(graph, {"prime": _PRIME, "point": [0] * sum(sizes), "inputs": []})
    require(all(node.operation not in ("reciprocal", "function") for node in network.nodes), "the network divides")
    return network


def _coordinates(network: Network, evidence: Mapping[str, Any]) -> tuple[str, bool]:
    inputs, candidate = len(_inputs(network)), evidence["candidate"]
    exponents = integers(evidence["monomial"]["exponents"], "the exponents of the monomial", 0, 10**6, inputs)
    (output,) = integers([evidence["monomial"]["output"]], "the output", 0, len(network.nodes[network.output].entries))
    require(
        (output, exponents) not in _support(network), "the coefficient is not zero for all functions of the network"
    )
    if "graph" not in candidate:
        require((output, exponents) in _read_function(network, evidence), "the function does not have this term")
        return "a coefficient is zero on V, and not at the function", True
    other, is_mlp = _other(evidence)
    require((output, exponents) in _support(other), "the other network does not have this term")
    return "a coefficient is zero on V, and not for the other network", is_mlp


def _support(network: Network) -> set[tuple[int, tuple[int, ...]]]:
    """Returns the coefficients that are not zero identically."""
    count, inputs = len(network.parameters), len(_inputs(network))
    ring = _ring("w", count + inputs)
    outputs = _expanded(network, ring, ring.gens()[:count], ring.gens()[count : count + inputs])
    return set(_coefficients(outputs, inputs, count))


def _preimage(network: Network, evidence: Mapping[str, Any]) -> tuple[str, bool]:
    weights = [_rational(text) for text in evidence["weights"]]
    require(len(weights) == len(network.parameters), "there are not as many weights as parameters")
    ring = _ring("x", len(_inputs(network)))
    values = [_constant(ring, weight) for weight in weights]
    found = _coefficients(_expanded(network, ring, values, ring.gens()), len(ring.gens()), 0)
    require(found == _read_function(network, evidence), "the function at the weights is another one")
    return "the function is that at the stated weights", True


def _embedding(network: Network, evidence: Mapping[str, Any]) -> tuple[str, bool]:
    other, is_mlp = _other(evidence)
    same("the number of inputs", len(_inputs(other)), len(_inputs(network)))
    count = len(other.parameters)
    ring = _ring("v", count + len(_inputs(network)))
    v, x = ring.gens()[:count], ring.gens()[count:]
    stated = evidence["embedding"]["weights"]
    require(len(stated) == len(network.parameters), "there are not as many weights as parameters")
    values = [
        v[integers([entry], "a parameter of the other network", 0, count)[0]]
        if type(entry) is int
        else _constant(ring, _rational(entry))
        for entry in stated
    ]
    one, two = _expanded(network, ring, values, x), _expanded(other, ring, v, x)
    require(one == two, "the networks compute different functions")
    return f"the functions are those at the stated weights, with {count} parameters free", is_mlp


def _equations(network: Network, evidence: Mapping[str, Any]) -> tuple[str, bool]:
    count, inputs = len(network.parameters), len(_inputs(network))
    ring = _ring("w", count + inputs)
    outputs = _expanded(network, ring, ring.gens()[:count], ring.gens()[count:])
    small = _ring("w", count)
    phi: dict[tuple[int, tuple[int, ...]], dict[tuple[int, ...], Any]] = {}
    for output, entry in enumerate(outputs):
        for vector, coefficient in entry.to_dict().items():
            exponents = tuple(map(int, vector))
            phi.setdefault((output, exponents[count:]), {})[exponents[:count]] = coefficient
    keys = sorted(phi, key=lambda key: (key[0], tuple(-e for e in key[1])))
    is_closure = evidence["equation"]["is_projective_closure"] is True
    terms = _read_equation(evidence["equation"]["terms"], len(keys) + is_closure)
    images = [small.constant(1)] * is_closure + [small.from_dict(phi[key]) for key in keys]
    require(
        not len(_value(terms, images, small.constant(0))),
        "the equation does not vanish on the functions of the network",
    )
    candidate = evidence["candidate"]
    if "graph" in candidate:
        other, is_mlp = _other(evidence)
        same("the number of inputs", len(_inputs(other)), inputs)
        point = _modulo(candidate["graph"], evidence["point"], keys)
        numbers = [point[0] * 0 + 1] * is_closure + point
        require(int(_value(terms, numbers, point[0] * 0)), "the equation vanishes at the point of the other network")
        return "an equation vanishes on V, and not on the functions of the other network", is_mlp
    function = _read_function(network, evidence)
    require(set(function) <= set(keys), "the function has coefficients that are no coordinates")
    rationals = [Fraction(1)] * is_closure + [function.get(key, Fraction(0)) for key in keys]
    require(_value(terms, rationals, Fraction(0)), "the equation vanishes at the function")
    return "an equation vanishes on V, and not at the function", True


_PROOFS: dict[str, Callable[[Network, Mapping[str, Any]], tuple[str, bool]]] = {
    "coordinates": _coordinates,
    "preimage": _preimage,
    "embedding": _embedding,
    "equations": _equations,
}


def _other(evidence: Mapping[str, Any]) -> tuple[Network, bool]:
    """Returns the other network and whether its graph is that of its specification."""
    candidate = evidence["candidate"]
    other = _network(candidate["graph"])
    specification = candidate["network"]
    described = {"specification": specification, "family": specification["family"], "sha256": candidate["sha256"]}
    return other, is_specified(other, described)


def _inputs(network: Network) -> range:
    entries: range = network.nodes[network.input].entries
    return entries


def _ring(letter: str, count: int) -> Any:
    return fmpq_mpoly_ctx.get(tuple(f"{letter}_{i}" for i in range(max(count, 1))), Ordering.lex)


def _constant(ring: Any, number: Fraction) -> Any:
    return ring.constant(1) * fmpq(number.numerator, number.denominator)


def _rational(text: Any) -> Fraction:
    require(isinstance(text, str) and _RATIONAL.fullmatch(text), "a number cannot be read")
    return Fraction(text)


def _expanded(network: Network, ring: Any, parameters: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    """Returns the entries of the output as polynomials, for the given values of parameters and inputs."""
    zero, work = ring.constant(0), 0
    values: dict[int, Any] = {0: ring.constant(1)}
    values |= zip(network.parameters, parameters, strict=True)
    values |= zip(_inputs(network), inputs, strict=True)
    for node in network.nodes[: network.output + 1]:
        terms = [(e, fmpq(c.numerator, c.denominator)) for e, c in node.terms.items()]
        top = max(node.terms, default=1)
        for entry in node.entries:
            if entry in values:
                continue
            pairs = network.steps[entry][1]
            work += 1 + sum(len(values[a]) * len(values[b]) for a, b in pairs)
            z = sum((values[a] * values[b] for a, b in pairs), zero)
            if terms:
                work += len(z) ** min(top, 4)
                require(work <= _MAXIMAL_WORK, "the functions are too long to replay")
                z = sum((c * z**e for e, c in terms), zero)
            require(work <= _MAXIMAL_WORK and len(z) <= _MAXIMAL_TERMS, "the functions are too long to replay")
            values[entry] = z
    return [values[entry] for entry in network.nodes[network.output].entries]


def _coefficients(outputs: Sequence[Any], inputs: int, offset: int) -> _Function:
    return {
        (output, tuple(map(int, exponents))[offset : offset + inputs]): Fraction(int(c.p), int(c.q))
        for output, entry in enumerate(outputs)
        for exponents, c in entry.to_dict().items()
    }


def _read_function(network: Network, evidence: Mapping[str, Any]) -> _Function:
    """Returns the candidate from its texts, sums of terms such as ``-1/2*x_1^2*x_3``."""
    texts, inputs = evidence["candidate"]["function"], len(_inputs(network))
    outputs = len(network.nodes[network.output].entries)
    require(isinstance(texts, list) and len(texts) == outputs, "there is not one polynomial for every output")
    result: _Function = {}
    for output, text in enumerate(texts):
        require(isinstance(text, str) and len(text) <= 10**6, "a polynomial is no text")
        position = 0
        while position < len(text) and text != "0":
            match = _TERM.match(text, position)
            if match is None or match.end() == position or (position and not match[1]) or not (match[2] or match[3]):
                raise ReportError("a polynomial cannot be read")
            exponents = [0] * inputs
            for variable, exponent in _POWER.findall(match[3]):
                (place,) = integers([int(variable)], "an input of a polynomial", 1, inputs + 1)
                exponents[place - 1] += int(exponent or 1)
            key = output, tuple(exponents)
            result[key] = result.get(key, Fraction(0)) + Fraction(match[1] + (match[2] or "1"))
            position = match.end()
    return {key: c for key, c in result.items() if c}


def _read_equation(stated: Any, variables: int) -> list[tuple[tuple[int, ...], int]]:
    require(isinstance(stated, list) and 0 < len(stated) <= _MAXIMAL_TERMS, "the equation has no terms, or too many")
    result = []
    for exponents, coefficient in stated:
        number = _rational(coefficient)
        require(number.denominator == 1, "a coefficient of the equation is no integer")
        result.append((integers(exponents, "the exponents of the equation", 0, 1000, variables), int(number)))
    return result


def _value(terms: list[tuple[tuple[int, ...], int]], values: Sequence[Any], zero: Any) -> Any:
    """Returns the value of an equation."""
    known: dict[tuple[int, ...], Any] = {}
    work = 0
    total = zero
    for exponents, coefficient in terms:
        product, path = zero + 1, [0] * len(values)
        for place, e in enumerate(exponents):
            for _ in range(e):
                path[place] += 1
                key = tuple(path)
                if key not in known:
                    if hasattr(product, "to_dict"):
                        work += len(product) * len(values[place])
                        require(work <= _MAXIMAL_WORK, "the equation is too long to replay")
                    known[key] = product * values[place]
                product = known[key]
        total = total + product * coefficient
    return total


def _modulo(graph: Mapping[str, Any], point: Mapping[str, Any], keys: list[tuple[int, tuple[int, ...]]]) -> list[Any]:
    """Returns the coefficients of a network at a point modulo a prime, in the order of the keys."""
    (prime,) = integers([point["prime"]], "the prime", 2**16, 2**63)
    program = Network(graph, {"prime": prime, "point": point["weights"], "inputs": []})
    inputs = _inputs(program)
    ring = nmod_mpoly_ctx.get(tuple(f"x_{i}" for i in range(len(inputs))), modulus=prime, ordering=Ordering.lex)
    start = {entry: ring.constant(int(value)) for entry, value in program.w.items()}
    values: dict[int, Any] = {0: ring.constant(1)} | start | dict(zip(inputs, ring.gens(), strict=True))
    for entry in range(1, len(program.steps)):
        if entry in values:
            continue
        terms, pairs = program.steps[entry]
        z = sum((values[a] * values[b] for a, b in pairs), ring.constant(0))
        values[entry] = sum((z**e * int(c) for e, c in terms.items()), ring.constant(0)) if terms else z
    result: dict[tuple[int, tuple[int, ...]], int] = {}
    for output, entry in enumerate(program.nodes[program.output].entries):
        for exponents, coefficient in values[entry].to_dict().items():
            result[output, tuple(map(int, exponents))] = int(coefficient)
    return [nmod(result.get(key, 0), prime) for key in keys]
