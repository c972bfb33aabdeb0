"""Finite differences of the untouched loss: a ladder of central differences, extrapolated, with an error bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from dlcli.engines.draws import directions, stratified
from dlcli.engines.evaluation import cone, propagate
from dlcli.engines.ladder import EPS, LONGEST, RATIO, RUNGS, Extrapolation, extrapolate, noise_level
from dlcli.engines.stencil import Stencil, kinked, stencil
from dlcli.engines.steps import first_steps
from dlcli.graph import Graph
from dlcli.ops.operation import Array

EVERY_ENTRY = 60_000_000  # numbers to compute up to which every entry gets a ladder
FULL_LADDER = 20_000_000  # numbers to compute up to which every entry gets all nine rungs
SAMPLED = 60_000_000  # numbers to compute for the sample of a tensor that is larger
SAMPLE, FEWEST = 32, 4  # entries in such a sample, at most and at least
PROBES = 3  # entries of a large network that show from which step on no kink is crossed
PRECISE = 1e-7  # a relative error bar that needs no further rung
USEFUL = 1e-4  # a relative error bar that decides something
WHOLE_STAGES: tuple[tuple[int, float], ...] = (
    (LONGEST, USEFUL),
)  # rungs climbed by entries whose error bar is wider: after nine
SHORT_STAGES = ((6, PRECISE), (RUNGS, PRECISE), (11, USEFUL), (13, USEFUL), (LONGEST, USEFUL))  # after three


@dataclass(frozen=True)
class Differences:
    """Arrays of the quantity's shape; nan, inf and False where `looked` is False.

    central, right, left: extrapolated two-sided and one-sided slopes, and their error bars; first_step: h0;
    reach: the largest |L(theta + h0) - L|/h0; flips: a branch changed somewhere on the stencil; at_kink: a
    branch lies exactly at its kink and the smallest step leaves it;
    grows: the loss jumps at the point, so that quotients grow fourfold a rung.
    """

    looked: Array
    central: Array
    central_error: Array
    right: Array
    right_error: Array
    left: Array
    left_error: Array
    first_step: Array
    flips: Array
    at_kink: Array
    reach: Array
    grows: Array


@dataclass(frozen=True)
class Witness:
    """The differences of one quantity, the noise of the loss, and how they were made, in words."""

    differences: Differences
    noise: float
    method: str


@dataclass
class _Ladder:
    """Evaluations at theta + h and theta - h: exact steps, losses and signatures, each (entries, rungs, 2)."""

    entries: Array
    steps: Array
    losses: Array
    marks: Array


def finite_differences(
    graph: Graph,
    values: Sequence[Array],
    full: bool = False,
    also: Mapping[str, Array] | None = None,
    only: Sequence[str] | None = None,
    floor: float = 0.0,
) -> dict[str, Witness]:
    """The differences of each quantity in graph.wrt, or of those in `only`.

    full: look at every entry of however large a tensor; also: flat positions to look at besides the sample;
    floor: noise in the loss that is known from elsewhere.
    """
    noise = max(_noise(graph, values), floor)
    kinks = kinked(graph, values)
    more = also or {}
    return {
        name: _witness(graph, values, graph.names[name], noise, kinks, full, more.get(name))
        for name in (graph.wrt if only is None else only)
    }


def _noise(graph: Graph, values: Sequence[Array]) -> float:
    """The noise of the loss along one random direction through all quantities at once."""
    assert graph.loss is not None
    roots = [graph.names[name] for name in graph.wrt]
    order = sorted({n for root in roots for n in cone(graph, root)} - set(roots))

    def losses(offsets: Array) -> Array:
        replaced = {}
        for root in roots:
            size = np.maximum(np.abs(values[root]), first_steps(graph, values, root))
            direction = directions(values[root].shape, root) * size
            replaced[root] = values[root] + offsets.reshape(-1, *(1,) * values[root].ndim) * direction
        stacks = propagate(graph, values, replaced, order)
        return stacks.get(graph.loss or 0, np.full(len(offsets), float(values[graph.loss or 0])))

    return noise_level(losses, 1e-11)


def _witness(
    graph: Graph,
    values: Sequence[Array],
    root: int,
    noise: float,
    kinks: set[int],
    full: bool,
    also: Array | None,
) -> Witness:
    shape = graph.nodes[root].shape
    size = math.prod(shape)
    points = stencil(graph, values, root)
    cost = points.cost
    whole = full or size <= FEWEST or 6 * size * cost <= EVERY_ENTRY
    count = max(FEWEST, min(SAMPLE, SAMPLED // (6 * cost)))
    entries = np.arange(size) if whole else stratified(values[root], count)
    if also is not None:
        entries = np.union1d(entries, also)
    first = first_steps(graph, values, root).reshape(-1)[entries]
    none = np.zeros((len(entries), 0, 2))
    ladder = _Ladder(entries, none, none, none.astype(np.int64))
    theta = values[root].reshape(-1)[entries]
    everyone = np.ones(len(entries), dtype=bool)
    if 2 * RUNGS * len(entries) * cost <= FULL_LADDER:
        _climb(ladder, points, theta, first, everyone, 0, RUNGS)
        reached, stages = RUNGS, WHOLE_STAGES
    else:
        reached, stages = _start(ladder, points, theta, first), SHORT_STAGES
    for rungs, enough in stages:
        if reached < rungs and (wanted := _unsettled(ladder, points, noise, enough)).any():
            _climb(ladder, points, theta, first, wanted, reached, rungs)
            reached = rungs
    found = _differences(ladder, points, first, noise, bool(kinks & set(points.branching)))
    method = "ladder" if whole else f"ladder, {len(entries):,} of {size:,} entries"
    return Witness(_spread(found, entries, shape), noise, method)


def _start(ladder: _Ladder, points: Stencil, theta: Array, first: Array) -> int:
    """Evaluates three rungs from the first on that crosses no kink, and the first of all; returns how many there are.

    Among thousands of kinks the larger steps always cross one, and are of no use. Which do is tried on PROBES entries.
    """
    tried = np.zeros(len(first), dtype=bool)
    start = 0
    if points.branching:
        tried[np.linspace(0, len(first) - 1, PROBES).astype(np.int64)] = True
        _climb(ladder, points, theta, first, tried, 0, RUNGS)
        crossed = np.any(ladder.marks[tried] != points.base, axis=2)
        cleared = np.where(crossed.any(axis=1), RUNGS - np.argmax(crossed[:, ::-1], axis=1), 0)
        start = min(int(cleared.min()), RUNGS - 3)
    for begin, rungs in ((0, min(1, start)), (start, start + 3)):
        _climb(ladder, points, theta, first, ~tried, begin, rungs)
    return start + 3


def _climb(ladder: _Ladder, points: Stencil, theta: Array, first: Array, wanted: Array, begin: int, rungs: int) -> None:
    """Evaluates the rungs from `begin` up to `rungs` at the wanted entries; what is never evaluated stays nan."""
    done = ladder.steps.shape[1]
    heights = first[:, None] * RATIO ** -np.arange(max(rungs, done), dtype=np.float64)
    moved = theta[:, None, None] + heights[:, :, None] * np.array([1.0, -1.0])
    new = moved[:, done:]
    ladder.steps = np.concatenate([ladder.steps, np.abs(new - theta[:, None, None])], axis=1)
    ladder.losses = np.concatenate([ladder.losses, np.full(new.shape, np.nan)], axis=1)
    ladder.marks = np.concatenate([ladder.marks, np.full(new.shape, points.base, dtype=np.int64)], axis=1)
    rows = np.flatnonzero(wanted)
    if rungs > begin and len(rows):
        entries = np.repeat(ladder.entries[rows], 2 * (rungs - begin))
        found = points.at(entries, moved[rows, begin:rungs].reshape(-1))
        losses, marks = (part.reshape(len(rows), rungs - begin, 2) for part in found)
        ladder.losses[rows, begin:rungs], ladder.marks[rows, begin:rungs] = losses, marks


def _central(ladder: _Ladder, points: Stencil, noise: float) -> Extrapolation:
    gaps = ladder.steps.sum(axis=2)
    with np.errstate(all="ignore"):
        quotients = (ladder.losses[:, :, 0] - ladder.losses[:, :, 1]) / gaps
    clean = np.isfinite(quotients) & np.all(ladder.marks == points.base, axis=2) & (gaps > 0)
    return extrapolate(quotients, gaps / 2, clean, noise, RATIO**2)


def _last(ladder: _Ladder) -> Array:
    """The last evaluated rung of each entry."""
    evaluated: Array = np.any(~np.isnan(ladder.losses), axis=2)
    count = evaluated.shape[1]
    return np.where(evaluated.any(axis=1), count - 1 - np.argmax(evaluated[:, ::-1], axis=1), 0)


def _last_marks(ladder: _Ladder) -> Array:
    """The signatures at the last evaluated rung, (entries, 1, 2)."""
    return np.asarray(np.take_along_axis(ladder.marks, _last(ladder)[:, None, None], axis=1))


def _unsettled(ladder: _Ladder, points: Stencil, noise: float, enough: float) -> Array:
    """Which entries need more rungs: their bar is too wide, or the smallest step still crosses a kink."""
    found = _central(ladder, points, noise)
    sizes = np.abs(np.nan_to_num(found.value))
    loss = abs(float(points.values[points.graph.loss or 0]))
    with np.errstate(over="ignore"):
        floor = 1e-9 * sizes.max(initial=0.0) + 1e4 * EPS * loss / np.maximum(ladder.steps[:, 0, 0], 1e-300)
    wide = ~(found.error <= np.maximum(enough * sizes, floor))
    return np.asarray(wide | np.any(_last_marks(ladder) != points.base, axis=(1, 2)))


def _differences(ladder: _Ladder, points: Stencil, first: Array, noise: float, kinks: bool) -> Differences:
    central = _central(ladder, points, noise)
    here = float(points.values[points.graph.loss or 0])
    last = _last_marks(ladder)
    with np.errstate(all="ignore"):
        quotients = np.array([1.0, -1.0]) * (ladder.losses - here) / ladder.steps
    clean = np.isfinite(quotients) & (ladder.marks == last) & (ladder.steps > 0)
    both = [np.concatenate([x[:, :, 0], x[:, :, 1]]) for x in (quotients, ladder.steps, clean)]
    sides = extrapolate(both[0], both[1], both[2], noise, RATIO)
    count = len(first)
    evaluated = ~np.isnan(ladder.losses).all(axis=2)
    crossed = np.any(np.any(ladder.marks != points.base, axis=2) & evaluated, axis=1)
    leaves = np.any(last != points.base, axis=(1, 2)) & (ladder.steps.shape[1] >= RUNGS)
    with np.errstate(all="ignore"):
        reach = np.nan_to_num(np.abs(ladder.losses[:, 0] - here).max(axis=1) / first, nan=0.0, posinf=0.0)
    return Differences(
        looked=np.ones(count, dtype=bool),
        central=central.value,
        central_error=central.error,
        right=sides.value[:count],
        right_error=sides.error[:count],
        left=sides.value[count:],
        left_error=sides.error[count:],
        first_step=first,
        flips=crossed,
        at_kink=leaves & kinks,
        reach=reach,
        grows=_jumps(ladder, points, here),
    )


def _jumps(ladder: _Ladder, points: Stencil, here: float) -> Array:
    """Whether the loss beyond the smallest step stays away from its value at the point.

    On one side the last five gaps |L(theta +- h) - L(theta)| must be equal to within 1/8, so that quotients grow
    fourfold a rung; a branch must have flipped, as every jump is one; and the gap must be beyond rounding and
    beyond what the slope there explains, or a kink nearer than the smallest step would look like a jump.
    """
    result = np.zeros(len(ladder.entries), dtype=bool)
    for side in (0, 1):
        for row in range(len(result)):
            known = np.flatnonzero(np.isfinite(ladder.losses[row, :, side]))[-5:]
            if len(known) < 5 or ladder.marks[row, known[-1], side] == points.base:
                continue
            losses, steps = ladder.losses[row, known, side], ladder.steps[row, known, side]
            gaps = np.abs(losses - here)
            slope = abs(losses[-1] - losses[-2]) / max(steps[-2] - steps[-1], 1e-300)
            constant = gaps.max() <= 1.125 * gaps.min()
            result[row] |= constant and gaps[-1] > 1000 * EPS * abs(here) and gaps[-1] > 4 * slope * steps[-1]
    return result


def _spread(found: Differences, entries: Array, shape: tuple[int, ...]) -> Differences:
    """The same in arrays of the quantity's shape."""
    size = math.prod(shape)
    arrays = {}
    for item in fields(found):
        part = getattr(found, item.name)
        missing = False if part.dtype == bool else (np.inf if item.name.endswith("error") else np.nan)
        whole = np.full(size, missing, dtype=part.dtype)
        whole[entries] = part
        arrays[item.name] = whole.reshape(shape)
    return Differences(**arrays)
