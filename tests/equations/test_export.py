"""Files with equations: what engines read from them is the same ideal."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from neuroalg_cli import engine as engines
from neuroalg_cli import pipeline
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.equations.export import exported, exporter_for
from neuroalg_cli.errors import UsageError
from neuroalg_cli.question import Question
from neuroalg_cli.spec import from_mapping


def report(architecture, **options):
    return pipeline.answer(Question("ideal", architecture, method="interpolation", **options))


@pytest.fixture(scope="module")
def convolution():
    """cnn (2,2), r = 2: one quadric and three cubics, dimension 3 and degree 4 (arXiv:2410.00722)."""
    return report(from_mapping({"family": "cnn", "filters": [2, 2], "activation_degree": 2}), max_degree=3)


@pytest.fixture(scope="module")
def closure():
    """The projective closure of the parabola of all (a, a^2), a conic."""
    return report(polynomial("a*x + a^2*y", "a", "x, y"))


@pytest.fixture(scope="module")
def filling():
    return report(mlp([2, 2, 1], 2))


def run(installation, text, suffix, tmp_path):
    """Returns what an engine prints when it loads a file and computes dimension and degree of I."""
    (tmp_path / f"equations{suffix}").write_text(text)
    engine = engines.load(installation.engine)
    if installation.engine == "macaulay2":
        script = 'load "equations.m2"\nprint(toString (dim I, degree I, numgens ring I))\n'
    else:
        script = (
            "try:\n    from sage.all__sagemath_singular import *\n    from sage.all__sagemath_linbox import *\n"
            "except ImportError:\n    from sage.all import *\n"
            "exec(open('equations.sage').read())\n"
            "print((I.dimension(), I.hilbert_polynomial().degree() + 1 if I.dimension() else 0, R.ngens()))\n"
        )
    name = f"script{engine.script_suffix}"
    (tmp_path / name).write_text(script)
    environment = {**engine.environment(installation.origin), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        engine.command(installation, name), cwd=tmp_path, capture_output=True, text=True, env=environment, check=True
    )
    return tuple(int(n) for n in re.findall(r"\d+", done.stdout.strip().splitlines()[-1]))


@pytest.mark.engine("macaulay2")
def test_macaulay2_reads_the_ideal(installation, convolution, closure, filling, tmp_path):
    assert run(installation("macaulay2"), exported(convolution, ".m2"), ".m2", tmp_path) == (3, 4, 5)
    assert run(installation("macaulay2"), exported(closure, ".m2"), ".m2", tmp_path) == (2, 2, 3)
    assert run(installation("macaulay2"), exported(filling, ".m2"), ".m2", tmp_path) == (3, 1, 3)


@pytest.mark.engine("sage")
def test_sage_reads_the_ideal(installation, convolution, tmp_path):
    assert run(installation("sage"), exported(convolution, ".sage"), ".sage", tmp_path) == (3, 3, 5)


def test_singular_gets_a_ring_and_an_ideal(convolution, filling):
    text = exported(convolution, ".sing")
    lines = [line for line in text.splitlines() if not line.startswith("//")]
    assert lines[0] == "ring R = 0, (y_1, y_2, y_3, y_4, y_5), dp;"
    assert lines[1] == "ideal I ="
    assert text.count(",\n") == 3
    assert text.endswith(";\n")
    assert "ideal I =\n    0;" in exported(filling, ".sing")


def test_oscar_gets_its_type_of_ideal(convolution):
    # the keys of data/Surfaces/*.mrdi in OSCAR 1.4: MPolyIdeal over an MPolyRing, exponents and coefficients as texts
    content = json.loads(exported(convolution, ".mrdi"))
    ring = content["_type"]["params"]
    assert content["_type"]["name"] == "MPolyIdeal"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ring)
    assert content["_refs"][ring] == {
        "_type": {"name": "MPolyRing", "params": {"_type": "QQField"}},
        "data": {"symbols": ["y_1", "y_2", "y_3", "y_4", "y_5"]},
    }
    assert content["data"][0] == [[["0", "1", "0", "1", "0"], "1"], [["1", "0", "0", "0", "1"], "-4"]]
    assert exported(convolution, ".mrdi") == exported(convolution, ".mrdi")


@pytest.mark.engine("macaulay2")
def test_the_file_for_oscar_is_valid(installation, convolution, tmp_path):
    found = installation("macaulay2")
    engine = engines.load("macaulay2")
    (tmp_path / "equations.mrdi").write_text(exported(convolution, ".mrdi"))
    (tmp_path / "equations.m2").write_text(exported(convolution, ".m2"))
    # MRDI 0.1 has no reader for OSCAR's ideals, nor for names with an index: they are given here
    (tmp_path / "script.m2").write_text(
        'if not match("MRDI", version#"packages") then (print 0; exit 0)\n'
        'needsPackage "MRDI"\n'
        'addLoadMethod("MPolyRing", (k, data) -> k[vars(0 .. #(data#"symbols") - 1)], Namespace => "Oscar")\n'
        "polynomial = (S, f) -> sum(f, t -> value t#1 * S_(apply(t#0, value)))\n"
        'addLoadMethod("MPolyIdeal", (S, data) -> ideal apply(data, f -> polynomial(S, f)), Namespace => "Oscar")\n'
        'text = get "equations.mrdi"\nvalidateMRDI text\nJ = loadMRDI text\nload "equations.m2"\n'
        "print((map(R, ring J, gens R)) J == I)\n"
    )
    environment = {**engine.environment(found.origin), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        engine.command(found, "script.m2"), cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.strip() in ("true", "0"), done.stderr


def test_y_0_is_the_last_variable(closure):
    assert "R = QQ[y_1, y_2, y_0]" in exported(closure, ".m2")
    assert "y_1^2 - y_2*y_0" in exported(closure, ".m2") or "y_1^2 - y_0*y_2" in exported(closure, ".m2")
    assert "projective closure" in exported(closure, ".m2")


def test_labels_cannot_break_out_of_comments(convolution):
    evil = convolution.model_copy(
        update={"architecture": convolution.architecture.model_copy(update={"label": 'a\nrun "rm"\u2028*/;--\n'})}
    )
    for suffix in (".m2", ".sing", ".sage"):
        code = [line for line in exported(evil, suffix).splitlines() if not line.startswith(("--", "//", "#"))]
        plain = [line for line in exported(convolution, suffix).splitlines() if not line.startswith(("--", "//", "#"))]
        assert code == plain


def test_other_suffixes_and_places_are_refused(tmp_path):
    with pytest.raises(UsageError, match="suffix"):
        exporter_for(str(tmp_path / "equations.txt"))
    with pytest.raises(UsageError, match="cannot be written"):
        exporter_for(str(tmp_path / "missing" / "equations.m2"))


def test_a_report_without_equations_is_refused():
    other = pipeline.answer(Question("dimension", mlp([2, 2, 1], 2), method="jacobian", engine="builtin"))
    with pytest.raises(UsageError, match="neuroalg ideal"):
        exported(other, ".m2")


def test_the_file_is_written(convolution, tmp_path):
    path = tmp_path / "equations.m2"
    exporter_for(str(path))(convolution)
    assert path.read_text() == exported(convolution, ".m2")
