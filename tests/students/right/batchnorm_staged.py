"""The graph in nine small stages, each differentiated on its own, with the sums over the batch spelt out."""

import numpy as np


def backward(X, W1, gamma, beta, W2, b2, Y):
    z = X @ W1
    n = len(z)
    mu = z.sum(axis=0) / n
    xmu = z - mu
    var = (xmu * xmu).sum(axis=0) / n
    std = (var + 0.01) ** 0.5
    ivar = 1 / std
    xhat = xmu * ivar
    out = gamma * xhat + beta
    a = out * (out > 0)

    ds = (a @ W2 + b2 - Y) / n
    dout = ds @ W2.T * (out > 0)
    dxhat = dout * gamma
    divar = (dxhat * xmu).sum(axis=0)
    dstd = -divar / std**2
    dvar = dstd / (2 * std)
    dsq = np.ones(z.shape) * dvar / n
    dxmu = dxhat * ivar + 2 * xmu * dsq
    dmu = -dxmu.sum(axis=0)
    dz = dxmu + np.ones(z.shape) * dmu / n
    return {
        "W1": X.T @ dz, "gamma": (dout * xhat).sum(0), "beta": dout.sum(0), "W2": a.T @ ds, "b2": ds.sum(0),
    }  # fmt: skip
