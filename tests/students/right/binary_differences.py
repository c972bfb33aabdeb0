"""Differences by hand: five central slopes with halved steps, extrapolated in a Romberg table."""

from itertools import pairwise

import numpy as np


def loss(X, W1, b1, W2, b2, Y):
    z = W2 @ np.tanh((W1 @ X + b1) / 2) / 2 + W2.sum() / 2 + b2
    return np.mean(np.logaddexp(0, z) - Y * z)


def romberg(f, step=0.1, levels=5):
    table = [(f(h) - f(-h)) / (2 * h) for h in (step / 2**k for k in range(levels))]
    for order in range(1, levels):
        table = [(4**order * b - a) / (4**order - 1) for a, b in pairwise(table)]
    return table[0]


def moved(array, entry, h):
    copy = array.copy()
    copy[entry] += h
    return copy


def backward(**p):
    return {
        name: np.array(
            [
                romberg(lambda h, name=name, entry=entry: loss(**(p | {name: moved(p[name], entry, h)})))
                for entry in np.ndindex(p[name].shape)
            ]
        ).reshape(p[name].shape)
        for name in ("W1", "b1", "W2", "b2")
    }
