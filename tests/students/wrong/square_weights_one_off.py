"""An index is one off: the error goes from layer 3 to 2 by W2 and from 2 to 1 by W1.

Discussed for layers that use their own weights in https://github.com/hanbt/learn_dl/issues/23
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    W, b = [W1, W2, W3], [b1, b2, b3]
    activations = [X, np.tanh(X @ W[0] + b[0])]
    activations.append(1 / (1 + np.exp(-(activations[1] @ W[1] + b[1]))))
    slopes = [1 - activations[1] ** 2, activations[2] * (1 - activations[2])]
    delta = (activations[2] @ W[2] + b[2] - T) / len(X)
    grads = {}
    for layer in (2, 1, 0):
        grads[f"W{layer + 1}"] = activations[layer].T @ delta
        grads[f"b{layer + 1}"] = delta.sum(axis=0)
        if layer > 0:
            delta = delta @ W[layer - 1].T * slopes[layer - 1]
    return grads
