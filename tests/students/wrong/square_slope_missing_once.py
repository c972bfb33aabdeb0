"""The sigmoid layer's derivative is left out; the tanh layer's is there.

Seen in https://github.com/Bot-Academy/NeuralNetworkFromScratch/pull/3
"""

import numpy as np


def backward(X, W1, b1, W2, b2, W3, b3, T):
    count = X.shape[0]
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    o = a2 @ W3 + b3
    delta_o = (o - T) / count
    delta_2 = delta_o @ W3.T
    delta_1 = delta_2 @ W2.T * (1 - a1 * a1)
    return {
        "W1": X.T @ delta_1,
        "b1": np.sum(delta_1, axis=0),
        "W2": a1.T @ delta_2,
        "b2": np.sum(delta_2, axis=0),
        "W3": a2.T @ delta_o,
        "b3": np.sum(delta_o, axis=0),
    }
