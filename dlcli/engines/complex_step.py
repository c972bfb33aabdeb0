"""The complex step: Im L(theta + ih)/h, without cancellation, so accurate to rounding (Squire and Trapp 1998).

Every entry of a small quantity is stepped by itself, in stacked copies of the part of the network that depends on
it. Of a large layer the units' pre-activations are stepped instead, all samples at once, and dL/dW follows from
them as X^T delta: one pass a unit covers every weight ("per unit").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcli.engines.draws import stratified
from dlcli.engines.evaluation import Evaluation
from dlcli.engines.reverse import unbroadcast
from dlcli.engines.stepped_entries import STEP, analytic_cone, cone_size, per_entry
from dlcli.engines.unit_deltas import AT_MOST, IN_ALL, Work, delta_of, way_to, with_bias
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Einsum, Elementwise, Gather

EVERY_ENTRY = 3_000_000  # numbers to compute up to which each entry is stepped by itself
MADE_ALREADY = 100_000  # the same where its slope follows from what has been computed


def complex_step(graph: Graph, values: Sequence[Array]) -> Evaluation:
    """dloss/dq for each q in graph.wrt. Quantities on which an operation without complex form depends are left out."""
    work = Work(graph, values)
    gradients, methods, looked = {}, {}, {}
    for name in graph.wrt:
        gradients[name], methods[name] = _gradient(work, graph.names[name])
        seen = ~np.isnan(gradients[name])
        if not seen.all():
            looked[name] = seen
    return Evaluation("complex_step", gradients, looked=looked, methods=methods)


def _gradient(work: Work, root: int) -> tuple[Array, str]:
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
    is_affordable = _cost_by_uses(work, root, min(cost, IN_ALL - work.spent)) is not None
    by_unit = _by_uses(work, root) if is_affordable else None
    if by_unit is not None:
        return by_unit, "per unit"
    if cost <= AT_MOST:
        return per_entry(graph, work.values, root, order), "every entry"
    count = max(4, min(32, AT_MOST // cone_size(graph, root, order)))
    entries = stratified(work.values[root], count)
    sampled = per_entry(graph, work.values, root, order, entries).reshape(-1)
    none.reshape(-1)[entries] = sampled[entries]
    return none, f"{len(entries):,} of {size:,} entries"


def _safe(graph: Graph, number: int) -> bool:
    operation = graph.nodes[number].operation
    return operation is not None and operation.complex_safe


def _known(work: Work, root: int) -> bool:
    """Whether the deltas of all uses of the root have been computed for others, as a bias has its weights'."""
    users = [n for n in analytic_cone(work.graph, root) if root in work.graph.nodes[n].operands]
    return bool(users) and all(with_bias(work.graph, n) in work.deltas for n in users)


def _cost_by_uses(work: Work, root: int, limit: int) -> int | None:
    """The numbers to compute for the deltas of the root's uses, None where they are more than the limit."""
    total, counted = 0, set[int]()
    for number in analytic_cone(work.graph, root):
        node = work.graph.nodes[number]
        assert node.operation is not None
        if root not in node.operands:
            continue
        if isinstance(node.operation.definition, Gather | Einsum) and len(node.operands) == 1:
            cost = _cost_by_uses(work, number, limit - total)
        else:
            last = with_bias(work.graph, number)
            cost = 0 if last in work.deltas or last in counted else way_to(work, last).cost
            counted.add(last)
        if cost is None or total + cost > limit:
            return None
        total += cost
    return total


def _by_uses(work: Work, root: int) -> Array | None:
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


def _by_use(work: Work, number: int, position: int) -> Array | None:
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
