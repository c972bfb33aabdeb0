"""The backward pass forgets that the scores were divided by sqrt(2): dQ and dK are sqrt(2) times too large.

The factor is missing in the forward pass in https://github.com/ethen8181/machine-learning/issues/13
"""

import numpy as np


def backward(X, Wq, Wk, Wv, gamma, beta, Wo, Y):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    e = np.exp(Q @ K.T / np.sqrt(2))
    S = e / e.sum(axis=1, keepdims=True)
    A = S @ V
    mu = A.mean(axis=1, keepdims=True)
    sd = np.sqrt(A.var(axis=1, keepdims=True) + 0.01)
    xhat = (A - mu) / sd
    N = gamma * xhat + beta

    dO = 2 * (N @ Wo - Y) / Y.size
    dN = dO @ Wo.T
    dxhat = dN * gamma
    dA = (dxhat - dxhat.mean(1, keepdims=True) - xhat * (dxhat * xhat).mean(1, keepdims=True)) / sd
    dS = dA @ V.T
    dscores = S * (dS - (dS * S).sum(axis=1, keepdims=True))
    return {
        "Wq": X.T @ (dscores @ K),
        "Wk": X.T @ (dscores.T @ Q),
        "Wv": X.T @ (S.T @ dA),
        "gamma": (dN * xhat).sum(axis=0),
        "beta": dN.sum(axis=0),
        "Wo": N.T @ dO,
    }
