"""No activation is differentiated: the error passes all layers as if they were linear.

Compare https://github.com/parasdahal/tinyml/issues/1 on a delta without the activation's derivative.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    dW, db = {}, {}
    error = (a2 @ W3 + b3 - T) / len(X)
    for name, inputs, W in (("3", a2, W3), ("2", a1, W2), ("1", X, W1)):
        dW["W" + name] = inputs.T @ error
        db["b" + name] = error.sum(axis=0)
        error = error @ W.T
    return dW | db
