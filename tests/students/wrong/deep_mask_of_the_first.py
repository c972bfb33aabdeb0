"""The second ReLU is masked by the first one's pre-activations; both have three units.

Known from a variable z that was meant to be the other layer's; compare the typo tanh(z2) for tanh(z1) in
https://github.com/dennybritz/nn-from-scratch/pull/3
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    z = [X @ W1 + b1]
    h1 = np.maximum(z[0], 0)
    z.append(h1 @ W2 + b2)
    r = h1 + np.maximum(z[1], 0)
    z.append(r @ W3 + b3)
    h3 = np.maximum(z[2], 0.2 * z[2])
    d4 = (h3 @ W4 + b4 - y) / len(X)
    d3 = d4 @ W4.T * np.where(z[2] > 0, 1, 0.2)
    dr = d3 @ W3.T
    d2 = dr * (z[0] > 0)
    d1 = (dr + d2 @ W2.T) * (z[0] > 0)
    pairs = {"1": (X, d1), "2": (h1, d2), "3": (r, d3), "4": (h3, d4)}
    return {"W" + k: a.T @ d for k, (a, d) in pairs.items()} | {"b" + k: d.sum(0) for k, (_, d) in pairs.items()}
