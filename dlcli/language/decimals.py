"""Elementary functions of 60-digit decimals, so that the float64 of a constant is the nearest one.

Overflow and undefined values come back as infinite or not-a-number decimals; nothing is raised. Every
step names its context: operators, `abs` and a minus sign would round to the 28 digits of the thread's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

DIGITS = 60
LARGEST_ANGLE = 400  # sin and cos of more than ten to this power are not a number
_NOISE = Decimal(10) ** -50
_NAN = Decimal("nan")


def _context(digits: int) -> Context:
    return Context(prec=digits, Emax=999_999, Emin=-999_999, traps=[])


_ROUNDED = _context(DIGITS)


def decimal_of(number: Fraction) -> Decimal:
    """The rational, rounded to 60 digits."""
    return _ROUNDED.divide(Decimal(number.numerator), Decimal(number.denominator))


def combine(operator: str, a: Decimal, b: Decimal) -> Decimal:
    """a + b, a - b, a * b, a / b or a ** b; a sum that is 50 digits shorter than its terms is 0."""
    match operator:
        case "+" | "-":
            total = _ROUNDED.add(a, b) if operator == "+" else _ROUNDED.subtract(a, b)
            return _without_noise(total, max(a.copy_abs(), b.copy_abs()))
        case "*":
            return _ROUNDED.multiply(a, b)
        case "/":
            return _ROUNDED.divide(a, b)
        case _:
            return _ROUNDED.power(a, b)


def pi() -> Decimal:
    """Pi to 60 digits."""
    return _ROUNDED.plus(_pi(DIGITS))


def sin(x: Decimal) -> Decimal:
    """The sine of an angle in radians."""
    return _circular(x, 0)


def cos(x: Decimal) -> Decimal:
    """The cosine of an angle in radians."""
    return _circular(x, 1)


def tanh(x: Decimal) -> Decimal:
    """The hyperbolic tangent, to 60 digits near 0 as well."""
    if x == 0 or x.adjusted() < -DIGITS:
        return x
    if x.copy_abs() > 2 * DIGITS:
        return Decimal(1).copy_sign(x)
    working = _context(2 * DIGITS + 10)
    square = working.exp(working.multiply(x, Decimal(2)))
    quotient = working.divide(working.subtract(square, Decimal(1)), working.add(square, Decimal(1)))
    return _ROUNDED.plus(quotient)


FUNCTIONS: Mapping[str, Callable[[Decimal], Decimal]] = {
    "sqrt": _ROUNDED.sqrt,
    "exp": _ROUNDED.exp,
    "log": _ROUNDED.ln,
    "ln": _ROUNDED.ln,
    "sin": sin,
    "cos": cos,
    "tanh": tanh,
    "abs": Decimal.copy_abs,
}


def _without_noise(value: Decimal, scale: Decimal) -> Decimal:
    if not value.is_finite():
        return value
    return Decimal(0) if value.copy_abs() <= _ROUNDED.multiply(scale, _NOISE) else value


def _circular(x: Decimal, quarter: int) -> Decimal:
    """sin(x + quarter*pi/2), by its Taylor series at the angle left over from the nearest quarter turn."""
    size = max(x.adjusted(), 0)
    if not x.is_finite() or size > LARGEST_ANGLE:
        return _NAN
    working = _context(DIGITS + size + 10)
    right_angle = working.divide(_pi(DIGITS + size + 10), Decimal(2))
    turns = working.divide(x, right_angle).to_integral_value(context=working)
    angle = working.subtract(x, working.multiply(turns, right_angle))
    quadrant = (int(turns) + quarter) % 4
    term = Decimal(1) if quadrant % 2 else angle
    total, square = Decimal(0), working.multiply(angle, angle)
    smallest = term.copy_abs().scaleb(-DIGITS - 5, context=working)
    order = 0 if quadrant % 2 else 1
    while term.copy_abs() > smallest:
        total = working.add(total, term)
        order += 2
        term = working.divide(working.multiply(term, square), Decimal(-order * (order - 1)))
    signed = total.copy_negate() if quadrant >= 2 else total
    return _without_noise(_ROUNDED.plus(signed), min(x.copy_abs(), Decimal(1)))


@lru_cache(maxsize=8)
def _pi(digits: int) -> Decimal:
    """Pi by John Machin's formula (1706), 16 arctan(1/5) - 4 arctan(1/239)."""
    unit: int = 10 ** (digits + 10)

    def arctan_of_one_over(n: int) -> int:
        total = power = unit // n
        divisor = 1
        while power:
            power //= -n * n
            divisor += 2
            total += power // divisor
        return total

    scaled = Decimal(16 * arctan_of_one_over(5) - 4 * arctan_of_one_over(239))
    return scaled.scaleb(-digits - 10, context=_context(digits + 5))
