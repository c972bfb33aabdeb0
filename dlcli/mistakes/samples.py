"""How many samples a loss is taken over, as far as the shapes of a network tell."""

from __future__ import annotations

import math

from dlcli.engines.evaluation import ancestors
from dlcli.graph import Graph, Node
from dlcli.mistakes.altered_sweep import BackwardPass


def samples_of(clean: BackwardPass) -> int:
    """How many samples the loss is taken over, read off its operands; 1 where there is no batch."""
    graph = clean.graph
    moving = [(number, graph.nodes[number]) for number in sorted(clean.users)]
    for number, node in moving:
        if node.operation is None or node.operation.batch != "loss":
            continue
        shape = graph.nodes[node.operands[0]].shape
        if node.operation.family == "class losses":
            return math.prod(shape[:-1])
        if len(shape) > 1:
            return shape[0]
        if len(shape) == 1 and node.operation.reduction == "entries" and _is_a_batch(graph, number, shape[0]):
            return shape[0]
        return 1
    for _, node in moving:
        if node.operation is not None and node.operation.name == "mean":
            shape = graph.nodes[node.operands[0]].shape
            if shape and (len(shape) > 1 or _is_a_batch(graph, node.operands[0], shape[0])):
                return shape[0]
    matrices = {graph.nodes[n].shape for n in graph.names.values() if _is_input_batch(graph.nodes[n])}
    targets = {graph.nodes[n].shape for n in graph.names.values() if graph.nodes[n].role == "target"}
    if len(targets) == 1 and (shape := next(iter(targets))):
        if len(shape) == 1:
            return shape[0] if graph.loss is not None and _is_a_batch(graph, graph.loss, shape[0]) else 1
        for axis in (0, -1):
            if any(matrix[axis] == shape[axis] for matrix in matrices):
                return shape[axis]
    sizes = {matrix[:1] for matrix in matrices}
    return next(iter(sizes))[0] if len(sizes) == 1 and any(len(n.shape) > 1 for _, n in moving) else 1


def _is_input_batch(node: Node) -> bool:
    return node.role == "input" and len(node.shape) > 1


def _is_a_batch(graph: Graph, number: int, count: int) -> bool:
    """Whether a vector of `count` predictions holds one a sample: an input matrix has as many rows or columns, or
    the inputs are such vectors and all weights are numbers."""
    before = [graph.nodes[n] for n in ancestors(graph, number) if graph.nodes[n].operation is None]
    inputs = [node.shape for node in before if node.role == "input"]
    if any(len(shape) > 1 and count in (shape[0], shape[-1]) for shape in inputs):
        return True
    numbers = all(node.shape == () for node in before if node.role == "weight")
    return numbers and (count,) in inputs
