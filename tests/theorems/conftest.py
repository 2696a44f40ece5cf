"""Degrees by two computations that know no theorem: elimination, and counting the points of random slices of parameter space."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from flint import nmod_mat

from neuroalg_cli import engine
from neuroalg_cli.execution import execute
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.rendering import render
from neuroalg_cli.running import Limits, RunRequest, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.architecture import Architecture

PRIME = 32003


@pytest.fixture(scope="session")
def degree_by_elimination() -> Callable[[Architecture], int]:
    """Returns the degree of the kernel of the ring map, modulo a prime, in Macaulay2."""

    def degree(architecture: Architecture) -> int:
        network = architecture.network()
        script = render(
            "macaulay2/dimension-groebner",
            coordinates=[coordinate.polynomial for coordinate in coordinates(network)],
            parameters=network.parameter_count,
            characteristic=PRIME,
        )
        answer = execute(script, find("macaulay2"), Limits(wall_seconds=300, memory_bytes=4 * 2**30))
        return int(answer.values["degree"])

    return degree


@pytest.fixture(scope="session")
def degree_by_slicing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Architecture], int]:
    """Returns N/F: points of a coordinate slice of W over a random affine space of complementary dimension, and over a point."""
    folder = tmp_path_factory.mktemp("slices")

    def degree(architecture: Architecture) -> int:
        phi, variables = restricted(architecture)
        source = random.Random(2)
        sections = [[source.randrange(PRIME) for _ in phi] for _ in range(variables)]
        equations = [
            " + ".join(f"{c}*({f})" for c, f in zip(row, phi, strict=True)) + f" - {source.randrange(1, PRIME)}"
            for row in sections
        ]
        point = ", ".join(f"w_{i} => {source.randrange(1, PRIME)}" for i in range(variables))
        text = f"""R = ZZ/{PRIME}[w_0..w_{variables - 1}];
phi = {{{", ".join(phi)}}};
I = ideal({", ".join(equations)});
J = ideal apply(phi, f -> f - sub(sub(f, {{{point}}}), R));
if dim I =!= 0 or dim J =!= 0 then error "positive dimension";
print(degree I, degree J);
"""
        script = folder / "slice.m2"
        script.write_text(text, "utf-8")
        installation = find("macaulay2")
        macaulay2 = engine.load("macaulay2")
        request = RunRequest(
            command=macaulay2.command(installation, script.name),
            directory=folder,
            environment=macaulay2.environment(installation.origin),
            limits=Limits(wall_seconds=300, memory_bytes=4 * 2**30),
        )
        done = run(request)
        assert done.exit_code == 0, done.stderr_tail()
        over_space, over_point = (int(n) for n in done.stdout_tail().strip().strip("()").split(","))
        assert over_space % over_point == 0
        return over_space // over_point

    return degree


def restricted(architecture: Architecture) -> tuple[list[str], int]:
    """Returns the coordinates on a slice, as texts in w_0, w_1, ..., and the number of variables.

    Parameters whose columns of the Jacobian depend on those before are set to random numbers.
    """
    network = architecture.network()
    source = random.Random(1)
    polynomials = [
        {e: c.numerator * pow(c.denominator, -1, PRIME) % PRIME for e, c in coordinate.polynomial.items()}
        for coordinate in coordinates(network)
    ]
    order = list(range(network.parameter_count))
    source.shuffle(order)
    at = [source.randrange(1, PRIME) for _ in order]
    kept: list[int] = []
    columns: list[list[int]] = []
    for i in order:
        column = [sum(value(c * e[i], lowered(e, i), at) for e, c in f.items() if e[i]) % PRIME for f in polynomials]
        if nmod_mat([*columns, column], PRIME).rank() > len(columns):
            columns.append(column)
            kept.append(i)
    names = {i: f"w_{j}" for j, i in enumerate(kept)}
    texts = []
    for f in polynomials:
        terms = []
        for e, c in f.items():
            factors = [f"{names[i]}^{e[i]}" for i in kept if e[i]]
            number = value(c, [0 if i in names else e[i] for i in range(len(e))], at)
            terms.append("*".join([str(number), *factors]))
        texts.append(" + ".join(terms))
    return texts, len(kept)


def lowered(exponents: tuple[int, ...], i: int) -> list[int]:
    return [e - (j == i) for j, e in enumerate(exponents)]


def value(coefficient: int, exponents: list[int], at: list[int]) -> int:
    result = coefficient % PRIME
    for e, number in zip(exponents, at, strict=True):
        result = result * pow(number, e, PRIME) % PRIME
    return result
