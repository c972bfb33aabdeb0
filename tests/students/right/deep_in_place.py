"""In-place arithmetic on buffers of its own; the arguments stay untouched."""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    h1 = X @ W1
    h1 += b1
    np.maximum(h1, 0, out=h1)
    h2 = h1 @ W2
    h2 += b2
    np.maximum(h2, 0, out=h2)
    r = h1.copy()
    r += h2
    h3 = r @ W3
    h3 += b3
    leak = np.full(h3.shape, 0.2)
    leak[h3 > 0] = 1
    h3 *= leak
    g = h3 @ W4
    g += b4
    g -= y
    g /= len(g)
    grads = {"W4": h3.T @ g, "b4": g.sum(axis=0)}
    g = g @ W4.T
    g *= leak
    grads |= {"W3": r.T @ g, "b3": g.sum(axis=0)}
    g = g @ W3.T
    through = g.copy()
    through[h2 == 0] = 0
    grads |= {"W2": h1.T @ through, "b2": through.sum(axis=0)}
    g += through @ W2.T
    g[h1 == 0] = 0
    return grads | {"W1": X.T @ g, "b1": g.sum(axis=0)}
