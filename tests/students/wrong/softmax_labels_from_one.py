"""The labels are read as 1, 2, 3, so each sample is pushed towards the class before its own.

Known from code ported from MATLAB, where classes count from 1; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    m = X.shape[0]
    Y = np.zeros((m, 3))
    for row, label in zip(Y, y, strict=True):
        row[int(label) - 1] = 1

    z2 = X @ W1 + b1
    a2 = np.maximum(z2, 0)
    z3 = a2 @ W2 + b2
    a3 = np.exp(z3) / np.exp(z3).sum(axis=1, keepdims=True)

    d3 = (a3 - Y) / m
    d2 = (d3 @ W2.T) * (z2 > 0)
    return {"W1": X.T @ d2, "b1": d2.sum(axis=0), "W2": a2.T @ d3, "b2": d3.sum(axis=0)}
