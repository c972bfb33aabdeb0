"""The loss and the sides of all kinks at the points of a stencil: one entry replaced, a stacked copy for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.draws import mixed, words
from dlcli.engines.evaluation import aligned, cone, propagate, within_budget
from dlcli.engines.single_entry import SingleEntries, contracted, moved
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Stencil:
    """How the loss depends on the entries of one node.

    order: what is computed again; moving: the same as a set; branching: the nodes of it that have kinks;
    base: their sides at the point; largest, cost: the numbers in the largest array of one copy, and in all.
    """

    graph: Graph
    values: Sequence[Array]
    root: int
    order: Sequence[int]
    moving: frozenset[int]
    branching: Sequence[int]
    base: int = 0
    largest: int = 1
    cost: int = 1

    def at(self, entries: Array, replacements: Array) -> tuple[Array, Array]:
        """The losses and the signatures of the sides with entry entries[k] replaced by replacements[k]."""
        losses, marks = np.empty(len(entries)), np.empty(len(entries), dtype=np.int64)
        at_once = within_budget(self.largest, self.cost)
        for start in range(0, len(entries), at_once):
            part = slice(start, start + at_once)
            losses[part], marks[part] = _evaluate(self, entries[part], replacements[part])
        return losses, marks


def stencil(graph: Graph, values: Sequence[Array], root: int) -> Stencil:
    """The stencil around the point for the entries of `root`."""
    order = cone(graph, root)
    branching = [n for n in order if _has_kinks(graph.nodes[n])]
    bare = Stencil(graph, values, root, order, frozenset(order), branching)
    here = values[root].reshape(-1)[:1]
    if not len(here):
        return bare
    first = np.zeros(1, dtype=np.int64)
    sizes = [stack.size for stack in _stacks(bare, first, here).values()]
    base = int(_evaluate(bare, first, here)[1][0])
    return replace(bare, base=base, largest=max(sizes), cost=sum(sizes))


def _has_kinks(node: Node) -> bool:
    return node.operation is not None and node.operation.branches is not None


def _evaluate(stencil: Stencil, entries: Array, replacements: Array) -> tuple[Array, Array]:
    graph, values, root, count = stencil.graph, stencil.values, stencil.root, len(entries)
    if graph.loss != root and graph.loss not in stencil.order:
        assert graph.loss is not None
        return np.full(count, float(values[graph.loss])), np.zeros(count, dtype=np.int64)
    stacks = _stacks(stencil, entries, replacements)
    marks = np.zeros(count, dtype=np.int64)
    for number in stencil.branching:
        marks += _mark(graph, number, values, stacks, count)
    assert graph.loss is not None
    return stacks[graph.loss], marks


def _stacks(stencil: Stencil, entries: Array, replacements: Array) -> dict[int, Array]:
    change = replacements - stencil.values[stencil.root].reshape(-1)[entries]
    single = SingleEntries(stencil.graph.nodes[stencil.root].shape, entries, change)
    return propagate(stencil.graph, stencil.values, _first(stencil, stencil.root, single), stencil.order)


def _first(stencil: Stencil, root: int, single: SingleEntries) -> dict[int, Array]:
    """The stacks from which everything else follows: the root's, or those of the sums of products it enters."""
    graph, values = stencil.graph, stencil.values
    found: dict[int, Array] = {}
    for number in stencil.order:
        node = graph.nodes[number]
        if root not in node.operands:
            continue
        after = moved(node, single)
        operands = [values[o] for o in node.operands]
        if after is not None:
            found |= _first(stencil, number, after)
        elif (
            sum(o == root or o in stencil.moving for o in node.operands) == 1
            and (stack := contracted(node, node.operands.index(root), single, operands, values[number])) is not None
        ):
            found[number] = stack
        else:
            return {root: single.stacked(values[root])}
    return found or {root: single.stacked(values[root])}


def _mark(graph: Graph, number: int, values: Sequence[Array], stacks: Mapping[int, Array], count: int) -> Array:
    """A random sum of a node's sides, so that copies on the same side of every kink have the same number."""
    node = graph.nodes[number]
    assert node.operation is not None
    assert node.operation.branches is not None
    stacked = [o in stacks for o in node.operands]
    if not any(stacked):
        return np.zeros(count, dtype=np.int64)
    operands = [stacks[o] if s else values[o] for o, s in zip(node.operands, stacked, strict=True)]
    ranks = [len(graph.nodes[o].shape) for o in node.operands]
    with np.errstate(all="ignore"):
        sides = np.asarray(node.operation.branches(*aligned(node, operands, stacked, ranks), **node.settings))
    return sums_of_sides(sides.reshape(count, -1), number)


def sums_of_sides(sides: Array, seed: int) -> Array:
    """For each row of booleans or whole numbers one number, equal for equal rows and else as good as never."""
    packed = np.packbits(sides, axis=1) if sides.dtype == bool else np.ascontiguousarray(sides).view(np.uint8)
    whole = np.zeros((len(sides), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    whole[:, : packed.shape[1]] = packed
    found = whole.view(np.uint64)
    return np.asarray(mixed(found ^ words(found.shape[1], seed)).sum(axis=1).view(np.int64))


def kinked(graph: Graph, values: Sequence[Array]) -> set[int]:
    """The nodes with an entry at a kink: |z| <= 8 eps Z, Z the sum of the absolute terms of z, or exactly 0."""
    found = set()
    for number, node in enumerate(graph.nodes):
        operation = node.operation
        if operation is None or operation.margins is None:
            continue
        operands = [values[o] for o in node.operands]
        with np.errstate(all="ignore"):
            margins = np.asarray(operation.margins(*operands, **node.settings))
        sizes = max((float(np.max(absolute_terms(graph, values, o), initial=0.0)) for o in node.operands), default=0.0)
        close = np.abs(margins) <= 8 * EPS * _terms_like(margins, graph, values, node, sizes)
        if close.any():
            found.add(number)
    return found


def _terms_like(margins: Array, graph: Graph, values: Sequence[Array], node: Node, largest: float) -> Array:
    """The absolute terms of the operand that has the margins' shape, else the largest of all operands."""
    for operand in node.operands:
        if graph.nodes[operand].shape == margins.shape:
            return absolute_terms(graph, values, operand)
    return np.full(margins.shape, largest)


def absolute_terms(graph: Graph, values: Sequence[Array], number: int, depth: int = 20) -> Array:
    """The sum of the absolute values of the terms that a node is a sum of."""
    node, value = graph.nodes[number], np.abs(values[number])
    name = node.operation.name if node.operation else ""
    if name in ("add", "subtract") and depth:
        parts = [absolute_terms(graph, values, o, depth - 1) for o in node.operands]
        return np.asarray(parts[0] + parts[1])
    if name == "matmul":
        assert node.operation is not None
        return np.asarray(node.operation.forward(*(np.abs(values[o]) for o in node.operands), **node.settings))
    if name in ("negative", "identity") and depth:
        return absolute_terms(graph, values, node.operands[0], depth - 1)
    return value
