"""Real sizes: `neuroalg dim` on a network of every large family, and what its parts cost.

    python benchmarks/architectures.py [NAME ...]        all cases, or those named; --list names them

"process" and "memory" are of the whole command.  "evaluation" is the time of the Jacobian at as many inputs as the rank needs,
"rank" that of its elimination, both in this process; "estimate" is what the program foretold, over the time of the rank.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import neuroalg_cli as na
from neuroalg_cli.bounding.bounds import upper_bound
from neuroalg_cli.interpreters import modular
from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo
from neuroalg_cli.linear_algebra.generic_rank import estimate
from neuroalg_cli.linear_algebra.random_points import balanced, residues
from neuroalg_cli.parametrization import PolynomialMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.architecture import Architecture

PRIME = 8_388_593
CASES: dict[str, Callable[[], Architecture]] = {
    "mlp 784-30-10": lambda: na.mlp([784, 30, 10], 2),
    "mlp 784-30-10 with biases": lambda: na.mlp([784, 30, 10], 2, biases=True),
    "cnn, 3 x 8 channels, 16 x 16": lambda: na.cnn(["3x3"] * 3, 2, channels=[1, 8, 8, 8], input="16x16"),
    "cnn, 3 x 8 channels, 16 x 16, head 10": lambda: na.cnn(
        ["3x3"] * 3, 2, channels=[1, 8, 8, 8], input="16x16", head=[10]
    ),
    "attention, d 32, a 8, t 8, 2 layers, 4 heads": lambda: na.attention([32, 32, 32], 8, tokens=8, heads=4),
    "the same, residual and causal": lambda: na.attention(
        [32, 32, 32], 8, tokens=8, heads=4, residual=True, causal=True
    ),
}


def whole_process(architecture: Architecture) -> tuple[float, float, dict[str, object]]:
    """Returns seconds, peak memory in GiB and the first claim of one run of the command."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "network.json"
        spec.write_text(json.dumps(architecture.canonical()), encoding="ascii")
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "neuroalg_cli", "-q", "dim", str(spec), "--method", "jacobian"]
        command += ["--memory", "12G", "-o", str(report)]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            raise SystemExit(f"{architecture.label}: exit code {os.waitstatus_to_exitcode(status)}")
        return seconds, usage.ru_maxrss / 2**20, json.loads(report.read_text("utf-8"))["claims"][0]


def parts(architecture: Architecture) -> tuple[float, float, float]:
    """Returns the seconds of the Jacobian, of its rank, and the estimate for both."""
    phi = PolynomialMap(architecture.network())
    w = balanced(residues(0, "benchmark/point", phi.parameter_count, PRIME), PRIME)
    bound = upper_bound(phi.network, w, PRIME).value
    count = -(-bound // phi.network.output_size) + 1
    inputs = residues(0, "benchmark/inputs", count * phi.network.input_size, PRIME)
    start = time.perf_counter()
    matrix = modular.jacobian(phi.network, w, balanced(inputs.reshape(count, -1), PRIME), PRIME)
    evaluated = time.perf_counter()
    rank_modulo(matrix, PRIME, overwrite=True)
    return evaluated - start, time.perf_counter() - evaluated, estimate(phi, bound).seconds


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="the cases to run")
    parser.add_argument("--list", action="store_true", help="name the cases")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(CASES))
        return
    print("| network | parameters | dimension | certainty | process | memory | evaluation | rank | estimate / both |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in arguments.names or CASES:
        architecture = CASES[name]()
        seconds, memory, claim = whole_process(architecture)
        evaluation, rank, foretold = parts(architecture)
        value = claim["value"]
        print(
            f"| {name} | {value['parameters']:,} | {value['dimension']:,} | {claim['certainty']} | {seconds:.1f} s "
            f"| {memory:.1f} GiB | {evaluation:.1f} s | {rank:.1f} s | {foretold / (evaluation + rank):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
