"""Everything about the softmax in the domain of logarithms, by logaddexp."""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    hidden = X @ W1 + b1
    on = np.heaviside(hidden, 0.0)
    logits = (hidden * on) @ W2 + b2
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    error = np.exp(log_p - np.log(len(X)))
    np.subtract.at(error, (np.arange(len(X)), y.astype(int)), 1 / len(X))
    below = np.einsum("nk,jk,nj->nj", error, W2, on)
    return {"W1": X.T @ below, "b1": below.sum(0), "W2": (hidden * on).T @ error, "b2": error.sum(0)}
