"""Seeded draws for checks that want arbitrary numbers, not good ones: quick to start, the same on every machine."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dlcli.ops.operation import Array, Shape

Words = npt.NDArray[np.uint64]


def words(count: int, seed: int) -> Words:
    """64 arbitrary bits each: SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, 453-472).

    numpy.random would do, but its import takes longer than the whole check of a small homework.
    """
    gamma = np.uint64(0x9E3779B97F4A7C15)
    return mixed((np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed) * np.uint64(1 << 32)) * gamma)


def mixed(state: Words) -> Words:
    """The last step of SplitMix64: each word scrambled one to one, so that near words give unrelated ones."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def signs(shape: Shape, seed: int) -> Array:
    """-1.0 or 1.0 for each entry."""
    return np.asarray((words(math.prod(shape), seed) >> np.uint64(63)).astype(np.float64).reshape(shape) * 2 - 1)


def directions(shape: Shape, seed: int) -> Array:
    """Numbers between -1 and 1."""
    return np.asarray(words(math.prod(shape), seed).astype(np.float64).reshape(shape) / 2**63 - 1)


def gaussian(shape: Shape, seed: int) -> Array:
    """Standard normal numbers (Box and Muller 1958, Annals of Mathematical Statistics 29(2), 610-611)."""
    size = math.prod(shape)
    uniform = (words(2 * size, seed) >> np.uint64(11)).astype(np.float64) / 2**53
    radius = np.sqrt(-2 * np.log1p(-uniform[:size]))
    return np.asarray((radius * np.cos(2 * math.pi * uniform[size:])).reshape(shape))


def stratified(values: Array, count: int) -> Array:
    """A fixed sample of flat positions: spread over the tensor, with the largest and smallest entry among them."""
    flat = np.abs(values).reshape(-1)
    strata = np.linspace(0, values.size, count - 1).astype(np.int64)
    picks = strata[:-1] + (words(count - 2, values.size) % np.diff(strata).astype(np.uint64)).astype(np.int64)
    return np.unique([*picks, flat.argmax(), flat.argmin()])
