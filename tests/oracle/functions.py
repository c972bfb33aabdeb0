"""Element-wise functions, activations and reductions of dual numbers, from the textbook's formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.oracle.dual import Array, Dual, elementwise, lift, select, transpose

Axis = int | tuple[int, ...] | None


def exp(x: Dual) -> Dual:
    return elementwise(x, np.exp(x.value), np.exp(x.value))


def log(x: Dual) -> Dual:
    return elementwise(x, np.log(x.value), 1 / x.value)


def sqrt(x: Dual) -> Dual:
    return elementwise(x, np.sqrt(x.value), 0.5 / np.sqrt(x.value))


def absolute(x: Dual) -> Dual:
    return elementwise(x, np.abs(x.value), np.sign(x.value), x.value)


def sign(x: Dual) -> Dual:
    return elementwise(x, np.sign(x.value), 0.0, x.value)


def sin(x: Dual) -> Dual:
    return elementwise(x, np.sin(x.value), np.cos(x.value))


def cos(x: Dual) -> Dual:
    return elementwise(x, np.cos(x.value), -np.sin(x.value))


def erf(x: Dual) -> Dual:
    """d erf(x)/dx = 2/sqrt(pi) exp(-x^2)."""
    value = np.vectorize(math.erf, otypes=[float])(x.value)
    return elementwise(x, value, 2 / math.sqrt(math.pi) * np.exp(-(x.value**2)))


def square(x: Dual) -> Dual:
    return elementwise(x, x.value**2, 2 * x.value)


def reciprocal(x: Dual) -> Dual:
    return elementwise(x, 1 / x.value, -1 / x.value**2)


def clip(x: Dual, lo: float, hi: float) -> Dual:
    """Slope 1 on the bounds too."""
    inside = (x.value >= lo) & (x.value <= hi)
    distance = np.minimum(np.abs(x.value - lo), np.abs(x.value - hi))
    return elementwise(x, np.clip(x.value, lo, hi), inside.astype(float), distance)


def maximum(a: Any, b: Any) -> Dual:
    """The first of equals carries the slope."""
    like = a if isinstance(a, Dual) else b
    a, b = lift(a, like), lift(b, like)
    return select(a.value >= b.value, a, b, a.value - b.value)


def minimum(a: Any, b: Any) -> Dual:
    like = a if isinstance(a, Dual) else b
    a, b = lift(a, like), lift(b, like)
    return select(a.value <= b.value, a, b, a.value - b.value)


def xlogy(y: Any, p: Dual) -> Dual:
    """y ln p, with 0 ln 0 = 0 and no slope by p where y is 0."""
    weight: Dual = lift(y, p)
    return weight * log(select(weight.value == 0, 1.0, p))


def stop_gradient(x: Dual) -> Dual:
    return Dual(x.value, np.zeros_like(x.tangent))


def sigmoid(x: Dual) -> Dual:
    """s = 1/(1 + exp(-x)), s' = s (1 - s) = s(x) s(-x)."""
    value = 0.5 * (1 + np.tanh(x.value / 2))
    return elementwise(x, value, value * 0.5 * (1 + np.tanh(-x.value / 2)))


def tanh(x: Dual) -> Dual:
    return elementwise(x, np.tanh(x.value), 1 / np.cosh(x.value) ** 2)


def relu(x: Dual) -> Dual:
    return leaky_relu(x, 0.0)


def leaky_relu(x: Dual, slope: float = 0.01) -> Dual:
    right = x.value > 0
    return elementwise(x, np.where(right, x.value, slope * x.value), np.where(right, 1.0, slope), x.value)


def softplus(x: Dual) -> Dual:
    """ln(1 + exp(x)), whose slope is the logistic function."""
    value = np.maximum(x.value, 0) + np.log1p(np.exp(-np.abs(x.value)))
    return elementwise(x, value, 0.5 * (1 + np.tanh(x.value / 2)))


def softmax(x: Dual, axis: int = -1, temperature: float = 1.0) -> Dual:
    """exp(x_k/T) / sum_j exp(x_j/T); the largest entry is subtracted first, as a constant."""
    scaled = x / temperature
    raised = exp(scaled - np.max(scaled.value, axis=axis, keepdims=True))
    return raised / sum_(raised, axis, keepdims=True)


def log_softmax(x: Dual, axis: int = -1) -> Dual:
    return x - logsumexp(x, axis, keepdims=True)


def sum_(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    axes = _axes(x, axis)
    value = np.sum(x.value, axis=axes, keepdims=keepdims)
    tangent = np.sum(x.tangent, axis=tuple(1 + a for a in axes), keepdims=keepdims)
    return Dual(np.asarray(value), tangent, x.margin)


def mean(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    return sum_(x, axis, keepdims) / _count(x, axis)


def var(x: Dual, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Dual:
    """The mean of the squared distances from the mean, over n - ddof."""
    centred = x - mean(x, axis, keepdims=True)
    return sum_(square(centred), axis, keepdims) / (_count(x, axis) - ddof)


def std(x: Dual, axis: Axis = None, keepdims: bool = False, ddof: int = 0) -> Dual:
    return sqrt(var(x, axis, keepdims, ddof))


def norm(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    return sqrt(sum_(square(x), axis, keepdims))


def logsumexp(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    largest: Array = np.max(x.value, axis=_axes(x, axis), keepdims=True)
    total = log(sum_(exp(x - largest), axis, keepdims))
    return total + (largest if keepdims else largest.reshape(total.shape))


def max_(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    return _extreme(x, axis, keepdims, 1.0)


def min_(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    return _extreme(x, axis, keepdims, -1.0)


def prod(x: Dual, axis: Axis = None, keepdims: bool = False) -> Dual:
    """d(x_1 … x_n) = sum_i dx_i prod_(j != i) x_j."""
    last = _reduced_last(x, axis)
    others = np.stack([np.prod(np.delete(last.value, i, axis=-1), axis=-1) for i in range(last.shape[-1])], axis=-1)
    result = Dual(np.prod(last.value, axis=-1), np.sum(others * last.tangent, axis=-1), x.margin)
    return _kept(result, x, axis, keepdims)


def argmax(x: Dual, axis: int | None = None) -> Array:
    return np.asarray(np.argmax(x.value, axis=axis))


def l1(w: Dual) -> Dual:
    return sum_(absolute(w))


def l2(w: Dual) -> Dual:
    return sum_(square(w))


def _extreme(x: Dual, axis: Axis, keepdims: bool, side: float) -> Dual:
    last = _reduced_last(x, axis)
    which = np.argmax(side * last.value, axis=-1)[..., None]
    value = np.take_along_axis(last.value, which, axis=-1)[..., 0]
    where = np.broadcast_to(which, (last.directions, *which.shape))
    tangent = np.take_along_axis(last.tangent, where, axis=-1)[..., 0]
    ordered = np.sort(side * last.value, axis=-1)
    gap = float(np.min(ordered[..., -1] - ordered[..., -2])) if last.shape[-1] > 1 else math.inf
    return _kept(Dual(value, tangent, min(x.margin, gap)), x, axis, keepdims)


def _axes(x: Dual, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return tuple(a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _count(x: Dual, axis: Axis) -> int:
    return math.prod(x.shape[a] for a in _axes(x, axis))


def _reduced_last(x: Dual, axis: Axis) -> Dual:
    """x with the reduced axes joined into a last one."""
    axes = _axes(x, axis)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    moved = transpose(x, kept + axes)
    shape = (*(x.shape[a] for a in kept), _count(x, axis))
    return Dual(moved.value.reshape(shape), moved.tangent.reshape(x.directions, *shape), x.margin)


def _kept(result: Dual, x: Dual, axis: Axis, keepdims: bool) -> Dual:
    """The result of a reduction over `axis` of x, with axes of size 1 put back where they are kept."""
    if not keepdims:
        return result
    shape = tuple(1 if a in _axes(x, axis) else size for a, size in enumerate(x.shape))
    return Dual(result.value.reshape(shape), result.tangent.reshape(-1, *shape), result.margin)
