"""The slope 0.2 of the last hidden layer is used below 0 in the ReLU layers as well.

Known from one `activation_backward` function shared by all layers; no published case cited.
"""

import numpy as np


def slope(z):
    return np.where(z > 0, 1.0, 0.2)


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    z1 = X @ W1 + b1
    h1 = z1.clip(min=0)
    z2 = h1 @ W2 + b2
    r = h1 + z2.clip(min=0)
    z3 = r @ W3 + b3
    h3 = z3 * slope(z3)
    d4 = (h3 @ W4 + b4 - y) / y.shape[0]
    d3 = (d4 @ W4.T) * slope(z3)
    dr = d3 @ W3.T
    d2 = dr * slope(z2)
    d1 = (dr + d2 @ W2.T) * slope(z1)
    return {
        "W1": X.T @ d1, "W2": h1.T @ d2, "W3": r.T @ d3, "W4": h3.T @ d4,
        "b1": d1.sum(0), "b2": d2.sum(0), "b3": d3.sum(0), "b4": d4.sum(0),
    }  # fmt: skip
