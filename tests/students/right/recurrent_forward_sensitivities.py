"""Real-time recurrent learning: dh/dW, dh/dU and dh/db are carried forward in time; nothing goes back."""

import numpy as np


def backward(X, h0, W, U, b, V, c, Y):
    h, units = h0, len(h0)
    by = {"W": np.zeros((units, *W.shape)), "U": np.zeros((units, *U.shape)), "b": np.zeros((units, units))}
    grads = {name: np.zeros(w.shape) for name, w in {"W": W, "U": U, "b": b, "V": V, "c": c}.items()}
    eye = np.eye(units)
    for x, y in zip(X, Y, strict=True):
        direct = {"W": np.einsum("ij,k->ijk", eye, x), "U": np.einsum("ij,k->ijk", eye, h), "b": eye}
        h = np.tanh(W @ x + U @ h + b)
        for name in by:
            by[name] = np.einsum("i,i...->i...", 1 - h**2, direct[name] + np.tensordot(U, by[name], axes=1))
        error = V @ h + c - y
        grads["V"] += np.outer(error, h)
        grads["c"] += error
        for name in by:
            grads[name] += np.tensordot(V.T @ error, by[name], axes=1)
    return grads
