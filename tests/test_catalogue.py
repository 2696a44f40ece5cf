"""The headers of templates: complete, in the right place, and a clear sentence where they are not."""

from __future__ import annotations

import shutil

import pytest

from neuroalg_cli import assets, catalogue
from neuroalg_cli import engine as engines
from neuroalg_cli.errors import NeuroalgError

ROOT = assets.folder("templates")


def test_every_template_of_the_tree_is_listed():
    on_disk = {f"{path.parent.name}/{path.name}" for path in ROOT.glob("*/*") if path.is_file()}
    listed = {f"{entry.engine}/{entry.path.name}" for entry in catalogue.templates()}
    assert listed == on_disk


def test_every_engine_answers_a_known_question_and_all_but_optional_ones_compute_the_dimension_in_two_ways():
    for engine in engines.load_all():
        methods = {(entry.invariant, entry.method) for entry in catalogue.templates() if entry.engine == engine.name}
        assert ("known", "answer") in methods
        assert engine.is_optional or methods >= {("dimension", "jacobian"), ("dimension", "groebner")}


def test_the_same_question_has_the_same_shape_of_answer_on_every_engine():
    shapes = {}
    for entry in catalogue.templates():
        if entry.invariant == "known" and engines.load(entry.engine).known_answer:
            continue  # a question of its own
        assert shapes.setdefault((entry.invariant, entry.method), entry.value) == entry.value


def test_certainties_are_those_of_the_methods():
    certainties = {(entry.method, entry.certainty) for entry in catalogue.templates() if entry.invariant == "dimension"}
    assert certainties == {("jacobian", "modular"), ("groebner", "exact")}


def test_every_library_file_is_used_by_a_template():
    used = {path for entry in catalogue.templates() for path in entry.libraries}
    folders = {assets.folder(engine.library_folder) for engine in engines.load_all() if engine.library_folder}
    assert {path for folder in folders for path in folder.iterdir() if path.suffix in (".m2", ".py")} == used


def test_an_unknown_template_names_the_known_ones():
    for name in (
        "macaulay2/nothing",
        "magma/dimension-jacobian",
        "",
        "../../etc/passwd",
        "macaulay2/../sage/known-answer",
    ):
        with pytest.raises(NeuroalgError, match=r"known are .*macaulay2/dimension-jacobian"):
            catalogue.load(name)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Returns a copy of the templates that a test may spoil."""
    folders = {name: assets.folder(name) for name in ("m2_scripts", "sage_scripts")}
    shutil.copytree(ROOT, tmp_path / "templates")
    monkeypatch.setattr(assets, "folder", lambda name: folders.get(name, tmp_path / name))
    catalogue.load.cache_clear()
    yield tmp_path / "templates"
    catalogue.load.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<%#\n", "", "does not begin with a comment"),
        ("<%#\n", "\n<%#\n", "does not begin with a comment"),
        ('summary = "', "summary = ", "no TOML"),
        ("summary =", "sumary =", "exactly the keys"),
        ('certainty = "modular"', 'certainty = "certain"', "exact, modular"),
        ('certainty = "modular"', 'certainty = "theorem"', "exact, modular"),
        ('"Network.m2"', '"Missing.m2"', "its library 'Missing.m2'"),
        ('"Network.m2"', "3", "no list of texts"),
        ('method = "jacobian"', 'method = "other"', "do not make its name"),
        ('method = "jacobian"', 'method = ""', "no text"),
        ('rank = "natural"', 'rank = "float"', "no type of a value"),
    ],
)
def test_a_wrong_header_is_named_with_its_file(tree, old, new, reason):
    path = tree / "macaulay2" / "dimension-jacobian.m2.j2"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(NeuroalgError, match=reason) as caught:
        catalogue.templates()
    assert str(path) in str(caught.value)


def test_a_template_with_the_suffix_of_another_engine_is_refused(tree):
    (tree / "sage" / "dimension-jacobian.py.j2").rename(tree / "sage" / "dimension-jacobian.m2.j2")
    with pytest.raises(NeuroalgError, match=r"end in '.py'"):
        catalogue.templates()


def test_a_new_template_needs_no_registration(tree):
    text = (tree / "sage" / "known-answer.py.j2").read_text()
    text = text.replace('invariant = "known"', 'invariant = "degree"').replace(
        'method = "answer"', 'method = "slicing"'
    )
    (tree / "sage" / "degree-slicing.py.j2").write_text(text)
    assert "sage/degree-slicing" in {entry.name for entry in catalogue.templates()}
