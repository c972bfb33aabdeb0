"""The noise in a Python callable: rounding inside it, in whatever precision, and steps that hide its slope.

By the difference table of More and Wild (2011), SIAM J. Sci. Comput. 33(3), 1292-1314, where neighbours differ.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcli.engines.ladder import noise_level
from dlcli.ops.operation import Array

SPACINGS = (1e-11, 1e-8, 1e-5, 1e-2)  # of the points between which the noise is looked for
BISECTIONS = 52  # that tell a jump from a kink


def noise_of(along: Callable[[float], float], here: float, unit: float) -> float:
    """The standard deviation of the noise in a loss: at least its rounding unit times its value.

    along: offset -> loss, along a direction that moves every number by about its own size. Noise may show between
    wider spaced points only, so two spacings are looked at. Where neighbours are equal, rounding or a floor may hide
    the slope: then the noise is the height of the first step up or down, or some such heights, and wider spacings
    are tried until there is one.
    """
    noise, flat, seen = unit * abs(here), False, False
    for spacing in SPACINGS:
        values = np.array([along(k * spacing) for k in range(1, 10)])
        if not np.isfinite(values).all():
            return noise
        if seen:
            return max(noise, _level(values))
        flat |= bool(np.any(values[1:] == values[:-1]))
        if np.any(values != values[0]):
            level = _level(values)
            if flat:
                first = int(np.argmax(values != values[0]))
                step = first_change(along, float(values[0]), first * spacing, (first + 1) * spacing)
                return max(noise, level if level < 8 * step else step)
            noise, seen = max(noise, level), True
    for far in (sign * 2.0**k for k in range(-1, 4) for sign in (1, -1)):
        if np.isfinite(value := along(far)) and value != here:
            return max(noise, first_change(along, here, 0.0, far))
    return noise


def first_change(along: Callable[[float], float], flat: float, low: float, high: float) -> float:
    """How far a loss that is `flat` up to `low` first moves beyond it: next to nothing where it moves gradually."""
    gap = abs(along(high) - flat)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        value = along(middle)
        if value == flat:
            low = middle
        else:
            high, gap = middle, abs(value - flat)
    return gap


def largest_step(rest: Callable[[float], float], high: float) -> float:
    """The height of a jump of `rest` between 0 and an offset, by halves, always the one that it changes more in.

    Of what changes gradually, with kinks or without, next to nothing is left.
    """
    low, below, above = 0.0, rest(0.0), rest(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        value = rest(middle)
        if abs(value - below) > abs(above - value):
            high, above = middle, value
        else:
            low, below = middle, value
    return abs(above - below)


def _level(values: Array) -> float:
    return noise_level(lambda _: values, 1.0)
