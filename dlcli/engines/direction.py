"""The slope of the loss along one random direction through all entries of a quantity at once.

Where a quantity is too large to try every entry, it shows an error in any of them: a Gaussian direction weighs all
entries and, unlike one of signs, cannot cancel errors that only swap or mirror entries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.draws import gaussian
from dlcli.engines.ladder import EPS, LONGEST, RATIO, extrapolate
from dlcli.engines.stencil import stencil
from dlcli.engines.steps import first_steps
from dlcli.graph import Graph
from dlcli.ops.operation import Array


@dataclass(frozen=True)
class Direction:
    """vector: the direction, in the quantity's shape; slope: of the loss along it, and its error bar.

    The error is inf where no step was clean: a kink at the point, an infinite loss.
    """

    vector: Array
    slope: float
    error: float


def slope_along(graph: Graph, values: Sequence[Array], root: int, noise: float) -> Direction:
    """The extrapolated central difference along a Gaussian direction, each entry weighed by its own first step.

    noise: of the loss. The steps go down by 4 from 1/sqrt(entries), so that a sum over all entries moves about as
    far as one entry of a ladder of its own does.
    """
    shape = graph.nodes[root].shape
    vector = gaussian(shape, root) * first_steps(graph, values, root)
    steps = RATIO ** -np.arange(LONGEST, dtype=np.float64) / math.sqrt(max(1, vector.size))
    points = stencil(graph, values, root)
    offsets = (steps[:, None] * np.array([1.0, -1.0])).reshape(-1)
    found = [points.along(vector, offset) for offset in offsets]
    losses = np.array([loss for loss, _ in found]).reshape(1, -1, 2)
    marks = np.array([mark for _, mark in found]).reshape(1, -1, 2)
    with np.errstate(all="ignore"):
        quotients = (losses[:, :, 0] - losses[:, :, 1]) / (2 * steps)
        moved = EPS * np.max(np.abs(losses), axis=2)
    clean = np.isfinite(quotients) & np.all(marks == points.base, axis=2)
    result = extrapolate(quotients, steps[None], clean, np.maximum(noise, moved), RATIO**2)
    return Direction(vector, float(result.value[0]), float(result.error[0]))
