"""The sigmoid's derivative is called with the activation, so the sigmoid is applied twice.

Seen in https://github.com/liashchynskyi/skynet/pull/1
"""

import numpy as np


def sigmoid(x, derivative=False):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s) if derivative else s


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    layer1 = sigmoid(W1 @ X + b1)
    layer2 = sigmoid(W2 @ layer1 + b2)
    delta2 = layer2 - Y
    delta1 = W2.T @ delta2 * sigmoid(layer1, derivative=True)
    ones = np.ones((m, 1))
    return {"W1": delta1 @ X.T / m, "b1": delta1 @ ones / m, "W2": delta2 @ layer1.T / m, "b2": delta2 @ ones / m}
