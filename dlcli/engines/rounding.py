"""What rounding in the forward pass alone can do to the gradients of backpropagation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.engines.draws import signs
from dlcli.engines.reverse import operands_of, sweep
from dlcli.graph import Graph
from dlcli.ops.operation import Array, Declared, Gather

DRAWS = 8
EPS = float(np.finfo(np.float64).eps)
LARGEST = 2_000_000  # numbers in all copies together up to which all draws are stacked at once


def rounding_effect(graph: Graph, values: Sequence[Array]) -> dict[str, Array]:
    """For each quantity in wrt the largest change of its gradient over 8 seeded draws in which every computed
    value is multiplied by 1 + eps or 1 - eps; draws that push a branch to its other side do not count.

    The numbers of the file are exact and stay as they are.
    """
    size = sum(v.size for v in values)
    draws = max(2, min(DRAWS, LARGEST // max(1, size)))
    roots = [graph.names[name] for name in graph.wrt]
    with np.errstate(all="ignore"):
        stacks, kept = _jittered(graph, values, draws)
        found = sweep(graph, stacks, roots, draws)
        plain = sweep(graph, values, roots)
    effect = {}
    for name, root in zip(graph.wrt, roots, strict=True):
        shape = graph.nodes[root].shape
        if root not in found or not kept.any():
            effect[name] = np.zeros(shape)
            continue
        with np.errstate(all="ignore"):
            change = np.abs(found[root][kept] - plain[root])
        effect[name] = np.broadcast_to(np.nan_to_num(change, nan=0.0, posinf=0.0).max(axis=0), shape)
    return effect


def _jittered(graph: Graph, values: Sequence[Array], draws: int) -> tuple[list[Array], Array]:
    """Stacks of all values with their rounding changed, and which copies kept all branches."""
    stacks: list[Array] = []
    kept = np.ones(draws, dtype=bool)
    for number, node in enumerate(graph.nodes):
        if node.operation is None:
            stacks.append(np.broadcast_to(values[number], (draws, *node.shape)))
            continue
        operands = operands_of(graph, node, stacks, draws)
        value = np.asarray(node.operation.forward(*operands, **node.settings))
        if value.ndim == len(node.shape):
            value = np.broadcast_to(value, (draws, *node.shape))
        if not isinstance(node.operation.definition, Gather | Declared):
            value = value * (1 + EPS * signs(value.shape, number))
        if node.operation.branches is not None:
            plain = np.asarray(node.operation.branches(*(values[o] for o in node.operands), **node.settings))
            sides = np.asarray(node.operation.branches(*operands, **node.settings))
            kept &= np.broadcast_to(sides == plain, (draws, *plain.shape)).reshape(draws, -1).all(axis=1)
        stacks.append(value)
    return stacks, kept
