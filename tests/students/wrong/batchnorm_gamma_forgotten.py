"""gamma is computed into the gradient of the output, but what goes down the network does not contain it.

Seen in https://github.com/denizyuret/Knet.jl/issues/288
"""

import numpy as np


def backward(X, W1, gamma, beta, W2, b2, Y):
    m = len(X)
    z = X @ W1
    centred = z - z.mean(axis=0)
    ivar = 1 / np.sqrt((centred**2).mean(axis=0) + 0.01)
    n = gamma * centred * ivar + beta
    a = np.maximum(n, 0)
    ds = (a @ W2 + b2 - Y) / m
    dy = ds @ W2.T * (n > 0)

    dyivar = dy * ivar
    dgamma = (centred * dyivar).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dsigma2 = -0.5 * (dyivar * centred * ivar**2).sum(axis=0)
    dmu = -dyivar.sum(axis=0)
    dz = dyivar + dsigma2 * 2 * centred / m + dmu / m
    return {"W1": X.T @ dz, "gamma": dgamma, "beta": dbeta, "W2": a.T @ ds, "b2": ds.sum(axis=0)}
