"""Every Jacobian is written out as a matrix with np.kron, then they are multiplied from the loss down."""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    n, units, outputs = len(X), len(b1), len(b2)
    h = np.tanh(X @ W1.T + b1)
    error = (h @ W2.T + b2 - Y).ravel()
    loss_by_out = 2 * error / error.size
    out_by_w2 = np.zeros((n * outputs, W2.size))
    for sample in range(n):
        out_by_w2[sample * outputs : (sample + 1) * outputs] = np.kron(np.eye(outputs), h[sample])
    out_by_z1 = np.kron(np.eye(n), W2) @ np.diag((1 - h**2).ravel())
    z1_by_w1 = np.concatenate([np.kron(np.eye(units), x) for x in X])
    return {
        "W2": (loss_by_out @ out_by_w2).reshape(W2.shape),
        "b2": loss_by_out @ np.tile(np.eye(outputs), (n, 1)),
        "W1": (loss_by_out @ out_by_z1 @ z1_by_w1).reshape(W1.shape),
        "b1": loss_by_out @ out_by_z1 @ np.tile(np.eye(units), (n, 1)),
    }
