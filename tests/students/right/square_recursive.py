"""The backward pass calls itself: each level runs its layer forward, asks the levels above for the slope, returns."""

import numpy as np

ACTIVATIONS = [
    (np.tanh, lambda a: 1 - a * a),
    (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    (lambda z: z, np.ones_like),
]


def descend(level, a, weights, target, grads):
    if level == len(weights):
        return (a - target) / len(target)
    W, b = weights[level]
    activation, slope = ACTIVATIONS[level]
    out = activation(a @ W + b)
    delta = descend(level + 1, out, weights, target, grads) * slope(out)
    grads[f"W{level + 1}"], grads[f"b{level + 1}"] = a.T @ delta, delta.sum(axis=0)
    return delta @ W.T


def backward(X, W1, b1, W2, b2, W3, b3, T):
    grads = {}
    descend(0, X, [(W1, b1), (W2, b2), (W3, b3)], T, grads)
    return grads
