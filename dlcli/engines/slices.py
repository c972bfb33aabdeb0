"""Stacked copies that differ from the base value in one slice each, carried on without the rest of the array.

A single weight moves one unit of its layer: what follows element by element is computed for that unit alone, and the
next sum of products adds the unit's change times its partner to the base value.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Einsum, Elementwise


@dataclass(frozen=True)
class Slices:
    """Copy k of a node has `values[k]`, (copies, *free axes), where axis axes[i] is at fixed[i][k]; else its base."""

    node: int
    axes: tuple[int, ...]
    fixed: tuple[Array, ...]
    values: Array

    def of(self, array: Array) -> Array:
        """The slices of an array of the node's shape, (copies, *free axes)."""
        free = [axis for axis in range(array.ndim) if axis not in self.axes]
        return np.asarray(array.transpose(*self.axes, *free)[self.fixed])

    def stacked(self, base: Array) -> Array:
        """The whole copies, (copies, *shape)."""
        copies = len(self.values)
        result = np.repeat(base[None], copies, axis=0)
        free = [axis for axis in range(base.ndim) if axis not in self.axes]
        view = result.transpose(0, *(1 + axis for axis in (*self.axes, *free)))
        view[(np.arange(copies), *self.fixed)] = self.values
        return result


def followed(
    graph: Graph, values: Sequence[Array], slices: Slices, order: Sequence[int], moving: Collection[int]
) -> tuple[list[Slices], int, Array]:
    """The slices of this node and of those that follow it element by element; then a node and its whole copies.

    order, moving: the nodes that depend on the copies, in order and as a set.
    """
    passed = [slices]
    while (user := _only_user(graph, slices.node, order, moving)) is not None:
        node = graph.nodes[user]
        assert node.operation is not None
        same = node.shape == graph.nodes[slices.node].shape
        if not isinstance(node.operation.definition, Elementwise) or not same:
            break
        operands = [
            slices.values if o == slices.node else slices.of(np.broadcast_to(values[o], node.shape))
            for o in node.operands
        ]
        with np.errstate(all="ignore"):
            result = np.asarray(node.operation.forward(*operands, **node.settings))
        slices = Slices(user, slices.axes, slices.fixed, result)
        passed.append(slices)
    if user is not None and (stack := _contracted(graph.nodes[user], graph, values, slices)) is not None:
        return passed, user, values[user] + stack
    return passed, slices.node, slices.stacked(values[slices.node])


def _only_user(graph: Graph, number: int, order: Sequence[int], moving: Collection[int]) -> int | None:
    """The one node that uses this one, once, with nothing else moving in it; None before the loss itself."""
    users = [n for n in order if number in graph.nodes[n].operands]
    if len(users) != 1 or number == graph.loss:
        return None
    operands = graph.nodes[users[0]].operands
    return users[0] if sum(o == number or o in moving for o in operands) == 1 else None


def _contracted(node: Node, graph: Graph, values: Sequence[Array], slices: Slices) -> Array | None:
    """What the slices' change adds to a sum of two factors, (copies, *shape); None where that is no such sum."""
    assert node.operation is not None
    if not isinstance(node.operation.definition, Einsum) or len(node.operands) != 2:
        return None
    shapes = tuple(graph.nodes[o].shape for o in node.operands)
    terms, output = node.operation.definition.subscripts(shapes, node.settings).replace(" ", "").split("->")
    place = node.operands.index(slices.node)
    own, partner = terms.split(",")[place], terms.split(",")[1 - place]
    gone = [own[axis] for axis in slices.axes]
    if len(set(own)) < len(own) or len(set(partner)) < len(partner):
        return None
    if not all(letter in partner and letter not in output for letter in gone):
        return None
    free = "".join(letter for letter in own if letter not in gone)
    left = "".join(letter for letter in partner if letter not in gone)
    if not set(output) <= {*free, *left}:
        return None
    factor = values[node.operands[1 - place]].transpose([partner.index(letter) for letter in (*gone, *left)])
    label = next(letter for letter in "zyxwvutsrqponm" if letter not in own + partner + output)
    change = slices.values - slices.of(values[slices.node])
    with np.errstate(all="ignore"):
        added = np.einsum(f"{label}{free},{label}{left}->{label}{output}", change, factor[slices.fixed])
    return np.asarray(added)
