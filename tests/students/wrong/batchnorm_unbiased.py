"""The variance is divided by n - 1, the statistician's way, where batch normalisation divides by n.

Known from np.var(ddof=1) and pandas' default; no published case cited.
"""

import numpy as np


def backward(X, W1, gamma, beta, W2, b2, Y):
    m = len(X)
    z = X @ W1
    centred = z - z.mean(axis=0)
    variance = (centred**2).sum(axis=0) / (m - 1)
    std = np.sqrt(variance + 0.01)
    xhat = centred / std
    n = gamma * xhat + beta
    a = np.maximum(n, 0)

    ds = (a @ W2 + b2 - Y) / m
    dn = ds @ W2.T * (n > 0)
    dxhat = dn * gamma
    dvar = (dxhat * centred).sum(axis=0) * -0.5 * std**-3
    dz = dxhat / std + dvar * 2 * centred / (m - 1)
    dz -= dz.mean(axis=0)
    return {
        "W1": X.T @ dz,
        "gamma": (dn * xhat).sum(axis=0),
        "beta": dn.sum(axis=0),
        "W2": a.T @ ds,
        "b2": ds.sum(axis=0),
    }
