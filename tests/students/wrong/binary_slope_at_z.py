"""The sigmoid's slope is computed as x(1 - x) from the stored input of the sigmoid, where its output belongs.

Seen in https://github.com/BoltzmannEntropy/interviews.ai/issues/15
"""

import numpy as np


class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-x))

    def backward(self, grad):
        return self.x * (1 - self.x) * grad


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    hidden = Sigmoid()
    A1 = hidden.forward(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = (A2 - Y) / m
    dZ1 = hidden.backward(W2.T @ dZ2)
    return {
        "W1": dZ1 @ X.T,
        "b1": dZ1.sum(axis=1, keepdims=True),
        "W2": dZ2 @ A1.T,
        "b2": dZ2.sum(axis=1, keepdims=True),
    }
