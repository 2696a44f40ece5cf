"""The wheel that users get: built from the source distribution, installed in a clean environment, run from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("templates", "m2_scripts", "sage_scripts")


def data_files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Returns the source distribution and the wheel built from it."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(target.glob("*.tar.gz")), next(target.glob("*.whl"))


def test_the_wheel_holds_templates_and_engine_libraries(distributions: tuple[Path, Path]) -> None:
    inside = set(zipfile.ZipFile(distributions[1]).namelist())
    for folder in FOLDERS:
        assert {f"neuroalg_cli/{name}" for name in data_files(folder)} <= inside
    assert "neuroalg_cli/report/schema/report-1.json" in inside
    assert "neuroalg_cli/py.typed" in inside


def test_the_source_distribution_keeps_the_folders_at_the_top(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    for folder in FOLDERS:
        assert data_files(folder) <= inside


def test_the_installed_program_finds_its_templates(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    # The dependencies of this environment serve the installed wheel; only neuroalg itself comes from the wheel.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    site = next(environment.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if "site-packages" in path), "utf-8")
    with zipfile.ZipFile(distributions[1]) as wheel:
        wheel.extractall(site)
    python = environment / "bin" / "python"

    def run(*arguments: str) -> str:
        command = [str(python), "-m", "neuroalg_cli", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout

    where = [str(python), "-c", "import neuroalg_cli; print(neuroalg_cli.__file__)"]
    assert str(site) in subprocess.run(where, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "dimension" in run("list", "invariants")
    script = run("script", "--arch", "mlp", "--widths", "2,2,1", "--engine", "macaulay2", "--method", "jacobian")
    assert script.strip()
