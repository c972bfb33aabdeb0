"""The V of a finite difference in characters, for terminals."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from dlcli.render.console import Medium, painted
from dlcli.render.difference_curve import Decades, frame, heading, keys, summary, theory
from dlcli.render.text import visible
from dlcli.step_errors import StepErrors

COLUMNS, ROWS = 60, 18  # at most
FEWEST_COLUMNS = 24

_LETTERS = {
    "measured": "•", "flipped": "×", "chosen": "◆", "rung": "◇", "truncation": "╱", "rounding": "╲",
    "bar": "═", "extrapolated": "─", "complex": "┄",
}  # fmt: skip
_PLAIN = {
    "measured": ".", "flipped": "x", "chosen": "#", "rung": "o", "truncation": "/", "rounding": "\\",
    "bar": "=", "extrapolated": "-", "complex": "~",
}  # fmt: skip
_COLORS = {"chosen": "green", "flipped": "yellow", "measured": "blue"}


def curve_text(curve: StepErrors, on: Medium) -> str:
    """The picture in characters, its keys and a sentence."""
    letters = _letters(on)
    steps, errors = frame(curve)
    labels = {e: f"1e{e}" for e in errors.ticks()}
    margin = max(map(len, labels.values()), default=1)
    columns = COLUMNS if on.width is None else max(FEWEST_COLUMNS, min(COLUMNS, on.width - margin - 6))
    grid = _grid(curve, steps, errors, columns)
    rows = {round(errors.at(10.0**e) * (ROWS - 1)): label for e, label in labels.items()}
    lines = [painted(visible(heading(curve), on), "bold", on)]
    for row in reversed(range(ROWS)):
        cells = "".join(painted(letters[m], _COLORS[m], on) if m in _COLORS else letters.get(m, " ") for m in grid[row])
        lines.append(f"  {rows.get(row, ''):>{margin}} |{cells}".rstrip())
    lines.append(f"  {'':>{margin}} +{'-' * columns}")
    lines.append(f"  {'':>{margin}}  {_step_labels(steps, columns)}")
    lines += [f"  {'':>{margin}}  {'step h':^{columns}}", ""]
    lines += [f"  {letters[key.mark] * 2}  {key.text}" for key in keys(curve)]
    lines += ["", *_wrapped(summary(curve), on)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _wrapped(text: str, on: Medium) -> list[str]:
    if on.width is None:
        return ["  " + text]
    return fill(text, max(40, on.width - 4), initial_indent="  ", subsequent_indent="  ").splitlines()


def _letters(on: Medium) -> dict[str, str]:
    if not on.letters:
        return _PLAIN
    try:
        "".join(_LETTERS.values()).encode(on.encoding)
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _LETTERS


def _grid(curve: StepErrors, steps: Decades, errors: Decades, columns: int) -> list[list[str]]:
    """The mark of each cell, rows from below; what is drawn later stands above."""
    grid = [[""] * columns for _ in range(ROWS)]

    def put(step: float, error: float, mark: str) -> None:
        grid[round(errors.at(error) * (ROWS - 1))][round(steps.at(step) * (columns - 1))] = mark

    centres = 10 ** np.linspace(steps.low, steps.high, columns)
    for key in reversed(keys(curve)):
        if key.level is not None:
            for step in centres:
                put(step, key.level, key.mark)
    for mark in ("truncation", "rounding"):
        for step, error in zip(centres, theory(curve, centres, mark), strict=True):
            if 10.0**errors.low <= error <= 10.0**errors.high:
                put(step, error, mark)
    for step, error, kept in zip(curve.steps, curve.errors, curve.kept, strict=True):
        put(step, error, "measured" if kept else "flipped")
    for step, error, chosen in sorted(zip(curve.rung_steps, curve.rung_errors, curve.chosen, strict=True), key=_last):
        put(step, error, "chosen" if chosen else "rung")
    return grid


def _last(rung: tuple[float, float, bool]) -> bool:
    return bool(rung[2])


def _step_labels(steps: Decades, columns: int) -> str:
    """The exponents under the axis, each centred at its step where there is room."""
    line = [" "] * (columns + 3)
    free = 0
    for exponent in steps.ticks():
        label = f"1e{exponent}"
        start = max(0, round(steps.at(10.0**exponent) * (columns - 1)) - len(label) // 2)
        if start >= free and start + len(label) <= len(line):
            line[start : start + len(label)] = label
            free = start + len(label) + 1
    return "".join(line)
