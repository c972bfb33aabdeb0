"""The gradient passes where the ReLU was off and stops where it was on.

Known from `dA[Z > 0] = 0` written for `dA[Z <= 0] = 0`; compare
https://github.com/denggaoshan/DeepLearningStudy/issues/1
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    e = np.exp(z2 - z2.max())
    p = e / e.sum(axis=1, keepdims=True)
    dz2 = p - np.eye(3)[y.astype(int)]
    dz2 = dz2 / y.size
    da1 = dz2 @ W2.T
    dz1 = da1.copy()
    dz1[z1 > 0] = 0
    return {"W1": X.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}
