"""Image by image, pixel by pixel: each output hands its share back to the window that it came from."""

import numpy as np


def places(g):
    return ((o, i, j, g[o, i, j]) for o, i, j in np.ndindex(g.shape))


def conv(x, k, c):
    side, size = x.shape[1] - k.shape[2] + 1, k.shape[2]
    out = np.zeros((len(k), side, side))
    for o, i, j in np.ndindex(out.shape):
        out[o, i, j] = np.vdot(x[:, i : i + size, j : j + size], k[o]) + c[o]
    return out


def share(x, k, g, dx, dk, dc):
    size = k.shape[2]
    for o, i, j, value in places(g):
        dx[:, i : i + size, j : j + size] += value * k[o]
        dk[o] += value * x[:, i : i + size, j : j + size]
        dc[o] += value


def backward(x, K1, c1, K2, c2, W, b, y):
    grads = {n: np.zeros(w.shape) for n, w in {"K1": K1, "c1": c1, "K2": K2, "c2": c2, "W": W, "b": b}.items()}
    for image, label in zip(x, y, strict=True):
        a1 = np.maximum(conv(image, K1, c1), 0)
        m1 = np.array([[[a1[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max() for j in (0, 1, 2)] for i in (0, 1, 2)]
                       for c in (0, 1)])  # fmt: skip
        a2 = np.tanh(conv(m1, K2, c2))
        f = np.array([channel.mean() for channel in a2])
        p = np.exp(f @ W + b)
        error = (p / p.sum() - np.eye(4)[int(label)]) / len(x)
        grads["W"] += np.outer(f, error)
        grads["b"] += error
        dz2 = (W @ error)[:, None, None] / 4 * (1 - a2**2)
        dm1, da1 = np.zeros_like(m1), np.zeros_like(a1)
        share(m1, K2, dz2, dm1, grads["K2"], grads["c2"])
        for c, i, j, value in places(dm1):
            window = a1[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            row, column = np.unravel_index(window.argmax(), window.shape)
            da1[c, 2 * i + row, 2 * j + column] = value * (window.max() > 0)
        share(image, K1, da1, np.zeros_like(image), grads["K1"], grads["c1"])
    return grads
