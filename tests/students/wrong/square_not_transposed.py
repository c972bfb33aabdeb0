"""The error is passed down by W where W^T belongs; the square matrices raise no error.

Known from hand-ins where the shapes happened to fit; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    n = len(X)
    a1 = np.tanh(np.dot(X, W1) + b1)
    a2 = 1 / (1 + np.exp(-(np.dot(a1, W2) + b2)))
    out = np.dot(a2, W3) + b3
    d3 = (out - T) / n
    d2 = np.dot(d3, W3) * a2 * (1 - a2)
    d1 = np.dot(d2, W2) * (1 - a1**2)
    grads = {}
    for k, inputs, d in ((1, X, d1), (2, a1, d2), (3, a2, d3)):
        grads[f"W{k}"] = np.dot(inputs.T, d)
        grads[f"b{k}"] = d.sum(axis=0)
    return grads
