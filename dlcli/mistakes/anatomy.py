"""What a network consists of, as students speak of it: products with weights, biases, activations, the output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlcli.graph import Graph, Node
from dlcli.mistakes.altered_sweep import BackwardPass, Place
from dlcli.ops.activations import sigmoid
from dlcli.ops.analytic import whole_numbers
from dlcli.ops.operation import Array
from dlcli.ops.softmax import relative

ACTIVATIONS = (
    "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus", "softsign",
    "hard_sigmoid", "hard_tanh", "log_sigmoid", "mish", "sin", "abs",
)  # fmt: skip
MOVES = ("transpose", "reshape", "identity")
CELLS = {"rnn_cell": (1, 2, 3, 4), "gru_cell": (1, 2, 3, 4), "lstm_cell": (1, 3, 4, 5)}  # positions of h, W, U, b


@dataclass(frozen=True)
class Product:
    """A weight times what feeds it: a matrix product, a product of numbers, or a convolution.

    weight, data: positions of the operands; leaf: the weight's node; samples: the data's axis that counts samples.
    """

    node: int
    weight: int
    data: int
    leaf: int
    name: str
    where: str
    group: str
    kind: str
    samples: int | None


@dataclass(frozen=True)
class Bias:
    """A bias added at a node, as the operand at `position`."""

    node: int
    position: int
    leaf: int
    name: str
    where: str


@dataclass(frozen=True)
class Activation:
    """An activation function at a node. group: its layer, or its own name."""

    node: int
    kind: str
    where: str
    group: str


@dataclass(frozen=True)
class Output:
    """A softmax with cross-entropy, or a sigmoid with binary cross-entropy.

    place: the edge by which the cotangent reaches the logits; prediction, target: in the logits' shape (the target
    as shares); loss: the loss's node.
    """

    place: Place
    loss: int
    kind: str
    prediction: Array
    target: Array
    where: str


@dataclass(frozen=True)
class Penalty:
    """A sum of squares (order 2) or of absolute values (order 1) of a weight; factor: the slope of the loss by it."""

    place: Place
    leaf: int
    name: str
    order: int
    factor: Array


@dataclass(frozen=True)
class Anatomy:
    """The parts of a network that its backward pass goes through, in the order of the forward pass."""

    products: tuple[Product, ...]
    biases: tuple[Bias, ...]
    activations: tuple[Activation, ...]
    outputs: tuple[Output, ...]
    losses: tuple[int, ...]
    penalties: tuple[Penalty, ...]


def anatomy(clean: BackwardPass) -> Anatomy:
    """The parts of the network of a backward pass."""
    return Anatomy(
        tuple(_products(clean)),
        tuple(_biases(clean)),
        tuple(_activations(clean)),
        tuple(_outputs(clean)),
        tuple(number for number, node in _moving(clean) if node.operation and node.operation.batch == "loss"),
        tuple(_penalties(clean)),
    )


def place_name(graph: Graph, number: int) -> str:
    """How a sentence calls the place of a node: its name, or its equation's, with the layer where there is one."""
    for equation in graph.equations:
        if equation.first <= number <= max(equation.nodes):
            name = graph.nodes[number].name or equation.names[0]
            group = equation.group
            return name if group is None or group in name.split("_") or group == name else f"{name} ({group})"
    return graph.label(number)


def source_of(graph: Graph, number: int) -> int:
    """The node behind transposes, reshapes and identities."""
    while (operation := graph.nodes[number].operation) is not None and operation.name in MOVES:
        number = graph.nodes[number].operands[0]
    return number


def _moving(clean: BackwardPass) -> Iterator[tuple[int, Node]]:
    for number in sorted(clean.users):
        yield number, clean.graph.nodes[number]


def is_weight(graph: Graph, number: int) -> bool:
    """Whether a node is a trained leaf; of a graph without weights, a leaf that is differentiated by."""
    node = graph.nodes[number]
    if any(other.role == "weight" for other in graph.nodes):
        return node.role == "weight"
    return node.operation is None and node.name in graph.wrt


def _products(clean: BackwardPass) -> Iterator[Product]:
    graph = clean.graph
    for number, node in _moving(clean):
        if node.operation is None:
            continue
        name = node.operation.name
        if name in ("matmul", "dot", "multiply") and len(node.operands) == 2:
            weights = [is_weight(graph, source_of(graph, o)) for o in node.operands]
            if not any(weights):
                continue
            weight = 1 if weights[1] else 0
            if name == "multiply" and (all(weights) or _is_number(graph, node.operands[1 - weight])):
                continue
            yield _product(clean, number, weight, 1 - weight, "number" if name == "multiply" else "matrix")
        elif name in ("conv1d", "conv2d") and is_weight(graph, source_of(graph, node.operands[1])):
            yield _product(clean, number, 1, 0, "convolution")


def _is_number(graph: Graph, number: int) -> bool:
    node = graph.nodes[number]
    return node.operation is None and node.role in ("literal", "constant")


def _product(clean: BackwardPass, number: int, weight: int, data: int, kind: str) -> Product:
    graph = clean.graph
    node = graph.nodes[number]
    leaf = source_of(graph, node.operands[weight])
    where = place_name(graph, number)
    rank = len(graph.nodes[node.operands[data]].shape)
    samples = None
    if kind == "matrix" and rank > 1:
        samples = 0 if data == 0 else rank - 1
    elif (kind == "number" and graph.nodes[leaf].shape == () and rank > 0) or (
        kind == "convolution" and rank == len(graph.nodes[node.operands[weight]].shape)
    ):
        samples = 0
    name = graph.nodes[leaf].name or graph.label(leaf)
    return Product(number, weight, data, leaf, name, where, layer_of(graph, number), kind, samples)


def layer_of(graph: Graph, number: int) -> str:
    """The layer that a node belongs to, or the quantity that it is computed for."""
    for equation in graph.equations:
        if equation.first <= number <= max(equation.nodes):
            return equation.group or equation.names[0]
    return graph.label(number)


def _biases(clean: BackwardPass) -> Iterator[Bias]:
    graph = clean.graph
    weights = {product.leaf for product in _products(clean)}
    for number, node in _moving(clean):
        if node.operation is None:
            continue
        name = node.operation.name
        places: tuple[int, ...] = ()
        if name == "add":
            places = (0, 1)
        elif name in ("conv1d", "conv2d", "batchnorm", "layernorm"):
            places = (2,)
        elif name in CELLS:
            places = tuple(range(CELLS[name][3], len(node.operands)))
        for position in places:
            if position >= len(node.operands):
                continue
            leaf = source_of(graph, node.operands[position])
            if is_weight(graph, leaf) and leaf not in weights and (number, position) in clean.parts:
                yield Bias(number, position, leaf, graph.label(leaf), place_name(graph, number))


def _activations(clean: BackwardPass) -> Iterator[Activation]:
    for number, node in _moving(clean):
        if node.operation is not None and node.operation.name in ACTIVATIONS and (number, 0) in clean.parts:
            where = place_name(clean.graph, number)
            yield Activation(number, node.operation.name, where, layer_of(clean.graph, number))


def _outputs(clean: BackwardPass) -> Iterator[Output]:
    graph = clean.graph
    for number, node in _moving(clean):
        if node.operation is None or (number, 0) not in clean.parts:
            continue
        name, values = node.operation.name, clean.values
        given, y = (values[o] for o in node.operands[:2]) if len(node.operands) > 1 else (values[number],) * 2
        place, inner = (number, 0), source_of(graph, node.operands[0])
        below = graph.nodes[inner].operation
        if name == "softmax_cross_entropy":
            kind, prediction = "softmax", relative(given).shares()
        elif name == "bce_with_logits":
            kind, prediction = "sigmoid", np.asarray(sigmoid.forward(given))
        elif below is not None and (name, below.name) in (("cross_entropy", "softmax"), ("bce", "sigmoid")):
            if (inner, 0) not in clean.parts or graph.nodes[inner].shape != graph.nodes[node.operands[0]].shape:
                continue
            kind, prediction, place = below.name, values[inner], (inner, 0)
        else:
            continue
        if node.settings.get("labels"):
            y = np.asarray(whole_numbers(y, prediction.shape[-1])[..., None] == np.arange(prediction.shape[-1]))
        yield Output(place, number, kind, prediction, y.astype(np.float64), place_name(graph, inner))


def _penalties(clean: BackwardPass) -> Iterator[Penalty]:
    graph = clean.graph
    for number, node in _moving(clean):
        if node.operation is None or not node.operands:
            continue
        leaf = source_of(graph, node.operands[0])
        if not is_weight(graph, leaf) or (number, 0) not in clean.parts:
            continue
        order = {"l1": 1, "l2": 2, "abs": 1, "square": 2}.get(node.operation.name)
        if node.operation.name == "power" and np.all(clean.values[node.operands[1]] == 2):
            order = 2
        if order is not None:
            factor = np.broadcast_to(clean.cotangents[number], node.shape)
            yield Penalty((number, 0), leaf, graph.label(leaf), order, factor)
