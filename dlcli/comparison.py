"""Evaluations of several engines -> a verdict for each entry. Calls no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dlcli.engines.direction import Direction
from dlcli.engines.finite_difference import Differences
from dlcli.ops.operation import Array, Shape
from dlcli.resolution import SEEN, cap_of, complex_step_error, resolution_of, tau_of

VERDICTS = ("pass", "kink", "inconclusive", "fail")  # a tensor's verdict is the worst of its entries


@dataclass(frozen=True)
class TensorCheck:
    """One quantity's gradient by every witness, and the verdict of each of its entries.

    All arrays have the quantity's shape. A witness that looked at nothing is None; one that looked at some
    entries only has nan elsewhere and says where in `looked`.
    """

    name: str
    shape: Shape
    backprop: Array
    symbolic: Array | None
    complex_step: Array | None
    finite_difference: Array | None
    error_bar: Array | None
    relative_error: Array  # abs(a - r) / max(1e-8, abs(a) + abs(r)) against the reference that decided
    verdicts: Array  # int8, positions in VERDICTS
    vacuous: Array  # bool: nothing was exercised, |a| and |r| are below the resolution
    coarse: Array  # bool: an error of 1e-5 of the entry would not be seen, for rounding or for the reference's own
    looked: Mapping[str, Array] = field(default_factory=dict)  # engine -> bool
    methods: Mapping[str, str] = field(default_factory=dict)  # engine -> "exact", "per unit", "ladder, 64 of 8192" …
    reasons: Mapping[tuple[int, ...], str] = field(default_factory=dict)  # for entries that are not pass
    notes: tuple[str, ...] = ()
    exact: Array | None = None  # object array of texts, None where there is no short closed form
    formula: str | None = None

    @property
    def verdict(self) -> str:
        """The worst entry's verdict; inconclusive where there is no entry."""
        return VERDICTS[int(self.verdicts.max())] if self.verdicts.size else "inconclusive"


@dataclass(frozen=True)
class Comparison:
    """The checks of all quantities in `wrt`, in order."""

    tensors: tuple[TensorCheck, ...]
    disputed: tuple[str, ...] = ()  # values of the forward pass that their own definition denies

    @property
    def verdict(self) -> str:
        """The worst verdict; inconclusive when nothing was checked, or when the values themselves are disputed."""
        worst = max((t.verdict for t in self.tensors), key=VERDICTS.index, default="inconclusive")
        return max(worst, "inconclusive", key=VERDICTS.index) if self.disputed else worst

    @property
    def entries(self) -> int:
        return sum(t.backprop.size for t in self.tensors)

    @property
    def exercised(self) -> int:
        """How many entries are not vacuous."""
        return sum(int(t.vacuous.size - t.vacuous.sum()) for t in self.tensors)

    def count(self, verdict: str) -> int:
        """How many entries have this verdict."""
        return sum(int((t.verdicts == VERDICTS.index(verdict)).sum()) for t in self.tensors)


PASS, KINK, INCONCLUSIVE, FAIL = range(4)


@dataclass(frozen=True)
class Evidence:
    """What the witnesses say of one quantity: arrays of its shape, nan where a witness did not look.

    backprop, symbolic, complex_step: slopes; differences: the ladder. size: the sum of the absolute terms of
    each gradient entry; rounding: what rounding in the forward pass can change it by; loss: its value;
    infinite: the operations declare infinite slopes somewhere; called: what sentences call the judged slopes;
    sides: the smallest and largest slope over the sides of all kinks at the point, nan where not looked for,
    infinite where it was in vain; direction: the loss's slope along one direction through all entries;
    repeats: whether a second evaluation of the loss gave the same.
    """

    name: str
    backprop: Array
    symbolic: Array | None
    complex_step: Array | None
    differences: Differences | None
    size: Array
    rounding: Array
    loss: float
    infinite: bool = False
    called: str = "backprop"
    sides: tuple[Array, Array] | None = None
    direction: Direction | None = None
    repeats: bool = True


@dataclass(frozen=True)
class Judgement:
    """The verdicts of one quantity's entries, and why."""

    verdicts: Array
    reference: Array
    relative_error: Array
    vacuous: Array
    coarse: Array
    reasons: Mapping[tuple[int, ...], str]


def judge(evidence: Evidence) -> Judgement:
    """The verdict on every entry: the rule is a table of masks, the first that holds decides."""
    a = evidence.backprop
    shape = a.shape
    none = np.full(shape, np.nan)
    m = none if evidence.symbolic is None else evidence.symbolic
    c = none if evidence.complex_step is None else evidence.complex_step
    d = evidence.differences
    central, error = (none, np.full(shape, np.inf)) if d is None else (d.central, d.central_error)
    reference = np.where(np.isnan(m), np.where(np.isnan(c), central, c), m)
    stepped = complex_step_error(np.zeros(shape) if d is None else d.reach)
    own_error = np.where(np.isnan(m), np.where(np.isnan(c), error, stepped), 0.0)
    with np.errstate(all="ignore"):
        larger = np.fmax(np.abs(a), np.where(np.isfinite(reference), np.abs(reference), 0.0))
        resolution = resolution_of(evidence.size, evidence.rounding)
        tau = tau_of(larger, resolution)
        cap = np.full(shape, np.inf) if d is None else cap_of(np.abs(reference), d.first_step, evidence.loss)
        gap = np.abs(a - reference)
        agree = gap <= tau + own_error
        kink, inside, lost = _kinks(evidence, tau, reference)
        conflict = _conflicts(m, c, central, error, tau, stepped) & ~kink
        relative = gap / np.maximum(1e-8, np.abs(a) + np.abs(reference))
    along = _along(evidence, resolution)
    same_infinity = np.isinf(a) & (a == reference)
    rules = (
        (np.full(shape, not np.isfinite(evidence.loss)), INCONCLUSIVE, "the loss is not finite here"),
        (np.full(shape, not evidence.repeats), INCONCLUSIVE, "two evaluations of the loss differ"),
        (
            ~np.isfinite(a) & (same_infinity | np.isnan(m)) & evidence.infinite,
            INCONCLUSIVE,
            "the slope is infinite here, as declared",
        ),
        (~np.isfinite(a), FAIL, "the gradient is not finite where the loss is"),
        (np.isinf(m), FAIL, "the gradient is finite where the slope is infinite"),
        (~np.isfinite(resolution), INCONCLUSIVE, "the terms of the gradient overflow"),
        (
            np.zeros(shape, bool) if d is None else d.grows,
            INCONCLUSIVE,
            "the loss jumps here: differences grow as 1/h",
        ),
        (kink & inside & lost, INCONCLUSIVE, "several kinks meet here, too many to try all their sides"),
        (kink & inside, KINK, "a kink lies at the point: the convention decides the slope"),
        (kink, FAIL, WRONG_AT_KINK),
        (conflict, INCONCLUSIVE, "the witnesses disagree"),
        (np.isnan(reference) & (along == PASS), PASS, ""),
        (np.isnan(reference) & (along == FAIL), FAIL, "nobody looked at this entry alone, and all together are wrong"),
        (np.isnan(reference), INCONCLUSIVE, "no witness could look at this entry"),
        (agree & (own_error <= cap), PASS, ""),
        (agree, INCONCLUSIVE, "the difference resolves this entry too coarsely"),
        (gap > tau + 3 * own_error, FAIL, "it differs from the reference"),
        (np.ones(shape, bool), INCONCLUSIVE, "the gap is as large as the error of the reference"),
    )
    verdicts, which = np.full(shape, -1, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    for number, (mask, verdict, _) in enumerate(rules):
        new = mask & (verdicts < 0)
        verdicts[new], which[new] = verdict, number
    if along == FAIL and not (verdicts == FAIL).any():
        which[verdicts == PASS] = len(rules)
        verdicts[verdicts == PASS] = INCONCLUSIVE
    passed = verdicts == PASS
    vacuous = passed & (larger <= resolution + own_error)
    texts = [*(text for _, _, text in rules), "each entry agrees by itself, but not all of them along one direction"]
    reasons = {
        tuple(map(int, entry)): _reason(texts[which[tuple(entry)]], evidence, tuple(entry), tau, error)
        for entry in np.argwhere(verdicts != PASS)[:MOST_REASONS]
    }
    return Judgement(
        verdicts,
        reference,
        np.where(np.isfinite(relative), relative, np.where(same_infinity, 0.0, np.inf)),
        vacuous,
        passed & ~vacuous & (np.isnan(reference) | (tau + 3 * own_error > SEEN * larger)),
        reasons,
    )


WRONG_AT_KINK = "at this kink the gradient is neither the convention's nor between the one-sided slopes"
MOST_REASONS = 1000  # entries of a tensor that get a sentence of their own


def _along(evidence: Evidence, resolution: Array) -> int:
    """What the slope along one direction says of all entries together; inconclusive where it is not known."""
    found, a = evidence.direction, evidence.backprop
    if found is None or not np.isfinite(found.error):
        return INCONCLUSIVE
    with np.errstate(all="ignore"):
        parts = a * found.vector
        size = float(np.sqrt(np.sum(parts**2)))
        tau = 1e-7 * size + float(np.sum(resolution * np.abs(found.vector)))
        gap = abs(float(np.sum(parts)) - found.slope)
    if gap <= tau + found.error and found.error <= 1e-4 * size + tau:
        return PASS
    return FAIL if gap > tau + 3 * found.error else INCONCLUSIVE


def _kinks(evidence: Evidence, tau: Array, reference: Array) -> tuple[Array, Array, Array]:
    """Where a kink lies at the point, where the judged slope is acceptable there, and where nothing bounds it.

    A branch that the smallest step leaves is no kink where both one-sided slopes and the reference agree (elu with
    alpha 1). Slopes that differ without a branch at the point are one where nothing else knows the slope.
    """
    d, a = evidence.differences, evidence.backprop
    if d is None:
        no = np.zeros(a.shape, bool)
        return no, no, no
    right, left = d.right, d.left
    both = np.isfinite(right) & np.isfinite(left)
    doubt = 3 * (d.right_error + d.left_error) + tau
    jump = np.abs(right - left) > doubt + 1e-6 * np.fmax(np.abs(right), np.abs(left))
    m, c = evidence.symbolic, evidence.complex_step
    analytic = [w for w in (m, c) if w is not None]
    known = np.logical_or.reduce([np.zeros(a.shape, bool), *(~np.isnan(w) for w in analytic)])
    smooth = both & ~jump & known & (np.abs(reference - (right + left) / 2) <= doubt)
    kink = (d.at_kink & ~smooth) | (both & jump & ~known)
    spread = tau + np.where(both, np.maximum(d.right_error, d.left_error), 0.0)
    low, high = np.fmin(right, left), np.fmax(right, left)
    if evidence.sides is not None:
        low, high = np.fmin(low, evidence.sides[0]), np.fmax(high, evidence.sides[1])
    between = (a >= low - spread) & (a <= high + spread)
    declared = np.logical_or.reduce([np.zeros(a.shape, bool), *(np.abs(a - w) <= tau for w in analytic)])
    return kink, between | declared, np.isinf(low) & ~declared


def _conflicts(m: Array, c: Array, d: Array, error: Array, tau: Array, stepped: Array) -> Array:
    """Where two references differ by more than their errors allow. nan compares as no conflict."""
    wide = np.where(np.isfinite(error), error, 0.0)
    pairs = ((m, c, stepped), (m, d, 3 * wide), (c, d, 3 * wide + stepped))
    return np.asarray(np.logical_or.reduce([np.abs(x - y) > tau + bar for x, y, bar in pairs]))


def _reason(text: str, evidence: Evidence, entry: tuple[int, ...], tau: Array, error: Array) -> str:
    if text not in ("the witnesses disagree", "it differs from the reference"):
        return text
    bar = float(error[entry]) if np.isfinite(error[entry]) else 0.0
    d = evidence.differences
    found = {
        evidence.called: float(evidence.backprop[entry]),
        "symbolic": np.nan if evidence.symbolic is None else float(evidence.symbolic[entry]),
        "complex step": np.nan if evidence.complex_step is None else float(evidence.complex_step[entry]),
        "finite difference": np.nan if d is None else float(d.central[entry]),
    }
    known = {k: v for k, v in found.items() if not np.isnan(v)}
    return odd_one_out(known, float(tau[entry]) + 3 * bar, evidence.called)


def odd_one_out(found: Mapping[str, float], allowed: float, called: str = "backprop") -> str:
    """A sentence that names the witness, or the pair, that stands alone."""
    groups: list[list[str]] = []
    for name, value in found.items():
        for group in groups:
            if abs(found[group[0]] - value) <= allowed:
                group.append(name)
                break
        else:
            groups.append([name])
    groups.sort(key=len)
    forward = ["complex step", "finite difference"]
    if forward in (sorted(groups[0]), sorted(groups[-1])):
        return (
            f"complex step and finite difference, which share the forward pass, differ from {called} and symbolic: "
            "a forward formula is the odd one out"
        )
    if len(groups[0]) == 1 and len(groups) == 2:
        return f"{groups[0][0]} is the odd one out: the other witnesses agree"
    return "the witnesses disagree: " + " | ".join(" and ".join(group) for group in groups)
