"""msolve: what it writes is believed only where it is about what was asked; its traps."""

from __future__ import annotations

import pytest

from neuroalg_cli import engine as engines
from neuroalg_cli.doctor import check_known_answer
from neuroalg_cli.errors import NoResultError
from neuroalg_cli.execution import execute
from neuroalg_cli.rendering import render
from neuroalg_cli.run_directory import RunDirectory
from neuroalg_cli.running import Limits

MSOLVE = engines.load("msolve")
PRIME = 2147483629
#: as msolve 0.10.1 writes it, for w_1^2 + 3 w_2 - 5, w_1 w_2 - 2
BASIS = f"""#Leading ideal data
#---
#field characteristic: {PRIME}
#variable order:       w_1, w_2
#monomial order:       graded reverse lexicographical
#length of basis:      3 elements sorted by increasing leading monomials
#---
[w_2^2,
w_1^1*w_2^1,
w_1^2]:
"""
SCRIPT = f"w_1,w_2\n{PRIME}\nw_1^2+3*w_2-5,\nw_1*w_2-2\n"


@pytest.fixture
def left(tmp_path):
    """Returns a function that says what msolve's file means for a script."""

    def read(basis, script=SCRIPT):
        directory = RunDirectory(tmp_path)
        directory.write("script.ms", script)
        if basis is not None:
            directory.write("basis.txt", basis)
        return MSOLVE.result(directory)

    return read


def test_standard_monomials_are_counted(left):
    assert left(None) is None
    assert left(BASIS) == b'{"counts": ["3"]}'
    one = BASIS.replace("3 elements sorted by increasing leading monomials", "1 element")
    assert left(one[: one.index("[")] + "[w_1^1*w_2^3]:\n") == b'{"counts": [null]}'
    assert left(one[: one.index("[")] + "[1]:\n") == b'{"counts": ["0"]}'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"characteristic: {PRIME}", "characteristic: 0"),
        (f"characteristic: {PRIME}", "characteristic: 65521"),
        ("w_1, w_2\n", "# a comment\n"),
        ("w_1, w_2\n", "w_2, w_1\n"),
        ("w_1, w_2\n", "w_1, w_2, w_3\n"),
        ("w_1^2]:", "w_1^2"),  # the disk was full
        ("w_1^2]:", "w_1^"),
        ("3 elements", "4 elements"),
        ("w_1^2]", "w_3^2]"),
        ("w_1^2]", "2*w_1^2]"),
        ("w_1^2]", "]"),
        ("graded reverse lexicographical", "lexicographical"),
        (BASIS, ""),
    ],
)
def test_an_answer_to_another_question_is_none(left, old, new):
    assert old in BASIS
    with pytest.raises(NoResultError, match="msolve"):
        left(BASIS.replace(old, new))


def test_versions():
    assert (
        MSOLVE.read_version("\nmsolve library for polynomial system solving, version 0.10.1\nimplemented") == "0.10.1"
    )
    assert MSOLVE.read_version("0.7.3\n") == "0.7.3"
    assert MSOLVE.read_version("Usage: something else") is None
    assert MSOLVE.is_new_enough("0.10.1")
    assert not MSOLVE.is_new_enough("0.6.5")


def test_a_script_holds_one_system():
    system = [{(2, 0): 1, (0, 0): -1}, {(0, 1): 3, (1, 0): 1}]
    context = {"unknowns": 2, "characteristic": PRIME}
    script = render("msolve/degree-slicing", systems=[system], **context)
    assert script.text == f"w_1,w_2\n{PRIME}\nw_1^2-1,\nw_1+3*w_2\n"
    for systems in ([], [system, system]):
        with pytest.raises(ValueError, match="exactly one"):
            render("msolve/degree-slicing", systems=systems, **context)


@pytest.mark.engine("msolve")
def test_the_known_answer(installation):
    check_known_answer(installation("msolve"))


@pytest.mark.engine("msolve")
@pytest.mark.parametrize("degrees", [(1,), (3,), (2, 3), (2, 2, 2, 2)])
def test_bezout(installation, degrees):
    # dense equations of these degrees have as many common points as the product of the degrees
    import itertools
    import random

    numbers = random.Random(5)
    size = len(degrees)
    system = [
        {e: numbers.randrange(1, PRIME) for e in itertools.product(range(d + 1), repeat=size) if sum(e) <= d}
        for d in degrees
    ]
    script = render("msolve/degree-slicing", systems=[system], unknowns=size, characteristic=PRIME)
    expected = 1
    for d in degrees:
        expected *= d
    assert execute(script, installation("msolve"), Limits(wall_seconds=60)).values == {"counts": [expected]}
