"""The complex step: Im L(theta + ih)/h, without cancellation, so accurate to rounding (Squire and Trapp 1998).

Every entry of a small quantity is stepped by itself, in stacked copies of the part of the network that depends on
it. Of a large layer the units' pre-activations are stepped instead, all samples at once, and dL/dW follows from
them as X^T delta: one pass a unit covers every weight ("per unit").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dlcli.engines.draws import stratified
from dlcli.engines.evaluation import Evaluation, cone, copies_at_once, propagate
from dlcli.engines.independence import Region, region
from dlcli.engines.reverse import unbroadcast
from dlcli.engines.stepped_units import STEP, stepped_units
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Declared, Einsum, Elementwise, Gather

EVERY_ENTRY = 3_000_000  # numbers to compute up to which each entry is stepped by itself
MADE_ALREADY = 100_000  # the same where its slope follows from what has been computed
AT_MOST = 150_000_000  # numbers to compute beyond which a sample of a quantity's entries is stepped
IN_ALL = 400_000_000  # numbers to compute for all deltas of a network: weights used over many steps have many


@dataclass
class _Work:
    graph: Graph
    values: Sequence[Array]
    deltas: dict[int, Array] = field(default_factory=dict)
    slopes: dict[tuple[int, ...], Array] = field(default_factory=dict)  # by a boundary node and what depends on it
    spent: int = 0  # numbers computed for deltas so far


def complex_step(graph: Graph, values: Sequence[Array]) -> Evaluation:
    """dloss/dq for each q in graph.wrt. Quantities on which an operation without complex form depends are left out."""
    work = _Work(graph, values)
    gradients, methods, looked = {}, {}, {}
    for name in graph.wrt:
        gradients[name], methods[name] = _gradient(work, graph.names[name])
        seen = ~np.isnan(gradients[name])
        if not seen.all():
            looked[name] = seen
    return Evaluation("complex_step", gradients, looked=looked, methods=methods)


def _gradient(work: _Work, root: int) -> tuple[Array, str]:
    """The gradient, nan where it was not looked at, and how it was made."""
    graph = work.graph
    none = np.full(graph.nodes[root].shape, np.nan)
    order = analytic_cone(graph, root)
    unsafe = [graph.label(n) for n in order if not _safe(graph, n)]
    if unsafe:
        return none, f"left out: {unsafe[0]} has no complex form"
    size = math.prod(graph.nodes[root].shape)
    cost = size * cone_size(graph, root, order)
    if cost <= (MADE_ALREADY if _known(work, root) else EVERY_ENTRY):
        return per_entry(graph, work.values, root, order), "every entry"
    by_unit = _by_uses(work, root)
    if by_unit is not None:
        return by_unit, "per unit"
    if cost <= AT_MOST:
        return per_entry(graph, work.values, root, order), "every entry"
    count = max(4, min(32, AT_MOST // cone_size(graph, root, order)))
    entries = stratified(work.values[root], count)
    sampled = per_entry(graph, work.values, root, order, entries).reshape(-1)
    none.reshape(-1)[entries] = sampled[entries]
    return none, f"{len(entries):,} of {size:,} entries"


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


def _safe(graph: Graph, number: int) -> bool:
    operation = graph.nodes[number].operation
    return operation is not None and operation.complex_safe


def cone_size(graph: Graph, root: int, order: Sequence[int]) -> int:
    """How many numbers one copy of the part of the network that depends on the root computes."""
    return sum(math.prod(graph.nodes[n].shape) for n in (root, *order))


def per_entry(
    graph: Graph,
    values: Sequence[Array],
    root: int,
    order: Sequence[int],
    only: Array | None = None,
    step: float = STEP,
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
        copies[np.arange(len(entries)), entries] += 1j * step
        stacks = propagate(graph, values, {root: copies.reshape(-1, *shape)}, order)
        gradient[entries] = stacks[graph.loss].imag / step
    return gradient.reshape(shape)


def _known(work: _Work, root: int) -> bool:
    """Whether the deltas of all uses of the root have been computed for others, as a bias has its weights'."""
    users = [n for n in analytic_cone(work.graph, root) if root in work.graph.nodes[n].operands]
    return bool(users) and all(_with_bias(work.graph, n) in work.deltas for n in users)


def _by_uses(work: _Work, root: int) -> Array | None:
    """The sum over the root's uses of what reaches the loss through each, None where one use is not covered."""
    graph = work.graph
    total = np.zeros(graph.nodes[root].shape)
    for number in analytic_cone(graph, root):
        node = graph.nodes[number]
        for position, operand in enumerate(node.operands):
            if operand != root:
                continue
            part = _by_use(work, number, position)
            if part is None:
                return None
            total = total + part
    return total


def _by_use(work: _Work, number: int, position: int) -> Array | None:
    """What reaches the loss through one operand of one node."""
    node = work.graph.nodes[number]
    assert node.operation is not None
    operands = [work.values[o] for o in node.operands]
    definition = node.operation.definition
    if isinstance(definition, Gather | Einsum) and len(operands) == 1:
        delta = _by_uses(work, number)  # what only moves or sums entries is looked through
    else:
        delta = delta_of(work, number)
    if delta is None:
        return None
    if isinstance(definition, Einsum):
        text = definition.subscripts(tuple(x.shape for x in operands), node.settings).replace(" ", "")
        terms, output = text.split("->")[0].split(","), text.split("->")[1]
        others = [t for i, t in enumerate(terms) if i != position]
        if set(terms[position]) - set(output).union(*others):
            own = np.einsum(
                f"{','.join([output, *others])}->{output}",
                delta,
                *operands[:position],
                *operands[position + 1 :],
            )
            return np.broadcast_to(own.sum(), operands[position].shape) if output == "" else None
        arrays = [delta, *operands[:position], *operands[position + 1 :]]
        return np.asarray(np.einsum(f"{','.join([output, *others])}->{terms[position]}", *arrays, optimize=True))
    if isinstance(definition, Elementwise):
        stepped = list(operands)
        stepped[position] = operands[position] + 1j * STEP
        slope = np.imag(node.operation.forward(*stepped, **node.settings)) / STEP
        return unbroadcast(delta * slope, operands[position].shape)
    if isinstance(definition, Gather) and len(operands) == 1:
        index = np.asarray(
            node.operation.forward(np.arange(operands[0].size).reshape(operands[0].shape), **node.settings)
        )
        weights = np.broadcast_to(delta, index.shape).reshape(-1)
        return np.bincount(index.reshape(-1), weights=weights, minlength=operands[0].size).reshape(operands[0].shape)
    slopes = _additive_slopes(node, operands[0]) if len(operands) == 1 and node.shape == () else None
    return None if slopes is None else np.asarray(delta * slopes)


def _additive_slopes(node: Node, operand: Array) -> Array | None:
    """The slopes of a penalty that is a sum of one term an entry, each term stepped by itself; None for others.

    Whether it is one is found by adding up its values at arrays of a single entry.
    """
    assert node.operation is not None
    if node.operation.family != "penalties":
        return None
    alone = operand.reshape(-1, *(1,) * operand.ndim) + 1j * STEP
    terms = np.asarray(node.operation.forward(alone, **node.settings))
    whole = float(np.asarray(node.operation.forward(operand, **node.settings)))
    if terms.shape != (operand.size,) or abs(terms.real.sum() - whole) > 1e-9 * np.abs(terms.real).sum():
        return None
    return np.asarray(terms.imag / STEP).reshape(operand.shape)


def delta_of(work: _Work, number: int) -> Array | None:
    """dloss/dnode by one complex pass a unit, all samples at once; None where that would cost too much."""
    number = _with_bias(work.graph, number)
    if number not in work.deltas:
        found = _delta(work, number)
        if found is None:
            return None
        work.deltas[number] = found
    return work.deltas[number]


def _with_bias(graph: Graph, number: int) -> int:
    """The node `this + bias` where it is the only use and has the same shape, and so the same delta; else this node."""
    users = [n for n, node in enumerate(graph.nodes) if number in node.operands]
    if len(users) != 1:
        return number
    node = graph.nodes[users[0]]
    assert node.operation is not None
    same = node.shape == graph.nodes[number].shape and node.operands.count(number) == 1
    return users[0] if same and node.operation.name == "add" else number


def _delta(work: _Work, number: int) -> Array | None:
    graph = work.graph
    order = analytic_cone(graph, number)
    shape = graph.nodes[number].shape
    if graph.loss == number:
        return np.ones(())
    if graph.loss not in order:
        return np.zeros(shape)
    best: tuple[int, Region, tuple[int, ...]] | None = None
    for axes in (tuple(range(len(shape))), *((axis,) for axis in range(len(shape))), ()):
        found = region(graph, number, axes, order)
        units = math.prod(n for axis, n in enumerate(shape) if axis not in axes)
        inside = [n for n in order if n in found.tracked]
        cost = units * cone_size(graph, number, inside)
        cost += sum(_boundary_cost(graph, b, found, order) for b in found.boundary)
        if best is None or cost < best[0]:
            best = (cost, found, axes)
    assert best is not None
    cost, found, axes = best
    if cost > AT_MOST or work.spent + cost > IN_ALL:
        return None
    work.spent += cost
    return _tracked_delta(work, number, found, axes, order)


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


def _boundary_slope(work: _Work, number: int, found: Region, order: Sequence[int]) -> Array:
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


def _tracked_delta(work: _Work, number: int, found: Region, axes: tuple[int, ...], order: Sequence[int]) -> Array:
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
