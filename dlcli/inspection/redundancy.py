"""Layers and units that a smaller network could do without: linear layers in a row, equal units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dlcli.inspection.section import Skipped, Subject
from dlcli.inspection.weight_layers import (
    WeightLayer,
    bias_slopes,
    fed_by,
    outputs_by_sample,
    resolved,
    weight_slopes,
)
from dlcli.ops.operation import Array


@dataclass(frozen=True)
class Collapsed:
    """Layers with nothing non-linear between them, and the one layer z = W x + b that does the same."""

    layers: tuple[str, ...]
    weights: Array  # (out of the last, in of the first)
    bias: Array  # (out of the last,)
    parameters: int  # of the layers as they are
    needed: int  # of W and b


@dataclass(frozen=True)
class EqualUnits:
    """Units (counted from 0) of a layer with equal weights and bias, and equal weights in the layers after it.

    equal_gradients: whether their gradients are equal too, None without a loss.
    """

    layer: str
    units: tuple[int, ...]
    equal_gradients: bool | None


def collapsed(subject: Subject, layers: Sequence[WeightLayer]) -> tuple[Collapsed, ...] | Skipped:
    """W = W2 W1 and b = W2 b1 + b2 for each run of layers."""
    if len(layers) < 2:
        return Skipped("there are fewer than two layers of weights")
    found, done = [], set[int]()
    for first in range(len(layers)):
        if first in done:
            continue
        run = [first]
        while (after := _linear_successor(subject, layers, run[-1])) is not None:
            run.append(after)
        done.update(run)
        if len(run) > 1:
            found.append(_product(subject, [layers[at] for at in run]))
    return tuple(found)


def _linear_successor(subject: Subject, layers: Sequence[WeightLayer], at: int) -> int | None:
    layer = layers[at]
    if not layer.linear:
        return None
    return next((n for n in range(at + 1, len(layers)) if fed_by(subject, layers[n], layer.outputs)), None)


def _product(subject: Subject, run: Sequence[WeightLayer]) -> Collapsed:
    weights, bias = run[0].weights, _bias(run[0])
    for before, layer in pairwise(run):
        own = layer.weights
        if len(layer.inputs) > 1:
            places = [resolved(subject, n) for n in layer.inputs]
            own = own[:, [places.index(resolved(subject, n)) for n in before.outputs]]
        weights, bias = own @ weights, own @ bias + _bias(layer)
    total = sum(layer.weights.size + (0 if layer.bias is None else layer.bias.size) for layer in run)
    return Collapsed(tuple(layer.name for layer in run), weights, bias, total, weights.size + bias.size)


def _bias(layer: WeightLayer) -> Array:
    return np.zeros(len(layer.weights)) if layer.bias is None else layer.bias


def equal_units(subject: Subject, layers: Sequence[WeightLayer]) -> tuple[EqualUnits, ...] | Skipped:
    """Of the hidden layers: those whose activations feed layers of weights and nothing else."""
    hidden = [(layer, _outgoing(subject, layers, layer)) for layer in layers]
    if not any(outgoing is not None for _, outgoing in hidden):
        return Skipped("no layer of weights feeds another")
    found = []
    for layer, outgoing in hidden:
        if outgoing is None:
            continue
        slopes = _by_unit(layer, weight_slopes(layer, subject.cotangents), bias_slopes(layer, subject.cotangents))
        slopes = np.hstack([slopes, *(s.T for s in _outgoing_slopes(subject, layers, layer))])
        for units in _equal_rows(np.hstack([_by_unit(layer, layer.weights, _bias(layer)), outgoing])):
            equal = None
            if subject.graph.loss is not None:
                deltas = _delta(subject, layer)
                rows = np.hstack([slopes, deltas.T])[list(units)]
                size = float(np.max(np.abs(rows), initial=0.0))
                equal = bool(np.all(np.abs(rows - rows[0]) <= 1e-12 * size))
            found.append(EqualUnits(layer.name, units, equal))
    return tuple(found)


def _delta(subject: Subject, layer: WeightLayer) -> Array:
    if all(number in subject.cotangents for number in layer.outputs):
        return outputs_by_sample(layer, subject.cotangents)
    return np.zeros((1, len(layer.weights)))


def _by_unit(layer: WeightLayer, weights: Array, bias: Array) -> Array:
    """(out, in + 1)."""
    return np.hstack([weights, bias.reshape(len(layer.weights), 1)])


def _followers(subject: Subject, layers: Sequence[WeightLayer], layer: WeightLayer) -> list[WeightLayer]:
    return [other for other in layers if fed_by(subject, other, layer.activated)]


def _outgoing(subject: Subject, layers: Sequence[WeightLayer], layer: WeightLayer) -> Array | None:
    """(units, weights that go out of each), None where an activation is used by anything but layers of weights."""
    followers = _followers(subject, layers, layer)
    uses = sum(len(subject.users.get(number, ())) for number in layer.activated)
    expected = sum(len(f.weights) if len(f.inputs) > 1 else 1 for f in followers)
    per_unit = len(layer.activated) if len(layer.activated) > 1 else 1
    if not followers or uses != expected * per_unit or (len(layer.activated) == 1) != (len(followers[0].inputs) == 1):
        return None
    return np.hstack([_columns(subject, f, layer, f.weights).T for f in followers])


def _outgoing_slopes(subject: Subject, layers: Sequence[WeightLayer], layer: WeightLayer) -> list[Array]:
    followers = _followers(subject, layers, layer)
    return [_columns(subject, f, layer, weight_slopes(f, subject.cotangents)) for f in followers]


def _columns(subject: Subject, follower: WeightLayer, layer: WeightLayer, weights: Array) -> Array:
    """The follower's (out, in) with one column a unit of the layer, in its order."""
    if len(follower.inputs) == 1:
        return weights
    places = [resolved(subject, n) for n in follower.inputs]
    return weights[:, [places.index(resolved(subject, n)) for n in layer.activated]]


def _equal_rows(rows: Array) -> list[tuple[int, ...]]:
    """Groups of two or more rows that are equal."""
    groups: dict[bytes, list[int]] = {}
    for at, row in enumerate(np.ascontiguousarray(rows) + 0.0):
        groups.setdefault(row.tobytes(), []).append(at)
    return [tuple(group) for group in groups.values() if len(group) > 1]
