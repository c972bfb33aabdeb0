"""p_k = 1/sum exp(s_j - s_k): every exponent is a difference of scores, and those too large are cut at 700."""

import numpy as np


def backward(X, W, b, y):
    scores = X @ W + b
    gaps = scores[:, None, :] - scores[:, :, None]
    p = 1 / np.exp(np.minimum(gaps, 700)).sum(axis=2)
    error = (p - (np.arange(3) == y[:, None])) / len(X)
    return {"W": X.T @ error, "b": error.sum(axis=0)}
