"""The degree by slicing: published degrees on every engine, and everything that can go wrong, with a stand-in for the engine."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

import neuroalg_cli as na
from neuroalg_cli import engine as engines
from neuroalg_cli.engine import Installation
from neuroalg_cli.errors import (
    DisagreementError,
    EngineCrashError,
    EngineMissingError,
    MemoryLimitError,
    TimeLimitError,
)
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.part_of_network import PartOfNetwork
from neuroalg_cli.question import Question
from neuroalg_cli.slicing import counts, method
from neuroalg_cli.slicing.method import SlicingMethod, slicing_methods

NAMES = ["msolve", "macaulay2", "sage"]
SCROLL = na.polynomial(["a*x + a^2*y", "c*a*x + c*y"], "a, c", "x, y")
QUICK = [
    # determinantal: product over i < n - k of C(m + i, k)/C(k + i, k) (Bruns, Vetter 1988)
    (na.mlp([3, 2, 3]), 3),
    (na.mlp([4, 1, 3]), 10),
    # symmetric matrices of bounded rank (Harris, Tu 1984): a hidden rotation
    (na.mlp([3, 2, 1], 2), 3),
    # Aronhold's hypersurface; the catalecticant
    (na.mlp([3, 3, 1], 3), 4),
    (na.mlp([2, 2, 1], 4), 3),
    # filters: (K - L)! product of r^((L-j)(k_j-1))/(k_j-1)! (Shahverdi, Marchetti, Kohn, arXiv:2410.00722)
    (na.cnn([2, 2], 2), 4),
    (na.cnn([3, 2], 2), 12),
    (na.cnn([2, 2, 2], 2), 48),
    # P^1 x P^2 with O(1, 1), as rank one matrices; strides of linear convolutions: P^1 x P^1 (Kohn, Montufar, Shahverdi, Trager)
    (na.mlp([3, 1, 2]), 3),
    (na.cnn([2, 2], stride=[2, 1]), 2),
    # the ambient space
    (na.mlp([2, 2, 1], 2), 1),
    # the twisted cubic, and as an affine curve that is no cone
    (na.polynomial(["a^3*x^3 + a^2*b*x^2*y + a*b^2*x*y^2 + b^3*y^3"], "a, b", "x, y"), 3),
    (na.polynomial(["a*x + a^2*x^2 + a^3*x^3"], "a", "x"), 3),
    # a cone over a conic and a curve beside it: the scroll S(1, 2) has degree 3 (Harris, Algebraic Geometry, Example 8.17)
    (SCROLL, 3),
]
SLOW = [
    # the sums of the h-vectors [1,8,36,26,10] and [1,2,3,4,5] of their Hilbert functions
    (na.mlp([3, 2, 3], 2), 81),
    (na.mlp([2, 2, 2, 2], 2), 15),
    # two rows of values in P^1 and K^T Q in P^3, all bilinear and injective: the sum of a b over a + b = 5, which is C(6, 3)
    (na.attention([2, 2], 2, tokens=2), 20),
]


def question(architecture, engine, **options):
    return Question("degree", architecture, method="slicing", engine=engine, **{"seconds": 300.0, **options})


def on(engine):
    return next(m for m in slicing_methods() if m.engine == engine)


def test_the_fastest_engine_comes_first():
    assert [m.engine for m in slicing_methods()] == NAMES


@pytest.mark.engine("msolve")
@pytest.mark.parametrize(("architecture", "degree"), QUICK + SLOW)
def test_known_degrees_on_msolve(architecture, degree):
    claim = on("msolve").answer(question(architecture, "msolve")).claim
    assert (claim.value["degree"], claim.kind, claim.certainty) == (degree, "exact", "modular")
    assert claim.value["slice_points"] == degree * claim.value["fiber_degree"]
    assert float(claim.error_probability) < 1e-3
    assert len(set(claim.primes)) == 2


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("macaulay2", "sage")]
)
@pytest.mark.parametrize(("architecture", "degree"), [QUICK[0], QUICK[2], QUICK[7], QUICK[13], *SLOW])
def test_known_degrees_on_the_others(engine, architecture, degree):
    claim = on(engine).answer(question(architecture, engine)).claim
    assert (claim.value["degree"], claim.kind) == (degree, "exact")
    assert all(prime < 2 ** on(engine).bits for prime in claim.primes)


@pytest.mark.engine("msolve")
@pytest.mark.parametrize("architecture", [na.mlp([3, 1, 3]), na.mlp([3, 2, 2], 2), na.mlp([2, 2, 2], 3), SCROLL])
def test_multidegrees_add_up_to_the_points_on_one_linear_space(architecture, monkeypatch):
    split = on("msolve").answer(question(architecture, "msolve")).claim
    assert len(split.evidence["blocks"]) > 1
    monkeypatch.setattr("neuroalg_cli.slicing.blocks.MAXIMAL_PATTERNS", 0)
    whole = on("msolve").answer(question(architecture, "msolve")).claim
    assert len(whole.evidence["blocks"]) == 1
    assert split.value == whole.value


@pytest.mark.engine("msolve")
def test_the_fibre_counts_what_the_gauge_leaves():
    # permutations of three neurons; of two in each of two layers; none for filters (arXiv:2410.00722)
    for architecture, fibre in ((na.mlp([3, 3, 1], 3), 6), (na.mlp([2, 2, 2, 2], 2), 4), (na.cnn([3, 2], 2), 1)):
        assert on("msolve").answer(question(architecture, "msolve")).claim.value["fiber_degree"] == fibre


@pytest.mark.engine("msolve")
def test_the_same_question_has_the_same_claim_and_another_seed_other_primes():
    one, same, other = (
        on("msolve").answer(question(na.mlp([3, 2, 3], 2), "msolve", seed=seed)).claim for seed in (1, 1, 2)
    )
    assert one == same
    assert one.value == other.value
    assert not set(one.primes) & set(other.primes)


@pytest.mark.engine("msolve")
def test_runs_are_removed_or_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROALG_RUNS", str(tmp_path))
    on("msolve").answer(question(na.cnn([2, 2], 2), "msolve"))
    assert not list(tmp_path.iterdir())
    answer = on("msolve").answer(question(na.cnn([2, 2], 2), "msolve", keep=True))
    assert sorted(answer.volatile["kept"]) == sorted(str(path) for path in tmp_path.iterdir())


# What follows needs no engine: `play` puts numbers in place of its answers.

GRID = na.mlp([3, 1, 3])  # two patterns, three alike each; degree 6, fibre 1


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Returns a function that lets slicing on Macaulay2 see the given counts, one list (or error) for each run in order."""

    def install(*acts):
        seen = []
        lock = threading.Lock()

        def execute(script, installation, limits, *, keep, is_cancelled):
            del installation, keep, is_cancelled
            with lock:
                number = len(seen)
                seen.append(SimpleNamespace(script=script, limits=limits))
            act = acts[min(number, len(acts) - 1)]
            if isinstance(act, Exception):
                raise act
            directory = tmp_path / f"run-{number}"
            directory.mkdir()
            run = SimpleNamespace(request=SimpleNamespace(directory=directory), peak_memory_bytes=7)
            return SimpleNamespace(values={"counts": list(act)}, run=run)

        monkeypatch.setattr(counts, "execute", execute)
        installed = Installation("macaulay2", ("M2",), "1.25", "0" * 64, "/M2", "option")
        monkeypatch.setattr("neuroalg_cli.finding.find", lambda *_: installed)
        return seen

    return install


def stopped(kind, so_far=None):
    error = kind("it was stopped")
    error.so_far = so_far
    return error


def test_sound_slices_make_a_claim(play, tmp_path):
    seen = play([1, 1, 1])
    claim = on("macaulay2").answer(question(GRID, "macaulay2")).claim
    assert claim.value["degree"] == 3 + 3
    assert len(seen) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "bad",
    [
        [1, None, 1],  # infinitely many solutions
        [None, 1, 1],
        [1, 0, 1],  # an empty linear space
        [2, 2, 3],  # N not divisible by F
        [1, 2, 2],  # another degree
    ],
)
def test_an_exceptional_slice_is_drawn_again(play, bad):
    seen = play(bad, [1, 1, 1])
    claim = on("macaulay2").answer(question(GRID, "macaulay2")).claim
    assert claim.value["degree"] == 6
    assert len(seen) == 4
    assert len({call.script.sha256 for call in seen}) == 4


def test_slices_that_never_agree_are_a_disagreement_with_everything_kept(play, tmp_path):
    seen = play(*([1, k, 1] for k in range(1, 9)))
    with pytest.raises(DisagreementError, match=r"8 slices .* degree \d+; .* --seed") as caught:
        on("macaulay2").answer(question(GRID, "macaulay2"))
    assert len(seen) == 2 * (1 + method.RETRIES)
    assert all(f"degree {3 * k + 3}" in str(caught.value) for k in range(1, 9))
    assert len(list(tmp_path.iterdir())) == len(seen)
    assert Path(caught.value.directory) == tmp_path
    assert caught.value.exit_code == 11
    assert "\n" not in str(caught.value)


def test_a_fibre_that_does_not_divide_is_named(play):
    play([2, 3, 3])
    with pytest.raises(DisagreementError, match="not all of them multiples of the 2 of the fibre"):
        on("macaulay2").answer(question(GRID, "macaulay2"))


def test_a_stopped_count_is_a_lower_bound(play):
    play(stopped(TimeLimitError, {"counts": [1, 1]}))
    answer = on("macaulay2").answer(question(GRID, "macaulay2"))
    # one of two patterns, with its three permutations
    assert (answer.claim.kind, answer.claim.value["degree"]) == ("lower_bound", 3)
    assert isinstance(answer.stopped, TimeLimitError)
    assert answer.claim.error_probability is None


@pytest.mark.parametrize("so_far", [None, {"counts": []}, {"counts": [1]}, {"counts": [2, 3]}, {"counts": [1, None]}])
def test_a_stopped_count_that_shows_nothing_is_the_error(play, so_far):
    play(stopped(TimeLimitError, so_far))
    with pytest.raises(TimeLimitError, match="it was stopped"):
        on("macaulay2").answer(question(GRID, "macaulay2"))


def test_one_slice_alone_is_a_lower_bound(play):
    play([1, 1, 1], stopped(EngineCrashError))
    answer = on("macaulay2").answer(question(GRID, "macaulay2"))
    assert (answer.claim.kind, answer.claim.value["degree"]) == ("lower_bound", 6)
    assert isinstance(answer.stopped, EngineCrashError)


def test_where_half_of_the_memory_is_too_small_each_slice_gets_all_of_it(play):
    seen = play(stopped(MemoryLimitError), stopped(MemoryLimitError), [1, 1, 1])
    claim = on("macaulay2").answer(question(GRID, "macaulay2", memory=2**32)).claim
    assert claim.value["degree"] == 6
    assert [call.limits.memory_bytes for call in seen] == [2**31, 2**31, 2**32, 2**32]


def test_little_memory_is_not_halved(play):
    seen = play([1, 1, 1])
    on("macaulay2").answer(question(GRID, "macaulay2", memory=300 * 2**20))
    assert [call.limits.memory_bytes for call in seen] == [300 * 2**20] * 2


def test_slower_engines_are_not_tried_after_a_limit_unless_asked_for(play):
    play(stopped(TimeLimitError))
    asked = dataclasses.replace(question(GRID, "macaulay2"), method="auto", engine="auto")
    with pytest.raises(TimeLimitError, match="it was stopped"):
        on("macaulay2").answer(asked)
    with pytest.raises(TimeLimitError, match="reached its limits on macaulay2, which is faster than sage"):
        on("sage").answer(asked)


def test_a_method_that_nobody_named_leaves_time_for_others(play):
    seen = play([1, 1, 1])
    on("macaulay2").answer(question(GRID, "macaulay2", seconds=1000.0))
    on("macaulay2").answer(
        dataclasses.replace(question(GRID, "macaulay2", seconds=1000.0), method="auto", engine="auto")
    )
    named, unnamed = seen[0].limits.wall_seconds, seen[2].limits.wall_seconds
    assert unnamed < 0.75 * named


def test_an_interruption_ends_the_engines(monkeypatch):
    cancelled = []

    def execute(script, installation, limits, *, keep, is_cancelled):
        del script, installation, limits, keep
        while not is_cancelled():
            pass
        cancelled.append(True)
        raise EngineCrashError("cancelled")

    monkeypatch.setattr(counts, "execute", execute)
    installed = Installation("macaulay2", ("M2",), "1.25", "0" * 64, "/M2", "option")
    monkeypatch.setattr("neuroalg_cli.finding.find", lambda *_: installed)

    def announce(stage):
        if "solved" in stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on("macaulay2").answer(question(GRID, "macaulay2", announce=announce))
    assert cancelled == [True, True]


def test_a_point_needs_no_slice():
    constant = na.polynomial(["3*x"], "", "x")
    assert "is a point" in on("macaulay2").obstacle(question(constant, "macaulay2"))


def test_networks_without_coefficients_are_no_question_for_it():
    builder = NetworkBuilder()
    divided = builder.reciprocal(builder.matmul(builder.parameter("W", (1, 2)), builder.input((2,))))
    architecture = PartOfNetwork(graph=builder.finish(divided), whole="test")
    assert "divides" in on("macaulay2").obstacle(question(architecture, "macaulay2"))


def test_an_optional_engine_that_is_missing_stands_aside_unless_it_is_named(monkeypatch, tmp_path):
    msolve = engines.load("msolve")
    monkeypatch.setattr(type(msolve), "wheel_program", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("NEUROALG_MSOLVE", raising=False)
    anyone = dataclasses.replace(question(GRID, "msolve"), engine="auto")
    assert "msolve is not installed" in on("msolve").obstacle(anyone)
    assert on("msolve").obstacle(question(GRID, "msolve")) is None
    with pytest.raises(EngineMissingError, match="msolve was not found"):
        on("msolve").answer(question(GRID, "msolve"))


@pytest.mark.parametrize("engine", NAMES)
def test_the_script_is_shown_without_an_engine(engine):
    script = on(engine).script(question(na.mlp([3, 2, 3], 2), engine))
    assert script.engine == engine
    assert isinstance(on(engine), SlicingMethod)
