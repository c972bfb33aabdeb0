"""The way through the mean is left out; the way through the variance is there.

Known from the staged derivation, whose last branch (the mean) is forgotten; no published case cited.
"""

import numpy as np


def batchnorm_backward(dout, x, gamma, eps):
    N = len(x)
    xmu = x - x.mean(axis=0)
    sqrtvar = np.sqrt((xmu**2).mean(axis=0) + eps)
    xhat = xmu / sqrtvar

    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dvar = divar * -1 / sqrtvar**3 / 2
    dxmu = dxhat / sqrtvar + 2 * xmu * dvar / N
    return dxmu, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


def backward(X, W1, gamma, beta, W2, b2, Y):
    z = X @ W1
    n = gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 0.01) + beta
    a = np.maximum(n, 0)
    ds = (a @ W2 + b2 - Y) / len(X)
    dz, dgamma, dbeta = batchnorm_backward(ds @ W2.T * (n > 0), z, gamma, 0.01)
    return {"W1": X.T @ dz, "gamma": dgamma, "beta": dbeta, "W2": a.T @ ds, "b2": ds.sum(axis=0)}
