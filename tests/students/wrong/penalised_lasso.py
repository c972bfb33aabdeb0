"""The penalty on squares is differentiated as if it were on absolute values: reg*sign(W) for reg*W.

Known from mixing up lasso and ridge; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y, reg):
    hidden = np.tanh(X @ W1 + b1)
    error = hidden @ W2 + b2 - Y
    dS = 2 / X.shape[0] * error
    dZ = np.einsum("no,ho->nh", dS, W2) * (1 - hidden**2)
    return {
        "W1": np.einsum("ni,nh->ih", X, dZ) + reg * np.sign(W1),
        "b1": dZ.sum(axis=0),
        "W2": np.einsum("nh,no->ho", hidden, dS) + reg * np.sign(W2),
        "b2": dS.sum(axis=0),
    }
