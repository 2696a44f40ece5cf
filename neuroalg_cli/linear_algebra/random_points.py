"""Points modulo a prime: random ones, the same on every machine, and those that rational numbers are.

Random residues are SHAKE-128 of a seed and a label with sixty-four bits each, so that the bias is below p/2^64 and can be
neglected in the error bounds.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray


def residues(seed: int, label: str, count: int, prime: int) -> NDArray[np.int64]:
    """Returns ``count`` residues in [0, p), determined by the seed and the label."""
    stream = hashlib.shake_128(f"neuroalg/{seed}/{label}".encode()).digest(8 * count)
    return (np.frombuffer(stream, dtype="<u8") % prime).astype(np.int64)


def balanced(values: NDArray[np.int64], prime: int) -> NDArray[np.float64]:
    """Returns residues moved to [-(p-1)/2, (p-1)/2], as float64."""
    return np.where(values > prime // 2, values - prime, values).astype(np.float64)


def residues_of(point: Sequence[Fraction], prime: int) -> NDArray[np.float64]:
    """Returns rational numbers modulo a prime that divides no denominator, balanced."""
    inverses = {denominator: pow(denominator, -1, prime) for denominator in {value.denominator for value in point}}
    values = [value.numerator * inverses[value.denominator] % prime for value in point]
    return balanced(np.array(values, dtype=np.int64), prime)


def generator(seed: int, label: str) -> random.Random:
    """Returns a generator determined by the seed and the label, for primes and choices."""
    return random.Random(hashlib.sha256(f"neuroalg/{seed}/{label}".encode()).digest())  # noqa: S311  # no secret
