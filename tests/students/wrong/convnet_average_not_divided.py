"""The average pooling copies its gradient to the window without dividing by the window's size.

Compare https://github.com/mlpack/mlpack/pull/2865 on a wrong backward pass of mean pooling.
"""

import numpy as np


def patches(x, size):
    count = x.shape[-1] - size + 1
    for i in range(count):
        for j in range(count):
            yield i, j, x[:, :, i : i + size, j : j + size]


def conv(x, k, c):
    size = x.shape[-1] - k.shape[-1] + 1
    out = np.empty((len(x), len(k), size, size))
    for i, j, patch in patches(x, k.shape[-1]):
        out[:, :, i, j] = np.einsum("ncab,ocab->no", patch, k) + c
    return out


def conv_backward(x, k, g):
    dx, dk = np.zeros_like(x), np.zeros_like(k)
    into = patches(dx, k.shape[-1])
    for (i, j, patch), (_, _, target) in zip(patches(x, k.shape[-1]), into, strict=True):
        dk += np.einsum("no,ncab->ocab", g[:, :, i, j], patch)
        target += np.einsum("no,ocab->ncab", g[:, :, i, j], k)
    return dx, dk, g.sum(axis=(0, 2, 3))


def backward(x, K1, c1, K2, c2, W, b, y):
    n = len(x)
    z1 = conv(x, K1, c1)
    blocks = np.maximum(z1, 0).reshape(n, 2, 3, 2, 3, 2)
    m1 = blocks.max(axis=(3, 5), keepdims=True)
    a2 = np.tanh(conv(m1[:, :, :, 0, :, 0], K2, c2))
    f = a2.mean(axis=(2, 3))
    e = np.exp(f @ W + b)
    ds = (e / e.sum(axis=1, keepdims=True) - np.eye(4)[y.astype(int)]) / n

    da2 = np.ones((2, 2)) * (ds @ W.T)[:, :, None, None]
    dm1, dK2, dc2 = conv_backward(m1[:, :, :, 0, :, 0], K2, da2 * (1 - a2**2))
    dz1 = ((blocks == m1) * dm1[:, :, :, None, :, None]).reshape(z1.shape) * (z1 > 0)
    _, dK1, dc1 = conv_backward(x, K1, dz1)
    return {"K1": dK1, "c1": dc1, "K2": dK2, "c2": dc2, "W": f.T @ ds, "b": ds.sum(axis=0)}
