"""The gradient of the first weight matrix is left at zero: the backward pass stops one line early.

Known from unfinished assignments, where zeros have the right shape; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    dW1, db1 = np.zeros(W1.shape), np.zeros(b1.shape)
    dW2, db2 = np.zeros(W2.shape), np.zeros(b2.shape)
    for x, y in zip(X, Y, strict=True):
        h = np.tanh(W1 @ x + b1)
        g = 2 * (W2 @ h + b2 - y) / Y.size
        dW2 += np.outer(g, h)
        db2 += g
        db1 += (W2.T @ g) * (1 - h**2)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
