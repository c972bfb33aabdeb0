"""The mask is applied on the way back, but the division by 1 - p of the forward pass is forgotten.

Known from inverted dropout, where the keep probability stands in both passes; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, T, p, mask):
    m = X.shape[0]
    Z1 = np.dot(X, W1) + b1
    A1 = np.maximum(0, Z1)
    D1 = A1 * mask
    D1 /= 1 - p
    Z2 = np.dot(D1, W2) + b2
    A2 = np.exp(Z2) / np.sum(np.exp(Z2), axis=1, keepdims=True)

    dZ2 = 1.0 / m * (A2 - T)
    dA1 = np.dot(dZ2, W2.T)
    dA1 *= mask
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    return {"W1": np.dot(X.T, dZ1), "b1": dZ1.sum(axis=0), "W2": np.dot(D1.T, dZ2), "b2": dZ2.sum(axis=0)}
