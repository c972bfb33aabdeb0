"""The loss and the sides of all kinks at the points of a stencil: one entry replaced, a stacked copy for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.draws import words
from dlcli.engines.evaluation import aligned, cone, propagate, within_budget
from dlcli.engines.single_entry import SingleEntries, contracted, moved
from dlcli.engines.slices import Slices, followed
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Shape

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Stencil:
    """How the loss depends on the entries of one node.

    order: what is computed again; moving: the same as a set; branching: the nodes of it that have kinks;
    base: their sides at the point; largest, cost: the numbers in the largest array of one copy, and in all;
    masks: node -> bool, shape of its sides: where given, only these sides count.
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
    masks: Mapping[int, Array] | None = None

    def at(self, entries: Array, replacements: Array) -> tuple[Array, Array]:
        """The losses and the signatures of the sides with entry entries[k] replaced by replacements[k]."""
        losses, marks = np.empty(len(entries)), np.empty(len(entries), dtype=np.int64)
        at_once = within_budget(self.largest, self.cost)
        for start in range(0, len(entries), at_once):
            part = slice(start, start + at_once)
            losses[part], marks[part] = _evaluate(self, entries[part], replacements[part])
        return losses, marks

    def along(self, vector: Array, offset: float) -> tuple[float, int]:
        """The loss and the signature of the sides with the whole node moved by offset times vector."""
        moved = {self.root: (self.values[self.root] + offset * vector)[None]}
        losses, marks = _measured(self, propagate(self.graph, self.values, moved, self.order), {}, 1)
        return float(losses[0]), int(marks[0])


def stencil(graph: Graph, values: Sequence[Array], root: int) -> Stencil:
    """The stencil around the point for the entries of `root`."""
    order = cone(graph, root)
    branching = [n for n in order if _has_kinks(graph.nodes[n])]
    bare = Stencil(graph, values, root, order, frozenset(order), branching)
    here = values[root].reshape(-1)[:1]
    if not len(here):
        return bare
    first = np.zeros(1, dtype=np.int64)
    stacks, passed = _stacks(bare, first, here)
    sizes = [stack.size for stack in (*stacks.values(), *(s.values for s in passed.values()))]
    base = int(_evaluate(bare, first, here)[1][0])
    return replace(bare, base=base, largest=max(sizes), cost=sum(sizes))


def focused(points: Stencil, masks: Mapping[int, Array]) -> Stencil:
    """The same stencil with only the sides in the masks told apart."""
    bare = replace(points, branching=[n for n in points.branching if n in masks], masks=masks)
    here = points.values[points.root].reshape(-1)[:1]
    return replace(bare, base=int(_evaluate(bare, np.zeros(1, dtype=np.int64), here)[1][0]))


def _has_kinks(node: Node) -> bool:
    return node.operation is not None and node.operation.branches is not None


def _evaluate(stencil: Stencil, entries: Array, replacements: Array) -> tuple[Array, Array]:
    graph, values, root, count = stencil.graph, stencil.values, stencil.root, len(entries)
    if graph.loss != root and graph.loss not in stencil.order:
        assert graph.loss is not None
        return np.full(count, float(values[graph.loss])), np.zeros(count, dtype=np.int64)
    return _measured(stencil, *_stacks(stencil, entries, replacements), count)


def _measured(
    stencil: Stencil, stacks: Mapping[int, Array], passed: Mapping[int, Slices], count: int
) -> tuple[Array, Array]:
    """The losses and the signatures of stacked copies; passed: nodes of which only slices were computed."""
    graph, values = stencil.graph, stencil.values
    marks = np.zeros(count, dtype=np.int64)
    for number in stencil.branching:
        mask = None if stencil.masks is None else stencil.masks[number]
        if number in passed:
            marks += _mark_of_slices(graph, number, values, passed, mask)
        else:
            marks += _mark(graph, number, values, stacks, count, mask)
    assert graph.loss is not None
    losses = stacks[graph.loss] if graph.loss in stacks else np.full(count, float(values[graph.loss]))
    return losses, marks


def _stacks(stencil: Stencil, entries: Array, replacements: Array) -> tuple[dict[int, Array], dict[int, Slices]]:
    """The stacked copies of what is computed again, and of some nodes only the slices that differ."""
    change = replacements - stencil.values[stencil.root].reshape(-1)[entries]
    single = SingleEntries(stencil.graph.nodes[stencil.root].shape, entries, change)
    first, passed = _first(stencil, stencil.root, single)
    order = [n for n in stencil.order if n not in passed]
    return propagate(stencil.graph, stencil.values, first, order), passed


def _first(
    stencil: Stencil, root: int, single: SingleEntries, alone: bool = True
) -> tuple[dict[int, Array], dict[int, Slices]]:
    """The stacks from which everything else follows: the root's, or those of the sums of products it enters.

    alone: whether all of the change goes through this root.
    """
    graph, values = stencil.graph, stencil.values
    found: dict[int, Array] = {}
    passed: dict[int, Slices] = {}
    users = [n for n in stencil.order if root in graph.nodes[n].operands]
    alone = alone and len(users) == 1
    for number in users:
        node = graph.nodes[number]
        after = moved(node, single)
        operands = [values[o] for o in node.operands]
        if after is not None:
            stacks, slices = _first(stencil, number, after, alone)
            found |= stacks
            passed |= slices
        elif (
            sum(o == root or o in stencil.moving for o in node.operands) == 1
            and (part := contracted(node, number, node.operands.index(root), single, operands, values[number]))
            is not None
        ):
            if part.axes and alone:
                on_the_way, reached, stack = followed(graph, values, part, stencil.order, stencil.moving)
                found[reached] = stack
                passed |= {s.node: s for s in on_the_way}
            else:
                found[number] = part.stacked(values[number])
        else:
            return {root: single.stacked(values[root])}, {}
    return found or {root: single.stacked(values[root])}, passed


def _mark_of_slices(
    graph: Graph, number: int, values: Sequence[Array], passed: Mapping[int, Slices], mask: Array | None
) -> Array:
    """As `_mark`, of a node of which only slices were computed: the base's sum, changed where a slice's sides are."""
    node, own = graph.nodes[number], passed[number]
    assert node.operation is not None
    assert node.operation.branches is not None
    keys = _keys(node.shape, number, mask)
    operands = [
        passed[o].values if o in passed else own.of(np.broadcast_to(values[o], node.shape)) for o in node.operands
    ]
    with np.errstate(all="ignore"):
        base = np.asarray(node.operation.branches(*(values[o] for o in node.operands), **node.settings))
        sides = np.asarray(node.operation.branches(*operands, **node.settings))
    base = np.broadcast_to(base, node.shape).astype(np.int64)
    change = (sides.astype(np.int64) - own.of(base)) * own.of(keys)
    return np.asarray((base * keys).sum() + change.reshape(len(change), -1).sum(axis=1))


def _keys(shape: Shape, number: int, mask: Array | None) -> Array:
    """A random whole number for each entry of a node's sides, 0 where they do not count."""
    keys = words(math.prod(shape), number).view(np.int64).reshape(shape)
    return keys if mask is None else np.where(mask, keys, 0)


def _mark(
    graph: Graph, number: int, values: Sequence[Array], stacks: Mapping[int, Array], count: int, mask: Array | None
) -> Array:
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
    flat = sides.astype(np.int64).reshape(count, -1)
    keys = _keys(sides.shape[1:], number, mask)
    return np.asarray((flat * keys.reshape(-1)).sum(axis=1))


def kinked(graph: Graph, values: Sequence[Array], changes: Sequence[Array] | None = None) -> dict[int, Array]:
    """The nodes with an entry at a kink, and a mask of which: |z| <= 8 eps Z + 8 N, or exactly 0.

    Z: the sum of the absolute terms of z; changes: of each node's value, N, what rounding before it can do to it.
    """
    found = {}
    for number, node in enumerate(graph.nodes):
        operation = node.operation
        if operation is None or operation.margins is None:
            continue
        operands = [values[o] for o in node.operands]
        with np.errstate(all="ignore"):
            margins = np.asarray(operation.margins(*operands, **node.settings))
        sizes = max((float(np.max(absolute_terms(graph, values, o), initial=0.0)) for o in node.operands), default=0.0)
        doubt = EPS * _terms_like(margins, graph, values, node, sizes)
        for change in () if changes is None else [changes[o] for o in node.operands]:
            doubt = doubt + (change if change.shape == margins.shape else np.max(change, initial=0.0))
        close = np.abs(margins) <= 8 * doubt
        if close.any():
            found[number] = close
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
