"""The evaluations of a ladder of steps, and what they show of the loss: a kink at the point, a jump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlcli.engines.stencil import EPS, Stencil, focused
from dlcli.ops.operation import Array


@dataclass
class Ladder:
    """Evaluations at theta + h and theta - h: exact steps, losses and signatures, each (entries, rungs, 2)."""

    entries: Array
    steps: Array
    losses: Array
    marks: Array


def _last(ladder: Ladder) -> Array:
    """The last evaluated rung of each entry."""
    evaluated = ~np.isnan(ladder.losses[:, :, 0]) | ~np.isnan(ladder.losses[:, :, 1])
    count = evaluated.shape[1]
    return np.where(evaluated.any(axis=1), count - 1 - np.argmax(evaluated[:, ::-1], axis=1), 0)


def last_marks(ladder: Ladder) -> Array:
    """The signatures at the last evaluated rung, (entries, 1, 2)."""
    return np.asarray(np.take_along_axis(ladder.marks, _last(ladder)[:, None, None], axis=1))


def leaves_kinks(ladder: Ladder, points: Stencil, leaves: Array, kinks: Mapping[int, Array]) -> Array:
    """Of the entries whose smallest step crosses a kink, those that leave one on which the point itself lies."""
    rows = np.flatnonzero(leaves)
    result = np.zeros(len(leaves), dtype=bool)
    if not len(rows) or not any(n in kinks for n in points.branching):
        return result
    near = focused(points, kinks)
    steps = ladder.steps[rows, _last(ladder)[rows]]  # (entries, 2)
    entries = ladder.entries[rows]
    theta = points.values[points.root].reshape(-1)[entries]
    for side, sign in enumerate((1.0, -1.0)):
        result[rows] |= near.at(entries, theta + sign * steps[:, side])[1] != near.base
    return result


def jumps(ladder: Ladder, points: Stencil, here: float) -> Array:
    """Whether the loss beyond the smallest step stays away from its value at the point.

    On one side the last five gaps |L(theta +- h) - L(theta)| must be equal to within 1/8, so that quotients grow
    fourfold a rung; a branch must have flipped, as every jump is one; and the gap must be beyond rounding and
    beyond what the steeper side explains, or a kink nearer than the smallest step would look like a jump.
    """
    result = np.zeros(len(ladder.entries), dtype=bool)
    for row in np.flatnonzero(np.any(ladder.marks != points.base, axis=(1, 2))).tolist():
        found = [_tail(ladder, points, row, side) for side in (0, 1)]
        for losses, steps, crossed in found:
            if len(losses) < 5 or not crossed:
                continue
            gaps = np.abs(losses - here)
            slope = max(abs(y[-1] - y[-2]) / max(h[-2] - h[-1], 1e-300) for y, h, _ in found if len(y) > 1)
            constant = gaps.max() <= 1.125 * gaps.min()
            result[row] |= constant and gaps[-1] > 1000 * EPS * abs(here) and gaps[-1] > 4 * slope * steps[-1]
    return result


def _tail(ladder: Ladder, points: Stencil, row: int, side: int) -> tuple[Array, Array, bool]:
    """The last five losses and steps of an entry on one side, and whether the smallest step crosses a branch."""
    known = np.flatnonzero(np.isfinite(ladder.losses[row, :, side]))[-5:]
    crossed = len(known) > 0 and ladder.marks[row, known[-1], side] != points.base
    return ladder.losses[row, known, side], ladder.steps[row, known, side], bool(crossed)
