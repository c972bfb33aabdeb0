"""One query at a time, with the softmax's Jacobian and the normalisation's Jacobian as matrices."""

import numpy as np


def backward(X, Wq, Wk, Wv, gamma, beta, Wo, Y):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    grads = {"gamma": np.zeros(3), "beta": np.zeros(3), "Wo": np.zeros(Wo.shape)}
    scale, centring = 2**-0.5, np.eye(3) - np.full((3, 3), 1 / 3)
    for i in range(len(X)):
        e = np.exp(scale * (K @ Q[i]))
        s = e / e.sum()
        centred = centring @ (s @ V)
        sigma = np.sqrt(centred @ centred / 3 + 0.01)
        unit = centred / sigma
        n = gamma * unit + beta
        do = 2 * (n @ Wo - Y[i]) / Y.size
        dn = Wo @ do
        grads["Wo"] += np.outer(n, do)
        grads["gamma"] += dn * unit
        grads["beta"] += dn
        da = centring @ (np.eye(3) - np.outer(unit, unit) / 3) @ (gamma * dn) / sigma
        dscore = (np.diag(s) - np.outer(s, s)) @ (V @ da) * scale
        dV += np.outer(s, da)
        dQ[i] = K.T @ dscore
        dK += np.outer(dscore, Q[i])
    return grads | {"Wq": X.T @ dQ, "Wk": X.T @ dK, "Wv": X.T @ dV}
