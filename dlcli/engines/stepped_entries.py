"""Single entries stepped along the imaginary axis, each in a copy of the part of the network that depends on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcli.engines.evaluation import cone, copies_at_once, propagate
from dlcli.graph import Graph
from dlcli.ops.operation import Array, Declared

STEP = 1e-20


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
