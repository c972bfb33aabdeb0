"""Layer normalisation is differentiated with mean and deviation held fixed: gamma / sigma and nothing else.

Known from using the prediction-time formula of batch normalisation; no published case cited.
"""

import numpy as np


def softmax_rows(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def backward(X, Wq, Wk, Wv, gamma, beta, Wo, Y):
    q, k, v = X @ Wq, X @ Wk, X @ Wv
    weights = softmax_rows(q @ k.T / 2**0.5)
    a = weights @ v
    sigma = np.sqrt(a.var(axis=1, keepdims=True) + 0.01)
    normal = (a - a.mean(axis=1, keepdims=True)) / sigma
    n = gamma * normal + beta
    do = 2 * (n @ Wo - Y) / Y.size
    dn = do @ Wo.T
    da = dn * gamma / sigma
    dweights = da @ v.T
    dscores = weights * (dweights - np.einsum("ij,ij->i", dweights, weights)[:, None]) / 2**0.5
    return {
        "Wq": X.T @ dscores @ k, "Wk": X.T @ dscores.T @ q, "Wv": X.T @ weights.T @ da,
        "gamma": np.einsum("ij,ij->j", dn, normal), "beta": dn.sum(axis=0), "Wo": n.T @ do,
    }  # fmt: skip
