"""The padding before the last correlation is all put in front, so the gradient arrives one row and one column too late.

Known from padding with the wrong side's width; compare the wrong index in https://github.com/NervanaSystems/neon/issues/111
"""

import numpy as np


def convolve(x, k, c):
    size, kernel = x.shape[-1] - k.shape[-1] + 1, k.shape[-1]
    out = np.zeros((len(x), len(k), size, size))
    for i in range(size):
        for j in range(size):
            out[:, :, i, j] = np.tensordot(x[:, :, i : i + kernel, j : j + kernel], k, axes=([1, 2, 3], [1, 2, 3])) + c
    return out


def kernel_gradient(x, g, kernel):
    size = g.shape[-1]
    dk = np.zeros((g.shape[1], x.shape[1], kernel, kernel))
    for a in range(kernel):
        for b in range(kernel):
            dk[:, :, a, b] = np.tensordot(g, x[:, :, a : a + size, b : b + size], axes=([0, 2, 3], [0, 2, 3]))
    return dk


def backward(x, K1, c1, K2, c2, W, b, y):
    n = len(x)
    z1 = convolve(x, K1, c1)
    blocks = np.maximum(z1, 0).reshape(n, 2, 3, 2, 3, 2)
    m1 = blocks.max(axis=(3, 5))
    a2 = np.tanh(convolve(m1, K2, c2))
    f = a2.reshape(n, 3, 4).mean(axis=2)
    p = np.exp(f @ W + b)
    p /= p.sum(axis=1, keepdims=True)
    ds = (p - np.eye(4)[y.astype(int)]) / n
    dz2 = (ds @ W.T)[:, :, None, None] * 0.25 * (1 - a2**2)
    padded = np.pad(dz2, ((0, 0), (0, 0), (2, 0), (2, 0)))
    dm1 = convolve(padded, K2.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], 0)
    da1 = np.where(blocks == m1[:, :, :, None, :, None], dm1[:, :, :, None, :, None], 0)
    dz1 = da1.reshape(z1.shape) * (z1 > 0)
    return {
        "K1": kernel_gradient(x, dz1, 3), "c1": dz1.sum(axis=(0, 2, 3)),
        "K2": kernel_gradient(m1, dz2, 2), "c2": dz2.sum(axis=(0, 2, 3)),
        "W": f.T @ ds, "b": ds.sum(axis=0),
    }  # fmt: skip
