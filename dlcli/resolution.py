"""The letters of the rule of verdicts: how far apart two slopes may be, and how well a difference must be known."""

from __future__ import annotations

import numpy as np

from dlcli.ops.operation import Array

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
UNDERFLOW = TINY / (EPS * 1e-20)  # below it the imaginary part of a complex step of 1e-20 has lost digits
SEEN = 1e-5  # the relative error that a PASS promises to notice; one that would not is coarse


def resolution_of(size: Array, rounding: Array) -> Array:
    """R: what rounding can do to a slope. size: the sum of its absolute terms; rounding: N, of the forward pass."""
    return np.asarray(64 * EPS * size + 8 * rounding)


def tau_of(larger: Array, resolution: Array) -> Array:
    """tau: how far apart equal slopes may be. larger: the larger of the two, by absolute value."""
    return np.asarray(1e-7 * larger + resolution + 4 * TINY)


def cap_of(slope: Array, first_step: Array, loss: float) -> Array:
    """The widest error bar of a difference that decides: 1e-4 of the slope, what weighs 1e-9 of the steepest entry
    over their first steps, or what ten thousand roundings of the loss do to the quotient at the first step.

    slope: by absolute value, of the reference, as one entry of a judged gradient that is far too large would widen it
    for all others.
    """
    first = np.where(np.isfinite(first_step) & (first_step > 0), first_step, 1.0)
    known = np.where(np.isfinite(slope), slope, 0.0)
    scale = np.max(known * first, initial=0.0) / first
    return np.asarray(1e-4 * known + 1e-9 * scale + 1e4 * EPS * abs(loss) / first)


def complex_step_error(reach: Array) -> Array:
    """What the complex step may be off by: its underflow, and 1e-30 of the largest quotient of the loss."""
    return np.asarray(UNDERFLOW + 1e-30 * np.nan_to_num(reach))
