"""Stored the other way round: samples in rows, weights in x out; transposed back at the end."""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    x, w1, w2, y = X.T, W1.T, W2.T, Y.T
    a1 = 1 / (1 + np.exp(-(x @ w1 + b1.T)))
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2.T)))
    d2 = (a2 - y) / len(y)
    d1 = d2 @ w2.T * a1 * (1 - a1)
    grads = {"W1": x.T @ d1, "b1": d1.sum(0, keepdims=True), "W2": a1.T @ d2, "b2": d2.sum(0, keepdims=True)}
    return {name: g.T for name, g in grads.items()}
