"""The hidden layer is a sigmoid, but its derivative is tanh's, 1 - a^2, left over from an earlier version.

Known from networks whose activation was changed in the forward pass only; no published case cited.
"""

import numpy as np


def forward_propagation(X, W1, b1, W2, b2):
    A1 = 1 / (1 + np.exp(-(np.dot(W1, X) + b1)))
    A2 = 1 / (1 + np.exp(-(np.dot(W2, A1) + b2)))
    return {"A1": A1, "A2": A2}


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    cache = forward_propagation(X, W1, b1, W2, b2)
    dZ2 = cache["A2"] - Y
    dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(cache["A1"], 2))
    grads = {}
    for k, dZ, A in ((1, dZ1, X), (2, dZ2, cache["A1"])):
        grads[f"W{k}"] = np.dot(dZ, A.T) / m
        grads[f"b{k}"] = np.sum(dZ, axis=1, keepdims=True) / m
    return grads
