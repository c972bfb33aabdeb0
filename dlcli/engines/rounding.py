"""What rounding in the forward pass alone can do to the gradients of backpropagation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.draws import signs
from dlcli.engines.reverse import operands_of, sweep
from dlcli.graph import Graph, Node
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
        stacks, held, kept = _jittered(graph, values, draws)
        found = sweep(graph, held, roots, draws)
        plain = sweep(graph, values, roots)
        for name, root in zip(graph.wrt, roots, strict=True):
            shape = graph.nodes[root].shape
            change = _largest(found[root][kept], plain[root]) if root in found else np.zeros(shape)
            gradients[name] = np.broadcast_to(change, shape)
        changes = [_largest(stack, value) for stack, value in zip(stacks, values, strict=True)]
    return Rounding(gradients, changes)


def _largest(stack: Array, value: Array) -> Array:
    """The largest finite change of each entry; 0 where no copy is left."""
    change = np.nan_to_num(np.abs(stack - value), nan=0.0, posinf=0.0)
    return np.asarray(change.max(axis=0, initial=0.0))


def _jittered(graph: Graph, values: Sequence[Array], draws: int) -> tuple[list[Array], list[Array], Array]:
    """Stacks of all values with their rounding changed, the same for a sweep, and which copies kept all branches.

    For the sweep the operands of a node with kinks have their own values again where a draw pushed them to the
    other side: a slope may not jump, but the change of what is continuous there goes on.
    """
    stacks: list[Array] = []
    held: dict[int, Array] = {}
    kept = np.ones(draws, dtype=bool)
    for number, node in enumerate(graph.nodes):
        if node.operation is None:
            stacks.append(np.broadcast_to(values[number], (draws, *node.shape)))
            continue
        value = _forward(graph, node, stacks, draws)
        if node.operation.branches is not None:
            back = _held_sides(graph, number, values, [held.get(n, stack) for n, stack in enumerate(stacks)], draws)
            if back:
                on_own_side = [back.get(n, stack) for n, stack in enumerate(stacks)]
                value = _continuous(value, _forward(graph, node, on_own_side, draws), back, stacks)
                held |= back
                kept &= _same_sides(graph, number, values, on_own_side, draws)
        if not isinstance(node.operation.definition, Gather | Declared):
            value = value * (1 + EPS * signs(value.shape, number))
        stacks.append(value)
    return stacks, [held.get(n, stack) for n, stack in enumerate(stacks)], kept


def _forward(graph: Graph, node: Node, stacks: Sequence[Array], draws: int) -> Array:
    assert node.operation is not None
    value = np.asarray(node.operation.forward(*operands_of(graph, node, stacks, draws), **node.settings))
    return np.broadcast_to(value, (draws, *node.shape)) if value.ndim == len(node.shape) else value


def _continuous(value: Array, own: Array, held: Mapping[int, Array], stacks: Sequence[Array]) -> Array:
    """The value where it is no further from that on its own side than the operands moved; the latter at a jump."""
    moved = np.zeros(len(value))
    for number, stack in held.items():
        moved = np.maximum(moved, np.abs(stack - stacks[number]).reshape(len(stack), -1).max(axis=1, initial=0.0))
    return np.where(np.abs(value - own) <= 4 * moved.reshape(-1, *(1,) * (value.ndim - 1)), value, own)


def _sides(graph: Graph, number: int, values: Sequence[Array]) -> Array:
    node = graph.nodes[number]
    assert node.operation is not None
    assert node.operation.branches is not None
    return np.asarray(node.operation.branches(*(values[o] for o in node.operands), **node.settings))


def _crossed(graph: Graph, number: int, values: Sequence[Array], stacks: Sequence[Array], draws: int) -> Array:
    """Where the sides of a node differ from those at the point, (draws, *sides)."""
    node = graph.nodes[number]
    assert node.operation is not None
    assert node.operation.branches is not None
    plain = _sides(graph, number, values)
    sides = np.asarray(node.operation.branches(*operands_of(graph, node, stacks, draws), **node.settings))
    return np.broadcast_to(sides != plain, (draws, *plain.shape))


def _same_sides(graph: Graph, number: int, values: Sequence[Array], stacks: Sequence[Array], draws: int) -> Array:
    return np.asarray(~_crossed(graph, number, values, stacks, draws).reshape(draws, -1).any(axis=1))


def _exactly_at_kinks(node: Node, operands: Sequence[Array]) -> Array:
    """Where a node lies exactly at its kink: the convention's slope there may be that of neither side."""
    assert node.operation is not None
    if node.operation.margins is None:
        return np.zeros((), bool)
    return np.asarray(np.asarray(node.operation.margins(*operands, **node.settings)) == 0)


def _held_sides(
    graph: Graph, number: int, values: Sequence[Array], stacks: Sequence[Array], draws: int
) -> dict[int, Array]:
    """The operands of a node, with their own values where they lie at a kink or a draw pushed them over it."""
    node = graph.nodes[number]
    crossed = _crossed(graph, number, values, stacks, draws)
    crossed = crossed | _exactly_at_kinks(node, [values[o] for o in node.operands])
    crossed = crossed | _exactly_at_kinks(node, operands_of(graph, node, stacks, draws))
    if not crossed.any():
        return {}
    whole = crossed.reshape(draws, -1).any(axis=1)
    found = {}
    for operand in set(node.operands):
        shape = graph.nodes[operand].shape
        mask = crossed if crossed.shape[1:] == shape else whole.reshape(-1, *(1,) * len(shape))
        found[operand] = np.where(mask, values[operand], stacks[operand])
    return found
