"""h1 is used twice, but its gradient is set with =, not added to with +=: the second layer's part replaces the skip's.

Seen in a lecture, which corrects it: https://github.com/karpathy/nn-zero-to-hero/issues/52
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    z1 = X @ W1 + b1
    h1 = np.maximum(z1, 0)
    z2 = h1 @ W2 + b2
    h2 = np.maximum(z2, 0)
    r = h1 + h2
    z3 = r @ W3 + b3
    h3 = np.where(z3 > 0, z3, 0.2 * z3)

    grad = {"yhat": (h3 @ W4 + b4 - y) / len(X)}
    grad["h3"] = grad["yhat"] @ W4.T
    grad["z3"] = grad["h3"] * np.where(z3 > 0, 1, 0.2)
    grad["r"] = grad["z3"] @ W3.T
    grad["h1"] = grad["r"]
    grad["h2"] = grad["r"]
    grad["z2"] = grad["h2"] * (z2 > 0)
    grad["h1"] = grad["z2"] @ W2.T
    grad["z1"] = grad["h1"] * (z1 > 0)

    layers = {"1": (X, "z1"), "2": (h1, "z2"), "3": (r, "z3"), "4": (h3, "yhat")}
    result = {f"W{k}": a.T @ grad[z] for k, (a, z) in layers.items()}
    return result | {f"b{k}": grad[z].sum(axis=0) for k, (_, z) in layers.items()}
