"""Finite differences of a Python callable: no graph, no branch signatures, one evaluation at a time.

What signatures say of a graph, the ladder itself has to say here. Rungs count from the smallest step up as long as
each agrees with every later one (the suffix rule); a kink shows in the one-sided slopes, a jump in a gap that does
not shrink, rounding inside the function in its noise and in its curvature.

There is no complex step: NumPy's abs, max and comparisons are silently wrong on complex numbers, and a callable
cannot be looked into. A complex step that agrees with the difference proves nothing below the difference's own error
bar, so it could only make a verdict look surer than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from dlcli.engines.black_box_lines import BlackBox, Line, at
from dlcli.engines.black_box_noise import first_change
from dlcli.engines.finite_difference import Differences
from dlcli.engines.ladder import RATIO, Extrapolation, extrapolate
from dlcli.ops.operation import Array

UP, LONGEST = 3, 17  # rungs above the first step, rungs from it down
FIRST, FAR = (UP, UP + 1, UP + 2), UP + 8  # always climbed: three rungs, and one that shows what they may straddle
STAGES = (tuple(range(UP + 3, UP + 6)), (UP + 6, UP + 7), tuple(range(UP + 9, UP + LONGEST)))
PRECISE = 1e-6  # a relative error bar that needs no further rung
NEGLIGIBLE = 1e-12  # an error bar, relative to the tensor's largest contribution, that needs none either
STAIRS = 1e-6  # height, relative to the loss, of steps that are no rounding
EPS = float(np.finfo(np.float64).eps)


@dataclass
class Ladder:
    """Exact steps and losses at the point + step and - step, each (lines, rungs, 2), nan where not evaluated."""

    steps: Array
    losses: Array


@dataclass(frozen=True)
class Slopes:
    """One row a line. differences: 1-d arrays; curvature: |second difference|; crossed: larger steps were dropped.

    ladder: the evaluations that they were read from.
    """

    differences: Differences
    curvature: Array
    crossed: Array
    ladder: Ladder

    def part(self, start: int, stop: int) -> Slopes:
        """Some of the lines."""
        rows = {item.name: getattr(self.differences, item.name)[start:stop] for item in fields(self.differences)}
        ladder = Ladder(self.ladder.steps[start:stop], self.ladder.losses[start:stop])
        return Slopes(Differences(**rows), self.curvature[start:stop], self.crossed[start:stop], ladder)


@dataclass(frozen=True)
class _Reading:
    """What the ladder shows so far, one row a line."""

    central: Extrapolation
    right: Extrapolation
    left: Extrapolation
    clean: Array  # (lines, rungs) of the central quotients


def slopes(box: BlackBox, lines: Sequence[Line]) -> Slopes:
    """The slope along each line by a ladder of differences, with error bars, kinks and jumps.

    Three rungs and one far below first; then up where noise, and down where the error of the quotients, a kink or
    a rung that disagrees with later ones leaves the bar above 1e-6 of the slope.
    """
    rungs = UP + LONGEST
    ladder = Ladder(*(np.full((len(lines), rungs, 2), np.nan) for _ in range(2)))
    _climb(box, lines, ladder, range(len(lines)), (*FIRST, FAR))
    reading = _read(box, ladder)
    upwards = _wide(reading, lines) & (reading.central.error < 100 * box.noise / np.array([x.first for x in lines]))
    _climb(box, lines, ladder, np.flatnonzero(upwards).tolist(), range(UP))
    reading = _read(box, ladder) if upwards.any() else reading
    for stage in STAGES:
        wanted = _needs(box, reading, ladder, lines, stage)
        if wanted.any():
            _climb(box, lines, ladder, np.flatnonzero(wanted).tolist(), stage)
            reading = _read(box, ladder)
    return _summed_up(box, lines, ladder, reading)


def reread(box: BlackBox, lines: Sequence[Line], found: Slopes) -> Slopes:
    """The same evaluations read with another noise."""
    return _summed_up(box, lines, found.ladder, _read(box, found.ladder))


def _climb(box: BlackBox, lines: Sequence[Line], ladder: Ladder, rows: Sequence[int], rungs: Sequence[int]) -> None:
    for row in rows:
        for rung in rungs:
            for side, sign in enumerate((1.0, -1.0)):
                offset = sign * lines[row].first * RATIO ** (UP - rung)
                ladder.losses[row, rung, side], ladder.steps[row, rung, side] = at(box, lines[row], offset)


def _read(box: BlackBox, ladder: Ladder) -> _Reading:
    count = len(ladder.losses)
    signs = np.array([1.0, -1.0])
    with np.errstate(all="ignore"):
        largest = np.fmax(np.nanmax(np.abs(ladder.losses), axis=2, initial=0.0), abs(box.here))
        noise = np.maximum(box.noise, box.unit * largest)
        gaps = ladder.steps.sum(axis=2)
        central, clean = _extrapolated((ladder.losses @ signs) / gaps, gaps / 2, noise, RATIO**2)
        quotients = signs * (ladder.losses - box.here) / ladder.steps
        both = [np.concatenate([x[:, :, 0], x[:, :, 1]]) for x in (quotients, ladder.steps)]
        sides, _ = _extrapolated(both[0], both[1], np.concatenate([noise, noise]) * 2, RATIO)
    right = Extrapolation(sides.value[:count], sides.error[:count])
    left = Extrapolation(sides.value[count:], sides.error[count:])
    return _Reading(central, right, left, clean)


def _extrapolated(quotients: Array, steps: Array, noise: Array, base: float) -> tuple[Extrapolation, Array]:
    """The extrapolation of the rungs that count, and which these are; columns without three in a row are left out."""
    clean = suffix(quotients, noise / steps)
    runs = np.flatnonzero(np.any(clean[:, :-2] & clean[:, 1:-1] & clean[:, 2:], axis=0))
    if not len(runs):
        return Extrapolation(np.full(len(clean), np.nan), np.full(len(clean), np.inf)), clean
    part = np.s_[:, runs[0] : runs[-1] + 3]
    found = extrapolate(quotients[part], steps[part], clean[part], noise[part], base)
    return _doubted(found, np.where(clean, quotients, np.nan), noise / steps), clean


def _doubted(found: Extrapolation, quotients: Array, noise: Array) -> Extrapolation:
    """The extrapolation with bars that reach as far as the smallest step contradicts it.

    A kink between the first rungs can make them converge by chance, to a value that is wrong. The last quotient is
    nearer to the slope than twice its distance to the one before, or than ten times its noise.
    """
    error = found.error.copy()
    for row in np.flatnonzero(np.isfinite(error)):
        before, last = np.flatnonzero(np.isfinite(quotients[row]))[-2:]
        distance = abs(quotients[row, last] - quotients[row, before])
        beyond = abs(found.value[row] - quotients[row, last]) - 2 * distance - 10 * noise[row, last]
        if beyond > error[row]:
            error[row] = 2 * beyond
    return Extrapolation(found.value, error)


def suffix(quotients: Array, noise: Array) -> Array:
    """Which rungs count: (rows, rungs), steps falling. From the smallest step up, until one disagrees with a later.

    A rung agrees with a later one when the two differ by no more than twice its distance to the next rung, as they
    do where the quotients converge, and three times the noise of both.
    """
    known = np.isfinite(quotients)
    counts = known.copy()
    going = np.ones(len(quotients), dtype=bool)
    following = np.full(len(quotients), np.nan)
    for rung in range(quotients.shape[1] - 1, -1, -1):
        here, own = quotients[:, rung, None], noise[:, rung, None]
        later = known[:, rung + 1 :]
        distance = np.abs(here - quotients[:, rung + 1 :])
        allowed = 2 * np.abs(here - following[:, None]) + 3 * (own + noise[:, rung + 1 :])
        going &= ~(known[:, rung] & np.any(later & ~(distance <= allowed), axis=1))
        counts[:, rung] &= going
        following = np.where(known[:, rung], quotients[:, rung], following)
    return counts


def _wide(reading: _Reading, lines: Sequence[Line]) -> Array:
    """Whose error bar decides too little."""
    first = np.array([line.first for line in lines])
    value = np.abs(np.nan_to_num(reading.central.value))
    enough = np.maximum(PRECISE * value, NEGLIGIBLE * np.max(value * first, initial=0.0) / first)
    return np.asarray(~(reading.central.error <= enough))


def _needs(box: BlackBox, reading: _Reading, ladder: Ladder, lines: Sequence[Line], stage: Sequence[int]) -> Array:
    """Which lines need a stage of smaller steps: for a bar that they can narrow, or as a kink or a jump is near."""
    evaluated = np.isfinite(ladder.losses).all(axis=2)
    dropped = np.any(evaluated & ~reading.clean, axis=1) & ~np.isfinite(reading.central.error)
    steps = np.array([line.first for line in lines]) * RATIO ** (UP - stage[0])
    narrows = ~(reading.central.error < 3 * box.noise / steps)
    return np.asarray((_wide(reading, lines) & narrows) | dropped | kinked(reading.right, reading.left))


def kinked(right: Extrapolation, left: Extrapolation) -> Array:
    """Where the one-sided slopes differ by more than their error bars allow."""
    with np.errstate(invalid="ignore"):
        gap = np.abs(right.value - left.value)
        allowed = 3 * (right.error + left.error) + 1e-6 * np.fmax(np.abs(right.value), np.abs(left.value))
        return np.asarray(gap > allowed)


def _summed_up(box: BlackBox, lines: Sequence[Line], ladder: Ladder, reading: _Reading) -> Slopes:
    count = len(lines)
    first = np.array([line.first for line in lines])
    with np.errstate(all="ignore"):
        bend = np.abs(ladder.losses.sum(axis=2) - 2 * box.here) / (ladder.steps.sum(axis=2) / 2) ** 2
    curvature = np.max(np.where(np.isfinite(bend), bend, 0.0)[:, list(FIRST)], axis=1, initial=0.0)
    dropped = np.isfinite(ladder.losses).all(axis=2) & ~reading.clean
    differences = Differences(
        looked=np.ones(count, dtype=bool),
        central=reading.central.value,
        central_error=reading.central.error,
        right=reading.right.value,
        right_error=reading.right.error,
        left=reading.left.value,
        left_error=reading.left.error,
        first_step=first,
        flips=np.ones(count, dtype=bool),
        at_kink=np.zeros(count, dtype=bool),
        nearest=np.min(np.where(dropped, ladder.steps.max(axis=2), np.inf), axis=1, initial=np.inf),
        reach=np.zeros(count),
        grows=_jumps(box, lines, ladder),
    )
    return Slopes(differences, curvature, np.asarray(dropped.any(axis=1)), ladder)


def _jumps(box: BlackBox, lines: Sequence[Line], ladder: Ladder) -> Array:
    """Whether the loss jumps at the point, or beside it where it is flat.

    At the point: the last five gaps |L(x +- h) - L(x)| of one side are equal to within 1/8, above the noise, and
    larger than the slope between the last two rungs explains. Beside it: see `_steps_up`.
    """
    result = np.zeros(len(ladder.losses), dtype=bool)
    for row, side in np.ndindex(len(result), 2):
        known = np.flatnonzero(np.isfinite(ladder.losses[row, :, side]))
        changed = known[ladder.losses[row, known, side] != box.here]
        if len(changed) and changed[-1] < known[-1]:
            result[row] |= _steps_up(box, lines[row], ladder.losses[row, changed[-1], side], side, int(changed[-1]))
        if len(known) < 5:
            continue
        losses, steps = ladder.losses[row, known[-5:], side], ladder.steps[row, known[-5:], side]
        gaps = np.abs(losses - box.here)
        slope = abs(losses[-1] - losses[-2]) / max(steps[-2] - steps[-1], 1e-300)
        beyond = gaps[-1] > 100 * max(box.noise, box.unit * abs(box.here)) and gaps[-1] > 4 * slope * steps[-1]
        result[row] |= bool(gaps.max() <= 1.125 * gaps.min() and beyond)
    return result


def _steps_up(box: BlackBox, line: Line, loss: float, side: int, rung: int) -> bool:
    """Whether a loss that is flat up to some step changes at once there, not gradually: a staircase, an accuracy.

    rung: the smallest step that changes the loss, to `loss`. Steps as small as those of float32 are rounding.
    """
    least = STAIRS * box.scale
    if not abs(loss - box.here) > least:
        return False
    offset = (1.0, -1.0)[side] * line.first * RATIO ** (UP - rung)
    return first_change(lambda t: at(box, line, t)[0], box.here, 0.0, offset) > least
