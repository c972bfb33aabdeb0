"""dW2 is built from the pre-activation of the hidden layer, not from what W2 was multiplied by.

Known from caches that keep z and a side by side; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    cache = []
    z1 = X @ W1.T + b1
    cache.append((X, W1))
    a1 = np.tanh(z1)
    cache.append((z1, W2))
    dz = 2 / Y.size * (a1 @ W2.T + b2 - Y)

    inputs, W = cache.pop()
    dW2, db2 = dz.T @ inputs, dz.sum(axis=0)
    dz = dz @ W * (1 - a1**2)
    inputs, _ = cache.pop()
    return {"W1": dz.T @ inputs, "b1": dz.sum(axis=0), "W2": dW2, "b2": db2}
