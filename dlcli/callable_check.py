"""The check of each array in the argument of a callable: which entries are looked at, and the verdict on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from dlcli.comparison import EPS, FAIL, INCONCLUSIVE, MOST_REASONS, PASS, Evidence, Judgement, TensorCheck, judge
from dlcli.engines import black_box
from dlcli.engines.black_box import BlackBox, Line, Slopes
from dlcli.engines.black_box_noise import noise_of
from dlcli.engines.draws import directions, stratified
from dlcli.engines.finite_difference import Differences
from dlcli.engines.leaves import Leaf
from dlcli.engines.user_function import UserFunction
from dlcli.ops.operation import Array

EVERY_ENTRY = 2_000  # entries of x up to which each gets a ladder
SAMPLE = 64  # entries of each larger array that do, where x has more
LARGEST = 8  # of these, so many where the gradient is largest
NOISY = 1e-9  # noise, relative to the loss, that is worth a note
FEW_DIGITS = 1e-3  # the relative error bar that decides an entry where f is not computed in float64
NOTHING = 1e-9  # what a step may change the loss by, relative to it, where nothing was exercised
ALONG = "random direction"


@dataclass(frozen=True)
class _Sampled:
    """The lines of one leaf: along the entries at these flat positions, and along a direction where some lack."""

    leaf: Leaf
    entries: Array
    lines: tuple[Line, ...]
    direction: Line | None


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
    found = [black_box.slopes(box, [*s.lines, *([s.direction] if s.direction else [])]) for s in sampled]
    weight = _weight(point, sampled, found)
    return [
        check
        for s, slopes, gradient, own in zip(sampled, found, gradients, units, strict=True)
        for check in _checks(box, s, slopes, gradient, own / EPS, weight)
    ]


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
        np.fmax(np.abs(point[leaf.part]), black_box.first_sizes(point[leaf.part])) * directions((leaf.size,), number)
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
    if noise > NOISY * scale:
        digits = "f is not computed in float64" if unit > EPS else "f is noisy"
        function.notes.append(f"{digits}: its values scatter by about {noise:.1e}")
    return BlackBox(function.value, point, here, unit, noise, scale)


def _lines(box: BlackBox, leaf: Leaf, gradient: Array, every: bool, seed: int) -> _Sampled:
    """The lines to step along: each entry, or a sample of them and a Gaussian direction."""
    if not leaf.size:
        return _Sampled(leaf, np.zeros(0, dtype=np.int64), (), None)
    theta, dtype = box.point[leaf.part], leaf.dtype
    positions, sizes = np.arange(leaf.start, leaf.start + leaf.size), black_box.first_sizes(theta)
    direction = Line(positions, 10 * sizes * np.random.default_rng(seed).standard_normal(leaf.size), 0.1, dtype)
    factor = black_box.fitted(box, direction)
    entries = np.arange(leaf.size)
    whole = every or leaf.size <= SAMPLE
    if not whole:
        flat = np.abs(np.nan_to_num(gradient.reshape(-1), nan=np.inf))
        entries = np.union1d(stratified(theta, SAMPLE - LARGEST), np.argpartition(-flat, LARGEST)[:LARGEST])
    lines = tuple(Line(positions[j : j + 1], np.ones(1), factor * float(sizes[j]), dtype) for j in entries.tolist())
    return _Sampled(leaf, entries, lines, None if whole else replace(direction, first=0.1 * factor))


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


def _checks(
    box: BlackBox, sampled: _Sampled, slopes: Slopes, gradient: Array, scale: float, weight: float
) -> list[TensorCheck]:
    """scale: the rounding unit of the gradient in those of float64."""
    leaf, direction, entries = sampled.leaf, sampled.direction, sampled.entries
    if not leaf.size:
        return [unchecked(leaf, gradient, "it holds no number")]
    flat = gradient.reshape(-1)
    own = flat[entries]
    single = slopes.part(0, len(entries))
    judgement = _judged(box, own, np.abs(own) * scale, single, weight)
    if direction is None:
        return [_check(leaf.name, gradient, judgement, single, entries, "ladder")]
    with np.errstate(invalid="ignore", over="ignore"):
        terms = flat * direction.components
        total, size = np.atleast_1d(terms.sum()), np.atleast_1d(np.abs(terms).sum() * scale)
    rest = slopes.part(len(entries), len(entries) + 1)
    along_it = _judged(box, total, size, rest, weight)
    along = _check(f"{leaf.name}, {ALONG}", total.reshape(()), along_it, rest, np.zeros(1, dtype=np.int64), "ladder")
    method = f"ladder, {len(entries):,} of {leaf.size:,} entries; the others along one {ALONG}"
    return [_check(leaf.name, gradient, judgement, single, entries, method, along), along]


def _judged(box: BlackBox, a: Array, size: Array, slopes: Slopes, weight: float) -> Judgement:
    """The verdicts by the rule of homework files, and by what a black box calls for.

    A coarse PASS is none where f has the digits of float64: an error of 1e-5 would not be seen. In float32 nothing
    finer can be had, and a bar of 1e-3 decides; it stays tagged coarse. A slope that both sides call 0 to within a
    bar of no consequence passes as vacuous.
    """
    differences = slopes.differences
    error, rounding = differences.central_error, EPS * np.sqrt(slopes.curvature) * weight
    evidence = Evidence("", a, None, None, differences, size, rounding, box.scale * box.unit / EPS, called="grad")
    judgement = judge(evidence)
    with np.errstate(all="ignore"):
        larger = np.fmax(np.abs(a), np.abs(differences.central))
        narrow = (box.unit > EPS) & (error <= FEW_DIGITS * larger)
        nothing = (larger <= error) & (error * differences.first_step <= NOTHING * box.scale)
        wide = (judgement.verdicts == INCONCLUSIVE) & (np.abs(a - differences.central) <= error) & ~differences.grows
        ratio = a / differences.central
    verdicts = judgement.verdicts.copy()
    verdicts[judgement.coarse & ~narrow] = INCONCLUSIVE
    verdicts[wide & (narrow | nothing)] = PASS
    reasons = {entry: text for entry, text in judgement.reasons.items() if verdicts[entry] != PASS}
    for (row,) in np.argwhere(verdicts >= INCONCLUSIVE).tolist():
        if differences.grows[row]:
            reasons[row,] = "f jumps here, or beside the point: it has no slope that a difference could show"
        elif verdicts[row] == INCONCLUSIVE and (wide[row] or judgement.coarse[row]):
            reasons[row,] = "the error bar of the difference is too wide to see an error of 1e-5 in it"
        elif verdicts[row] == INCONCLUSIVE and not np.isfinite(error[row]):
            reasons[row,] = "the differences of f do not settle: it is too noisy, jumps, or is undefined nearby"
        elif verdicts[row] == FAIL and np.isfinite(a[row]) and "kink" not in reasons.get((row,), ""):
            reasons[row,] = _times(float(ratio[row]))
    coarse = (verdicts == PASS) & (judgement.coarse | (wide & narrow)) & ~nothing
    vacuous = (verdicts == PASS) & (judgement.vacuous | (wide & nothing))
    return replace(judgement, verdicts=verdicts, coarse=coarse, vacuous=vacuous, reasons=reasons)


def _times(ratio: float) -> str:
    if not np.isfinite(ratio):
        return "f does not change here, but grad says that it does"
    if ratio == 0:
        return "grad is 0, but f changes here"
    return f"grad is {ratio:.6g} times the difference"


def _check(
    name: str,
    gradient: Array,
    judgement: Judgement,
    slopes: Slopes,
    entries: Array,
    method: str,
    rest: TensorCheck | None = None,
) -> TensorCheck:
    """The rows of some entries as arrays of the whole tensor; `rest`: what stands for the entries that have none."""
    shape, differences = gradient.shape, slopes.differences
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
        notes=_notes(judgement, slopes),
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
