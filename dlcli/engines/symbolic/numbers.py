"""Numbers of 50 digits and closed forms: NumPy object arrays of mpmath numbers or of short SymPy expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from dlcli.ops.operation import Array

DIGITS = 50
MANY_DIGITS = 800  # for disputed gradients: 1 - p at a logit gap of 700 loses 304 digits, a product of two 608
LARGEST_FORM = 50  # nodes of a closed form that is still worth reading
LARGEST_RATIONAL = 96  # bits of numerator and denominator that are still worth reading

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def objects(values: Iterable[Any], shape: tuple[int, ...]) -> Array:
    """An object array of this shape holding the values in order."""
    array = np.empty(shape, dtype=object)
    array.reshape(-1)[:] = list(values)
    return array


class ObjectDomain:
    """What both kinds of object arrays share; `number` converts, `functions` computes one element."""

    def __init__(self, number: Callable[[Any], Any], functions: Callable[[str], Callable[..., Any]]) -> None:
        self.number, self._functions = number, functions

    def constant(self, number: Any) -> Array:
        return objects([self.number(number)], ())

    def add(self, a: Array, b: Array) -> Array:
        return np.asarray(np.add(a, b), dtype=object)

    def multiply(self, a: Array, b: Array) -> Array:
        return np.asarray(np.multiply(a, b), dtype=object)

    def power(self, a: Array, exponent: Any) -> Array:
        return self._map(self._functions("power"), a, self.constant(exponent))

    def function(self, name: str, x: Any) -> Array:
        return self._map(self._functions(name), *(x if isinstance(x, tuple) else (x,)))

    def _map(self, function: Callable[..., Any], *arrays: Array) -> Array:
        return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=object)

    def compare(self, relation: str, a: Array, b: Array) -> tuple[Array, Array]:
        decide = self._functions("compare")
        answers = self._map(lambda x, y: decide(relation, x, y), a, b)
        doubtful = np.array([answer is None for answer in answers.ravel()]).reshape(answers.shape)
        return np.where(doubtful, False, answers).astype(bool), doubtful

    def choose(self, pieces: Sequence[tuple[Array, Array]], unknown: Array, shape: tuple[int, ...]) -> Array:
        result = np.full(shape, self._functions("unknown")(), dtype=object)
        for mask, piece in pieces:
            result[mask] = np.broadcast_to(piece, (int(mask.sum()),))
        if unknown.any():
            result[unknown] = self._functions("unknown")()
        return result

    def part(self, x: Array, mask: Array, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(x, shape)[mask]


# Numbers of 50 digits


@cache
def _context() -> Any:
    context = mpmath.MPContext()
    context.dps = DIGITS
    return context


@contextmanager
def more_digits(digits: int) -> Iterator[None]:
    """Within it numbers of `mp_number` carry this many digits."""
    context = _context()
    before, context.dps = context.dps, digits
    try:
        yield
    finally:
        context.dps = before


def mp_number(number: Any) -> Any:
    """An mpmath number from a float, a Fraction, an int or a SymPy number."""
    context = _context()
    if isinstance(number, float):
        return context.mpf(number)
    if isinstance(number, Fraction):
        return context.mpf(number.numerator) / number.denominator
    if isinstance(number, int):
        return context.mpf(number)
    if number.is_Rational:
        return context.mpf(int(number.p)) / int(number.q)
    if number.is_infinite:
        return context.inf if number.is_positive else -context.inf
    return context.mpf(number._to_mpmath(context.prec + 10))


def _mp_log(x: Any) -> Any:
    context = _context()
    if x == 0:
        return -context.inf
    return context.nan if x < 0 else context.log(x)


def _mp_power(base: Any, exponent: Any) -> Any:
    context = _context()
    if base == 0 and exponent < 0:
        return context.inf
    if base < 0 and exponent != int(exponent):
        return context.nan
    return base ** (int(exponent) if context.isint(exponent) else exponent)


def _mp_compare(relation: str, a: Any, b: Any) -> bool | None:
    context = _context()
    return None if context.isnan(a) or context.isnan(b) else COMPARE[relation](a, b)


@cache
def _mp_function(name: str) -> Callable[..., Any]:
    context = _context()
    own: dict[str, Callable[..., Any]] = {
        "log": _mp_log,
        "power": _mp_power,
        "compare": _mp_compare,
        "unknown": lambda: context.nan,
        "abs": abs,
        "sign": context.sign,
    }
    return own[name] if name in own else getattr(context, name)


def mp_domain() -> ObjectDomain:
    """Arrays of mpmath numbers of 50 digits."""
    return ObjectDomain(mp_number, _mp_function)


def from_floats(array: Array) -> Array:
    """The same numbers, exactly, with 50 digits behind them."""
    return objects((mp_number(float(v)) for v in array.ravel()), array.shape)


def to_floats(array: Array) -> Array:
    """The nearest float64 of each number."""
    flat = [float(v) for v in array.ravel()]
    return np.array(flat, dtype=np.float64).reshape(array.shape)


# Closed forms


class UndecidedError(Exception):
    """A closed form that got too long was compared or used as a position."""


class Closed:
    """A short SymPy number, or None where it got too long: None absorbs everything but an exact 0.

    Comparisons and conversions, which operations without slope make, raise UndecidedError of None.
    """

    __slots__ = ("form",)

    def __init__(self, form: Any) -> None:
        self.form = form

    def __radd__(self, zero: int) -> Closed:
        """0 + form: how NumPy starts a sum."""
        return self if zero == 0 else closed_number(zero) + self

    def __add__(self, other: Closed) -> Closed:
        if self.form is None or other.form is None:
            return UNKNOWN
        return closed(self.form + other.form)

    def __mul__(self, other: Closed) -> Closed:
        a, b = self.form, other.form
        if (a is not None and a.is_zero) or (b is not None and b.is_zero):
            return Closed(sp.S.Zero)
        return UNKNOWN if a is None or b is None else closed(a * b)

    def __neg__(self) -> Closed:
        return self * closed_number(-1)

    def __float__(self) -> float:
        if self.form is None:
            raise UndecidedError
        return float(self.form)

    def __round__(self) -> int:
        return round(float(self))

    def __int__(self) -> int:
        return int(float(self))

    def __bool__(self) -> bool:
        return self != 0

    def __gt__(self, other: object) -> bool:
        return self._compare(">", other)

    def __ge__(self, other: object) -> bool:
        return self._compare(">=", other)

    def __lt__(self, other: object) -> bool:
        return self._compare("<", other)

    def __le__(self, other: object) -> bool:
        return self._compare("<=", other)

    def __eq__(self, other: object) -> bool:
        return self._compare("==", other)

    def __ne__(self, other: object) -> bool:
        return self._compare("!=", other)

    __hash__ = None  # type: ignore[assignment]

    def _compare(self, relation: str, other: object) -> bool:
        decided = _closed_compare(relation, self, closed_number(other))
        if decided is None:
            raise UndecidedError
        return decided


UNKNOWN = Closed(None)


def closed(form: Any) -> Closed:
    """The form where it is finite and short enough to be read, else UNKNOWN."""
    if form.is_Rational:
        return Closed(form) if max(int(form.p).bit_length(), int(form.q).bit_length()) <= LARGEST_RATIONAL else UNKNOWN
    if form in (sp.nan, sp.zoo, sp.oo, -sp.oo) or form.is_real is False:
        return UNKNOWN
    size = sum(1 for _, _ in zip(range(LARGEST_FORM), sp.preorder_traversal(form), strict=False))
    return Closed(form) if size < LARGEST_FORM else UNKNOWN


def closed_number(number: Any) -> Closed:
    """A closed form from a Fraction, a float (exactly), an int or a SymPy number."""
    if isinstance(number, Closed):
        return number
    if isinstance(number, float):
        number = Fraction(number)
    if isinstance(number, Fraction):
        number = sp.Rational(number.numerator, number.denominator)
    return closed(sp.Integer(number) if isinstance(number, int) else number)


def _closed_compare(relation: str, a: Closed, b: Closed) -> bool | None:
    """Decided exactly for rationals, at 50 digits otherwise."""
    if a.form is None or b.form is None:
        return None
    difference = a.form - b.form
    if not difference.is_Rational:
        numeric = difference.evalf(DIGITS)
        if not numeric.is_Float:
            return None
        difference = sp.S.Zero if abs(numeric) < sp.Rational(1, 10**40) else numeric
    return bool(COMPARE[relation](difference, 0))


_CLOSED: dict[str, Callable[[Any], Any]] = {
    "exp": sp.exp,
    "log": sp.log,
    "tanh": sp.tanh,
    "sin": sp.sin,
    "cos": sp.cos,
    "erf": sp.erf,
    "abs": sp.Abs,
    "sign": sp.sign,
    "cosh": sp.cosh,
    "sinh": sp.sinh,
}


@cache
def _closed_function(name: str) -> Callable[..., Any]:
    if name == "compare":
        return _closed_compare
    if name == "unknown":
        return lambda: UNKNOWN
    if name == "power":
        return _closed_power
    function = _CLOSED[name]
    return lambda x: UNKNOWN if x.form is None else closed(function(x.form))


def _closed_power(base: Closed, exponent: Closed) -> Closed:
    if base.form is None or exponent.form is None or abs(exponent.form) > 1000:
        return UNKNOWN
    return closed(base.form**exponent.form)


def closed_domain() -> ObjectDomain:
    """Arrays of closed forms."""
    return ObjectDomain(closed_number, _closed_function)
