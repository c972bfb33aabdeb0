"""The penalty is in the loss but not in the gradients.

Compare https://github.com/Burton2000/CS231n-2017/issues/9, where it is missing on some parameters.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y, **_):
    h = np.tanh(X @ W1 + b1)
    ds = 2 * (h @ W2 + b2 - Y) / len(X)
    dz = ds @ W2.T * (1 - h**2)
    return {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": h.T @ ds, "b2": ds.sum(axis=0)}
