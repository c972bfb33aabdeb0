"""The slopes that an entry can have at a point where several kinks meet: each kink on either of its sides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.engines.stencil import kinked
from dlcli.engines.stepped_entries import analytic_cone, cone_size, per_entry
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array

MOST_KINKS = 200  # kinks that are tried on either side
MOST_NUMBERS = 200_000_000  # to compute for all of them
FAR = 64  # times what rounding can do: how far a value is pushed to one side of its kink


@dataclass(frozen=True)
class _Push:
    """How far one entry of a node's operand is pushed; the direction decides the side."""

    node: int
    position: int
    entry: int
    distance: float


def slopes_by_sides(
    graph: Graph, values: Sequence[Array], root: int, entries: Array, changes: Sequence[Array]
) -> tuple[Array, Array]:
    """The smallest and the largest slope at flat positions `entries` of `root` over the sides of all kinks.

    By the complex step, each kink at the point pushed to its other side by itself; the changes that this makes to
    the slope are added up, so that the interval holds every choice of sides to first order. changes: what
    rounding can do to each node's value. Infinite where there are too many kinks, or no complex form.
    """
    order = analytic_cone(graph, root)
    kinks = {n: mask for n, mask in kinked(graph, values, changes).items() if n in order}
    pushes = [push for n, mask in kinks.items() for push in _pushes(graph, values, n, mask, changes)]
    cost = (len(pushes) + 1) * len(entries) * cone_size(graph, root, order)
    unsafe = any(not node.operation.complex_safe for node in map(graph.nodes.__getitem__, order) if node.operation)
    if len(pushes) > MOST_KINKS or cost > MOST_NUMBERS or unsafe:
        return np.full(len(entries), -np.inf), np.full(len(entries), np.inf)

    def slopes(over: int | None) -> Array:
        pushed = _pushed(graph, [replace(p, distance=-p.distance) if k == over else p for k, p in enumerate(pushes)])
        return per_entry(pushed, forward(pushed), root, order, entries).reshape(-1)[entries]

    base = slopes(None)
    effects = np.array([slopes(k) - base for k in range(len(pushes))]).reshape(len(pushes), len(entries))
    return base + np.minimum(effects, 0).sum(axis=0), base + np.maximum(effects, 0).sum(axis=0)


def _pushes(graph: Graph, values: Sequence[Array], number: int, mask: Array, changes: Sequence[Array]) -> list[_Push]:
    """The pushes of one node: of the entry at each kink, or of all that a maximum over several may choose from.

    No two are equally far, or what is tied would stay tied.
    """
    node = graph.nodes[number]
    moving = [p for p, o in enumerate(node.operands) if graph.nodes[o].shape == mask.shape]
    position = moving[0] if moving else 0
    operand = node.operands[position]
    chosen = np.flatnonzero(mask) if moving else np.arange(math.prod(graph.nodes[operand].shape))
    size = max(float(np.max(np.abs(values[o]), initial=0.0)) for o in node.operands)
    change = max(float(np.max(changes[o], initial=0.0)) for o in node.operands)
    distance = FAR * (float(np.finfo(np.float64).eps) * size + change) or float(np.finfo(np.float64).tiny)
    return [_Push(number, position, int(e), distance * (1 + k / len(chosen))) for k, e in enumerate(chosen)]


def _pushed(graph: Graph, pushes: Sequence[_Push]) -> Graph:
    """The graph with the operands of its kinked nodes pushed, for those nodes alone."""
    nodes = list(graph.nodes)
    offsets: dict[int, dict[int, Array]] = {}
    for push in pushes:
        shape = graph.nodes[graph.nodes[push.node].operands[push.position]].shape
        offset = offsets.setdefault(push.node, {}).setdefault(push.position, np.zeros(shape))
        offset.reshape(-1)[push.entry] = push.distance
    for number, found in offsets.items():
        nodes[number] = _with_offsets(nodes[number], found)
    return replace(graph, nodes=tuple(nodes))


def _with_offsets(node: Node, offsets: Mapping[int, Array]) -> Node:
    operation = node.operation
    assert operation is not None

    def shifted(*operands: Array, **settings: object) -> Array:
        return operation.forward(*(x + offsets.get(p, 0.0) for p, x in enumerate(operands)), **settings)

    return replace(node, operation=replace(operation, forward=shifted))
