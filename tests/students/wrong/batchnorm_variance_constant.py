"""The way through the variance is left out; the way through the mean is there.

Known from derivations that stop after centring; no published case cited.
"""

import numpy as np


def backward(X, W1, gamma, beta, W2, b2, Y):
    n = X.shape[0]
    z = X @ W1
    mu = z.sum(axis=0) / n
    inverse_std = 1 / np.sqrt(((z - mu) ** 2).sum(axis=0) / n + 0.01)
    normal = (z - mu) * inverse_std
    out = gamma * normal + beta
    a = out * (out > 0)

    ds = (a @ W2 + b2 - Y) / n
    dout = (ds @ W2.T) * (out > 0)
    dnormal = dout * gamma
    dz = inverse_std * (dnormal - dnormal.mean(axis=0))
    return {
        "W1": X.T @ dz,
        "gamma": np.einsum("nj,nj->j", dout, normal),
        "beta": dout.sum(axis=0),
        "W2": a.T @ ds,
        "b2": ds.sum(axis=0),
    }
