"""The weight gradients come out transposed, delta^T x for x^T delta, and fit because the matrices are square.

Seen in https://github.com/iamtrask/Grokking-Deep-Learning/issues/23
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def weight_deltas(inputs, delta):
    return np.einsum("ni,nj->ji", inputs, delta)


def backward(X, W1, b1, W2, b2, W3, b3, T):
    a1 = np.tanh(X @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    d3 = (a2 @ W3 + b3 - T) / len(X)
    d2 = d3 @ W3.T * a2 * (1 - a2)
    d1 = d2 @ W2.T * (1 - a1**2)
    return {
        "W1": weight_deltas(X, d1),
        "W2": weight_deltas(a1, d2),
        "W3": weight_deltas(a2, d3),
        "b1": d1.sum(0),
        "b2": d2.sum(0),
        "b3": d3.sum(0),
    }
