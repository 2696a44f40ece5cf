"""The catalogue of scripts: what every template says about itself in the TOML header of its first comment.

``templates/<engine>/<invariant>-<method>.<suffix>.j2`` begins with a Jinja comment that holds

    summary     one line
    invariant   what the script computes
    method      by what means; together with the invariant it is the name of the file
    certainty   of the answer, as in a claim
    references  authors, year, arXiv number, theorem
    libraries   files of the engine's library that the script loads
    [value]     the shape of the result, see `neuroalg_cli.parsing`
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroalg_cli import assets
from neuroalg_cli import engine as engines
from neuroalg_cli.errors import NeuroalgError
from neuroalg_cli.parsing import Shape, check_shape

if TYPE_CHECKING:
    from pathlib import Path

CERTAINTIES = ("exact", "modular", "numeric")
_HEADER = re.compile(r"\A<%#\n(?P<toml>.*?)\n#%>\n", re.DOTALL)
_WORDS = ("summary", "invariant", "method", "certainty")


@dataclass(frozen=True, slots=True)
class Template:
    """A template and what its header says."""

    #: ``<engine>/<invariant>-<method>``
    name: str
    engine: str
    invariant: str
    method: str
    summary: str
    certainty: str
    references: tuple[str, ...]
    #: library files, in the order in which the header names them
    libraries: tuple[Path, ...]
    value: Shape
    path: Path


def templates() -> tuple[Template, ...]:
    """Returns every template, by engine and name; raises `NeuroalgError` naming the file whose header is wrong."""
    return tuple(load(name) for name in names())


def names() -> tuple[str, ...]:
    """Returns the names of all templates, without reading them."""
    root = assets.folder("templates")
    return tuple(
        f"{engine}/{path.name.removesuffix('.j2').rpartition('.')[0]}"
        for engine in engines.names()
        for path in sorted((root / engine).glob("*.j2"))
    )


@functools.cache
def load(name: str) -> Template:
    """Returns a template by name; raises `NeuroalgError` if there is none or its header is wrong."""
    engine_name, _, stem = name.partition("/")
    if name not in names():
        raise NeuroalgError(f"there is no template '{name}'; known are {', '.join(names())}")
    engine = engines.load(engine_name)
    path = assets.folder("templates") / engine_name / f"{stem}{engine.script_suffix}.j2"
    if not path.is_file():
        raise _wrong(path, f"scripts of {engine.title} end in '{engine.script_suffix}'")
    header = _header(path)
    folder = assets.folder(engine.library_folder)
    libraries = tuple(folder / library for library in header["libraries"])
    for library in libraries:
        if not library.is_file():
            raise _wrong(path, f"its library '{library.name}' is not in '{folder.name}'")
    if f"{header['invariant']}-{header['method']}" != stem:
        raise _wrong(path, f"invariant '{header['invariant']}' and method '{header['method']}' do not make its name")
    return Template(
        name=name,
        engine=engine_name,
        invariant=header["invariant"],
        method=header["method"],
        summary=header["summary"],
        certainty=header["certainty"],
        references=tuple(header["references"]),
        libraries=libraries,
        value=header["value"],
        path=path,
    )


def _header(path: Path) -> dict[str, Any]:
    """Returns the header of a template, checked key by key."""
    found = _HEADER.match(path.read_text(encoding="utf-8"))
    if found is None:
        raise _wrong(path, "it does not begin with a comment '<%#' ... '#%>' on lines of their own")
    try:
        header = tomllib.loads(found["toml"])
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, f"its header is no TOML: {error}") from error
    expected = {*_WORDS, "references", "libraries", "value"}
    if header.keys() != expected:
        raise _wrong(path, f"its header needs exactly the keys {', '.join(sorted(expected))}")
    for key in _WORDS:
        if not isinstance(header[key], str) or not header[key].strip():
            raise _wrong(path, f"'{key}' is no text")
    for key in ("references", "libraries"):
        if not isinstance(header[key], list) or not all(isinstance(item, str) for item in header[key]):
            raise _wrong(path, f"'{key}' is no list of texts")
    if header["certainty"] not in CERTAINTIES:
        raise _wrong(path, f"the certainty of a script is one of {', '.join(CERTAINTIES)}")
    problem = check_shape(header["value"])
    if problem is not None:
        raise _wrong(path, problem)
    return header


def _wrong(path: Path, reason: str) -> NeuroalgError:
    return NeuroalgError(f"the template '{path}' is wrong: {reason}; correct it, or reinstall neuroalg")
