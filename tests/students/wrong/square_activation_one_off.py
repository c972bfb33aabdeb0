"""dW3 is built from the activations of the first hidden layer where the second's belong.

Known from lists of activations whose index is one off; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    e3 = (a2 @ W3 + b3 - T) / len(T)
    e2 = (e3 @ W3.T) * (a2 - a2**2)
    e1 = (e2 @ W2.T) * (1 - a1**2)
    return {
        "W1": X.T @ e1,
        "b1": e1.sum(axis=0),
        "W2": a1.T @ e2,
        "b2": e2.sum(axis=0),
        "W3": a1.T @ e3,
        "b3": e3.sum(axis=0),
    }
