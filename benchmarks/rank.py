"""The rank modulo a prime of 23 bits of a random n x n matrix, against the float64 matrix product of the same machine.

    python benchmarks/rank.py                         n = 1000, 4000, 10000 (about three minutes and 2.4 GB)
    python benchmarks/rank.py --sizes 500,1000,2000

Run it on an otherwise idle machine: a BLAS with several threads waits for all of them in each of the rank's many products.
Rank and product take turns in one process, so that both see the same load; times are medians after one round that is not
counted.  "factor" is the median over the rounds of the product's rate over the rank's, for (2/3) n**3 and 2 n**3 operations:
3 * (seconds of the rank) / (seconds of the product).  "growth" is the exponent of n between this row and the one above.
"workspace" is the largest memory that the rank took besides the matrix, as a multiple of the matrix.
FLINT's `nmod_mat.rank`, on a matrix already converted, is the peer up to the size --flint-up-to; it must give the same rank.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
import tracemalloc
from importlib.metadata import version
from typing import TYPE_CHECKING

import flint
import numpy as np

from neuroalg_cli.linear_algebra.exact_linear_algebra import rank_modulo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

#: the largest prime of 23 bits
PRIME = 8388593


def seconds(action: Callable[[], object]) -> tuple[float, object]:
    """Returns the time that an action takes, and what it returns."""
    start = time.perf_counter()
    answer = action()
    return time.perf_counter() - start, answer


def workspace(A: npt.NDArray[np.float64]) -> float:
    """Returns the memory that the rank of A takes besides A, which is destroyed, as a multiple of A."""
    tracemalloc.start()
    rank_modulo(A, PRIME, overwrite=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / A.nbytes


def measure(n: int, rounds: int, flint_up_to: int) -> tuple[float, float, float, float, float | None]:
    """Returns the medians of the rank's seconds, the product's and the factor; workspace; and FLINT's seconds or None."""
    half = PRIME // 2
    original = np.random.default_rng(n).integers(-half, half, (n, n), endpoint=True).astype(np.float64)
    A, product = original.copy(), np.empty_like(original)
    memory = workspace(A)
    np.matmul(original, original, out=product)
    ranks, products = [], []
    for _ in range(rounds):
        np.copyto(A, original)
        spent, answer = seconds(lambda: rank_modulo(A, PRIME, overwrite=True).rank)
        assert answer == n, "a random matrix is singular with probability 1/p; FLINT can tell"
        ranks.append(spent)
        products.append(seconds(lambda: np.matmul(original, original, out=product))[0])
    peer = None
    if n <= flint_up_to:
        converted = flint.nmod_mat(n, n, (original.astype(np.int64) % PRIME).ravel().tolist(), PRIME)
        times = [seconds(converted.rank) for _ in range(min(rounds, 5))]
        assert {answer for _, answer in times} == {n}
        peer = statistics.median(spent for spent, _ in times)
    factor = statistics.median(3 * r / m for r, m in zip(ranks, products, strict=True))
    return statistics.median(ranks), statistics.median(products), factor, memory, peer


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,4000,10000", help="numbers of rows, ascending (default %(default)s)")
    parser.add_argument(
        "--rounds", type=int, help="rounds per size (default: 31 for 1000, fewer for larger, at least 3)"
    )
    parser.add_argument("--flint-up-to", type=int, default=1000, help="largest size for the peer (default %(default)s)")
    arguments = parser.parse_args()
    threads = os.environ.get("OPENBLAS_NUM_THREADS", f"{len(os.sched_getaffinity(0))} processors")
    print(f"numpy {np.__version__}, python-flint {version('python-flint')}, threads of the BLAS: {threads}\n")
    print("| n | rank | float64 product | factor | growth | workspace | FLINT rank | FLINT / ours |")
    print("|---|---|---|---|---|---|---|---|")
    previous: tuple[int, float] | None = None
    for n in map(int, arguments.sizes.split(",")):
        rounds = arguments.rounds or max(3, min(31, int(3e11 / n**3)))
        rank, product, factor, memory, peer = measure(n, rounds, arguments.flint_up_to)
        growth = f"{math.log(rank / previous[1]) / math.log(n / previous[0]):.2f}" if previous else ""
        other = f"{peer:.3f} s | {peer / rank:.1f}" if peer is not None else "|"
        print(
            f"| {n} | {rank:.4f} s | {product:.4f} s | {factor:.2f} | {growth} | {memory:.2f} | {other} |", flush=True
        )
        previous = n, rank


if __name__ == "__main__":
    main()
