"""The gradient by the input of the second convolution correlates with the kernel as it is, not turned by half a turn.

Asked in https://github.com/ddbourgin/numpy-ml/issues/27 and https://github.com/amsukdu/SimplePythonCNN/issues/6
"""

import numpy as np


def correlate(x, k):
    rows, columns = x.shape[2] - k.shape[2] + 1, x.shape[3] - k.shape[3] + 1
    out = np.zeros((x.shape[0], k.shape[0], rows, columns))
    for a in range(k.shape[2]):
        for b in range(k.shape[3]):
            out += np.einsum("ncij,oc->noij", x[:, :, a : a + rows, b : b + columns], k[:, :, a, b])
    return out


def kernel_gradient(x, g):
    return correlate(x.transpose(1, 0, 2, 3), g.transpose(1, 0, 2, 3)).transpose(1, 0, 2, 3)


def input_gradient(g, k):
    padded = np.pad(g, ((0, 0), (0, 0), (k.shape[2] - 1,) * 2, (k.shape[3] - 1,) * 2))
    return correlate(padded, k.transpose(1, 0, 2, 3))


def backward(x, K1, c1, K2, c2, W, b, y):
    n = len(x)
    z1 = correlate(x, K1) + c1[:, None, None]
    a1 = np.maximum(z1, 0).reshape(n, 2, 3, 2, 3, 2)
    m1 = a1.max(axis=(3, 5))
    a2 = np.tanh(correlate(m1, K2) + c2[:, None, None])
    f = a2.mean(axis=(2, 3))
    e = np.exp(f @ W + b)
    ds = e / e.sum(axis=1, keepdims=True)
    ds[np.arange(n), y.astype(int)] -= 1
    ds /= n

    dz2 = (ds @ W.T)[:, :, None, None] / 4 * (1 - a2**2)
    dm1 = input_gradient(dz2, K2)
    chosen = a1 == m1[:, :, :, None, :, None]
    dz1 = (chosen * dm1[:, :, :, None, :, None]).reshape(z1.shape) * (z1 > 0)
    return {
        "K1": kernel_gradient(x, dz1), "c1": dz1.sum(axis=(0, 2, 3)),
        "K2": kernel_gradient(m1, dz2), "c2": dz2.sum(axis=(0, 2, 3)),
        "W": f.T @ ds, "b": ds.sum(axis=0),
    }  # fmt: skip
