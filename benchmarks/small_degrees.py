"""The degree of every small network by two methods that agree, as the table of docs/degrees.md.

    python benchmarks/small_degrees.py --seconds 60 > docs/degrees.md

Networks: multilayer perceptrons with at most three weight layers, widths at most three, activations z^2 and z^3, no biases; and
convolutional networks with at most three layers of filters with at most three entries, the same activations.  Each method gets
so many seconds; where fewer than two answer, the table says which one failed and why.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from neuroalg_cli import invariant
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.known_dimension import known_dimension
from neuroalg_cli.question import Question
from neuroalg_cli.spec import from_mapping


def networks() -> list[dict[str, Any]]:
    """Returns the specifications, by family, depth, degree and sizes."""
    sizes = (1, 2, 3)
    found: list[dict[str, Any]] = []
    for depth, r in itertools.product((1, 2, 3), (2, 3)):
        if depth == 1 and r == 3:
            continue  # no activation
        found += [
            {"family": "mlp", "widths": list(widths), **({"activation_degree": r} if depth > 1 else {})}
            for widths in itertools.product(sizes, repeat=depth + 1)
        ]
    for depth, r in itertools.product((1, 2, 3), (2, 3)):
        if depth == 1 and r == 3:
            continue
        found += [
            {"family": "cnn", "filters": list(filters), **({"activation_degree": r} if depth > 1 else {})}
            for filters in itertools.product(sizes, repeat=depth)
        ]
    return found


def row(case: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Returns label, dimension, codimension, the claims of at most two methods, the best lower bound, and failures."""
    architecture = from_mapping(case)
    question = Question("degree", architecture, seconds=seconds)
    exact: list[tuple[str, str, int]] = []
    bound, failures = 1, []
    tired = set()  # methods that took too long on one engine, and would on the next
    for method in invariant.load("degree").methods():
        if method.name == "monodromy":
            continue  # not exact, and slow
        if len(exact) == 2:
            break
        if any(name.split(" on ")[0] == method.name for name, _, _ in exact):
            continue
        if method.name in tired or method.obstacle(question) is not None:
            continue
        try:
            answer = method.answer(question.within(Deadline(seconds)))
        except NeuroalgError as error:
            failures.append(f"{method.name} on {method.engine}: {error.kind}")
            tired |= {method.name} if error.kind in ("time-limit", "memory-limit") else set()
            continue
        degree = answer.claim.numbers["degree"]
        assert degree is not None
        if answer.claim.kind == "exact":
            exact.append((f"{method.name} on {method.engine}", answer.claim.certainty, degree))
        else:
            bound = max(bound, degree)
            tired.add(method.name)
            failures.append(f"{method.name} on {method.engine}: {answer.stopped.kind if answer.stopped else 'bound'}")
    dimension = known_dimension(question).value
    return {
        "label": architecture.label,
        "dimension": dimension,
        "codimension": (question.phi.ambient_dimension or 0) - dimension,
        "exact": exact,
        "bound": bound,
        "failures": failures,
    }


def _row(arguments: tuple[dict[str, Any], float]) -> dict[str, Any]:
    found = row(*arguments)
    print(found["label"], found["exact"], found["failures"], file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for every method")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    cases = [(case, arguments.seconds) for case in networks()]
    with ProcessPoolExecutor(arguments.processes) as pool:
        rows = list(pool.map(_row, cases))
    linear = [found for found in rows if found["codimension"] == 0]
    rest = [found for found in rows if found["codimension"] > 0]
    wrong = [found for found in rows if len({degree for _, _, degree in found["exact"]}) > 1]
    twice = sum(len(found["exact"]) == 2 for found in rows)
    print("# Degrees of small networks\n")
    print(
        f"{len(rows)} networks: multilayer perceptrons with at most three weight layers and widths at most 3, and convolutional "
        f"networks with at most three layers of filters with at most 3 entries, activations z², z³, no biases. {twice} degrees "
        f"were found by two methods, which agree in {twice - len(wrong)}; {sum(len(f['exact']) == 1 for f in rows)} by one, "
        f"{sum(not f['exact'] for f in rows)} by none within {arguments.seconds:g} s for each method. By "
        f"`benchmarks/small_degrees.py`.\n"
    )
    print(
        f"{len(linear)} networks fill their ambient space and have degree 1, by two methods each unless they stand here:"
    )
    print(", ".join(f"`{f['label']}`" for f in linear if len(f["exact"]) < 2) or "none", end=".\n\n")
    print("| network | dim | codim | degree | methods | what failed |")
    print("|---|---|---|---|---|---|")
    for found in rest:
        methods = "; ".join(f"{name} ({certainty})" for name, certainty, _ in found["exact"])
        values = {degree for _, _, degree in found["exact"]}
        shown = " / ".join(map(str, values)) or f"≥ {found['bound']}"
        failed = "; ".join(found["failures"]) if len(found["exact"]) < 2 else ""
        print(
            f"| `{found['label']}` | {found['dimension']} | {found['codimension']} | {shown} | {methods} | {failed} |"
        )


if __name__ == "__main__":
    main()
