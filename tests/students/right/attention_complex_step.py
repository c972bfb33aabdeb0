"""A complex step for each of the 33 weights, with operations that are analytic: no abs, no max, no np.var."""

from functools import partial

import numpy as np


def loss(X, Wq, Wk, Wv, gamma, beta, Wo, Y):
    e = np.exp((X @ Wq) @ (X @ Wk).T / np.sqrt(2))
    a = (e / e.sum(axis=1)[:, None]) @ (X @ Wv)
    a = a - a.mean(axis=1)[:, None]
    n = a / np.sqrt((a * a).mean(axis=1) + 0.01)[:, None]
    error = (gamma * n + beta) @ Wo - Y
    return (error * error).mean()


def slope(f, array, entry):
    moved = array + 0j
    moved[entry] += 1e-25j
    return f(moved).imag / 1e-25


def backward(**p):
    grads = {}
    for name in p.keys() - {"X", "Y"}:
        rest = {other: value for other, value in p.items() if other != name}
        f = partial(lambda value, name, rest: loss(**rest, **{name: value}), name=name, rest=rest)
        grads[name] = np.array([slope(f, p[name], k) for k in np.ndindex(p[name].shape)]).reshape(p[name].shape)
    return grads
