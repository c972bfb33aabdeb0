"""The samples were pushed on a stack and come back in reverse: each delta meets another sample's input.

Known from caches filled in one order and emptied in the other; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    stack, deltas = [], []
    for x, y in zip(X, Y, strict=True):
        h = np.tanh(W1 @ x + b1)
        g = 2 * (W2 @ h + b2 - y) / Y.size
        stack.append((x, h))
        deltas.append((W2.T @ g * (1 - h**2), g))

    grads = {"W1": 0 * W1, "b1": 0 * b1, "W2": 0 * W2, "b2": 0 * b2}
    for d, g in deltas:
        x, h = stack.pop()
        grads["W1"] += np.outer(d, x)
        grads["b1"] += d
        grads["W2"] += np.outer(g, h)
        grads["b2"] += g
    return grads
