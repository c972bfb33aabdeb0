"""Dual numbers over arrays: a value and its derivatives in several directions; arithmetic and shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Dual:
    """value: an array of shape s; tangent: (directions, *s), the derivative of the value in each direction.

    margin is the distance from the nearest kink (or tie) met on the way to this value, inf without any.
    """

    value: Array
    tangent: Array
    margin: float = math.inf
    __array_ufunc__ = None  # an array on the left leaves the operator to the dual number

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def directions(self) -> int:
        return int(self.tangent.shape[0])

    def __add__(self, other: Any) -> Dual:
        other = lift(other, self)
        return _join(self.value + other.value, (self, 1.0), (other, 1.0))

    def __sub__(self, other: Any) -> Dual:
        other = lift(other, self)
        return _join(self.value - other.value, (self, 1.0), (other, -1.0))

    def __mul__(self, other: Any) -> Dual:
        other = lift(other, self)
        return _join(self.value * other.value, (self, other.value), (other, self.value))

    def __truediv__(self, other: Any) -> Dual:
        other = lift(other, self)
        quotient = self.value / other.value
        return _join(quotient, (self, 1 / other.value), (other, -quotient / other.value))

    def __pow__(self, other: Any) -> Dual:
        """d(u^v) = v u^(v - 1) du + u^v ln(u) dv; for a constant exponent only the first term (any base)."""
        if not isinstance(other, Dual):
            exponent = np.asarray(other, dtype=float)
            return _join(self.value**exponent, (self, exponent * self.value ** (exponent - 1)))
        power = self.value**other.value
        by_base = other.value * self.value ** (other.value - 1)
        return _join(power, (self, by_base), (other, power * np.log(self.value)))

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent, self.margin)

    def __radd__(self, other: Any) -> Dual:
        return lift(other, self) + self

    def __rsub__(self, other: Any) -> Dual:
        return lift(other, self) - self

    def __rmul__(self, other: Any) -> Dual:
        return lift(other, self) * self

    def __rtruediv__(self, other: Any) -> Dual:
        return lift(other, self) / self

    def __rpow__(self, other: Any) -> Dual:
        return lift(other, self) ** self

    def __matmul__(self, other: Any) -> Dual:
        """Vectors and matrices: d(A B) = dA B + A dB."""
        other = lift(other, self)
        left, right = ("ik"[2 - self.ndim :], "kj"[: other.ndim])
        out = (left + right).replace("k", "")
        tangent = np.einsum(f"d{left},{right}->d{out}", self.tangent, other.value)
        tangent = tangent + np.einsum(f"{left},d{right}->d{out}", self.value, other.tangent)
        return Dual(np.asarray(self.value @ other.value), tangent, min(self.margin, other.margin))

    def __rmatmul__(self, other: Any) -> Dual:
        return lift(other, self) @ self

    def __getitem__(self, key: Any) -> Dual:
        key = key if isinstance(key, tuple) else (key,)
        return Dual(np.asarray(self.value[key]), self.tangent[(slice(None), *key)], self.margin)

    @property
    def T(self) -> Dual:  # noqa: N802
        axes = tuple(reversed(range(self.ndim)))
        return transpose(self, axes)


def lift(value: Any, like: Dual) -> Dual:
    """A constant as a dual number of as many directions as `like`; a dual number stays itself."""
    return value if isinstance(value, Dual) else constant(value, like.directions)


def constant(value: Any, directions: int) -> Dual:
    """A value that moves in no direction."""
    array = np.asarray(value, dtype=float)
    return Dual(array, np.zeros((directions, *array.shape)))


def variables(values: Sequence[Any]) -> list[Dual]:
    """Independent variables: one direction an entry, counted through all the arrays in order."""
    arrays = [np.asarray(value, dtype=float) for value in values]
    directions = sum(array.size for array in arrays)
    seeds = np.eye(directions)
    found, start = [], 0
    for array in arrays:
        columns = seeds[:, start : start + array.size]
        found.append(Dual(array, columns.reshape(directions, *array.shape)))
        start += array.size
    return found


def gradients(scalar: Dual, like: Sequence[Dual]) -> list[Array]:
    """The derivatives of a scalar by the `variables` it was computed from, each in its variable's shape."""
    found, start = [], 0
    for variable in like:
        size = variable.value.size
        found.append(scalar.tangent[start : start + size].reshape(variable.shape))
        start += size
    return found


def _join(value: Array, *terms: tuple[Dual, Any]) -> Dual:
    """The dual number of an element-wise function; a term is an operand and the partial derivative by it."""
    value = np.asarray(value)
    total = np.zeros((terms[0][0].directions, *value.shape))
    for operand, slope in terms:
        missing = (1,) * (value.ndim - operand.ndim)
        total = total + np.asarray(slope) * operand.tangent.reshape(-1, *missing, *operand.shape)
    return Dual(value, total, min(operand.margin for operand, _ in terms))


def elementwise(x: Dual, value: Any, slope: Any, distance: Any = math.inf) -> Dual:
    """f(x) entry by entry, from its value, its derivative, and how far each entry is from a kink of f."""
    result = _join(np.asarray(value), (x, slope))
    return Dual(result.value, result.tangent, min(x.margin, float(np.min(np.abs(distance)))))


def select(condition: Any, a: Any, b: Any, distance: Any = math.inf) -> Dual:
    """a where the condition holds, b elsewhere."""
    like = a if isinstance(a, Dual) else b
    chosen = np.asarray(condition, dtype=float)
    a, b = lift(a, like), lift(b, like)
    result = _join(np.where(condition, a.value, b.value), (a, chosen), (b, 1 - chosen))
    return Dual(result.value, result.tangent, min(result.margin, float(np.min(np.abs(distance)))))


def transpose(x: Dual, axes: tuple[int, ...]) -> Dual:
    moved = (0, *(1 + axis % x.ndim for axis in axes))
    return Dual(np.transpose(x.value, axes), np.transpose(x.tangent, moved), x.margin)


def reshape(x: Dual, shape: tuple[int, ...]) -> Dual:
    value = np.reshape(x.value, shape)
    return Dual(value, x.tangent.reshape(x.directions, *value.shape), x.margin)


def flatten(x: Dual) -> Dual:
    return reshape(x, (-1,))


def concat(parts: Sequence[Dual], axis: int = 0) -> Dual:
    axis %= parts[0].ndim
    value = np.concatenate([part.value for part in parts], axis=axis)
    tangent = np.concatenate([part.tangent for part in parts], axis=axis + 1)
    return Dual(value, tangent, min(part.margin for part in parts))


def stack(parts: Sequence[Dual], axis: int = 0) -> Dual:
    axis %= parts[0].ndim + 1
    value = np.stack([part.value for part in parts], axis=axis)
    tangent = np.stack([part.tangent for part in parts], axis=axis + 1)
    return Dual(value, tangent, min(part.margin for part in parts))


def outer(a: Dual, b: Dual) -> Dual:
    """a_i b_j of two vectors."""
    return reshape(a, (-1, 1)) * reshape(b, (1, -1))


def dot(a: Dual, b: Dual) -> Dual:
    """As numpy.dot of vectors and matrices, which is @."""
    return a @ b


def take(x: Dual, rows: Any) -> Dual:
    """The rows of x with these numbers."""
    return x[np.asarray(rows, dtype=int)]


def pick(p: Dual, classes: Any) -> Dual:
    """p[i, y_i] of each sample i; of a vector the entry y."""
    numbers = np.asarray(classes, dtype=int)
    if p.ndim == 1:
        return p[int(numbers)]
    return p[np.arange(p.shape[0]), numbers]


def onehot(classes: Any, n: int) -> Array:
    """A row of the identity matrix for each class number."""
    rows: Array = np.eye(n)[np.asarray(classes, dtype=int)]
    return rows
