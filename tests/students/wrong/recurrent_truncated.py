"""Each step's error changes that step's state only: nothing is passed back from h_t to h_(t-1).

Seen in https://github.com/qixianbiao/RNN/issues/2
"""

import numpy as np


def backward(X, h0, W, U, b, V, c, Y):
    states = [h0]
    for x in X:
        states.append(np.tanh(W @ x + U @ states[-1] + b))

    grads = {name: np.zeros_like(w) for name, w in (("W", W), ("U", U), ("b", b), ("V", V), ("c", c))}
    for t in reversed(range(len(X))):
        h, previous = states[t + 1], states[t]
        do = V @ h + c - Y[t]
        grads["V"] += np.outer(do, h)
        grads["c"] += do
        dz = (V.T @ do) * (1 - h**2)
        grads["W"] += np.outer(dz, X[t])
        grads["U"] += np.outer(dz, previous)
        grads["b"] += dz
    return grads
