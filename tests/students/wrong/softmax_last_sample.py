"""In the loop over samples the gradient is assigned, not added up: only the last sample is left.

Compare the return inside the loop in https://github.com/riccardoandreoni0/CNN-from-scratch/issues/1
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    n = len(X)
    for x, label in zip(X, y, strict=True):
        z1 = x @ W1 + b1
        a1 = np.maximum(z1, 0)
        e = np.exp(a1 @ W2 + b2)
        dz2 = e / e.sum() / n
        dz2[int(label)] -= 1 / n
        dz1 = (W2 @ dz2) * (z1 > 0)
        grads = {"W1": np.outer(x, dz1), "b1": dz1, "W2": np.outer(a1, dz2), "b2": dz2}
    return grads
