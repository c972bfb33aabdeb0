"""The rule that decided one entry, as a sentence with its numbers put in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dlcli.entry_ladder import Flip
from dlcli.evidence import EntryEvidence
from dlcli.render.numbers import magnitude, number
from dlcli.resolution import SEEN

MOST_FLIPS = 3  # sides named in one sentence


def decision(evidence: EntryEvidence, digits: int) -> str:
    """Why the entry has its verdict. A sentence states an inequality only where it holds for the numbers shown."""
    said = {"pass": _passed, "kink": _on_kink, "fail": _failed, "inconclusive": _undecided}
    parts = [said[evidence.verdict](evidence, digits)]
    if evidence.vacuous:
        parts.append(
            f"Vacuous: a and the reference are 0 to within R + E = {magnitude(_floor(evidence))}, so nothing was "
            "exercised here (a dead unit, or an input of 0)."
        )
    if evidence.coarse:
        parts.append(
            f"Coarse: the slope is known only to {_bound(evidence, 3)}, so a relative mistake of {magnitude(SEEN)} in "
            "this entry would not be seen."
        )
    if evidence.sampled:
        parts.append("The check took its differences at other entries; this ladder was climbed for you to see.")
    return f"{evidence.verdict.upper()}: " + " ".join(parts)


def flips_text(flips: Sequence[Flip], index_base: int) -> str:
    """`relu at a4[1]`, or several with `and`; `a branch` where no node is known."""
    texts = [_flip(flip, index_base) for flip in flips[:MOST_FLIPS]]
    if len(flips) > MOST_FLIPS:
        texts.append(f"{len(flips) - MOST_FLIPS:,} more")
    if not texts:
        return "a branch"
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1]


def change_text(flips: Sequence[Flip], index_base: int) -> str:
    """`relu at a4[1] changes side`."""
    return flips_text(flips, index_base) + (" change sides" if len(flips) > 1 else " changes side")


def _flip(flip: Flip, base: int) -> str:
    if not flip.entry:
        return flip.label
    indices = "[" + ",".join(str(i + base) for i in flip.entry) + "]"
    return flip.label + indices if " at " in flip.label else f"{flip.label} (entry {indices})"


def _floor(evidence: EntryEvidence) -> float:
    tolerances = evidence.tolerances
    return tolerances.resolution + (tolerances.error if math.isfinite(tolerances.error) else 0.0)


def _gap(evidence: EntryEvidence, digits: int) -> str:
    """`backprop a = 2 and symbolic m = 2 differ by 0`."""
    t = evidence.tolerances
    letter = {"symbolic": "m", "complex step": "c", "finite difference": "d"}[t.reference or "symbolic"]
    a, r = _told_apart(evidence.backprop, t.value, digits)
    return f"{evidence.called} a = {a} and {t.reference} {letter} = {r} differ by {magnitude(t.gap)}"


def _told_apart(first: float, second: float, digits: int) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to see that they differ, at least `digits`."""
    while digits < 17 and first != second and number(first, digits) == number(second, digits):
        digits += 1
    return number(first, digits), number(second, digits)


def _bound(evidence: EntryEvidence, bars: int) -> str:
    """`tau = 1e-7`, or with the error bars of a difference `tau + 3 E = 2e-7`."""
    t = evidence.tolerances
    if t.reference != "finite difference":
        return f"tau = {magnitude(t.tau)}"
    times = "" if bars == 1 else f"{bars} "
    return f"tau + {times}E = {magnitude(t.tau + bars * t.error)}"


def _passed(evidence: EntryEvidence, digits: int) -> str:
    t = evidence.tolerances
    if t.reference is None:
        return (
            "no witness looked at this entry alone; the slope of the loss along one direction through all entries "
            f"of {evidence.name} is that of {evidence.called}."
        )
    if not t.gap <= t.tau + t.error:
        return f"{evidence.called} a agrees with the reference."
    text = f"{_gap(evidence, digits)}, no more than {_bound(evidence, 1)}."
    if t.reference == "finite difference" and t.error <= t.cap:
        text += f" The error bar E = {magnitude(t.error)} is no wider than cap = {magnitude(t.cap)}, so it decides."
    return text


def _on_kink(evidence: EntryEvidence, digits: int) -> str:
    m, tau = evidence.symbolic, evidence.tolerances.tau
    left, right = evidence.left.value, evidence.right.value
    a = number(evidence.backprop, digits)
    if m is not None and abs(evidence.backprop - m) <= tau:
        how = f"is what the convention gives (symbolic m = {number(m, digits)})"
    elif min(left, right) - tau <= evidence.backprop <= max(left, right) + tau:
        how = "lies between the two"
    else:
        how = "is the slope of another choice of sides"
    return f"{_kink(evidence, digits)}; {evidence.called} a = {a} {how}, which is accepted."


def _kink(evidence: EntryEvidence, digits: int) -> str:
    left, right = number(evidence.left.value, digits), number(evidence.right.value, digits)
    slopes = f"the slope is {left} on the left and {right} on the right"
    if evidence.kink is None:
        return f"the slope jumps here: {slopes}"
    change = change_text(evidence.kink.flips, evidence.index_base)
    if evidence.stands_on_kink:
        return f"a kink lies at the point itself, where {change}: {slopes}"
    return f"{change} next to the point: {slopes}"


def _failed(evidence: EntryEvidence, digits: int) -> str:
    t = evidence.tolerances
    a = number(evidence.backprop, digits)
    if "kink" in evidence.reason:
        text = f"{_kink(evidence, digits)}; {evidence.called} a = {a}"
        return f"{text} lies neither between them nor is it the convention's."
    if not math.isfinite(evidence.backprop):
        return f"{evidence.called} a = {a} is not finite, but the loss is."
    bars = 3 if t.reference == "finite difference" else 1
    if t.reference is None or not t.gap > t.tau + bars * t.error:
        return _sentence(evidence.reason or "it differs from the reference")
    text = f"{_gap(evidence, digits)}, more than {_bound(evidence, 3)}."
    return f"{text} {_sentence(evidence.reason)}" if evidence.reason else text


def _undecided(evidence: EntryEvidence, digits: int) -> str:
    t = evidence.tolerances
    if not math.isfinite(evidence.loss):
        return f"the loss is {number(evidence.loss, digits)} at the point, so there is no slope."
    if "disagree" in evidence.reason or "odd one out" in evidence.reason:
        pairs = [text for text, gap, allowed in _pairs(evidence, digits) if gap > allowed]
        if pairs:
            return f"{'; '.join(pairs)}. No witness overrules another. {_sentence(evidence.reason)}"
    coarse = "coarsely" in evidence.reason and t.reference == "finite difference"
    if coarse and t.gap <= t.tau + t.error and t.error > t.cap:
        return (
            f"{_gap(evidence, digits)}, no more than {_bound(evidence, 1)}, but the error bar E = {magnitude(t.error)} "
            f"is wider than cap = {magnitude(t.cap)}: the difference resolves this entry too coarsely."
        )
    if t.reference == "finite difference" and t.tau + t.error < t.gap <= t.tau + 3 * t.error:
        return (
            f"{_gap(evidence, digits)}, more than {_bound(evidence, 1)} and no more than {_bound(evidence, 3)}: "
            "the gap is as large as the error of the reference."
        )
    if "jump" in evidence.reason and evidence.kink is not None:
        return f"{evidence.reason}, where {change_text(evidence.kink.flips, evidence.index_base)}."
    return _sentence(evidence.reason)


def _pairs(evidence: EntryEvidence, digits: int) -> Iterator[tuple[str, float, float]]:
    """Each pair of references: the sentence that they differ, by how much, and how much is allowed."""
    m, c, d = evidence.symbolic, evidence.complex_step, evidence.difference
    bar = 3 * d.error if d is not None and math.isfinite(d.error) else 0.0
    central = None if d is None else d.value
    found = {"symbolic m": (m, 0.0), "complex step c": (c, 0.0), "finite difference d": (central, bar)}
    names = list(found)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            x, y = found[first][0], found[second][0]
            if x is None or y is None:
                continue
            bars = found[first][1] + found[second][1]
            allowed = evidence.tolerances.tau + bars
            one, other = _told_apart(x, y, digits)
            limit = "tau + 3 E" if bars else "tau"
            text = f"{first} = {one} and {second} = {other} differ by {magnitude(abs(x - y))}"
            yield f"{text}, more than {limit} = {magnitude(allowed)}", abs(x - y), allowed


def _sentence(reason: str) -> str:
    return (reason or "the evidence does not decide") + "."
