"""Richardson extrapolation of difference quotients over a ladder of steps, with an error bar.

Neville's tableau as in Ridders (1982), Advances in Engineering Software 4(2), 75-76; the noise of a function
after More and Wild (2011), SIAM J. Sci. Comput. 33(3), 1292-1314.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from dlcli.ops.operation import Array

RATIO = 4.0
DEPTH = 4
RUNGS = 9
LONGEST = 17
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Extrapolation:
    """The best value of each row and its error bar; inf where fewer than 3 rungs were clean."""

    value: Array
    error: Array


@cache
def _weights(depth: int, base: float) -> Array:
    """The extrapolated value as a combination of the last depth + 1 quotients, oldest first."""
    rows = np.eye(depth + 1)
    for k in range(1, depth + 1):
        factor = base**k
        rows = (factor * rows[1:] - rows[:-1]) / (factor - 1)
    return np.asarray(rows[0])


def extrapolate(quotients: Array, steps: Array, clean: Array, noise: float | Array, base: float) -> Extrapolation:
    """quotients, steps, clean: (rows, rungs), steps falling by 4; base: 16 for central, 4 for one-sided quotients.

    noise: in the values of the function, one number or (rows, rungs).

    Error bar 2 trunc + 3 round: trunc the larger of the last two differences in the tableau, round what noise
    in the function does to the combination. Of all places in the tableau the one with the smallest bar is
    taken.
    """
    rows, rungs = quotients.shape
    value, error = np.full(rows, np.nan), np.full(rows, np.inf)
    steps, clean = np.ascontiguousarray(steps.T), np.ascontiguousarray(clean.T)  # (rungs, rows) from here on
    tableau = [np.where(clean, quotients.T, np.nan)]
    with np.errstate(all="ignore"):
        doubts = np.asarray(np.transpose(noise) / steps)
        unit = np.max(np.where(np.isfinite(doubts), doubts, 0.0), axis=0, initial=0.0)  # squares may not underflow
        squares = (doubts / np.where(unit > 0, unit, 1.0)) ** 2
        for k in range(1, min(DEPTH, rungs - 1) + 1):
            factor = base**k
            previous = tableau[-1]
            tableau.append((factor * previous[1:] - previous[:-1]) / (factor - 1))
        for i in range(2, rungs):
            whole = clean[i - 2] & clean[i - 1] & clean[i]
            for k in range(min(DEPTH, i) + 1):
                current = tableau[k][i - k]
                sides = (tableau[k - 1][i - k + 1], tableau[k - 1][i - k]) if k else (tableau[0][i - 1],) * 2
                trunc = np.maximum(np.abs(current - sides[0]), np.abs(current - sides[1]))
                spread = unit * np.sqrt(_weights(k, base) ** 2 @ squares[i - k : i + 1])
                bar = 2 * trunc + 3 * spread
                better = whole & (bar < error)
                value, error = np.where(better, current, value), np.where(better, bar, error)
    return Extrapolation(value, error)


def noise_level(function: Callable[[Array], Array], scale: float) -> float:
    """The standard deviation of the noise in `function` (offsets -> values) near 0, by differences of 9 points.

    At least the rounding unit times the value.
    """
    with np.errstate(all="ignore"):
        return _noise_of(function(np.arange(9) * scale))


def _noise_of(values: Array) -> float:
    floor = EPS * float(np.abs(values[0]))
    if not np.isfinite(values).all():
        return floor
    table, levels, changes, gamma = values, [], [], 1.0
    for k in range(1, 8):
        table = np.diff(table)
        gamma *= 0.5 * k / (2 * k - 1)
        levels.append(float(np.sqrt(gamma * np.mean(table**2))))
        changes.append(bool((table > 0).any() and (table < 0).any()))
    for k in range(5):
        window = levels[k : k + 3]
        if min(window) > 0 and max(window) <= 4 * min(window) and changes[k]:
            return max(floor, 2 * levels[k])
    return floor
