"""Float64 arrays with a running error bound, so that a textbook formula knows where it has lost its digits.

Running error analysis as in Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.engines.symbolic.numbers import COMPARE
from dlcli.ops.erf import erf
from dlcli.ops.operation import Array

UNIT = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
ACCURATE = 1e-12  # a relative error above this sends the element to 50 digits


@dataclass(frozen=True)
class Bounded:
    """`value` and a bound of its absolute error, arrays of one shape; a bound of inf means: unknown."""

    value: Array
    error: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def doubtful(self) -> Array:
        """Where the relative error may be above ACCURATE, or the value is not finite."""
        good = self.error <= ACCURATE * np.abs(self.value) + 1e6 * TINY
        return ~(good & np.isfinite(self.value))


def exactly(array: Array) -> Bounded:
    """The numbers as they are, without error."""
    return Bounded(array, np.zeros(array.shape))


def _rounded(value: Array, error: Array) -> Bounded:
    """The value of one rounded operation; what is not finite has no bound."""
    total = error + UNIT * np.abs(value) + TINY
    return Bounded(np.asarray(value), np.asarray(np.where(np.isfinite(value) & np.isfinite(total), total, np.inf)))


class BoundedDomain:
    """The arithmetic of `Bounded`; it never warns."""

    def constant(self, number: Any) -> Bounded:
        value = np.asarray(float(number))
        exact = bool(number.is_Rational) and int(number.q) & (int(number.q) - 1) == 0
        return exactly(value) if exact else _rounded(value, np.zeros(()))

    def add(self, a: Bounded, b: Bounded) -> Bounded:
        return _rounded(a.value + b.value, a.error + b.error)

    def multiply(self, a: Bounded, b: Bounded) -> Bounded:
        value = a.value * b.value
        if not a.error.any() and not b.error.any() and _power_of_two(a.value, b.value):
            return Bounded(value, np.zeros(value.shape))
        error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
        return _rounded(value, _nan_to_inf(error))

    def power(self, a: Bounded, exponent: Any) -> Bounded:
        n = float(exponent)
        value = np.sqrt(a.value) if n == 0.5 else np.power(a.value, n)
        relative = _nan_to_inf(np.divide(a.error, np.abs(a.value)))
        relative = np.where(a.error == 0, 0.0, relative)
        grown = np.where(relative < 0.1, 1.2 * abs(n) * relative, np.inf)
        return _rounded(value, _nan_to_inf(np.abs(value) * (grown + 2 * UNIT)))

    def function(self, name: str, x: Any) -> Bounded:
        if name == "power":
            base, exponent = x
            plain = exactly(np.power(base.value, exponent.value))
            exact = (base.error == 0) & (exponent.error == 0)
            return _rounded(plain.value, np.where(exact, 2 * UNIT * np.abs(plain.value), np.inf))
        function, slope = _FUNCTIONS[name]
        value = function(x.value)
        error = np.where(x.error == 0, 0.0, _nan_to_inf(x.error * slope(x.value, value, x.error)))
        return _rounded(value, error + 2 * UNIT * np.abs(value))

    def compare(self, relation: str, a: Bounded, b: Bounded) -> tuple[Array, Array]:
        error = a.error + b.error
        doubtful = ((error > 0) & ~(np.abs(a.value - b.value) > error)) | np.isnan(a.value + b.value)
        return np.asarray(COMPARE[relation](a.value, b.value)), doubtful

    def choose(self, pieces: Sequence[tuple[Array, Bounded]], unknown: Array, shape: tuple[int, ...]) -> Bounded:
        value, error = np.full(shape, np.nan), np.full(shape, np.inf)
        for mask, piece in pieces:
            value[mask], error[mask] = piece.value, piece.error
        error[unknown] = np.inf
        return Bounded(value, error)

    def part(self, x: Bounded, mask: Array, shape: tuple[int, ...]) -> Bounded:
        return Bounded(np.broadcast_to(x.value, shape)[mask], np.broadcast_to(x.error, shape)[mask])


def _power_of_two(*arrays: Array) -> bool:
    """Whether a factor is a single power of two (or 0), so that multiplying by it rounds nothing."""
    return any(a.ndim == 0 and np.frexp(np.abs(a))[0] in (0.0, 0.5) for a in arrays)


def _nan_to_inf(error: Array) -> Array:
    return np.where(np.isnan(error), np.inf, error)


# function, and a bound of |slope| on [x - error, x + error] given (x, f(x), error)
_FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "exp": (np.exp, lambda x, y, e: np.where(e < 1, y * np.exp(e), np.inf)),
    "log": (np.log, lambda x, y, e: np.where(e < 0.5 * np.abs(x), 2 / np.abs(x), np.inf)),
    "tanh": (np.tanh, lambda x, y, e: np.ones_like(x)),
    "sin": (np.sin, lambda x, y, e: np.ones_like(x)),
    "cos": (np.cos, lambda x, y, e: np.ones_like(x)),
    "erf": (erf, lambda x, y, e: np.full_like(x, 1.13)),
    "abs": (np.abs, lambda x, y, e: np.ones_like(x)),
    "sign": (np.sign, lambda x, y, e: np.where(e < np.abs(x), 0.0, np.inf)),
    "sinh": (np.sinh, lambda x, y, e: np.where(e < 1, np.cosh(x) * np.exp(e), np.inf)),
    "cosh": (np.cosh, lambda x, y, e: np.where(e < 1, np.cosh(x) * np.exp(e), np.inf)),
}
