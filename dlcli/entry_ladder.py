"""The ladder of one entry laid open: each rung's losses and why it was dropped, which rungs were combined.

It evaluates the same stencil as the finite differences do; it judges nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.evaluation import aligned, copies_at_once, propagate
from dlcli.engines.finite_difference import SPACING
from dlcli.engines.ladder import DEPTH, EPS, LONGEST, RATIO, RUNGS
from dlcli.engines.stencil import Stencil
from dlcli.ops.operation import Array

LENGTHS = (RUNGS, LONGEST, 6, 3)  # rungs that a ladder may have; the first that explains the result is shown
ZOOMS, PARTS = 8, 16  # rounds, and steps in each, by which the distance of a kink is narrowed down


@dataclass(frozen=True)
class Flip:
    """A side that a step changes: the node, what reports call it, and the entry of its sides; None where unknown."""

    node: int
    label: str
    entry: tuple[int, ...] | None


@dataclass(frozen=True)
class Rung:
    """One step of the ladder.

    step: h, half the distance of the two points; above, below: L(theta + h), L(theta - h); quotient: their
    difference over 2h; status: "clean", "not finite", "flipped" or "no step" (h is lost in theta); flips: the
    sides that differ from those at the point, at either end; chosen: it is part of the extrapolated value.
    """

    step: float
    above: float
    below: float
    quotient: float
    status: str
    flips: tuple[Flip, ...]
    chosen: bool


@dataclass(frozen=True)
class Extrapolated:
    """A place in Neville's tableau: the value from rungs first..last, and both parts of its error bar."""

    value: float
    truncation: float
    rounding: float
    first: int
    last: int

    @property
    def error(self) -> float:
        """2 trunc + 3 round."""
        return 2 * self.truncation + 3 * self.rounding


@dataclass(frozen=True)
class NearestKink:
    """The smallest step that changes a side: `distance` from the point, "right" or "left" of it; 0 on it."""

    distance: float
    direction: str
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class EntryLadder:
    """The rungs from the largest step down, the place in the tableau that was taken (None without 3 clean rungs)."""

    rungs: tuple[Rung, ...]
    extrapolated: Extrapolated | None


def entry_ladder(points: Stencil, flat: int, first: float, noise: float, value: float, error: float) -> EntryLadder:
    """The ladder of the entry at a flat position of points.root, as long as the one that gave this difference.

    first: its largest step; noise: of the loss; value, error: the extrapolated difference and its error bar, inf
    where no ladder gave one, however long.
    """
    theta = float(points.values[points.root].reshape(-1)[flat])
    heights = first * RATIO ** -np.arange(LONGEST, dtype=np.float64)
    moved = theta + heights[:, None] * np.array([1.0, -1.0])
    losses, marks = points.at(np.full(moved.size, flat), moved.reshape(-1))
    losses, marks = losses.reshape(moved.shape), marks.reshape(moved.shape)
    gaps = moved[:, 0] - theta + (theta - moved[:, 1])
    with np.errstate(all="ignore"):
        quotients = (losses[:, 0] - losses[:, 1]) / gaps
        doubts = np.maximum(max(noise, SPACING), EPS * np.max(np.abs(losses), axis=1))
    kept = np.all(marks == points.base, axis=1)
    clean = np.isfinite(quotients) & kept & (gaps > 0)
    taken = [(n, extrapolated(quotients[:n], gaps[:n] / 2, clean[:n], doubts[:n])) for n in LENGTHS]
    length, best = LONGEST, taken[LENGTHS.index(LONGEST)][1]
    if np.isfinite(error):
        length, best = min(taken, key=lambda option: _distance(option[1], value, error))
    flipped = sides_flipped(points, flat, moved[:length].reshape(-1), marks[:length].reshape(-1))
    rungs = []
    for i in range(length):
        flips = tuple(dict.fromkeys(flipped[2 * i] + flipped[2 * i + 1]))
        chosen = best is not None and best.first <= i <= best.last
        status = "clean" if clean[i] else _why_dropped(gaps[i], losses[i])
        above, below = map(float, losses[i])
        rungs.append(Rung(float(gaps[i] / 2), above, below, float(quotients[i]), status, flips, chosen))
    return EntryLadder(tuple(rungs), best)


def _why_dropped(gap: float, losses: Array) -> str:
    if gap <= 0:
        return "no step"
    return "flipped" if np.isfinite(losses).all() else "not finite"


def _distance(option: Extrapolated | None, value: float, error: float) -> float:
    """How far an extrapolation is from the value and the error bar looked for."""
    return np.inf if option is None else abs(option.value - value) + abs(option.error - error)


def extrapolated(quotients: Array, steps: Array, clean: Array, noise: Array) -> Extrapolated | None:
    """The place of Neville's tableau with the smallest error bar; None where no 3 clean rungs follow each other.

    quotients, steps, clean, noise: (rungs,), central differences, steps falling by 4, noise of the loss there.
    """
    base = RATIO**2
    with np.errstate(all="ignore"):
        doubts = noise / steps
    tableau, weights = [np.where(clean, quotients, np.nan)], [np.eye(len(steps))]
    for k in range(1, min(DEPTH, len(steps) - 1) + 1):
        for table in (tableau, weights):
            table.append((base**k * table[-1][1:] - table[-1][:-1]) / (base**k - 1))
    best: Extrapolated | None = None
    for i in range(2, len(steps)):
        if not clean[i - 2 : i + 1].all():
            continue
        for k in range(min(DEPTH, i) + 1):
            value = tableau[k][i - k]
            others = (tableau[k - 1][i - k + 1], tableau[k - 1][i - k]) if k else (quotients[i - 1],) * 2
            truncation = max(abs(value - other) for other in others)
            used = slice(i - k, i + 1)
            rounding = math.hypot(*(weights[k][i - k, used] * doubts[used]).tolist())
            place = Extrapolated(float(value), float(truncation), rounding, i - k, i)
            if np.isfinite(place.error) and (best is None or place.error < best.error):
                best = place
    return best


def nearest_kink(points: Stencil, flat: int, first: float, at_point: bool) -> NearestKink | None:
    """The side that changes first when the entry is moved by up to `first` either way; None where none does."""
    theta = float(points.values[points.root].reshape(-1)[flat])
    nearest: NearestKink | None = None
    for direction, sign in (("right", 1.0), ("left", -1.0)):
        steps = first * RATIO ** -np.arange(LONGEST - 1, -1, -1, dtype=np.float64)
        low, high = 0.0, np.inf
        for _ in range(ZOOMS):
            changed = points.at(np.full(len(steps), flat), theta + sign * steps)[1] != points.base
            if not changed.any():
                break
            where = int(np.argmax(changed))
            low, high = (float(steps[where - 1]) if where else low), float(steps[where])
            steps = np.linspace(low, high, PARTS + 1)[1:]
        if high < np.inf and (nearest is None or high < nearest.distance):
            marks = points.at(np.array([flat]), np.array([theta + sign * high]))[1]
            flips = sides_flipped(points, flat, np.array([theta + sign * high]), marks)[0]
            nearest = NearestKink(0.0 if at_point else high, direction, flips)
    return nearest


def sides_flipped(points: Stencil, flat: int, replacements: Array, marks: Array) -> list[tuple[Flip, ...]]:
    """For each replacement of the entry the sides that change, nodes in order; none where its mark is the base's."""
    found: list[tuple[Flip, ...]] = [() for _ in replacements]
    rows = np.flatnonzero(marks != points.base)
    at_once = copies_at_once(points.graph, points.order, points.root)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        for row, flips in zip(part, _by_entry(points, flat, replacements[part]), strict=True):
            found[row] = flips or _by_node(points, flat, float(replacements[row]))
    return found


def _by_entry(points: Stencil, flat: int, replacements: Array) -> list[tuple[Flip, ...]]:
    graph, values, root = points.graph, points.values, points.root
    copies = np.repeat(values[root].reshape(1, -1), len(replacements), axis=0)
    copies[:, flat] = replacements
    stacks = propagate(graph, values, {root: copies.reshape(-1, *graph.nodes[root].shape)}, points.order)
    found: list[list[Flip]] = [[] for _ in replacements]
    for number in points.branching:
        node = graph.nodes[number]
        operation = node.operation
        assert operation is not None
        assert operation.branches is not None
        stacked = [o in stacks for o in node.operands]
        operands = [stacks[o] if s else values[o] for o, s in zip(node.operands, stacked, strict=True)]
        ranks = [len(graph.nodes[o].shape) for o in node.operands]
        with np.errstate(all="ignore"):
            plain = np.asarray(operation.branches(*(values[o] for o in node.operands), **node.settings))
            sides = np.asarray(operation.branches(*aligned(node, operands, stacked, ranks), **node.settings))
        changed = (sides.reshape(len(replacements), -1) != plain.reshape(-1)).reshape(-1, *plain.shape)
        for row, *entry in np.argwhere(changed).tolist():
            found[row].append(Flip(number, _called(points, number), tuple(entry)))
    return [tuple(flips) for flips in found]


def _by_node(points: Stencil, flat: int, replacement: float) -> tuple[Flip, ...]:
    """The nodes whose own signature changes: a side that only the stencil's way of adding moves has no entry here."""
    at = np.array([flat])
    here = points.values[points.root].reshape(-1)[at]
    found = []
    for number in points.branching:
        single = replace(points, branching=(number,))
        if single.at(at, here)[1][0] != single.at(at, np.array([replacement]))[1][0]:
            found.append(Flip(number, _called(points, number), None))
    return tuple(found)


def _called(points: Stencil, number: int) -> str:
    """`relu at a4`, or `relu` of a part of an equation."""
    node = points.graph.nodes[number]
    operation = node.operation.name if node.operation else ""
    return f"{operation} at {node.name}" if node.name is not None else operation
