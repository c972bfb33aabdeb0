"""The derivative of softmax is taken as p(1 - p), entry by entry, like a sigmoid's: the other classes are forgotten.

Seen in https://github.com/deeplearning4j/libnd4j/issues/440
"""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def softmax_derivative(p):
    return p * (1 - p)


def backward(X, W1, b1, W2, b2, y):
    m = X.shape[0]
    target = np.zeros((m, len(b2)))
    for i in range(m):
        target[i, int(y[i])] = 1
    z1 = np.dot(X, W1) + b1
    h = z1 * (z1 > 0)
    p = softmax(np.dot(h, W2) + b2)

    dp = -target / p / m
    delta2 = dp * softmax_derivative(p)
    delta1 = np.dot(delta2, W2.T) * (z1 > 0)
    return {
        "W1": np.dot(X.T, delta1),
        "b1": np.sum(delta1, axis=0),
        "W2": np.dot(h.T, delta2),
        "b2": np.sum(delta2, axis=0),
    }
