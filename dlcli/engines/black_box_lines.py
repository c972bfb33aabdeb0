"""A callable at a point, and steps along lines through it: their exact sizes, and what they show of rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.engines.black_box_noise import largest_step
from dlcli.engines.ladder import LONGEST, RATIO
from dlcli.ops.operation import Array

PROBES = 12  # times that a tensor's first steps are raised, 16-fold each, while they move nothing


@dataclass(frozen=True)
class BlackBox:
    """A loss at a point. loss: vector -> value, nan where there is none; unit: its rounding unit.

    noise: the standard deviation of the noise in its value, from `noise_of`; scale: the size of its values nearby.
    """

    loss: Callable[[Array], float]
    point: Array
    here: float
    unit: float
    noise: float
    scale: float


@dataclass(frozen=True)
class Line:
    """A direction to step along: positions in the point, components there; `first`: the first step along it."""

    positions: Array
    components: Array
    first: float
    dtype: np.dtype[Any]


def first_sizes(theta: Array) -> Array:
    """0.1 max(|theta|, rms of the tensor), and 1 where both are 0."""
    largest = float(np.max(np.abs(theta), initial=0.0))
    if largest == 0:
        return np.ones(theta.shape)
    return np.asarray(0.1 * np.maximum(np.abs(theta), largest * float(np.sqrt(np.mean((theta / largest) ** 2)))))


def fitted(box: BlackBox, line: Line) -> float:
    """What a tensor's first steps are multiplied with: 16-fold while a step along `line` changes nothing to speak of.

    A bias of 1e-12 says nothing of the size that a bias may have. Never beyond a step of 1.
    """
    factor = 1.0
    for _ in range(PROBES):
        if 16 * factor * line.first * float(np.max(np.abs(line.components), initial=0.0)) > 1:
            break
        value, _ = at(box, line, factor * line.first)
        if not abs(value - box.here) < 1e8 * box.noise:
            break
        factor *= 16
    return factor


def at(box: BlackBox, line: Line, offset: float) -> tuple[float, float]:
    """The loss at an offset along a line, and the exact size of the step: of a single number, as it is rounded."""
    moved = box.point.copy()
    start = moved[line.positions]
    target = (start + offset * line.components).astype(line.dtype).astype(np.float64)
    step = abs(float(target[0] - start[0])) if len(start) == 1 else abs(offset)
    if step == 0 or not np.isfinite(target).all():
        return np.nan, step
    moved[line.positions] = target
    return box.loss(moved), step


def hidden_step(box: BlackBox, line: Line, slope: float) -> float:
    """The height of a jump in what is left of the loss beside a slope, up to the first step; 0 where there is none.

    Beside a smooth part, steps of rounding hide from noise that is looked for nearer than they are wide, as those
    of 1 - p do where p is nearly 1.
    """

    def rest(offset: float) -> float:
        if offset == 0:
            return 0.0
        value, step = at(box, line, offset)
        return value - box.here - slope * math.copysign(step, offset)

    heights = [0.0]
    for side in (1.0, -1.0):
        offsets = (side * line.first * RATIO**-rung for rung in range(LONGEST))
        known = next((offset for offset in offsets if np.isfinite(rest(offset))), None)
        heights.append(0.0 if known is None else largest_step(rest, known))
    rounding = 30 * max(box.noise, box.unit * box.scale)
    return max(height if height > rounding else 0.0 for height in heights)
