"""Numbers as people read them: significant digits, equal things look equal, aligned at the decimal point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

SURE_DIGITS = 15  # decimal digits that every float64 carries: values that agree in them are printed alike


def number(value: float, digits: int) -> str:
    """`value` with so many significant digits, no trailing zeros; zeros of either sign are `0`."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if digits < SURE_DIGITS:
        value = float(f"{value:.{SURE_DIGITS}g}")
    return _short(f"{value:.{digits}g}")


def magnitude(value: float) -> str:
    """An error or a bound with two significant digits: `3.1e-13`."""
    if not math.isfinite(value) or value == 0:
        return number(value, 2)
    return _short(f"{value:.1e}" if abs(value) < 1e-2 or abs(value) >= 100 else f"{value:.2g}")


def _short(text: str) -> str:
    mantissa, mark, exponent = text.partition("e")
    if mark:
        return f"{mantissa}e{int(exponent)}"
    return "0" if mantissa in ("-0", "0") else mantissa


def aligned(texts: Iterable[str]) -> list[str]:
    """The texts padded to one width with their decimal points below each other; others end at the point."""
    parts = [_at_point(text) for text in texts]
    left = max((len(whole) for whole, _ in parts), default=0)
    right = max((len(rest) for _, rest in parts), default=0)
    return [whole.rjust(left) + rest.ljust(right) for whole, rest in parts]


def _at_point(text: str) -> tuple[str, str]:
    if text.lstrip("-")[:1].isdigit() and "/" not in text:
        for mark in ".e":
            whole, found, rest = text.partition(mark)
            if found:
                return whole, found + rest
    return text, ""


def aligned_pairs(pairs: Sequence[tuple[str, str]], between: str) -> list[str]:
    """`value ± bar` with both parts aligned; without a bar the value alone."""
    firsts, seconds = aligned(a for a, _ in pairs), aligned(b for _, b in pairs)
    return [
        f"{first}{between}{second}" if bar else first + " " * (len(between) + len(second))
        for first, second, (_, bar) in zip(firsts, seconds, pairs, strict=True)
    ]


def reads_as(printed: str, exact: str) -> bool:
    """Whether a printed decimal is an exact number itself: 2.5 is 5/2, 0.333333 is not 1/3."""
    if printed == exact:
        return True
    return is_plain(exact) and printed.lstrip("-")[:1].isdigit() and Fraction(printed) == Fraction(exact)


def is_plain(text: str) -> bool:
    """Whether an exact text is a whole number or a fraction, with nothing to evaluate."""
    return text.lstrip("-").replace("/", "", 1).isdigit()
