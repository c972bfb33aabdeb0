"""The layers are updated one by one on the way down, and the next layer's error already uses the new weights.

Seen in https://github.com/kim-marcel/basic_neural_network/issues/7
"""

import numpy as np

ETA = 0.2


def backward(X, W1, b1, W2, b2, W3, b3, T):
    weights = [W1.copy(), W2.copy(), W3.copy()]
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    inputs, slopes = [X, a1, a2], [None, 1 - a1**2, a2 * (1 - a2)]
    error = (a2 @ W3 + b3 - T) / len(X)
    grads = {}
    for k in (2, 1, 0):
        gradient = inputs[k].T @ error
        grads[f"W{k + 1}"], grads[f"b{k + 1}"] = gradient, error.sum(axis=0)
        weights[k] -= ETA * gradient
        if k:
            error = error @ weights[k].T * slopes[k]
    return grads
