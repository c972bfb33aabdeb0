"""The weights are shared by all steps, but in the loop over time their gradients are assigned: the first step is left.

The same = for += as in https://github.com/karpathy/nn-zero-to-hero/issues/52, here over time.
"""

import numpy as np


def backward(X, h0, W, U, b, V, c, Y):
    T = len(X)
    h = {-1: h0}
    for t in range(T):
        h[t] = np.tanh(W @ X[t] + U @ h[t - 1] + b)
    errors = [V @ h[t] + c - Y[t] for t in range(T)]
    dV = sum(np.outer(errors[t], h[t]) for t in range(T))
    dc = sum(errors)
    dh_next = np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        dz = (V.T @ errors[t] + dh_next) * (1 - h[t] ** 2)
        dW = np.outer(dz, X[t])
        dU = np.outer(dz, h[t - 1])
        db = dz
        dh_next = U.T @ dz
    return {"W": dW, "U": dU, "b": db, "V": dV, "c": dc}
