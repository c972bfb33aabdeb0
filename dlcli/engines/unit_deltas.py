"""The slopes of the loss by the units of a layer: one complex pass a unit covers every sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dlcli.engines.evaluation import copies_at_once, propagate
from dlcli.engines.independence import Region, region
from dlcli.engines.stepped_entries import STEP, analytic_cone, cone_size, per_entry
from dlcli.engines.stepped_units import stepped_units
from dlcli.graph import Graph
from dlcli.ops.operation import Array

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
    """A network, and what has been computed for it."""

    graph: Graph
    values: Sequence[Array]
    deltas: dict[int, Array] = field(default_factory=dict)
    slopes: dict[tuple[int, ...], Array] = field(default_factory=dict)  # by a boundary node and what depends on it
    ways: dict[int, Way] = field(default_factory=dict)
    spent: int = 0  # numbers computed for deltas so far


def delta_of(work: Work, number: int) -> Array | None:
    """dloss/dnode by one complex pass a unit, all samples at once; None where that would cost too much."""
    number = with_bias(work.graph, number)
    if number not in work.deltas:
        found = _delta(work, number)
        if found is None:
            return None
        work.deltas[number] = found
    return work.deltas[number]


def with_bias(graph: Graph, number: int) -> int:
    """The last node with the same delta: `this + bias`, where that is the node's only use and has its shape."""
    users = [n for n, node in enumerate(graph.nodes) if number in node.operands]
    if len(users) != 1:
        return number
    node = graph.nodes[users[0]]
    assert node.operation is not None
    same = node.shape == graph.nodes[number].shape and node.operands.count(number) == 1
    return with_bias(graph, users[0]) if same and node.operation.name == "add" else number


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
        key = (number, *outside)
        if key not in work.slopes:
            work.slopes[key] = per_entry(graph, work.values, number, outside)
        return work.slopes[key]
    node, shape = graph.nodes[total], graph.nodes[number].shape
    assert node.operation is not None
    once = np.zeros(shape)
    once.reshape(-1)[0] = 1.0
    share = float(node.operation.forward(once, **node.settings))
    rest = [n for n in outside if n > total]
    return np.full(shape, share * float(per_entry(graph, work.values, total, rest)))


def _tracked_delta(work: Work, number: int, found: Region, axes: tuple[int, ...], order: Sequence[int]) -> Array:
    graph = work.graph
    shape = graph.nodes[number].shape
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    units = math.prod(shape[axis] for axis in rest)
    inside = [n for n in order if n in found.tracked]
    slopes = {b: _boundary_slope(work, b, found, order) for b in found.boundary}
    positions = np.arange(math.prod(shape)).reshape(shape).transpose(*rest, *axes).reshape(units, -1)
    delta = np.zeros(math.prod(shape))
    steps = stepped_units(graph, work.values, number, rest, inside, frozenset(found.boundary))
    left = [n for n in inside if n > steps.node]
    at_once = copies_at_once(graph, left, steps.node)
    for start in range(0, units, at_once):
        rows = positions[start : start + at_once]
        stacks = propagate(graph, work.values, {steps.node: steps.copies(start, start + len(rows))}, left)
        for boundary, slope in slopes.items():
            moved = np.broadcast_to(stacks[boundary].imag / STEP * slope, (len(rows), *slope.shape))
            kept = found.tracked[boundary]
            others = tuple(a + 1 for a in range(len(slope.shape)) if a not in kept)
            part = moved.sum(axis=others)  # (units here, the independent axes in the boundary's order)
            ranks = np.argsort(np.argsort(kept))
            part = part.transpose(0, *(1 + ranks)) if kept else part
            delta[rows] += part.reshape(len(rows), -1)
    return delta.reshape(shape)
