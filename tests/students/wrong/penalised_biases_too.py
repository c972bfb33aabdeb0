"""The decay is added to every parameter, the biases included, although the loss leaves the biases alone.

Seen in https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/32
"""

import numpy as np


def backward(**params):
    X, Y, reg = params["X"], params["Y"], params["reg"]
    weights = {k: params[k] for k in ("W1", "b1", "W2", "b2")}
    a1 = np.tanh(X @ weights["W1"] + weights["b1"])
    d2 = 2 * (a1 @ weights["W2"] + weights["b2"] - Y) / len(Y)
    d1 = d2 @ weights["W2"].T * (1 - a1**2)
    grads = {"W1": X.T @ d1, "b1": d1.sum(axis=0), "W2": a1.T @ d2, "b2": d2.sum(axis=0)}
    for name in weights:
        grads[name] = grads[name] + reg * weights[name]
    return grads
