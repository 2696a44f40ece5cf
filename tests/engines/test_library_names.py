"""Library files must not be taken for anything of the engine's own."""

from __future__ import annotations

import sys

import pytest

from neuroalg_cli import assets
from neuroalg_cli.execution import execute
from neuroalg_cli.rendering import Script
from neuroalg_cli.running import Limits


@pytest.mark.engine("macaulay2")
def test_no_library_file_has_the_name_of_a_package_of_macaulay2(installation):
    # The working directory is on Macaulay2's path, and a file of that name would be loaded in place of the package.
    folder = assets.folder("m2_scripts")
    names = sorted(path.stem for path in folder.glob("*.m2"))
    listed = ", ".join(f'"{name}"' for name in names)
    text = f"""load "Result.m2"
packages = separate(" ", version#"packages")
writeResult hashTable {{"packages" => #packages, "taken" => select({{{listed}}}, name -> member(name, packages))}}
"""
    shape = {"packages": "natural", "taken": ["word"]}
    script = Script("macaulay2/names", text, "", "", "macaulay2", (folder / "Result.m2",), shape)
    values = execute(script, installation("macaulay2"), Limits(wall_seconds=60)).values
    assert values["packages"] > 100
    assert values["taken"] == []


def test_no_library_file_has_the_name_of_a_module_of_python():
    names = {path.stem for path in assets.folder("sage_scripts").glob("*.py")}
    assert names.isdisjoint(sys.stdlib_module_names)
    assert names.isdisjoint({"sage", "numpy", "cysignals", "cypari2", "gmpy2"})
