"""Finding the mask with which a backward pass through dropout was made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Gradients, Rule, altered_gradients
from dlcli.mistakes.anatomy import place_name
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Clue
from dlcli.mistakes.nearness import distance
from dlcli.ops.operation import Array

LARGEST = 256  # values under one mask up to which the mask is looked for
FITS = 1e-6


def mask_clues(context: Context, given: Gradients) -> Iterator[Clue]:
    """Masks of zeros and ones that explain the gradients given, one dropout after the other.

    Below a dropout the gradients are linear in its mask: one backward pass for each value gives the columns of a
    linear system, whose solution must consist of zeros and ones.
    """
    graph, names = context.clean.graph, list(given)
    for number in sorted(context.clean.users):
        node = graph.nodes[number]
        size = int(np.prod(node.shape))
        if node.operation is None or node.operation.name != "dropout" or size > LARGEST:
            continue
        if (number, 0) not in context.clean.parts:
            continue
        scale = 1 / (1 - context.clean.values[node.operands[1]])
        without = _flat(_passed(context, number, np.zeros(node.shape)), names)
        units = np.eye(size).reshape(size, *node.shape) * scale
        columns = np.array([_flat(_passed(context, number, unit), names) - without for unit in units]).T
        reached = np.flatnonzero(np.any(columns != 0, axis=0))
        if not len(reached) or not np.isfinite(columns).all():
            continue
        solved = np.linalg.lstsq(columns[:, reached], _flat(given, names) - without, rcond=None)[0]
        mask = np.zeros(size)
        mask[reached] = np.rint(np.clip(solved, 0, 1))
        found = _passed(context, number, mask.reshape(node.shape) * scale)
        gap = distance(given, {name: found[name] for name in names})
        if gap < FITS and distance(given, {name: context.clean.gradients[name] for name in names}) > 10 * FITS:
            kept = f"{int(mask.sum())} of {size} values are kept"
            yield Clue(place_name(graph, number), gap, {"mask": kept})


def _passed(context: Context, number: int, share: Array) -> Gradients:
    rule: Rule = _sharing(share)
    return altered_gradients(context.clean, Alteration(rules={(number, 0): rule}), context.clean.graph.wrt)[0]


def _sharing(share: Array) -> Rule:
    def rule(edge: Edge) -> Array:
        return edge.cotangent * share

    return rule


def _flat(found: Gradients, names: list[str]) -> Array:
    return np.concatenate([np.ravel(found[name]) for name in names])
