"""The options of families on the command line: help by family, no name that a command needs itself, kinds by family."""

from __future__ import annotations

import click
import pytest

from neuroalg_cli.cli import run
from neuroalg_cli.commands.dim import COMMAND
from neuroalg_cli.spec import families, read

FAMILIES = families()


def help_of(capsys, *arguments):
    assert run(["dim", *arguments, "--help"]) == 0
    return capsys.readouterr().out


def test_help_names_every_family_with_its_options(capsys):
    shown = " ".join(help_of(capsys).replace("-\n", "-").split())
    for name, family in FAMILIES.items():
        assert name in shown
        assert all(option.flag.split("-")[2] in shown for option in family.options)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("order", ["first", "last"])
def test_help_explains_the_options_of_one_family(capsys, name, order):
    arguments = ["dim", "--arch", name, "--help"] if order == "first" else ["dim", "--help", "--arch", name]
    assert run(arguments) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    explained = {line.split()[0] for line in lines if line.startswith("--")}
    own = {option.flag for option in FAMILIES[name].options}
    others = {option.flag for family in FAMILIES.values() for option in family.options} - own
    assert own <= explained
    assert not others & explained


def test_help_of_an_unknown_family_is_that_of_all(capsys):
    assert help_of(capsys, "--arch", "transformer") == help_of(capsys)


def test_no_key_of_a_family_is_an_option_of_a_command():
    context = click.Context(COMMAND)
    own = {option.name for option in click.Command.get_params(COMMAND, context)} | {"arch", "onnx", "output", "json"}
    assert not own & {option.key for family in FAMILIES.values() for option in family.options}


def test_flags_are_flags_in_every_family():
    kinds = {}
    for family in FAMILIES.values():
        for option in family.options:
            assert kinds.setdefault(option.key, option.kind == "flag") == (option.kind == "flag")


def test_a_key_is_read_as_the_family_that_is_asked_for_means_it():
    # numbers of entries for a state-space model, names for a user's own model
    model = read(None, {"arch": "ssm", "state": "1", "inputs": "2", "outputs": "1", "length": "3"})
    assert model.canonical()["inputs"] == 2
    own = read(None, {"arch": "polynomial", "parameters": "a", "inputs": "x,y", "outputs": "a*x*y"})
    assert own.network().input_size == 2
