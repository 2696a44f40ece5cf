"""The degree: neuroalg against elimination and monodromy in Macaulay2, side by side in one run, as ratios.

    python benchmarks/degree.py            the table of the README
    python benchmarks/degree.py --large    larger degrees as well, and the largest one within ten minutes (an hour in all)

Peers are plain Macaulay2 (`peers/elimination.m2`, `peers/monodromy.m2`), with one prime or one seed.  "computing" leaves out the
start of Python and of Macaulay2, "process" is the whole command.  Elimination is stopped after 300 s.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from neuroalg_cli import emission
from neuroalg_cli import engine as engines
from neuroalg_cli.finding import find
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.spec import from_mapping
from neuroalg_cli.symmetry.multidegrees import multidegrees

PEERS = Path(__file__).resolve().parent / "peers"
STOP = 300
CASES: list[dict[str, Any]] = [
    {"family": "mlp", "widths": [3, 3, 1], "activation_degree": 3},
    {"family": "mlp", "widths": [2, 2, 2, 2], "activation_degree": 2},
    {"family": "mlp", "widths": [3, 2, 3], "activation_degree": 2},
    {"family": "cnn", "filters": [2, 2, 2], "activation_degree": 2},
]
LARGE: list[dict[str, Any]] = [
    {"family": "mlp", "widths": [3, 3, 3], "activation_degree": 2},
    {"family": "cnn", "filters": [3, 3, 2], "activation_degree": 2},
]


def neuroalg(case: dict[str, Any], method: str) -> tuple[float, float, int, str]:
    """Returns seconds of the whole process, seconds of computing, the degree, and engine and certainty."""
    command = [
        sys.executable,
        "-m",
        "neuroalg_cli",
        "-q",
        "degree",
        "-",
        "--json",
        "--timeout",
        "15m",
        "--method",
        method,
    ]
    start = time.perf_counter()
    output = subprocess.run(command, input=json.dumps(case), check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - start
    report = json.loads(output)
    claim = report["claims"][0]
    computing = report["volatile"]["claims"][0]["seconds"]
    return (
        seconds,
        computing,
        claim["value"]["degree"],
        f"{claim['method']} on {claim['engine']['name']}, {claim['certainty']}",
    )


def prefix(case: dict[str, Any], field: str, *, graded: bool) -> str:
    """Returns Macaulay2 code that defines W and phi."""
    network = from_mapping(case).network()
    dialect = engines.load("macaulay2").dialect
    polynomials = emission.polynomials([c.polynomial for c in coordinates(network)], dialect).text
    degrees = ""
    if graded:  # the grading by all rescalings, and a heft that makes every degree positive
        rows = [[*map(int, row), 1] for row in multidegrees(network)]
        width = len(rows[0])
        heft = ", ".join(["0"] * (width - 1) + ["1"])
        listed = ", ".join("{" + ", ".join(map(str, row)) + "}" for row in rows)
        degrees = f", Degrees => {{{listed}}}, Heft => {{{heft}}}"
    variables = f"w_1..w_{network.parameter_count}"
    return f"W = {field}[{variables}{degrees}];\nphi = {{{polynomials}}};\n"


def peer(name: str, text: str, seconds: float) -> tuple[float | None, float, int | None]:
    """Returns seconds of computing and of the whole process, and the degree; None where it was stopped."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.m2"
        script.write_text(f'{text}load "{PEERS / name}"\n', "utf-8")
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [*find("macaulay2").command, str(script)],
                capture_output=True,
                text=True,
                timeout=seconds,
                check=True,
                env={"HOME": folder, "PATH": "/usr/bin:/bin"},
            )
        except subprocess.TimeoutExpired:
            return None, seconds, None
        process = time.perf_counter() - start
        found = re.search(r"RESULT (\d+) ([\d.]+)", done.stdout)
        assert found is not None, done.stdout + done.stderr
        return float(found[2]), process, int(found[1])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="larger degrees as well")
    arguments = parser.parse_args()
    print(
        "| network | neuroalg | degree | process | computing | elimination, process | monodromy, computing | ratios |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES + (LARGE if arguments.large else []):
        label = from_mapping(case).label
        elimination = peer("elimination.m2", prefix(case, "ZZ/32003", graded=True), STOP)
        package = 'needsPackage "NumericalImplicitization";\n'
        monodromy = peer("monodromy.m2", package + prefix(case, "CC", graded=False), 2 * STOP)
        for method in ("auto", "slicing"):
            process, computing, degree, how = neuroalg(case, method)
            assert elimination[2] in (None, degree)
            stopped = elimination[2] is None
            shown = f"> {STOP} s" if stopped else f"{elimination[1]:.1f} s"
            ratios = f"{'> ' if stopped else ''}{elimination[1] / process:.0f}, "
            if monodromy[0] is None:
                ratios += "not finished"
            else:
                ratios += f"{monodromy[0] / max(computing, 1e-3):.0f}"
                ratios += "" if monodromy[2] == degree else f" (monodromy says {monodromy[2]})"
            seen = "> 600 s" if monodromy[0] is None else f"{monodromy[0]:.1f} s"
            print(
                f"| {label} | {how} | {degree} | {process:.2f} s | {computing:.3f} s | {shown} | {seen} | {ratios} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
