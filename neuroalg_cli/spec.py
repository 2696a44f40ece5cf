"""Reads the description of a network from flags, a TOML or JSON file, or standard input."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroalg_cli import registry
from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.architecture import Architecture, FamilyOption

MAXIMAL_FILE_BYTES = 10 * 2**20
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MAXIMAL_DIGITS = 18


def families() -> dict[str, type[Architecture]]:
    """Returns the families of networks by name."""
    return {module.ARCHITECTURE.family: module.ARCHITECTURE for module in registry.load_all("architectures")}


def family_options() -> list[FamilyOption]:
    """Returns the options of all families, one for every key; families may give a key different kinds, but for flags."""
    found = [option for family in families().values() for option in family.options]
    return list({option.key: option for option in reversed(found)}.values())[::-1]


def read(source: str | None, flags: Mapping[str, Any]) -> Architecture:
    """Returns the architecture from a file name, ``-`` for standard input, or flags (None or False: not given).

    ``flags`` holds ``arch`` and the keys of the families' options.  Raises `SpecError`.
    """
    given = {key: value for key, value in flags.items() if value not in (None, False)}
    if source is not None:
        if given:
            flag = "--" + min(given).replace("_", "-")
            raise SpecError(f"the network is described by {shown(source, 80)} and by {flag}; give one of them")
        return from_mapping(_read_source(source))
    if not given:
        raise SpecError(
            "no network is described; write for example --arch mlp --widths 3,2,3, or name a TOML or JSON file, or --onnx FILE"
        )
    if "arch" not in given:
        raise SpecError(f"--arch is missing; the families are {', '.join(families())}")
    family = given.pop("arch")
    own = families()[family].options if family in families() else ()
    kinds = {option.key: option.kind for option in (*family_options(), *own)}
    specification: dict[str, Any] = {"family": family}
    for key, value in given.items():
        specification[key] = _parse_flag(key, kinds[key], value)
    return from_mapping(specification)


def from_mapping(specification: Any) -> Architecture:
    """Returns the architecture that plain values describe: ``family`` and the keys of that family."""
    if not isinstance(specification, dict):
        raise SpecError("the description of a network must be a table of keys and values, such as widths = [3, 2, 3]")
    fields = dict(specification)
    name = fields.pop("family", None)
    known = families()
    if name is None:
        raise SpecError(f"the key 'family' is missing; the families are {', '.join(known)}")
    if not isinstance(name, str) or name not in known:
        raise SpecError(f"the family {shown(name)} is unknown; the families are {', '.join(known)}")
    options = {option.key for option in known[name].options} | set(getattr(known[name], "file_keys", ()))
    unknown = sorted(str(key) for key in fields if key not in options)
    if unknown:
        allowed = ", ".join(sorted(options))
        raise SpecError(f"the key {shown(unknown[0])} is unknown to the family '{name}'; its keys are {allowed}")
    return known[name].from_specification(fields)


def _parse_flag(key: str, kind: str, value: Any) -> Any:
    if kind == "flag":
        return True
    if kind == "text":
        return str(value)
    if kind == "integer":
        return _parse_integer(key, str(value).strip(), "one integer, for example 3")
    parts = [part.strip() for part in str(value).split(",")]
    return [_parse_integer(key, part) for part in parts] if kind == "integers" else parts


def _parse_integer(
    key: str, text: str, wanted: str = "integers, several of them separated by commas, such as 3,2,3"
) -> int:
    option = "--" + key.replace("_", "-")
    if not text:
        raise SpecError(f"{option} has an empty entry; write {wanted}")
    if not _INTEGER.fullmatch(text):
        raise SpecError(f"{option} has the entry {shown(text)}, which is no integer; write {wanted}")
    if len(text) > _MAXIMAL_DIGITS:
        raise SpecError(
            f"{option} has an entry of {len(text)} characters, {shown(text)}; the largest has {_MAXIMAL_DIGITS}"
        )
    return int(text)


def _read_source(source: str) -> Any:
    if not source:
        raise SpecError("'' cannot be read (the name is empty); name a TOML or JSON file, or - for standard input")
    name = "standard input" if source == "-" else shown(source, 80)
    try:
        if source == "-":
            data = sys.stdin.buffer.read(MAXIMAL_FILE_BYTES + 1)
        else:
            path = Path(source)
            if path.is_dir():
                raise SpecError(f"{name} is a folder; name a TOML or JSON file")
            with path.open("rb") as file:
                data = file.read(MAXIMAL_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecError(
            f"{name} cannot be read ({reason}); name a TOML or JSON file, or - for standard input"
        ) from None
    if len(data) > MAXIMAL_FILE_BYTES:
        raise SpecError(
            f"{name} has more than {MAXIMAL_FILE_BYTES // 2**20} MiB; a description of a network is smaller"
        )
    try:
        text = data.decode("utf-8-sig")  # editors of some systems write a mark in front
    except UnicodeDecodeError:
        raise SpecError(f"{name} is no text in UTF-8; a description of a network is TOML or JSON") from None
    if not text.strip():
        raise SpecError(f'{name} is empty; write for example family = "mlp" and widths = [3, 2, 3]')
    is_json = source.endswith(".json") or (not source.endswith(".toml") and text.lstrip().startswith(("{", "[")))
    try:
        return json.loads(text, object_pairs_hook=_unique_keys) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise SpecError(f"{name} is no valid {'JSON' if is_json else 'TOML'}: {first[:120]}") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is given twice")
    return result
