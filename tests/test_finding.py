"""Finding engines: the order of search, and four outcomes kept apart.  Shell scripts stand for the engines."""

from __future__ import annotations

import hashlib
import re

import pytest

from neuroalg_cli import engine as engines
from neuroalg_cli import finding
from neuroalg_cli.engines import macaulay2, msolve, sage
from neuroalg_cli.errors import EngineMissingError, EngineUnusableError, UsageError


@pytest.fixture(autouse=True)
def _no_engines(monkeypatch, tmp_path):
    """Hides the engines of this machine."""
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    monkeypatch.setenv("PATH", str(nothing))
    monkeypatch.delenv("NEUROALG_MACAULAY2", raising=False)
    monkeypatch.delenv("NEUROALG_SAGE", raising=False)
    monkeypatch.delenv("NEUROALG_MSOLVE", raising=False)
    monkeypatch.setattr(macaulay2.Macaulay2, "wheel_program", lambda _: None)
    monkeypatch.setattr(sage.Sage, "wheel_program", lambda _: None)
    monkeypatch.setattr(msolve.Msolve, "wheel_program", lambda _: None)


@pytest.fixture
def program(tmp_path):
    """Returns a function that makes a program from lines of shell."""

    def make(folder, body, name="M2"):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return make


def test_what_is_named_by_option_is_found_with_version_hash_and_command(program):
    path = program("a", "echo 1.24.11")
    found = finding.find("macaulay2", str(path))
    assert (found.engine, found.version, found.origin, found.path) == ("macaulay2", "1.24.11", "option", str(path))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert engines.load("macaulay2").command(found, "script.m2") == (str(path), "--script", "script.m2")


def test_the_hash_is_that_of_the_binary_behind_the_launcher(program):
    launcher = program("a", "echo 1.24.11")
    binary = program("a", "the computer algebra system", name="M2-binary")
    assert finding.find("macaulay2", str(launcher)).sha256 == hashlib.sha256(binary.read_bytes()).hexdigest()


def test_order_option_environment_wheel_path(program, monkeypatch):
    by_option, by_environment, by_wheel, on_path = (program(folder, "echo 1.25") for folder in "abcd")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert finding.find("macaulay2").origin == "path"
    monkeypatch.setattr(macaulay2.Macaulay2, "wheel_program", lambda _: by_wheel)
    assert (finding.find("macaulay2").origin, finding.find("macaulay2").path) == ("wheel", str(by_wheel))
    monkeypatch.setenv("NEUROALG_MACAULAY2", str(by_environment))
    assert finding.find("macaulay2").path == str(by_environment)
    assert finding.find("macaulay2", str(by_option)).path == str(by_option)


def test_an_unusable_wheel_does_not_hide_a_usable_program_on_path(program, monkeypatch):
    broken, usable = program("a", "kill -ILL $$"), program("b", "echo 1.21")
    monkeypatch.setattr(macaulay2.Macaulay2, "wheel_program", lambda _: broken)
    monkeypatch.setenv("PATH", str(usable.parent))
    assert finding.find("macaulay2").path == str(usable)


def test_what_is_named_and_broken_is_not_replaced_in_silence(program, monkeypatch):
    usable = program("b", "echo 1.21")
    monkeypatch.setenv("PATH", str(usable.parent))
    with pytest.raises(EngineMissingError, match=r"--macaulay2 names '/no/such/M2'"):
        finding.find("macaulay2", "/no/such/M2")
    monkeypatch.setenv("NEUROALG_MACAULAY2", "/no/such/M2")
    with pytest.raises(EngineMissingError, match="the environment variable NEUROALG_MACAULAY2"):
        finding.find("macaulay2")


def test_missing_says_where_it_looked_and_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    for name, distribution in (("macaulay2", "passagemath-macaulay2"), ("sage", "passagemath-singular")):
        with pytest.raises(EngineMissingError) as caught:
            finding.find(name)
        for part in (str(tmp_path / "nothing"), distribution, "pip install", f"NEUROALG_{name.upper()}", f"--{name}"):
            assert part in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 1.20", "1.20 at .* is too old: at least 1.21"),
        ("echo 0.9.2-rc1", "too old"),
        ("true", "does not say its version: it printed 'nothing'"),
        ("echo Welcome to the machine", "it printed 'Welcome to the machine'"),
        ("echo broken >&2; exit 3", "does not start: .*exit code 3"),
        ("kill -ILL $$", "instruction that this processor lacks"),
        ("kill -SEGV $$", "ended by signal SIGSEGV"),
    ],
)
def test_found_and_unusable_says_why(program, body, reason):
    with pytest.raises(EngineUnusableError, match=reason):
        finding.find("macaulay2", str(program("a", body)))


def test_the_exit_code_of_a_version_command_means_little(program):
    assert finding.find("macaulay2", str(program("a", "echo 1.24; exit 1"))).version == "1.24"


def test_an_engine_that_hangs_at_its_version_is_unusable(program, monkeypatch):
    monkeypatch.setattr(finding, "_VERSION_LIMITS", finding.Limits(wall_seconds=0.5))
    with pytest.raises(EngineUnusableError, match="time limit"):
        finding.find("macaulay2", str(program("a", "while :; do sleep 1; done")))


def test_all_objections_are_told_when_several_programs_are_unusable(program, monkeypatch):
    old, broken = program("a", "echo 1.15"), program("b", "echo hello")
    monkeypatch.setattr(macaulay2.Macaulay2, "wheel_program", lambda _: broken)
    monkeypatch.setenv("PATH", str(old.parent))
    with pytest.raises(EngineUnusableError) as caught:
        finding.find("macaulay2")
    assert str(old) in str(caught.value)
    assert str(broken) in str(caught.value)


def test_a_file_that_is_not_executable_has_its_own_sentence(program):
    path = program("a", "echo 1.25")
    path.chmod(0o644)
    with pytest.raises(EngineUnusableError, match="chmod"):
        finding.find("macaulay2", str(path))


def test_a_folder_serves_if_it_holds_the_program(program, tmp_path):
    path = program("bin", "echo 1.25")
    assert finding.find("macaulay2", str(path.parent)).path == str(path)
    assert finding.find("macaulay2", str(tmp_path)).path == str(path)
    with pytest.raises(EngineMissingError, match="folder"):
        finding.find("macaulay2", str(tmp_path / "nothing"))


def test_a_plain_name_is_looked_up_on_path_and_a_relative_path_from_here(program, monkeypatch, tmp_path):
    path = program("a", "echo 1.25", name="my-M2")
    monkeypatch.setenv("PATH", str(path.parent))
    assert finding.find("macaulay2", "my-M2").path == str(path)
    monkeypatch.chdir(tmp_path)
    assert finding.find("macaulay2", "a/my-M2").path == str(path)


@pytest.mark.parametrize(
    "configured", ["", "   ", "a\0b", "~nobody-of-that-name/M2", "x" * 5000, "/dev/null/M2", "M2; rm -rf /"]
)
def test_a_senseless_name_is_a_missing_engine(configured):
    with pytest.raises(EngineMissingError) as caught:
        finding.find("macaulay2", configured)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_a_link_to_a_program_is_called_by_the_name_of_the_link(program, tmp_path):
    target = program("a", "echo 1.25")
    link = tmp_path / "linked"
    link.symlink_to(target)
    found = finding.find("macaulay2", str(link))
    assert found.path == str(link)
    assert found.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


def test_a_replaced_program_is_asked_again(program):
    path = program("a", "echo 1.25")
    assert finding.find("macaulay2", str(path)).version == "1.25"
    program("a", "echo 1.26.06")
    assert finding.find("macaulay2", str(path)).version == "1.26.06"


def test_an_unknown_engine_is_a_wrong_option():
    with pytest.raises(UsageError, match="macaulay2, msolve, sage"):
        finding.find("magma")


SAGE_PROBE = """echo 'a banner of some kind'
echo '{"version": "%s", "singular": "%s", "linbox": "%s"}'"""


def test_sage_is_called_through_its_python_unless_it_is_one(program, tmp_path):
    library = tmp_path / "singular.so"
    library.write_bytes(b"a library")
    body = SAGE_PROBE % ("9.5", library, "x.so")
    launcher, python = program("a", body, name="sage"), program("a", body, name="python3.11")
    found = finding.find("sage", str(launcher))
    assert found.command == (str(launcher), "-python")
    assert found.sha256 == hashlib.sha256(b"a library").hexdigest()
    assert finding.find("sage", str(python)).command == (str(python),)


@pytest.mark.parametrize(
    ("version", "singular", "linbox", "reason"),
    [
        ("9.4", "/dev/null", "/dev/null", "too old: at least 9.5"),
        ("10.8", "", "/dev/null", "lacks its interface to Singular"),
        ("10.8", "/dev/null", "", "lacks its matrices modulo primes"),
        ("none", "/dev/null", "/dev/null", "does not say its version"),
    ],
)
def test_a_sage_that_lacks_a_part_is_unusable(program, version, singular, linbox, reason):
    with pytest.raises(EngineUnusableError, match=reason):
        finding.find("sage", str(program("a", SAGE_PROBE % (version, singular, linbox), name="sage")))


def test_a_python_without_sage_is_unusable(program):
    lines = [
        "Traceback (most recent call last):",
        '  File "<string>", line 1, in <module>',
        "ModuleNotFoundError: No module",
    ]
    body = "\n".join(f"echo '{line}' >&2" for line in lines) + "\nexit 1"
    with pytest.raises(EngineUnusableError, match="ModuleNotFoundError: No module"):
        finding.find("sage", str(program("a", body, name="python3")))


def test_find_all_raises_nothing(program):
    path = program("a", "echo 1.25")
    found = {entry.engine.name: entry for entry in finding.find_all({"macaulay2": str(path)})}
    assert found["macaulay2"].installation.version == "1.25"
    assert found["macaulay2"].error is None
    assert found["sage"].installation is None
    assert isinstance(found["sage"].error, EngineMissingError)


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9", "1.21"), ("1.21", "1.24.11"), ("1.24.11", "1.26.06"), ("9.5", "9.5.1"), ("9.5", "10.8.11")],
)
def test_versions_are_compared_by_number(older, newer):
    assert engines.version_key(older) < engines.version_key(newer)


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("1.21\n", "1.21"),
        ("1.26.06", "1.26.06"),
        ("warning: x\n1.24.11-ds\n", "1.24.11"),
        ("version 1.2", None),
        ("", None),
        ("7", None),
    ],
)
def test_versions_that_macaulay2_prints(output, version):
    assert engines.load("macaulay2").read_version(output) == version


def test_a_module_without_an_engine_stops_with_its_path(monkeypatch):
    monkeypatch.delattr(sage, "ENGINE")
    with pytest.raises(Exception, match=re.escape(str(sage.__file__))):
        engines.load("sage")
