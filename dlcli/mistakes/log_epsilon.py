"""Finding an eps under a logarithm: the one for which the gradients given come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Gradients, altered_gradients
from dlcli.mistakes.anatomy import Output
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Clue
from dlcli.mistakes.nearness import distance
from dlcli.ops.operation import Array

DECADES = tuple(10.0**-k for k in range(1, 13))
FITS = 1e-6
SEVERAL = 4


def with_epsilon(context: Context, output: Output, eps: float) -> Alteration:
    """The backward pass of log(p + eps) through the right softmax or sigmoid."""
    p, y, arriving = output.prediction, output.target, context.clean.cotangents[output.loss]
    if output.kind == "softmax":
        slope = -y / (p + eps)
        found = arriving[..., None] * p * (slope - (p * slope).sum(axis=-1, keepdims=True))
    else:
        found = arriving * (p * (1 - p)) * ((1 - y) / (1 - p + eps) - y / (p + eps))

    def rule(_edge: Edge) -> Array:
        return np.asarray(found)

    return Alteration(rules={output.place: rule})


def epsilon_clues(context: Context, given: Gradients) -> Iterator[Clue]:
    """The eps that fits, of the powers of ten first, then of all numbers near the best of them.

    It is looked for in the smallest of the wrong gradients that has several entries (one number may fit more than one
    eps), and must then fit all.
    """
    right = context.clean.gradients
    off = [name for name in given if distance(given, right, [name]) > 10 * FITS**2]
    if not off:
        return
    smallest = min(off, key=lambda name: (given[name].size < SEVERAL, given[name].size))
    for output in context.parts.outputs:

        def left(eps: float, names: list[str], output: Output = output) -> float:
            found, _ = altered_gradients(context.clean, with_epsilon(context, output, eps), names)
            return distance(given, found, names)

        gaps = [left(eps, [smallest]) for eps in DECADES]
        best = int(np.argmin(gaps))
        if not gaps[best] < 0.95 * distance(given, right, [smallest]):
            continue
        eps = DECADES[best]
        if gaps[best] > FITS:
            low, high = DECADES[min(best + 1, len(DECADES) - 1)], DECADES[max(best - 1, 0)]
            eps = _lowest(lambda eps: left(eps, [smallest]), np.log(low), np.log(high))
        gap = left(eps, list(given))
        if gap < min(FITS, 0.1 * distance(given, right)):
            yield Clue(output.where, gap, {"eps": f"{eps:.3g}"})


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is lowest, on a logarithmic scale, by golden section."""
    ratio = (np.sqrt(5) - 1) / 2
    first, second = high - ratio * (high - low), low + ratio * (high - low)
    at_first, at_second = function(float(np.exp(first))), function(float(np.exp(second)))
    for _ in range(60):
        if at_first < at_second:
            high, second, at_second = second, first, at_first
            first = high - ratio * (high - low)
            at_first = function(float(np.exp(first)))
        else:
            low, first, at_first = first, second, at_second
            second = low + ratio * (high - low)
            at_second = function(float(np.exp(second)))
    return float(np.exp((low + high) / 2))
