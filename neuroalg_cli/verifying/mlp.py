"""The graph of a report compared with its specification, for the family ``mlp``."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from neuroalg_cli.verifying.refusing import integers, require, same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroalg_cli.verifying.network import Network


def is_specified(network: Network, architecture: Mapping[str, Any]) -> bool:
    """Checks the hash and, for ``mlp``, that this is the specified graph; returns whether the family is that one."""
    specification, family = architecture["specification"], architecture["family"]
    text = json.dumps(specification, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    same("the SHA-256", architecture["sha256"], hashlib.sha256(text.encode("ascii")).hexdigest())
    require(family == specification["family"], "the family is not that of the specification")
    if family != "mlp":
        return False
    widths, biases = integers(specification["widths"], "the widths", 1, 10**6), specification["biases"]
    built: list[tuple[Any, ...]] = [("input", (widths[0],), (), "x")]
    layers = zip(pairwise(widths), [*specification["activation"], "z"], strict=True)
    for layer, ((m, n), activation) in enumerate(layers, start=1):
        built += [("parameter", (n, m), (), f"W_{layer}"), ("matmul", (n,), (len(built), len(built) - 1), "")]
        if biases:
            built += [("parameter", (n,), (), f"b_{layer}"), ("sum", (n,), (len(built) - 1, len(built)), "")]
        if activation != "z":
            terms = network.nodes[len(built)].terms.items()
            text = "+".join(f"{c}*z^{e}" for e, c in terms).replace("*z^0", "").replace("+-", "-")
            text = re.sub(r"(?<![0-9/])1\*|\^1(?![0-9])", "", text)  # canonical, such as '1/2*z^2-z+3'
            require(text == activation, f"the activation of layer {layer} is not the specified one")
            built.append(("polynomial", (n,), (len(built) - 1,), ""))
    require(built == [node[:4] for node in network.nodes] and network.output == len(built) - 1, "it is another network")
    return True
