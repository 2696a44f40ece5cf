"""The commands about degree, equations, Hilbert functions and containment where a user asks badly or something is too small."""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli import asking, limiting, pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.cli import run
from neuroalg_cli.containment import comparison
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.equations.lifting import KnownModulo, lift
from neuroalg_cli.errors import TimeLimitError, UsageError
from neuroalg_cli.limiting import limits
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.question import MAXIMAL_DEGREE, Answer, Question
from neuroalg_cli.report.model import Claim, EngineIdentity, Failure, LimitsUsed
from neuroalg_cli.run_directory import discard_run
from neuroalg_cli.variety.model import projective_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: three quadrics in two variables on two squares: a hypersurface, the determinant of a 3 x 3 matrix of coefficients
HYPERSURFACE = ("--arch", "mlp", "--widths", "2,2,3", "--activation-degree", "2")
ZERO = 'family = "polynomial"\nparameters = ["a"]\ninputs = ["x"]\noutputs = ["0*a*x"]\n'


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    return code, capsys.readouterr().err


def a_claim(**changes: Any) -> Claim:
    fields: dict[str, Any] = {
        "invariant": "degree",
        "method": "m",
        "engine": EngineIdentity(name="e", version="1"),
        "certainty": "modular",
        "kind": "lower_bound",
        "value": {"degree": 5, "fiber_degree": None},
        "limits": LimitsUsed(seconds=1, memory_bytes=1),
    }
    return Claim(**fields | changes)


@pytest.mark.parametrize("command", ["degree", "ideal", "hilbert", "contains"])
@pytest.mark.parametrize("degree", ["-1", "x", "", "1.5", "٣", "1_0", "1000000000", "9" * 30])
def test_degrees_that_nobody_can_look_at_are_refused(
    command: str, degree: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = complaint(capsys, command, *HYPERSURFACE, "--max-degree", degree)
    assert code == 2
    assert "is no degree; write an integer from 0 to" in said


def test_the_python_interface_refuses_them_as_well() -> None:
    with pytest.raises(UsageError, match=f"from 0 to {MAXIMAL_DEGREE}"):
        na.hilbert(mlp([2, 2, 3], 2), max_degree=10**9)


def test_a_comparison_needs_a_positive_degree(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = complaint(capsys, "compare", "mlp-2.2.3-r2", "mlp-2.1.3-r2", "--max-degree", "0")
    assert (code, "from 1 to" in said) == (2, True)


def test_the_hilbert_function_ends_where_it_was_asked_to_end() -> None:
    # a cubic in 9 variables: 1, 9, 45 and 165 - 1
    network = mlp([2, 2, 3], 2)
    assert na.hilbert(network, max_degree=1).value["hilbert_function"] == [1, 9]
    assert na.hilbert(network, max_degree=3).value["hilbert_function"] == [1, 9, 45, math.comb(11, 3) - 1]


def test_a_lower_bound_is_never_told_as_the_degree() -> None:
    claim = a_claim()
    assert str(claim) == "degree at least 5 (modular, by m on e)"
    assert "<td>at least 5</td>" in claim._repr_html_()
    assert str(a_claim(kind="exact")).startswith("degree 5 ")


def test_claims_whose_answer_is_no_number_say_it_in_one_line() -> None:
    equations = a_claim(invariant="ideal", value={"generators_by_degree": {"2": 3}}, kind="exact")
    assert str(equations).startswith("ideal: generators by degree 2: 3 (")
    unknown = a_claim(invariant="hilbert", value={"hilbert_polynomial": None})
    assert str(unknown).startswith("hilbert: Hilbert polynomial unknown (")
    assert str(a_claim(invariant="contains", value={"contains": False}, kind="exact")).startswith("contains no (")


def test_notebooks_do_not_show_thousands_of_equations() -> None:
    many = a_claim(invariant="ideal", value={"equations": [f"y_{k}" for k in range(1, 5001)]})
    html = many._repr_html_()
    assert "and 4988 more" in html
    assert len(html) < 2000


def test_contains_takes_what_it_asks_about_as_an_argument() -> None:
    network = mlp([2, 1, 1], 2)
    # forms of rank 1 are the squares of linear forms; the discriminant of x_1 x_2 is not 0
    assert na.contains(network, "x_1^2 + 2*x_1*x_2 + x_2^2").value["contains"] is True
    assert na.contains(network, ["x_1*x_2"]).value["contains"] is False
    assert na.contains(network, network).value["contains"] is True


def test_every_reason_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    def failure(method: str, engine: str, sentence: str) -> Failure:
        return Failure(
            invariant="degree", method=method, engine=engine, kind="engine-missing", sentence=sentence, exit_code=4
        )

    asking._tell(
        [failure("slicing", "m2", "gone"), failure("groebner", "m2", "gone"), failure("slicing", "sage", "no")]
    )
    assert capsys.readouterr().err.splitlines() == [
        "neuroalg: slicing, groebner on m2 did not answer: gone",
        "neuroalg: slicing on sage did not answer: no",
    ]


def test_nobody_is_sent_for_an_engine_that_could_not_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = complaint(
        capsys, "contains", "--arch", "mlp", "--widths", "2,1", "--function", "x_1", "--cross-check", "--timeout", "30"
    )
    assert (code, "no independent engine" in said) == (0, False)


@pytest.mark.parametrize(("engine", "what"), [("msolve", "no method for 'ideal'"), ("sage", "no method 'slicing'")])
def test_an_engine_without_a_method_is_refused_in_words(
    engine: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    method = ("--method", "slicing") if "slicing" in what else ()
    code, said = complaint(capsys, "ideal", *HYPERSURFACE, "--engine", engine, *method)
    assert code == 2
    assert f"there is {what} on engine '{engine}'; there are: interpolation on builtin" in said


def test_folders_of_runs_that_failed_on_the_way_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stopped:
        name, engine, certainty, summary = "monodromy", "macaulay2", "numeric", ""

        def obstacle(self, question: Question) -> None:
            del question

        def answer(self, question: Question) -> Answer:
            del question
            return Answer(a_claim(), stopped=TimeLimitError("too slow", directory="/where/it/ran"))

    monkeypatch.setattr(pipeline, "choose", lambda _: [Stopped()])
    code, said = complaint(capsys, "degree", *HYPERSURFACE)
    assert code == 6
    assert "monodromy on macaulay2 did not answer: too slow" in said
    assert said.count("the run is kept in /where/it/ran") == 1


class TestExport:
    def test_the_report_and_the_equations_need_two_files(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name = str(tmp_path / "x.m2")
        code, said = complaint(capsys, "ideal", *HYPERSURFACE, "--export", name, "-o", f"{tmp_path}/./x.m2")
        assert (code, "name the same file" in said) == (2, True)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["nowhere/x.m2", "full.m2"])
    def test_a_place_that_cannot_be_written_is_that_of_the_equations(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "full.m2").symlink_to("/dev/full")
        code, said = complaint(capsys, "ideal", *HYPERSURFACE, "--export", str(tmp_path / name))
        assert code == 2
        assert "the equations cannot be written" in said
        assert "name another file with --export" in said

    def test_capitals_in_a_suffix_are_the_same(self, tmp_path: Path) -> None:
        assert run(["ideal", *HYPERSURFACE, "--export", str(tmp_path / "X.M2")]) == 0
        assert "QQ[y_1" in (tmp_path / "X.M2").read_text(encoding="utf-8")


def test_a_comparison_is_shown_even_if_its_file_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "mlp-2.1-r1", "mlp-2.1-r1", "--timeout", "20", "-o", "/dev/full"]) == 2
    said = capsys.readouterr()
    assert "equal varieties" in said.out
    assert "cannot be written" in said.err


class TestZeroNetwork:
    """V = A is a point: no coordinates, no equations, degree 1."""

    @pytest.fixture
    def name(self, tmp_path: Path) -> str:
        file = tmp_path / "zero.toml"
        file.write_text(ZERO, encoding="utf-8")
        return str(file)

    def test_it_has_a_zero_ideal(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["ideal", name, "--json"]) == 0
        (claim,) = json.loads(capsys.readouterr().out)["claims"]
        assert claim["value"]["equations"] == []
        assert claim["completeness"]["is_complete"] is True

    def test_it_can_be_compared(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["compare", name, name, "--timeout", "20"]) == 0
        assert "equal varieties" in capsys.readouterr().out

    @pytest.mark.parametrize("suffix", [".m2", ".sing", ".sage", ".mrdi"])
    def test_it_has_no_ring_to_export(
        self, name: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, said = complaint(capsys, "ideal", name, "--export", str(tmp_path / f"x{suffix}"))
        assert (code, "no ring" in said) == (2, True)

    def test_elimination_is_refused(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = complaint(capsys, "ideal", name, "--method", "groebner")
        assert (code, "no elimination is needed" in said) == (2, True)


def test_a_function_of_a_billion_inputs_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    widths = "1000000000,1000000000,1"
    code, said = complaint(
        capsys, "contains", "--arch", "mlp", "--widths", widths, "--activation-degree", "2", "--function", "x_1^2"
    )
    assert (code, "1000000000 inputs" in said) == (3, True)


@pytest.mark.parametrize("function", ["exp(x_1)", "x_1 x_2", "__import__('os')", "x_1²", "é"])
def test_the_example_for_a_bad_function_is_a_function(function: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = complaint(capsys, "contains", "--arch", "mlp", "--widths", "2,1", "--function", function)
    assert code == 3
    assert "write for example 'x_1^2 + 3*x_1*x_2'" in said


def test_one_neuron_has_no_permutations() -> None:
    assert mlp([3, 1, 3], 2).finite_symmetries() == ()
    assert len(mlp([3, 2, 3], 2).finite_symmetries()) == 1


def test_coordinates_are_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contains", *HYPERSURFACE, "--function", "x_1^2;x_2^2;x_1*x_2"]) == 0
    assert "y_1  coefficient of x_1^2 in output 1" in capsys.readouterr().out


class TestTimeLimit:
    @staticmethod
    def import_and_wait() -> None:
        import_module("slowly_imported")
        time.sleep(20)

    def test_it_waits_for_the_end_of_an_import(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # A module that were left half imported would be missing for everything that comes after.
        (tmp_path / "slowly_imported.py").write_text("import time\ntime.sleep(0.3)\ndone = True\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        with pytest.raises(TimeLimitError), limits(0.1, None):
            self.import_and_wait()
        assert sys.modules.pop("slowly_imported").done

    def test_it_names_what_was_asked_for(self) -> None:
        with pytest.raises(TimeLimitError, match="the time limit of 10 s was reached"), limits(0.05, None, stated=10.0):
            time.sleep(20)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def test_lifting_looks_at_it_between_blocks(self) -> None:
        model = projective_model(PolynomialMap(mlp([2, 2, 3], 2).network()))
        block = KnownModulo([], [(1,) + (0,) * (model.N - 1)], np.zeros((1, 0)))
        with pytest.raises(TimeLimitError, match="over Q"):
            lift(model, [block], 8310047, 0, Deadline(1e-9))


def test_a_small_memory_limit_does_not_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # The BLAS takes its buffers at its first large product and ends the process if there are none.
    calls: list[tuple[int, ...]] = []
    product = np.matmul
    limiting._take_up.cache_clear()
    monkeypatch.setattr(np, "matmul", lambda a, b: calls.append(a.shape) or product(a, b))
    with limits(None, 2**40):
        pass
    assert calls
    assert min(calls[0]) >= 512
    assert "flint" in sys.modules


def test_a_folder_that_nobody_is_told_of_does_not_stay(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_text("{}", encoding="utf-8")
    error = TimeLimitError("too slow", directory=str(folder))
    discard_run(error)
    discard_run(None)
    assert not folder.exists()
    assert error.directory is None


def test_a_comparison_leaves_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    original = comparison.answer

    def with_a_kept_run(question: Question, announce: Callable[[str], None]) -> Any:
        report = original(question, announce)
        return report.model_copy(update={"volatile": {**report.volatile, "kept": [str(folder)]}})

    monkeypatch.setattr(comparison, "answer", with_a_kept_run)
    network = Question("dimension", mlp([2, 1], 1), seconds=20, max_degree=1)
    comparison.compare(network, network)
    assert not folder.exists()
