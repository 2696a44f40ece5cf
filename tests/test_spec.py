"""Descriptions of networks from flags, files and standard input; every kind of bad input is one sentence."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroalg_cli import spec
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.errors import SpecError


def flags(**given):
    return {"arch": "mlp", "widths": None, "activation_degree": None, "activation": None, "biases": False, **given}


def refused(read, *arguments):
    """Returns the sentence with which something is refused; checks what holds for all of them."""
    with pytest.raises(SpecError) as caught:
        read(*arguments)
    sentence = str(caught.value)
    assert caught.value.exit_code == 3
    assert 10 < len(sentence) < 300
    assert sentence.isprintable()
    assert "Traceback" not in sentence
    assert "pydantic" not in sentence
    return sentence


@pytest.fixture
def standard_input(monkeypatch):
    def give(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


@pytest.fixture
def file(tmp_path):
    def write(text, name="network.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("given_flags", "expected"),
    [
        ({"widths": "3,2,3"}, mlp([3, 2, 3])),
        ({"widths": " 3 , 2,3 "}, mlp([3, 2, 3])),
        ({"widths": "+3,02,3"}, mlp([3, 2, 3])),
        ({"widths": "3,2,1", "activation_degree": "2"}, mlp([3, 2, 1], 2)),
        ({"widths": "3,2,2,1", "activation_degree": "2,3"}, mlp([3, 2, 2, 1], [2, 3])),
        ({"widths": "3,2,1", "activation": "1/2*z^2+z"}, mlp([3, 2, 1], activation="1/2*z^2+z")),
        ({"widths": "3,2,2,1", "activation": "z^2, z^3+1"}, mlp([3, 2, 2, 1], activation=["z^2", "z^3+1"])),
        ({"widths": "3,2,1", "activation_degree": "2", "biases": True}, mlp([3, 2, 1], 2, biases=True)),
        ({"widths": "3,2"}, mlp([3, 2])),
    ],
)
def test_flags(given_flags, expected):
    assert spec.read(None, flags(**given_flags)) == expected


def test_toml(file):
    path = file('family = "mlp"\nwidths = [3, 2, 1]\nactivation_degree = 2\nbiases = true\n')
    assert spec.read(path, flags(arch=None)) == mlp([3, 2, 1], 2, biases=True)


@pytest.mark.parametrize("name", ["network.json", "network", "network.txt"])
def test_json(file, name):
    path = file('{"family": "mlp", "widths": [3, 2, 2, 1], "activation": ["z^2", "z"]}', name)
    assert spec.read(path, flags(arch=None)) == mlp([3, 2, 2, 1], [2, 1])


@pytest.mark.parametrize("text", ['family = "mlp"\nwidths = [3, 2]', '\n {"family": "mlp", "widths": [3, 2]}'])
def test_standard_input(standard_input, text):
    standard_input(text.encode())
    assert spec.read("-", flags(arch=None)) == mlp([3, 2])


def test_the_canonical_form_is_a_description(file):
    architecture = mlp([3, 2, 2, 1], activation=["z^2", "1/2*z-1"], biases=True)
    assert spec.read(file(json.dumps(architecture.canonical()), "a.json"), flags(arch=None)) == architecture
    assert spec.from_mapping(architecture.canonical()) == architecture


def test_families_and_options_are_discovered():
    assert spec.families()["mlp"].family == "mlp"
    assert {"widths", "activation_degree", "activation", "biases"} <= {option.key for option in spec.family_options()}
    assert {option.flag for option in spec.family_options()} >= {"--widths", "--activation-degree"}


LONG = "9" * 10**6
CODE = [
    "__import__('os').system('touch hacked')",
    'run "touch hacked"',
    'system("sh", "touch hacked");',
    "$(touch hacked)",
    "`touch hacked`",
    "3;touch hacked",
    "{{ 7*7 }}",
    "<: 7*7 :>",
    "<% for i in x %>",
    "../../../etc/passwd",
    "\x1b[31mred\x1b[0m",
]


@pytest.mark.parametrize(
    ("given_flags", "word"),
    [
        ({}, "widths"),
        ({"widths": ""}, "--widths"),
        ({"widths": ","}, "--widths"),
        ({"widths": "3,,2"}, "--widths"),
        ({"widths": "3,2,"}, "--widths"),
        ({"widths": "3"}, "widths"),
        ({"widths": "3,0,3"}, "widths.1"),
        ({"widths": "3,-2,3"}, "widths.1"),
        ({"widths": "3,2.0,3"}, "--widths"),
        ({"widths": "3,2e1,3"}, "--widths"),
        ({"widths": "3,0x2,3"}, "--widths"),
        ({"widths": "3,2_0,3"}, "--widths"),
        ({"widths": "3 2 3"}, "--widths"),
        ({"widths": "[3,2,3]"}, "--widths"),
        ({"widths": "3,٢,3"}, "--widths"),
        ({"widths": "3,²,3"}, "--widths"),
        ({"widths": "３,２,３"}, "--widths"),
        ({"widths": "3,−2,3"}, "--widths"),
        ({"widths": "3,nan,3"}, "--widths"),
        ({"widths": "3,inf,3"}, "--widths"),
        ({"widths": "3,99999999999,3"}, "widths.1"),
        ({"widths": "3,99999999999999999999,3"}, "--widths"),
        ({"widths": f"3,{LONG},3"}, "--widths"),
        ({"widths": ",".join(["2"] * 5_000)}, "widths"),
        ({"widths": "3,2,1", "activation_degree": "0"}, "activation_degree"),
        ({"widths": "3,2,1", "activation_degree": "-2"}, "activation_degree"),
        ({"widths": "3,2,1", "activation_degree": "1.5"}, "--activation-degree"),
        ({"widths": "3,2,1", "activation_degree": "two"}, "--activation-degree"),
        ({"widths": "3,2,1", "activation_degree": LONG}, "--activation-degree"),
        ({"widths": "3,2,1", "activation_degree": "2,2"}, "activation_degree"),
        ({"widths": "3,2,1", "activation_degree": "2", "activation": "z^2"}, "activation"),
        ({"widths": "3,2,1", "activation": ""}, "activation"),
        ({"widths": "3,2,1", "activation": "z^2,"}, "activation"),
        ({"widths": "3,2,1", "activation": "5"}, "activation"),
        ({"widths": "3,2,1", "activation": "2z"}, "activation"),
        ({"widths": "3,2,1", "activation": "z^"}, "activation"),
        ({"widths": "3,2,1", "activation": "z*y"}, "activation"),
        ({"widths": "3,2,1", "activation": "relu"}, "relu"),  # not a variable of that name, and the network linear
        ({"widths": "3,2,1", "activation": "tanh"}, "tanh"),
        ({"widths": "3,2,1", "activation": f"{LONG}*z"}, "activation"),
        ({"widths": "3,2,1", "activation": f"z^{LONG}"}, "activation"),
        ({"widths": "3,2,1", "activation": "(" * 10**6}, "activation"),
        ({"widths": "3,2,1", "activation": "((z^999)^999)^999"}, "activation"),
        ({"arch": "MLP", "widths": "3,2,3"}, "MLP"),
        ({"arch": "mlpp", "widths": "3,2,3"}, "mlpp"),
        ({"arch": "x" * 10**5, "widths": "3,2,3"}, "family"),
        ({"arch": None, "widths": "3,2,3"}, "--arch"),
        *[({"widths": f"3,{code},3"}, "--widths") for code in CODE],
        *[({"widths": "3,2,1", "activation": code}, "activation") for code in CODE],
        *[({"arch": code, "widths": "3,2,1"}, "family") for code in CODE],
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_bad_flags(given_flags, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert word in refused(spec.read, None, flags(**given_flags))
    assert not list(tmp_path.iterdir())


def test_nothing_given():
    assert "--arch mlp --widths" in refused(spec.read, None, flags(arch=None))


def test_a_file_and_flags(file):
    sentence = refused(spec.read, file("widths = [3, 2]"), flags(arch=None, activation_degree="2"))
    assert "--activation-degree" in sentence


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("  \n\t", "empty"),
        ("widths = [3, 2, 3]", "family"),
        ('family = "mlp"', "widths"),
        ('family = "mlp"\nwidths = [3, 2, 3]\ndepth = 3', "depth"),
        ('family = "mlp"\nwidths = [3, 2, 3]\nWidths = [3]', "Widths"),
        ('family = "mlp"\nwidths = [3, 2, 3]\n[deeper]\nkey = 1', "deeper"),
        ('family = "mlp"\nwidths = [3, 2, 3]\nwidths = [3, 2, 3]', "TOML"),
        ('family = "mlp"\nwidths = [3, 2, ', "TOML"),
        ('family = "mlp"\nwidths = [3, 2, nan]', "widths.2"),
        ('family = "mlp"\nwidths = [3, 2, inf]', "widths.2"),
        ('family = "mlp"\nwidths = [3, 2.0, 3]', "widths.1"),
        ('family = "mlp"\nwidths = [3, true, 3]', "widths.1"),
        ('family = "mlp"\nwidths = [3, 1979-05-27, 3]', "widths.1"),
        ('family = "mlp"\nwidths = "3,2,3"', "widths"),
        ('family = "mlp"\nwidths = { a = 1 }', "widths"),
        ('family = "mlp"\nwidths = [[3, 2, 3]]', "widths"),
        ('family = "mlp"\nwidths = [3, [2], 3]', "widths.1"),
        (f'family = "mlp"\nwidths = [3, {LONG}, 3]', "TOML"),
        (f'family = "mlp"\nwidths = [3, {"9" * 4_000}, 3]', "widths.1"),
        (f'family = "mlp"\nwidths = {"[" * 10**5}', "TOML"),
        ('family = "mlp"\nwidths = [2, 2, 1]\nactivation_degree = 0', "activation_degree"),
        ('family = "mlp"\nwidths = [2, 2, 1]\nactivation_degree = 2.0', "activation_degree"),
        (f'family = "mlp"\nwidths = [2, 2, 1]\nactivation_degree = {"9" * 4_000}', "activation_degree"),
        ('family = "mlp"\nwidths = [2, 2, 1]\nactivation = "z^2 +"', "activation"),
        ('family = "mlp"\nwidths = [2, 2, 2, 1]\nactivation = ["z", 2]', "activation.1"),
        ('family = "mlp"\nwidths = [2, 2, 1]\nactivation = [2]', "activation.0"),
        ('family = "mlp"\nwidths = [2, 2, 1]\nbiases = "yes"', "biases"),
        ("family = 3\nwidths = [2, 1]", "family"),
        ('family = ["mlp"]\nwidths = [2, 1]', "family"),
        ("family = nan\nwidths = [2, 1]", "family"),
        (f'"{"k" * 10**5}" = 1\nfamily = "mlp"\nwidths = [2, 1]', "kkk"),
        ("<html></html>", "TOML"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_bad_toml(file, text, word):
    assert word in refused(spec.read, file(text), flags(arch=None))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[3, 2, 3]", "table"),
        ("{}", "family"),
        ('{"family": "mlp"}', "widths"),
        ('{"family": "mlp", "widths": []}', "widths"),
        ('{"family": "mlp", "widths": null}', "widths"),
        ('{"family": "mlp", "widths": [3]}', "widths"),
        ('{"family": "mlp", "widths": [3, "2", 3]}', "widths.1"),
        ('{"family": "mlp", "widths": [3, null, 3]}', "widths.1"),
        ('{"family": "mlp", "widths": [3, 2.5, 3]}', "widths.1"),
        ('{"family": "mlp", "widths": [3, NaN, 3]}', "widths.1"),
        ('{"family": "mlp", "widths": [3, Infinity, 3]}', "widths.1"),
        ('{"family": "mlp", "widths": [3, 1e400, 3]}', "widths.1"),
        (f'{{"family": "mlp", "widths": [3, {LONG}, 3]}}', "JSON"),
        ('{"family": "mlp", "widths": [3, 2], "widths": [3, 3]}', "twice"),
        ('{"family": "mlp", "widths": [3, 2], "width": 3}', "width"),
        ('{"family": "mlp", "widths": [3, 2], "__class__": 3}', "__class__"),
        ('{"family": "mlp", "widths": [3, 2', "JSON"),
        ('{"family": "mlp", "widths": [3, 2]} 5', "JSON"),
        ('{"a": ' * 10**5, "JSON"),
        ("[" * 10**5, "JSON"),
        ("[" * 10**5 + "]" * 10**5, "JSON"),
        ('{"family": "mlp", "widths": [3, 2, 1], "activation": "\\ud800"}', "activation"),
        ('{"family": "mlp", "widths": [3, 2, 1], "activation": "z\\u0000"}', "activation"),
        ('{"\\ud800": 1, "family": "mlp", "widths": [3, 2, 1]}', "unknown"),
        ('{"family": "\\ud800", "widths": [3, 2, 1]}', "family"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_bad_json(file, text, word):
    assert word in refused(spec.read, file(text, "network.json"), flags(arch=None))


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01\x00",
        b"\xff\xfe{\x00}\x00",
        b"\x00" * 100,
        b'family = "\xe9"',
        bytes(range(256)),
        b"\x80" * 10**6,
    ],
    ids=["elf", "utf-16", "zeros", "latin-1", "all bytes", "a million"],
)
@pytest.mark.parametrize("name", ["network.toml", "network.json", "network"])
def test_binary_files(file, data, name):
    assert "network" in refused(spec.read, file(data, name), flags(arch=None))


def test_a_file_that_is_too_large(file):
    assert "10 MiB" in refused(spec.read, file(b" " * (10 * 2**20 + 1)), flags(arch=None))


def test_an_endless_file():
    assert "10 MiB" in refused(spec.read, "/dev/zero", flags(arch=None))


def test_a_folder(tmp_path):
    assert "folder" in refused(spec.read, str(tmp_path), flags(arch=None))


@pytest.mark.parametrize(
    "name", ["missing.toml", "a\x00b", "x" * 10**5, "\ud800", "", "no/such/folder.json", "\x1b[31m"]
)
def test_files_that_cannot_be_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sentence = refused(spec.read, name, flags(arch=None))
    assert "cannot be read" in sentence or "folder" in sentence


def test_a_file_without_permission(file, monkeypatch):
    path = file("widths = [3, 2]")

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", forbidden)
    assert "Permission denied" in refused(spec.read, path, flags(arch=None))


def test_bad_standard_input(standard_input):
    standard_input(b"")
    assert "standard input is empty" in refused(spec.read, "-", flags(arch=None))
    standard_input(b"\xff\xff")
    assert "standard input is no text" in refused(spec.read, "-", flags(arch=None))
    standard_input(b"{")
    assert "standard input is no valid JSON" in refused(spec.read, "-", flags(arch=None))


@pytest.mark.parametrize("value", [None, 3, "mlp", [1], (), {1: 2}, {"family": None}, {None: 3}, {"family": 10**5000}])
def test_bad_mappings(value):
    refused(spec.from_mapping, value)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(["widths", "activation", "activation_degree", "biases", "family", "depth"])


@given(st.dictionaries(keys, plain, max_size=4), st.lists(st.integers(-1, 4), max_size=5))
def test_whatever_is_described_is_an_architecture_or_one_sentence(fields, widths):
    for description in ({"family": "mlp", **fields}, {**fields, "family": "mlp", "widths": widths}):
        try:
            architecture = spec.from_mapping(description)
        except SpecError as error:
            assert "\n" not in str(error)  # noqa: PT017
            assert len(str(error)) < 300  # noqa: PT017
        else:
            assert spec.from_mapping(architecture.canonical()) == architecture
