"""The hidden layer's derivative is multiplied in twice: once in the layer above, once in its own.

Known from layer classes where both sides feel responsible for the activation; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    a1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    slope = a1 * (1 - a1)

    error2 = (a2 - Y) / m
    passed_down = W2.T @ error2 * slope
    error1 = passed_down * slope
    return {
        "W1": error1 @ X.T,
        "b1": error1.sum(axis=1, keepdims=True),
        "W2": error2 @ a1.T,
        "b2": error2.sum(axis=1, keepdims=True),
    }
