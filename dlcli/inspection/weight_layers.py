"""The layers of weights in a graph: z = W x + b, found as products of matrices or unit by unit in scalars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.inspection.section import Subject
from dlcli.ops.operation import Array

WEIGHTS = ("weight", "constant")
OTHER_ACTIVATIONS = ("identity", "tanh", "sin", "abs")  # of other families than the activations


@dataclass(frozen=True, eq=False)
class WeightLayer:
    """z = W x + b and the activation after it.

    weights (out, in); bias (out,) or None. leaves: the leaf of each weight, one row a unit, or of one matrix
    [[leaf]], turned when `transposed`. inputs, outputs, activated: nodes of x, of z and of a = g(z), one for each
    unit or one for all. columns: samples are columns of x. activation: "" without one.
    """

    name: str
    weights: Array
    bias: Array | None
    leaves: tuple[tuple[int, ...], ...]
    bias_leaves: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activated: tuple[int, ...]
    activation: str
    transposed: bool = False
    columns: bool = False

    @property
    def linear(self) -> bool:
        """Nothing non-linear follows in the layer itself."""
        return self.activation in ("", "identity")


def weight_layers(subject: Subject) -> tuple[WeightLayer, ...]:
    """All of them, in the order of the graph."""
    found = [*_by_matrices(subject), *_by_units(subject)]
    return tuple(sorted(found, key=lambda layer: layer.outputs[0]))


def weight_slopes(layer: WeightLayer, cotangents: Mapping[int, Array]) -> Array:
    """dloss/dW as (out, in); 0 where the loss does not depend on a weight."""
    out, size = layer.weights.shape
    if len(layer.leaves) == 1 and len(layer.leaves[0]) == 1 and layer.leaves[0][0] in cotangents:
        slope = np.asarray(cotangents[layer.leaves[0][0]])
        return np.atleast_2d(slope.T if layer.transposed else slope).reshape(out, size)
    if len(layer.leaves) == 1 and len(layer.leaves[0]) == 1:
        return np.zeros((out, size))
    return np.array([[float(cotangents.get(leaf, np.zeros(()))) for leaf in row] for row in layer.leaves])


def bias_slopes(layer: WeightLayer, cotangents: Mapping[int, Array]) -> Array:
    """dloss/db as (out,)."""
    parts = [np.asarray(cotangents[leaf]).reshape(-1) for leaf in layer.bias_leaves if leaf in cotangents]
    whole = np.concatenate(parts) if parts else np.zeros(len(layer.weights))
    return whole if whole.size == len(layer.weights) else np.resize(whole, len(layer.weights))


def by_sample(arrays: Sequence[Array], size: int, columns: bool) -> Array:
    """A layer's inputs or outputs as (samples, size), from one array of all units or one an array a unit."""
    if len(arrays) == 1:
        whole = np.asarray(arrays[0])
        return (whole.T if columns and whole.ndim == 2 else whole).reshape(-1, size)
    return np.stack(np.broadcast_arrays(*(np.asarray(array).reshape(-1) for array in arrays)), axis=-1)


def outputs_by_sample(layer: WeightLayer, arrays: Mapping[int, Array] | Sequence[Array]) -> Array:
    """(samples, out) of values or cotangents of z."""
    return by_sample([arrays[number] for number in layer.outputs], len(layer.weights), layer.columns)


def inputs_by_sample(layer: WeightLayer, values: Sequence[Array]) -> Array:
    """(samples, in) of the values of x."""
    return by_sample([values[number] for number in layer.inputs], layer.weights.shape[1], layer.columns)


def resolved(subject: Subject, number: int) -> int:
    """The node behind identities."""
    while subject.operation(number) == "identity":
        number = subject.graph.nodes[number].operands[0]
    return number


def fed_by(subject: Subject, layer: WeightLayer, numbers: Sequence[int]) -> bool:
    """Whether a layer's inputs are these quantities and nothing else."""
    return {resolved(subject, n) for n in layer.inputs} == {resolved(subject, n) for n in numbers}


def _by_matrices(subject: Subject) -> list[WeightLayer]:
    layers = []
    for number, node in enumerate(subject.graph.nodes):
        if subject.operation(number) not in ("matmul", "dot"):
            continue
        left, right = (_leaf(subject, operand, ("transpose",)) for operand in node.operands)
        roles = [leaf is not None and subject.graph.nodes[leaf].role == "weight" for leaf in (left, right)]
        if all(roles):
            continue  # a product of weights is no layer
        if right is not None and (left is None or roles[1]):
            position, leaf = 1, right
        elif left is not None:
            position, leaf = 0, left
        else:
            continue
        given = subject.values[node.operands[position]]
        other = node.operands[1 - position]
        if given.ndim > 2 or (given.ndim == 2 and position == 0 and len(subject.graph.nodes[other].shape) > 2):
            continue
        weights = np.atleast_2d(given.T if position else given)
        output, bias_leaf = _with_bias(subject, number, len(weights))
        bias = None if bias_leaf is None else np.resize(subject.values[bias_leaf].reshape(-1), len(weights))
        activated, activation = _activation(subject, output)
        turns = _turns(subject, node.operands[position]) + position
        layers.append(
            WeightLayer(
                _name(subject, (output,)), weights, bias, ((leaf,),), () if bias_leaf is None else (bias_leaf,),
                (other,), (output,), (activated,), activation,
                transposed=turns % 2 == 1,
                columns=position == 0 and len(subject.graph.nodes[other].shape) == 2,
            )
        )  # fmt: skip
    return layers


def _turns(subject: Subject, number: int) -> int:
    """How many transposes stand before a leaf."""
    count = 0
    while subject.operation(number):
        count += 1
        number = subject.graph.nodes[number].operands[0]
    return count


def _leaf(subject: Subject, number: int, through: tuple[str, ...]) -> int | None:
    """The leaf of weights behind operations that only move entries; None where there is none."""
    while subject.operation(number) in through:
        number = subject.graph.nodes[number].operands[0]
    node = subject.graph.nodes[number]
    return number if node.operation is None and node.role in ("weight", "bias", "constant") else None


def _with_bias(subject: Subject, product: int, units: int) -> tuple[int, int | None]:
    """The node of z, and the leaf of its bias."""
    users = subject.users.get(product, ())
    if len(users) == 1 and subject.operation(users[0]) == "add" and subject.graph.nodes[product].name is None:
        others = [o for o in subject.graph.nodes[users[0]].operands if o != product]
        if len(others) == 1:
            leaf = _leaf(subject, others[0], ("reshape", "transpose"))
            if leaf is not None and subject.values[leaf].size in (1, units):
                return users[0], leaf
    return product, None


def _activation(subject: Subject, number: int) -> tuple[int, str]:
    """The node of a = g(z) and the name of g; z itself and "" where there is none."""
    users, last, name = subject.users.get(number, ()), number, ""
    while len(users) == 1:
        record = subject.graph.nodes[users[0]].operation
        if record is None or (record.family != "activations" and record.name not in OTHER_ACTIVATIONS):
            break
        if name not in ("", "identity"):
            break
        last, name = users[0], record.name
        users = subject.users.get(last, ())
    return last, name


@dataclass(frozen=True)
class _Unit:
    output: int
    sources: tuple[int, ...]
    leaves: tuple[int, ...]
    bias: int | None


def _by_units(subject: Subject) -> list[WeightLayer]:
    """Units written in scalars; those with the same inputs are one layer."""
    groups: dict[tuple[frozenset[int], tuple[int, ...]], list[_Unit]] = {}
    for number, node in enumerate(subject.graph.nodes):
        unit = _unit(subject, number)
        if unit is not None:
            groups.setdefault((frozenset(unit.sources), node.shape), []).append(unit)
    return [_layer_of_units(subject, units) for units in groups.values()]


def _layer_of_units(subject: Subject, units: Sequence[_Unit]) -> WeightLayer:
    sources = units[0].sources
    leaves = tuple(tuple(dict(zip(u.sources, u.leaves, strict=True))[s] for s in sources) for u in units)
    weights = np.array([[float(subject.values[leaf]) for leaf in row] for row in leaves])
    biases = [u.bias for u in units]
    found = [leaf for leaf in biases if leaf is not None]
    bias = np.array([0.0 if b is None else float(subject.values[b]) for b in biases]) if found else None
    outputs = tuple(u.output for u in units)
    pairs = [_activation(subject, number) for number in outputs]
    names = {name for _, name in pairs}
    activation = names.pop() if len(names) == 1 else "mixed"
    kept = tuple(found) if len(found) == len(units) else ()
    activated = tuple(number for number, _ in pairs)
    return WeightLayer(_name(subject, outputs), weights, bias, leaves, kept, sources, outputs, activated, activation)


def _unit(subject: Subject, number: int) -> _Unit | None:
    """A sum of weight times quantity and perhaps one weight alone, of scalar weights."""
    node, nodes = subject.graph.nodes[number], subject.graph.nodes
    if subject.operation(number) not in ("add", "multiply") or len(node.shape) > 1:
        return None
    if node.name is None and all(subject.operation(u) in ("add", "multiply") for u in subject.users.get(number, ())):
        return None
    sources, leaves, biases, pending = [], [], [], [number]
    while pending:
        term = pending.pop()
        if subject.operation(term) == "add" and (term == number or nodes[term].name is None):
            pending += reversed(nodes[term].operands)
        elif subject.operation(term) == "multiply":
            first, second = nodes[term].operands
            if not _scalar_weight(subject, first):
                first, second = second, first
            if not _scalar_weight(subject, first) or nodes[second].role in ("weight", "bias", "constant", "literal"):
                return None
            leaves.append(first)
            sources.append(second)
        elif _scalar_weight(subject, term):
            biases.append(term)
        else:
            return None
    if not sources or len(biases) > 1 or len(set(sources)) < len(sources):
        return None
    return _Unit(number, tuple(sources), tuple(leaves), biases[0] if biases else None)


def _scalar_weight(subject: Subject, number: int) -> bool:
    node = subject.graph.nodes[number]
    return node.operation is None and node.role in WEIGHTS and node.shape == ()


def _name(subject: Subject, outputs: Sequence[int]) -> str:
    group = subject.graph.nodes[outputs[0]].group
    return group if group is not None else ", ".join(map(subject.label, outputs))
