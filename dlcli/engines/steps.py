"""The first step of a difference ladder, scaled by what the entry is multiplied with."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from dlcli.engines.evaluation import ancestors
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Einsum, Gather, Shape

SMALLEST = 1e-150


def first_steps(graph: Graph, values: Sequence[Array], root: int) -> Array:
    """h0 of each entry: 0.2 over the largest |dz/dtheta|, at most 8 times the size of theta.

    z is what the entry is first multiplied into or added to: of a weight, its input scales the step. The size
    of theta is the larger of |theta| and the tensor's root mean square; 1 where both are 0.
    """
    theta = values[root]
    largest = float(np.max(np.abs(theta), initial=0.0))
    rms = largest * float(np.sqrt(np.mean((theta / largest) ** 2))) if largest > 0 else 0.0
    size = np.maximum(np.abs(theta), rms)
    bound = np.where(size > 0, 8 * size, 8.0)
    assert graph.loss is not None
    slope = _input_sizes(graph, values, root, ancestors(graph, graph.loss))
    with np.errstate(all="ignore"):
        steps = np.minimum(np.where(slope > 0, 0.2 / slope, np.inf), bound)
    return np.maximum(steps, SMALLEST)


def _input_sizes(graph: Graph, values: Sequence[Array], root: int, needed: Collection[int]) -> Array:
    """The largest |dz/dtheta| of each entry over the uses of a quantity, by the definitions' structure alone.

    needed: the nodes that the loss depends on.
    """
    largest = np.zeros(graph.nodes[root].shape)
    for number, node in enumerate(graph.nodes):
        if root not in node.operands or number not in needed or _holds(node):
            continue
        for position, operand in enumerate(node.operands):
            if operand == root:
                part = _through(graph, values, node, number, position, needed)
                largest = np.maximum(largest, part)
    return largest


def _holds(node: Node) -> bool:
    return node.operation is not None and node.operation.name == "stop_gradient"


def _through(
    graph: Graph, values: Sequence[Array], node: Node, number: int, position: int, needed: Collection[int]
) -> Array:
    assert node.operation is not None
    definition = node.operation.definition
    shape = graph.nodes[node.operands[position]].shape
    others = [np.abs(values[o]) for p, o in enumerate(node.operands) if p != position]
    if isinstance(definition, Gather) and len(node.operands) == 1:
        return _moved_back(node, _input_sizes(graph, values, number, needed), shape)
    if isinstance(definition, Einsum):
        shapes = tuple(graph.nodes[o].shape for o in node.operands)
        text = definition.subscripts(shapes, node.settings).replace(" ", "")
        if len(others) == 1:
            return _largest_partner(text, position, others[0], shape)
        own, output = text.split("->")
        if sorted(own) == sorted(output):
            after = _input_sizes(graph, values, number, needed)
            return after.transpose([output.index(letter) for letter in own])
    if node.operation.name == "multiply":
        return _largest_factor(others[0], shape)
    return np.ones(shape)


def _moved_back(node: Node, after: Array, shape: Shape) -> Array:
    """For each entry the largest value at the places that it was moved to."""
    assert node.operation is not None
    size = math.prod(shape)
    index = np.asarray(node.operation.forward(np.arange(size).reshape(shape), **node.settings))
    part = np.zeros(size)
    np.maximum.at(part, index.reshape(-1), after.reshape(-1))
    return part.reshape(shape)


def _largest_factor(other: Array, shape: Shape) -> Array:
    """max of |other| over the axes along which an operand of this shape is repeated."""
    other = np.broadcast_to(other, np.broadcast_shapes(other.shape, shape))
    lead = other.ndim - len(shape)
    axes = (*range(lead), *(lead + a for a, n in enumerate(shape) if n == 1))
    return other.max(axis=axes, keepdims=True).reshape(shape) if axes else other


def _largest_partner(text: str, position: int, other: Array, shape: Shape) -> Array:
    """max of |other| over the axes that the operand does not have, in the operand's shape."""
    terms = text.split("->")[0].split(",")
    own, partner = terms[position], terms[1 - position]
    gone = tuple(i for i, letter in enumerate(partner) if letter not in own)
    reduced = other.max(axis=gone) if gone else other
    left = [letter for letter in partner if letter in own]
    reduced = reduced.transpose([left.index(letter) for letter in own if letter in left])
    sizes = [n if letter in left else 1 for letter, n in zip(own, shape, strict=True)]
    return np.broadcast_to(reduced.reshape(sizes), shape)
