"""Reports for the checker: proofs that were found, graphs of other families, and the steps of somebody who tampers."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import types
from fractions import Fraction

import pytest

from neuroalg_cli import pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.bounding import bounds
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import Question
from neuroalg_cli.symmetry.homogeneity import is_cone
from neuroalg_cli.verifying.blocks import Block
from neuroalg_cli.verifying.network import Network

PRIME = 8388593
SQUARE = ((2, Fraction(1)),)


@functools.cache
def _report_text(widths, options):
    architecture = mlp(list(widths), **{key: list(v) if isinstance(v, tuple) else v for key, v in options})
    report = pipeline.answer(Question("dimension", architecture, method="jacobian", engine="builtin"))
    return json.dumps(report.model_dump(mode="json", by_alias=True))


def proved(*widths, **options):
    """Returns a fresh report about an MLP, as the plain JSON value that a file would give; its first claim is proved."""
    report = json.loads(_report_text(widths, tuple(options.items())))
    assert report["claims"][0]["certainty"] == "proved"
    return report


def handmade(network, inputs=40):
    """Returns a report about any graph, with the evidence that the program's own parts give (the bounds need not meet)."""
    count, n = network.parameter_count, network.input_size
    point, x = residues(0, "point", count, PRIME), residues(0, "inputs", inputs * n, PRIME).reshape(inputs, n)
    w = balanced(point, PRIME)
    rank = rank_modulo(modular.jacobian(network, w, balanced(x, PRIME), PRIME), PRIME)
    upper = bounds.upper_bound(network, w, PRIME)
    ambient = PolynomialMap(network).ambient_dimension
    specification = {"family": "handmade"}
    text = json.dumps(specification, sort_keys=True, separators=(",", ":"))
    return {
        "schema": "neuroalg/report",
        "version": 1,
        "architecture": {
            "family": "handmade",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "specification": specification,
        },
        "parametrization": {"network": network.as_json(), "parameters": count, "coordinates": ambient},
        "claims": [
            {
                "invariant": "dimension",
                "certainty": "proved",
                "kind": "exact",
                "value": {
                    "dimension": rank.rank,
                    "projective_dimension": rank.rank - 1 if rank.rank == ambient or is_cone(network) else None,
                    "parameters": count,
                    "ambient_dimension": ambient,
                    "linear_span_dimension": ambient,
                    "expected_dimension": rank.rank,
                    "defect": 0,
                    "filling": rank.rank == ambient,
                    "generic_fiber_dimension": count - rank.rank,
                },
                "evidence": {
                    "lower_bound": {
                        "value": rank.rank,
                        "prime": PRIME,
                        "point": [int(value) for value in point],
                        "inputs": [[int(value) for value in row] for row in x],
                        "pivot_rows": [int(row) for row in rank.pivot_rows],
                        "pivot_columns": [int(column) for column in rank.pivot_columns],
                    },
                    "upper_bound": upper.evidence,
                },
            }
        ],
    }


def chain(widths, *, terms=SQUARE, shared=False, skip=False):
    """Returns the graph of squares between matrices; with the first matrix used twice, or with a path past the middle."""
    builder = NetworkBuilder()
    x = value = builder.input((widths[0],))
    weights = []
    for layer, (m, n) in enumerate(itertools.pairwise(widths), start=1):
        weight = weights[0] if shared and layer == 2 else builder.parameter(f"W_{layer}", (n, m))
        weights.append(weight)
        value = builder.matmul(weight, value)
        if layer < len(widths) - 1 and terms:
            value = builder.polynomial(value, terms)
    if skip:
        value = builder.sum(value, builder.matmul(builder.parameter("S", (widths[-1], widths[0])), x))
    return builder.finish(value)


def tree(report):
    return report["claims"][0]["evidence"]["upper_bound"]


def lower(report):
    return report["claims"][0]["evidence"]["lower_bound"]


def sign(report):
    """Gives the specification its hash again, as somebody who tampers with it would."""
    specification = report["architecture"]["specification"]
    text = json.dumps(specification, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    report["architecture"]["sha256"] = hashlib.sha256(text.encode("ascii")).hexdigest()


def claim_dimension(report, dimension):
    """States another dimension in all numbers of the claim that depend on it, with a minor of that size."""
    value, evidence = report["claims"][0]["value"], lower(report)
    value["dimension"] = evidence["value"] = tree(report)["value"] = dimension
    value["projective_dimension"] = dimension - 1
    value["generic_fiber_dimension"] = value["parameters"] - dimension
    value["defect"] = value["expected_dimension"] - dimension
    value["filling"] = dimension == value["ambient_dimension"]
    evidence["inputs"] = [[(k + 1) ** (i + 1) for i, _ in enumerate(evidence["inputs"][0])] for k in range(dimension)]
    evidence["pivot_rows"] = evidence["pivot_columns"] = list(range(dimension))


def coordinates(report, start, end):
    """Returns the node of a tree that counts coordinates; the count is the checker's own, so that it is not the reason."""
    nodes = report["parametrization"]["network"]["nodes"]
    program = Network(report["parametrization"]["network"], lower(report))
    first = start + 1 if nodes[start + 1]["operation"] == "polynomial" else start
    value = Block(program, start, end).coordinates(first)
    return {"bound": "coordinates", "from": start, "to": end, "value": value}


def parameters(start, end, count):
    """Returns the node of a tree that counts parameters."""
    return {
        "bound": "symmetries",
        "from": start,
        "to": end,
        "parameters": count,
        "rank": 0,
        "symmetries": [],
        "value": count,
    }


def compose(report, left, right, gain):
    """Gives a report a composition of two bounds, and the dimension that it yields."""
    ends = {"from": left["from"], "cut": left["to"], "to": right["to"]}
    whole = {"bound": "composition", **ends, "gain": gain, "left": left, "right": right}
    report["claims"][0]["evidence"]["upper_bound"] = whole
    claim_dimension(report, left["value"] + right["value"] - gain)
    return report


NAMES = (proved, handmade, chain, tree, lower, sign, claim_dimension, coordinates, parameters, compose)


@pytest.fixture
def reports():
    """Returns the functions of this file by name."""
    return types.SimpleNamespace(**{function.__name__: function for function in NAMES})
