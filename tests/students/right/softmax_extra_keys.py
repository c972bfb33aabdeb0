"""The whole cache goes back as well: gradients of z and a, the loss, the input's gradient."""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    out = {"Z1": X @ W1 + b1}
    out["A1"] = np.maximum(out["Z1"], 0)
    out["Z2"] = out["A1"] @ W2 + b2
    e = np.exp(out["Z2"] - out["Z2"].max(axis=1, keepdims=True))
    out["P"] = e / e.sum(axis=1, keepdims=True)
    out["loss"] = -np.log(out["P"][np.arange(len(y)), y.astype(int)]).mean()
    out["dZ2"] = (out["P"] - np.eye(3)[y.astype(int)]) / len(y)
    out["dZ1"] = out["dZ2"] @ W2.T * (out["Z1"] > 0)
    out["X"] = out["dZ1"] @ W1.T
    out |= {"W2": out["A1"].T @ out["dZ2"], "b2": out["dZ2"].sum(axis=0)}
    return out | {"W1": X.T @ out["dZ1"], "b1": out["dZ1"].sum(axis=0)}
