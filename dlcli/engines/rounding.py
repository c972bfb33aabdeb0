"""What rounding in the forward pass alone can do to the gradients of backpropagation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.draws import signs
from dlcli.engines.reverse import operands_of, sweep
from dlcli.graph import Graph
from dlcli.ops.operation import Array, Declared, Gather

DRAWS = 8
EPS = float(np.finfo(np.float64).eps)
LARGEST = 2_000_000  # numbers in all copies together up to which all draws are stacked at once


@dataclass(frozen=True)
class Rounding:
    """The largest changes over the draws: of each quantity's gradient in wrt, and of each node's value."""

    gradients: Mapping[str, Array]
    values: Sequence[Array]


def rounding_effect(graph: Graph, values: Sequence[Array]) -> Rounding:
    """What changes over 8 seeded draws in which every computed value is multiplied by 1 + eps or 1 - eps.

    Draws that push a branch to its other side do not count. The numbers of the file are exact and stay as they are.
    """
    size = sum(v.size for v in values)
    draws = max(2, min(DRAWS, LARGEST // max(1, size)))
    roots = [graph.names[name] for name in graph.wrt]
    gradients = {}
    with np.errstate(all="ignore"):
        stacks, kept = _jittered(graph, values, draws)
        found = sweep(graph, stacks, roots, draws)
        plain = sweep(graph, values, roots)
        for name, root in zip(graph.wrt, roots, strict=True):
            shape = graph.nodes[root].shape
            change = _largest(found[root][kept], plain[root]) if root in found else np.zeros(shape)
            gradients[name] = np.broadcast_to(change, shape)
        changes = [_largest(stack[kept], value) for stack, value in zip(stacks, values, strict=True)]
    return Rounding(gradients, changes)


def _largest(stack: Array, value: Array) -> Array:
    """The largest finite change of each entry; 0 where no copy is left."""
    change = np.nan_to_num(np.abs(stack - value), nan=0.0, posinf=0.0)
    return np.asarray(change.max(axis=0, initial=0.0))


def _jittered(graph: Graph, values: Sequence[Array], draws: int) -> tuple[list[Array], Array]:
    """Stacks of all values with their rounding changed, and which copies kept all branches."""
    stacks: list[Array] = []
    kept = np.ones(draws, dtype=bool)
    for number, node in enumerate(graph.nodes):
        if node.operation is None:
            stacks.append(np.broadcast_to(values[number], (draws, *node.shape)))
            continue
        if node.operation.branches is not None:
            _hold_sides(graph, number, values, stacks, draws)
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


def _hold_sides(graph: Graph, number: int, values: Sequence[Array], stacks: list[Array], draws: int) -> None:
    """Gives the operands of a node their own values again where a draw pushed them to the other side of a kink."""
    node = graph.nodes[number]
    assert node.operation is not None
    assert node.operation.branches is not None
    plain = np.asarray(node.operation.branches(*(values[o] for o in node.operands), **node.settings))
    sides = np.asarray(node.operation.branches(*operands_of(graph, node, stacks, draws), **node.settings))
    flipped = np.broadcast_to(sides != plain, (draws, *plain.shape))
    if not flipped.any():
        return
    whole = flipped.reshape(draws, -1).any(axis=1)
    for operand in set(node.operands):
        shape = graph.nodes[operand].shape
        mask = flipped if plain.shape == shape else whole.reshape(-1, *(1,) * len(shape))
        stacks[operand] = np.where(mask, values[operand], stacks[operand])
