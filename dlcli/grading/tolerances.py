"""Whether a number is near enough to the expected one: by the file's tolerance, or by the digits that were written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from dlcli.questions.records import Tolerance

CLOSE = 1e-6  # relative error that is right whatever the digits
NEAR_ZERO = 1e-9  # of the quantity's largest entry: the absolute tolerance that always holds
UNITS = 5  # of the last digit written: what rounding of intermediate results may cost
MOST = 0.02  # relative error that written digits never excuse more than


class Nearness(IntEnum):
    """How near a number is: RIGHT without regard to its digits, ROUNDED within one unit of its last digit,
    COARSE within five, FAR otherwise."""

    RIGHT = 0
    ROUNDED = 1
    COARSE = 2
    FAR = 3


@dataclass(frozen=True)
class Written:
    """A number as a student gave it.

    unit: of its last digit, None of a fraction or an expression; carried: of an expression, what a unit of the last
    digits of its rounded numbers changes it by.
    """

    value: float
    unit: float | None = None
    carried: bool = False


def nearness(given: Written, expected: float, scale: float, tolerance: Tolerance) -> Nearness:
    """How near `given` is to the expected value.

    scale: the largest entry of the quantity, of an exact 0 the largest gradient. A tolerance of the file replaces
    the rule of digits; NEAR_ZERO times the scale is allowed in any case, unless the file gives `absolute`.
    """
    gap = abs(given.value - expected)
    if not math.isfinite(gap):
        return Nearness.RIGHT if given.value == expected else Nearness.FAR
    if tolerance != Tolerance():
        return Nearness.RIGHT if gap <= allowed(expected, scale, tolerance) else Nearness.FAR
    if gap <= NEAR_ZERO * scale or gap <= CLOSE * abs(expected):
        return Nearness.RIGHT
    if given.unit is None or gap > MOST * abs(expected):
        return Nearness.FAR
    slack = 1 + 1e-9  # the unit itself is a rounded float
    if gap <= given.unit * slack:
        return Nearness.ROUNDED
    coarse = gap <= UNITS * given.unit * slack and not given.carried
    return Nearness.COARSE if coarse else Nearness.FAR


def allowed(expected: float, scale: float, tolerance: Tolerance) -> float:
    """The largest error that the file's tolerance allows; the widest where it names several."""
    relative = tolerance.relative or 0.0
    absolute = NEAR_ZERO * scale if tolerance.absolute is None else tolerance.absolute
    widths = [absolute + relative * abs(expected)]
    if tolerance.decimals is not None:
        widths.append(10.0**-tolerance.decimals)
    if tolerance.digits is not None and expected != 0:
        widths.append(10.0 ** (math.floor(math.log10(abs(expected))) - tolerance.digits + 1))
    return max(widths) * (1 + 1e-9)


def combined(question: Tolerance | None, homework: Tolerance) -> Tolerance:
    """The question's own tolerance, else the homework's."""
    return homework if question is None else question
