"""Right: all quantities of the homework by name."""

import numpy as np


def forward(X, W1, b1, W2, b2, y):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W2 + b2
    e = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(len(X)), y.astype(int)]).mean()
    return {"Z1": Z1, "A1": A1, "Z2": Z2, "P": P, "loss": loss}
