"""The hidden layer's bias is never given a gradient; it stays at the zeros it was made with.

Known from loops that fill `grads` for the weights only; no published case cited.
"""

import numpy as np


def backward(**params):
    grads = {name: np.zeros_like(params[name]) for name in ("W1", "b1", "W2", "b2")}
    X, Y = params["X"], params["Y"]
    a1 = np.tanh(X @ params["W1"].T + params["b1"])
    delta = 2 * (a1 @ params["W2"].T + params["b2"] - Y) / Y.size
    grads["W2"] += delta.T @ a1
    grads["b2"] += delta.sum(axis=0)
    delta = delta @ params["W2"] * (1 - a1**2)
    grads["W1"] += delta.T @ X
    return grads
