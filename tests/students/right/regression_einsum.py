"""One einsum a gradient, from the errors straight to the weights."""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    h = np.tanh(np.einsum("ni,hi->nh", X, W1) + b1)
    e = np.einsum("nh,oh->no", h, W2) + b2 - Y
    slope = 2 / e.size * (1 - h**2)
    ones = np.ones(len(X))
    return {
        "W1": np.einsum("no,oh,nh,ni->hi", e, W2, slope, X),
        "b1": np.einsum("no,oh,nh->h", e, W2, slope),
        "W2": np.einsum("no,nh->oh", e, h) * 2 / e.size,
        "b2": np.einsum("no,n->o", e, ones) * 2 / e.size,
    }
