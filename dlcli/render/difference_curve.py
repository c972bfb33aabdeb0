"""The V of a finite difference, error against step in log-log: its axes, what is drawn, and that in words.

Drawn in characters by `difference_text`, as SVG by `difference_svg`, as PNG by `difference_png`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.ops.operation import Array
from dlcli.render.documents import json_numbers
from dlcli.render.numbers import magnitude, number
from dlcli.render.verdicts import entry_name
from dlcli.step_errors import StepErrors

MOST_TICKS = 8
LONGEST_TITLE = 70  # characters over a picture


@dataclass(frozen=True)
class Decades:
    """A logarithmic axis from 10^low to 10^high."""

    low: int
    high: int

    def at(self, value: float) -> float:
        """0 at the lower end, 1 at the upper; 0 also for an error of exactly 0."""
        if value <= 0:
            return 0.0
        return min(1.0, max(0.0, (math.log10(value) - self.low) / (self.high - self.low)))

    def ticks(self) -> list[int]:
        """Exponents for labels, evenly apart, about eight at most."""
        apart = max(1, math.ceil((self.high - self.low) / MOST_TICKS))
        return [e for e in range(self.low, self.high + 1) if e % apart == 0]


@dataclass(frozen=True)
class Key:
    """One kind of mark in the picture: measured, flipped, chosen, rung, truncation, rounding, extrapolated, bar,
    complex; `text` tells what it stands for, `level` is the height of a horizontal line."""

    mark: str
    text: str
    level: float | None = None


def frame(curve: StepErrors) -> tuple[Decades, Decades]:
    """The axes of steps and of errors: whole decades around everything that is drawn and is not 0."""
    levels = [v for v in (curve.extrapolated, curve.error, curve.complex_step) if v is not None]
    return _decades(curve.steps), _decades([*curve.errors, *curve.rung_errors, *levels])


def _decades(values: Iterable[float]) -> Decades:
    positive = [float(v) for v in values if 0 < v < math.inf]
    if not positive:
        return Decades(-17, 0)
    low = math.floor(math.log10(min(positive)))
    return Decades(low, max(low + 1, math.ceil(math.log10(max(positive)))))


def keys(curve: StepErrors) -> list[Key]:
    """What is drawn, in order; kinds that do not occur are left out."""
    measured = f"|central difference(h) - {curve.reference}|"
    found = [Key("measured", measured)] if curve.kept.any() else []
    if not curve.kept.all():
        found.append(Key("flipped", "the same, where the step crosses a kink" if found else measured + " past a kink"))
    if curve.chosen.any():
        found.append(Key("chosen", "rungs of the ladder that were combined"))
    if not curve.chosen.all():
        found.append(Key("rung", "other rungs"))
    if curve.truncation is not None:
        found.append(Key("truncation", f"truncation C h^2, C = {magnitude(curve.truncation)}"))
    found.append(Key("rounding", f"rounding sigma/h, sigma = {magnitude(curve.noise)}"))
    if curve.extrapolated is not None:
        told = f"error of the combined value, {magnitude(curve.extrapolated)}"
        found.append(Key("extrapolated", told, curve.extrapolated))
    if curve.error is not None:
        whose = "its error bar" if curve.extrapolated is not None else "error bar of the reference"
        found.append(Key("bar", f"{whose}, E = {magnitude(curve.error)}", curve.error))
    if curve.complex_step is not None:
        told = f"error of the complex step, {magnitude(curve.complex_step)}"
        found.append(Key("complex", told, curve.complex_step))
    return found


def heading(curve: StepErrors) -> str:
    """`Error of a central difference of W1[0,1] against its step`."""
    return f"Error of a central difference of {entry_name(curve.name, curve.entry, curve.index_base)} against its step"


def shortened(title: str) -> str:
    """The title, cut where it would not fit over a picture."""
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def summary(curve: StepErrors) -> str:
    """What the picture shows, in words."""
    best = curve.best_step
    if best is not None:
        shape = (
            f"The error is smallest near h = {magnitude(best)}: left of it rounding grows as 1/h, right of it "
            "truncation as h^2"
        )
    elif not curve.kept.any():
        shape = "Every step crosses a kink"
    elif (curve.errors[curve.kept] == 0).all():
        shape = "The error is 0 at every step that crosses no kink"
    else:
        shape = "No truncation error can be told from rounding, so the error only falls as the step grows"
    text = f"{shape}. The reference is the {curve.reference} slope {number(curve.value, 6)}."
    zeros = int((curve.errors == 0).sum())
    return text + (" Errors of exactly 0 stand on the lower edge." if zeros else "")


def theory(curve: StepErrors, steps: Array, mark: str) -> Array:
    """The height of the truncation or the rounding line at these steps."""
    if mark == "truncation":
        return np.asarray((curve.truncation or 0.0) * steps**2)
    return np.asarray(curve.noise / steps)


@dataclass(frozen=True)
class Style:
    """How a mark is drawn: a colour that reads on white and on black, matplotlib's marker or line, radius."""

    color: str
    png: str
    dashes: str = ""
    size: float = 0.0
    filled: bool = True


STYLES = {
    "measured": Style("#3b82c4", "o", size=1.6),
    "flipped": Style("#a07a00", "x", size=2.4, filled=False),
    "chosen": Style("#d1495b", "D", size=4.0),
    "rung": Style("#d1495b", "D", size=4.0, filled=False),
    "truncation": Style("#7c6fb0", "--", "7 4"),
    "rounding": Style("#808080", "-.", "9 3 2 3"),
    "bar": Style("#2e9063", ":", "2 3"),
    "extrapolated": Style("#2e9063", "-"),
    "complex": Style("#c26a00", "--", "4 2"),
}


def marked(curve: StepErrors, mark: str) -> tuple[Array, Array]:
    """Steps and errors of the points drawn with a mark."""
    if mark in ("measured", "flipped"):
        mask = curve.kept if mark == "measured" else ~curve.kept
        return curve.steps[mask], curve.errors[mask]
    mask = curve.chosen if mark == "chosen" else ~curve.chosen
    return curve.rung_steps[mask], curve.rung_errors[mask]


def curve_document(curve: StepErrors) -> dict[str, Any]:
    """The picture's numbers for JSON."""
    return {
        "name": curve.name,
        "entry": [i + curve.index_base for i in curve.entry],
        "reference": curve.reference,
        "reference_value": curve.value,
        "steps": json_numbers(curve.steps),
        "errors": json_numbers(curve.errors),
        "crosses_a_kink": (~curve.kept).tolist(),
        "truncation": curve.truncation,
        "noise": curve.noise,
        "best_step": curve.best_step,
        "extrapolated": curve.extrapolated,
        "error_bar": curve.error,
        "complex_step": curve.complex_step,
    }
