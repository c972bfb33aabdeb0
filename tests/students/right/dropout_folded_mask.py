"""Mask, rescaling and ReLU are one factor, used both ways; column-major copies, negative axes."""

import numpy as np


def backward(X, W1, b1, W2, b2, T, p, mask):
    n, _ = X.shape
    z = np.asfortranarray(X @ W1 + b1)
    gate = np.where(z > 0, mask, 0) / (1.0 - p)
    scores = (z * gate) @ W2 + b2
    shift = scores.max(axis=-1, keepdims=True)
    p_hat = np.exp(scores - shift - np.log(np.exp(scores - shift).sum(axis=-1, keepdims=True)))
    top = np.divide(p_hat - T, n)
    bottom = np.matmul(top, W2.T) * gate
    return {
        "W1": np.tensordot(X, bottom, axes=(0, 0)),
        "b1": np.add.reduce(bottom, axis=0),
        "W2": np.tensordot(z * gate, top, axes=(0, 0)),
        "b2": np.add.reduce(top, axis=0),
    }
