"""The rendering of scripts: strict, reproducible, and closed to strings."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import jinja2
import pytest

from neuroalg_cli import catalogue, emission
from neuroalg_cli import engine as engines
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.emission import Code
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.execution import execute
from neuroalg_cli.interpreters.symbolic import coordinates
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.rendering import environment_for, render
from neuroalg_cli.running import Limits

M2 = engines.load("macaulay2")
HOSTILE = [
    '7; run "touch owned"',
    "7\nimport os; os.system('touch owned')",
    'system("sh", "touch owned");',
    "$(touch owned)",
    "{{ 7*7 }}",
    "<: seed :>",
    "<% include '/etc/passwd' %>",
    "",
]


def rendered(source: str, **context) -> str:
    environment = environment_for(M2, jinja2.DictLoader({"t": source}))
    return environment.get_template("t").render(**context)


def contexts():
    """Returns a context for every template of the tree."""
    network = mlp([2, 2, 1], 2).network()
    polynomials = [coordinate.polynomial for coordinate in coordinates(network)]
    image = {"coordinates": polynomials, "parameters": network.parameter_count}
    equations = {"equations": polynomials, "variables": network.parameter_count, "characteristic": 7}
    system = {"systems": [polynomials], "unknowns": network.parameter_count, "characteristic": 32003}
    by_method = {
        ("known", "answer"): {},
        ("dimension", "jacobian"): {"networks": [network.as_json()], "seed": 3},
        ("dimension", "groebner"): {**image, "characteristic": 0},
        ("degree", "groebner"): {**image, "characteristic": 0},
        ("degree", "monodromy"): {**image, "seed": 3},
        ("degree", "slicing"): system,
        ("ideal", "groebner"): {**image, "characteristic": 0, "homogenized": 0},
        ("ideal", "completeness"): equations,
        ("hilbert", "groebner"): {**image, "characteristic": 0, "closure": True, "seconds": 60},
        ("hilbert", "resolution"): {**equations, "closure": False, "seconds": 60},
    }
    return [(entry.name, by_method[entry.invariant, entry.method]) for entry in catalogue.templates()]


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (-7, "(-7)"), (0, "0"), (10**50, str(10**50)), (Fraction(-1, 3), "(-1/3)"), (Code("w_1"), "w_1")],
)
def test_numbers_and_generated_code_are_inserted(value, text):
    assert rendered("a <: value :> b", value=value) == f"a {text} b"


@pytest.mark.parametrize("value", ["", "7", "w_1", 1.5, True, None, b"7", [1], {"a": 1}, jinja2.Template("7")])
def test_everything_else_is_refused(value):
    with pytest.raises(TypeError, match="numbers and generated code"):
        rendered("<: value :>", value=value)


@pytest.mark.parametrize(
    "source",
    [
        "<: 'text' :>",
        "<: value ~ value :>",
        "<: value ~ text :>",
        "<% set joined %><: value :><% endset %><: joined :>",
        "<: text[0] :>",
        "<: [value, text] :>",
        "<: value if not text else text :>",
    ],
)
def test_text_cannot_be_built_inside_a_template_either(source):
    with pytest.raises(TypeError, match="numbers and generated code"):
        rendered(source, value=7, text="x")


def test_a_number_that_prints_as_something_else_is_inserted_as_a_number():
    class Impostor(int):
        def __str__(self):
            return 'run "touch owned"'

        __repr__ = __format__ = __str__

    assert rendered("<: value :>", value=Impostor(5)) == "5"


def test_an_unknown_name_is_an_error():
    for source in (
        "<: unknown :>",
        "<: value.unknown :>",
        "<% if unknown %>x<% endif %>",
        "<% for i in unknown %>x<% endfor %>",
    ):
        with pytest.raises(jinja2.UndefinedError):
            rendered(source, value=7)


@pytest.mark.parametrize(
    "source", ["<: 1 | join :>", "<: 1 | string :>", "<: 1 | safe :>", "<: range(3) :>", "<: cycler('a') :>"]
)
def test_filters_and_globals_of_jinja_are_not_there(source):
    with pytest.raises(jinja2.TemplateError):
        rendered(source)


def test_delimiters_leave_the_engines_alone():
    source = '<%# a note #%>\nL = {{1, 2}, {3}}; x = a % b; f = {% y\ng = {# z\nif a < b then c << "{{x}}";\n'
    assert rendered(source) == 'L = {{1, 2}, {3}}; x = a % b; f = {% y\ng = {# z\nif a < b then c << "{{x}}";\n'


@pytest.mark.parametrize("name", catalogue.names())
def test_a_missing_value_is_named(name):
    context = dict(contexts())[name]
    for key in context:
        with pytest.raises(NeuroalgError, match=f"'{key}' is undefined"):
            render(name, **{k: v for k, v in context.items() if k != key})


def outcome(name, context):
    """Returns a script, or the kind of error that refuses its values."""
    try:
        return render(name, **context).text
    except (TypeError, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", catalogue.names())
def test_no_string_reaches_a_script(name, hostile):
    context = dict(contexts())[name]
    for key, value in context.items():
        harmless = {TypeError, ValueError}
        if isinstance(value, bool):  # only asked whether it is true
            harmless = {outcome(name, {**context, key: bool(hostile)})}
        elif key == "systems" and not hostile:  # nothing to loop over
            harmless = {outcome(name, {**context, key: []})}
        assert outcome(name, {**context, key: hostile}) in harmless
    polynomials = [[hostile], [{(0,) * 6: hostile}], [{hostile: Fraction(1)}]]
    nested = {
        "networks": [[hostile], [{"nodes": hostile, "output": 0}], [{"nodes": [hostile], "output": 0}]],
        "coordinates": polynomials,
        "equations": polynomials,
        "systems": [[value] for value in polynomials],
    }
    for key in context:
        for value in nested.get(key, []):
            with pytest.raises((TypeError, ValueError)):
                render(name, **{**context, key: value})


@pytest.mark.parametrize("name", catalogue.names())
def test_a_script_has_the_hash_of_its_text_and_nothing_of_its_header(name):
    context = dict(contexts())[name]
    script = render(name, **context)
    assert script.sha256 == hashlib.sha256(script.text.encode()).hexdigest()
    assert script == render(name, **context)
    assert "<:" not in script.text
    assert "<%" not in script.text
    assert "summary =" not in script.text
    assert script.text.startswith(engines.load(script.engine).dialect.comment)
    assert script.text.isascii()
    for file in script.files:
        assert file.stem in script.text


def test_the_hash_of_a_template_covers_its_library(monkeypatch, tmp_path):
    name = "macaulay2/known-answer"
    before = render(name).template_sha256
    entry = catalogue.load(name)
    changed = []
    for library in entry.libraries:
        (tmp_path / library.name).write_bytes(library.read_bytes() + b"-- one more line\n")
        others = tuple(path for path in entry.libraries if path != library)
        object_with = {field: getattr(entry, field) for field in entry.__slots__}
        spoiled = catalogue.Template(**{**object_with, "libraries": (*others, tmp_path / library.name)})
        monkeypatch.setattr(catalogue, "load", lambda _, spoiled=spoiled: spoiled)
        changed.append(render(name).template_sha256)
    assert before not in changed
    assert len(set(changed)) == len(changed)


def test_fields():
    assert rendered("<: 0 | field :> <: 32003 | field :>") == "QQ ZZ/32003"
    for wrong in (-1, True, 2.0, "7", 1, 4, 6, 32001, 2**31, 4294967311):
        with pytest.raises(ValueError, match="characteristic"):
            rendered("<: value | field :>", value=wrong)


def test_hostile_names_do_nothing_on_an_engine(each_installation, tmp_path, monkeypatch):
    if engines.load(each_installation.engine).is_optional:
        pytest.skip("it reads polynomials only, which have no names")
    monkeypatch.setenv("NEUROALG_RUNS", str(tmp_path))
    builder = NetworkBuilder()
    node = builder.input((2,))
    for number, hostile in enumerate(HOSTILE):
        node = builder.matmul(builder.parameter(f"{hostile}{number}", (2, 2)), node)
    network = builder.finish(node)
    script = render(f"{each_installation.engine}/dimension-jacobian", networks=[network], seed=1)
    answer = execute(script, each_installation, Limits(wall_seconds=120), keep=True)
    # A product of invertible 2 x 2 matrices is any matrix.
    assert answer.values["networks"][0]["rank"] == 4
    assert not list(tmp_path.rglob("owned"))


def test_templates_are_thin():
    for entry in catalogue.templates():
        body = entry.path.read_text(encoding="utf-8").partition("#%>\n")[2]
        code = [line for line in body.splitlines() if line.strip() and not line.startswith(("--", "#"))]
        assert len(code) <= 25, entry.name


def test_the_only_text_that_templates_insert_is_made_in_one_module():
    assert Code.__module__ == emission.__name__
