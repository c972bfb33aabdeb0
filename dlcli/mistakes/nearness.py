"""How far gradients are apart: distances over all quantities together, and best factors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from dlcli.ops.operation import Array

Gradients = Mapping[str, Array]
ROUNDING = 1e-14  # of the largest gradient: what rounding may leave where a gradient is 0
SAMPLED = 4096  # entries of an array above which some of them are compared first


def size(arrays: Iterable[Array]) -> float:
    """The Euclidean norm of all entries together, without overflow or underflow."""
    flat = [np.ravel(np.asarray(array)) for array in arrays]
    with np.errstate(all="ignore"):
        squares = sum(float(np.dot(array, array)) for array in flat)
    if 1e-200 < squares < 1e200:
        return float(np.sqrt(squares))
    largest = max((float(np.max(np.abs(array), initial=0.0)) for array in flat), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(np.sum((array / largest) ** 2)) for array in flat)))


def distance(given: Gradients, other: Gradients, names: Iterable[str] | None = None) -> float:
    """norm(given - other)/norm(given) over the quantities in `names`; inf where it is not a number.

    Where all that is given is 0, the distance is 0 from zeros and 1 from anything else.
    """
    chosen = list(given) if names is None else list(names)
    with np.errstate(all="ignore"):
        gap = size(given[name] - other[name] for name in chosen)
    if gap == 0:
        return 0.0
    scale = size(given[name] for name in chosen)
    if not (np.isfinite(gap) and np.isfinite(scale)):
        return np.inf
    return gap / scale if scale > 0 else 1.0


def gap(first: Array, second: Array, bound: float = np.inf) -> float:
    """norm(first - second); at once inf where some of the entries alone are further apart than `bound`."""
    if first is second:
        return 0.0
    with np.errstate(all="ignore"):
        if first.size > SAMPLED and bound < np.inf:
            step = first.size // 256
            some = first.reshape(-1)[::step] - second.reshape(-1)[::step]
            if not size([some]) <= bound:
                return np.inf
        apart = np.subtract(first, second).reshape(-1)
        squares = float(np.dot(apart, apart))
    if 1e-200 < squares < 1e200:
        return math.sqrt(squares)
    found = size([apart])
    return found if math.isfinite(found) else np.inf


def best_factor(given: Array, right: Array) -> tuple[float | None, float]:
    """The c that brings c times the right gradient nearest to the one given, and the relative distance left."""
    scale = float(np.max(np.abs(right), initial=0.0))
    if scale == 0 or not np.isfinite(scale) or not np.isfinite(given).all():
        return None, np.inf
    unit = right / scale
    factor = float(np.sum(given * unit) / np.sum(unit * unit)) / scale
    return factor, distance({"": given}, {"": factor * right})


def common_factor(given: Gradients, right: Gradients) -> tuple[float | None, float]:
    """As `best_factor`, one factor for all quantities together."""
    flat = [np.concatenate([np.ravel(found[name]) for name in given]) for found in (given, right)]
    return best_factor(flat[0], flat[1])
