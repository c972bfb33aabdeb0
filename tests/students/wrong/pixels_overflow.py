"""exp(score) overflows for scores above 709 and inf/inf is nan: the largest score is not taken away first.

Known from softmax as printed in textbooks; no published case cited.
"""

import numpy as np


def backward(X, W, b, y):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(X @ W + b)
        p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(X)), y.astype(int)] -= 1
    p /= len(X)
    return {"W": X.T @ p, "b": p.sum(axis=0)}
