"""The kernels' gradients come out turned by half a turn, as if the layer were a true convolution.

Compare https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/169, where the forward pass does turn the kernel.
"""

import numpy as np


def windows(x, k):
    return np.lib.stride_tricks.sliding_window_view(x, k.shape[2:], axis=(2, 3))


def conv_backward(x, k, g):
    dk = np.einsum("ncijab,noij->ocab", windows(x, k), g)
    dx = np.zeros_like(x)
    rows, columns = k.shape[2:]
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            dx[:, :, i : i + rows, j : j + columns] += np.einsum("no,ocab->ncab", g[:, :, i, j], k)
    return dx, dk[:, :, ::-1, ::-1]


def backward(x, K1, c1, K2, c2, W, b, y):
    n = len(x)
    z1 = np.einsum("ncijab,ocab->noij", windows(x, K1), K1) + c1.reshape(2, 1, 1)
    blocks = np.maximum(z1, 0).reshape(n, 2, 3, 2, 3, 2)
    m1 = blocks.max(axis=(3, 5), keepdims=True)
    pooled = m1.reshape(n, 2, 3, 3)
    a2 = np.tanh(np.einsum("ncijab,ocab->noij", windows(pooled, K2), K2) + c2.reshape(3, 1, 1))
    f = a2.mean(axis=(2, 3))
    e = np.exp(f @ W + b)
    ds = (e / e.sum(axis=1, keepdims=True) - np.eye(4)[y.astype(int)]) / n
    dz2 = (ds @ W.T / 4).reshape(n, 3, 1, 1) * (1 - a2**2)
    dm1, dK2 = conv_backward(pooled, K2, dz2)
    dz1 = ((blocks == m1) * dm1.reshape(m1.shape)).reshape(z1.shape) * (z1 > 0)
    _, dK1 = conv_backward(x, K1, dz1)
    return {
        "K1": dK1, "c1": dz1.sum((0, 2, 3)), "K2": dK2, "c2": dz2.sum((0, 2, 3)), "W": f.T @ ds, "b": ds.sum(0),
    }  # fmt: skip
