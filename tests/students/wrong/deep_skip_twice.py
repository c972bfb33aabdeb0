"""The skip connection's gradient is counted twice: in the block's own backward pass and again by the caller.

Seen in https://github.com/sebgao/cTensor/issues/5 and https://github.com/karpathy/micrograd/issues/2
"""

import numpy as np


class Block:
    """r = h + relu(h W + b)."""

    def forward(self, h, W, b):
        self.h, self.W = h, W
        self.z = h @ W + b
        return h + np.maximum(self.z, 0)

    def backward(self, grad):
        dz = grad * (self.z > 0)
        return grad + dz @ self.W.T, self.h.T @ dz, dz.sum(axis=0)


def backward(X, W1, b1, W2, b2, W3, b3, W4, b4, y):
    block = Block()
    z1 = X @ W1 + b1
    h1 = np.maximum(z1, 0)
    r = block.forward(h1, W2, b2)
    z3 = r @ W3 + b3
    h3 = np.where(z3 > 0, z3, 0.2 * z3)
    d4 = (h3 @ W4 + b4 - y) / len(X)
    d3 = d4 @ W4.T * np.where(z3 > 0, 1, 0.2)
    dr = d3 @ W3.T
    dh, dW2, db2 = block.backward(dr)
    d1 = (dh + dr) * (z1 > 0)
    return {
        "W1": X.T @ d1, "b1": d1.sum(0), "W2": dW2, "b2": db2,
        "W3": r.T @ d3, "b3": d3.sum(0), "W4": h3.T @ d4, "b4": d4.sum(0),
    }  # fmt: skip
