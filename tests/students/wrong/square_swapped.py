"""The gradients of W1 and W2 are returned under each other's names.

Known from functions that return a tuple unpacked in the wrong order; no published case cited.
"""

import numpy as np


def deltas(X, W1, b1, W2, b2, W3, b3, T):
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    d3 = (a2 @ W3 + b3 - T) / len(T)
    d2 = d3 @ W3.T * a2 * (1 - a2)
    d1 = d2 @ W2.T * (1 - a1**2)
    return (X, a1, a2), (d1, d2, d3)


def backward(**p):
    inputs, d = deltas(**p)
    dW3, dW2, dW1 = (a.T @ g for a, g in zip(inputs[::-1], d[::-1], strict=True))
    db1, db2, db3 = (g.sum(axis=0) for g in d)
    dW1, dW2 = dW2, dW1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
