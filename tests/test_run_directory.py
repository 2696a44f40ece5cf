"""The run directory: private, kept or removed as promised, and safe to read after an engine had it."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from neuroalg_cli.errors import EngineUnusableError, InterruptedRunError, NoResultError, ScriptError
from neuroalg_cli.run_directory import RunDirectory, open_regular


def test_it_is_fresh_private_and_removed(tmp_path):
    with (
        RunDirectory.create("mlp-3.2.3-r1", parent=tmp_path) as first,
        RunDirectory.create("x", parent=tmp_path) as other,
    ):
        assert first.path != other.path
        assert first.path.is_absolute()
        assert first.path.name.startswith("neuroalg-mlp-3.2.3-r1-")
        assert stat.S_IMODE(first.path.stat().st_mode) == 0o700
        assert list(first.path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", ["", "..", "../../etc", "a b;$(c)\n", "é" * 3, "x" * 1000, "-rf", "\0"])
def test_label_becomes_a_plain_name(tmp_path, label):
    with RunDirectory.create(label, parent=tmp_path) as run_directory:
        assert run_directory.path.parent == tmp_path
        assert run_directory.path.name.isascii()
        assert not set(run_directory.path.name) & set(" ;$()\n/\0")


def test_place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("NEUROALG_RUNS", raising=False)
    with RunDirectory.create("a") as run_directory:
        assert run_directory.path.parent == tmp_path
    monkeypatch.setenv("NEUROALG_RUNS", str(tmp_path / "not" / "yet"))
    with RunDirectory.create("a") as run_directory:
        assert run_directory.path.parent == tmp_path / "not" / "yet"
    monkeypatch.chdir(tmp_path)
    with RunDirectory.create("a", parent=Path("relative")) as run_directory:
        assert run_directory.path.parent == tmp_path / "relative"


def test_keeping(tmp_path):
    with RunDirectory.create("a", keep=True, parent=tmp_path) as asked_at_creation:
        pass
    with RunDirectory.create("a", parent=tmp_path) as asked_later:
        asked_later.keep()
    assert asked_at_creation.path.is_dir()
    assert asked_later.path.is_dir()


def test_failure_keeps_the_folder_and_learns_its_name(tmp_path):
    with (
        pytest.raises(ScriptError) as caught,
        RunDirectory.create("a", parent=tmp_path) as run_directory,
    ):
        raise ScriptError("the script is wrong")
    assert run_directory.path.is_dir()
    assert caught.value.directory == str(run_directory.path)


def test_failure_that_already_names_a_folder_keeps_that_name(tmp_path):
    with pytest.raises(ScriptError) as caught, RunDirectory.create("a", parent=tmp_path):
        raise ScriptError("the script is wrong", directory="elsewhere")
    assert caught.value.directory == "elsewhere"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(1), InterruptedRunError("interrupted")])
def test_interruption_leaves_nothing(tmp_path, interruption):
    with pytest.raises(type(interruption)), RunDirectory.create("a", parent=tmp_path):
        raise interruption
    assert list(tmp_path.iterdir()) == []


def test_interruption_keeps_what_was_asked_for(tmp_path):
    with pytest.raises(KeyboardInterrupt), RunDirectory.create("a", keep=True, parent=tmp_path):
        raise KeyboardInterrupt
    assert len(list(tmp_path.iterdir())) == 1


def test_removal_of_closed_folders_links_and_of_nothing(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        (run_directory.path / "closed" / "inner").mkdir(parents=True)
        (run_directory.path / "closed" / "inner").chmod(0)
        (run_directory.path / "closed").chmod(0)
        (run_directory.path / "link").symlink_to(precious)
    assert not run_directory.path.exists()
    assert (precious / "file").exists()
    run_directory.remove()


def test_writing(tmp_path):
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        path = run_directory.write("script.m2", "x = 1\r\n-- é\n")
        assert path == run_directory.path / "script.m2"
        assert path.read_bytes() == b"x = 1\r\n-- \xc3\xa9\n"
        assert run_directory.write("script.m2", "y").read_text() == "y"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "a\0b"])
def test_names_stay_inside(tmp_path, name):
    with RunDirectory.create("a", parent=tmp_path) as run_directory, pytest.raises(ValueError, match="plain name"):
        run_directory.write(name, "")


def test_links_left_by_an_engine_are_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    source = tmp_path / "library.m2"
    source.write_text("new")
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        for name in ("script.m2", "library.m2"):
            (run_directory.path / name).symlink_to(precious)
        with pytest.raises(EngineUnusableError, match="cannot write"):
            run_directory.write("script.m2", "gone")
        assert run_directory.copy_in(source).read_text() == "new"
    assert precious.read_text() == "keep me"


def test_copy_of_a_missing_file(tmp_path):
    with (
        RunDirectory.create("a", parent=tmp_path) as run_directory,
        pytest.raises(EngineUnusableError, match=r"cannot copy .*no such file"),
    ):
        run_directory.copy_in(tmp_path / "missing.m2")


def test_result(tmp_path):
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        assert run_directory.result() is None
        (run_directory.path / "result.json.partial").write_text("{}")
        assert run_directory.result() is None
        run_directory.write("result.json", "")
        assert run_directory.result() == b""
        run_directory.write("result.json", '{"rank": "8"}')
        assert run_directory.result() == b'{"rank": "8"}'


def test_result_that_is_too_large(tmp_path):
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        run_directory.write("result.json", "x" * 100)
        assert run_directory.result(max_bytes=100) == b"x" * 100
        with pytest.raises(NoResultError, match="has 100 bytes, more than the 99"):
            run_directory.result(max_bytes=99)


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
def test_result_that_is_no_plain_file(tmp_path, kind):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        path = run_directory.path / "result.json"
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(secret if kind == "link" else tmp_path / "nothing")
        with pytest.raises(NoResultError, match="no plain readable file"):
            run_directory.result()


def test_devices_and_missing_files_are_not_regular(tmp_path):
    assert open_regular(Path("/dev/null")) is None
    assert open_regular(tmp_path / "missing") is None


def test_place_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    for parent in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(
            EngineUnusableError, match=r"^cannot create a run directory in '.*file.*'.*; set NEUROALG_RUNS"
        ) as caught:
            RunDirectory.create("a", parent=parent)
        assert "\n" not in caught.value.sentence


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no folders, not even from root")
def test_place_that_takes_no_folders():
    with pytest.raises(EngineUnusableError, match="cannot create a run directory in '/proc/self'"):
        RunDirectory.create("a", parent=Path("/proc/self"))


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "free some space"), (errno.EDQUOT, "free some space"), (errno.EROFS, "set NEUR")],
)
def test_full_and_read_only_disks(tmp_path, monkeypatch, number, advice):
    def refuse(*_: object, **__: object) -> str:
        raise OSError(number, os.strerror(number))

    with RunDirectory.create("a", parent=tmp_path) as run_directory:
        monkeypatch.setattr(tempfile, "mkdtemp", refuse)
        with pytest.raises(EngineUnusableError, match=f"{os.strerror(number)[1:]}; {advice}"):
            RunDirectory.create("a", parent=tmp_path)
        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(EngineUnusableError, match=f"{os.strerror(number)[1:]}; {advice}"):
            run_directory.write("script.m2", "x")
        monkeypatch.undo()


def test_no_temporary_folder_anywhere(monkeypatch):
    def refuse() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.delenv("NEUROALG_RUNS", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(EngineUnusableError, match="in 'the temporary folder': no usable temporary directory"):
        RunDirectory.create("a")
