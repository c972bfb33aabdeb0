"""A generator yields each sample's gradients; a running sum with a correction for rounding (Kahan) adds them up."""

import numpy as np


def samples(X, W1, b1, W2, b2, Y):
    for x, y in zip(X, Y, strict=True):
        h = np.tanh(W1 @ x + b1)
        g = 2 * (W2 @ h + b2 - y) / Y.size
        d = W2.T @ g * (1 - h**2)
        yield {"W1": np.outer(d, x), "b1": d, "W2": np.outer(g, h), "b2": g}


def backward(**parameters):
    total, lost = {}, {}
    for part in samples(**parameters):
        for name, g in part.items():
            g = g - lost.get(name, 0.0)
            new = total.get(name, 0.0) + g
            lost[name] = (new - total.get(name, 0.0)) - g
            total[name] = new
    return total
