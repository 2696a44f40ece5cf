"""Networks in one argument: a file, standard input, JSON, a short text such as ``mlp widths=3,2,3``, or a label."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from neuroalg_cli import spec
from neuroalg_cli.errors import SpecError, shown

if TYPE_CHECKING:
    from neuroalg_cli.architecture import Architecture

_PAIR = re.compile(r"([A-Za-z_-]+)=(.*)", re.DOTALL)
_MLP_LABEL = re.compile(r"mlp-([0-9]+(?:\.[0-9]+)+)(?:-r([0-9]+(?:\.[0-9]+)*))?(-b)?")
_CNN_LABEL = re.compile(
    r"cnn-([0-9x]+(?:\.[0-9x]+)*)(?:-c([0-9.]+))?(?:-s([0-9x.]+))?(?:-d([0-9x.]+))?(?:-n([0-9x]+))?(-zero|-circular)?"
    r"(?:-h([0-9.]+))?(?:-r([0-9.]+))?(-b)?"
)
_FORMS = "a TOML or JSON file, 'mlp widths=3,2,3 activation_degree=2', or a label such as mlp-3.2.3-r2"


def read_network(text: str) -> Architecture:
    """Returns the network that one argument describes.

    ``-`` is standard input; a text that begins with { is JSON; the name of a family with key=value after it is a
    specification with the keys of the family; ``mlp-3.2.3-r2`` is a label; all else names a file.  Raises `SpecError`.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            return spec.from_mapping(json.loads(stripped))
        except ValueError as error:
            raise SpecError(f"{shown(stripped, 80)} is no valid JSON: {str(error)[:120]}") from None
    words = stripped.split()
    families = spec.families()
    if words and words[0] in families and (len(words) > 1 or not families[words[0]].options):
        return _from_words(words)
    found = _from_label(stripped)
    if found is not None:
        return found
    try:
        return spec.read(text, {})
    except SpecError as error:
        if text == "-" or "cannot be read" not in str(error):
            raise
        raise SpecError(f"{shown(text, 80)} is neither a file that can be read nor a network; give {_FORMS}") from None


def _from_words(words: list[str]) -> Architecture:
    """Returns the network of ``family key=value key=value flag``."""
    family = spec.families()[words[0]]
    known = {option.key: option for option in family.options}
    flags: dict[str, Any] = {"arch": words[0]}
    for word in words[1:]:
        match = _PAIR.fullmatch(word)
        key = (match[1] if match else word).lstrip("-").replace("-", "_")
        if key not in known:
            raise SpecError(
                f"the key {shown(key)} is unknown to the family '{words[0]}'; its keys are {', '.join(sorted(known))}"
            )
        if key in flags:
            raise SpecError(f"the key '{key}' is given twice in {shown(' '.join(words), 80)}")
        is_flag = known[key].kind == "flag"
        if match is None and not is_flag:
            raise SpecError(f"the key '{key}' has no value in {shown(' '.join(words), 80)}; write {key}=...")
        if match is not None and is_flag and match[2] not in ("true", "false"):
            raise SpecError(f"the key '{key}' is {shown(match[2])}; it takes no value, or true or false")
        flags[key] = (match is None or match[2] == "true") if is_flag else (match[2] if match else "")
    return spec.read(None, flags)


def _from_label(text: str) -> Architecture | None:
    """Returns the network of the family mlp or cnn with this label, or None; labels with hashes say too little."""
    flags: dict[str, Any]
    if match := _MLP_LABEL.fullmatch(text):
        widths, degrees, biases = match.groups()
        flags = {"arch": "mlp", "widths": widths, "activation_degree": degrees, "biases": biases}
    elif match := _CNN_LABEL.fullmatch(text):
        keys = ("filters", "channels", "stride", "dilation", "input", "padding", "head", "activation_degree", "biases")
        flags = {"arch": "cnn", **dict(zip(keys, match.groups(), strict=True))}
    else:
        return None
    given = {key: value.lstrip("-").replace(".", ",") for key, value in flags.items() if value}
    found = spec.read(None, {key: True if key == "biases" else value for key, value in given.items()})
    if "activation_degree" in given and found.label != text:
        raise SpecError(f"{shown(text, 80)} looks like a label and means {found.label}; write that, or name a file")
    return found
