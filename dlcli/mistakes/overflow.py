"""What an exponential without a shift does to large logits: overflow, and nan or 0 in its wake."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Gradients, Rule
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Clue, Mutant
from dlcli.ops.operation import Array


def _logits(context: Context) -> Iterator[tuple[int, str, str, Array]]:
    for output in context.parts.outputs:
        node = context.clean.graph.nodes[output.place[0]]
        yield output.place[0], output.kind, output.where, context.clean.values[node.operands[0]]


def naive(kind: str, z: Array) -> Array:
    """exp(z)/sum(exp(z)), or exp(z)/(1 + exp(z)), as written: nan where exp overflows."""
    with np.errstate(all="ignore"):
        power = np.exp(z)
        below = power.sum(axis=-1, keepdims=True) if kind == "softmax" else 1 + power
        return np.asarray(power / below)


def overflow_mutants(context: Context) -> Iterator[Mutant]:
    """The output by naive exponentials; and the same with what is not finite put to 0, as nan_to_num does."""
    for output, (number, kind, where, z) in zip(context.parts.outputs, _logits(context), strict=True):
        arriving = context.clean.cotangents[output.loss]
        wide = arriving[..., None] if arriving.ndim < z.ndim else arriving
        with np.errstate(all="ignore"):
            slope = wide * (naive(kind, z) - output.target)
        for found in (slope, np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)):
            yield Mutant(Alteration(rules={(number, 0): _constant(found)}), where)


def _constant(value: Array) -> Rule:
    return lambda _edge: value


def overflow_clues(context: Context, given: Gradients) -> Iterator[Clue]:
    """Gradients that are not finite, where an exponential of the network's logits overflows."""
    if all(np.isfinite(array).all() for array in given.values()):
        return
    for _, kind, where, z in _logits(context):
        if not np.isfinite(naive(kind, z)).all():
            yield Clue(where, 0.0)
