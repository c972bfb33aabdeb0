"""Losses of dual numbers, one sample at a time as textbooks write them, then averaged or summed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.oracle.dual import Dual, flatten, lift, pick, reshape, select, stack
from tests.oracle.functions import (
    absolute,
    log,
    log_softmax,
    maximum,
    mean,
    relu,
    softplus,
    square,
    sum_,
    xlogy,
)

Reduction = str  # "mean", "sum" or "none"


def squared_error(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    p, y = _alike(p, y)
    return _over_samples(lambda q, t: sum_(square(q - t)), p, y, reduction)


def half_squared_error(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    return 0.5 * squared_error(p, y, reduction)


def cross_entropy(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    """-sum_k y_k ln p_k, or -ln p_y of a class number y."""
    if _has_class_numbers(p, y):
        return _over_classes(lambda q, k: -log(pick(q, k)), p, y, reduction)
    return _over_samples(lambda q, t: -sum_(xlogy(t, q)), p, lift(y, p), reduction)


def softmax_cross_entropy(z: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    if _has_class_numbers(z, y):
        return _over_classes(lambda q, k: -pick(log_softmax(q), k), z, y, reduction)
    return _over_samples(lambda q, t: -sum_(t * log_softmax(q)), z, lift(y, z), reduction)


def multiclass_hinge(s: Dual, y: Any, margin: float = 1.0, reduction: Reduction = "mean") -> Dual:
    """sum over j != y of max(0, s_j - s_y + margin)."""

    def one(scores: Dual, k: int) -> Dual:
        others = [j for j in range(scores.shape[0]) if j != k]
        return sum_(stack([relu(scores[j] - scores[k] + margin) for j in others]))

    return _over_classes(one, s, y, reduction)


def kl_divergence(q: Dual, p: Any, reduction: Reduction = "mean") -> Dual:
    """sum p ln(p/q): the prediction q first."""
    return _over_samples(lambda b, a: sum_(xlogy(a, a) - xlogy(a, b)), q, lift(p, q), reduction)


def mse(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    p, y = _alike(p, y)
    return _reduced(square(p - y), reduction)


def mae(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    p, y = _alike(p, y)
    return _reduced(absolute(p - y), reduction)


def huber(p: Dual, y: Any, delta: float = 1.0, reduction: Reduction = "mean") -> Dual:
    p, y = _alike(p, y)
    error = p - y
    inside = np.abs(error.value) <= delta
    outside = delta * (select(error.value > 0, error, -error) - delta / 2)
    return _reduced(select(inside, 0.5 * square(error), outside), reduction)


def bce(p: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    p, y = _alike(p, y)
    return _reduced(-(xlogy(y, p) + xlogy(1 - y, 1 - p)), reduction)


def bce_with_logits(z: Dual, y: Any, reduction: Reduction = "mean") -> Dual:
    """-(y ln s + (1 - y) ln(1 - s)) with s = sigmoid(z): softplus(z) - y z."""
    z, y = _alike(z, y)
    return _reduced(softplus(z) - y * z, reduction)


def hinge(s: Dual, y: Any, margin: float = 1.0, reduction: Reduction = "mean") -> Dual:
    s, y = _alike(s, y)
    return _reduced(maximum(0.0 * s, margin - y * s), reduction)


def _alike(p: Dual, y: Any) -> tuple[Dual, Dual]:
    """p and y in one shape: a trailing axis of size 1 may be missing in one of them."""
    y = lift(y, p)
    if p.ndim == y.ndim + 1:
        y = reshape(y, (*y.shape, 1))
    elif y.ndim == p.ndim + 1:
        p = reshape(p, (*p.shape, 1))
    if p.shape != y.shape:
        raise ValueError(f"prediction {p.shape} and target {y.shape} differ")
    return p, y


def _has_class_numbers(p: Dual, y: Any) -> bool:
    return (y.ndim if isinstance(y, Dual) else np.ndim(y)) == p.ndim - 1


def _over_samples(one: Callable[[Dual, Dual], Dual], p: Dual, y: Dual, reduction: Reduction) -> Dual:
    if p.ndim < 2:
        return one(p, y)
    rows, targets = reshape(p, (-1, p.shape[-1])), reshape(y, (-1, y.shape[-1]))
    samples = [one(rows[i], targets[i]) for i in range(rows.shape[0])]
    return _reduced(reshape(stack(samples), p.shape[:-1]), reduction)


def _over_classes(one: Callable[[Dual, int], Dual], p: Dual, y: Any, reduction: Reduction) -> Dual:
    numbers = np.asarray(y.value if isinstance(y, Dual) else y, dtype=int)
    if p.ndim == 1:
        return one(p, int(numbers))
    rows = reshape(p, (-1, p.shape[-1]))
    samples = [one(rows[i], int(k)) for i, k in enumerate(numbers.ravel())]
    return _reduced(reshape(stack(samples), p.shape[:-1]), reduction)


def _reduced(each: Dual, reduction: Reduction) -> Dual:
    if reduction == "none":
        return each
    return mean(flatten(each)) if reduction == "mean" else sum_(each)
