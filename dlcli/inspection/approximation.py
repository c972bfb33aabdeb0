"""Universal approximation by example: how well one hidden layer of each width fits the file's samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.inspection.section import Skipped, Subject
from dlcli.inspection.weight_layers import WeightLayer, fed_by, inputs_by_sample, outputs_by_sample, resolved
from dlcli.ops.operation import Array, Elementwise

REGRESSION = ("squared_error", "half_squared_error", "mse", "mae", "huber")
WIDTHS = (1, 2, 4, 8, 16, 32)
MOST_SAMPLES = 400
MOST_BENDS = 60  # places where candidates change, spread evenly over the samples
STEEPNESS = (1, 2, 4, 8, 16, 32)  # of candidates that are no straight lines, over half the range of x
HOMOGENEOUS = ("relu", "leaky_relu", "abs")  # g(s z) = s g(z) for s > 0, so that steepness changes nothing
MOST_FIRST = 150  # candidates up to which every pair is tried
EXCHANGES = 2  # how often each unit may be changed for a better one
EXACT = 1e-9  # root mean square error, relative to the spread of the targets


@dataclass(frozen=True)
class Fit:
    """width: hidden units; error: root mean square over the samples; largest: the largest absolute error."""

    width: int
    error: float
    largest: float


@dataclass(frozen=True)
class Approximation:
    """own: the file's network with its own weights. fits: for each width the best that the search found.

    candidates: hidden units that it chooses from. exact: the least of these widths with error 0, None where
    there is none; wider ones are left out.
    """

    samples: int
    activation: str
    candidates: int
    own: Fit
    fits: tuple[Fit, ...]
    exact: int | None


def approximation(subject: Subject, layers: tuple[WeightLayer, ...]) -> Approximation | Skipped:
    """Of a network with one hidden layer on one number a sample, and a regression loss.

    Hidden units g(s (x - c)) are chosen from a fixed list one after the other, each for the least error, and
    exchanged while that helps; output weights and bias by least squares (Chen, Billings and Luo 1989). From the file's
    own width on its own hidden units are tried too, so that no row is worse than what the file has. A fit tells
    what a layer of this width can do at least, not the best that it can do.
    """
    if len(layers) != 2 or not fed_by(subject, layers[1], layers[0].activated):
        return Skipped("the network is not one hidden layer and an output layer")
    hidden, output = layers
    if hidden.weights.shape[1] != 1 or any(subject.graph.nodes[n].operation is not None for n in hidden.inputs):
        return Skipped("the input is not one number a sample")
    if len(output.weights) != 1 or not output.linear:
        return Skipped("the output is not one linear unit")
    target = _target(subject, output)
    if target is None:
        return Skipped(f"the loss is none of {', '.join(REGRESSION)} of the output and a target")
    activation = _activation(subject, hidden)
    if activation is None:
        return Skipped("the hidden layer has no non-linear activation")
    x = inputs_by_sample(hidden, subject.values)[:, 0]
    found = outputs_by_sample(output, subject.values)[:, 0]
    if not target.shape == found.shape == x.shape or not 3 <= len(np.unique(x)) <= MOST_SAMPLES:
        return Skipped(f"there are not between 3 and {MOST_SAMPLES} samples, each with an input of its own")
    if not np.isfinite([np.sum(x**2), np.sum(target**2), np.sum(found**2)]).all():
        return Skipped("a sample or a prediction is too large to be squared")
    units = _candidates(x, activation, hidden.activation)
    bias = np.zeros(len(hidden.weights)) if hidden.bias is None else hidden.bias
    theirs = activation(np.outer(x, hidden.weights[:, 0]) + bias)
    fits, exact = _fits(np.concatenate([units, theirs], axis=1), target, theirs.shape[1])
    own = _fit(len(hidden.weights), found - target)
    return Approximation(len(x), hidden.activation, units.shape[1], own, fits, exact)


def _target(subject: Subject, output: WeightLayer) -> Array | None:
    """The targets, by sample: the other operand of the loss that takes the output."""
    for number, node in enumerate(subject.graph.nodes):
        if subject.operation(number) in REGRESSION:
            first, second = (resolved(subject, operand) for operand in node.operands)
            if first in {resolved(subject, n) for n in output.activated}:
                return np.asarray(subject.values[second], dtype=float).reshape(-1)
    return None


def _activation(subject: Subject, hidden: WeightLayer) -> Callable[[Array], Array] | None:
    node = subject.graph.nodes[hidden.activated[0]]
    record = node.operation
    if hidden.linear or record is None or record.name != hidden.activation or len(record.operands) != 1:
        return None
    return (lambda z: record.forward(z, **node.settings)) if isinstance(record.definition, Elementwise) else None


def _candidates(x: Array, activation: Callable[[Array], Array], name: str) -> Array:
    """Hidden units, one a column: (samples, candidates)."""
    bends = np.unique(x)
    if name not in HOMOGENEOUS:
        bends = np.unique(np.concatenate([bends, (bends[1:] + bends[:-1]) / 2]))
    if len(bends) > MOST_BENDS:
        bends = bends[np.linspace(0, len(bends) - 1, MOST_BENDS).round().astype(int)]
    half = (bends[-1] - bends[0]) / 2
    steepness = (1.0,) if name in HOMOGENEOUS else STEEPNESS
    columns = [
        activation(sign * steep * (x - bend) / half) for bend in bends for steep in steepness for sign in (1, -1)
    ]
    return np.stack(columns, axis=1)


def _fits(units: Array, target: Array, own: int) -> tuple[tuple[Fit, ...], int | None]:
    """The fit of each width, up to the first without an error. own: how many units, the last ones, are the file's."""
    theirs = list(range(units.shape[1] - own, units.shape[1]))
    spread = float(np.sqrt(np.mean((target - target.mean()) ** 2)))
    fits: list[Fit] = []
    chosen: list[int] = []
    for width in WIDTHS:
        chosen = _grown(units, target, chosen, width, EXACT * spread)
        if len(chosen) == 2 and units.shape[1] <= MOST_FIRST:
            chosen = _best_pair(units, target)
        chosen = _exchanged(units, target, chosen)
        if own <= width:
            from_theirs = _grown(units, target, theirs, width, EXACT * spread)
            chosen = min(chosen, from_theirs, key=lambda some: _fit(len(some), _residual(units, target, some)).error)
        fit = _fit(len(chosen), _residual(units, target, chosen))
        if fit.error <= EXACT * spread:
            return (*fits, Fit(fit.width, 0.0, 0.0)), fit.width
        fits.append(fit)
    return tuple(fits), None


def _grown(units: Array, target: Array, chosen: Sequence[int], width: int, enough: float) -> list[int]:
    """The chosen units and the best next ones, up to the width or until the error is no more than `enough`."""
    grown = list(chosen)
    while len(grown) < width:
        if grown and _fit(len(grown), _residual(units, target, grown)).error <= enough:
            break
        grown.append(_next(units, target, grown))
    return grown


def _fit(width: int, residual: Array) -> Fit:
    return Fit(width, float(np.sqrt(np.mean(residual**2))), float(np.max(np.abs(residual))))


def _residual(units: Array, target: Array, chosen: Sequence[int]) -> Array:
    basis = _basis(units, chosen)
    rest = target - basis @ (basis.T @ target)
    return np.asarray(rest - basis @ (basis.T @ rest))


def _basis(units: Array, chosen: Sequence[int]) -> Array:
    """An orthonormal basis of a constant and the chosen units."""
    columns = np.concatenate([np.ones((len(units), 1)), units[:, chosen]], axis=1)
    left, sizes, _ = np.linalg.svd(columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300), full_matrices=False)
    return np.asarray(left[:, sizes > 1e-10 * sizes[0]])


def _gains(units: Array, target: Array, chosen: Sequence[int]) -> Array:
    """By how much each candidate would lower the sum of squares, beside those chosen."""
    basis = _basis(units, chosen)
    rest = target - basis @ (basis.T @ target)
    new = units - basis @ (basis.T @ units)
    sizes = np.sum(new**2, axis=0)
    able = sizes > 1e-16 * np.maximum(np.sum(units**2, axis=0), 1e-300)
    return np.where(able, (rest @ new) ** 2 / np.where(able, sizes, 1), 0)


def _next(units: Array, target: Array, chosen: Sequence[int]) -> int:
    return int(np.argmax(_gains(units, target, chosen)))


def _best_pair(units: Array, target: Array) -> list[int]:
    alone = _gains(units, target, [])
    pairs = [(float(alone[first] + (gains := _gains(units, target, [first])).max()), first, int(gains.argmax()))
             for first in range(units.shape[1])]  # fmt: skip
    _, first, second = max(pairs, key=lambda pair: pair[0])
    return [first, second]


def _exchanged(units: Array, target: Array, chosen: Sequence[int]) -> list[int]:
    """The chosen units, each changed for the one that lowers the error most."""
    best = list(chosen)
    for _ in range(EXCHANGES):
        before = list(best)
        for place in range(len(best)):
            others = best[:place] + best[place + 1 :]
            gains = _gains(units, target, others)
            if gains.max() > gains[best[place]] * (1 + 1e-9):
                best[place] = int(np.argmax(gains))
        if best == before:
            break
    return best
