"""The documentation says what the code does: commands, options, certainties, exit codes, fields, paths, links, examples."""

from __future__ import annotations

import doctest
import json
import re
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from neuroalg_cli import engine, errors, registry, spec, verifying
from neuroalg_cli.cli import command_line, run
from neuroalg_cli.report import model

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCUMENTS, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and (path.name == ".ci" or path.name[0] not in "._")}
ids = [path.relative_to(ROOT).as_posix() for path in PAGES]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(map(text, PAGES))


def code_spans(page: str) -> list[str]:
    without_blocks = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", without_blocks)


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(path), flags=re.MULTILINE | re.DOTALL)


def commands() -> dict[str, click.Command]:
    """Returns every command by its full name; groups and their commands both count."""
    found: dict[str, click.Command] = {}
    waiting = [("neuroalg", command_line)]
    while waiting:
        name, command = waiting.pop()
        found[name] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for inner in command.list_commands(context):
                child = command.get_command(context, inner)
                assert child is not None
                waiting.append((f"{name} {inner}", child))
    return found


def options() -> set[str]:
    found = set()
    for command in commands().values():
        for parameter in command.get_params(click.Context(command)):
            found |= {*parameter.opts, *parameter.secondary_opts}
    return found


def slug(heading: str) -> str:
    """Returns the anchor that a heading gets on a page."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def is_part(part: object, whole: object) -> bool:
    """Returns whether objects in ``part`` lack at most keys of those in ``whole``; lists have every element."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(is_part, part, whole))
    return part == whole


@pytest.mark.parametrize("name", commands())
def test_every_command_is_mentioned(name):
    assert re.search(rf"\b{re.escape(name)}\b", everything())


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_command_and_option_that_a_page_names_exists(path):
    known, real = options(), commands()
    for span in code_spans(text(path)):
        words = span.split()
        if words[0] == "neuroalg":
            depth = max(n for n in range(1, len(words) + 1) if " ".join(words[:n]) in real)
            following = words[depth] if depth < len(words) else "-"
            is_argument = not isinstance(real[" ".join(words[:depth])], click.Group) or not following[0].isalpha()
            assert is_argument, f"{path.name}: no command in '{span}'"
        elif not words[0].startswith("--"):
            continue
        for word in words:
            option = word.partition("=")[0]
            assert not option.startswith("--") or option in known, f"{path.name}: no option '{option}'"


@pytest.mark.parametrize("certainty", model.CERTAINTIES)
def test_every_certainty_has_a_row(certainty):
    assert re.search(rf"^\| `{certainty}` \|", text(ROOT / "docs" / "design.md"), flags=re.MULTILINE)


def test_the_exit_codes_are_those_of_the_code():
    classes = [errors.NeuroalgError, *errors.NeuroalgError.__subclasses__()]
    expected = {(str(error.exit_code), error.kind) for error in classes}
    _, _, table = text(ROOT / "docs" / "design.md").partition("\n| code | kind | meaning |\n")
    rows = re.findall(r"^\| ([0-9]+) +\| `?([a-z-]*)`? *\|", table, flags=re.MULTILINE)
    assert expected | {("0", "")} == set(rows)
    assert {code for code, _ in rows} == set(re.findall(r"^([0-9]+) ", errors.__doc__ or "", flags=re.MULTILINE))


@pytest.mark.parametrize(
    "kind",
    [
        model.Report,
        model.ArchitectureDescription,
        model.Parametrization,
        model.Claim,
        model.Completeness,
        model.EngineIdentity,
        model.ScriptIdentity,
        model.LimitsUsed,
        model.Failure,
        model.Provenance,
    ],
)
def test_every_field_of_a_report_is_described(kind):
    page = text(ROOT / "docs" / "reports.md")
    names = [field.alias or name for name, field in kind.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in page] == []


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_path_that_a_page_names_exists(path):
    named = [span for span in code_spans(text(path)) if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span)]
    paths = [span for span in named if span.split("/")[0] in FOLDERS or re.fullmatch(r"[\w-]+/[\w/.-]+\.\w+", span)]
    assert [span for span in paths if not (ROOT / span).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_relative_link_resolves(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = path.parent / name if name else path
        assert page.exists(), f"{path.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", text(page), flags=re.MULTILINE)
            assert anchor in map(slug, headings), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_is_in_the_table(path):
    assert path.name == "README.md" or f"({path.name})" in text(ROOT / "docs" / "README.md")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_python_examples_hold(path):
    # the dimensions in them: determinantal variety and Alexander-Hirschowitz, as the documents say
    assert doctest.testfile(str(path), module_relative=False, encoding="utf-8").failed == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_descriptions_of_networks_are_valid(path):
    for block in blocks(path, "toml"):
        spec.from_mapping(tomllib.loads(block))


def test_the_report_in_the_documentation_is_what_its_command_prints():
    page = ROOT / "docs" / "reports.md"
    (command,) = re.findall(r"^ {4}neuroalg (dim .*)$", text(page), flags=re.MULTILINE)
    (block,) = blocks(page, "json")
    example = json.loads(block)
    result = CliRunner().invoke(command_line, command.split(), obj={})
    assert result.exception is None
    report = json.loads(result.stdout)
    # Every largest nonzero minor is as good as another: that of the example has to pass the checker.
    minor = example["claims"][0]["evidence"].pop("lower_bound")
    assert is_part(example, report)
    report["claims"][0]["evidence"]["lower_bound"] = minor
    findings = verifying.verify(report)
    assert [finding.accepted for finding in findings] == [True], findings


@pytest.mark.parametrize("name", registry.names("engines"))
def test_every_engine_is_described(name):
    page = text(ROOT / "docs" / "engines.md")
    described = engine.load(name)
    for word in (described.title, described.minimum_version, described.distribution, described.environment_variable):
        assert word in page
    assert f"--{name}" in page


def test_every_environment_variable_in_the_documentation_is_read():
    source = "\n".join(text(path) for path in (ROOT / "neuroalg_cli").rglob("*.py"))
    known = {described.environment_variable for described in engine.load_all()}
    known |= set(re.findall(r"\"(NEUROALG_[A-Z]+)\"", source))
    # Click makes one of every option: NEUROALG_<COMMAND>_<OPTION>
    for name, command in commands().items():
        prefix = name.upper().replace(" ", "_").replace("-", "_")
        known |= {f"{prefix}_{p.name.upper()}" for p in command.get_params(click.Context(command)) if p.name}
    named = {span for page in PAGES for span in code_spans(text(page)) if re.fullmatch(r"NEUROALG_[A-Z_]+", span)}
    assert named <= known


def test_a_wrong_description_ends_with_the_documented_code(capsys):
    assert run(["dim", "--arch", "mlp", "--widths", "3,0,3"]) == errors.SpecError.exit_code
    assert "widths" in capsys.readouterr().err
