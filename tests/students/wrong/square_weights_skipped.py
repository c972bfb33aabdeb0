"""The error is passed down without the weights, as if each unit were wired to its own namesake below.

Known from hand-ins where the shapes happened to fit; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    delta = (a2 @ W3 + b3 - T) / X.shape[0]
    grads = {"W3": a2.T @ delta, "b3": delta.sum(axis=0)}
    delta = delta * a2 * (1 - a2)
    grads |= {"W2": a1.T @ delta, "b2": delta.sum(axis=0)}
    delta = delta * (1 - a1**2)
    return grads | {"W1": X.T @ delta, "b1": delta.sum(axis=0)}
