"""What an array's own values promise, and arrays drawn anew that keep it: shares, one-hot slices, symmetry, masks."""

from __future__ import annotations

import numpy as np

from dlcli.ops.operation import Array

LEAST_SHARE = 0.05  # added to each weight of a drawn slice, before it is divided by its sum


def is_whole(value: Array) -> bool:
    """Whether all entries are whole numbers."""
    return bool(np.all(value == np.trunc(value)))


def is_binary(value: Array) -> bool:
    """Whether all entries are 0 or 1."""
    return bool(np.isin(value, (0.0, 1.0)).all())


def is_symmetric(value: Array) -> bool:
    """Whether it is a square matrix, of more than one entry, equal to its transpose."""
    return value.ndim == 2 and value.size > 1 and np.array_equal(value, value.T)


def is_triangle(value: Array) -> bool:
    """Whether it is the mask of a causal order: ones on one side of the diagonal, or of a neighbour, zeros beyond."""
    if value.ndim != 2 or value.shape[0] != value.shape[1] or value.size == 1:
        return False
    ones = np.ones(value.shape)
    return any(np.array_equal(value, part(ones, k)) for part in (np.tril, np.triu) for k in (-1, 0, 1))


def share_axes(value: Array) -> tuple[int, ...]:
    """The axes along which entries in [0, 1] sum to 1: the last axis first, then from the first one on."""
    if not value.ndim or not np.all((value >= 0) & (value <= 1)):
        return ()
    order = (value.ndim - 1, *range(value.ndim - 1))
    return tuple(a for a in order if value.shape[a] > 1 and np.allclose(value.sum(axis=a), 1))


def redrawn_shares(value: Array, random: np.random.Generator, zeros_stay: bool = False) -> Array:
    """Other shares along the first of `share_axes`, one-hot where these are; along all of them where there are more.

    zeros_stay: shares of 0 remain 0. Shares along several axes are then left as they are.
    """
    axes = share_axes(value)
    onehot = is_binary(value)
    if len(axes) > 1:
        if zeros_stay:
            return value.copy()
        part = 1.0 if onehot else random.uniform(0.2, 0.8)
        return np.asarray(part * _shuffled(value, random) + (1 - part) * _shuffled(value, random))
    axis = axes[0]
    if onehot:
        numbers = np.arange(value.shape[axis]).reshape([-1 if a == axis else 1 for a in range(value.ndim)])
        chosen = random.integers(0, value.shape[axis], [1 if a == axis else n for a, n in enumerate(value.shape)])
        return np.asarray(chosen == numbers, dtype=np.float64)
    weights = random.standard_gamma(1.0, value.shape) + LEAST_SHARE
    if zeros_stay:
        weights = weights * (value > 0)
    return np.asarray(weights / weights.sum(axis=axis, keepdims=True))


def redrawn_symmetric(value: Array, random: np.random.Generator) -> Array:
    """A symmetric matrix with the same signs and zeros; of zeros and ones, the matrix itself."""
    if is_binary(value):
        return value.copy()
    factors = random.uniform(0.5, 1.5, value.shape)
    return np.asarray(value * (factors + factors.T) / 2)


def redrawn_binary(value: Array, random: np.random.Generator) -> Array:
    """Zeros and ones, both of them, and in a matrix at least one 1 in each row."""
    drawn = mixed(random, value.shape)
    if value.ndim > 1:
        first = random.integers(0, value.shape[-1], value.shape[:-1])
        drawn = np.where(drawn.any(axis=-1, keepdims=True), drawn, first[..., None] == np.arange(value.shape[-1]))
    return np.asarray(drawn, dtype=np.float64)


def mixed(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Zeros and ones, both of them where there are two entries or more."""
    drawn = random.integers(0, 2, shape).astype(np.float64)
    flat = drawn.reshape(-1)
    if flat.size > 1 and len(np.unique(flat)) == 1:
        flat[random.integers(flat.size)] = 1 - flat[0]
    return np.asarray(flat.reshape(shape))


def _shuffled(value: Array, random: np.random.Generator) -> Array:
    """The slices along each axis in another order: sums along any axis remain sums."""
    for axis in range(value.ndim):
        value = np.take(value, random.permutation(value.shape[axis]), axis=axis)
    return value
