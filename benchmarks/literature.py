"""All published dimensions of multilayer perceptrons, the long ones too: agreement, certainty and time.

    python benchmarks/literature.py

Prints how many values agree and how many are proved, then every value that is not proved and every one that does not agree;
exit code 1 if there is one of these.
"""

from __future__ import annotations

import csv
import json
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import neuroalg_cli as na

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "literature"
KEYS = ("parameters", "dimension", "ambient_dimension", "expected_dimension")


def cases() -> list[tuple[Any, dict[str, int]]]:
    found: list[tuple[Any, dict[str, int]]] = []
    for record in tomllib.loads((FOLDER / "mlp_dimensions.toml").read_text("utf-8"))["record"]:
        architecture = na.mlp(record["widths"], record.get("activation_degree"), activation=record.get("activation"))
        found.append((architecture, {key: record[key] for key in KEYS if key in record}))
    lines = (FOLDER / "mlp_dimensions.csv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines[1:]):
        architecture = na.mlp(json.loads(row["widths"]), int(row["activation_degree"]))
        found.append((architecture, {key: int(row[key]) for key in KEYS}))
    return found


def main() -> int:
    certainties: Counter[str] = Counter()
    wrong = []
    unproved = []
    start = time.perf_counter()
    longest = (0.0, "")
    every = cases()
    for architecture, stated in every:
        begin = time.perf_counter()
        claim = na.dimension(architecture, method="jacobian", engine="builtin")
        longest = max(longest, (time.perf_counter() - begin, architecture.label))
        certainties[claim.certainty] += 1
        if claim.certainty != "proved":
            unproved.append(f"{architecture.label}: {claim}; {claim.assumptions[0]}")
        if any(claim.value[key] != value for key, value in stated.items()):
            wrong.append((architecture.label, stated, claim.value))
    print(f"{len(every) - len(wrong)} of {len(every)} values agree; {dict(certainties)}")
    print(f"{time.perf_counter() - start:.0f} s; the longest {longest[0]:.1f} s: {longest[1]}")
    print("\n".join(unproved))
    for label, stated, value in wrong:
        print(f"{label}: published {stated}, computed {value}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
