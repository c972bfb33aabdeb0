"""The maximum pooling hands its gradient to all four entries of the window, not to the largest alone.

The version with ties is https://github.com/Theano/Theano/issues/5248
"""

import numpy as np


class Conv:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.windows = np.lib.stride_tricks.sliding_window_view(x, self.kernel.shape[2:], axis=(2, 3))
        self.shape = x.shape
        return np.einsum("ncijab,ocab->noij", self.windows, self.kernel) + self.bias[:, None, None]

    def backward(self, g):
        self.dkernel = np.einsum("ncijab,noij->ocab", self.windows, g)
        self.dbias = g.sum(axis=(0, 2, 3))
        dx = np.zeros(self.shape)
        for a in range(self.kernel.shape[2]):
            for b in range(self.kernel.shape[3]):
                target = dx[:, :, a : a + g.shape[2], b : b + g.shape[3]]
                target += np.einsum("noij,oc->ncij", g, self.kernel[:, :, a, b])
        return dx


class MaxPool:
    def forward(self, x):
        n, c, rows, columns = x.shape
        return x.reshape(n, c, rows // 2, 2, columns // 2, 2).max(axis=(3, 5))

    def backward(self, g):
        return g.repeat(2, axis=2).repeat(2, axis=3)


def backward(x, K1, c1, K2, c2, W, b, y):
    n = len(x)
    first, pool, second = Conv(K1, c1), MaxPool(), Conv(K2, c2)
    z1 = first.forward(x)
    a2 = np.tanh(second.forward(pool.forward(np.maximum(z1, 0))))
    f = a2.mean(axis=(2, 3))
    e = np.exp(f @ W + b)
    ds = (e / e.sum(axis=1, keepdims=True) - np.eye(4)[y.astype(int)]) / n
    da2 = (ds @ W.T)[:, :, None, None] / 4
    first.backward(pool.backward(second.backward(da2 * (1 - a2**2))) * (z1 > 0))
    return {
        "K1": first.dkernel, "c1": first.dbias, "K2": second.dkernel, "c2": second.dbias,
        "W": f.T @ ds, "b": ds.sum(axis=0),
    }  # fmt: skip
