"""The deltas carry the 1/m already; the biases take their mean where the sum belongs.

Seen in https://github.com/kvfrans/notes/issues/5
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    h1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
    h2 = 1 / (1 + np.exp(-(W2 @ h1 + b2)))
    d_h2 = (h2 - Y) / Y.size
    d_W2 = d_h2 @ h1.T
    d_b2 = np.mean(d_h2, axis=1, keepdims=True)
    d_h1 = (W2.T @ d_h2) * h1 * (1 - h1)
    d_W1 = d_h1 @ X.T
    d_b1 = np.mean(d_h1, axis=1, keepdims=True)
    return {"W1": d_W1, "b1": d_b1, "W2": d_W2, "b2": d_b2}
