"""The gradient is divided by 1 - p on its way through the dropout layer, but the mask is not applied.

Seen in https://github.com/ddbourgin/numpy-ml/issues/94
"""

import numpy as np


def backward(X, W1, b1, W2, b2, T, p, mask):
    z1 = X @ W1 + b1
    d1 = np.maximum(z1, 0) * mask / (1 - p)
    e = np.exp(d1 @ W2 + b2)
    probabilities = e / e.sum(axis=1, keepdims=True)
    dz2 = (probabilities - T) / len(X)
    dd1 = dz2 @ W2.T
    da1 = dd1 / (1 - p)
    dz1 = da1 * (z1 > 0)
    return {"W1": X.T @ dz1, "b1": dz1.sum(axis=0), "W2": d1.T @ dz2, "b2": dz2.sum(axis=0)}
