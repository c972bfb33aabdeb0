"""The bias gradients are averaged over the batch, the weight gradients are only summed.

Seen in https://github.com/deeplearningzerotoall/PyTorch/issues/40 (mean for b, none for W)
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    l1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
    y_pred = 1 / (1 + np.exp(-(W2 @ l1 + b2)))
    d_l2 = y_pred - Y
    d_l1 = (W2.T @ d_l2) * l1 * (1 - l1)
    d_w = {"W2": np.einsum("om,hm->oh", d_l2, l1), "W1": np.einsum("hm,im->hi", d_l1, X)}
    d_b = {"b2": d_l2.mean(axis=1)[:, None], "b1": d_l1.mean(axis=1)[:, None]}
    return d_w | d_b
