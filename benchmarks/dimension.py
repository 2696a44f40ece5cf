"""The dimension: neuroalg against the published backpropagation in Sage, side by side in one run, as ratios.

    python benchmarks/dimension.py            the table of the README
    python benchmarks/dimension.py --large    the two cases of some 20,000 parameters as well (minutes each)

Peers run in their own engine (`peers/backpropagation_in_sage.py`, in the Sage that neuroalg finds) with one prime, which is
half of what the papers do.  "computing" leaves out the start of Python and of Sage, "process" is the whole command.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.finding import find
from neuroalg_cli.invariants.dimension import JacobianMethod, TheoremMethod
from neuroalg_cli.question import Question

PEER = Path(__file__).resolve().parent / "peers" / "backpropagation_in_sage.py"
CASES = [((10, 10, 10, 1), 2), ((50, 50, 1), 2)]
LARGE = [((100, 100, 100, 10), 2), ((3, 80, 80, 80, 80, 3), 6)]
PRIME = 1_000_003


def whole_process(widths: tuple[int, ...], degree: int, method: str) -> tuple[float, int, float]:
    """Returns seconds, dimension and peak memory in GiB of one run of the command."""
    command = [
        sys.executable,
        "-m",
        "neuroalg_cli",
        "-q",
        "dim",
        "--arch",
        "mlp",
        "--widths",
        ",".join(map(str, widths)),
    ]
    command += ["--activation-degree", str(degree), "--method", method, "--json", "--timeout", "3h"]
    start = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True).stdout
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return seconds, json.loads(output)["claims"][0]["value"]["dimension"], peak


def computing(widths: tuple[int, ...], degree: int, method: JacobianMethod | TheoremMethod) -> float:
    """Returns the median seconds of five answers in this process, after one that is not counted."""
    question = Question("dimension", mlp(widths, degree))
    method.answer(question)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        method.answer(question)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peer(widths: tuple[int, ...], degree: int, variant: str) -> tuple[float, float, int]:
    """Returns computing seconds, whole-process seconds and dimension of the peer."""
    command = [*find("sage").command, str(PEER), ",".join(map(str, widths)), str(degree), variant, str(PRIME)]
    start = time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - start
    found = json.loads(output.splitlines()[-1])
    return found["seconds"], seconds, found["dimension"]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="the two cases of some 20,000 parameters as well")
    arguments = parser.parse_args()
    print(
        "| widths, r | method | dimension | computing | process | peer in Sage, computing | ratio computing | ratio process |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for widths, degree in CASES:
        peers = {variant: peer(widths, degree, variant) for variant in ("evaluate", "coefficients")}
        for name, method in (("jacobian", JacobianMethod()), ("theorem", TheoremMethod())):
            if method.obstacle(Question("dimension", mlp(widths, degree))):
                continue
            inside = computing(widths, degree, method)
            process, dimension, _ = whole_process(widths, degree, name)
            for variant, (peer_inside, peer_process, peer_dimension) in peers.items():
                assert dimension == peer_dimension
                print(
                    f"| {widths}, {degree} | {name} | {dimension} | {inside:.4f} s | {process:.2f} s "
                    f"| {variant} {peer_inside:.2f} s | {peer_inside / inside:.0f} | {peer_process / process:.1f} |"
                )
    for widths, degree in LARGE if arguments.large else ():
        process, dimension, peak = whole_process(widths, degree, "jacobian")
        print(f"| {widths}, {degree} | jacobian | {dimension} | | {process:.0f} s, {peak:.1f} GiB | not run | | |")
    process = statistics.median(whole_process((3, 2, 3), 1, "auto")[0] for _ in range(5))
    starts = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "neuroalg_cli", "--help"], check=True, capture_output=True)
        starts.append(time.perf_counter() - start)
    print(
        f"\n`neuroalg dim` for (3,2,3), whole process: {process:.2f} s; `neuroalg --help`: {statistics.median(starts):.3f} s"
    )


if __name__ == "__main__":
    main()
