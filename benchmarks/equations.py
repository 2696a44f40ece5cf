"""Equations, Hilbert functions and large degrees: whole processes, beside a bare Gröbner basis where one can be compared.

    python benchmarks/equations.py

The bare basis is what `msolve` takes for one sliced system modulo one prime, written in the plainest way: the first weight of
each hidden neuron (the first tap of each filter but the last) is 1, and as many dense affine equations as unknowns.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from neuroalg_cli.finding import find
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.spec import from_mapping

PRIME = 2_147_483_629
SQUARE = {"activation_degree": 2}
RUNS: list[tuple[dict[str, Any], list[str]]] = [
    ({"family": "mlp", "widths": [3, 2, 3], **SQUARE}, ["ideal", "--max-degree", "3"]),
    ({"family": "mlp", "widths": [3, 3, 2], **SQUARE}, ["ideal", "--max-degree", "6"]),
    ({"family": "mlp", "widths": [4, 4, 1], "activation_degree": 3}, ["ideal", "--max-degree", "5"]),
    ({"family": "mlp", "widths": [4, 4, 4], **SQUARE}, ["hilbert", "--max-degree", "4"]),
    ({"family": "mlp", "widths": [3, 3, 3], **SQUARE}, ["degree", "--method", "slicing"]),
    ({"family": "cnn", "filters": [3, 3, 2], **SQUARE}, ["degree", "--method", "slicing"]),
    ({"family": "mlp", "widths": [4, 2, 4], **SQUARE}, ["degree", "--method", "slicing"]),
    (
        {"family": "attention", "dims": [3, 3], "attention_dim": 3, "tokens": 2},
        ["degree", "--method", "slicing"],
    ),
]
#: positions of parameters that are set to 1, for the cases with a bare basis
GAUGES = {"mlp-3.3.3-r2": [0, 3, 6], "cnn-3.3.2-r2": [0, 3]}


def neuroalg(case: dict[str, Any], words: list[str]) -> tuple[float, str]:
    """Returns seconds of the whole process, and what it answers."""
    command = [sys.executable, "-m", "neuroalg_cli", "-q", words[0], "-", "--json", "--timeout", "10m", *words[1:]]
    start = time.perf_counter()
    output = subprocess.run(command, input=json.dumps(case), check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - start
    claim = json.loads(output)["claims"][0]
    keys = ("degree", "generators_by_degree", "hilbert_function")
    value = next(claim["value"][key] for key in keys if claim["value"].get(key) is not None)
    return seconds, f"{value} ({claim['certainty']}, {claim['method']} on {claim['engine']['name']})"


def bare_basis(case: dict[str, Any]) -> float | None:
    """Returns the seconds that msolve takes for one dense sliced system; None where there is no gauge to write down."""
    architecture = from_mapping(case)
    gauge = GAUGES.get(architecture.label)
    if gauge is None:
        return None
    network = architecture.network()
    free = [i for i in range(network.parameter_count) if i not in gauge]
    source = random.Random(1)
    lines = []
    for _ in free:
        total: dict[tuple[int, ...], int] = {(0,) * len(free): source.randrange(1, PRIME)}
        for coordinate in coordinates(network):
            factor = source.randrange(1, PRIME)
            for exponents, coefficient in coordinate.polynomial.items():
                key = tuple(exponents[i] for i in free)
                total[key] = (total.get(key, 0) + factor * int(coefficient)) % PRIME
        monomials = [
            "*".join([str(c), *(f"w{i}^{e}" for i, e in enumerate(key) if e)]) for key, c in total.items() if c
        ]
        lines.append("+".join(monomials))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "system.ms"
        names = ",".join(f"w{i}" for i in range(len(free)))
        file.write_text(f"{names}\n{PRIME}\n" + ",\n".join(lines) + "\n", "ascii")
        command = [*find("msolve").command, "-f", str(file), "-o", str(Path(folder) / "basis"), "-g", "1", "-t", "1"]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=900)
        return time.perf_counter() - start


def main() -> None:
    """Prints the table."""
    print("| network | question | answer | process | bare basis, one prime | ratio | peak memory of a child so far |")
    print("|---|---|---|---|---|---|---|")
    for case, words in RUNS:
        seconds, answer = neuroalg(case, words)
        bare = bare_basis(case)
        compared = "" if bare is None else f"{bare:.1f} s"
        ratio = "" if bare is None else f"{seconds / bare:.2f}"
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(
            f"| {from_mapping(case).label} | {' '.join(words)} | {answer} | {seconds:.1f} s | {compared} | {ratio} "
            f"| {peak:.1f} GiB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
