"""The forward pass: on one network, and on many perturbed copies stacked along a leading axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array

AT_ONCE = 1 << 18  # numbers in the largest stack
ALL_AT_ONCE = 1 << 23  # numbers in the stacks of all nodes together


@dataclass(frozen=True)
class Evaluation:
    """One engine's gradients: quantity -> array of its shape, nan where the engine did not look.

    looked: quantity -> bool array, only where not every entry was looked at;
    methods: quantity -> how, in words.
    """

    engine: str
    gradients: Mapping[str, Array]
    looked: Mapping[str, Array] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)


def forward(graph: Graph) -> list[Array]:
    """The value of every node, float64, in the nodes' order."""
    _keep_freed_memory()
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if node.operation is None:
                values.append(graph.values[number])
            else:
                operands = [values[o] for o in node.operands]
                values.append(np.asarray(node.operation.forward(*operands, **node.settings)))
    return values


@cache
def _keep_freed_memory() -> None:
    """Frees one large block, never touched, so that glibc keeps what later passes free instead of returning it.

    Its limits follow the largest block ever freed (mallopt(3), M_MMAP_THRESHOLD); taking the same memory from
    the system again for each pass costs as much as the matrix products of a small network.
    """
    np.empty(31 * 2**17)  # 31 MiB; glibc follows blocks up to 32 MiB


def run(node: Node, operands: Sequence[Array], stacked: Sequence[bool], ranks: Sequence[int]) -> Array:
    """The node's value on operands of which some are stacks of copies; ranks are those of single copies."""
    operation = node.operation
    assert operation is not None
    return np.asarray(operation.forward(*aligned(node, operands, stacked, ranks), **node.settings))


def aligned(node: Node, operands: Sequence[Array], stacked: Sequence[bool], ranks: Sequence[int]) -> Sequence[Array]:
    """The operands with a stack's missing axes inserted right after its leading one."""
    assert node.operation is not None
    kind = node.operation.align
    if kind == "none" or not any(stacked):
        return operands
    if kind == "stack":
        count = next(len(x) for x, s in zip(operands, stacked, strict=True) if s)
        return [x if s else np.broadcast_to(x, (count, *x.shape)) for x, s in zip(operands, stacked, strict=True)]
    if kind == "matmul" and max(ranks) <= 2:
        return operands
    rank = max(ranks)
    return [
        x.reshape(len(x), *(1,) * (rank - r), *x.shape[1:]) if s and r < rank and (kind != "matmul" or r > 1) else x
        for x, s, r in zip(operands, stacked, ranks, strict=True)
    ]


def cone(graph: Graph, root: int) -> list[int]:
    """The nodes after `root` that depend on it and that the loss depends on, in order.

    stop_gradient holds its operand fixed: nothing is reached through it.
    """
    assert graph.loss is not None
    reached = {root}
    after = []
    for number in range(root + 1, graph.loss + 1):
        node = graph.nodes[number]
        held = node.operation is not None and node.operation.name == "stop_gradient"
        if not held and any(o in reached for o in node.operands):
            reached.add(number)
            after.append(number)
    needed = ancestors(graph, graph.loss)
    return [number for number in after if number in needed]


def ancestors(graph: Graph, number: int) -> set[int]:
    """The node and all that it depends on."""
    found = {number}
    for n in range(number, -1, -1):
        if n in found:
            found.update(graph.nodes[n].operands)
    return found


def propagate(
    graph: Graph, values: Sequence[Array], replaced: Mapping[int, Array], order: Sequence[int]
) -> dict[int, Array]:
    """The stacked values of the nodes in `order` that depend on a replaced one, and of the replaced ones.

    replaced: node -> (copies, *shape). Every other operand keeps its single value.
    """
    stacks: dict[int, Array] = dict(replaced)
    with np.errstate(all="ignore"):
        for number in order:
            if number in replaced:
                continue
            node = graph.nodes[number]
            stacked = [o in stacks for o in node.operands]
            if not any(stacked):
                continue
            operands = [stacks[o] if s else values[o] for o, s in zip(node.operands, stacked, strict=True)]
            ranks = [len(graph.nodes[o].shape) for o in node.operands]
            stacks[number] = run(node, operands, stacked, ranks)
    return stacks


def copies_at_once(graph: Graph, order: Sequence[int], root: int) -> int:
    """How many copies to stack so that the largest array and all of them together stay within their budgets."""
    sizes = [math.prod(graph.nodes[n].shape) for n in (root, *order)]
    return within_budget(max(sizes), sum(sizes))


def within_budget(largest: int, together: int) -> int:
    """The number of copies, from the numbers in the largest array of one and in all: what fits into caches is fast."""
    return max(1, min(AT_ONCE // max(1, largest), ALL_AT_ONCE // max(1, together)))
