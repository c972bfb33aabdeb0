"""Float64 numbers with bounds of their errors: they decide most wrong answers, and nothing that they cannot prove.

Running error analysis as in Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcli.equivalence.scalars import Rational

Ball = tuple[float, float]  # the value, and how far off it may be
UNIT = 2.0**-51  # of an operation or a function of the C library: 4 units in the last place
TINY = 1e-300


class FloatBalls:
    """As `Balls`; a result that is not finite, or of which no digit is known, raises OverflowError."""

    def number(self, value: Rational) -> Ball:
        near = float(value)
        if value.denominator == 1 and abs(near) < 2.0**53:
            return near, 0.0
        return near, UNIT * abs(near) + TINY

    def pi(self) -> Ball:
        return math.pi, UNIT * math.pi

    def total(self, constant: Rational, terms: Sequence[tuple[Rational, Ball]]) -> Ball:
        value = float(constant)
        size, error = abs(value), 0.0
        exact = isinstance(constant, int)
        for coefficient, (term, off) in terms:
            factor = float(coefficient)
            value += factor * term
            size += abs(factor * term)
            error += abs(factor) * off
            exact = exact and isinstance(coefficient, int) and off == 0.0 and term == int(term)
        if exact and size < 2.0**52:
            return value, 0.0
        return _finite(value, error * (1 + UNIT) + (len(terms) + 1) * UNIT * size + TINY)

    def product(self, factors: Sequence[tuple[Ball, int]]) -> Ball:
        value, error = 1.0, 0.0
        for factor, exponent in factors:
            term, off = factor if exponent == 1 else _power(factor, exponent)
            error = abs(value) * off + abs(term) * error + error * off
            value *= term
            if abs(value) < 2.0**52 and error == 0.0 and value == int(value):
                continue
            error = error * (1 + UNIT) + UNIT * abs(value) + TINY
        return _finite(value, error)

    def sqrt(self, x: Ball) -> Ball:
        value, off = x
        root = math.sqrt(value)
        return root, (off / root if off else 0.0) + UNIT * root

    def function(self, kind: str, x: Ball) -> Ball:
        value, off = x
        match kind:
            case "exp":
                result = math.exp(value)
                if off > 1:
                    raise OverflowError
                return _finite(result, result * math.expm1(off) * (1 + UNIT) + UNIT * result + TINY)
            case "log":
                result = math.log(value)
                return result, (-math.log1p(-off / value) if off else 0.0) * (1 + UNIT) + UNIT * abs(result) + TINY
            case "tanh":
                result = math.tanh(value)
            case "erf":
                result, off = math.erf(value), 1.13 * off
            case _:
                if abs(value) > 1e9:
                    raise OverflowError
                result = math.sin(value) if kind == "sin" else math.cos(value)
        return _finite(result, off + UNIT * abs(result) + TINY)

    def sign(self, x: Ball) -> int | None:
        value, off = x
        if abs(value) > off:
            return 1 if value > 0 else -1
        return 0 if off == 0.0 else None

    def whole(self, x: Ball) -> int | None:
        value, off = x
        return int(value) if off == 0.0 and value == int(value) and abs(value) < 2.0**52 else None


def _power(x: Ball, exponent: int) -> Ball:
    value, off = x
    size = abs(value)
    if abs(exponent) > 2**40:
        raise OverflowError
    if off == 0.0 and exponent > 0 and value == int(value) and abs(value**exponent) < 2.0**52:
        return value**exponent, 0.0
    if exponent > 0 and off >= 0.5 * size:
        bound = (size + off) ** exponent
        return _finite(value**exponent, 2 * bound * (1 + exponent * UNIT) + TINY)
    if off > 0.5 * size:
        raise OverflowError
    result = float(value**exponent)
    spread = off / size if size else 0.0
    worst = math.expm1(abs(exponent) * -math.log1p(-spread))
    return _finite(result, abs(result) * (worst * (1 + 4 * UNIT) + 2 * UNIT) + TINY)


def _finite(value: float, error: float) -> Ball:
    if not math.isfinite(value + error):
        raise OverflowError
    return value, error
