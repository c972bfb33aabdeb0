"""W2 has made its step already when it passes the error down to the hidden layer.

Seen in https://github.com/joelgrus/data-science-from-scratch/issues/31
"""

import numpy as np

RATE = 0.5


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    W2 = W2.copy()
    hidden = 1 / (1 + np.exp(-(W1 @ X + b1)))
    output = 1 / (1 + np.exp(-(W2 @ hidden + b2)))

    output_delta = (output - Y) / m
    dW2 = output_delta @ hidden.T
    W2 -= RATE * dW2
    hidden_delta = (W2.T @ output_delta) * hidden * (1 - hidden)
    return {
        "W1": hidden_delta @ X.T,
        "b1": hidden_delta.sum(axis=1, keepdims=True),
        "W2": dW2,
        "b2": output_delta.sum(axis=1, keepdims=True),
    }
