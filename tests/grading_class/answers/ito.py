"""The backward pass in NumPy, without the division by the number of samples."""

import numpy as np


def backward(X, W1, b1, W2, b2, Y, decay):
    a1 = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    z2 = a1 @ W2.T + b2
    p = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    delta2 = p - Y
    delta1 = delta2 @ W2 * a1 * (1 - a1)
    return {
        "W1": delta1.T @ X + decay * W1,
        "b1": delta1.sum(axis=0),
        "W2": delta2.T @ a1 + decay * W2,
        "b2": delta2.sum(axis=0),
    }
