"""Finite differences of the untouched loss: a ladder of central differences, extrapolated, with an error bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from dlcli.engines.draws import directions, stratified
from dlcli.engines.evaluation import cone, propagate
from dlcli.engines.ladder import EPS, LONGEST, RATIO, RUNGS, Extrapolation, extrapolate, noise_level
from dlcli.engines.rungs import Ladder, jumps, last_marks, leaves_kinks
from dlcli.engines.stencil import Stencil, kinked, stencil
from dlcli.engines.steps import first_steps
from dlcli.graph import Graph
from dlcli.ops.operation import Array

EVERY_ENTRY = 60_000_000  # numbers to compute up to which every entry gets a ladder
FULL_LADDER = 2_000_000  # numbers to compute up to which every entry gets all nine rungs
SAMPLED = 60_000_000  # numbers to compute for the sample of a tensor that is larger
FIRST_RUNGS = 4  # three hardly ever settle an entry to PRECISE
PROBES = 3  # entries of a large network that show from which step on no kink is crossed
BLOCK = 4096  # entries whose ladders are climbed together
SAMPLE, FEWEST = 32, 4  # entries in such a sample, at most and at least
SPACING = float(np.finfo(np.float64).smallest_subnormal)  # of the smallest numbers: no loss is known better
PRECISE = 1e-7  # a relative error bar that needs no further rung
USEFUL = 1e-4  # a relative error bar that decides something
STAGES = ((6, PRECISE), (RUNGS, PRECISE), (11, USEFUL), (13, USEFUL), (LONGEST, USEFUL))  # rungs while the bar is wider


@dataclass(frozen=True)
class Differences:
    """Arrays of the quantity's shape; nan, inf and False where `looked` is False.

    central, right, left: extrapolated two-sided and one-sided slopes, and their error bars; first_step: h0;
    reach: the largest |L(theta + h0) - L|/h0; flips: a branch changed somewhere on the stencil; at_kink: a
    branch lies at its kink, to within rounding, and the smallest step leaves it; nearest: the smallest step that
    crossed a kink, inf where none did;
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
    nearest: Array
    reach: Array
    grows: Array


@dataclass(frozen=True)
class Witness:
    """The differences of one quantity, the noise of the loss, and how they were made, in words."""

    differences: Differences
    noise: float
    method: str


def finite_differences(
    graph: Graph,
    values: Sequence[Array],
    full: bool = False,
    also: Mapping[str, Array] | None = None,
    only: Sequence[str] | None = None,
    floor: float = 0.0,
    changes: Sequence[Array] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Witness]:
    """The differences of each quantity in graph.wrt, or of those in `only`.

    full: look at every entry of however large a tensor; also: flat positions to look at besides the sample;
    floor: noise in the loss that is known from elsewhere;
    changes: what rounding can do to each node's value: to the loss, and to the distance from a kink;
    progress: told the name of a quantity, how many of its entries are done, and of how many.
    """
    noise = max(_noise(graph, values), floor, 0.0 if changes is None else float(changes[graph.loss or 0]))
    kinks = kinked(graph, values, changes)
    more = also or {}

    def tell(name: str, done: int, total: int) -> None:
        if progress is not None:
            progress(name, done, total)

    return {
        name: _witness(graph, values, graph.names[name], noise, kinks, full, more.get(name), partial(tell, name))
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
    kinks: Mapping[int, Array],
    full: bool,
    also: Array | None,
    tell: Callable[[int, int], None],
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
    first = first_steps(graph, values, root).reshape(-1)
    parts = []
    for start in range(0, len(entries), BLOCK):
        block = entries[start : start + BLOCK]
        parts.append(_block(points, block, first[block], noise, kinks))
        tell(start + len(block), len(entries))
    arrays = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Differences)} if parts else {}
    found = Differences(**arrays) if parts else _block(points, entries, first, noise, kinks)
    method = "ladder" if whole else f"ladder, {len(entries):,} of {size:,} entries"
    return Witness(_spread(found, entries, shape), noise, method)


def _block(points: Stencil, entries: Array, first: Array, noise: float, kinks: Mapping[int, Array]) -> Differences:
    """The differences of some entries, a row each: four or nine rungs for all, more where they do not settle."""
    none = np.zeros((len(entries), 0, 2))
    ladder = Ladder(entries, none, none, none.astype(np.int64))
    theta = points.values[points.root].reshape(-1)[entries]
    if 2 * RUNGS * len(entries) * points.cost <= FULL_LADDER:
        _climb(ladder, points, theta, first, np.ones(len(entries), dtype=bool), 0, RUNGS)
        reached = RUNGS
    else:
        reached = _start(ladder, points, theta, first)
    central = _central(ladder, points, noise)
    for rungs, enough in STAGES:
        if reached < rungs and (wanted := _unsettled(ladder, points, central, enough)).any():
            _climb(ladder, points, theta, first, wanted, reached, rungs)
            reached, central = rungs, _central(ladder, points, noise)
    return _differences(ladder, points, first, noise, kinks, central)


def _start(ladder: Ladder, points: Stencil, theta: Array, first: Array) -> int:
    """Evaluates FIRST_RUNGS rungs from the first on that crosses no kink, and the first of all; returns where they end.

    Among thousands of kinks the larger steps always cross one, and are of no use. Which do is tried on PROBES entries.
    """
    tried = np.zeros(len(first), dtype=bool)
    start = 0
    if points.branching and len(first) > PROBES:
        tried[np.linspace(0, len(first) - 1, PROBES).astype(np.int64)] = True
        _climb(ladder, points, theta, first, tried, 0, RUNGS)
        crossed = np.any(ladder.marks[tried] != points.base, axis=2)
        cleared = np.where(crossed.any(axis=1), RUNGS - np.argmax(crossed[:, ::-1], axis=1), 0)
        start = min(int(cleared.min()), RUNGS - FIRST_RUNGS)
    for begin, rungs in ((0, min(1, start)), (start, start + FIRST_RUNGS)):
        _climb(ladder, points, theta, first, ~tried, begin, rungs)
    return start + FIRST_RUNGS


def _climb(ladder: Ladder, points: Stencil, theta: Array, first: Array, wanted: Array, begin: int, rungs: int) -> None:
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


def _central(ladder: Ladder, points: Stencil, noise: float) -> Extrapolation:
    gaps = ladder.steps[:, :, 0] + ladder.steps[:, :, 1]
    with np.errstate(all="ignore"):
        quotients = (ladder.losses[:, :, 0] - ladder.losses[:, :, 1]) / gaps
    kept = ladder.marks == points.base
    clean = np.isfinite(quotients) & kept[:, :, 0] & kept[:, :, 1] & (gaps > 0)
    return extrapolate(quotients, gaps / 2, clean, _noise_at(ladder, noise), RATIO**2)


def _noise_at(ladder: Ladder, noise: float) -> Array:
    """The noise of the loss at each rung, (entries, rungs): far out the loss, and its rounding, may be larger."""
    with np.errstate(all="ignore"):
        largest = np.maximum(np.abs(ladder.losses[:, :, 0]), np.abs(ladder.losses[:, :, 1]))
        return np.asarray(np.maximum(max(noise, SPACING), EPS * largest))


def _unsettled(ladder: Ladder, points: Stencil, found: Extrapolation, enough: float) -> Array:
    """Which entries need more rungs: their bar is too wide, or the smallest step still crosses a kink."""
    sizes = np.abs(np.nan_to_num(found.value))
    loss = abs(float(points.values[points.graph.loss or 0]))
    with np.errstate(over="ignore"):
        floor = 1e-9 * sizes.max(initial=0.0) + 1e4 * EPS * loss / np.maximum(ladder.steps[:, 0, 0], 1e-300)
    wide = ~(found.error <= np.maximum(enough * sizes, floor))
    return np.asarray(wide | np.any(last_marks(ladder) != points.base, axis=(1, 2)))


def _differences(
    ladder: Ladder, points: Stencil, first: Array, noise: float, kinks: Mapping[int, Array], central: Extrapolation
) -> Differences:
    here = float(points.values[points.graph.loss or 0])
    last = last_marks(ladder)
    with np.errstate(all="ignore"):
        quotients = np.array([1.0, -1.0]) * (ladder.losses - here) / ladder.steps
    clean = np.isfinite(quotients) & (ladder.marks == last) & (ladder.steps > 0)
    both = [np.concatenate([x[:, :, 0], x[:, :, 1]]) for x in (quotients, ladder.steps, clean)]
    sides = extrapolate(both[0], both[1], both[2], np.tile(_noise_at(ladder, noise), (2, 1)), RATIO)
    count = len(first)
    evaluated = ~np.isnan(ladder.losses).all(axis=2)
    across = np.any(ladder.marks != points.base, axis=2) & evaluated
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
        flips=across.any(axis=1),
        at_kink=leaves_kinks(ladder, points, leaves, kinks),
        nearest=np.min(np.where(across, ladder.steps.max(axis=2), np.inf), axis=1),
        reach=reach,
        grows=jumps(ladder, points, here),
    )


def _spread(found: Differences, entries: Array, shape: tuple[int, ...]) -> Differences:
    """The same in arrays of the quantity's shape."""
    size = math.prod(shape)
    arrays = {}
    for item in fields(found):
        part = getattr(found, item.name)
        unbounded = item.name.endswith("error") or item.name == "nearest"
        missing = False if part.dtype == bool else (np.inf if unbounded else np.nan)
        whole = np.full(size, missing, dtype=part.dtype)
        whole[entries] = part
        arrays[item.name] = whole.reshape(shape)
    return Differences(**arrays)
