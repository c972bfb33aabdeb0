"""A table of adjoint operators per sample, built on the way up: dO/dz1 and dO/dz2 before any error is known."""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    n = len(X)
    grads = {name: np.zeros((3, 3)) for name in ("W1", "W2", "W3")} | {f"b{k}": np.zeros(3) for k in (1, 2, 3)}
    for x, t in zip(X, T, strict=True):
        a1 = np.tanh(x @ W1 + b1)
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        adjoint = {3: np.eye(3)}
        adjoint[2] = np.diag(a2 * (1 - a2)) @ W3
        adjoint[1] = np.diag(1 - a1**2) @ W2 @ adjoint[2]
        error = (a2 @ W3 + b3 - t) / n
        for level, inputs in ((1, x), (2, a1), (3, a2)):
            delta = adjoint[level] @ error
            grads[f"W{level}"] += np.multiply.outer(inputs, delta)
            grads[f"b{level}"] += delta
    return grads
