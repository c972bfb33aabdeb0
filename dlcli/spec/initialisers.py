"""Initial weights: the draws that `init:` names. The stream is frozen, so a drawn key never changes."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from dlcli.ops.operation import Array, Shape


@dataclass(frozen=True)
class Initialiser:
    """How entries are drawn: `sample(stream, shape, fan_in, fan_out, settings)`; `settings` hold defaults."""

    about: str
    sample: Callable[[np.random.RandomState, Shape, int, int, Mapping[str, float]], Array]
    settings: Mapping[str, float | None]


def draw(init: str, shape: Shape, seed: int | None, name: str, convention: str, settings: Mapping[str, float]) -> Array:
    """A float64 array of `shape`, drawn from `numpy.random.RandomState(seed)`, whose stream NumPy has frozen.

    Without a seed it is the CRC-32 of the UTF-8 bytes of the name in NFC. A matrix is drawn as (out, in):
    with the convention "row" its shape is (in, out) and it is the transpose of that draw. Fans follow
    `fans`. init: a key of INITIALISERS, settings: some of its settings; both are checked by the reader.
    """
    record = INITIALISERS[init]
    complete = {**{key: value for key, value in record.settings.items() if value is not None}, **settings}
    flipped = convention == "row" and len(shape) == 2
    drawn_shape = shape[::-1] if flipped else shape
    stream = np.random.RandomState(seed_of(name) if seed is None else seed)
    fan_in, fan_out = fans(drawn_shape)
    array = record.sample(stream, drawn_shape, fan_in, fan_out, complete)
    return np.ascontiguousarray(array.T) if flipped else array


def seed_of(name: str) -> int:
    """The seed of a draw that gives none, 0 to 2**32 - 1."""
    return zlib.crc32(unicodedata.normalize("NFC", name).encode())


def fans(shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out of weights of shape (out, in, kernel…): in and out times the kernel's size.

    A vector of n weights belongs to one unit with n inputs: (n, 1). A scalar: (1, 1).
    """
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], 1
    window = prod(shape[2:])
    return shape[1] * window, shape[0] * window


def _xavier_normal(
    stream: np.random.RandomState, shape: Shape, fan_in: int, fan_out: int, _: Mapping[str, float]
) -> Array:
    return np.asarray(stream.standard_normal(shape) * sqrt(2 / (fan_in + fan_out)))


def _xavier_uniform(
    stream: np.random.RandomState, shape: Shape, fan_in: int, fan_out: int, _: Mapping[str, float]
) -> Array:
    return np.asarray((2 * stream.random_sample(shape) - 1) * sqrt(6 / (fan_in + fan_out)))


def _he_normal(stream: np.random.RandomState, shape: Shape, fan_in: int, _: int, __: Mapping[str, float]) -> Array:
    return np.asarray(stream.standard_normal(shape) * sqrt(2 / fan_in))


def _he_uniform(stream: np.random.RandomState, shape: Shape, fan_in: int, _: int, __: Mapping[str, float]) -> Array:
    return np.asarray((2 * stream.random_sample(shape) - 1) * sqrt(6 / fan_in))


def _normal(stream: np.random.RandomState, shape: Shape, _: int, __: int, settings: Mapping[str, float]) -> Array:
    return np.asarray(stream.standard_normal(shape) * settings["std"])


def _uniform(stream: np.random.RandomState, shape: Shape, _: int, __: int, settings: Mapping[str, float]) -> Array:
    low, high = settings["low"], settings["high"]
    return np.asarray(low + (high - low) * stream.random_sample(shape))


def _zeros(_: np.random.RandomState, shape: Shape, __: int, ___: int, ____: Mapping[str, float]) -> Array:
    return np.zeros(shape)


def _constant(_: np.random.RandomState, shape: Shape, __: int, ___: int, settings: Mapping[str, float]) -> Array:
    return np.full(shape, float(settings["value"]))


INITIALISERS: Mapping[str, Initialiser] = {
    "xavier_normal": Initialiser("normal, variance 2/(fan_in + fan_out)", _xavier_normal, {}),
    "xavier_uniform": Initialiser("uniform in ±sqrt(6/(fan_in + fan_out))", _xavier_uniform, {}),
    "he_normal": Initialiser("normal, variance 2/fan_in", _he_normal, {}),
    "he_uniform": Initialiser("uniform in ±sqrt(6/fan_in)", _he_uniform, {}),
    "normal": Initialiser("normal with mean 0 and standard deviation std", _normal, {"std": 0.01}),
    "uniform": Initialiser("uniform in [low, high)", _uniform, {"low": -1.0, "high": 1.0}),
    "zeros": Initialiser("all 0", _zeros, {}),
    "constant": Initialiser("all equal to value", _constant, {"value": None}),
}
