"""Shapes, parameters and multiply-adds by layer, and a convolution against the dense layer of its shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from dlcli.engines.evaluation import ancestors
from dlcli.engines.reverse import depends_on, vjp_of
from dlcli.graph import Equation, Node
from dlcli.inspection.section import Subject
from dlcli.ops.operation import Einsum, Shape

CELLS = ("rnn_cell", "lstm_cell", "gru_cell")


@dataclass(frozen=True)
class LayerWork:
    """What one layer, or one equation outside layers, holds and computes.

    shapes: quantity -> shape of its results; weights: name -> shape of weights first used here; forward and
    backward: multiply-adds of its products, for the whole batch.
    """

    name: str
    shapes: dict[str, Shape]
    weights: dict[str, Shape]
    parameters: int
    forward: int
    backward: int


@dataclass(frozen=True)
class Convolution:
    """Weights (without biases) of a convolution, and of a dense layer from the same input to the same output."""

    name: str
    inputs: int
    outputs: int
    convolution: int
    dense: int


@dataclass(frozen=True)
class Work:
    """layers in order; the totals."""

    layers: tuple[LayerWork, ...]
    parameters: int
    forward: int
    backward: int
    convolutions: tuple[Convolution, ...]


def work(subject: Subject) -> Work:
    """Counts products only: one multiply-add for each multiplication in a product of matrices, a convolution, a
    recurrent cell, an attention or a product of entries.

    The backward pass does the same number again for each factor whose gradient is needed.
    """
    graph = subject.graph
    moving: set[int] = set()
    if graph.loss is not None:
        roots = [graph.names[name] for name in graph.wrt]
        moving = depends_on(graph, roots) & ancestors(graph, graph.loss)
    seen: set[int] = set()
    rows: dict[str, LayerWork] = {}
    for equation in graph.equations:
        _add_to(rows, equation, subject, moving, seen)
    layers = tuple(rows.values())
    return Work(
        layers,
        sum(prod(graph.nodes[graph.names[name]].shape) for name in subject.trained),
        sum(row.forward for row in layers),
        sum(row.backward for row in layers),
        _convolutions(subject),
    )


def _add_to(rows: dict[str, LayerWork], equation: Equation, subject: Subject, moving: set[int], seen: set[int]) -> None:
    graph = subject.graph
    name = equation.group or ", ".join(equation.names)
    row = rows.get(name) or LayerWork(name, {}, {}, 0, 0, 0)
    shapes = {n: graph.nodes[number].shape for n, number in zip(equation.names, equation.nodes, strict=True)}
    weights: dict[str, Shape] = {}
    forward = backward = 0
    for number in range(equation.first, max(equation.nodes) + 1):
        node = graph.nodes[number]
        if node.operation is None:
            continue
        count = multiply_adds(subject, node)
        forward += count
        if number in moving:
            needed = [o in moving and vjp_of(node, at) is not None for at, o in enumerate(node.operands)]
            backward += backward_multiply_adds(subject, node, needed)
        for operand in node.operands:
            called = graph.nodes[operand].name
            if called in subject.trained and operand not in seen:
                seen.add(operand)
                weights[str(called)] = graph.nodes[operand].shape
    rows[name] = LayerWork(
        name,
        row.shapes | shapes,
        row.weights | weights,
        row.parameters + sum(map(prod, weights.values())),
        row.forward + forward,
        row.backward + backward,
    )


def multiply_adds(subject: Subject, node: Node) -> int:
    """Multiply-adds of one product in the forward pass; 0 of anything else."""
    operation = node.operation
    if operation is None:
        return 0
    shapes = tuple(subject.graph.nodes[o].shape for o in node.operands)
    if isinstance(operation.definition, Einsum) and len(shapes) > 1:
        subscripts = operation.definition.subscripts(shapes, node.settings)
        sizes = {
            letter: size
            for letters, shape in zip(subscripts.split("->")[0].split(","), shapes, strict=True)
            for letter, size in zip(letters, shape, strict=True)
        }
        return prod(sizes.values())
    if operation.name == "multiply":
        return prod(node.shape)
    if operation.name in ("conv1d", "conv2d"):
        plan = node.settings["plan"]
        kernel: Shape = plan.filters[1:]
        return prod(node.shape) * prod(kernel)
    if operation.name in CELLS:
        return sum(_cell(operation.operands, shapes))
    if operation.name == "attention":
        return sum(_attention(shapes))
    return 0


def backward_multiply_adds(subject: Subject, node: Node, needed: Sequence[bool]) -> int:
    """Multiply-adds of the operands' gradients; `needed` tells of each operand whether it gets one."""
    operation = node.operation
    if operation is None:
        return 0
    shapes = tuple(subject.graph.nodes[o].shape for o in node.operands)
    names = {name for name, is_needed in zip(operation.operands, needed, strict=False) if is_needed}
    if operation.name in CELLS:
        by_input, by_state = _cell(operation.operands, shapes)
        return by_input * len(names & {"x", "W"}) + by_state * len(names & {"h", "U"})
    if operation.name == "attention":
        scores, mixed = _attention(shapes)
        return scores * len(names & {"q", "k"}) + mixed * (bool(names & {"q", "k"}) + ("v" in names))
    return multiply_adds(subject, node) * sum(needed[:2])


def _cell(names: Sequence[str], shapes: Sequence[Shape]) -> tuple[int, int]:
    """Of a recurrent cell: W x, U h."""
    named = dict(zip(names, shapes, strict=False))
    samples = prod(named["x"][:-1])
    return samples * prod(named["W"]), samples * prod(named["U"])


def _attention(shapes: Sequence[Shape]) -> tuple[int, int]:
    """Of an attention: the scores q k^T, the mixture of the values."""
    q, k, v = shapes[:3]
    pairs = prod(q[:-1]) * k[-2]
    return pairs * q[-1], pairs * v[-1]


def _convolutions(subject: Subject) -> tuple[Convolution, ...]:
    """Each against the dense layer; input and output are counted for one sample."""
    found = []
    for number, node in enumerate(subject.graph.nodes):
        if subject.operation(number) in ("conv1d", "conv2d"):
            samples = node.settings["plan"].image[0]
            inputs = prod(subject.graph.nodes[node.operands[0]].shape) // samples
            outputs = prod(node.shape) // samples
            weights = prod(subject.graph.nodes[node.operands[1]].shape)
            found.append(Convolution(subject.label(number), inputs, outputs, weights, inputs * outputs))
    return tuple(found)
