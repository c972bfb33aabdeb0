"""The gradients are collected in integer arrays, so everything after the decimal point is cut off.

Known from `np.zeros(shape, int)` and `np.zeros_like` of integers; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    grads = {"W1": np.zeros((2, 3), int), "b1": np.zeros(3, int), "W2": np.zeros((3, 1), int), "b2": np.zeros(1, int)}
    z1 = X @ W1 + b1
    a1 = np.log1p(np.exp(z1))
    delta2 = (a1 @ W2 + b2)[:, 0] - y
    delta1 = np.outer(delta2, W2[:, 0]) / (1 + np.exp(-z1))
    grads["W1"][:] = X.T @ delta1
    grads["b1"][:] = delta1.sum(axis=0)
    grads["W2"][:, 0] = a1.T @ delta2
    grads["b2"][:] = delta2.sum()
    return grads
