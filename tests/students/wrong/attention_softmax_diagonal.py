"""The softmax over the keys is differentiated by its diagonal alone, s(1 - s).

Seen in https://github.com/deeplearning4j/libnd4j/issues/440, here inside attention
"""

import numpy as np


def backward(X, Wq, Wk, Wv, gamma, beta, Wo, Y):
    scale = 1 / np.sqrt(Wq.shape[1])
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = np.exp(scale * Q @ K.T)
    S /= S.sum(axis=1)[:, None]
    A = S @ V
    centred = A - A.mean(axis=1, keepdims=True)
    inverse = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 0.01)
    N = gamma * centred * inverse + beta
    dO = 2 / Y.size * (N @ Wo - Y)
    dN = dO @ Wo.T
    g = dN * gamma
    dcentred = g * inverse - centred * inverse**3 * (g * centred).mean(axis=1, keepdims=True)
    dA = dcentred - dcentred.mean(axis=1, keepdims=True)
    dscores = (dA @ V.T) * S * (1 - S) * scale
    return {
        "Wq": X.T @ (dscores @ K), "Wk": X.T @ (dscores.T @ Q), "Wv": X.T @ (S.T @ dA),
        "gamma": (dN * centred * inverse).sum(0), "beta": dN.sum(0), "Wo": N.T @ dO,
    }  # fmt: skip
