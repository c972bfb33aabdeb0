"""Which axes of a quantity the network treats independently, sample by sample, on the way to the loss.

Found from the operations' definitions: element-wise formulas keep axes apart, sums of products keep the axes
that the result still has, moved entries keep an axis that they move as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.symbolic.nodes import inner
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Composite, Declared, Einsum, Elementwise, Fold, Gather, Shape

Axes = tuple[int, ...]  # positions of the independent axes in a node's shape, in the root's order


@dataclass(frozen=True)
class Region:
    """The nodes after a root in which its axes stay independent.

    tracked: node -> axes, the root included; boundary: tracked nodes that something else on the way to the
    loss uses, or the loss itself.
    """

    tracked: Mapping[int, Axes]
    boundary: tuple[int, ...]


def region(graph: Graph, root: int, axes: Axes, order: Sequence[int]) -> Region:
    """How far the independence of the root's axes reaches. `order` is the cone of the root."""
    tracked: dict[int, Axes] = {root: axes}
    boundary: set[int] = set()
    shapes = [node.shape for node in graph.nodes]
    for number in order:
        node = graph.nodes[number]
        moved = {p: tracked[o] for p, o in enumerate(node.operands) if o in tracked}
        loose = any(o not in tracked and o in order for o in node.operands)
        found = None if loose else follow(node, moved, [shapes[o] for o in node.operands])
        if found is not None:
            tracked[number] = found
        else:
            boundary.update(o for o in node.operands if o in tracked)
    if graph.loss in tracked:
        boundary.add(graph.loss)
    return Region(tracked, tuple(sorted(boundary)))


def follow(node: Node, moved: Mapping[int, Axes], shapes: Sequence[Shape]) -> Axes | None:
    """Where the independent axes of the moved operands are in the result, None where they get mixed."""
    assert node.operation is not None
    match node.operation.definition:
        case Elementwise():
            return _agreed([_broadcast(a, shapes[p], node.shape) for p, a in moved.items()])
        case Einsum(subscripts=subscripts):
            text = subscripts(tuple(shapes), node.settings).replace(" ", "")
            terms, output = text.split("->")[0].split(","), text.split("->")[1]
            return _agreed([_by_letters(a, terms[p], output) for p, a in moved.items()])
        case Gather():
            return _agreed([_by_positions(node, p, a, shapes) for p, a in moved.items()])
        case Fold():
            return _agreed([_folded(node, a, shapes[p]) for p, a in moved.items()])
        case Declared():
            return None
        case Composite():
            return _inside(node, moved, shapes)


def _agreed(found: list[Axes | None]) -> Axes | None:
    return found[0] if found and all(f == found[0] for f in found) else None


def _broadcast(axes: Axes, shape: Shape, result: Shape) -> Axes | None:
    shift = len(result) - len(shape)
    kept = all(shape[a] == result[a + shift] for a in axes)
    return tuple(a + shift for a in axes) if kept else None


def _by_letters(axes: Axes, term: str, output: str) -> Axes | None:
    letters = [term[a] for a in axes]
    return tuple(output.index(letter) for letter in letters) if all(x in output for x in letters) else None


def _by_positions(node: Node, position: int, axes: Axes, shapes: Sequence[Shape]) -> Axes | None:
    assert node.operation is not None
    kind = node.operation.definition
    assert isinstance(kind, Gather)
    which = list(range(len(shapes))) if kind.data == "all" else list(kind.data)
    if position not in which or len(which) != len(shapes):
        return None
    if not axes:
        return ()
    starts = np.cumsum([0, *(math.prod(shapes[p]) for p in which)])
    numbered = [
        np.arange(start, start + math.prod(shapes[p])).reshape(shapes[p])
        for start, p in zip(starts, which, strict=False)
    ]
    index = np.asarray(node.operation.forward(*numbered, **node.settings))
    own = which.index(position)
    mine = (index >= starts[own]) & (index < starts[own + 1])
    coordinates = np.unravel_index(np.where(mine, index - starts[own], 0), shapes[position])
    result = []
    for axis in axes:
        matches = [
            o
            for o, size in enumerate(index.shape)
            if size == shapes[position][axis] and bool(np.all(~mine | (coordinates[axis] == _along(o, index.shape))))
        ]
        if not matches:
            return None
        result.append(matches[0])
    return tuple(result) if len(set(result)) == len(result) else None


def _along(axis: int, shape: Shape) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])


def _folded(node: Node, axes: Axes, shape: Shape) -> Axes | None:
    folded = {axis % len(shape) for axis in node.settings["axes"]}
    if folded & set(axes):
        return None
    if len(node.shape) == len(shape):
        return axes
    return tuple(a - sum(1 for f in folded if f < a) for a in axes)


def _inside(node: Node, moved: Mapping[int, Axes], shapes: Sequence[Shape]) -> Axes | None:
    part = inner(node, tuple(shapes))
    tracked: dict[int, Axes] = dict(moved)
    for number, step in enumerate(part.nodes):
        if step.operation is None:
            continue
        here = {p: tracked[o] for p, o in enumerate(step.operands) if o in tracked}
        if not here or isinstance(step.operation.definition, Declared):
            continue
        found = follow(step, here, [part.nodes[o].shape for o in step.operands])
        if found is None:
            return None
        tracked[number] = found
    return tracked.get(part.result)
