"""Renders scripts from templates: strict, and closed to any text that is not ours.

Delimiters are ``<% %>``, ``<: :>`` and ``<%# #%>``, since Macaulay2 is full of braces.  An unknown name is an error.  What a
template inserts must be an integer, a fraction or `Code` that `neuroalg_cli.emission` generated; a string is refused,
so that nothing a user typed can reach an engine.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import jinja2

from neuroalg_cli import assets, catalogue, emission
from neuroalg_cli import engine as engines
from neuroalg_cli.emission import Code
from neuroalg_cli.errors import NeuroalgError

if TYPE_CHECKING:
    from pathlib import Path

    from neuroalg_cli.engine import Engine
    from neuroalg_cli.parsing import Shape


@dataclass(frozen=True, slots=True)
class Script:
    """A script, ready to run: its text, and the library files that must lie beside it."""

    #: name of the template, ``<engine>/<invariant>-<method>``
    template: str
    text: str
    #: of the text
    sha256: str
    #: of the template and of the library files that it names
    template_sha256: str
    engine: str
    files: tuple[Path, ...]
    #: the shape of the result that it writes
    value: Shape

    @property
    def file_name(self) -> str:
        """The name under which it is run."""
        return f"script{engines.load(self.engine).script_suffix}"


def render(template: str, **context: Any) -> Script:
    """Returns the script of a template for the given values.

    Raises ``TypeError`` if the template would insert a plain string, ``ValueError`` if a value is not what it should be,
    `NeuroalgError` if there is no such template or it asks for a value that was not given.
    """
    entry = catalogue.load(template)
    environment = _environment(entry.engine)
    try:
        text = environment.get_template(entry.path.relative_to(assets.folder("templates")).as_posix()).render(**context)
    except jinja2.TemplateError as error:
        raise NeuroalgError(
            f"the template '{entry.path}' cannot be rendered: {error}; this is a bug in neuroalg"
        ) from error
    return Script(
        template=entry.name,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        template_sha256=_digest((entry.path, *entry.libraries)),
        engine=entry.engine,
        files=entry.libraries,
        value=entry.value,
    )


@functools.cache
def _environment(engine_name: str) -> jinja2.Environment:
    """Returns the environment in which templates of an engine are rendered."""
    engine = engines.load(engine_name)
    return environment_for(engine, jinja2.FileSystemLoader(assets.folder("templates")))


def environment_for(engine: Engine, loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Returns a strict environment with the filters for one engine; see the module's docstring."""
    environment = jinja2.Environment(
        loader=loader,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<:",
        variable_end_string=":>",
        comment_start_string="<%#",
        comment_end_string="#%>",
        undefined=jinja2.StrictUndefined,
        finalize=functools.partial(_finalize, engine),
        autoescape=False,  # noqa: S701  # no HTML; strings are refused altogether
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    dialect = engine.dialect
    environment.filters = {
        "polynomials": lambda items, letter, characteristic: emission.polynomials(
            _defined(items), dialect, letter, _characteristic(characteristic)
        ),
        "variables": lambda count, letter: emission.variables(_natural(count), letter),
        "only": _only,
        "networks": lambda graphs: emission.networks(_defined(graphs), dialect),
        "field": lambda characteristic: Code(dialect.field(_characteristic(characteristic))),
    }
    environment.globals = {}
    return environment


def _finalize(engine: Engine, value: Any) -> str:
    """Returns the text of a value that a template inserts; refuses everything that is not a number or our own code."""
    if isinstance(value, Code):
        return value.text
    if isinstance(_defined(value), bool) or not isinstance(value, int | Fraction):
        raise TypeError(f"a template may insert numbers and generated code, not a {type(value).__name__}")
    return engine.dialect.number(Fraction(value))


def _only(items: Any) -> Any:
    """Returns the one item of a list, for scripts that can hold no more."""
    if not isinstance(_defined(items), list | tuple) or len(items) != 1:
        raise ValueError("this script needs a list with exactly one item")
    return items[0]


def _natural(value: Any) -> int:
    if isinstance(_defined(value), bool) or not isinstance(value, int):
        raise TypeError(f"a template may insert numbers and generated code, not a {type(value).__name__}")
    return int(value)


def _defined(value: Any) -> Any:
    """Returns a value that was given; raises jinja2's error with the name of one that was not."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    return value


def _characteristic(value: Any) -> int:
    """Returns 0 or a prime below 2^31, which all engines compute with; an engine may take 4 for the field of four elements."""
    from flint import fmpz  # noqa: PLC0415

    if isinstance(_defined(value), bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError(f"{value!r} is no characteristic: 0 or a prime below 2^31")
    if value and not fmpz(value).is_prime():
        raise ValueError(f"the characteristic {value} is not prime")
    return int(value)


def _digest(paths: tuple[Path, ...]) -> str:
    """Returns a hash of files with their names."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
