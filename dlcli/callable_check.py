"""The check of each array in the argument of a callable: which entries are looked at, and the verdict on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from dlcli.callable_judgement import judged
from dlcli.comparison import FAIL, INCONCLUSIVE, MOST_REASONS, PASS, Judgement, TensorCheck
from dlcli.engines import black_box
from dlcli.engines.black_box import Slopes
from dlcli.engines.black_box_lines import BlackBox, Line, first_sizes, fitted, hidden_step
from dlcli.engines.black_box_noise import noise_of
from dlcli.engines.draws import directions, stratified
from dlcli.engines.finite_difference import Differences
from dlcli.engines.leaves import Leaf
from dlcli.engines.user_function import UserFunction
from dlcli.ops.operation import Array
from dlcli.resolution import EPS

EVERY_ENTRY = 2_000  # entries of x up to which each gets a ladder
SAMPLE = 64  # entries of each larger array that do, where x has more
LARGEST = 8  # of these, so many where the gradient is largest
NOISY = 1e-9  # noise, relative to the loss, that is worth a note
ROUNDS = 3  # times that the noise is looked for again where the gradient fails
TRIED = 3  # lines of a leaf along which it is
ALONG = "random direction"


@dataclass(frozen=True)
class _Sampled:
    """The lines of one leaf: along the entries at these flat positions, and last along a direction where some lack."""

    leaf: Leaf
    entries: Array
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Judged:
    """The gradient along some lines, their slopes, and the verdicts."""

    gradient: Array
    slopes: Slopes
    judgement: Judgement


def compared(
    function: UserFunction,
    here: float,
    unit: float,
    gradients: Sequence[Array],
    units: Sequence[float],
    full: bool,
) -> list[TensorCheck]:
    """The check of each leaf; of a sampled one also that of its slope along one random direction, right after it.

    here, unit: the value at the point and its rounding unit; gradients, units: of each leaf, and the rounding unit
    that it was computed with; full: look at every entry.
    """
    leaves, point = function.leaves, function.leaves.vector
    box = _box(function, here, unit)
    every = full or point.size <= EVERY_ENTRY
    sampled = [
        _lines(box, leaf, gradient, every, number)
        for number, (leaf, gradient) in enumerate(zip(leaves.leaves, gradients, strict=True))
    ]
    found = [black_box.slopes(box, s.lines) for s in sampled]
    for _ in range(ROUNDS):
        weight = _weight(point, sampled, found)
        rows = [
            _judged_rows(box, s, slopes, a, own / EPS, weight)
            for s, slopes, a, own in zip(sampled, found, gradients, units, strict=True)
        ]
        hidden = max((_hidden(box, s, r) for s, r in zip(sampled, rows, strict=True)), default=0.0)
        if not hidden > box.noise:
            break
        box = replace(box, noise=hidden)
        found = [black_box.reread(box, s.lines, slopes) for s, slopes in zip(sampled, found, strict=True)]
    if box.noise > NOISY * box.scale:
        digits = "f is not computed in float64" if box.unit > EPS else "f is noisy"
        function.notes.append(f"{digits}: its values scatter by about {box.noise:.1e}")
    return [check for s, r, a in zip(sampled, rows, gradients, strict=True) for check in _checks(s, r, a)]


def unchecked(leaf: Leaf, gradient: Array, reason: str) -> TensorCheck:
    """A tensor of which nothing could be decided, and why."""
    no = np.zeros(leaf.shape, dtype=bool)
    verdicts = np.full(leaf.shape, INCONCLUSIVE, dtype=np.int8)
    error = np.full(leaf.shape, np.inf)
    reasons = dict.fromkeys(islice(np.ndindex(leaf.shape), MOST_REASONS), reason)
    return TensorCheck(
        leaf.name, leaf.shape, gradient, None, None, None, None, error, verdicts, no, no, reasons=reasons
    )


def _box(function: UserFunction, here: float, unit: float) -> BlackBox:
    """The noise and the size of the loss along one random direction through all leaves at once."""
    point = function.leaves.vector
    parts = [
        np.fmax(np.abs(point[leaf.part]), first_sizes(point[leaf.part])) * directions((leaf.size,), number)
        for number, leaf in enumerate(function.leaves.leaves)
    ]
    everywhere, seen = np.concatenate(parts), [here]

    def along(offset: float) -> float:
        seen.append(function.value(point + offset * everywhere))
        return seen[-1]

    noise = noise_of(along, here, unit)
    scale = max(abs(value) for value in (here, along(1.0), along(-1.0)) if np.isfinite(value))
    if noise > NOISY * scale and all(float(np.float32(value)) == value for value in seen if np.isfinite(value)):
        unit = max(unit, float(np.finfo(np.float32).eps))
    if unit > EPS:
        noise = max(noise, unit * scale)
    return BlackBox(function.value, point, here, unit, noise, scale)


def _lines(box: BlackBox, leaf: Leaf, gradient: Array, every: bool, seed: int) -> _Sampled:
    """The lines to step along: each entry, or a sample of them and a Gaussian direction."""
    if not leaf.size:
        return _Sampled(leaf, np.zeros(0, dtype=np.int64), ())
    theta, dtype = box.point[leaf.part], leaf.dtype
    positions, sizes = np.arange(leaf.start, leaf.start + leaf.size), first_sizes(theta)
    direction = Line(positions, 10 * sizes * np.random.default_rng(seed).standard_normal(leaf.size), 0.1, dtype)
    factor = fitted(box, direction)
    entries = np.arange(leaf.size)
    whole = every or leaf.size <= SAMPLE
    if not whole:
        flat = np.abs(np.nan_to_num(gradient.reshape(-1), nan=np.inf))
        entries = np.union1d(stratified(theta, SAMPLE - LARGEST), np.argpartition(-flat, LARGEST)[:LARGEST])
    lines = [Line(positions[j : j + 1], np.ones(1), factor * float(sizes[j]), dtype) for j in entries.tolist()]
    return _Sampled(leaf, entries, (*lines, *([] if whole else [replace(direction, first=0.1 * factor)])))


def _weight(point: Array, sampled: Sequence[_Sampled], found: Sequence[Slopes]) -> float:
    """sqrt(sum over entries k of H_kk theta_k^2): how far rounding in the numbers themselves can move a slope.

    By sqrt(H_jj) times it, times eps, as |H_jk| <= sqrt(H_jj H_kk) where the loss is convex: near a perfect fit,
    where the slope is a difference of large terms and nothing else shows how large they are.
    """
    total = 0.0
    for s, slopes in zip(sampled, found, strict=True):
        if len(s.entries):
            theta = point[s.leaf.part][s.entries]
            total += float(np.sum(slopes.curvature[: len(theta)] * theta**2)) * s.leaf.size / len(theta)
    return float(np.sqrt(total))


def _judged_rows(
    box: BlackBox, sampled: _Sampled, slopes: Slopes, gradient: Array, scale: float, weight: float
) -> tuple[_Judged, ...]:
    """The entries of a leaf, and its direction where it has one. scale: the gradient's rounding unit in float64's."""
    flat, count = gradient.reshape(-1), len(sampled.entries)
    own, single = flat[sampled.entries], slopes.part(0, count)
    entries = _Judged(own, single, judged(box, own, np.abs(own) * scale, single, weight))
    if len(sampled.lines) == count:
        return (entries,)
    with np.errstate(invalid="ignore", over="ignore"):
        terms = flat * sampled.lines[-1].components
        total, size = np.atleast_1d(terms.sum()), np.atleast_1d(np.abs(terms).sum() * scale)
    along = slopes.part(count, count + 1)
    return entries, _Judged(total, along, judged(box, total, size, along, weight))


def _hidden(box: BlackBox, sampled: _Sampled, rows: Sequence[_Judged]) -> float:
    """The height of the largest hidden step along some lines on which the gradient would FAIL."""
    lines, heights = iter(sampled.lines), [0.0]
    for part in rows:
        differences = part.slopes.differences
        tried = 0
        for row, line in zip(range(len(part.gradient)), lines, strict=False):
            slope = float(differences.central[row])
            if part.judgement.verdicts[row] == FAIL and np.isfinite(slope) and tried < TRIED:
                heights.append(hidden_step(box, line, slope))
                tried += 1
    return max(heights)


def _checks(sampled: _Sampled, rows: Sequence[_Judged], gradient: Array) -> list[TensorCheck]:
    """The check of a leaf; of a sampled one its direction's stands for the entries that were not looked at."""
    leaf, entries = sampled.leaf, sampled.entries
    if not leaf.size:
        return [unchecked(leaf, gradient, "it holds no number")]
    if len(rows) == 1:
        return [_check(leaf.name, gradient, rows[0], entries, "ladder")]
    total = rows[1].gradient.reshape(())
    along = _check(f"{leaf.name}, {ALONG}", total, rows[1], np.zeros(1, dtype=np.int64), "ladder")
    method = f"ladder, {len(entries):,} of {leaf.size:,} entries; the others along one {ALONG}"
    return [_check(leaf.name, gradient, rows[0], entries, method, along), along]


def _check(
    name: str, gradient: Array, rows: _Judged, entries: Array, method: str, rest: TensorCheck | None = None
) -> TensorCheck:
    """The rows of some entries as arrays of the whole tensor; `rest`: what stands for the entries that have none."""
    shape, differences, judgement = gradient.shape, rows.slopes.differences, rows.judgement
    known = np.isfinite(differences.central_error)

    def spread(rows: Array, missing: float) -> Array:
        whole = np.full(gradient.size, missing, dtype=rows.dtype)
        whole[entries] = rows
        return whole.reshape(shape)

    looked = spread(known, False)
    other = 0 if rest is None else min(int(rest.verdicts), INCONCLUSIVE)
    reasons = {
        tuple(int(i) for i in np.unravel_index(int(entries[row]), shape)): _with_slopes(text, differences, row)
        for (row,), text in judgement.reasons.items()
    }
    return TensorCheck(
        name=name,
        shape=shape,
        backprop=gradient,
        symbolic=None,
        complex_step=None,
        finite_difference=spread(np.where(known, differences.central, np.nan), np.nan),
        error_bar=spread(np.where(known, differences.central_error, np.nan), np.nan),
        relative_error=spread(judgement.relative_error, 0.0 if rest is None else float(rest.relative_error)),
        verdicts=spread(judgement.verdicts, other),
        vacuous=spread(judgement.vacuous, False if rest is None else bool(rest.vacuous)),
        coarse=spread(judgement.coarse, False if rest is None else bool(rest.coarse)),
        looked={} if looked.all() else {"finite_difference": looked},
        methods={"backprop": "given", "finite_difference": method},
        reasons=reasons,
        notes=_notes(judgement, rows.slopes),
    )


def _with_slopes(text: str, differences: Differences, row: int) -> str:
    """A kink's sentence with both one-sided slopes."""
    if "kink" not in text:
        return text
    right, left = differences.right[row] + 0.0, differences.left[row] + 0.0
    return f"{text} (slope {left:.6g} on the left, {right:.6g} on the right)"


def _notes(judgement: Judgement, slopes: Slopes) -> tuple[str, ...]:
    count = int(np.sum(slopes.crossed & (judgement.verdicts == PASS)))
    if not count:
        return ()
    entries = "1 entry" if count == 1 else f"{count} entries"
    return (f"the larger steps of {entries} disagree with the smaller ones (a kink further out); they were dropped",)
