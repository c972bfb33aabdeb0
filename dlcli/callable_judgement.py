"""The verdicts on the slopes of a callable: the rule of homework files, and what a black box calls for besides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dlcli.comparison import FAIL, INCONCLUSIVE, PASS, Evidence, Judgement, judge
from dlcli.engines.black_box import Slopes
from dlcli.engines.black_box_lines import BlackBox
from dlcli.ops.operation import Array
from dlcli.resolution import EPS

FEW_DIGITS = 1e-3  # the relative error bar that decides an entry where f is not computed in float64
NOTHING = 1e-9  # what a step may change the loss by, relative to it, where nothing was exercised


def judged(box: BlackBox, a: Array, size: Array, slopes: Slopes, weight: float) -> Judgement:
    """The verdict on each line. a: the gradient along it; size: the sum of its absolute terms, in float64's rounding.

    weight: times eps and the root of a line's curvature, what rounding can move its slope by. A coarse PASS is none
    where f has the digits of float64: an error of 1e-5 would not be seen. Otherwise nothing finer can be had, and a
    bar of 1e-3 decides; it stays tagged coarse. A slope that both sides call 0 to within a bar of no consequence
    passes as vacuous.
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
