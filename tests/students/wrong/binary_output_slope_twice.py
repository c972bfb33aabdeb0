"""The error at the output is (a - y) a (1 - a), the one of the squared error, although the loss is the cross-entropy.

Seen in https://github.com/mnielsen/neural-networks-and-deep-learning/pull/77
"""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    zs, activations = [], [X]
    for w, b in ((W1, b1), (W2, b2)):
        zs.append(np.dot(w, activations[-1]) + b)
        activations.append(sigmoid(zs[-1]))
    delta = (activations[-1] - Y) * sigmoid_prime(zs[-1])
    nabla = {"W2": np.dot(delta, activations[-2].T) / m, "b2": delta.sum(axis=1, keepdims=True) / m}
    delta = np.dot(W2.T, delta) * sigmoid_prime(zs[-2])
    nabla["W1"] = np.dot(delta, activations[-3].T) / m
    nabla["b1"] = delta.sum(axis=1, keepdims=True) / m
    return nabla
