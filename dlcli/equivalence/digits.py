"""Numbers of as many digits as asked for, with bounds of their errors, over the integer arithmetic of mpmath.

A ball is a number of `mpmath.libmp` and the binary logarithm of how far off it may be. The functions of `libmp`
take the precision as an argument: no context is shared, and none is changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mpmath import libmp

from dlcli.equivalence.records import Allowance
from dlcli.equivalence.scalars import Rational

Ball = tuple[Any, float]  # the number (sign, mantissa, exponent, bits), and log2 of the bound of its error
EXACT = float("-inf")
SLACK = 2.0  # bits that one rounded operation of libmp may be off, beyond its precision
LARGEST = 40  # bits of an argument of exp that is still computed
LARGEST_ANGLE = 400
ROUNDING = "n"


class DigitBalls:
    """As `Balls`, of `bits` bits. final: what cannot be told from 0 by half of them counts as 0."""

    def __init__(self, bits: int, allowance: Allowance, final: bool = False) -> None:
        self.bits, self.final, self._allowance = bits, final, allowance
        self._cost = bits / 200

    def number(self, value: Rational) -> Ball:
        if value.denominator == 1:
            found = libmp.from_int(value.numerator)
            if found[3] <= self.bits:
                return found, EXACT
        found = libmp.from_rational(value.numerator, value.denominator, self.bits, ROUNDING)
        return self._rounded(found, EXACT)

    def pi(self) -> Ball:
        return self._rounded(libmp.mpf_pi(self.bits, ROUNDING), EXACT)

    def total(self, constant: Rational, terms: Sequence[tuple[Rational, Ball]]) -> Ball:
        self._allowance.spend(self._cost * len(terms))
        value, error = self.number(constant)
        for coefficient, (term, off) in terms:
            if coefficient != 1:
                term, off = self._times(self.number(coefficient), (term, off))
            exact = _span(value, term) < self.bits
            value = libmp.mpf_add(value, term, self.bits, ROUNDING)
            error = _sum(error, off, EXACT if exact else _size(value) - self.bits + SLACK)
        return value, error

    def product(self, factors: Sequence[tuple[Ball, int]]) -> Ball:
        self._allowance.spend(self._cost * len(factors))
        result: Ball | None = None
        for factor, exponent in factors:
            term = factor if exponent == 1 else self._power(factor, exponent)
            result = term if result is None else self._times(result, term)
        assert result is not None
        return result

    def _times(self, a: Ball, b: Ball) -> Ball:
        value = libmp.mpf_mul(a[0], b[0], self.bits, ROUNDING)
        spread = _sum(_size(a[0]) + b[1], _size(b[0]) + a[1], a[1] + b[1])
        return (value, spread) if a[0][3] + b[0][3] <= self.bits else self._rounded(value, spread)

    def _power(self, x: Ball, exponent: int) -> Ball:
        value, off = x
        count = abs(exponent)
        if count.bit_length() > 62 or (value != libmp.fzero and (abs(_size(value)) + 1) * count > 2.0**62):
            raise OverflowError
        self._allowance.spend(self._cost * count.bit_length())
        if off == EXACT and exponent > 0 and value[3] * count <= self.bits:
            return libmp.mpf_pow_int(value, exponent, self.bits, ROUNDING), off
        relative = off - _size(value) + 1  # log2 of the relative error; the size may be up to one bit too large
        if value == libmp.fzero or relative + math.log2(count) > -1:
            return self._repeated(x, exponent)
        result = libmp.mpf_pow_int(value, exponent, self.bits, ROUNDING)
        return self._rounded(result, _size(result) + relative + math.log2(count) + 2)

    def _repeated(self, x: Ball, exponent: int) -> Ball:
        """The power of a ball that holds 0, or nearly: its bound is that of the powers' bounds."""
        if exponent < 0:
            raise OverflowError
        value, off = x
        bound = (_sum(_size(value), off)) * exponent
        if value == libmp.fzero:
            return value, bound
        return self._rounded(libmp.mpf_pow_int(value, exponent, self.bits, ROUNDING), bound + 1)

    def sqrt(self, x: Ball) -> Ball:
        value, off = x
        root = libmp.mpf_sqrt(value, self.bits, ROUNDING)
        self._allowance.spend(self._cost)
        return self._rounded(root, off - _size(root) + 2)

    def function(self, kind: str, x: Ball) -> Ball:
        value, off = x
        self._allowance.spend(2 * self._cost)
        if off > -1 and kind != "log":
            raise OverflowError
        size = _size(value)
        if kind == "exp":
            if size > LARGEST:
                raise OverflowError
            result = libmp.mpf_exp(value, self.bits, ROUNDING)
            return self._rounded(result, off + _size(result) + 1)
        if kind == "log":
            lost = off - size + 2
            if lost > -1:
                raise OverflowError
            return self._rounded(libmp.mpf_log(value, self.bits, ROUNDING), lost + 1)
        if kind in ("sin", "cos"):
            if size > LARGEST_ANGLE:
                raise OverflowError
            turned = libmp.mpf_sin if kind == "sin" else libmp.mpf_cos
            return self._rounded(turned(value, self.bits, ROUNDING), off)
        if size > LARGEST:
            return libmp.from_int(-1 if value[0] else 1), float(-(2.0 ** (LARGEST - 1)))
        curve = libmp.mpf_tanh if kind == "tanh" else libmp.mpf_erf
        return self._rounded(curve(value, self.bits, ROUNDING), off + 0.2)

    def sign(self, x: Ball) -> int | None:
        value, off = x
        if value != libmp.fzero and _size(value) - 1 > off:
            return -1 if value[0] else 1
        if off == EXACT or (self.final and off < -self.bits / 2):
            return 0
        return None

    def whole(self, x: Ball) -> int | None:
        value, off = x
        if _size(value) > 64 or (off > EXACT and not (self.final and off < -self.bits / 2)):
            return None
        near = libmp.to_int(libmp.mpf_nint(value, self.bits, ROUNDING))
        distance = libmp.mpf_sub(value, libmp.from_int(near), self.bits, ROUNDING)
        return near if distance == libmp.fzero or _size(distance) - 1 <= off else None

    def _rounded(self, value: Any, error: float) -> Ball:
        if value in (libmp.finf, libmp.fninf, libmp.fnan):
            raise OverflowError
        return value, _sum(error, _size(value) - self.bits + SLACK)


def _size(value: Any) -> float:
    """log2 of a bound of the number: |value| < 2**size, and |value| >= 2**(size - 1)."""
    return float(value[2] + value[3]) if value[1] else EXACT


def _span(a: Any, b: Any) -> float:
    """The bits from the first of the larger number to the last of the smaller: what their sum takes, but for one."""
    if not a[1] or not b[1]:
        return float(max(a[3], b[3]))
    return float(max(a[2] + a[3], b[2] + b[3]) - min(a[2], b[2]) + 1)


def _sum(*errors: float) -> float:
    """log2 of the sum of the bounds, rounded up."""
    largest = max(errors)
    if largest == EXACT:
        return EXACT
    return largest + math.log2(sum(2.0 ** (error - largest) for error in errors if error > largest - 60) + 1e-9)


def lost(a: Ball, b: Ball) -> float:
    """log2 of the larger error relative to the larger number; inf of zeros that are not exact."""
    error = max(a[1], b[1])
    if error == EXACT:
        return EXACT
    size = max(_size(a[0]), _size(b[0]))
    return error - size if size > EXACT else float("inf")


def text(x: Ball, digits: int) -> str:
    """The number in decimals."""
    return str(libmp.to_str(x[0], digits, strip_zeros=True)).removesuffix(".0")
