"""The monomials in x that the outputs of a block have, by expanding them in x alone."""

from __future__ import annotations

import math
from math import comb
from typing import TYPE_CHECKING, Any

from flint import Ordering, fmpz_mpoly_ctx, nmod_mpoly_ctx

from neuroalg_cli.verifying.refusing import require

if TYPE_CHECKING:
    from neuroalg_cli.verifying.blocks import Block
    from neuroalg_cli.verifying.network import Network

_BUDGET = 10**7


def at_most(network: Network, block: Block) -> int | None:
    """Returns the number of monomials if all parameters and coefficients are 1 and nothing cancels; None if it is too large."""
    return _count(network, block, is_positive=True)


def at_least(network: Network, block: Block) -> int | None:
    """Returns the number of monomials whose coefficient is not 0 modulo the prime at the point; None if it is too large."""
    return _count(network, block, is_positive=False)


def _count(network: Network, block: Block, *, is_positive: bool) -> int | None:
    inputs = network.nodes[block.start].entries
    names = tuple(f"x_{i}" for i in range(len(inputs)))
    if is_positive:
        context: Any = fmpz_mpoly_ctx.get(names, Ordering.lex)
    else:
        context = nmod_mpoly_ctx.get(names, modulus=network.p, ordering=Ordering.lex)
    one, zero, work = context.constant(1), context.constant(0), 0
    values: dict[int, Any] = {0: one} | dict(zip(inputs, context.gens(), strict=True))
    for index in block.inside:
        for entry in network.nodes[index].entries:
            if index in block.parameters:
                values[entry] = one if is_positive else context.constant(int(network.w[entry]))
                continue
            terms, pairs = network.steps[entry]
            work += 1 + sum(len(values[a]) * len(values[b]) for a, b in pairs)
            if work > _BUDGET:
                return None
            z = sum((values[a] * values[b] for a, b in pairs), zero)
            if -1 in terms:
                require(z.is_constant() and len(z), "a function of the input is divided by, which has no monomials")
                z = one if is_positive else context.constant(pow(int(z.leading_coefficient()), -1, network.p))
            elif terms:
                top = max(terms)
                small = min(top, max(len(z) - 1, 0))
                if (comb(len(z) + top, small) if small * top.bit_length() < 1000 else math.inf) > _BUDGET // 10:
                    return None
                coefficients = {e: one if is_positive else context.constant(int(c)) for e, c in terms.items()}
                z = sum((c * z**e for e, c in coefficients.items()), zero)
            values[entry] = z
    return sum(len(values[entry]) for entry in network.nodes[block.end].entries)
