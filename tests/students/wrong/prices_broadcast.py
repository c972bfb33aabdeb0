"""A column (n, 1) minus a vector (n,) is an (n, n) matrix: every prediction is compared with every price.

Seen in https://github.com/HIPS/Kayak/issues/14
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    z1 = X @ W1 + b1
    a1 = np.log1p(np.exp(z1))
    yhat = a1 @ W2 + b2
    diff = yhat - y
    d_yhat = diff.sum(axis=1, keepdims=True)
    d_z1 = d_yhat @ W2.T / (1 + np.exp(-z1))
    return {"W1": X.T @ d_z1, "b1": d_z1.sum(axis=0), "W2": a1.T @ d_yhat, "b2": d_yhat.sum(axis=0)}
