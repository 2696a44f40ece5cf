"""Reports as text and back: nothing is lost, files are whole or absent, and what is no report is refused."""

from __future__ import annotations

import io
import json
import os
import stat
import sys

import pytest

import neuroalg_cli as na
from neuroalg_cli.errors import UsageError
from neuroalg_cli.report import writing
from neuroalg_cli.report.writing import read_json, read_report, report_text, write_report


def ask(architecture, **options):
    return na.ask(architecture, engine="builtin", **options)


REPORT = ask(na.mlp([2, 3, 2], 2), method="jacobian")
REPORTS = [
    REPORT,
    ask(na.mlp([3, 2, 3])),
    ask(na.mlp([2, 2, 2], activation="1/2*z^2-z", biases=True), method="jacobian"),
    ask(na.mlp([3, 2, 2], 2), cross_check=True),
    ask(na.mlp([10**9, 10**9, 1], 2)),
]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.architecture.label)
def test_text_and_back(report, tmp_path):
    text = report_text(report)
    assert json.loads(text) == report.model_dump(mode="json", by_alias=True)
    path = tmp_path / "report.json"
    write_report(report, str(path))
    assert path.read_text("utf-8") == text
    again = read_report(str(path))
    assert again == report
    assert report_text(again) == text


def test_the_text_is_laid_out_for_readers():
    text = report_text(REPORT)
    assert text.endswith("}\n")
    assert '"point": [' in text
    assert "\n".join(text.splitlines()[:3]) == '{\n  "schema": "neuroalg/report",\n  "version": 1,'
    assert len(text.splitlines()) < 200


def test_letters_stay_letters_and_odd_names_do_no_harm(tmp_path):
    report = REPORT.model_copy(
        update={"volatile": {"name": "Gröbner", "path": "/\udcff", "list": ["\ud800", "é"], "é": {}}}
    )
    text = report_text(report)
    assert "Gröbner" in text
    path = tmp_path / "report.json"
    write_report(report, str(path))
    assert read_report(str(path)).volatile == {"name": "Gröbner", "path": "/?", "list": ["?", "é"], "é": {}}


def test_empty_things():
    report = REPORT.model_copy(update={"volatile": {"a": {}, "b": [], "c": [[]], "d": [{}], "e": None}})
    assert json.loads(report_text(report))["volatile"] == {"a": {}, "b": [], "c": [[]], "d": [{}], "e": None}


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(report_text(REPORT).encode())))
    assert read_report("-") == REPORT


def test_an_existing_file_is_replaced_whole(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("x" * 10**6)
    write_report(REPORT, str(path))
    assert read_report(str(path)) == REPORT
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_the_umask(tmp_path):
    previous = os.umask(0o027)
    try:
        write_report(REPORT, str(tmp_path / "report.json"))
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "report.json")
    write_report(REPORT, str(tmp_path / "link.json"))
    assert (tmp_path / "link.json").is_symlink()
    assert read_report(str(tmp_path / "report.json")) == REPORT


def test_a_device_stays_a_device(tmp_path):
    write_report(REPORT, os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116
    # a pipe is written to and not replaced
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_report(REPORT, str(pipe))
        assert os.read(reader, 20).startswith(b"{")
        assert pipe.is_fifo()
    finally:
        os.close(reader)


@pytest.mark.parametrize("name", ["", "missing/report.json", "a\x00b", "x" * 5_000, "."])
def test_files_that_cannot_be_written(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        write_report(REPORT, name)
    assert "cannot be written" in str(caught.value)
    assert len(str(caught.value)) < 300
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(UsageError, match="No space left on device"):
        write_report(REPORT, str(path))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "no JSON"),
        (b"dimension 8", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"\x7fELF", "no JSON"),
        (b"[" * 10**5, "no JSON"),
        (b"9" * 10**6, "no JSON"),
        (b"null", "no report"),
        (b"[]", "no report"),
        (b'"neuroalg/report"', "no report"),
        (b"{}", "no report"),
        (b'{"schema": "other/report", "version": 1}', "no report"),
        (b'{"schema": ["neuroalg/report"], "version": 1}', "no report"),
        (b'{"schema": "neuroalg/report"}', "version None"),
        (b'{"schema": "neuroalg/report", "version": 2}', "version 2"),
        (b'{"schema": "neuroalg/report", "version": true}', "version True"),
        (b'{"schema": "neuroalg/report", "version": "1"}', "version '1'"),
        (b'{"schema": "neuroalg/report", "version": 1}', "damaged report: 'architecture'"),
        (b'{"schema": "neuroalg/report", "version": 1, "' + b"x" * 10**4 + b'": 1}', "damaged report"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_is_no_report(tmp_path, data, word):
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_report(str(path))
    assert word in str(caught.value)
    assert "report.json" in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.json", "a\x00b", "", ".", "x" * 5_000, "\ud800"])
def test_files_that_cannot_be_read(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be read|folder") as caught:
        read_json(name)
    assert str(caught.value).isprintable()


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_MAXIMAL_BYTES", 2**20)
    path = tmp_path / "report.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(UsageError, match="more than 1 MiB"):
        read_report(str(path))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": 1, "schema": 2}',
        '{"a": [{"b": {"schema": 1, "c": 2, "schema": 1}}]}',
        '{"schema": 1, "sch\\u0065ma": 1}',
    ],
)
def test_a_key_that_stands_twice_is_refused_since_readers_would_differ(text, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"has the key 'schema' twice in one object") as caught:
        read_json(str(path))
    assert "\n" not in str(caught.value)
    path.write_text('{"a": {"b": 1}, "b": {"a": 1}}')
    assert read_json(str(path)) == {"a": {"b": 1}, "b": {"a": 1}}
