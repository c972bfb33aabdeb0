"""The evidence for one entry, as a text for students and as a document."""

from __future__ import annotations

import math
from textwrap import fill
from typing import Any

import numpy as np

from dlcli.entry_ladder import Extrapolated, Flip, NearestKink, Rung
from dlcli.evidence import EntryEvidence, Slope
from dlcli.render.console import Medium, painted
from dlcli.render.decision import change_text, decision
from dlcli.render.documents import json_numbers
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import aligned, magnitude, number
from dlcli.render.text import own, visible
from dlcli.render.verdicts import COLORS, entry_name, verdict_mark

INDENT = "  "
LOSS_DIGITS = 15  # of L(theta + h) and L(theta - h): their difference is what counts


def evidence_text(evidence: EntryEvidence, digits: int, on: Medium) -> str:
    """Point, witnesses, ladder, sides, tolerances, decision: everything the verdict rests on."""
    called = visible(entry_name(evidence.name, evidence.entry, evidence.index_base), on)
    mark = painted(verdict_mark(evidence.verdict, on), COLORS[evidence.verdict], on)
    sections = [
        ("Point", _point(evidence, called, digits, on)),
        ("Slopes", _slopes(evidence, digits, on)),
        (f"Ladder: (L({called} + h) - L({called} - h))/(2h)", _ladder(evidence, called, digits, on)),
        ("Left and right", _sides(evidence, digits, on)),
        ("Tolerances", _tolerances(evidence)),
        ("Decision", _decision(evidence, digits, on)),
    ]
    lines = [f"{painted(called, 'bold', on)}: {mark}"]
    for title, rows in sections:
        lines += ["", painted(title, "bold", on), *(INDENT + row for row in rows)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _point(evidence: EntryEvidence, called: str, digits: int, on: Medium) -> list[str]:
    names = [called, visible(evidence.loss_name, on)]
    width = max(map(len, names))
    values = aligned([number(evidence.point, digits), number(evidence.loss, digits)])
    return [f"{name:<{width}} = {value}" for name, value in zip(names, values, strict=True)]


def _slopes(evidence: EntryEvidence, digits: int, on: Medium) -> list[str]:
    d = evidence.difference
    shown = d or (_extrapolated(evidence) if evidence.sampled else None)
    central = None if shown is None else shown.value
    known = (evidence.backprop, evidence.symbolic, evidence.complex_step, central)
    texts = aligned("did not look" if value is None else number(value, digits) for value in known)
    if shown is not None:
        texts[3] = f"{texts[3].rstrip()} {own('±', on)} {magnitude(shown.error)}"
    names = (f"a  {evidence.called}", "m  symbolic", "c  complex step", "d  finite difference")
    return [f"{name:<20} = {text}" for name, text in zip(names, texts, strict=True)]


def _extrapolated(evidence: EntryEvidence) -> Slope | None:
    found = evidence.ladder.extrapolated
    return None if found is None else Slope(found.value, found.error)


def _ladder(evidence: EntryEvidence, called: str, digits: int, on: Medium) -> list[str]:
    rungs = evidence.ladder.rungs
    columns = [
        aligned(magnitude(rung.step) for rung in rungs),
        aligned(number(rung.above, LOSS_DIGITS) for rung in rungs),
        aligned(number(rung.below, LOSS_DIGITS) for rung in rungs),
        aligned(number(rung.quotient, max(digits, 9)) for rung in rungs),
        [visible(_remark(rung, called, evidence.index_base), on) for rung in rungs],
    ]
    headers = ("h", f"L({called} + h)", f"L({called} - h)", "difference", "")
    colors = ["green" if rung.chosen else "dim" for rung in rungs]
    lines = grid_text(Grid(headers, list(zip(*columns, strict=True)), colors), on).splitlines()
    found = evidence.ladder.extrapolated
    if found is None:
        return [*lines, "no 3 rungs in a row are clean, so there is no central difference"]
    steps = [magnitude(rungs[i].step) for i in (found.first, found.last)]
    value = number(found.value, max(digits, 9))
    if found.first == found.last:
        how = f"d = {value}: the rung h = {steps[0]} as it is"
    else:
        times = found.last - found.first
        how = (
            f"d = {value}: the rungs h = {steps[0]} to {steps[1]} combined (Richardson, the error terms of h^2 to "
            f"h^{2 * times} removed)"
        )
    trunc, rounded = magnitude(found.truncation), magnitude(found.rounding)
    return [
        *lines,
        how,
        f"E = 2 trunc + 3 round = 2*{trunc} + 3*{rounded} = {magnitude(found.error)}; the loss is known to "
        f"{own('±', on)} {magnitude(evidence.noise)}",
    ]


def _remark(rung: Rung, called: str, base: int) -> str:
    if rung.status == "clean":
        return "combined" if rung.chosen else ""
    reasons = {
        "not finite": "the loss is not finite",
        "no step": f"h is lost in the digits of {called}",
        "flipped": change_text(rung.flips, base),
    }
    return f"dropped: {reasons[rung.status]}"


def _sides(evidence: EntryEvidence, digits: int, on: Medium) -> list[str]:
    lines = []
    for name, slope in (("left", evidence.left), ("right", evidence.right)):
        known = math.isfinite(slope.error)
        text = f"{number(slope.value, digits)} {own('±', on)} {magnitude(slope.error)}" if known else "unknown"
        lines.append(f"slope on the {name:<5} = {text}")
    return [*lines, visible(_nearest(evidence), on)]


def _nearest(evidence: EntryEvidence) -> str:
    kink = evidence.kink
    if kink is None:
        return f"no kink up to h = {magnitude(evidence.first_step)} on either side"
    change = change_text(kink.flips, evidence.index_base)
    if evidence.stands_on_kink:
        return f"a kink lies at the point itself: {change}"
    return f"the nearest kink lies {magnitude(kink.distance)} to the {kink.direction}: {change}"


def _tolerances(evidence: EntryEvidence) -> list[str]:
    t = evidence.tolerances
    rows = [
        ("S", t.size, "sum of the absolute terms of this slope"),
        ("N", t.rounding, "what rounding in the forward pass can change it by"),
        ("R", t.resolution, "64 eps S + 8 N, with eps = 2.2e-16"),
        ("tau", t.tau, "1e-7 max(|a|, |r|) + R + 8.9e-308, with the reference r"),
        ("cap", t.cap, "the widest error bar of a difference that still decides"),
    ]
    values = aligned(magnitude(value) for _, value, _ in rows)
    return [f"{letter:<3} = {value}   {about}" for (letter, _, about), value in zip(rows, values, strict=True)]


def _decision(evidence: EntryEvidence, digits: int, on: Medium) -> list[str]:
    text = visible(decision(evidence, digits), on)
    return [text] if on.width is None else fill(text, max(40, on.width - len(INDENT))).splitlines()


def evidence_document(evidence: EntryEvidence) -> dict[str, Any]:
    """The same for JSON; positions counted from the file's index_base, null where a witness did not look."""
    base, t = evidence.index_base, evidence.tolerances
    found, kink = evidence.ladder.extrapolated, evidence.kink
    return {
        "name": evidence.name,
        "entry": [i + base for i in evidence.entry],
        "verdict": evidence.verdict,
        "decision": decision(evidence, 6),
        "reason": evidence.reason or None,
        "vacuous": evidence.vacuous,
        "coarse": evidence.coarse,
        "point": _number(evidence.point),
        "loss": {"name": evidence.loss_name, "value": _number(evidence.loss)},
        "backprop": _number(evidence.backprop),
        "symbolic": _number(evidence.symbolic),
        "complex_step": _number(evidence.complex_step),
        "finite_difference": _slope(evidence.difference),
        "noise": _number(evidence.noise),
        "first_step": _number(evidence.first_step),
        "rungs": [_rung(rung, base) for rung in evidence.ladder.rungs],
        "extrapolation": None if found is None else _extrapolation(found),
        "in_the_check": not evidence.sampled,
        "right": _slope(evidence.right),
        "left": _slope(evidence.left),
        "nearest_kink": None if kink is None else _kink(kink, evidence.stands_on_kink, base),
        "tolerances": {
            **{name: _number(getattr(t, name)) for name in ("size", "rounding", "resolution", "tau", "cap", "gap")},
            "reference": t.reference,
            "reference_value": None if t.reference is None else _number(t.value),
            "reference_error": None if t.reference is None else _number(t.error),
        },
    }


def _rung(rung: Rung, base: int) -> dict[str, Any]:
    return {
        "step": _number(rung.step),
        "above": _number(rung.above),
        "below": _number(rung.below),
        "difference": _number(rung.quotient),
        "status": rung.status,
        "flips": [_flip(flip, base) for flip in rung.flips],
        "chosen": rung.chosen,
    }


def _extrapolation(found: Extrapolated) -> dict[str, Any]:
    return {
        "value": _number(found.value),
        "error_bar": _number(found.error),
        "truncation": _number(found.truncation),
        "rounding": _number(found.rounding),
        "rungs": [found.first, found.last],
    }


def _kink(kink: NearestKink, at_point: bool, base: int) -> dict[str, Any]:
    return {
        "distance": _number(kink.distance),
        "direction": kink.direction,
        "at_the_point": at_point,
        "flips": [_flip(flip, base) for flip in kink.flips],
    }


def _number(value: float | None) -> Any:
    return None if value is None else json_numbers(np.asarray(value))


def _slope(slope: Slope | None) -> dict[str, Any] | None:
    return None if slope is None else {"value": _number(slope.value), "error_bar": _number(slope.error)}


def _flip(flip: Flip, base: int) -> dict[str, Any]:
    return {"at": flip.label, "entry": None if flip.entry is None else [i + base for i in flip.entry]}
