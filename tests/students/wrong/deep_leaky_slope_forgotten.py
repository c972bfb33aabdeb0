"""The leaky ReLU is differentiated like a ReLU: slope 0 where it is 0.2.

Seen in https://github.com/scientific-computing/FKB/issues/15
"""

import numpy as np


def leaky_relu(x, alpha=0.2):
    return np.where(x > 0, x, alpha * x)


def leaky_relu_prime(x):
    return np.where(0.2 * x > 0, 1.0, 0.0)


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    z1 = X @ W1 + b1
    h1 = np.maximum(z1, 0)
    z2 = h1 @ W2 + b2
    r = h1 + np.maximum(z2, 0)
    z3 = r @ W3 + b3
    h3 = leaky_relu(z3)
    d4 = (h3 @ W4 + b4 - y) / len(X)
    d3 = d4 @ W4.T * leaky_relu_prime(z3)
    dr = d3 @ W3.T
    d2 = dr * (z2 > 0)
    d1 = (dr + d2 @ W2.T) * (z1 > 0)
    grads = {}
    for k, (inputs, d) in enumerate(((X, d1), (h1, d2), (r, d3), (h3, d4)), start=1):
        grads[f"W{k}"], grads[f"b{k}"] = inputs.T @ d, d.sum(axis=0)
    return grads
