"""dloss/dnode of a large layer by the complex step: one pass a unit, all samples at once.

The units of a pre-activation that the network treats independently, sample by sample, are stepped together; how far
that goes is found from the definitions (`independence`). What the deltas may cost is counted over the whole network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dlcli.engines.evaluation import cone, copies_at_once, propagate
from dlcli.engines.independence import Region, region
from dlcli.graph import Graph
from dlcli.ops.operation import Array, Declared

STEP = 1e-20
AT_MOST = 100_000_000  # numbers to compute beyond which a sample of a quantity's entries is stepped
IN_ALL = 150_000_000  # numbers to compute for all deltas of a network: weights used over many steps have many


@dataclass(frozen=True)
class Way:
    """The cheapest way to a node's delta: what it costs, the region and its independent axes."""

    cost: int
    found: Region
    axes: tuple[int, ...]
    order: Sequence[int]


@dataclass
class Work:
    graph: Graph
    values: Sequence[Array]
    deltas: dict[int, Array] = field(default_factory=dict)
    ways: dict[int, Way] = field(default_factory=dict)
    spent: int = 0  # numbers computed for deltas so far


def analytic_cone(graph: Graph, root: int) -> list[int]:
    """The cone of a node without what has slope 0 by declaration and what hangs on that alone."""
    reached, order = {root}, []
    for number in cone(graph, root):
        node = graph.nodes[number]
        assert node.operation is not None
        if isinstance(node.operation.definition, Declared):
            continue
        if any(o in reached for o in node.operands):
            reached.add(number)
            order.append(number)
    return order


def cone_size(graph: Graph, root: int, order: Sequence[int]) -> int:
    """How many numbers one copy of the part of the network that depends on the root computes."""
    return sum(math.prod(graph.nodes[n].shape) for n in (root, *order))


def per_entry(
    graph: Graph, values: Sequence[Array], root: int, order: Sequence[int], only: Array | None = None
) -> Array:
    """The gradient by a node, each entry, or those at the flat positions `only`, stepped in a copy of its own."""
    shape = graph.nodes[root].shape
    gradient = np.zeros(math.prod(shape))
    stepped = np.arange(len(gradient)) if only is None else only
    if graph.loss not in (root, *order):
        return gradient.reshape(shape)
    at_once = copies_at_once(graph, order, root)
    for start in range(0, len(stepped), at_once):
        entries = stepped[start : start + at_once]
        copies = np.repeat(values[root].reshape(1, -1).astype(np.complex128), len(entries), axis=0)
        copies[np.arange(len(entries)), entries] += 1j * STEP
        stacks = propagate(graph, values, {root: copies.reshape(-1, *shape)}, order)
        gradient[entries] = stacks[graph.loss].imag / STEP
    return gradient.reshape(shape)


def delta_of(work: Work, number: int) -> Array | None:
    """dloss/dnode by one complex pass a unit, all samples at once; None where that would cost too much."""
    number = target(work.graph, number)
    if number not in work.deltas:
        found = _delta(work, number)
        if found is None:
            return None
        work.deltas[number] = found
    return work.deltas[number]


def target(graph: Graph, number: int) -> int:
    """The last node with the same delta: `this + bias`, where that is the node's only use and has its shape."""
    follower = _sum_after(graph, number)
    return number if follower is None else target(graph, follower)


def _sum_after(graph: Graph, number: int) -> int | None:
    users = [n for n, node in enumerate(graph.nodes) if number in node.operands]
    if len(users) != 1:
        return None
    node = graph.nodes[users[0]]
    assert node.operation is not None
    same = node.shape == graph.nodes[number].shape and node.operands.count(number) == 1
    return users[0] if same and node.operation.name == "add" else None


def _delta(work: Work, number: int) -> Array | None:
    graph = work.graph
    if graph.loss == number:
        return np.ones(())
    way = way_to(work, number)
    if graph.loss not in way.order:
        return np.zeros(graph.nodes[number].shape)
    if way.cost > AT_MOST or work.spent + way.cost > IN_ALL:
        return None
    work.spent += way.cost
    return _tracked_delta(work, number, way.found, way.axes, way.order)


def way_to(work: Work, number: int) -> Way:
    """The cheapest way to a node's delta; of what does not reach the loss it costs nothing."""
    if number not in work.ways:
        graph, shape = work.graph, work.graph.nodes[number].shape
        order = analytic_cone(graph, number)
        best: Way | None = None
        for axes in (tuple(range(len(shape))), *((axis,) for axis in range(len(shape))), ()):
            if graph.loss not in order:
                best = Way(0, Region({}, ()), axes, order)
                break
            found = region(graph, number, axes, order)
            units = math.prod(n for axis, n in enumerate(shape) if axis not in axes)
            inside = [n for n in order if n in found.tracked]
            cost = units * cone_size(graph, number, inside)
            cost += sum(_boundary_cost(graph, b, found, order) for b in found.boundary)
            if best is None or cost < best.cost:
                best = Way(cost, found, axes, order)
        assert best is not None
        work.ways[number] = best
    return work.ways[number]


def _boundary_cost(graph: Graph, number: int, found: Region, order: Sequence[int]) -> int:
    if number == graph.loss:
        return 1
    outside = _outside(graph, number, found, order)
    if _summing(graph, number, outside) is not None:
        return math.prod(graph.nodes[number].shape)
    return math.prod(graph.nodes[number].shape) * cone_size(graph, number, outside)


def _outside(graph: Graph, number: int, found: Region, order: Sequence[int]) -> list[int]:
    """What depends on a boundary node other than through tracked nodes."""
    reached, after = {number}, []
    for n in order:
        if n not in found.tracked and n > number and any(o in reached for o in graph.nodes[n].operands):
            reached.add(n)
            after.append(n)
    return after


def _summing(graph: Graph, number: int, outside: Sequence[int]) -> int | None:
    """The node that sums or averages a boundary node away, where that is its only use outside."""
    users = [n for n in outside if number in graph.nodes[n].operands]
    if len(users) != 1:
        return None
    operation = graph.nodes[users[0]].operation
    return (
        users[0]
        if operation is not None and operation.name in ("sum", "mean") and graph.nodes[users[0]].shape == ()
        else None
    )


def _boundary_slope(work: Work, number: int, found: Region, order: Sequence[int]) -> Array:
    """dloss/dnode through what is outside the region."""
    graph = work.graph
    if number == graph.loss:
        return np.ones(())
    outside = _outside(graph, number, found, order)
    total = _summing(graph, number, outside)
    if total is None:
        return per_entry(graph, work.values, number, outside)
    node, shape = graph.nodes[total], graph.nodes[number].shape
    assert node.operation is not None
    once = np.zeros(shape)
    once.reshape(-1)[0] = 1.0
    share = float(node.operation.forward(once, **node.settings))
    rest = [n for n in outside if n > total]
    return np.full(shape, share * float(per_entry(graph, work.values, total, rest)))


def _tracked_delta(work: Work, number: int, found: Region, axes: tuple[int, ...], order: Sequence[int]) -> Array:
    graph, values = work.graph, work.values
    shape = graph.nodes[number].shape
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    units = math.prod(shape[axis] for axis in rest)
    inside = [n for n in order if n in found.tracked]
    slopes = {b: _boundary_slope(work, b, found, order) for b in found.boundary}
    positions = np.arange(math.prod(shape)).reshape(shape).transpose(*rest, *axes).reshape(units, -1)
    delta = np.zeros(math.prod(shape))
    at_once = copies_at_once(graph, inside, number)
    for start in range(0, units, at_once):
        rows = positions[start : start + at_once]
        copies = np.repeat(values[number].reshape(1, -1).astype(np.complex128), len(rows), axis=0)
        np.put_along_axis(copies, rows, np.take_along_axis(copies, rows, axis=1) + 1j * STEP, axis=1)
        stacks = propagate(graph, values, {number: copies.reshape(-1, *shape)}, inside)
        for boundary, slope in slopes.items():
            moved = np.broadcast_to(stacks[boundary].imag / STEP * slope, (len(rows), *slope.shape))
            kept = found.tracked[boundary]
            others = tuple(a + 1 for a in range(len(slope.shape)) if a not in kept)
            part = moved.sum(axis=others)  # (units here, the independent axes in the boundary's order)
            ranks = np.argsort(np.argsort(kept))
            part = part.transpose(0, *(1 + ranks)) if kept else part
            delta[rows] += part.reshape(len(rows), -1)
    return delta.reshape(shape)
