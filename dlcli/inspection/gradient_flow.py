"""How large gradients are layer by layer, and which units pass none on: saturated, dead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlcli.inspection.section import Skipped, Subject
from dlcli.inspection.weight_layers import WeightLayer, by_sample, outputs_by_sample, resolved, weight_slopes
from dlcli.ops.operation import Array

FLAT = 1 / 50  # of its largest slope: below it a sigmoid or tanh is called saturated
LARGEST_SLOPE = {"sigmoid": 0.25, "tanh": 1.0}
CONVOLUTIONS = {"conv1d": -2, "conv2d": -3}  # and the axis of their channels, which are their units
LARGE = 100.0  # factor between first and last layer from which gradients are said to vanish or explode


@dataclass(frozen=True)
class LayerFlow:
    """Norms (root of the sum of squares over units and samples) of delta = dloss/dz and of dloss/dW."""

    name: str
    delta: float
    weights: float


@dataclass(frozen=True)
class GradientFlow:
    """From the first layer to the last. ratio: norm of the first delta over the last one's; weight_ratio likewise.

    per_layer: the factor from a layer to the one before it, on average; verdict: what the ratio says.
    """

    layers: tuple[LayerFlow, ...]
    ratio: float
    per_layer: float
    weight_ratio: float
    verdict: str


@dataclass(frozen=True)
class Saturation:
    """Units of a sigmoid or tanh whose slope is below 1/50 of the largest.

    entries: of every unit and sample; units: how many are saturated for all samples. limit: abs(z) from which
    that is so; farthest: the largest abs(z); slope: the smallest slope.
    """

    name: str
    activation: str
    saturated: int
    entries: int
    units: int
    of_units: int
    limit: float
    farthest: float
    slope: float


@dataclass(frozen=True)
class Dead:
    """ReLU units with slope 0 for every sample of the batch; off: entries with slope 0."""

    name: str
    dead: tuple[int, ...]
    units: int
    off: int
    entries: int


def gradient_flow(subject: Subject, layers: tuple[WeightLayer, ...]) -> GradientFlow | Skipped:
    """Of the layers through which the loss is reached."""
    if subject.graph.loss is None:
        return Skipped("there is no loss, so there are no gradients")
    found = _convolution_flows(subject)
    for layer in layers:
        if all(number in subject.cotangents for number in layer.outputs):
            delta = float(np.linalg.norm(outputs_by_sample(layer, subject.cotangents)))
            slopes = float(np.linalg.norm(weight_slopes(layer, subject.cotangents)))
            found[layer.outputs[0]] = LayerFlow(layer.name, delta, slopes)
    if not found:
        return Skipped("no layer of weights, z = W x + b or a convolution, leads to the loss")
    rows = [found[number] for number in sorted(found)]
    ratio = _over(rows[0].delta, rows[-1].delta)
    per_layer = ratio ** (1 / (len(rows) - 1)) if len(rows) > 1 else 1.0
    weight_ratio = _over(rows[0].weights, rows[-1].weights)
    return GradientFlow(tuple(rows), ratio, per_layer, weight_ratio, _verdict(ratio, len(rows)))


def _convolution_flows(subject: Subject) -> dict[int, LayerFlow]:
    """node -> its flow, of the convolutions by a leaf of weights."""
    found = {}
    for number, cotangent in subject.cotangents.items():
        if subject.operation(number) in CONVOLUTIONS:
            kernel = subject.graph.nodes[number].operands[1]
            if kernel in subject.cotangents and subject.graph.nodes[kernel].operation is None:
                norms = float(np.linalg.norm(cotangent)), float(np.linalg.norm(subject.cotangents[kernel]))
                found[number] = LayerFlow(subject.label(number), *norms)
    return found


def _over(first: float, last: float) -> float:
    return first / last if last else float("nan")


def _verdict(ratio: float, count: int) -> str:
    if count < 2:
        return "one layer"
    if not np.isfinite(ratio):
        return "undefined"
    if ratio == 0:
        return "none arrives"
    if ratio < 1 / LARGE:
        return "vanishing"
    if ratio > LARGE:
        return "exploding"
    return "shrinking" if ratio < 1 else "growing" if ratio > 1 else "equal"


def saturation(subject: Subject, layers: tuple[WeightLayer, ...]) -> tuple[Saturation, ...] | Skipped:
    """Of each sigmoid and tanh. The slope of sigmoid is 1/(4 cosh(z/2)^2), of tanh 1/cosh(z)^2."""
    rows = []
    for number, z, slope in _slopes(subject, tuple(LARGEST_SLOPE)):
        kind = subject.operation(number)
        flat = slope < FLAT * LARGEST_SLOPE[kind]
        limit = float(np.arccosh(np.sqrt(1 / FLAT))) * (2 if kind == "sigmoid" else 1)
        by_unit = units_last(subject, layers, number, flat)
        rows.append(
            Saturation(
                subject.label(number), kind, int(flat.sum()), flat.size,
                int(by_unit.all(axis=0).sum()), by_unit.shape[1],
                limit, float(np.max(np.abs(z), initial=0.0)), float(np.min(slope, initial=LARGEST_SLOPE[kind])),
            )
        )  # fmt: skip
    return tuple(rows) if rows else Skipped("there is no sigmoid and no tanh")


def dead_units(subject: Subject, layers: tuple[WeightLayer, ...]) -> tuple[Dead, ...] | Skipped:
    """Of each ReLU."""
    rows = []
    for number, _, slope in _slopes(subject, ("relu",)):
        off = units_last(subject, layers, number, slope == 0)
        dead = tuple(int(unit) for unit in np.flatnonzero(off.all(axis=0)))
        rows.append(Dead(subject.label(number), dead, off.shape[1], int(off.sum()), off.size))
    return tuple(rows) if rows else Skipped("there is no ReLU")


def _slopes(subject: Subject, kinds: tuple[str, ...]) -> list[tuple[int, Array, Array]]:
    """(node, z, dg/dz entry by entry) of each activation of these kinds."""
    found = []
    for number, node in enumerate(subject.graph.nodes):
        if node.operation is not None and node.operation.name in kinds:
            z = subject.values[node.operands[0]]
            vjp = node.operation.vjp[0]
            assert vjp is not None
            with np.errstate(all="ignore"):
                slope = vjp(np.ones(node.shape), subject.values[number], z, **node.settings)
            found.append((number, z, np.asarray(slope)))
    return found


def units_last(subject: Subject, layers: tuple[WeightLayer, ...], number: int, array: Array) -> Array:
    """(samples, units) of an array in the shape of an activation: the units of images are their channels."""
    z = resolved(subject, subject.graph.nodes[number].operands[0])
    for layer in layers:
        if z in layer.outputs:
            return by_sample([array], len(layer.weights) if len(layer.outputs) == 1 else 1, layer.columns)
    if array.ndim == 0:
        return array.reshape(1, 1)
    axis = -1
    back = number
    while subject.graph.nodes[back].operands and subject.operation(back) not in (*CONVOLUTIONS, "matmul"):
        back = subject.graph.nodes[back].operands[0]
    if subject.operation(back) in CONVOLUTIONS:
        axis = CONVOLUTIONS[subject.operation(back)]
        if array.ndim < -axis:
            return array.reshape(-1, 1)
    elif array.ndim == 2 and subject.columns:
        axis = 0
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])
