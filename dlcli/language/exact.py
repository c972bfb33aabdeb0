"""Exact arithmetic on rational numbers, as far as the results stay short; nothing long is ever computed."""

from __future__ import annotations

import math
from fractions import Fraction

MOST_BITS = 10_000  # of a numerator or denominator that is kept exactly
LARGEST_ROOT = 64  # a**(p/q) is looked for among the rationals up to this q


def bits_of(number: Fraction) -> int:
    """The binary digits of the longer of numerator and denominator."""
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def rational_result(operator: str, a: Fraction, b: Fraction) -> Fraction | None:
    """a + b, a - b, a * b or a / b, or None where it has more digits than are kept."""
    exact = {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__}[operator](b)
    return exact if bits_of(exact) <= MOST_BITS else None


def rational_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base**exponent where it is rational and short, else None; nothing long is computed."""
    if exponent.denominator != 1:
        root = rational_root(base, exponent.denominator)
        return None if root is None else rational_power(root, Fraction(exponent.numerator))
    if base == 0:
        return Fraction(int(exponent == 0))
    if abs(base) == 1:
        return base ** (exponent.numerator % 2)
    if bits_of(base) * abs(exponent) > MOST_BITS:
        return None
    return Fraction(base**exponent.numerator)


def rational_root(number: Fraction, order: int) -> Fraction | None:
    """The rational root of a number, or None."""
    if number < 0 or order > LARGEST_ROOT:
        return None
    terms = [_whole_root(term, order) for term in (number.numerator, number.denominator)]
    found = Fraction(terms[0], terms[1])
    return found if found**order == number else None


def _whole_root(number: int, order: int) -> int:
    """The root, rounded down, by Newton's iteration from above."""
    if order == 2 or number < 2:
        return math.isqrt(number) if order == 2 else number
    guess = 1 << -(-number.bit_length() // order)
    while True:
        better = ((order - 1) * guess + number // guess ** (order - 1)) // order
        if better >= guess:
            return guess
        guess = better
