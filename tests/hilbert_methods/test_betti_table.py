"""Betti tables as they are printed."""

from __future__ import annotations

from neuroalg_cli.hilbert_methods.claim import betti_table


def test_the_twisted_cubic() -> None:
    """As Macaulay2 prints it (D. Eisenbud, The Geometry of Syzygies, section 1B)."""
    assert betti_table(((0, 0, 1), (1, 2, 3), (2, 3, 2))) == [
        "       0 1 2",
        "total: 1 3 2",
        "    0: 1 . .",
        "    1: . 3 2",
    ]


def test_wide_numbers_and_the_whole_space() -> None:
    """Columns are as wide as their widest number, empty rows are shown; a polynomial ring has one entry."""
    assert betti_table(((0, 0, 1), (1, 3, 94), (2, 4, 432))) == [
        "       0  1   2",
        "total: 1 94 432",
        "    0: 1  .   .",
        "    1: .  .   .",
        "    2: . 94 432",
    ]
    assert betti_table(((0, 0, 1),)) == ["       0", "total: 1", "    0: 1"]
