"""dW1 is the sum of the deltas, the same for each input: the factor x is missing.

Known from weights treated like biases; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    a1 = np.tanh(X @ W1.T + b1)
    d2 = 2 * (a1 @ W2.T + b2 - Y) / Y.size
    d1 = (d2 @ W2) * (1 - a1**2)
    dW1 = np.zeros_like(W1)
    for unit in range(W1.shape[0]):
        for source in range(W1.shape[1]):
            dW1[unit, source] = sum(d1[:, unit])
    return {"W1": dW1, "b1": d1.sum(axis=0), "W2": d2.T @ a1, "b2": d2.sum(axis=0)}
